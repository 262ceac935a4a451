"""Loops from the bank-message topic to facts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bank_adapters.registry import meanings_for
from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import source_of
from gateway.bus.kafka import KafkaBus
from gateway.domain.statement import Numbering
from gateway.ports.bus import BANK_MESSAGES
from gateway.runtime.door import bank_door
from gateway.runtime.loops import Loop
from gateway.runtime.pick_ups import pick_ups
from gateway.runtime.sources import TOPICS
from gateway.service.apply import Apply
from gateway.service.hear_again import HearAgain
from gateway.service.judge import Ways
from gateway.service.partitions import Share
from gateway.service.prove import Prove
from gateway.service.read import Read
from gateway.service.receive import Receive
from gateway.service.settle import Settle

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway

MESSAGE_BYTES_MAX = 1 << 30


def hearing(gateway: "Gateway", bus: KafkaBus, partitions: Sequence[int]) -> list[Loop]:
    """Return the loops from the bank-message topic to facts."""
    parts: dict[str, Any] = {"store": gateway.store, "clock": gateway.clock}
    told: dict[str, Any] = parts | {"worker": gateway.worker, "meter": gateway.metrics}
    # The lease is renewed when a chunk was read and stored, and only then.
    reasons = gateway.configuration.reasons
    read = Read(**told, banks=gateway.banks, duplicates=reasons.duplicates, lease=4 * gateway.lease)
    apply = Apply(**told, ways=_ways(gateway), reasons=reasons)
    prove = Prove(**parts, numbering=_numbering(gateway), meter=gateway.metrics)
    settle = Settle(**told, reasons=reasons)
    claims = ClaimFolder(gateway.settings.banks_folder, limit=MESSAGE_BYTES_MAX)
    return [
        *pick_ups(gateway, bus, claims),
        *_receiving(gateway, bus, partitions, claims),
        Loop(kind="read", step=read),
        Loop(kind="apply", step=apply),
        Loop(kind="prove", step=prove),
        Loop(kind="settle", step=settle),
    ]


def _receiving(gateway: "Gateway", bus: KafkaBus, partitions: Sequence[int], claims: ClaimFolder) -> list[Loop]:
    """Return the loop that shares the partitions among workers, and one for each partition."""
    leased: dict[str, Any] = {"store": gateway.store, "clock": gateway.clock, "bus": bus, "worker": gateway.worker}
    leased["lease"] = gateway.lease
    share = Share(**leased, topics=(BANK_MESSAGES, *TOPICS))
    door = bank_door(gateway.edge_keys, claims, gateway.disabled)
    sources = [source_of(slug) for slug in gateway.edge_keys]
    again = HearAgain(store=gateway.store, clock=gateway.clock, door=door, sources=sources, meter=gateway.metrics)
    receiving = [
        Receive(**leased, door=door, partition=partition, patience_seconds=0.2, meter=gateway.metrics)
        for partition in partitions
    ]
    patience = min(5.0, gateway.settings.lease_seconds / 3)
    return [
        Loop(kind="share", step=share, patience_seconds=patience, close=share.leave),
        Loop(kind="hear again", step=again, patience_seconds=30),
        *(Loop(kind="receive", step=one, patience_seconds=0.2, close=one.release) for one in receiving),
    ]


def _ways(gateway: "Gateway") -> Mapping[str, Ways]:
    return {
        slug: Ways(
            statuses=meanings_for(bank.profile, gateway.configuration.reasons),
            matching=bank.profile.matching,
            own_codes=frozenset(bank.profile.counter.unclaimed_codes if bank.profile.counter else ()),
        )
        for slug, bank in gateway.banks.items()
    }


def _numbering(gateway: "Gateway") -> Mapping[str, Numbering]:
    rules = {slug: bank.profile.statement for slug, bank in gateway.banks.items()}
    return {slug: Numbering(consecutive=r.consecutive_numbers, first=r.first_number) for slug, r in rules.items()}
