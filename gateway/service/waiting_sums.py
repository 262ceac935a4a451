"""Booked sums that fit nothing yet: each has somebody who looks after it once it stands in the way of something.

The first of a submission is known under the submission, another one under its entry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.ports.store import Session
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions
from gateway.service.judge import Verdict

KIND = Verdict.AMOUNT_DIFFERS.value
"""The kind of exception that a waiting sum is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSum:
    """A booked sum; `submission_no` is None where it names no submission."""

    message_no: int
    ordinal: int
    submission_no: int | None

    @property
    def keys(self) -> list[str]:
        """Under which its exception can be known, what is preferred coming first."""
        own = f"sum {self.message_no}/{self.ordinal}"
        return [own] if self.submission_no is None else [f"sum of submission {self.submission_no}", own]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """An exception that is known under one of the keys."""

    key: str
    closed: bool
    message_no: int | None
    ordinal: int | None

    def about(self, one: WaitingSum) -> bool:
        return (self.message_no, self.ordinal) == (one.message_no, one.ordinal)


async def tell_of_sums(
    session: Session, at: datetime, sums: Iterable[WaitingSum], *, bank: str, each: bool = False
) -> None:
    """Tell a person of sums that wait. `each`: even of one whose submission has another sum that is told of."""
    for one in sums:
        told = {row.key: row for row in await session.all(ToldRow, "sums.told", one.keys)}
        if any(not row.closed and (row.about(one) or not each) for row in told.values()):
            continue
        key = next((key for key in one.keys if key not in told), one.keys[-1])
        trouble = Trouble(
            kind=KIND,
            key=key,
            bank=bank,
            submission_no=one.submission_no,
            message_no=one.message_no,
            ordinal=one.ordinal,
        )
        await raise_exceptions(session, at, [trouble])


async def sums_are_placed(session: Session, at: datetime, sums: Sequence[WaitingSum], *, how: str, by: str) -> None:
    """End what a person was told of these sums: they wait no more."""
    told = [
        row.key
        for one in sums
        for row in await session.all(ToldRow, "sums.told", one.keys)
        if row.about(one) and not row.closed
    ]
    if told:
        await end_exceptions(session, at, kind=KIND, keys=told, how=how, by=by)
