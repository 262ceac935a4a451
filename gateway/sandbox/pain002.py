"""Writes pain.002.001.10: whole-file answers, rejects only, or every payment (reference section 2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.sandbox.judge import BlockVerdict, Judgement, Verdict
from gateway.sandbox.messages import XML, Header, decimal, tag, utc
from gateway.sandbox.pain001 import VERSION

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
NOT_PROVIDED = "NOTPROVIDED"
_REJECTED = "RJCT"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPart:
    """What a message says of one block: its status and the payments it lists (rejects only, or all)."""

    block: BlockVerdict
    status: str
    listed: Sequence[Verdict]
    accept_status: str


def write(head: Header, judged: Judgement, group_status: str, part: BlockPart | None = None) -> bytes:
    """Write one message about a file: the group's status and, when given, one block with its listed payments."""
    body = (
        f'{XML}<Document xmlns="{_NAMESPACE}"><CstmrPmtStsRpt>'
        f"<GrpHdr>{tag('MsgId', head.msg_id)}{tag('CreDtTm', utc(head.created))}</GrpHdr>"
        f"<OrgnlGrpInfAndSts>{tag('OrgnlMsgId', judged.msg_id or NOT_PROVIDED)}{tag('OrgnlMsgNmId', VERSION)}"
        f"{_totals([verdict for _, verdict in judged.verdicts()])}{tag('GrpSts', group_status)}"
        f"{_reason(judged.reason, judged.text)}</OrgnlGrpInfAndSts>"
        f"{_block(part) if part else ''}</CstmrPmtStsRpt></Document>\n"
    )
    return body.encode()


def _totals(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    total = sum(verdict.payment.amount_minor for verdict in verdicts)
    return tag("OrgnlNbOfTxs", str(len(verdicts))) + tag("OrgnlCtrlSum", decimal(total))


def _reason(code: str | None, text: str | None = None) -> str:
    return f"<StsRsnInf><Rsn>{tag('Cd', code)}</Rsn>{tag('AddtlInf', text)}</StsRsnInf>" if code else ""


def _block(part: BlockPart) -> str:
    listed = "".join(_payment(verdict, part.accept_status) for verdict in part.listed)
    return (
        f"<OrgnlPmtInfAndSts>{tag('OrgnlPmtInfId', part.block.block.pmt_inf_id)}{_totals(part.block.verdicts)}"
        f"{tag('PmtInfSts', part.status)}{_reason(part.block.reason)}{listed}</OrgnlPmtInfAndSts>"
    )


def _payment(verdict: Verdict, accept_status: str) -> str:
    payment = verdict.payment
    # A late reject is written under the status RJCT: by then its reason is told.
    reason = verdict.reason if accept_status == _REJECTED else verdict.refused
    return (
        f"<TxInfAndSts>{tag('OrgnlInstrId', payment.instr_id)}{tag('OrgnlEndToEndId', payment.end_to_end_id)}"
        f"{tag('OrgnlUETR', payment.uetr)}{tag('TxSts', _REJECTED if reason else accept_status)}"
        f"{_reason(reason)}</TxInfAndSts>"
    )
