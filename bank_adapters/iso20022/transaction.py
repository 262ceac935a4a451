"""Observations of an entry's transactions, of its batches, and of an entry that tells no more than itself.

A credit is told as a return where its codes or a return reason say so; one that only *names* a payment of ours says so
by its references, which is for matching to see. Reference: iso20022-and-banks 3.1 and 3.2.
"""

from dataclasses import dataclass, replace

from bank_adapters.iso20022.entry import (
    NO_CHARGES,
    Charges,
    Head,
    Manner,
    charges_of,
    own_id,
    says,
    sign_of,
)
from bank_adapters.iso20022.xml import (
    Element,
    child,
    children,
    descend,
    money,
    reference,
    text,
    unique_reference,
    values,
)
from gateway.domain.errors import Unreadable
from gateway.domain.identity import is_end_to_end_id
from gateway.domain.observation import Observation, ObservationKind, ToldBy

_SEVERAL = frozenset({"Chrgs", "AddtlTxInf", "RmtInf"})
_WANTED = frozenset({*_SEVERAL, "Refs", "Amt", "CdtDbtInd", "AmtDtls", "BkTxCd", "RtrInf"})
_IN_REFERENCES = frozenset({"MsgId", "PmtInfId", "InstrId", "EndToEndId", "UETR", "AcctSvcrRef", "TxId"})
_IN_BATCH = frozenset({"MsgId", "PmtInfId", "NbOfTxs", "TtlAmt"})
_IN_RETURN = frozenset({"Rsn", "RtrRsn"})
_NUMBER_MAX = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The Btch block of an NtryDtls."""

    msg_id: str | None = None
    pmt_inf_id: str | None = None
    count: int | None = None
    total: tuple[int, str] | None = None


NO_BATCH = Batch()


def batch_of(details: Element, head: Head) -> Batch:
    """Read what the details say of a batch."""
    path = f"{head.path}/NtryDtls/Btch"
    element = child(details, "Btch", path)
    if element is None:
        return NO_BATCH
    found = values(element, _IN_BATCH, path)
    count = text(found.get("NbOfTxs"), f"{path}/NbOfTxs")
    if count is not None and not (count.isascii() and count.isdigit() and len(count) <= _NUMBER_MAX):
        raise Unreadable("number.format", f"{path}/NbOfTxs", "not a count")
    return Batch(
        msg_id=reference(found.get("MsgId"), f"{path}/MsgId"),
        pmt_inf_id=reference(found.get("PmtInfId"), f"{path}/PmtInfId"),
        count=None if count is None else int(count),
        total=money(found.get("TtlAmt"), f"{path}/TtlAmt"),
    )


def transaction(element: Element, head: Head, batch: Batch, path: str, how: Manner) -> Observation:
    """Make the observation of one TxDtls, without an amount where it has none: an only one may take the entry's."""
    found = values(element, _WANTED, path, _SEVERAL)
    refs = _references(found.get("Refs"), f"{path}/Refs")
    sign = found.get("CdtDbtInd")
    credit = head.credit if sign is None else sign_of(sign, f"{path}/CdtDbtInd") is not head.flipped
    amount = money(found.get("Amt"), f"{path}/Amt") or money(
        descend(found.get("AmtDtls"), "TxAmt/Amt", f"{path}/AmtDtls"), f"{path}/AmtDtls/TxAmt/Amt"
    )
    information = found.get("RtrInf")
    returned, fee = says(found.get("BkTxCd"), f"{path}/BkTxCd", how)
    reason, reason_text = _return_reason(information, f"{path}/RtrInf")
    minor, currency = amount or (None, None)
    charges = charges_of(element, currency or head.amount[1]) if "Chrgs" in found else NO_CHARGES
    if not charges.some and fee and not credit:
        charges = Charges(some=True, minor=minor)
    name, own_ref, clearing_ref = refs.get("EndToEndId"), refs.get("AcctSvcrRef"), refs.get("TxId")
    return Observation(
        kind=_kind(credit=credit, returned=returned or head.returned or information is not None),
        path=path,
        msg_id=refs.get("MsgId") or batch.msg_id,
        pmt_inf_id=refs.get("PmtInfId") or batch.pmt_inf_id,
        instr_id=refs.get("InstrId"),
        end_to_end_id=name,
        uetr=refs.get("UETR"),
        status=head.status,
        reason=reason,
        reason_text=reason_text,
        account=head.account,
        amount_minor=minor,
        currency=currency,
        credit=credit,
        booked=head.booked,
        entry_ref=own_ref or clearing_ref or head.entry_ref,
        booking_date=head.booking_date,
        charged=charges.some or head.charges.some,
        told_by=how.told_by,
        statement=head.statement,
        entry=head.number,
        tx_id=clearing_ref,
        text_id=None if is_end_to_end_id(name) else _told_in_text(element, found),
        charges_minor=charges.minor,
        entry_minor=head.signed if how.told_by is ToldBy.STATEMENT else None,
    )


