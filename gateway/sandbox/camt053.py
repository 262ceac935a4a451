"""Writes camt.053 statements and camt.052 reports in versions .02, .04, .08 and .10, whole or in pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.sandbox.accounts import Statement
from gateway.sandbox.entries import Style, amount, entry
from gateway.sandbox.messages import XML, Header, tag, utc
from gateway.sandbox.movements import CREDIT, DEBIT, Movement, entries

_MISPRINT_MINOR = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One statement as it is written: a page of it has one of the two balances only. Balances are signed hundredths."""

    statement_id: str
    account: str
    sequence: int
    day: date
    opening_minor: int | None
    closing_minor: int | None
    entries: Sequence[Sequence[Movement]]
    page: int = 1
    last: bool = True

    @property
    def paged(self) -> bool:
        return self.page > 1 or not self.last


def told(slug: str, statement: Statement, movements: Sequence[Movement]) -> Told:
    """Make a statement ready to be written, on one page."""
    return Told(
        statement_id=f"{slug.replace('-', '').upper()[:8]}-{statement.account[-8:]}-{statement.day:%Y%m%d}",
        account=statement.account,
        sequence=statement.sequence,
        day=statement.day,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        entries=entries(movements),
    )


def pages(whole: Told, number: int) -> list[Told]:
    """Cut a statement into pages; the opening balance stands on the first, the closing balance on the last."""
    size = -(-len(whole.entries) // number)
    pieces = [whole.entries[start : start + size] for start in range(0, len(whole.entries), size)]
    return [
        replace(
            whole,
            entries=piece,
            page=place,
            last=place == len(pieces),
            opening_minor=whole.opening_minor if place == 1 else None,
            closing_minor=whole.closing_minor if place == len(pieces) else None,
        )
        for place, piece in enumerate(pieces, start=1)
    ]


def misprinted(right: Told) -> Told:
    """Print a wrong closing balance: ten euro more than opening balance and entries make."""
    closing = right.closing_minor
    return right if closing is None else replace(right, closing_minor=closing + _MISPRINT_MINOR)


def write_statement(head: Header, style: Style, statements: Sequence[Told]) -> bytes:
    """Write one camt.053 message with one or several statements (or one page of one)."""
    first = statements[0]
    paging = _page(first) if first.paged else ""
    body = "".join(_account("Stmt", head, style, one, _balances(one)) for one in statements)
    return _message(head, style, "camt.053", "BkToCstmrStmt", paging, body)


def write_report(head: Header, style: Style, one: Told) -> bytes:
    """Write a camt.052 report of a day that is still open: all its entries so far, and no balances."""
    return _message(head, style, "camt.052", "BkToCstmrAcctRpt", "", _account("Rpt", head, style, one, ""))


def _message(head: Header, style: Style, sort: str, root: str, paging: str, body: str) -> bytes:
    group = tag("MsgId", head.msg_id) + tag("CreDtTm", utc(head.created)) + paging + tag("AddtlInf", head.sender)
    return (
        f'{XML}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{sort}.001.{style.version}"><{root}>'
        f"<GrpHdr>{group}</GrpHdr>{body}</{root}></Document>\n"
    ).encode()


def _account(name: str, head: Header, style: Style, one: Told, balances: str) -> str:
    return (
        f"<{name}>{tag('Id', one.statement_id)}{tag('ElctrncSeqNb', str(one.sequence))}"
        f"{tag('CreDtTm', utc(head.created))}<Acct><Id>{tag('IBAN', one.account)}</Id>{tag('Ccy', 'EUR')}</Acct>"
        f"{balances}{''.join(entry(style, parts) for parts in one.entries)}</{name}>"
    )


def _page(one: Told) -> str:
    return f"<MsgPgntn>{tag('PgNb', str(one.page))}{tag('LastPgInd', str(one.last).lower())}</MsgPgntn>"


def _balances(one: Told) -> str:
    return _balance("OPBD", one.opening_minor, one.day) + _balance("CLBD", one.closing_minor, one.day)


def _balance(code: str, minor: int | None, day: date) -> str:
    if minor is None:
        return ""
    sign = DEBIT if minor < 0 else CREDIT
    kind = f"<Tp><CdOrPrtry>{tag('Cd', code)}</CdOrPrtry></Tp>"
    return f"<Bal>{kind}{amount('Amt', abs(minor))}{tag('CdtDbtInd', sign)}<Dt>{tag('Dt', day.isoformat())}</Dt></Bal>"
