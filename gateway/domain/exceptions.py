"""Kinds of exception: whose work each is, by when, what is suggested and why, and which acts end it.

One table. The code that opens an exception names its kind; everything else follows from here unless it knows better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class CaseState(StrEnum):
    """Where an exception is in its life."""

    OPEN = "open"
    ASSIGNED = "assigned"
    WAITING = "waiting for a second person"
    CLOSED = "closed"


class Role(StrEnum):
    """Whose work an exception is until a person takes it."""

    OPERATIONS = "operations"
    ACCOUNTING = "accounting"
    BENEFITS = "benefits"
    SECURITY = "security"
    ENGINEERING = "engineering"


class Act(StrEnum):
    """What a person can do about an exception."""

    ASSIGN = "assign"
    COMMENT = "comment"
    MATCH = "match"
    DECLARE = "declare"
    RELEASE = "release"
    GIVE_BACK = "give back"
    WRITE_OFF = "write off"
    CLOSE_ATTEMPT = "close attempt"
    CLOSE = "close"


ALWAYS = frozenset({Act.ASSIGN, Act.COMMENT, Act.CLOSE})
"""Acts that every kind knows; closing is refused while the trouble itself still stands."""
ENTRY = frozenset({Act.MATCH, Act.WRITE_OFF})
"""Acts on money that a bank booked and that has no home yet."""
ORDER = frozenset({Act.RELEASE, Act.GIVE_BACK})
"""Acts that say how an order goes on."""
ATTEMPT = ORDER | {Act.CLOSE_ATTEMPT, Act.WRITE_OFF}
"""Acts on a payment about which the banks contradict themselves or us."""
NONE: frozenset[Act] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind. `suggestion` is the act that usually ends it, `why` says when that is right; `acts` beyond ALWAYS."""

    name: str
    role: Role
    due_after: timedelta
    suggestion: Act
    why: str
    acts: frozenset[Act] = NONE

    @property
    def allowed(self) -> frozenset[Act]:
        """Every act that makes sense here."""
        return ALWAYS | self.acts


def _kind(name: str, role: Role, hours: int, suggestion: Act, why: str, acts: frozenset[Act] = NONE) -> Kind:
    return Kind(name=name, role=role, due_after=timedelta(hours=hours), suggestion=suggestion, why=why, acts=acts)


_OPS, _ACC, _BEN, _SEC, _ENG = Role.OPERATIONS, Role.ACCOUNTING, Role.BENEFITS, Role.SECURITY, Role.ENGINEERING

