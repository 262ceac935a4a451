"""The head of a statement (Stmt of a camt.053): account, number, page and balances, beside the sum of its entries.

A balance without CdtDbtInd is a credit (Lithuanian banks leave it out); whether that holds, the arithmetic tells.
Reference: iso20022-and-banks 3.1 and 3.3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

from bank_adapters.iso20022.entry import Head, account_of, sign_of
from bank_adapters.iso20022.xml import (
    Element,
    calendar_date,
    child,
    children,
    descend,
    money,
    reference,
    text,
    values,
)
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

if TYPE_CHECKING:
    from hashlib import _Hash

_WANTED = frozenset({"Id", "ElctrncSeqNb", "LglSeqNb", "StmtPgntn", "Acct"})
_IN_PAGINATION = frozenset({"PgNb", "LastPgInd"})
_IN_BALANCE = frozenset({"Tp", "Amt", "CdtDbtInd", "Dt"})
_OPENINGS, _CLOSINGS = ("OPBD", "PRCD"), ("CLBD",)
_TRUE = frozenset({"true", "1"})
_NUMBER_MAX = 18
_PAGE_MAX = 9

Balance = tuple[int, date | None]


@dataclass(slots=True)
class Tally:
    """What the entries of the statement under way come to; they are summed as they stream by."""

    minor: int = 0
    count: int = 0
    currencies: set[str] = field(default_factory=set)
    digest: "_Hash" = field(default_factory=sha256)

    def entry(self, head: Head) -> None:
        """Add an entry that has ended: only what is booked moves the balance."""
        if head.terms.booked:
            self.minor += head.signed
            self.count += 1
            self.currencies.add(head.amount[1])

    def told(self, observations: Iterable[object]) -> None:
        """Take in what was read of an entry, so that the same statement is known again, and another one is not."""
        for one in observations:
            if isinstance(one, Observation):
                self.digest.update(repr(_said(one)).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """Which page, and whether it is the last. What tells no pages is a page that is all."""

    page: int = 1
    last: bool = True


ALL = Pagination()


def pagination(element: Element | None, path: str) -> Pagination | None:
    """Read a MsgPgntn or StmtPgntn, or return None if there is none."""
    if element is None:
        return None
    found = values(element, _IN_PAGINATION, path)
    page = _number(found.get("PgNb"), f"{path}/PgNb", _PAGE_MAX)
    last = text(found.get("LastPgInd"), f"{path}/LastPgInd")
    return Pagination(page=page or 1, last=last is None or last in _TRUE)


def statement(element: Element, place: int, tally: Tally, message: Pagination) -> Statement:
    """Read the head of a statement whose entries have ended. Raises Unreadable where money or identity are unclear."""
    path = f"/Stmt[{place}]"
    found = values(element, _WANTED, path)
    account = account_of(element, path)
    if account is None:
        raise Unreadable("element.missing", f"{path}/Acct", "a statement names no account")
    balances, currencies = _balances(element, path)
    opening, closing = _first(balances, _OPENINGS), _first(balances, _CLOSINGS)
    pages = pagination(found.get("StmtPgntn"), f"{path}/StmtPgntn") or message
    sequence = _number(found.get("ElctrncSeqNb"), f"{path}/ElctrncSeqNb", _NUMBER_MAX)
    if sequence is None:
        sequence = _number(found.get("LglSeqNb"), f"{path}/LglSeqNb", _NUMBER_MAX)
    return Statement(
        place=place,
        account=account,
        currency=_currency(child(found.get("Acct"), "Ccy", path), currencies | tally.currencies, path),
        statement_id=reference(found.get("Id"), f"{path}/Id"),
        sequence=sequence,
        page=pages.page,
        last_page=pages.last,
        opening_minor=opening[0] if opening else None,
        closing_minor=closing[0] if closing else None,
        opening_on=opening[1] if opening else None,
        closing_on=closing[1] if closing else None,
        entries_minor=tally.minor,
        entry_count=tally.count,
        digest=tally.digest.digest(),
    )


def _said(one: Observation) -> tuple[object, ...]:
    return (
        *(one.kind.value, one.entry, one.entry_minor, one.amount_minor, one.currency, one.credit, one.booked),
        *(one.msg_id, one.pmt_inf_id, one.instr_id, one.end_to_end_id, one.uetr, one.entry_ref, one.batch_count),
        *(one.text_id, one.reason, one.charges_minor, str(one.booking_date)),
    )


def _number(element: Element | None, path: str, digits: int) -> int | None:
    value = text(element, path)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= digits):
        raise Unreadable("number.format", path, "not a number")
    return int(value)


def _balances(element: Element, path: str) -> tuple[Mapping[str, list[Balance]], set[str]]:
    """Return the booked balances by type, and their currencies. Types that prove nothing are passed over."""
    balances: dict[str, list[Balance]] = {}
    currencies: set[str] = set()
    for place, one in enumerate(children(element, "Bal"), start=1):
        where = f"{path}/Bal[{place}]"
        found = values(one, _IN_BALANCE, where)
        kind = text(descend(found.get("Tp"), "CdOrPrtry/Cd", where), where) or ""
        if kind not in _OPENINGS + _CLOSINGS:
            continue
        amount = money(found.get("Amt"), f"{where}/Amt")
        if amount is None:
            raise Unreadable("element.missing", f"{where}/Amt", "a balance has no amount")
        sign = found.get("CdtDbtInd")
        credit = sign is None or sign_of(text(sign, f"{where}/CdtDbtInd"), f"{where}/CdtDbtInd")
        day = calendar_date(found.get("Dt"), f"{where}/Dt")
        balances.setdefault(kind, []).append((amount[0] if credit else -amount[0], day))
        currencies.add(amount[1])
    for kind, told in balances.items():
        balances[kind] = _by_day(told, f"{path}/Bal")
    return balances, currencies


def _by_day(balances: list[Balance], path: str) -> list[Balance]:
    """Order balances of one type by day. Raises Unreadable when one day has two."""
    balances = sorted(set(balances), key=lambda b: b[1] or date.min)
    if len({day for _, day in balances}) < len(balances):
        raise Unreadable("element.repeated", path, "two different balances of one type and day")
    return balances


def _first(balances: Mapping[str, list[Balance]], kinds: tuple[str, ...]) -> Balance | None:
    """Return the earliest opening or the latest closing, of the first type that is there."""
    for kind in kinds:
        if kind in balances:
            return balances[kind][-1 if kinds is _CLOSINGS else 0]
    return None


def _currency(element: Element | None, told: set[str], path: str) -> str:
    """Return the one currency of balances, booked entries and account."""
    own = text(element, f"{path}/Acct/Ccy")
    every = told | ({own} if own else set())
    if len(every) != 1:
        raise Unreadable("money.currency", path, "balances and booked entries are not in one currency")
    return every.pop()
