"""The end of a run: read what gateway and banks say, judge it, and write it down."""

import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.demo import evidence
from gateway.demo.accounts import LedgerBalance, Told, account_books
from gateway.demo.benefits_system import totals
from gateway.demo.formats import formats_document
from gateway.demo.judge import Day, Doubtful, compare_columns, judge
from gateway.demo.mornings import Approved
from gateway.demo.result import Cases, Facts, Figures, Late, Named, Raised, columns_of, result_document
from gateway.demo.shown import Institution, shown_document
from gateway.demo.stage import SOURCE, Stage
from gateway.demo.stopping import DemoStop, kept_back
from gateway.domain.identity import end_to_end_id
from gateway.service.report import Report

GENERATIONS = 9
"""More attempts at one order than a run can make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """Reckons a run that has ended; `days` are those that the banks closed."""

    stage: Stage
    seed: int
    approved: Approved
    stops: Sequence[DemoStop]
    days: Sequence[date]

    async def figures(self) -> Figures:
        """Read everything and judge it."""
        feed_agrees = await self.stage.benefits_heard()
        store = self.stage.gateway.store
        sheets = [await Report(store=store).control_sheet(day) for day in self.approved.pay_dates]
        async with store.transaction() as session:
            doubtful = await session.all(Doubtful, "due.doubtful")
            submissions = await session.all(Named, "due.submissions")
            cases = await session.all(Cases, "due.cases")
            raised = await session.all(Raised, "due.raised")
            rules = await session.all(Named, "due.rules")
            tries = await session.all(Named, "due.tries")
            again = await session.all(Named, "due.again")
            late = await session.all(Late, "due.recalls")
            told = await session.all(Told, "due.accounts")
            ledger = await session.all(LedgerBalance, "due.ledger")
        judgement = judge(self._judged(doubtful))
        return Figures(
            sheets=sheets,
            submissions=_by_name(submissions),
            cases=cases,
            raised=raised,
            rules=_by_name(rules),
            again=_by_name(again),
            accounts=account_books(told, ledger, self.stage.street.books()),
            tries=_by_name(tries),
            late=late,
            stops=await self.stage.operators.stops(),
            topics=await self.stage.events.topics(),
            judgement=judgement,
            sheet_findings=compare_columns(judgement, columns_of(sheets)),
            feed_agrees=feed_agrees,
        )

    def document(self, figures: Figures, hops: int, seconds: Mapping[str, float]) -> dict[str, Any]:
        """Write the result of the run."""
        stage, approved = self.stage, self.approved
        facts = Facts(
            seed=self.seed,
            pay_date=approved.pay_dates[0],
            orders=len(approved.orders),
            corrections=sum("replaces" in order.document for order in approved.orders),
            amount=totals(approved.orders),
            outcome_events=len(stage.inbox.events),
            events_repeated=stage.inbox.repeated,
            refused=[(tried, reply.status) for tried, reply in stage.benefits.refusals],
            formats=formats_document(stage.banks_folder, stage.street.books()),
            shown=self._shown(figures),
            by_hand=stage.operators.done,
            hops=hops,
            days=len(self.days),
            ended_at=stage.clock.now(),
            broker="embedded (librdkafka mock cluster)",
            seconds=seconds,
            peak_rss_mib=peak_rss_mib(),
        )
        return result_document(facts, figures)

    def _judged(self, doubtful: Sequence[Doubtful]) -> Day:
        books = self.stage.street.books()
        open_entries = {(row.bank, row.entry_ref) for row in doubtful}
        return Day(
            orders=[order.document for order in self.approved.orders],
            outcomes=self.stage.inbox.latest(),
            end_to_end_ids=self._names(),
            doubtful=frozenset(row.order_id for row in doubtful) | open_entries,
            kept_back=kept_back(self.stops),
            books=evidence.bank_entries(books),
            duplicates=[f"{slug} {d.reference}" for slug, b in books.items() for d in b.duplicates_booked()],
        )

    def _names(self) -> dict[str, list[str]]:
        """Return by order id every EndToEndId under which a bank may know it."""
        numbers = range(1, GENERATIONS + 1)
        return {o.order_id: [end_to_end_id(SOURCE, o.order_id, n) for n in numbers] for o in self.approved.orders}

    def _shown(self, figures: Figures) -> Mapping[str, Any]:
        stage = self.stage
        institution = Institution(
            orders=self.approved.orders,
            events=stage.inbox.all(),
            latest=stage.inbox.latest(),
            by_kafka=stage.events.published,
            stops=figures.stops,
            again=figures.again,
        )
        order_of = {name: order_id for order_id, names in self._names().items() for name in names}
        return shown_document(stage.banks, stage.street.books(), order_of, institution)


def _by_name(rows: Sequence[Named]) -> dict[str, int]:
    return {row.name: row.number for row in rows}


def peak_rss_mib() -> float:
    """Return the most memory this process ever held: gateway, banks, broker and benefits system; not PostgreSQL."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
