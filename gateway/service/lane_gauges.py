"""Gauges of lanes that are held back by their own profiles: suspended, ramped, or keeping a pace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.ports.store import Session
from gateway.service import pace, ramp
from gateway.service.banks import Banks
from gateway.service.readings import Reading, reading


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRestRow:
    """A lane: whether something waits `for_pace` alone or as its bank `asked`, and `payments` in no submission."""

    bank: str
    for_pace: bool
    asked: bool
    payments: int


def kept_apart(banks: Banks) -> list[str]:
    """Return the banks whose payments may wait in no submission for days, as their profiles say."""
    return sorted({*ramp.ramps(banks), *(slug for slug in banks if _suspended(banks, slug))})


async def read_lanes(session: Session, banks: Banks, now: datetime) -> list[Reading]:
    """Read what is held back; every lane shows every value, zeros too: an alert must see that trouble is over."""
    rows = await session.all(AtRestRow, "gauges.at_rest", now)
    used = await ramp.used(session, banks, ramp.day_of(now))
    return [*_of_lanes(rows, banks), *_of_ramps(rows, used, banks)]


def _of_lanes(rows: Sequence[AtRestRow], banks: Banks) -> Iterator[Reading]:
    for row in rows:
        keeps = row.bank in banks and pace.keeps(banks[row.bank].profile.pace)
        yield reading("gateway_bank_suspended", int(_suspended(banks, row.bank)), bank=row.bank)
        yield reading("gateway_lane_waits_for_pace", int((keeps and row.for_pace) or row.asked), bank=row.bank)
        yield reading("gateway_waiting_for_bank_payments", row.payments, bank=row.bank)


def _of_ramps(rows: Sequence[AtRestRow], used: Mapping[str, int], banks: Banks) -> Iterator[Reading]:
    per_day = ramp.ramps(banks)
    for row in rows:
        yield reading("gateway_ramp_used_payments", used.get(row.bank, 0), bank=row.bank)
        yield reading("gateway_ramp_limit_payments", per_day.get(row.bank, 0), bank=row.bank)


def _suspended(banks: Banks, slug: str) -> bool:
    return slug in banks and banks[slug].profile.onboarding.state == "suspended"
