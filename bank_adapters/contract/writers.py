"""Answers as a bank would write them, made by the suite: so that reading can be asked for what only a bank can say.

Written as text, from the message definitions, without the adapters; an answer is a function of what it answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol
from xml.sax.saxutils import escape

from bank_adapters.capabilities import Family
from bank_adapters.contract.scenarios import PAY_DAY
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.money import format_minor

_AT = "2019-11-05T08:00:00Z"
_DAY = (PAY_DAY + timedelta(days=1)).isoformat()
OUR_ACCOUNT = "DE02120300000000202051"
REFERENCE = "CHECKENTRY000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A status that an answer gives a payment."""

    payment: Payment
    status: str
    reason: str | None = None
    text: str | None = None


class Answers(Protocol):
    """Writes the answers of one family."""

    def statuses(self, content: SubmissionContent, said: Sequence[Said], group: str | None) -> bytes:
        """Write a report that names single payments, with the group's status above them."""
        ...

    def whole(self, content: SubmissionContent, status: str, reason: str | None) -> bytes | None:
        """Write a report about the submission alone; None where the family has no such answer."""
        ...

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """Write that a payment was debited, or, with `credit` and a reason, returned."""
        ...

    def word(self, status: str) -> str:
        """Return what this bank writes for an ISO status: mostly that."""
        ...

    def can_say(self, reason: str) -> bool:
        """Whether this bank's answers have a place for a reason code."""
        ...


# ISO 20022 -------------------------------------------------------------------------------------------------------


