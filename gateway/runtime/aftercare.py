"""Loops for what comes after sending and hearing: attempts are closed, silence is noticed."""

from datetime import timedelta
from typing import TYPE_CHECKING

from bank_adapters.profile import Profile
from gateway.runtime.brakes import unclaimed_ways
from gateway.runtime.loops import Loop
from gateway.service.close import Close
from gateway.service.silence import Patience, Silence

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway


def aftercare(gateway: "Gateway") -> list[Loop]:
    """Return the loops that close attempts and that listen for silence."""
    profiles = gateway.configuration.profiles
    close = Close(
        store=gateway.store,
        clock=gateway.clock,
        reasons=gateway.configuration.reasons,
        final_after={s: timedelta(hours=p.timings.reject_final_after_hours) for s, p in profiles.items()},
        worker=gateway.worker,
        unclaimed=unclaimed_ways(gateway.configuration),
        meter=gateway.metrics,
    )
    silence = Silence(
        store=gateway.store,
        clock=gateway.clock,
        patience={slug: _patience(profile) for slug, profile in profiles.items()},
        tell_presumed=frozenset(gateway.settings.tell_presumed),
        meter=gateway.metrics,
    )
    return [
        Loop(kind="close", step=close, patience_seconds=5),
        Loop(kind="silence", step=silence, patience_seconds=30),
    ]


def _patience(profile: Profile) -> Patience:
    hours = profile.silence.presumed_executed_after_hours
    return Patience(
        presumed_after=None if hours is None else timedelta(hours=hours),
        exception_after=timedelta(hours=profile.silence.exception_after_hours),
        unknown_after=timedelta(minutes=profile.silence.unknown_after_minutes),
    )
