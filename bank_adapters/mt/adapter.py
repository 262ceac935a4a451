"""The adapter of banks that take MT101 and answer in MT940, MT942 or XML."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bank_adapters.mt import mt101, report
from bank_adapters.mt.reference import named
from bank_adapters.mt.reread import reread
from bank_adapters.profile import Profile
from bank_adapters.spi import Reread, SubmissionContent
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

HEADS = (b":20:", b"{1:", b"{4:", b"\x01{1:")
"""What MT messages begin with."""


class MtAdapter:
    """See `bank_adapters.spi.Adapter`."""

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be put into an MT101."""
        return mt101.refusals(submission, profile)

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write a file of MT101s."""
        return mt101.render(submission, profile)

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read a rendered file back."""
        return reread(pieces, profile)

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read MT940 and MT942."""
        return report.read(pieces, profile)


def by_our_references(told: Iterable[Observation | Statement], profile: Profile) -> Iterator[Observation | Statement]:
    """Understand references of sixteen letters in answers of other kinds: a bank returns those that it was given."""
    return (_understood(one, profile.slug) if isinstance(one, Observation) else one for one in told)


def _understood(one: Observation, slug: str) -> Observation:
    """Put MsgId and place where references of ours stand. Raises Unreadable where they name different things."""
    held = (one.msg_id, one.pmt_inf_id, one.instr_id, one.end_to_end_id)
    names = [named(text, slug) for text in held]
    found = [name for name in names if name is not None]
    if not found:
        return one
    msg_id, pmt_inf_id, instr_id, end_to_end_id = (
        text if name is None else None for text, name in zip(held, names, strict=True)
    )
    files = {name.msg_id for name in found} | ({msg_id} if msg_id is not None else set())
    places = {name.position for name in found if name.position is not None}
    if len(files) > 1 or len(places) > 1:
        raise Unreadable("reference.differs", one.path, "references of one observation name different things")
    return replace(
        one,
        msg_id=files.pop(),
        pmt_inf_id=pmt_inf_id,
        instr_id=instr_id,
        end_to_end_id=end_to_end_id,
        position=next(iter(places), one.position),
    )
