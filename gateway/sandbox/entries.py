"""Writes the entries of camt.052, .053 and .054: payments, booked sums, returns in every shape, charges, funding.

The versions .02, .04, .08 and .10 differ in few places, all of them here. Reference: iso20022-and-banks sections 3.1,
3.2 and 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.sandbox.behaviours import Shape
from gateway.sandbox.messages import decimal, tag
from gateway.sandbox.movements import CREDIT, Movement, Sort
from gateway.sandbox.pain002 import NOT_PROVIDED

_CODES = {
    Sort.PAYMENT: ("PMNT", "ICDT", "ESCT"),
    Sort.SUM: ("PMNT", "ICDT", "ESCT"),
    Sort.LUMP: ("PMNT", "RCDT", "ESCT"),
    Sort.FUNDING: ("PMNT", "RCDT", "BOOK"),
    Sort.CHARGE: ("ACMT", "MDOP", "CHRG"),
}
_SILENT = frozenset({Shape.TEXT, Shape.NOTHING})
_REVERSALS = {Shape.REVERSAL: "true", Shape.NO_REVERSAL: "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a bank writes entries: `version` of the message, the `family` of its returns, and what it leaves out.

    `listed`: a booked sum lists its payments. `own_batch`: a booked sum names the bank's own batch only.
    """

    version: str
    family: str = "ICDT"
    listed: bool = False
    own_batch: bool = False
    status: bool = True
    reference: bool = True

    @property
    def old(self) -> bool:
        return self.version == "02"

    @property
    def early(self) -> bool:
        """Whether the status of an entry is a text and nothing has a UETR."""
        return self.version in {"02", "04"}


def entry(style: Style, parts: Sequence[Movement]) -> str:
    """Write one Ntry; `parts` are the payments it stands for, one unless it is a sum or a lump."""
    first = parts[0]
    minor = sum(part.amount_minor for part in parts)
    day = tag("Dt", first.booked_on.isoformat())
    charges = "" if _has_details(first) else _charges(style, sum(part.charges_minor for part in parts))
    return (
        f"<Ntry>{amount('Amt', minor)}{tag('CdtDbtInd', first.side)}{tag('RvslInd', _REVERSALS.get(first.shape))}"
        f"{_status(style)}<BookgDt>{day}</BookgDt><ValDt>{day}</ValDt>"
        f"{tag('AcctSvcrRef', first.entry_ref) if style.reference else ''}{_code(style, first)}{charges}"
        f"{_details(style, parts)}{tag('AddtlNtryInf', _text(first))}</Ntry>"
    )


def amount(name: str, minor: int) -> str:
    """Write an amount of hundredths of euro."""
    return f'<{name} Ccy="EUR">{decimal(minor)}</{name}>'


def _status(style: Style) -> str:
    if not style.status:
        return ""
    return "<Sts>BOOK</Sts>" if style.early else "<Sts><Cd>BOOK</Cd></Sts>"


def _code(style: Style, first: Movement) -> str:
    if first.sort is Sort.RETURN and first.shape is Shape.PROPRIETARY:
        return "<BkTxCd><Prtry><Cd>PAYMENT RETURN</Cd></Prtry></BkTxCd>"
    domain, family, sub_family = _CODES.get(first.sort, ("PMNT", style.family, "RRTN"))
    return (
        f"<BkTxCd><Domn>{tag('Cd', domain)}<Fmly>{tag('Cd', family)}{tag('SubFmlyCd', sub_family)}</Fmly></Domn>"
        "</BkTxCd>"
    )


def _has_details(first: Movement) -> bool:
    return first.sort in {Sort.PAYMENT, Sort.SUM} or (first.sort is Sort.RETURN and first.shape not in _SILENT)


def _details(style: Style, parts: Sequence[Movement]) -> str:
    first = parts[0]
    if not _has_details(first):
        return ""
    if first.sort is Sort.SUM:
        listed = "".join(_transaction(style, part) for part in parts) if style.listed else ""
        return f"<NtryDtls>{_batch(style, parts)}{listed}</NtryDtls>"
    return f"<NtryDtls>{_transaction(style, first)}</NtryDtls>"


def _batch(style: Style, parts: Sequence[Movement]) -> str:
    first, total = parts[0], sum(part.amount_minor for part in parts)
    ours = tag("MsgId", first.msg_id) + tag("PmtInfId", first.pmt_inf_id)
    # ABN AMRO writes its own reference where others write ours.
    names = tag("MsgId", f"PREF{first.entry_ref}") if style.own_batch else ours
    count = tag("NbOfTxs", str(len(parts)))
    return f"<Btch>{names}{count}{amount('TtlAmt', total)}{tag('CdtDbtInd', first.side)}</Btch>"


def _transaction(style: Style, one: Movement) -> str:
    money = amount("Amt", one.amount_minor)
    # .02 knows no amount of its own on a transaction.
    said = f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>" if style.old else money + tag("CdtDbtInd", one.side)
    return f"<TxDtls>{_references(style, one)}{said}{_charges(style, one.charges_minor)}{_reason(one)}</TxDtls>"


def _references(style: Style, one: Movement) -> str:
    names = {
        "MsgId": one.msg_id,
        # The parts of a sum have no reference of their own: the entry has one.
        "AcctSvcrRef": one.entry_ref if style.reference and one.sort is not Sort.SUM else None,
        "PmtInfId": one.pmt_inf_id,
        "InstrId": one.instr_id,
        "EndToEndId": one.end_to_end_id,
        "UETR": None if style.early else one.uetr,
        "TxId": one.tx_id,
    }
    if one.sort is Sort.RETURN:
        names = _named_by(one.shape, names, one.debit_ref)
    return f"<Refs>{''.join(tag(name, text) for name, text in names.items())}</Refs>"


def _named_by(shape: Shape, names: dict[str, str | None], debit_ref: str | None) -> dict[str, str | None]:
    """Leave of the references what a return of this shape names."""
    if shape is Shape.UETR:
        return names | dict.fromkeys(("MsgId", "PmtInfId", "InstrId", "EndToEndId"), NOT_PROVIDED)
    if shape is Shape.TX_ID:
        return {"TxId": names["TxId"]}
    if shape is Shape.BANK_REFERENCE:
        return {"AcctSvcrRef": debit_ref}
    return names


def _reason(one: Movement) -> str:
    if one.side != CREDIT or one.reason is None:
        return ""
    kind = "Prtry" if one.shape is Shape.PROPRIETARY else "Cd"
    return f"<RtrInf><Rsn>{tag(kind, one.reason)}</Rsn></RtrInf>"


def _charges(style: Style, minor: int) -> str:
    if not minor:
        return ""
    money = amount("Amt", minor) + tag("CdtDbtInd", "DBIT")
    if style.old:
        return f"<Chrgs>{money}</Chrgs>"
    record = f"<Rcrd>{money}{tag('ChrgInclInd', 'true')}</Rcrd>"
    return f"<Chrgs>{amount('TtlChrgsAndTaxAmt', minor)}{record}</Chrgs>"


def _text(first: Movement) -> str | None:
    if first.sort is Sort.RETURN and first.shape is Shape.TEXT:
        return f"RETOURE {first.reason or ''} EREF+{first.end_to_end_id}+ZURUECK"
    return {Sort.CHARGE: "ACCOUNT CHARGES", Sort.FUNDING: "INTERNAL TRANSFER", Sort.LUMP: "COLLECTIVE CREDIT"}.get(
        first.sort
    )