def _tag(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def _why(reason: str | None, text: str | None = None) -> str:
    return "" if reason is None else f"<StsRsnInf><Rsn>{_tag('Cd', reason)}</Rsn>{_tag('AddtlInf', text)}</StsRsnInf>"


def _xml(kind: str, inside: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}">{inside}</Document>\n'.encode()


class XmlAnswers:
    """pain.002.001.10, camt.054.001.08 and camt.053.001.08."""

    def statuses(self, content: SubmissionContent, said: Sequence[Said], group: str | None) -> bytes:
        """See Answers."""
        listed = "".join(
            f"<TxInfAndSts>{_tag('OrgnlEndToEndId', one.payment.end_to_end_id)}{_tag('OrgnlUETR', one.payment.uetr)}"
            f"{_tag('TxSts', one.status)}{_why(one.reason, one.text)}</TxInfAndSts>"
            for one in said
        )
        block = (
            f"<OrgnlPmtInfAndSts>{_tag('OrgnlPmtInfId', content.payment_information_id)}{listed}</OrgnlPmtInfAndSts>"
        )
        return self._report(content, _tag("GrpSts", group), block)

    def whole(self, content: SubmissionContent, status: str, reason: str | None) -> bytes | None:
        """See Answers."""
        return self._report(content, f"{_tag('GrpSts', status)}{_why(reason)}", "")

    def word(self, status: str) -> str:
        """See Answers."""
        return status

    def can_say(self, reason: str) -> bool:
        """See Answers."""
        return bool(reason)

    def _report(self, content: SubmissionContent, status: str, inside: str) -> bytes:
        group = f"{_tag('OrgnlMsgId', content.msg_id)}<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}"
        head = "<GrpHdr><MsgId>CHECKREPORT1</MsgId><CreDtTm>2019-11-05T08:00:00Z</CreDtTm></GrpHdr>"
        body = f"{head}<OrgnlGrpInfAndSts>{group}</OrgnlGrpInfAndSts>{inside}"
        return _xml("pain.002.001.10", f"<CstmrPmtStsRpt>{body}</CstmrPmtStsRpt>")

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """See Answers."""
        head = "<GrpHdr><MsgId>CHECKNOTICE1</MsgId><CreDtTm>2019-11-05T08:00:00Z</CreDtTm></GrpHdr>"
        account = f"<Id>CHECKNOTICE1</Id><Acct><Id>{_tag('IBAN', OUR_ACCOUNT)}</Id></Acct>"
        entry = _entry(payment, credit=credit, booked=booked, reason=reason)
        body = f"{head}<Ntfctn>{account}{entry}</Ntfctn>"
        return _xml("camt.054.001.08", f"<BkToCstmrDbtCdtNtfctn>{body}</BkToCstmrDbtCdtNtfctn>")

    def statement(self, payments: Sequence[Payment], opening_minor: int) -> bytes:
        """Write a camt.053 that debits some payments, with both balances."""
        currency = payments[0].amount.currency
        closing = opening_minor - sum(one.amount.minor for one in payments)
        head = "<GrpHdr><MsgId>CHECKSTMT1</MsgId><CreDtTm>2019-11-05T18:00:00Z</CreDtTm></GrpHdr>"
        account = f"<Id>{_tag('IBAN', OUR_ACCOUNT)}</Id>{_tag('Ccy', currency)}"
        balances = _balance("OPBD", opening_minor, currency) + _balance("CLBD", closing, currency)
        entries = "".join(_entry(one, credit=False, booked=True, reason=None) for one in payments)
        said = f"<Id>CHECKSTMT1</Id><ElctrncSeqNb>1</ElctrncSeqNb><Acct>{account}</Acct>{balances}{entries}"
        return _xml("camt.053.001.08", f"<BkToCstmrStmt>{head}<Stmt>{said}</Stmt></BkToCstmrStmt>")


def _entry(payment: Payment, *, credit: bool, booked: bool, reason: str | None) -> str:
    sign = _tag("CdtDbtInd", "CRDT" if credit else "DBIT")
    amount = f'<Amt Ccy="{payment.amount.currency}">{format_minor(payment.amount.minor, payment.amount.currency)}</Amt>'
    family = "RRTN" if reason else "ESCT"
    code = f"<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly></Domn>"
    returned = f"<RtrInf><Rsn>{_tag('Cd', reason)}</Rsn></RtrInf>" if reason else ""
    refs = f"<Refs>{_tag('EndToEndId', payment.end_to_end_id)}{_tag('UETR', payment.uetr)}</Refs>"
    return (
        f"<Ntry>{amount}{sign}<Sts>{_tag('Cd', 'BOOK' if booked else 'PDNG')}</Sts>"
        f"<BookgDt>{_tag('Dt', _DAY)}</BookgDt>{_tag('AcctSvcrRef', REFERENCE)}<BkTxCd>{code}</BkTxCd>"
        f"<NtryDtls><TxDtls>{refs}{amount}{sign}{returned}</TxDtls></NtryDtls></Ntry>"
    )


def _balance(code: str, minor: int, currency: str) -> str:
    amount = f'<Amt Ccy="{currency}">{format_minor(abs(minor), currency)}</Amt>'
    sign = _tag("CdtDbtInd", "DBIT" if minor < 0 else "CRDT")
    return f"<Bal><Tp><CdOrPrtry>{_tag('Cd', code)}</CdOrPrtry></Tp>{amount}{sign}<Dt>{_tag('Dt', _DAY)}</Dt></Bal>"


# JSON ------------------------------------------------------------------------------------------------------------


class JsonAnswers:
    """The messages of a bank with a JSON API: each is about one payment."""

    def statuses(self, content: SubmissionContent, said: Sequence[Said], group: str | None) -> bytes:
        """See Answers; such a bank has no groups, and says one payment a message."""
        del content, group
        (one,) = said
        told = {"endToEndId": one.payment.end_to_end_id, "status": one.status, "reason": one.reason, "at": _AT}
        return _json("payment-status", told | ({"reasonText": one.text} if one.text else {}))

    def whole(self, content: SubmissionContent, status: str, reason: str | None) -> bytes | None:
        """See Answers."""
        del content, status, reason
        return None

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """See Answers."""
        told = {
            "endToEndId": payment.end_to_end_id,
            "account": OUR_ACCOUNT,
            "amount": format_minor(payment.amount.minor, payment.amount.currency),
            "currency": payment.amount.currency,
            "creditDebit": "CRDT" if credit else "DBIT",
            "entryRef": REFERENCE,
            "bookingDate": _DAY,
            "status": "BOOK" if booked else "PDNG",
        }
        return _json("booking", told) if reason is None else _json("return", told | {"reason": reason})

    def word(self, status: str) -> str:
        """See Answers."""
        return status

    def can_say(self, reason: str) -> bool:
        """See Answers."""
        return bool(reason)


def _json(kind: str, told: Mapping[str, str | None]) -> bytes:
    return json.dumps({"messageId": "CHECKMESSAGE1", "type": kind, **told}, separators=(",", ":")).encode()


WRITERS: Mapping[Family, Answers] = MappingProxyType(
    {
        Family.ISO20022: XmlAnswers(),
        Family.REST: JsonAnswers(),
        Family.DELIMITED: XmlAnswers(),
        Family.FIXED_WIDTH: XmlAnswers(),
        Family.MT: XmlAnswers(),
    }
)
"""Family -> what writes its answers, where no layout says otherwise."""


def documents(writer: Answers, content: SubmissionContent) -> list[tuple[str, bytes]]:
    """Write one message of every kind that a bank of this family sends, by name."""
    first = content.payments[0]
    return [
        ("a rejection", writer.statuses(content, [Said(payment=first, status="RJCT", reason="AC04")], "PART")),
        ("a booking", writer.entry(first, credit=False)),
        ("a return", writer.entry(first, credit=True, reason="AC04")),
        ("a statement", XmlAnswers().statement([first], 50_000_000_000_000)),
    ]
