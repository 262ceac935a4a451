"""Writes camt.054 debit and credit notifications in versions .02, .04, .08 and .10: early news of what was booked."""

from collections.abc import Iterable, Sequence

from gateway.sandbox.entries import Style, entry
from gateway.sandbox.messages import XML, Header, tag, utc
from gateway.sandbox.movements import Movement


def write(head: Header, account: str, style: Style, told: Iterable[Sequence[Movement]]) -> bytes:
    """Write one notification about the debtor's `account`: one entry for each group of movements."""
    created = tag("CreDtTm", utc(head.created))
    body = (
        f'{XML}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.{style.version}">'
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr>{tag('MsgId', head.msg_id)}{created}{tag('AddtlInf', head.sender)}</GrpHdr>"
        f"<Ntfctn>{tag('Id', head.msg_id)}{created}<Acct><Id>{tag('IBAN', account)}</Id></Acct>"
        f"{''.join(entry(style, parts) for parts in told)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"
    )
    return body.encode()
