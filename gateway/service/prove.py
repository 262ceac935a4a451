"""Prove: waiting statements of an account are judged in order; only what is proved is accounting truth.

One account at a time, under its row of `statement_chain`, and only once every message that holds a statement of it has
been applied: a proved statement is an applied one. The rules are `domain/statement.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.statement import Chain, Judged, Link, Numbering, Page, judge
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions
from gateway.service.statements import DUPLICATE, GAP, UNBALANCED, Unbalanced, trouble_with

HOW, MACHINE = "evidence", "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """An account whose statements are to be judged."""

    chain_no: int
    bank: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """Step: judge what waits of one account. `numbering` says by bank how its statements are numbered."""

    store: Store
    clock: Clock
    numbering: Mapping[str, Numbering]
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        async with self.store.transaction() as session:
            row = await session.one(ChainRow, "prove.pick", list(self.numbering))
            if row is None:
                return False
            judged = await self._judge(session, row)
            await session.execute("prove.judged", row.chain_no)
        for state, pages in (("proved", judged.proved), ("unbalanced", judged.unbalanced)):
            if pages:
                self.meter.count("gateway_statement_pages_total", len(pages), bank=row.bank, state=state)
        return True

    async def _judge(self, session: Session, row: ChainRow) -> Judged:
        now, numbering = self.clock.now(), self.numbering[row.bank]
        waiting = await session.all(Page, "prove.waiting", row.bank, row.account, row.currency, numbering.consecutive)
        judged = judge(waiting, await _ends(session, row), numbering)
        if judged.proved:
            await self._prove(session, row, judged, now)
        failures = list(judged.unbalanced.items())
        found = await session.all(Unbalanced, "prove.unbalanced", [n for n, _ in failures], [f for _, f in failures])
        troubles = [trouble_with(last) for last in _last_of_each(found, waiting)]
        waits = list(judged.waits.items())
        await session.execute("prove.waits", [n for n, _ in waits], [w for _, w in waits])
        troubles += [_rival(row, page) for page in judged.rivals]
        await self._gaps(session, row, judged, now)
        await raise_exceptions(session, now, troubles)
        return judged

    async def _prove(self, session: Session, row: ChainRow, judged: Judged, now: datetime) -> None:
        numbers = list(judged.proved)
        await session.execute("prove.prove", numbers, list(judged.proved.values()), now)
        first = judged.chain.first
        if first is not None:
            await session.execute("prove.begins", row.bank, row.account, row.currency, first.link)
        corrected = await session.column("prove.corrected", numbers)
        await end_exceptions(session, now, kind=UNBALANCED, keys=corrected, how=HOW, by=MACHINE)

    async def _gaps(self, session: Session, row: ChainRow, judged: Judged, now: datetime) -> None:
        """Tell of what is missing, once each, and close what was told and is filled."""
        gaps = {f"{row.chain_no}/{missing}": page for missing, page in judged.gaps.items()}
        filled = await session.column("prove.gaps_filled", f"{row.chain_no}/", list(gaps))
        await end_exceptions(session, now, kind=GAP, keys=filled, how=HOW, by=MACHINE)
        troubles = [
            Trouble(
                kind=GAP,
                key=key,
                bank=row.bank,
                message_no=page.message_no,
                detail={"statement": str(page.statement_no), "waits for": judged.waits[page.statement_no]},
            )
            for key, page in gaps.items()
        ]
        await raise_exceptions(session, now, troubles)


async def _ends(session: Session, row: ChainRow) -> Chain:
    links = await session.all(Link, "prove.ends", row.bank, row.account, row.currency)
    return Chain(first=links[0], last=links[-1]) if links else Chain()


def _last_of_each(found: list[Unbalanced], waiting: list[Page]) -> list[Unbalanced]:
    """Return one page a statement that does not add up, its last: the arithmetic is told once, not once a page."""
    last = {p.statement_no for p in waiting if p.last_page}
    return [one for one in found if one.statement_no in last]


def _rival(row: ChainRow, page: Page) -> Trouble:
    return Trouble(
        kind=DUPLICATE,
        key=f"statement {page.statement_no}",
        bank=row.bank,
        message_no=page.message_no,
        reason="another statement of this number says something else: ask the bank which one holds",
        detail={"statement": str(page.statement_no)},
    )
