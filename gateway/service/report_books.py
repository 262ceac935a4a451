"""What a report says of the books: the ledger, the banks' statements, and whether the two agree."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.ledger import LedgerAccount
from gateway.ports.store import Session
from gateway.service.balances import (
    ITEMS,
    Agreement,
    Amount,
    AttemptsRow,
    Balance,
    OnTheWay,
    OpenItem,
    agreements,
    balances,
    compared,
    located,
)
from gateway.service.report import BankRow, Equation, Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovedRow:
    """A page of a statement that is no accounting truth yet, and what it waits for or which rule it breaks."""

    bank: str
    currency: str
    statement_id: str | None
    sequence: int | None
    page: int
    closing_on: date
    state: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The books: balances of now, statements that close on the day."""

    balances: Sequence[Balance]
    on_the_way: Sequence[OnTheWay]
    written_off: Mapping[tuple[str, str], Amount]
    suspense: Sequence[BankRow]
    items: Sequence[OpenItem]
    agreements: Sequence[Agreement]
    unproved: Sequence[UnprovedRow]


async def read_books(session: Session, day: date) -> Books:
    """Read the books, in the caller's snapshot."""
    posted = await balances(session)
    where = located(await session.all(AttemptsRow, "balances.attempts"))
    return Books(
        balances=posted,
        on_the_way=compared(posted, where),
        written_off={(b, c): amount for (b, c, account), amount in where.items() if account == LedgerAccount.SUSPENSE},
        suspense=await session.all(BankRow, "reports.suspense"),
        items=await session.all(OpenItem, "balances.suspense", ITEMS),
        agreements=await agreements(session, day, day),
        unproved=await session.all(UnprovedRow, "reports.unproved", day),
    )


def book_equations(books: Books) -> Iterator[Equation]:
    """Yield the equations of the ledger and of each statement, by bank and currency."""
    yield from _zero(books.balances)
    yield from _on_the_way(books.on_the_way)
    yield from _suspense(books)
    for one in books.agreements:
        moved = Figure(minor=one.closing_minor - one.opening_minor)
        about = f"{one.bank} {one.currency} {statement_name(one)}"
        name = "statement: closing - opening = posted"
        yield Equation(name=name, about=about, currency=one.currency, left=moved, right=Figure(minor=one.posted_minor))


def statement_name(one: Agreement) -> str:
    """Name a statement by its number, else by the bank's id, within its account."""
    name = str(one.sequence) if one.sequence is not None else one.statement_id or "without a number"
    return f"{one.debtor_account} no. {name}"


def _zero(rows: Iterable[Balance]) -> Iterator[Equation]:
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        sums[row.bank, row.currency] += row.amount_minor
    for (bank, currency), minor in sorted(sums.items()):
        yield _of("ledger: all accounts = 0", bank, currency, Figure(minor=minor), Figure())


def _on_the_way(rows: Iterable[OnTheWay]) -> Iterator[Equation]:
    for row in rows:
        sides = (_figure(row.ledger), _figure(row.attempts))
        yield _of(f"ledger: {row.account} = attempts", row.bank, row.currency, *sides)


def _suspense(books: Books) -> Iterator[Equation]:
    """The suspense account is its open items and what was written off."""
    account = {(r.bank, r.currency): r.amount_minor for r in books.balances if r.account == LedgerAccount.SUSPENSE}
    items = {(r.bank, r.currency): r.total_minor for r in books.suspense}
    for bank, currency in sorted(account.keys() | items.keys() | books.written_off.keys()):
        off = books.written_off.get((bank, currency), Amount()).minor
        left, right = account.get((bank, currency), 0), items.get((bank, currency), 0) + off
        name = "ledger: suspense = open items + written off"
        yield _of(name, bank, currency, Figure(minor=left), Figure(minor=right))


def _figure(amount: Amount) -> Figure:
    return Figure(count=amount.payments, minor=amount.minor)


def _of(name: str, bank: str, currency: str, left: Figure, right: Figure) -> Equation:
    return Equation(name=name, about=f"{bank} {currency}", currency=currency, left=left, right=right, bank=bank)
