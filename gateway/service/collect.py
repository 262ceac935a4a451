"""Collect: money at the counter of which nobody has said what became of it.

The bank says when it was collected and, by its own code, when nobody came (profile, `counter`). A window that has
passed without a word is an exception; nothing follows from silence by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bank_adapters.profile import Profile
from gateway.ports.clock import Clock
from gateway.ports.store import Store
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions

CHUNK = 1_000
KIND = "unclaimed"
MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentRow:
    """An attempt whose collection window has passed without a word."""

    attempt_no: int
    order_no: int
    bank: str
    collect_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Step: tell a person of windows that passed without a word, once each, and when the word came after all."""

    store: Store
    clock: Clock
    profiles: Mapping[str, Profile]

    async def run_once(self) -> bool:
        today = self.clock.today()
        quiet = {
            slug: today - timedelta(days=profile.counter.silence_days)
            for slug, profile in self.profiles.items()
            if profile.counter is not None
        }
        if not quiet:
            return False
        async with self.store.transaction() as session:
            silent = await session.all(SilentRow, "collect.silent", list(quiet), list(quiet.values()), CHUNK)
            await raise_exceptions(session, self.clock.now(), [_trouble(row) for row in silent])
            spoken = await session.column("collect.spoken", CHUNK)
            how = "the bank spoke"
            await end_exceptions(session, self.clock.now(), kind=KIND, keys=spoken, how=how, by=MACHINE)
        return bool(silent or spoken)


def _trouble(row: SilentRow) -> Trouble:
    return Trouble(
        kind=KIND,
        key=str(row.attempt_no),
        bank=row.bank,
        order_no=row.order_no,
        attempt_no=row.attempt_no,
        detail={"windowEnded": row.collect_until.isoformat(), "said": "nothing"},
    )
