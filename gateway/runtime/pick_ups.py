"""Loops that look at what banks have left for us."""

from datetime import timedelta
from typing import TYPE_CHECKING

from bank_adapters.profile import PickUp as Rules
from gateway.bus.bank_messages import SignedMessages
from gateway.bus.claims import ClaimFolder
from gateway.ports.bus import Bus
from gateway.runtime.loops import Loop
from gateway.service.banks import Bank
from gateway.service.pick_up import PickUp

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway


def pick_ups(gateway: "Gateway", bus: Bus, claims: ClaimFolder) -> list[Loop]:
    """Return one loop for each bank that leaves files."""
    messages = SignedMessages(bus.producer, gateway.edge_keys, claims, gateway.clock)
    rules = ((bank, bank.profile.pick_up) for bank in gateway.banks.values())
    return [_loop(gateway, bank, looking, messages) for bank, looking in rules if looking is not None]


def _loop(gateway: "Gateway", bank: Bank, looking: Rules, messages: SignedMessages) -> Loop:
    step = PickUp(
        store=gateway.store,
        clock=gateway.clock,
        bank=bank,
        messages=messages,
        workshop=gateway.workshop,
        worker=gateway.worker,
        # Whoever looks seldom holds the lease from one look to the next all the same.
        lease=max(gateway.lease, timedelta(seconds=3 * looking.seconds)),
        meter=gateway.metrics,
    )
    return Loop(kind="pick up", step=step, lane=bank.slug, patience_seconds=looking.seconds, close=step.leave)
