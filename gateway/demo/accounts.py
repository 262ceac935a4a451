"""The institution's accounts after the run: what banks' books, proved statements and the ledger say, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.demo.judge import Finding
from gateway.domain.money import format_minor
from gateway.sandbox import Books

SETTLED = ("paid", "returned", "charges", "suspense")
"""Ledger accounts to which a proved statement's entries are posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the gateway has of one account's statements; balances are None before one is proved."""

    bank: str
    account: str
    currency: str
    proved: int
    waiting: int
    unbalanced: int
    repeated: int
    opening_minor: int | None
    closing_minor: int | None
    closing_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBalance:
    """The balance of one ledger account for one paying account: debit positive."""

    bank: str
    account: str
    currency: str
    name: str
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBooks:
    """One paying account from three sides."""

    told: Told
    bank_minor: int
    ledger: Mapping[str, int]

    @property
    def explained_minor(self) -> int:
        """The closing balance that opening balance and postings make."""
        return (self.told.opening_minor or 0) - sum(self.ledger.get(name, 0) for name in SETTLED)

    @property
    def agrees(self) -> bool:
        """Whether bank, statement and ledger have one closing balance."""
        return self.bank_minor == self.told.closing_minor == self.explained_minor


def account_books(
    told: Iterable[Told], ledger: Sequence[LedgerBalance], books: Mapping[str, Books]
) -> list[AccountBooks]:
    """Put the three sides together, account by account."""
    return [
        AccountBooks(
            told=one,
            bank_minor=_closing(books[one.bank], one.account),
            ledger={row.name: row.minor for row in ledger if (row.bank, row.account) == (one.bank, one.account)},
        )
        for one in told
    ]


def _closing(books: Books, account: str) -> int:
    closed = [one for one in books.accounts.statements() if one.account == account]
    return closed[-1].closing_minor if closed else books.accounts.balances()[account]


def account_findings(accounts: Iterable[AccountBooks]) -> list[Finding]:
    """Name the banks whose account does not agree; never the account."""
    return [
        Finding(rule="balance.differs", about=one.told.bank, text="bank, statement and ledger close differently")
        for one in accounts
        if not one.agrees
    ]


def accounts_document(accounts: Iterable[AccountBooks]) -> list[dict[str, Any]]:
    """Write every account; the account itself is named by its bank and last four signs."""
    return [_document(one) for one in accounts]


def _document(one: AccountBooks) -> dict[str, Any]:
    told, currency = one.told, one.told.currency
    statement = None if told.closing_minor is None else format_minor(told.closing_minor, currency)
    return {
        "bank": told.bank,
        "account": told.account[-4:],
        "currency": currency,
        "statements": {
            "proved": told.proved,
            "waiting": told.waiting,
            "unbalanced": told.unbalanced,
            "repeated": told.repeated,
        },
        "closing": {
            "bank": format_minor(one.bank_minor, currency),
            "statement": statement,
            "ledger": format_minor(one.explained_minor, currency),
        },
        "ledger": {name: format_minor(minor, currency) for name, minor in one.ledger.items()},
        "agrees": one.agrees,
    }
