"""Ageing: everything that is open, by what it is, whose it is and how old it is. Read from stored rows only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.stop import EVERY_SOURCE
from gateway.ports.store import Session, Store

BUCKETS_DAYS = (1, 3, 8, 31)
"""Ages are counted as: under a day, 1 to 2 days, 3 to 7, 8 to 30, and older."""
BUCKETS = ("under 1 day", "1-2 days", "3-7 days", "8-30 days", "over 30 days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What is open of one kind, owner and age. `minor` is the sum in minor units of `currency`.

    `what` is *held*, *waiting* (payable, not on its way), *in flight* (*presumed* where silence was taken for a yes),
    *unknown*, *rejected, not closed*, *returned, not closed*, *conflict* or *exception: <kind>*; `owner` a person who
    took it, else the role whose work it is; `bank` is empty where none is concerned. `since` is the oldest of them.
    """

    what: str
    owner: str
    bank: str
    currency: str
    bucket: str
    count: int
    minor: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """Reads what is open."""

    store: Store

    async def open(self, at: datetime, sources: Collection[str] = (EVERY_SOURCE,)) -> list[Open]:
        """Return everything open of these sources at `at`, oldest bucket last; "*" stands for all of them.

        Exceptions that belong to no order or submission are shown to who sees every source.
        """
        async with self.store.transaction() as session:
            return await open_items(session, at, sources)


async def open_items(session: Session, at: datetime, sources: Collection[str]) -> list[Open]:
    """Do the same in a transaction of the caller's."""
    of = (at, EVERY_SOURCE in sources, sorted(sources), list(BUCKETS_DAYS), list(BUCKETS))
    return await session.all(Open, "ageing.open", *of)
