"""What a status code means for a payment: the ISO 20022 table, narrowed by what a bank's profile says of its words.

The table holds every code of the ISO external payment group and transaction status sets; a code outside it is
*unlisted* and needs a person. Reference: iso20022-and-banks 2.2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bank_adapters.profile import Profile
from gateway.domain.answers import PAYEE_CHECKS
from gateway.domain.errors import ConfigError
from gateway.domain.facts import STATUS, Fact
from gateway.domain.reasons import DUPLICATE, DUPLICATES, Reasons

_ACCEPTED = ("ACCP", "ACFC", "ACSP", "ACWC", "ACPD")
_NO_FACT = (
    *("ACTC", "RCVD", "PDNG", "PART", "PATC", "ACFW", "PRES"),  # in flight: checked in form only, waiting, or mixed
    *("RCVC", "RVCM", "RVMC", "RVNA", "RVNC", "RVNM"),  # verification of payee, not an outcome
    *("ACIS", "BLCK", "CPUC"),  # cheques, blocked after ACWP, cash picked up: a person must look
)

ISO: Mapping[str, Fact] = MappingProxyType(
    dict.fromkeys(_NO_FACT, Fact.NONE)
    | dict.fromkeys(_ACCEPTED, Fact.ACCEPTED)
    | {
        "ACSC": Fact.EXECUTED,
        "ACWP": Fact.EXECUTED,  # left us, not yet posted to the creditor's account
        "ACCC": Fact.CREDITED,
        "RJCT": Fact.REJECTED,
        "CANC": Fact.CANCELLED,
    }
)
"""Status code -> the fact it establishes, where nothing is known of the bank."""

_MEANINGS: Mapping[str, Fact] = MappingProxyType(
    {
        "none": Fact.NONE,
        "accepted": Fact.ACCEPTED,
        "executed": Fact.EXECUTED,
        "credited": Fact.CREDITED,
        "rejected": Fact.REJECTED,
        "cancelled": Fact.CANCELLED,
    }
)
_CODE_LENGTH = 4
"""Letters and digits of a code of the ISO 20022 external code sets."""
_FINAL = Fact.EXECUTED | Fact.CREDITED | Fact.REJECTED | Fact.CANCELLED
"""Facts that a status of a whole may only lend to payments of which nothing else is said."""
_RANK = (Fact.NONE, Fact.ACCEPTED, Fact.EXECUTED, Fact.CREDITED)
_UNLISTED_AT_MOST = Fact.EXECUTED
"""What a bank may mean by a code of its own; that money was credited is said by ISO's code or by a booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a status with its reason says. `duplicate`: the bank already has it; `unlisted`: nobody knows the code."""

    fact: Fact
    duplicate: bool = False
    unlisted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTable:
    """One bank's table."""

    facts: Mapping[str, Fact]
    duplicates: frozenset[str]
    duplicate_texts: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """The bank's own reason codes, each with the ISO 20022 code that it means."""

    def iso_reason(self, reason: str | None) -> str | None:
        """Return the ISO 20022 code that a reason of this bank means; one that means itself is returned as it is."""
        return self.reasons.get(reason, reason) if reason is not None else None

    def meaning(self, status: str | None, reason: str | None, reason_text: str | None = None) -> Meaning:
        """Say what a status means. A reason of the duplicate set is never a rejection, whatever the status."""
        if self.says_duplicate(reason, reason_text):
            return Meaning(fact=Fact.NONE, duplicate=True)
        if status is None:
            return Meaning(fact=Fact.NONE)
        fact = self.facts.get(status)
        return Meaning(fact=Fact.NONE, unlisted=True) if fact is None else Meaning(fact=fact)

    def says_duplicate(self, reason: str | None, reason_text: str | None) -> bool:
        """Whether reason code, as told or as meant, or the bank's known phrases say *already have it*.

        Phrases are read where no code says why: NARR, or none. A code may come in small letters: it is no other one.
        """
        known = self.duplicates
        if reason is not None and (reason in known or reason.upper() in known or self.reasons.get(reason) in known):
            return True
        if not self.duplicate_texts or reason_text is None or reason not in {None, "NARR"}:
            return False
        told = reason_text.casefold()
        return any(phrase in told for phrase in self.duplicate_texts)

    def contradicted(
        self, above: str | None, payments: Iterable[str | None], blocks: Iterable[str | None] = ()
    ) -> bool:
        """Whether a final status of a whole is gainsaid by statuses that the same report gives of what it holds.

        The lowest level wins. A payment's own status wins by itself where it establishes something; one that does not
        (PDNG below RJCT) leaves nothing behind that could win, so the status above must not be lent. Of blocks any
        other status counts, PART too. Reference: iso20022-and-banks 2.1 (a), (b).
        """
        fact = self.facts.get(above or "", Fact.NONE)
        if not fact & _FINAL:
            return False
        own = (one for one in payments if one is not None and one not in PAYEE_CHECKS)
        held = (one for one in blocks if one is not None and one not in PAYEE_CHECKS)
        return any(not self.facts.get(one, Fact.NONE) & STATUS for one in own) or any(
            self.facts.get(one, Fact.NONE) != fact for one in held
        )


