"""A small writer of camt.053 and camt.054, for tests: it knows nothing of the reader."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

CAMT_053 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
CAMT_054 = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One transaction: signed minor units."""

    minor: int
    end_to_end_id: str = "NOTPROVIDED"
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One entry: signed minor units, and what stands inside it."""

    minor: int
    status: str = "BOOK"
    ref: str = ""
    code: str = ""
    details: Sequence[Detail] = ()
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stmt:
    """One page of a statement; balances are signed minor units, None leaves one out."""

    account: str = "DE89370400440532013000"
    currency: str = "EUR"
    name: str = "S1"
    number: int | None = 1
    page: int | None = None
    last: bool = True
    opening: int | None = 0
    closing: int | None = 0
    opening_on: date = date(2026, 9, 20)
    closing_on: date = date(2026, 9, 21)
    bookings: Sequence[Booking] = field(default_factory=tuple)


def camt053(*statements: Stmt, message_page: str = "", message_id: str = "B1") -> bytes:
    """Write a message."""
    return (
        f'<Document xmlns="{CAMT_053}"><BkToCstmrStmt><GrpHdr><MsgId>{message_id}</MsgId>{message_page}</GrpHdr>'
        f"{''.join(map(_stmt, statements))}</BkToCstmrStmt></Document>"
    ).encode()


def camt054(one: Stmt, *, message_id: str = "N1") -> bytes:
    """Write a notification of the bookings of `one`; it tells no balances."""
    entries = "".join(_entry(booking, one) for booking in one.bookings)
    return (
        f'<Document xmlns="{CAMT_054}"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{message_id}</MsgId></GrpHdr>'
        f"<Ntfctn><Id>{one.name}</Id><Acct><Id><IBAN>{one.account}</IBAN></Id></Acct>{entries}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def pagination(tag: str, page: int, *, last: bool) -> str:
    return f"<{tag}><PgNb>{page}</PgNb><LastPgInd>{str(last).lower()}</LastPgInd></{tag}>"


def decimal(minor: int) -> str:
    return f"{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _stmt(one: Stmt) -> str:
    number = "" if one.number is None else f"<ElctrncSeqNb>{one.number}</ElctrncSeqNb>"
    page = "" if one.page is None else pagination("StmtPgntn", one.page, last=one.last)
    balances = _balance("OPBD", one.opening, one.currency, one.opening_on)
    balances += _balance("CLBD", one.closing, one.currency, one.closing_on)
    entries = "".join(_entry(booking, one) for booking in one.bookings)
    return (
        f"<Stmt><Id>{one.name}</Id>{page}{number}<CreDtTm>{one.closing_on}T20:00:00Z</CreDtTm>"
        f"<Acct><Id><IBAN>{one.account}</IBAN></Id></Acct>{balances}{entries}</Stmt>"
    )


def _sign(minor: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"


def _balance(kind: str, minor: int | None, currency: str, day: date) -> str:
    if minor is None:
        return ""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{decimal(minor)}</Amt>'
        f"{_sign(minor)}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(one: Booking, within: Stmt) -> str:
    status = f"<Sts><Cd>{one.status}</Cd></Sts>" if one.status else ""
    ref = f"<AcctSvcrRef>{one.ref}</AcctSvcrRef>" if one.ref else ""
    transactions = "".join(_detail(detail, within.currency) for detail in one.details)
    details = f"<NtryDtls>{transactions}</NtryDtls>" if transactions else ""
    return (
        f'<Ntry><Amt Ccy="{within.currency}">{decimal(one.minor)}</Amt>{_sign(one.minor)}{status}'
        f"<BookgDt><Dt>{within.closing_on}</Dt></BookgDt>{ref}{one.code}{details}{one.more}</Ntry>"
    )


def _detail(one: Detail, currency: str) -> str:
    return (
        f"<TxDtls><Refs><EndToEndId>{one.end_to_end_id}</EndToEndId></Refs>"
        f'<Amt Ccy="{currency}">{decimal(one.minor)}</Amt>{_sign(one.minor)}{one.more}</TxDtls>'
    )
