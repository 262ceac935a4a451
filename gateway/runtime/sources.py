"""The doors of the topics that benefits systems write: orders and notices, each record signed by its source."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.bus.source_events import open_source_event
from gateway.domain.benefits import Catalogue
from gateway.ports.bus import ORDERS, STOPS, Bus, Record
from gateway.ports.envelope import EnvelopeRefused, SourceEnvelope
from gateway.runtime.keys import Secrets
from gateway.runtime.loops import Loop
from gateway.runtime.settings import Settings
from gateway.service.order_events import HearOrders
from gateway.service.stop_notices import HearStops, SourceDoor

TOPICS = (ORDERS, STOPS)
_PATIENCE_SECONDS = 0.2


def source_secrets(settings: Settings, secrets: Secrets) -> dict[str, bytes]:
    """Return the secret of every source that may write to the topics; a sandbox makes one for each source.

    Raises ConfigError when a secret that the settings name cannot be read.
    """
    named = dict(settings.source_secrets)
    if settings.mode == "sandbox":
        named = {source: f"{source}-topic" for source in settings.sources} | named
    return {source: secrets.read(reference) for source, reference in named.items()}


def source_door(topic: str, secrets: Mapping[str, bytes]) -> SourceDoor:
    """Make the door of one topic."""

    def opened(record: Record) -> SourceEnvelope | EnvelopeRefused:
        return open_source_event(topic, record, secrets)

    return opened


async def source_partitions(bus: Any, secrets: Mapping[str, bytes]) -> dict[str, list[int]]:
    """Return the partitions of the sources' topics; none when no source may write there."""
    return {topic: await bus.partitions(topic) for topic in TOPICS if secrets}


def source_loops(
    bus: Bus,
    partitions: Mapping[str, Sequence[int]],
    secrets: Mapping[str, bytes],
    catalogue: Catalogue,
    **parts: Any,
) -> list[Loop]:
    """Return a loop a partition; `parts` are store, clock, worker, lease and meter."""
    parts |= {"bus": bus, "patience_seconds": _PATIENCE_SECONDS}
    steps: list[HearOrders | HearStops] = [
        HearOrders(**parts, partition=n, door=source_door(ORDERS, secrets), catalogue=catalogue)
        for n in partitions.get(ORDERS, ())
    ]
    steps += [HearStops(**parts, partition=n, door=source_door(STOPS, secrets)) for n in partitions.get(STOPS, ())]
    return [Loop(kind=s.name, step=s, patience_seconds=_PATIENCE_SECONDS, close=s.release) for s in steps]
