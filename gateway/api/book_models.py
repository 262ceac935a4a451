"""What answers about the ledger look like. Amounts are decimal text in their currency; debit is positive."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from gateway.api.models import Model
from gateway.domain.money import format_minor
from gateway.service.balances import Agreement, Amount, Balance, OnTheWay, OpenItem


class BookBalance(Model):
    """What stands on an account of the ledger, and of how many payments it is."""

    bank: str
    currency: str
    account: str
    amount: str
    payments: int

    @classmethod
    def of(cls, row: Balance) -> Self:
        """Write a balance."""
        return cls(
            bank=row.bank,
            currency=row.currency,
            account=row.account,
            amount=format_minor(row.amount_minor, row.currency),
            payments=row.payments,
        )


class BookBalances(Model):
    """Every account of the ledger, by bank and currency: of each pair the sum is zero."""

    balances: list[BookBalance]


class BookStatement(Model):
    """A proved statement beside what the ledger posted of it.

    `difference` is closing - opening + paid + returned + charges + suspense: zero once it is `settled`, or an exception
    *unbalanced statement* names it. What is in suspense is listed entry by entry.
    """

    bank: str
    debtor_account: str
    currency: str
    closing_on: date | None
    sequence: int | None
    statement_id: str | None
    pages: int
    entries: int
    settled: bool
    opening: str
    closing: str
    paid: str
    returned: str
    charges: str
    suspense: str
    difference: str
    agrees: bool

    @classmethod
    def of(cls, row: Agreement) -> Self:
        """Write a statement and what it posted."""
        same = ("bank", "debtor_account", "currency", "closing_on", "sequence", "statement_id", "pages", "entries")
        money = ("opening", "closing", "paid", "returned", "charges", "suspense", "difference")
        own = {name: getattr(row, name) for name in (*same, "settled")}
        sums = {name: format_minor(getattr(row, f"{name}_minor"), row.currency) for name in money}
        return cls.model_validate(own | sums | {"agrees": row.settled and row.difference_minor == 0})


class BookStatements(Model):
    """The proved statements that close on some days."""

    statements: list[BookStatement]


class BookSide(Model):
    """An amount, and of how many payments."""

    amount: str
    payments: int

    @classmethod
    def of(cls, amount: Amount, currency: str) -> Self:
        """Write one side of a comparison."""
        return cls(amount=format_minor(amount.minor, currency), payments=amount.payments)


class BookOnTheWay(Model):
    """Money *in flight* or *unknown* as posted, and as the rows of the payments themselves say, of one moment."""

    bank: str
    currency: str
    account: str
    ledger: BookSide
    attempts: BookSide
    agrees: bool

    @classmethod
    def of(cls, row: OnTheWay) -> Self:
        """Write a comparison."""
        sides = {"ledger": BookSide.of(row.ledger, row.currency), "attempts": BookSide.of(row.attempts, row.currency)}
        same = {"bank": row.bank, "currency": row.currency, "account": row.account.value}
        return cls.model_validate({**same, **sides, "agrees": row.ledger == row.attempts})


class BooksOnTheWay(Model):
    """What is on the way at each bank."""

    on_the_way: list[BookOnTheWay]


class BookItem(Model):
    """An entry that a bank booked and that nothing of ours explains, until a match or a decision moves it."""

    item_no: int
    bank: str
    currency: str
    amount: str
    payments: int
    why: str
    exception_no: int | None = Field(description="the exception in which a person works it")
    since: datetime

    @classmethod
    def of(cls, row: OpenItem) -> Self:
        """Write an item."""
        own = {name: getattr(row, name) for name in OpenItem.__slots__ if name != "amount_minor"}
        return cls.model_validate(own | {"amount": format_minor(row.amount_minor, row.currency)})


class BookSuspense(Model):
    """What stands in suspense, oldest first; `complete` unless there is more than one answer holds."""

    items: list[BookItem]
    complete: bool
