"""A whole pay day and the days after it: push, release, send, hear, tell, stop, correct, and judge what came of it."""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from gateway.demo import evidence
from gateway.demo.clock import DayClock
from gateway.demo.conductor import Appointment, Conductor, Watch
from gateway.demo.mornings import Approved, Mornings, batches_of
from gateway.demo.orders import make_pay_day
from gateway.demo.reckoning import Reckoning
from gateway.demo.stage import PAY_DATE, DemoOptions, Stage, opening, staged
from gateway.demo.stopping import KAFKA, REST, make_stops
from gateway.demo.weeks import Weeks
from gateway.sandbox import ApiBank
from gateway.service.gauges import FRESH_SECONDS

DOWN_FOR = timedelta(minutes=10)
"""How long a bank with an API refuses connections at the beginning of the day."""

_SCRAPED_WITHIN_SECONDS = 15.0

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Watching:
    """Who is told how it goes: phases as text, and the day's progress."""

    say: Say = field(default=lambda _text: None)
    progress: Watch = field(default=lambda _at, _progress: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What came of a run. `document` is the JSON object; `good` decides the exit code."""

    good: bool
    document: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Watches:
    """Real seconds, by phase."""

    started: float = field(default_factory=time.monotonic)
    phases: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def end(self, phase: str) -> None:
        """Note how long the phase took that ends now."""
        now = time.monotonic()
        self.phases[phase] = round(now - self._since, 3)
        self._since = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run that has ended, on its stage: door, metrics page, database and the banks' books are still there."""

    stage: Stage
    result: DemoResult


@asynccontextmanager
async def played(options: DemoOptions, clock: DayClock, watching: Watching) -> AsyncIterator[Played]:
    """Play a run, judge it, and keep its stage up while the context lasts: what reports and dashboards are tried on.

    `stage.metrics()` is what Prometheus would read at `stage.metrics_url`, `stage.gateway.store` the database (at
    `stage.database_url`), `stage.benefits` and `stage.operators` are at the REST door. No loop runs any more. Evidence
    goes into `options.out`, which must be there and empty of earlier evidence.

    Raises ConfigError, ValueError and DoorAnsweredError when it cannot be played.
    """
    watches, told = Watches(), watching
    with tempfile.TemporaryDirectory(prefix="gateway-demo-", ignore_cleanup_errors=True) as work:
        told.say("starting PostgreSQL, Kafka, 17 banks and the gateway")
        async with staged(options, clock, Path(work)) as stage:
            # whoever watches sees counters rise only from what was read before
            watched = bool(options.metrics_port) and await _read_once_more(stage)
            watches.end("start")
            result = await _Run(options, stage, told, watches).play()
            if watched:  # and sees how it ended only from gauges that are not kept from before
                await asyncio.sleep(FRESH_SECONDS)
                await _read_once_more(stage)
            yield Played(stage=stage, result=result)


async def _read_once_more(stage: Stage) -> bool:
    """Wait until the metrics page is read; return False when nobody does."""
    stage.scraped.clear()
    with suppress(TimeoutError):
        await asyncio.wait_for(stage.scraped.wait(), _SCRAPED_WITHIN_SECONDS)
    return stage.scraped.is_set()


async def run_demo(options: DemoOptions, clock: DayClock, watching: Watching) -> DemoResult:
    """Play a run and judge it. See `played`."""
    async with played(options, clock, watching) as run:
        return run.result


class _Run:
    """One run on its stage."""

    def __init__(self, options: DemoOptions, stage: Stage, told: Watching, watches: Watches) -> None:
        self._options, self._stage, self._told, self._watches = options, stage, told, watches
        self._day = make_pay_day(options.orders, options.seed, stage.banks, PAY_DATE, one_window=True)
        self._approved = Approved()
        self._approved.add(self._day)
        self._batches = batches_of(self._day)
        self._stops = make_stops(self._day.orders, stage.banks)

    async def play(self) -> DemoResult:
        stage, told = self._stage, self._told
        if self._options.out is not None:
            evidence.write_orders(self._options.out, self._approved.orders)
        told.say(f"pushing {len(self._day.orders)} orders in {len(self._batches)} batches through the REST door")
        await self._push()
        self._watches.end("push")
        conductor = Conductor(stage=stage, day=self._day, watch=told.progress)
        mornings = Mornings(conductor=conductor, approved=self._approved, seed=self._options.seed)
        weeks = Weeks(conductor=conductor, morning=mornings)
        async with self._one_bank_down() as appointments:
            conductor.agenda += appointments
            async with conductor.working():
                await conductor.settle()
                await self._stop(late=True)
                await conductor.play()
                self._watches.end("pay")
                told.say("playing the days after: statements, returns, funding, collection, corrections")
                await weeks.play(self._day.pay_date)
        self._watches.end("days after")
        told.say("comparing the banks' books with the gateway, payment by payment")
        reckoning = Reckoning(
            stage=stage, seed=self._options.seed, approved=self._approved, stops=self._stops, days=weeks.closed
        )
        figures = await reckoning.figures()
        self._watches.end("judge")
        document = reckoning.document(figures, conductor.hops, self._watches.phases)
        if self._options.out is not None:
            self._write(self._options.out, document)
            (self._options.out / "metrics.txt").write_text(await stage.metrics(), encoding="utf-8")
        return DemoResult(good=figures.good, document=document)

    async def _push(self) -> None:
        """Push and release every batch before anything is sent, so that each run cuts and seals the same files."""
        benefits, events = self._stage.benefits, self._stage.events
        *rest, smallest = sorted(self._batches, key=lambda batch: -len(batch.orders))
        for batch in rest:
            await benefits.push(batch)
        await benefits.open(smallest)
        async with events.heard():  # every order of it twice, over Kafka and REST, at the same time
            written = events.write_orders(smallest.batch_id, smallest.orders)
            await asyncio.gather(benefits.push_lines(smallest), written)
        await benefits.push_lines(smallest)  # the connection had broken off
        await benefits.try_wrongly(self._batches[0])
        await self._stop(late=False)
        async with events.heard():
            await events.write_notices([stop for stop in self._stops if stop.door == KAFKA])
        for batch in self._batches:
            await benefits.release(batch)

    async def _stop(self, *, late: bool) -> None:
        for stop in self._stops:
            if stop.door == REST and stop.late is late:
                await self._stage.benefits.stop(stop)

    @asynccontextmanager
    async def _one_bank_down(self) -> AsyncIterator[list[Appointment]]:
        """Take down a bank that refuses connections; the appointment brings it up again."""
        chosen = self._refusing_bank()
        if chosen is None:
            yield []
            return
        await chosen.set_down(True)
        yield [(opening() + DOWN_FOR, partial(chosen.set_down, False))]

    def _refusing_bank(self) -> ApiBank | None:
        banks = self._stage.street.api_banks.values()
        return next((b for b in banks if b.parameters.api and b.parameters.api.when_down == "refuse"), None)

    def _write(self, out: Path, document: Mapping[str, Any]) -> None:
        stage = self._stage
        books = stage.street.books()
        evidence.write_orders(out, self._approved.orders)
        evidence.write_outbound(out, stage.banks_folder, books)
        evidence.write_documents(out, "banks.ndjson", evidence.bank_entries(books))
        evidence.write_documents(out, "outcomes.ndjson", stage.inbox.all())
        evidence.write_documents(out, "refusals.ndjson", evidence.refusals(stage.benefits.refusals))
        (out / "result.json").write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
