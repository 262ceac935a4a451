"""Reports of a pay day: by day, bank, benefit or source. Reads every figure in one snapshot and sets them in sections.

Each figure has its own source (DESIGN 9), and every equation between two of them is shown with its difference. The
books belong to all sources together: who sees only some gets no ledger and no balances.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from gateway.domain.errors import Refused
from gateway.domain.paper import Paper, ReportKind
from gateway.domain.stop import EVERY_SOURCE
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.ageing import open_items
from gateway.service.reach import Reach
from gateway.service.report import BankRow, Day, control_sheet, day_figures, differences
from gateway.service.report_books import read_books
from gateway.service.report_figures import CaughtRow, RateRow, ReportFigures
from gateway.service.report_sections import paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which report: `about` narrows one by bank to a bank, one by benefit to a benefit; "" is all of them."""

    kind: ReportKind
    pay_date: date
    sources: Collection[str] = (EVERY_SOURCE,)
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Makes reports from stored facts and the configuration."""

    store: Store
    clock: Clock
    reach: Reach

    async def make(self, asked: Asked) -> Paper:
        """Return the report. Raises Refused for a bank or benefit that there is not."""
        self._check(asked)
        async with self.store.transaction() as session:
            await session.execute("report.one_snapshot")
            await session.execute("reports.room")
            figures = await self._read(session, asked)
        return paper(figures, kind=asked.kind, about=asked.about, sources=sorted(asked.sources))

    def _check(self, asked: Asked) -> None:
        """Refuse a bank or a benefit that is not configured; what once was is found in the report of all."""
        known = {
            ReportKind.BANK: sorted({way.bank for way in self.reach.banks}),
            ReportKind.BENEFIT: sorted(self.reach.benefits),
        }.get(asked.kind, [])
        if asked.about and asked.about not in known:
            text = f"there is no such {asked.kind}; known: {', '.join(known) or 'none'}"
            raise Refused.one(f"/query/{asked.kind}", f"{asked.kind}.unknown", text)

    async def _read(self, session: Session, asked: Asked) -> ReportFigures:
        day, now = Day(pay_date=asked.pay_date, sources=asked.sources), self.clock.now()
        figures = await day_figures(session, day)
        sheet = control_sheet(asked.pay_date, figures)
        ages = asked.kind is not ReportKind.BENEFIT
        books = EVERY_SOURCE in asked.sources and asked.kind in {ReportKind.DAY, ReportKind.BANK}
        return ReportFigures(
            at=now,
            day=figures,
            sheet=sheet,
            differences=await differences(session, day, figures, sheet),
            rates=await session.all(RateRow, "reports.rates", *day.of),
            in_statements=await session.all(BankRow, "reports.in_statements", *day.of),
            caught=await session.all(CaughtRow, "reports.caught", *day.of),
            open=await open_items(session, now, asked.sources) if ages else (),
            books=await read_books(session, asked.pay_date) if books else None,
            reach=self.reach,
        )
