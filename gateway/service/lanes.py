"""A bank's lane in the database: its circuit breaker, shared by all workers. The probe never is somebody's payment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bank_adapters.profile import Profile
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.banks import Bank, Banks


async def failed(session: Session, profile: Profile, now: datetime, asked: int = 0) -> None:
    """Count a failure to reach the bank; open the breaker when the profile's number in a row is reached.

    An open lane stays so for as long as the profile says, or for the seconds that the bank `asked` us to wait.
    """
    probe_at = now + timedelta(seconds=max(profile.breaker.open_seconds, asked))
    await session.execute("lanes.failed", profile.slug, profile.breaker.failures, probe_at)


async def asked_to_wait(session: Session, bank: str, now: datetime, seconds: int) -> None:
    """Let a lane send nothing for so many seconds, whoever sends: the bank spoke of us, not of one payment."""
    await session.execute("lanes.asked", bank, now + timedelta(seconds=seconds))


async def lift_wait(session: Session, bank: str, now: datetime, by: str) -> None:
    """End the wait that a bank asked for, for its lane and for whatever was put off because of it."""
    await session.execute("lanes.due_now", bank, now)  # before the lane: all who move submissions lock in this order
    await session.execute("lanes.lift", bank, now, by)


async def worked(session: Session, bank: str) -> None:
    """Count a success: failures in a row start anew."""
    await session.execute("lanes.worked", bank)


async def declare(store: Store, banks: Banks) -> None:
    """Give every configured bank its lane row. Safe to repeat."""
    async with store.transaction() as session:
        for slug in sorted(banks):
            await session.execute("lanes.declare", slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Step: when an open breaker is due, connect without moving money; close it if the bank answers."""

    store: Store
    clock: Clock
    bank: Bank
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        profile, now = self.bank.profile, self.clock.now()
        next_probe = now + timedelta(seconds=profile.breaker.open_seconds)
        async with self.store.transaction() as session:
            if not await session.execute("lanes.take_probe", self.bank.slug, now, next_probe):
                return False
        try:
            await self.bank.transport.probe()
        except Exception as error:  # noqa: BLE001 - a look moves no money, so no error of it is about anything but this bank
            self.meter.count("gateway_step_failures_total", 1, step="probe", error=type(error).__name__)
            return True
        async with self.store.transaction() as session:
            await session.execute("lanes.close_breaker", self.bank.slug)
        return True
