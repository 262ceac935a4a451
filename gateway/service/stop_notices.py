"""Notices: one message of a source that sets stops together, over Kafka or REST; heard twice, it is one.

Notices only set; lifting is for two people. A notice's stops, its row and the partition's offset commit together,
behind the same gate as every stop: what had not left by then does not leave.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from gateway.domain.digest import canonical, parse_object
from gateway.domain.errors import Conflict, Refused
from gateway.domain.iso8601 import DATE_RULE, is_date
from gateway.domain.stop import Reason, Subject, Wanted, check_speaks
from gateway.ports.bus import STOPS, Record
from gateway.ports.clock import Clock
from gateway.ports.envelope import EnvelopeRefused, SourceEnvelope
from gateway.ports.store import Session, Store
from gateway.service.partitions import Came, ReadPartition
from gateway.service.retrying import whole
from gateway.service.stops import Stops, StopView, check_banks, set_stops, void_stopped

SourceDoor = Callable[[Record], SourceEnvelope | EnvelopeRefused]
"""Opens a record of a source: checks who signed it and what."""
NOTICE_BYTES: Final = 64 * 1024
_DEPTH: Final = 3
_KEYS: Final = {"notice", "reason", "effectiveOn", "subjects"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it was heard: `id` is unique among the notices of its source, `digest` is of its content."""

    id: str
    digest: bytes
    wanted: Wanted

    @property
    def by(self) -> str:
        """Who sets its stops."""
        return f"source {self.wanted.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A notice that was heard before."""

    digest: bytes
    stop_nos: list[int]


def read_notice(source: str, event_id: str, content: bytes) -> Notice:
    """Read a notice: {"notice", "subjects": [{"kind", "value"}], "effectiveOn"?, "reason"?}; unknown keys are refused.

    Raises Refused with one violation, which repeats nothing of what the notice says about a person or an account.
    """
    if len(content) > NOTICE_BYTES:
        raise Refused.one("", "notice.size", f"a notice has at most {NOTICE_BYTES} bytes")
    document = parse_object(content, max_depth=_DEPTH)
    if document.keys() - _KEYS:
        raise Refused.one("", "shape.unknown", f"a notice holds {', '.join(sorted(_KEYS))} and nothing else")
    reason_class, reason = _class(document.get("notice")), document.get("reason", document.get("notice"))
    if type(reason) is not str:
        raise Refused.one("/reason", "shape.type", "expected text")
    wanted = Wanted(
        source=source,
        subjects=_subjects(document.get("subjects")),
        reason=reason,
        reason_class=reason_class,
        effective_on=_day(document.get("effectiveOn")),
    )
    check_speaks(reason_class, wanted.subjects)
    return Notice(id=event_id, digest=sha256(canonical(document)).digest(), wanted=wanted)


def _class(value: object) -> Reason:
    if type(value) is not str or value not in set(Reason):
        raise Refused.one("/notice", "notice.class", f"a notice is one of: {', '.join(Reason)}")
    return Reason(value)


def _day(value: object) -> date | None:
    if value is None:
        return None
    if type(value) is not str or not is_date(value):
        raise Refused.one("/effectiveOn", "date.format", DATE_RULE)
    return date.fromisoformat(value)


def _subjects(values: object) -> tuple[Subject, ...]:
    if type(values) is not list:
        raise Refused.one("/subjects", "shape.type", "expected an array")
    return tuple(_subject(value, f"/subjects/{place}") for place, value in enumerate(values))


def _subject(value: object, path: str) -> Subject:
    if type(value) is not dict or value.keys() != {"kind", "value"} or {type(v) for v in value.values()} != {str}:
        raise Refused.one(path, "shape.type", 'expected {"kind": text, "value": text}')
    return Subject.of(value["kind"], value["value"], path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Notices through the REST door."""

    stops: Stops
    clock: Clock

    @property
    def _store(self) -> Store:
        return self.stops.store

    async def take(self, notice: Notice, *, by: str) -> list[StopView]:
        """Set what a notice asks for. Raises Conflict when another notice has its id, Refused for an unknown bank."""
        numbers = await whole(lambda: self._take(notice, by))
        for number in numbers:
            await self.stops.sweep(number)
        return await self.stops.of(numbers)

    async def _take(self, notice: Notice, by: str) -> list[int]:
        now = self.clock.now()
        async with self._store.transaction() as session:
            await check_banks(session, notice.wanted)
            await session.execute("stops.gate")
            numbers, _ = await take(session, notice, now, by=by, origin={"door": "rest"})
            await void_stopped(session, now, actor=by)
        return numbers


async def take(
    session: Session, notice: Notice, at: datetime, *, by: str, origin: Mapping[str, Any]
) -> tuple[list[int], bool]:
    """Set the stops of a notice behind the gate; return their numbers, and whether the notice is new.

    Raises Conflict when a notice with other content has its id.
    """
    wanted, why = notice.wanted, notice.wanted.reason_class
    heard = (wanted.source, notice.id, notice.digest, str(why), wanted.effective_on, dict(origin), at)
    number = await session.value("notices.hear", *heard)
    if number is None:
        known = await session.one(_Known, "notices.known", wanted.source, notice.id)
        if known is None or known.digest != notice.digest:
            raise Conflict.one("/id", "notice.other-content", "another notice of this source has that id")
        return known.stop_nos, False
    stops = await set_stops(session, wanted, at, by=by, notice_no=number)
    await session.execute("notices.stopped", number, stops)
    return stops, True


Opened = Sequence[Notice | str]
"""For each record its notice, or the rule that it breaks."""


@dataclass(slots=True, kw_only=True)
class HearStops(ReadPartition[Opened]):
    """Step: take the notices of one partition."""

    name = "hear stops"
    topic = STOPS

    records_max: int = 50  # the gate is held for all of them
    door: SourceDoor

    async def _open(self, records: Sequence[Record]) -> Opened:
        return [self._read(record) for record in records]

    def _read(self, record: Record) -> Notice | str:
        envelope = self.door(record)
        if isinstance(envelope, EnvelopeRefused):
            return envelope.code
        try:
            return read_notice(envelope.source, envelope.id, envelope.content)
        except Refused as refused:
            return refused.violations[0].rule

    async def _keep(self, session: Session, now: datetime, records: Sequence[Record], opened: Opened) -> Came:
        dead: list[tuple[Record, str]] = []
        new, by = 0, ""
        await session.execute("stops.gate")
        for record, notice in zip(records, opened, strict=True):
            if isinstance(notice, str):
                dead.append((record, notice))
                continue
            try:
                await check_banks(session, notice.wanted)
                origin = {"door": self.topic, "partition": record.partition, "offset": record.offset}
                new += (await take(session, notice, now, by=notice.by, origin=origin))[1]
                by = notice.by
            except Refused as refused:
                dead.append((record, refused.violations[0].rule))
        if new:
            await void_stopped(session, now, actor=by)
        await self._bury(session, now, dead)
        return Came(stored=new, same=len(records) - new - len(dead), dead=len(dead))

    def _tell(self, opened: Opened, came: Came) -> None:
        """Nothing beyond the count."""
