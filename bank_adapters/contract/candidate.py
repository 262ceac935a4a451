"""What is asked: one bank's profile, its adapter, what its codes mean, and the evidence that was gathered of it."""

from dataclasses import dataclass, field
from typing import Protocol

from bank_adapters.capabilities import Family
from bank_adapters.contract import scenarios, writers
from bank_adapters.contract.evidence import NO_EVIDENCE, Evidence
from bank_adapters.contract.flat_writer import FlatAnswers
from bank_adapters.contract.mt_writer import MtAnswers
from bank_adapters.contract.seen import Written
from bank_adapters.contract.witness import witness
from bank_adapters.iso20022.status import Meaning
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, meanings_for
from bank_adapters.spi import Adapter, SubmissionContent
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.reasons import DUPLICATES, Reasons
from gateway.domain.statement import Statement


class Meanings(Protocol):
    """What a status with its reason says; see `bank_adapters.iso20022.status.StatusTable`."""

    def meaning(self, status: str | None, reason: str | None, reason_text: str | None = None) -> Meaning:
        """Say what a status means."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One bank under examination. Rendered bytes are kept, so that many checks cost one rendering."""

    profile: Profile
    adapter: Adapter
    meanings: Meanings
    evidence: Evidence = NO_EVIDENCE
    duplicates: frozenset[str] = DUPLICATES
    _kept: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def some(self) -> SubmissionContent:
        """The ordinary submission that most checks are about."""
        kept = self._kept.get("some")
        if not isinstance(kept, SubmissionContent):
            kept = self._kept["some"] = scenarios.some(self.profile)
        return kept

    def rendered(self, content: SubmissionContent) -> bytes:
        """Render anew. Raises what the adapter raises."""
        return b"".join(self.adapter.render(content, self.profile))

    def bytes_of_some(self) -> bytes:
        """Return the bytes of the ordinary submission, rendered once."""
        kept = self._kept.get("bytes")
        if not isinstance(kept, bytes):
            kept = self._kept["bytes"] = self.rendered(self.some)
        return kept

    def seen(self, document: bytes) -> Written:
        """Read rendered bytes with the suite's own eyes. Raises WitnessError."""
        return witness(self.profile, document)

    def read(self, document: bytes, size: int = 1 << 30) -> list[Observation | Statement]:
        """Read a message, fed in pieces. Raises what the adapter raises."""
        pieces = (document[start : start + size] for start in range(0, len(document), size))
        return list(self.adapter.read(pieces, self.profile.knowing(self.duplicates)))

    def observed(self, document: bytes) -> list[Observation]:
        """Read a message and leave the heads of statements out."""
        return [one for one in self.read(document) if isinstance(one, Observation)]

    def refuses(self, document: bytes) -> bool:
        """Whether a message is unreadable. Any other error of the adapter goes through."""
        try:
            self.read(document)
        except Unreadable:
            return True
        return False

    @property
    def answers(self) -> writers.Answers:
        """What writes this bank's answers."""
        return answers_of(self.profile)

    def documents(self) -> list[tuple[str, bytes]]:
        """Return a message of every kind, by name, as the suite writes it."""
        return writers.documents(self.answers, self.some)

    def samples(self) -> list[tuple[str, bytes]]:
        """Return the messages of the evidence, by name."""
        return [(sample.name, sample.content) for sample in self.evidence.samples]


def answers_of(profile: Profile) -> writers.Answers:
    """Return what writes a bank's answers; one without replies of its own answers in pain.002 and camt."""
    layout = profile.layout
    if layout is not None and layout.replies is not None:
        return FlatAnswers(profile, layout, layout.replies)
    if profile.family is Family.MT and profile.messages.statements == "MT":
        return MtAnswers()
    return writers.WRITERS[profile.family]


def candidate_of(profile: Profile, evidence: Evidence = NO_EVIDENCE, reasons: Reasons | None = None) -> Candidate:
    """Return a bank as production would have it."""
    reasons = reasons or Reasons(actions={})
    return Candidate(
        profile=profile,
        adapter=adapter_for(profile),
        meanings=meanings_for(profile, reasons),
        evidence=evidence,
        duplicates=reasons.duplicates,
    )