_TABLE = (
    # Money that came or went and is nobody's yet.
    _kind("orphan", _ACC, 24, Act.MATCH, "an entry names nothing that was sent: find its payment, or suspense", ENTRY),
    _kind("ambiguous", _ACC, 24, Act.MATCH, "an entry fits several payments: only the bank's papers tell which", ENTRY),
    _kind("amount differs", _ACC, 24, Act.MATCH, "the bank moved another amount than was ordered: ask it why", ENTRY),
    _kind("lump return", _ACC, 24, Act.MATCH, "one credit may return several payments: ask the bank which", ENTRY),
    _kind("names two payments", _ACC, 24, Act.MATCH, "its references name two payments: ask the bank which", ENTRY),
    _kind("no such line", _OPS, 8, Act.CLOSE, "our file has no such line or block: ask the bank which it means"),
    _kind("not our debtor account", _ACC, 24, Act.CLOSE, "the account is not the one that paid: ask the bank", ENTRY),
    _kind("unbalanced statement", _ACC, 24, Act.CLOSE, "its entries and balances disagree: ask for it again"),
    _kind("statement gap", _ACC, 24, Act.CLOSE, "a statement or page is missing: ask for it again"),
    # Payments about which facts contradict each other.
    _kind("conflict", _ACC, 4, Act.CLOSE_ATTEMPT, "facts cannot all be true: ask the bank, then two close it", ATTEMPT),
    _kind("may be paid twice", _ACC, 1, Act.CLOSE_ATTEMPT, "two attempts may have moved money: recall one", ATTEMPT),
    _kind(
        "suspected duplicate",
        _OPS,
        4,
        Act.CLOSE,
        "the bank says it has the payment already: its first one lives",
        ENTRY,
    ),
    _kind(
        "returned in part",
        _ACC,
        24,
        Act.CLOSE_ATTEMPT,
        "less came back than was paid: ask the bank for the rest, then two close it",
        ATTEMPT,
    ),
    # Silence and doubt.
    _kind(
        "unknown", _OPS, 4, Act.DECLARE, "inquiries go on; if they cannot tell, ask the bank", frozenset({Act.DECLARE})
    ),
    _kind(
        "unknown past deadline",
        _OPS,
        1,
        Act.DECLARE,
        "no inquiry could tell: ask the bank on a second channel",
        frozenset({Act.DECLARE}),
    ),
    _kind("silent bank", _OPS, 4, Act.COMMENT, "the bank should have answered by now: ask it"),
    # Orders that wait for somebody's word.
    _kind("held order", _BEN, 24, Act.GIVE_BACK, "it cannot be paid as it is: its reason says why", ORDER),
    _kind("code without a rule", _BEN, 24, Act.GIVE_BACK, "no rule says what follows from this reason code", ORDER),
    _kind("officer", _BEN, 24, Act.GIVE_BACK, "the reason code asks for an officer's decision", ORDER),
    _kind("mend", _BEN, 24, Act.GIVE_BACK, "the data must be corrected: a new order replaces this one", ORDER),
    _kind("hold payee", _BEN, 24, Act.GIVE_BACK, "the bank says that this payee must not be paid as named", ORDER),
    _kind("unclaimed", _BEN, 48, Act.GIVE_BACK, "nobody collected the money in its window", ORDER),
    _kind("mandate ended", _BEN, 24, Act.GIVE_BACK, "the payee may not act for the entitled person any more", ORDER),
    _kind("cannot render", _ENG, 8, Act.GIVE_BACK, "the bank's language cannot express this order", ORDER),
    _kind("funds missing", _OPS, 2, Act.CLOSE, "the debtor account needs money before its queue goes on"),
    _kind("limit reached", _OPS, 2, Act.CLOSE, "a limit stands against a wrong batch: look before raising it"),
    # What sending and hearing could not do.
    _kind("tries used up", _OPS, 4, Act.CLOSE, "the bank could not be reached; its payments are cut again"),
    _kind("approval no longer verifies", _ENG, 2, Act.CLOSE, "a key ended or a manifest expired: renew it"),
    _kind("seal mismatch", _ENG, 1, Act.CLOSE, "bytes and signed orders disagree: the bank is paused, mend first"),
    _kind("envelope failed", _ENG, 2, Act.CLOSE, "a key has ended: renew it; nothing goes out without its envelope"),
    _kind("control file differs", _OPS, 1, Act.CLOSE, "another file has its control file's name: ask the bank whose"),
    _kind("unreadable message", _ENG, 4, Act.CLOSE, "mend the reader or ask the bank for the message again"),
    _kind("unlisted status", _ENG, 8, Act.CLOSE, "the profile does not know this status: ask the bank, add it"),
    _kind("report contradicts itself", _OPS, 4, Act.CLOSE, "a whole is told otherwise than its parts: ask the bank"),
    # What the bank said that is no outcome.
    _kind("recall answered", _ACC, 24, Act.CLOSE, "the bank agrees, refuses or waits: money is back once it is booked"),
    _kind("payee check failed", _BEN, 4, Act.CLOSE, "a name does not fit its account: release the file or cancel it"),
    _kind("refused in transport", _OPS, 1, Act.CLOSE, "the bank's transport refused something: look what it was"),
    _kind("pick-up refused", _SEC, 4, Act.CLOSE, "a file does not open or is not the bank's: ask the bank about it"),
    _kind("dead letter", _SEC, 4, Act.CLOSE, "a record that could not be taken in: its rule says why"),
    _kind("partition stopped", _ENG, 1, Act.CLOSE, "the same record fails again and again: mend, then start it"),
    # Alarms.
    _kind("foreign bank", _SEC, 1, Act.CLOSE, "a bank speaks of what was sent to another one", ENTRY),
    _kind(
        "names what was never sent", _SEC, 1, Act.CLOSE, "a bank knows ids that never left: its lane is paused", ENTRY
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _TABLE})
"""The table, by name."""


def kind_of(name: str) -> Kind:
    """Return the row of a kind; what nobody foresaw still gets an owner and a time."""
    return KINDS.get(name) or _kind(name, Role.OPERATIONS, 4, Act.COMMENT, "look at its evidence first")
