"""Writes pacs.002.001.10, which some banks pass on instead of a pain.002: the same statuses, without blocks."""

from gateway.sandbox.judge import Judgement, Verdict
from gateway.sandbox.messages import XML, Header, tag, utc
from gateway.sandbox.pain002 import NOT_PROVIDED, BlockPart, listed, reason_of

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"


def write(head: Header, judged: Judgement, group_status: str, part: BlockPart | None = None) -> bytes:
    """Write one message about a file; a block that is refused as a whole lists its payments with its reason."""
    agent = f"<InstgAgt><FinInstnId>{tag('Nm', head.sender)}</FinInstnId></InstgAgt>" if head.sender else ""
    names = tag("OrgnlMsgId", judged.msg_id or NOT_PROVIDED) + tag("OrgnlMsgNmId", judged.initiation)
    payments = "".join(_payment(*said) for said in listed(part)) if part else ""
    body = (
        f'{XML}<Document xmlns="{_NAMESPACE}"><FIToFIPmtStsRpt>'
        f"<GrpHdr>{tag('MsgId', head.msg_id)}{tag('CreDtTm', utc(head.created))}{agent}</GrpHdr>"
        f"<OrgnlGrpInfAndSts>{names}{tag('GrpSts', group_status)}{reason_of(judged.reason, judged.text)}"
        f"</OrgnlGrpInfAndSts>{payments}</FIToFIPmtStsRpt></Document>\n"
    )
    return body.encode()


def _payment(verdict: Verdict, status: str, reason: str | None) -> str:
    payment = verdict.payment
    return (
        f"<TxInfAndSts>{tag('OrgnlInstrId', payment.instr_id)}{tag('OrgnlEndToEndId', payment.end_to_end_id)}"
        f"{tag('OrgnlUETR', payment.uetr)}{tag('TxSts', status)}{reason_of(reason)}</TxInfAndSts>"
    )
