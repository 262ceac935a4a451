"""Loops from released orders to banks."""

from asyncio import Semaphore
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bank_adapters.profile import HttpsTransport, Profile
from gateway.runtime.brakes import brakes
from gateway.runtime.loops import Loop
from gateway.service import lanes
from gateway.service.approved import ApprovedDigests
from gateway.service.banks import Bank
from gateway.service.cut import Cut
from gateway.service.inquire import Inquire, Sweep
from gateway.service.seal import Seal
from gateway.service.send import Send
from gateway.service.stops import Stops, SweepStops

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway


TOGETHER = 200
"""The most intents of one commit."""
SEALED = 20
"""The most requests that are sealed with one commit: what waits for the first of them waits for all."""
REQUEST_LOOPS = 2
"""Loops of a bank by request: while one waits for its last answers the other commits and begins."""


def sending(gateway: "Gateway") -> list[Loop]:
    """Return the loops from released orders to banks."""
    parts = gateway.configuration
    cut = Cut(
        store=gateway.store,
        clock=gateway.clock,
        banks=gateway.banks,
        routing=parts.routing,
        accounts=parts.accounts,
        catalogue=parts.catalogue,
        meter=gateway.metrics,
    )
    sweep = Sweep(store=gateway.store, clock=gateway.clock, worker=gateway.worker)
    stops = SweepStops(stops=Stops(store=gateway.store, clock=gateway.clock))
    loops = [Loop(kind="cut", step=cut), *_sealing(gateway)]
    loops += [
        Loop(kind="sweep", step=sweep, patience_seconds=5),
        Loop(kind="stops", step=stops, patience_seconds=5),
    ]
    loops += brakes(gateway)
    for bank in gateway.banks.values():
        loops += _lane(gateway, bank)
    return loops


def _sealing(gateway: "Gateway") -> list[Loop]:
    """Return one loop for all banks that take files, and one for each that takes a request a payment.

    Nothing is sealed for a bank that does not pay now; what was sealed before waits.
    """
    paying = {slug: bank for slug, bank in gateway.banks.items() if gateway.configuration.routing.pays(slug)}
    apart = [slug for slug, bank in paying.items() if not bank.profile.takes_files]
    by_file = {slug: bank for slug, bank in paying.items() if slug not in apart}
    approved = ApprovedDigests()
    return [
        Loop(kind="seal", step=_seal(gateway, by_file, approved)),
        *(Loop(kind="seal", step=_seal(gateway, {slug: paying[slug]}, approved, SEALED), lane=slug) for slug in apart),
    ]


def _seal(gateway: "Gateway", banks: Mapping[str, Bank], approved: ApprovedDigests, together: int = 1) -> Seal:
    return Seal(
        store=gateway.store,
        clock=gateway.clock,
        banks=banks,
        accounts=gateway.configuration.accounts,
        catalogue=gateway.configuration.catalogue,
        approvals=gateway.approvals,
        workshop=gateway.workshop,
        worker=gateway.worker,
        approved=approved,
        limits=gateway.configuration.limits,
        meter=gateway.metrics,
        together=together,
    )


def _lane(gateway: "Gateway", bank: Bank) -> list[Loop]:
    parts: dict[str, Any] = {"store": gateway.store, "clock": gateway.clock, "bank": bank, "meter": gateway.metrics}
    inquire = Inquire(**parts, worker=gateway.worker)
    probe = lanes.Probe(**parts)
    return [
        *(_sends(gateway, bank, parts) if gateway.configuration.routing.pays(bank.slug) else ()),
        Loop(kind="inquire", step=inquire, lane=bank.slug, patience_seconds=5),
        Loop(kind="probe", step=probe, lane=bank.slug, patience_seconds=5),
    ]


def _sends(gateway: "Gateway", bank: Bank, parts: Mapping[str, Any]) -> list[Loop]:
    """Return the loops that send to a bank: files one by one, requests in groups that share what is on the wire."""
    at_once = min(bank.profile.pace.at_once, bank.profile.limits.submissions_in_flight)
    by_file = bank.profile.takes_files
    send = Send(
        **parts,
        approvals=gateway.approvals,
        worker=gateway.worker,
        limits=gateway.configuration.limits,
        together=1 if by_file else together(bank.profile, at_once),
        wires=Semaphore(at_once),
    )
    loop = Loop(kind="send", step=send, lane=bank.slug, due=lambda: send.waiting.rest(gateway.clock.now()))
    return [loop] * (at_once if by_file else REQUEST_LOOPS)


def together(profile: Profile, at_once: int) -> int:
    """Return how many requests may be promised with one commit.

    All of them reach the wire before their deadline if each one before them, in all loops, takes as long as it may.
    """
    seconds = profile.transport.timeout_seconds if isinstance(profile.transport, HttpsTransport) else 1
    rounds = max(1, int(profile.timings.send_deadline_seconds / (REQUEST_LOOPS * seconds)))
    return min(TOGETHER, at_once * rounds)