def whole_entry(entry: Element, head: Head, how: Manner) -> Observation:
    """Make the observation of an entry that lists nothing."""
    charges = Charges(some=True, minor=head.amount[0]) if head.fee and not head.credit else head.charges
    return replace(
        _of(head, _kind(credit=head.credit, returned=head.returned), how),
        text_id=own_id(children(entry, "AddtlNtryInf")),
        charged=charges.some,
        charges_minor=charges.minor,
    )


def batch_sum(head: Head, batch: Batch, path: str, how: Manner) -> Observation:
    """Make the observation of a booked sum: the batch's own total; without one, `only` may give it the entry's."""
    amount, currency = batch.total or (None, None)
    return replace(
        _of(head, ObservationKind.BATCH_ENTRY, how),
        path=path,
        msg_id=batch.msg_id,
        pmt_inf_id=batch.pmt_inf_id,
        amount_minor=amount,
        currency=currency,
        batch_count=batch.count,
    )


def charges_alone(head: Head, minor: int, how: Manner) -> Observation:
    """Make the observation of charges that the entry holds beside its payments; `minor` is what they add to it."""
    return replace(
        _of(head, ObservationKind.ENTRY, how),
        path=f"{head.path}/Chrgs",
        amount_minor=abs(minor),
        credit=minor > 0,
        charged=True,
        charges_minor=abs(minor),
    )


def only(one: Observation, entry: Element, head: Head, batch: Batch) -> Observation:
    """Finish the only transaction or batch of an entry: what the entry says is said of it.

    One transaction that carries the whole sum of a batch of many stands for the batch, not for a payment (half of the
    Lithuanian banks' entries); what it quotes of a single payment is then left out.
    """
    if one.amount_minor is None:
        one = replace(one, amount_minor=head.amount[0], currency=head.amount[1])
    if one.charges_minor is None and (head.charges.some or head.fee) and one.currency == head.amount[1]:
        alone = head.fee and not one.credit and not head.charges.some
        charges = Charges(some=True, minor=one.amount_minor) if alone else head.charges
        one = replace(one, charges_minor=charges.minor, charged=one.charged or charges.some)
    if one.text_id is None and not is_end_to_end_id(one.end_to_end_id):
        told = own_id(children(entry, "AddtlNtryInf"))
        one = one if told is None else replace(one, text_id=told)
    if (batch.count or 1) > 1 and (one.amount_minor, one.currency) == head.amount:
        return replace(
            one,
            kind=ObservationKind.BATCH_ENTRY,
            batch_count=batch.count,
            instr_id=None,
            end_to_end_id=None,
            uetr=None,
            text_id=None,
        )
    return one


def _of(head: Head, kind: ObservationKind, how: Manner) -> Observation:
    return Observation(
        kind=kind,
        path=head.path,
        status=head.status,
        account=head.account,
        amount_minor=head.amount[0],
        currency=head.amount[1],
        credit=head.credit,
        booked=head.booked,
        entry_ref=head.entry_ref,
        booking_date=head.booking_date,
        charged=head.charges.some,
        told_by=how.told_by,
        statement=head.statement,
        entry=head.number,
        entry_minor=head.signed if how.told_by is ToldBy.STATEMENT else None,
    )


def _kind(*, credit: bool, returned: bool) -> ObservationKind:
    return ObservationKind.RETURN_ENTRY if credit and returned else ObservationKind.ENTRY


def _references(element: Element | None, path: str) -> dict[str, str | None]:
    if element is None:
        return {}
    found = values(element, _IN_REFERENCES, path)
    refs = {name: reference(one, f"{path}/{name}") for name, one in found.items()}
    if "UETR" in found:
        refs["UETR"] = unique_reference(found["UETR"], f"{path}/UETR")
    return refs


def _told_in_text(element: Element, found: dict[str, Element]) -> str | None:
    """Look for an id of ours in the free texts of a transaction, where there are any."""
    if "RmtInf" not in found and "AddtlTxInf" not in found:
        return None
    remittance = (children(one, "Ustrd") for one in children(element, "RmtInf"))
    return own_id(children(element, "AddtlTxInf"), *remittance)


def _return_reason(information: Element | None, path: str) -> tuple[str | None, str | None]:
    """Return code (or proprietary code) and text. Early files call the reason RtrRsn."""
    if information is None:
        return None, None
    found = values(information, _IN_RETURN, path)
    reason = found.get("Rsn", found.get("RtrRsn"))
    standard, own = child(reason, "Cd", f"{path}/Rsn"), child(reason, "Prtry", f"{path}/Rsn")
    code = text(standard if standard is not None else own, f"{path}/Rsn")
    lines = [line for one in children(information, "AddtlInf") if (line := text(one, f"{path}/AddtlInf"))]
    return code, "; ".join(lines) or None
