"""What is established about an attempt, and the position that follows from it.

Facts are a set that only grows; merging is set union, so order and repetition of messages cannot matter. The position
is computed from the set and never stored.
"""

from enum import IntFlag, StrEnum
from functools import lru_cache

from gateway.domain.states import SubmissionState


class Fact(IntFlag):
    """One bit a fact; the numbers are stored and must never be given a new meaning."""

    NONE = 0
    ACCEPTED = 1
    EXECUTED = 2
    CREDITED = 4
    BOOKED = 8
    BOOKED_IN_STATEMENT = 16
    BOOKED_TWICE = 32
    REJECTED = 64
    RETURNED = 128
    RETURNED_IN_STATEMENT = 256
    CANCELLED = 512
    CONTRADICTED = 1024
    """Something arrived after the attempt was closed; a person must look."""
    AT_THE_COUNTER = 2048
    """Set when the attempt is made: its bank books money over the counter before the payee has it, so only *credited*,
    the bank's word that it was collected, means paid."""
    WRITTEN_OFF = 4096
    """Two people gave it up: the ledger holds its money in suspense until a bank books, refuses or returns it."""


class Position(StrEnum):
    """Where an attempt stands, in the order in which the first that fits is taken."""

    CONFLICT = "conflict"
    RETURNED = "returned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    PAID = "paid"
    EXECUTED = "executed"
    ACCEPTED = "accepted"
    IN_FLIGHT = "in flight"
    UNKNOWN = "unknown"
    WAITING = "waiting"


MOVED = Fact.EXECUTED | Fact.CREDITED | Fact.BOOKED | Fact.BOOKED_IN_STATEMENT | Fact.BOOKED_TWICE
"""Facts that say the money left the debtor account."""
CAME_BACK = Fact.RETURNED | Fact.RETURNED_IN_STATEMENT
BOOKED = Fact.BOOKED | Fact.BOOKED_IN_STATEMENT | Fact.CREDITED
"""Facts that mean *paid*: booked by an entry that names it (or its submission's sum), or ACCC."""


STATUS = Fact.ACCEPTED | Fact.EXECUTED | Fact.CREDITED | Fact.REJECTED | Fact.CANCELLED
"""Facts that come from a status, not from a booking."""


def effective(own: Fact, group: Fact) -> Fact:
    """Facts of an attempt with those its submission's group status lends it.

    The lowest level wins (ISO 20022 status reports): a group status speaks for a payment only until a status names the
    payment itself. A booking is no status: a rejected group with a booked payment is a contradiction.
    Reference: iso20022-and-banks 2.1 (a), (b); faults-and-invariants F72.
    """
    return own if own & STATUS else own | group


@lru_cache(maxsize=4096)  # a day knows a few dozen combinations, and asks for them twice a payment
def position(own: Fact, group: Fact, submission: SubmissionState | None) -> Position:
    """Compute the position: first rung that fits. `submission` is None while the attempt is in none."""
    facts = effective(own, group)
    if contradictory(facts):
        return Position.CONFLICT
    if facts & CAME_BACK:
        return Position.RETURNED
    if facts & Fact.REJECTED:
        return Position.REJECTED
    if facts & Fact.CANCELLED:
        return Position.CANCELLED
    if facts & (Fact.CREDITED if facts & Fact.AT_THE_COUNTER else BOOKED):
        return Position.PAID
    if facts & (Fact.EXECUTED | BOOKED):
        return Position.EXECUTED
    if facts & Fact.ACCEPTED:
        return Position.ACCEPTED
    if submission in {SubmissionState.SENDING, SubmissionState.DELIVERED}:
        return Position.IN_FLIGHT
    return Position.UNKNOWN if submission is SubmissionState.UNKNOWN else Position.WAITING


def contradictory(facts: Fact) -> bool:
    """Whether the facts cannot all be true of one payment that left once.

    Rejected or cancelled and yet moved is a contradiction until the money came back; booked twice always is.
    """
    if facts & (Fact.BOOKED_TWICE | Fact.CONTRADICTED):
        return True
    return bool(facts & (Fact.REJECTED | Fact.CANCELLED) and facts & MOVED and not facts & CAME_BACK)
