"""For any sequence of moves, facts and statements the stored ledger is that of a model that shares no code with it.

The model keeps, for each payment, what happened to it, and says from that where its money must be; for each statement
it keeps what the bank says its account moved by. The ledger is read back from the database after every step.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.facts import Fact
from gateway.domain.states import SUBMISSION, SubmissionState
from gateway.service.establish import Saying
from gateway.service.judge import Verdict
from gateway.service.moves import move
from tests.ledger.books import Books, Line, kept
from tests.scenario import MORNING, payments

BANKS = {"alfa": (1, 2, 3), "charlie": (4, 5)}
"""Attempts by bank; each bank has one submission."""
CHANGED = ("outcome_event", "exception", "suspense_item", "ledger_posting", "ledger_transaction", "statement",
           "observation", "submission_event", "attempt", "submission", "bank_message", "payment_order")  # fmt: skip
FULL = 51240
TOWARDS_THE_BANK = tuple(map(SubmissionState, ("delivered", "sending", "unknown", "not sent", "void")))
SAID = (
    *(Fact.ACCEPTED, Fact.EXECUTED, Fact.REJECTED, Fact.CANCELLED, Fact.BOOKED, Fact.RETURNED),
    Fact.WRITTEN_OFF,  # said by two people
)
NO_STATUS = {"booked", "returned", "written_off"}

banks = st.sampled_from(sorted(BANKS))
steps = st.one_of(
    st.tuples(st.just("move"), banks, st.integers(0, 2)),
    st.tuples(st.just("fact"), st.integers(1, 5), st.sampled_from(SAID)),
    st.tuples(st.just("group"), banks, st.sampled_from([Fact.ACCEPTED, Fact.REJECTED])),
    st.tuples(
        st.just("statement"),
        banks,
        st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 9)), min_size=1, max_size=4),
    ),
)


@dataclass(slots=True, kw_only=True)
class Model:
    """What happened, in the words of an accountant."""

    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BANKS, "sealed"))
    groups: dict[str, set[str]] = field(default_factory=lambda: {bank: set() for bank in BANKS})
    said: dict[int, set[str]] = field(default_factory=lambda: {n: set() for of in BANKS.values() for n in of})
    paid: set[int] = field(default_factory=set)
    returned: Counter[int] = field(default_factory=Counter)
    by_statement: list[int] = field(default_factory=list)
    posted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def balances(self) -> dict[tuple[str, str, str], int]:
        """What must stand on each account of each bank."""
        totals = Counter(self.posted)
        for bank, members in BANKS.items():
            for number in members:
                if account := self._location(bank, number):
                    totals[bank, account] += FULL
            totals[bank, "control"] = -sum(amount for (of, _), amount in totals.items() if of == bank)
        return {(bank, "EUR", account): amount for (bank, account), amount in totals.items() if amount}

    def _location(self, bank: str, number: int) -> str | None:
        where = {"sending": "in flight", "delivered": "in flight", "unknown": "unknown"}.get(self.states[bank])
        own = self.said[number]
        known = own if own - NO_STATUS else own | self.groups[bank]
        if not where or number in self.paid or known & {"rejected", "cancelled"}:
            return None
        return "suspense" if "written_off" in own else where

    def entry(self, bank: str, number: int | None, *, credit: bool, amount: int) -> None:
        """Book an entry of a payment, or of nothing that is known."""
        if number is not None and not credit and number not in self.paid:
            self.paid.add(number)
            self.posted[bank, "paid"] += amount
        elif number is not None and credit and self.returned[number] + amount <= FULL:
            self.returned[number] += amount
            self.posted[bank, "returned"] -= amount
        else:
            self.posted[bank, "suspense"] += -amount if credit else amount


@pytest.fixture
async def books(database_url: str, tmp_path: Path) -> AsyncIterator[Books]:
    """Three sealed payments for bank alfa and two for bank charlie."""
    async with kept(database_url, tmp_path) as books:
        await books.scene.sealed([*payments([1, 2, 3]), *payments([4, 5], "charlie")])
        await books.scene.tamper(
            "INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state)"
            " VALUES ('alfa', sha256('what is said'), 1, 'test', '{}', '2026-09-21', 'applied')"
        )
        await books.scene.keep(*CHANGED)
        yield books


@dataclass(slots=True, kw_only=True)
class Run:
    """One sequence, done to the database and to the model."""

    books: Books
    model: Model = field(default_factory=Model)
    accounts: dict[str, str] = field(default_factory=dict)
    submissions: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        await self.books.scene.again(*CHANGED)
        rows = await self.books.scene.rows("SELECT bank, debtor_account, submission_no FROM submission")
        self.accounts = {bank: account for bank, account, _ in rows}
        self.submissions = {bank: number for bank, _, number in rows}

    async def move(self, bank: str, choice: int) -> None:
        """Make one of the moves that are allowed, if any is; those towards the bank come first."""
        frm = SubmissionState(self.model.states[bank])
        allowed = [to for to in TOWARDS_THE_BANK if (frm, to) in SUBMISSION]
        if allowed:
            to = allowed[min(choice, len(allowed) - 1)]
            async with self.books.scene.gateway.store.transaction() as session:
                assert await move(session, self.submissions[bank], frm, to, at=MORNING, actor="test")
            self.model.states[bank] = to

    async def fact(self, number: int, fact: Fact) -> None:
        """Something is said of a payment; only what was sent can be spoken of."""
        bank = next(bank for bank, of in BANKS.items() if number in of)
        if self.model.states[bank] == "delivered":
            async with self.books.scene.gateway.store.transaction() as session:
                await self.books.establish(session, bank).add([Saying(attempt_nos=[number], fact=fact)])
            self.model.said[number].add(str(fact.name).lower())

    async def group(self, bank: str, fact: Fact) -> None:
        if self.model.states[bank] == "delivered":
            async with self.books.scene.gateway.store.transaction() as session:
                establish, number = self.books.establish(session, bank), self.submissions[bank]
                await establish.lock([number])
                fresh = await establish.add_group_facts({number: (fact, None)})
                await establish.add([], fresh)
            self.model.groups[bank].add(str(fact.name).lower())

    async def statement(self, bank: str, entries: list[tuple[int, bool, int]]) -> None:
        """A proved statement: each entry is of a payment (the full amount, or a part that comes back) or of nothing."""
        members, lines = BANKS[bank], []
        for which, credit, part in entries:
            number = (
                members[which - 1] if 0 < which <= len(members) and self.model.states[bank] == "delivered" else None
            )
            amount = FULL * part // 9 if credit or number is None else FULL
            verdict = Verdict.ORPHAN if number is None else Verdict.MATCHED
            of = None if number is None else self.submissions[bank]
            lines.append(Line(amount=amount, credit=credit, verdict=verdict, attempt_no=number, submission_no=of))
            self.model.entry(bank, number, credit=credit, amount=amount)
        self.books.account = self.accounts[bank]
        await self.books.statement(*lines, bank=bank)
        await self.books.until_settled()
        self.model.by_statement.append(sum(line.signed for line in lines))

    async def check(self) -> None:
        assert await self.books.by_bank() == self.model.balances()
        assert await self.books.scene.column(
            "SELECT transaction_no FROM ledger_posting GROUP BY transaction_no, bank, currency, debtor_account"
            " HAVING sum(amount_minor) <> 0"
        ) == []  # fmt: skip
        in_suspense = sum(amount for _, amount, _ in await self.books.suspense())
        assert in_suspense == sum(self.model.posted[bank, "suspense"] for bank in BANKS)
        agreements = await self.books.agree()
        assert all(a.settled and a.difference_minor == 0 for a in agreements)
        moved = sorted(a.closing_minor - a.opening_minor for a in agreements)
        assert moved == sorted(self.model.by_statement)


@given(
    moved=st.fixed_dictionaries({bank: st.sampled_from([0, 1, 2, 2, 2]) for bank in BANKS}),
    sequence=st.lists(steps, min_size=4, max_size=14),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_ledger_is_the_models(
    books: Books, moved: dict[str, int], sequence: list[tuple[object, ...]]
) -> None:
    run = Run(books=books)
    await run.begin()
    for bank, times in moved.items():
        for _ in range(times):
            await run.move(bank, 0)
    for what, *of in sequence:
        await getattr(run, str(what))(*of)
        await run.check()
