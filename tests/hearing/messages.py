"""Small bank messages, written by hand as banks write them."""

from collections.abc import Iterable
from dataclasses import dataclass

PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
CAMT_052 = "urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"
CAMT_054 = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a pain.002 says of one payment."""

    end_to_end_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booking of a report; with `batch` (MsgId, count) it is a sum, without either it names nothing.

    `refs` are further references, `more` stands in the transaction, `text` is AddtlNtryInf; `plain` leaves out what
    makes a credit a return.
    """

    amount: str
    end_to_end_id: str = ""
    batch: tuple[str, int] | None = None
    sign: str = "DBIT"
    ref: str = "REF1"
    status: str = "BOOK"
    reason: str = ""
    refs: str = ""
    more: str = ""
    text: str = ""
    plain: bool = False


def pain002(msg_id: str, *, group: str = "", reason: str = "", about: Iterable[Status] = (), number: int = 1) -> bytes:
    """A status report; `number` makes another message of the same words."""
    payments = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{s.end_to_end_id}</OrgnlEndToEndId><TxSts>{s.status}</TxSts>{_reason(s.reason)}"
        "</TxInfAndSts>"
        for s in about
    )
    block = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{msg_id}P1</OrgnlPmtInfId>{payments}</OrgnlPmtInfAndSts>"
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        f'<Document xmlns="{PAIN_002}"><CstmrPmtStsRpt><GrpHdr><MsgId>S{number}</MsgId>'
        "<CreDtTm>2026-09-21T09:00:00Z</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}"
        f"{_reason(reason)}</OrgnlGrpInfAndSts>{block if payments else ''}</CstmrPmtStsRpt></Document>"
    ).encode()


def camt054(account: str, *entries: Entry, number: int = 1) -> bytes:
    """A notification of bookings on our account."""
    return _report(CAMT_054, "BkToCstmrDbtCdtNtfctn", "Ntfctn", account, entries, number)


def camt052(account: str, *entries: Entry, number: int = 1) -> bytes:
    """A report during the day of bookings on our account."""
    return _report(CAMT_052, "BkToCstmrAcctRpt", "Rpt", account, entries, number)


def _report(space: str, root: str, report: str, account: str, entries: Iterable[Entry], number: int) -> bytes:
    return (
        f'<Document xmlns="{space}"><{root}><GrpHdr><MsgId>N{number}</MsgId>'
        f"<CreDtTm>2026-09-21T10:00:00Z</CreDtTm></GrpHdr><{report}><Id>N{number}</Id>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>{''.join(map(entry_xml, entries))}</{report}>"
        f"</{root}></Document>"
    ).encode()


def _reason(code: str) -> str:
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""


def entry_xml(entry: Entry) -> str:
    """An Ntry."""
    sub_family = "RRTN" if entry.sign == "CRDT" and not entry.plain else "ESCT"
    return (
        f'<Ntry><Amt Ccy="EUR">{entry.amount}</Amt><CdtDbtInd>{entry.sign}</CdtDbtInd>'
        f"<Sts><Cd>{entry.status}</Cd></Sts><BookgDt><Dt>2026-09-21</Dt></BookgDt>{_ref(entry)}"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"{_details(entry)}{f'<AddtlNtryInf>{entry.text}</AddtlNtryInf>' if entry.text else ''}</Ntry>"
    )


def _ref(entry: Entry) -> str:
    return f"<AcctSvcrRef>{entry.ref}</AcctSvcrRef>" if entry.ref else ""


def _details(entry: Entry) -> str:
    if entry.batch is not None:
        msg_id, payments = entry.batch
        named = f"<MsgId>{msg_id}</MsgId>" if msg_id else ""
        return f"<NtryDtls><Btch>{named}<NbOfTxs>{payments}</NbOfTxs></Btch></NtryDtls>"
    if not (entry.end_to_end_id or entry.refs or entry.more):
        return ""
    back = f"<RtrInf><Rsn><Cd>{entry.reason}</Cd></Rsn></RtrInf>" if entry.reason else ""
    name = f"<EndToEndId>{entry.end_to_end_id}</EndToEndId>" if entry.end_to_end_id else ""
    return (
        f"<NtryDtls><TxDtls><Refs>{_ref(entry)}{name}{entry.refs}"
        f'</Refs><Amt Ccy="EUR">{entry.amount}</Amt><CdtDbtInd>{entry.sign}</CdtDbtInd>{back}{entry.more}</TxDtls>'
        "</NtryDtls>"
    )
