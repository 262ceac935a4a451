"""Writes camt.054.001.08 and .02: debits one by one or as one sum, and returns (reference sections 3.1 and 3.2)."""

from datetime import date

from gateway.sandbox.judge import BlockVerdict, Verdict
from gateway.sandbox.messages import XML, Header, decimal, tag, utc


class Notification:
    """One message in the making: the version decides the few places in which .08 and .02 differ."""

    def __init__(self, version: str, msg_id: str | None, account: str) -> None:
        """Start a message in camt.054.001.`version` about the debtor's `account`; `msg_id` is the file's own."""
        self._version = version
        self._msg_id = msg_id
        self._account = account
        self._entries: list[str] = []

    def debit(self, pmt_inf_id: str, verdict: Verdict, booked_on: date) -> None:
        """Add a booked payment with all its references."""
        details = self._details(pmt_inf_id, verdict, verdict.entry_ref, "DBIT", "")
        self._entry(verdict.payment.amount_minor, "DBIT", booked_on, verdict.entry_ref, ("ICDT", "ESCT"), details)

    def batch(self, part: BlockVerdict, entry_ref: str, booked_on: date) -> None:
        """Add the one debit of a block: count and sum of its accepted payments, no details."""
        accepted = part.accepted()
        total = sum(verdict.payment.amount_minor for verdict in accepted)
        details = (
            f"<Btch>{tag('MsgId', self._msg_id)}{tag('PmtInfId', part.block.pmt_inf_id)}"
            f"{tag('NbOfTxs', str(len(accepted)))}{_amount('TtlAmt', total)}{tag('CdtDbtInd', 'DBIT')}</Btch>"
        )
        self._entry(total, "DBIT", booked_on, entry_ref, ("ICDT", "ESCT"), details)

    def give_back(self, pmt_inf_id: str, verdict: Verdict, entry_ref: str, booked_on: date, family: str) -> None:
        """Add the credit that returns a payment, with its reason and the references of the payment."""
        reason = f"<RtrInf><Rsn>{tag('Cd', verdict.reason)}</Rsn></RtrInf>"
        details = self._details(pmt_inf_id, verdict, entry_ref, "CRDT", reason)
        self._entry(verdict.payment.amount_minor, "CRDT", booked_on, entry_ref, (family, "RRTN"), details)

    def write(self, head: Header) -> bytes:
        """Return the message."""
        created = tag("CreDtTm", utc(head.created))
        body = (
            f'{XML}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.{self._version}">'
            f"<BkToCstmrDbtCdtNtfctn><GrpHdr>{tag('MsgId', head.msg_id)}{created}</GrpHdr>"
            f"<Ntfctn>{tag('Id', head.msg_id)}{created}<Acct><Id>{tag('IBAN', self._account)}</Id></Acct>"
            f"{''.join(self._entries)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"
        )
        return body.encode()

    def _entry(
        self, minor: int, sign: str, booked_on: date, entry_ref: str, code: tuple[str, str], details: str
    ) -> None:
        family, sub_family = code
        status = "<Sts>BOOK</Sts>" if self._version == "02" else "<Sts><Cd>BOOK</Cd></Sts>"
        day = tag("Dt", booked_on.isoformat())
        self._entries.append(
            f"<Ntry>{_amount('Amt', minor)}{tag('CdtDbtInd', sign)}{status}<BookgDt>{day}</BookgDt><ValDt>{day}</ValDt>"
            f"{tag('AcctSvcrRef', entry_ref)}<BkTxCd><Domn><Cd>PMNT</Cd><Fmly>{tag('Cd', family)}"
            f"{tag('SubFmlyCd', sub_family)}</Fmly></Domn></BkTxCd><NtryDtls>{details}</NtryDtls></Ntry>"
        )

    def _details(self, pmt_inf_id: str, verdict: Verdict, entry_ref: str, sign: str, reason: str) -> str:
        payment, old = verdict.payment, self._version == "02"
        amount = _amount("Amt", payment.amount_minor)
        # .02 knows neither the UETR nor an amount of its own on a transaction.
        uetr = "" if old else tag("UETR", payment.uetr)
        money = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>" if old else amount + tag("CdtDbtInd", sign)
        return (
            f"<TxDtls><Refs>{tag('MsgId', self._msg_id)}{tag('AcctSvcrRef', entry_ref)}{tag('PmtInfId', pmt_inf_id)}"
            f"{tag('InstrId', payment.instr_id)}{tag('EndToEndId', payment.end_to_end_id)}{uetr}</Refs>"
            f"{money}{reason}</TxDtls>"
        )


def _amount(name: str, minor: int) -> str:
    return f'<{name} Ccy="EUR">{decimal(minor)}</{name}>'
