"""Writes pain.002.001 in versions .03, .10 and .12: whole-file answers, rejects only, or every payment.

Reference section 2.1. Version .03 knows no UETR.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.sandbox.judge import BlockVerdict, Judgement, Verdict
from gateway.sandbox.messages import XML, Header, decimal, tag, utc

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001"
NOT_PROVIDED = "NOTPROVIDED"
_REJECTED = "RJCT"
Version = Literal["03", "10", "12"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPart:
    """What a message says of one block: its status and the payments it lists (rejects only, or all)."""

    block: BlockVerdict
    status: str
    listed: Sequence[Verdict]
    accept_status: str


def listed(part: BlockPart) -> Iterator[tuple[Verdict, str, str | None]]:
    """Yield each listed payment with its status and reason, for messages that know no blocks.

    A block that is refused as such lists nothing; where nothing can be said of a block, all its payments are listed.
    """
    whole = part.block.reason
    for verdict in part.block.verdicts if whole else part.listed:
        reason = whole or _reason_for(verdict, part.accept_status)
        yield verdict, _REJECTED if reason else part.accept_status, reason


def write(version: Version, head: Header, judged: Judgement, group: str, part: BlockPart | None = None) -> bytes:
    """Write one message about a file: the status of its `group` and, when given, one block with its listed payments."""
    agent = f"<DbtrAgt><FinInstnId>{tag('Nm', head.sender)}</FinInstnId></DbtrAgt>" if head.sender else ""
    names = tag("OrgnlMsgId", judged.msg_id or NOT_PROVIDED) + tag("OrgnlMsgNmId", judged.initiation)
    body = (
        f'{XML}<Document xmlns="{_NAMESPACE}.{version}"><CstmrPmtStsRpt>'
        f"<GrpHdr>{tag('MsgId', head.msg_id)}{tag('CreDtTm', utc(head.created))}{agent}</GrpHdr>"
        f"<OrgnlGrpInfAndSts>{names}{_totals([verdict for _, verdict in judged.verdicts()])}{tag('GrpSts', group)}"
        f"{reason_of(judged.reason, judged.text)}</OrgnlGrpInfAndSts>"
        f"{_block(version, part) if part else ''}</CstmrPmtStsRpt></Document>\n"
    )
    return body.encode()


def _totals(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    total = sum(verdict.payment.amount_minor for verdict in verdicts)
    return tag("OrgnlNbOfTxs", str(len(verdicts))) + tag("OrgnlCtrlSum", decimal(total))


def reason_of(code: str | None, text: str | None = None) -> str:
    """Write a reason, or nothing for none."""
    return f"<StsRsnInf><Rsn>{tag('Cd', code)}</Rsn>{tag('AddtlInf', text)}</StsRsnInf>" if code else ""


def _block(version: Version, part: BlockPart) -> str:
    payments = "".join(_payment(version, verdict, part.accept_status) for verdict in part.listed)
    return (
        f"<OrgnlPmtInfAndSts>{tag('OrgnlPmtInfId', part.block.block.pmt_inf_id)}{_totals(part.block.verdicts)}"
        f"{tag('PmtInfSts', part.status)}{reason_of(part.block.reason)}{payments}</OrgnlPmtInfAndSts>"
    )


def _reason_for(verdict: Verdict, accept_status: str) -> str | None:
    # A late reject is written under the status RJCT: by then its reason is told.
    return verdict.reason if accept_status == _REJECTED else verdict.refused


def _payment(version: Version, verdict: Verdict, accept_status: str) -> str:
    payment, reason = verdict.payment, _reason_for(verdict, accept_status)
    return (
        f"<TxInfAndSts>{tag('OrgnlInstrId', payment.instr_id)}{tag('OrgnlEndToEndId', payment.end_to_end_id)}"
        f"{tag('OrgnlUETR', payment.uetr if version != '03' else None)}"
        f"{tag('TxSts', _REJECTED if reason else accept_status)}{reason_of(reason)}</TxInfAndSts>"
    )
