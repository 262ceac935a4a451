"""The pause switch: for everything, for a bank or for a source.

Intents obey it. A pause commits behind the same gate as a stop, so nothing leaves whose pause was committed before its
intent.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import Refused
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service import lanes

SCOPES = frozenset({"all", "bank", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseView:
    """An active pause; `value` is the bank or source, empty for everything."""

    scope: str
    value: str
    reason: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Pause and resume."""

    store: Store
    clock: Clock

    async def pause(self, *, scope: str, value: str, reason: str, by: str) -> None:
        """Pause; pausing what is paused keeps the first reason."""
        if scope not in SCOPES or (scope == "all") != (value == ""):
            raise Refused.one("/scope", "pause.scope", 'pause "all" without a value, or a "bank" or "source" by name')
        async with self.store.transaction() as session:
            if scope == "bank" and not await session.value("lanes.known", value):
                raise Refused.one("/value", "bank.unknown", "there is no such bank")
            await pause(session, scope=scope, value=value, reason=reason, at=self.clock.now(), by=by)

    async def resume(self, *, scope: str, value: str, by: str) -> None:
        """Resume; resuming what is not paused lifts no pause.

        A bank that is resumed has no wait to keep either: somebody who knows better says that it is there again. What
        waits for its next try or inquiry is due at once.
        """
        now = self.clock.now()
        async with self.store.transaction() as session:
            await session.execute("pauses.resume", scope, value, now, by)
            if scope == "bank":
                await lanes.lift_wait(session, value, now, by)

    async def active(self) -> list[PauseView]:
        """Return what is paused now, oldest first."""
        async with self.store.transaction() as session:
            return await session.all(PauseView, "pauses.active")


async def pause(session: Session, *, scope: str, value: str, reason: str, at: datetime, by: str) -> None:
    """Pause inside a transaction of the caller (the brake pulls itself when bytes or messages cannot be trusted)."""
    await session.execute("stops.gate")
    await session.execute("pauses.pause", scope, value, reason, at, by)
