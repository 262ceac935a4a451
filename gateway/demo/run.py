"""A whole pay day: push, release, send, hear, tell, stop, and judge what came of it."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from gateway.demo import evidence
from gateway.demo.benefits_system import Batch, totals
from gateway.demo.clock import DayClock
from gateway.demo.conductor import Appointment, Conductor, Watch
from gateway.demo.judge import Day, compare_columns, judge
from gateway.demo.orders import PROGRAMMES, PayDay, make_pay_day
from gateway.demo.result import Facts, Figures, Late, Named, columns_of, result_document
from gateway.demo.stage import PAY_DATE, SOURCE, DemoOptions, Stage, opening, staged
from gateway.domain.identity import end_to_end_id
from gateway.sandbox import ApiBank
from gateway.service.report import Report

DOWN_FOR = timedelta(minutes=10)
"""How long a bank with an API refuses connections at the beginning of the day."""
_INBOX_SECONDS = 30.0
_STOP_EARLY, _STOP_LATE = "death notice", "death notice, after the payment left"

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


async def run_demo(options: DemoOptions, clock: DayClock, watching: Watching) -> DemoResult:
    """Run a pay day and judge it; evidence goes into `options.out`, which must be there and empty of earlier evidence.

    Raises ConfigError, ValueError and DoorAnsweredError when the day cannot be played.
    """
    watches, told = Watches(), watching
    with tempfile.TemporaryDirectory(prefix="gateway-demo-", ignore_cleanup_errors=True) as work:
        told.say("starting PostgreSQL, Kafka, 17 banks and the gateway")
        async with staged(options, clock, Path(work)) as stage:
            watches.end("start")
            return await _Run(options, stage, told, watches).play()


class _Run:
    """One run on its stage."""

    def __init__(self, options: DemoOptions, stage: Stage, told: Watching, watches: Watches) -> None:
        self._options, self._stage, self._told, self._watches = options, stage, told, watches
        self._day = make_pay_day(options.orders, options.seed, stage.banks, PAY_DATE)
        self._batches = [batch for programme in PROGRAMMES if (batch := _batch(self._day, programme)).orders]

    async def play(self) -> DemoResult:
        stage, told = self._stage, self._told
        if self._options.out is not None:
            evidence.write_orders(self._options.out, self._day.orders)
        told.say(f"pushing {len(self._day.orders)} orders in {len(self._batches)} batches through the REST door")
        await self._push()
        self._watches.end("push")
        conductor = Conductor(stage=stage, day=self._day, watch=told.progress)
        async with self._one_bank_down() as appointments:
            conductor.agenda += appointments
            async with conductor.working():
                await conductor.settle()
                await self._stop(self._day.stopped_late, _STOP_LATE)
                await conductor.play()
        self._watches.end("pay")
        told.say("comparing the banks' books with the gateway, payment by payment")
        figures = await self._figures()
        self._watches.end("judge")
        return await self._finish(figures, conductor)

    async def _push(self) -> None:
        """Push and release every batch before anything is sent, so that each run cuts and seals the same files."""
        benefits = self._stage.benefits
        for batch in self._batches:
            await benefits.push(batch)
        await benefits.push_lines(
            min(self._batches, key=lambda batch: len(batch.orders))
        )  # the connection had broken off
        await benefits.try_wrongly(self._batches[0])
        await self._stop(self._day.stopped, _STOP_EARLY)
        for batch in self._batches:
            await benefits.release(batch)

    async def _stop(self, people: Sequence[Any], reason: str) -> None:
        for somebody in people:
            await self._stage.benefits.stop(somebody, reason)

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

    async def _figures(self) -> Figures:
        feed_agrees = await self._all_told()
        store, pay_date = self._stage.gateway.store, self._day.pay_date
        sheet = await Report(store=store).control_sheet(pay_date)
        judgement = judge(self._judged())
        async with store.transaction() as session:
            submissions = await session.all(Named, "due.submissions", pay_date)
            exceptions = await session.all(Named, "due.exceptions")
            tries = await session.all(Named, "due.tries")
            late = await session.all(Late, "due.recalls")
        return Figures(
            sheet=sheet,
            submissions={row.name: row.number for row in submissions},
            exceptions={row.name: row.number for row in exceptions},
            tries={row.name: row.number for row in tries},
            late=late,
            judgement=judgement,
            sheet_findings=compare_columns(judgement, columns_of(sheet)),
            feed_agrees=feed_agrees,
        )

    async def _all_told(self) -> bool:
        """Read the feed over REST, wait until Kafka has brought as much, and compare the two."""
        inbox = self._stage.inbox
        feed = {(event["orderId"], event["outcomeNo"]): event for event in await self._stage.benefits.feed()}
        await inbox.until(len(feed), seconds=_INBOX_SECONDS)
        return feed == inbox.events

    def _judged(self) -> Day:
        books = self._stage.street.books()
        return Day(
            orders=[order.document for order in self._day.orders],
            outcomes=self._stage.inbox.latest(),
            end_to_end_ids={o.order_id: end_to_end_id(SOURCE, o.order_id, 1) for o in self._day.orders},
            kept_back=self._day.kept_back(),
            books=evidence.bank_entries(books),
            duplicates=[f"{slug} {d.reference}" for slug, b in books.items() for d in b.duplicates_booked()],
        )

    async def _finish(self, figures: Figures, conductor: Conductor) -> DemoResult:
        stage, day = self._stage, self._day
        facts = Facts(
            seed=self._options.seed,
            pay_date=day.pay_date,
            orders=len(day.orders),
            amount=totals(day.orders),
            outcome_events=len(stage.inbox.events),
            events_repeated=stage.inbox.repeated,
            refused=[(tried, reply.status) for tried, reply in stage.benefits.refusals],
            hops=conductor.hops,
            ended_at=stage.clock.now(),
            broker="embedded (librdkafka mock cluster)",
            seconds=self._watches.phases,
            peak_rss_mib=peak_rss_mib(),
        )
        document = result_document(facts, figures)
        if self._options.out is not None:
            self._write(self._options.out, document)
            (self._options.out / "metrics.txt").write_text(await stage.metrics(), encoding="utf-8")
        return DemoResult(good=figures.good, document=document)

    def _write(self, out: Path, document: Mapping[str, Any]) -> None:
        stage = self._stage
        books = stage.street.books()
        evidence.write_outbound(out, stage.banks_folder, books)
        evidence.write_documents(out, "banks.ndjson", evidence.bank_entries(books))
        evidence.write_documents(out, "outcomes.ndjson", stage.inbox.all())
        evidence.write_documents(out, "refusals.ndjson", evidence.refusals(stage.benefits.refusals))
        (out / "result.json").write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _batch(day: PayDay, programme: str) -> Batch:
    batch_id = f"{programme}-{day.pay_date}"
    return Batch(batch_id=batch_id, programme=programme, pay_date=day.pay_date, orders=day.of(programme))


def peak_rss_mib() -> float:
    """Return the most memory this process ever held: gateway, banks, broker and benefits system; not PostgreSQL."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