def status_table(profile: Profile, reasons: Reasons | None = None) -> StatusTable:
    """Make the table of one bank. Raises ConfigError for an override that would widen what a code proves."""
    _refuse_reasons(profile)
    facts = dict(ISO)
    if profile.answers.trusts_actc:
        facts["ACTC"] = Fact.ACCEPTED
    for code, word in profile.status_overrides.items():
        facts[code] = _narrowed(code, _MEANINGS[word], facts.get(code))
    return StatusTable(
        facts=MappingProxyType(facts),
        duplicates=(reasons.duplicates if reasons else DUPLICATES) | frozenset(profile.answers.duplicate_codes),
        duplicate_texts=tuple(phrase.casefold() for phrase in profile.answers.duplicate_texts),
        reasons=MappingProxyType(dict(profile.reason_overrides)),
    )


def _refuse_reasons(profile: Profile) -> None:
    """Refuse to give another meaning to a code that has one by which no money is paid twice."""
    duplicates = DUPLICATES | frozenset(profile.answers.duplicate_codes)
    unclaimed = frozenset(profile.counter.unclaimed_codes if profile.counter else ())
    for code, meant in profile.reason_overrides.items():
        if code in duplicates:
            raise ConfigError(f"reason_overrides.{code}: always means {DUPLICATE!r}; leave it out")
        if code in unclaimed:
            raise ConfigError(f"reason_overrides.{code}: is one of counter.unclaimed_codes; leave it out of one")
        if not (len(meant) == _CODE_LENGTH and meant.isalnum() and meant.isupper()):
            raise ConfigError(f"reason_overrides.{code}: write an ISO 20022 reason code, such as AC04")
    for phrase, meant in profile.answers.reason_texts.items():
        if meant in duplicates or profile.reason_overrides.get(meant) in duplicates:
            raise ConfigError(f"answers.reason_texts.{phrase}: write it under answers.duplicate_texts")
        if meant in unclaimed or not (len(meant) == _CODE_LENGTH and meant.isalnum() and meant.isupper()):
            raise ConfigError(f"answers.reason_texts.{phrase}: write an ISO 20022 reason code, such as AC04")


def _narrowed(code: str, wanted: Fact, iso: Fact | None) -> Fact:
    """Return the wanted meaning if it claims no more than the standard one.

    Down the ladder is always allowed; *rejected* and *cancelled* only for codes that do not say money moved; what the
    standard calls a rejection may only become nothing.
    """
    most = _UNLISTED_AT_MOST if iso is None else iso
    if wanted in _RANK:
        allowed = wanted is Fact.NONE or (most in _RANK and _RANK.index(wanted) <= _RANK.index(most))
    else:
        allowed = wanted is most or iso in {None, Fact.NONE, Fact.ACCEPTED}
    if not allowed:
        raise ConfigError(f"status_overrides.{code}: would make the code prove more than ISO 20022 lets it")
    return wanted
