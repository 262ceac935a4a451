"""What a stop is on, and why: kinds, classes of reasons, and values in the form that can match an order."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.domain.errors import Refused
from gateway.domain.person import account_key, bare, masked, person_key

EVERY_SOURCE: Final = "*"
SUBJECTS_MAX: Final = 100
"""What one notice stops at most: it holds the gate while it is set."""
TEXT_MAX: Final = 200
_PERSON = re.compile(r"([A-Za-z0-9]{1,35}):(.+)", re.DOTALL)


class Kind(StrEnum):
    """What a stop is on."""

    PERSON = "person"
    ACCOUNT = "account"
    ORDER = "order"
    BENEFIT = "benefit"
    SOURCE = "source"
    BANK = "bank"
    MANDATE = "mandate"


class Reason(StrEnum):
    """Why: the classes that reports count by. The words beside it are for people."""

    DEATH = "death"
    LIFE_CERTIFICATE_OVERDUE = "life certificate overdue"
    GUARDIAN_CHANGED = "guardian changed"
    ACCOUNT_CHANGED = "account changed"
    COURT_ORDER = "court order"
    FRAUD_SUSPICION = "fraud suspicion"
    OTHER = "other"


SPEAKS_OF: Final[dict[Reason, frozenset[Kind]]] = {
    Reason.DEATH: frozenset({Kind.PERSON}),
    Reason.LIFE_CERTIFICATE_OVERDUE: frozenset({Kind.PERSON}),
    Reason.GUARDIAN_CHANGED: frozenset({Kind.PERSON, Kind.MANDATE}),
    Reason.ACCOUNT_CHANGED: frozenset({Kind.ACCOUNT}),
}
"""A notice of this class names one of these at least: a changed account is the old one, which is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that is stopped; `value` is in the form in which stops are compared."""

    kind: Kind
    value: str

    @classmethod
    def of(cls, kind: str, value: str, path: str = "") -> "Subject":
        """Read what a person or a system wrote. Raises Refused for what could never match."""
        if kind not in set(Kind):
            raise Refused.one(f"{path}/kind", "stop.kind", f"a stop is on one of: {', '.join(Kind)}")
        if not value.strip() or len(value) > TEXT_MAX or "\0" in value:
            raise Refused.one(f"{path}/value", "stop.empty", "a stop names what it stops, in 200 characters")
        return cls(kind=Kind(kind), value=_canonical(Kind(kind), value.strip(), path))

    @property
    def shown(self) -> str:
        """The value for eyes that need not see whom it is about."""
        return masked(self.value) if self.kind in {Kind.PERSON, Kind.ACCOUNT} else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be stopped together, all or nothing, for a source ("*": every source).

    `effective_on` is told, never waited for: a stop holds from the moment it is set.
    """

    source: str
    subjects: tuple[Subject, ...]
    reason: str
    reason_class: Reason = Reason.OTHER
    effective_on: date | None = None

    def __post_init__(self) -> None:
        """Raise Refused for what says nothing, or contradicts itself."""
        if not self.reason.strip() or len(self.reason) > TEXT_MAX or "\0" in self.reason:
            raise Refused.one("/reason", "stop.empty", "a stop says why, in 200 characters")
        if not 0 < len(self.subjects) <= SUBJECTS_MAX:
            raise Refused.one("/subjects", "stop.subjects", f"a notice stops 1 to {SUBJECTS_MAX} things")
        for place, subject in enumerate(self.subjects):
            if subject.kind is Kind.SOURCE and self.source not in {EVERY_SOURCE, subject.value}:
                raise Refused.one(f"/subjects/{place}/value", "stop.never", "a source stops itself, no other one")


def check_speaks(reason_class: Reason, subjects: tuple[Subject, ...]) -> None:
    """Raise Refused for a notice that names nothing its class is about, such as a death without a person."""
    needed = SPEAKS_OF.get(reason_class, frozenset())
    if needed and needed.isdisjoint(subject.kind for subject in subjects):
        named = " or ".join(sorted(needed))
        raise Refused.one("/subjects", "notice.subjects", f'a notice "{reason_class}" names at least one {named}')


def _canonical(kind: Kind, value: str, path: str) -> str:
    if kind is Kind.ACCOUNT:
        return account_key("".join(value.split()) if ":" not in value and "/" not in value else value)
    if kind is not Kind.PERSON:
        return value
    named = _PERSON.fullmatch(value)
    if named is None or not bare("".join(named[2].split())):
        text = 'a person is named by scheme and identifier, such as "NIDN:123"'
        raise Refused.one(f"{path}/value", "stop.person", text)
    return person_key(named[1], "".join(named[2].split()))
