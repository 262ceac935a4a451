"""Observations of an entry's transactions, of its batches, and of an entry that tells no more than itself.

A credit is told as a return where its codes or a return reason say so; one that only *names* a payment of ours says so
by its references, which is for matching to see. Reference: iso20022-and-banks 3.1 and 3.2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from bank_adapters.iso20022.entry import (
    NO_CHARGES,
    Charges,
    Head,
    Manner,
    charges_of,
    codes_in,
    own_id,
    says,
    sign_of,
)
from bank_adapters.iso20022.shapes import Fields, Shapes, Tree, key_of, leaf, places, tree
from bank_adapters.iso20022.xml import (
    PLACEHOLDER_MAX,
    Element,
    child,
    children,
    descend,
    known_reference,
    minor_units,
    money,
    reference,
    text,
    uetr_of,
    values,
)
from bank_adapters.observed import observed
from gateway.domain.errors import Unreadable
from gateway.domain.identity import end_to_end_id_in, is_end_to_end_id
from gateway.domain.observation import Observation, ObservationKind, ToldBy

_SEVERAL = frozenset({"Chrgs", "AddtlTxInf", "RmtInf"})
_WANTED = frozenset({*_SEVERAL, "Refs", "Amt", "CdtDbtInd", "AmtDtls", "BkTxCd", "RtrInf"})
_REFERENCES = ("MsgId", "PmtInfId", "InstrId", "EndToEndId", "AcctSvcrRef", "TxId", "UETR")
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
    path = f"{head.place.path}/NtryDtls/Btch"
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


class Shape(NamedTuple):
    """Where a transaction (TxDtls) has its values, and which of its parts are there."""

    fields: Fields
    amount: str | None
    """The path of the amount, if there is one."""
    currency: str | None
    signed: bool
    charged: bool
    returned: bool
    talks: bool
    more: bool
    """It is charged, returned, or talks."""


def _shape(made: Tree, path: str) -> Shape:
    """Find the values of a transaction. Raises Unreadable where what may stand once stands twice, or is split."""
    found = values(made.root, _WANTED, path, _SEVERAL)
    within = found.get("Refs")
    refs = {} if within is None else values(within, frozenset(_REFERENCES), f"{path}/Refs")
    money_at, where = found.get("Amt"), "Amt"
    if money_at is None:
        money_at, where = descend(found.get("AmtDtls"), "TxAmt/Amt", f"{path}/AmtDtls"), "AmtDtls/TxAmt/Amt"
    family, own = codes_in(found.get("BkTxCd"), f"{path}/BkTxCd")
    wanted = {f"Refs/{name}": leaf(refs.get(name), f"{path}/Refs/{name}") for name in _REFERENCES}
    charged, returned = "Chrgs" in found, "RtrInf" in found
    talks = "RmtInf" in found or "AddtlTxInf" in found
    wanted |= {where: leaf(money_at, f"{path}/{where}"), "BkTxCd": family, "BkTxCd/Prtry": own}
    return Shape(
        fields=Fields.at(wanted | {"CdtDbtInd": leaf(found.get("CdtDbtInd"), f"{path}/CdtDbtInd")}),
        amount=None if money_at is None else where,
        currency=None if money_at is None else money_at.get("Ccy"),
        signed="CdtDbtInd" in found,
        charged=charged,
        returned=returned,
        talks=talks,
        more=charged or returned or talks,
    )


_SHAPES = Shapes[Shape]()


def shape_of(tags: Sequence[str], path: str) -> Shape:
    """Return the shape of a TxDtls. Raises Unreadable for one that no transaction may have."""
    key = key_of(tags)
    return _SHAPES.get(key) or _SHAPES.keep(key, _shape(places(tags), path))


class _More(NamedTuple):
    """What few transactions say."""

    charges: Charges = NO_CHARGES
    reason: str | None = None
    reason_text: str | None = None
    text_id: str | None = None


_NO_MORE = _More()


def _more(shape: Shape, listed: Sequence[Sequence[str]], name: str | None, currency: str, path: str) -> _More:
    """Read charges, the reason of a return, and an id of ours in free text, off the tree of a transaction."""
    searched = shape.talks and not is_end_to_end_id(name)
    if not (searched or shape.charged or shape.returned):
        return _NO_MORE
    element = tree(*listed).root
    charges = charges_of(element, currency, path) if shape.charged else NO_CHARGES
    reason, reason_text = _return_reason(child(element, "RtrInf", path), f"{path}/RtrInf")
    return _More(charges, reason, reason_text, _told_in_text(element) if searched else None)


def transaction(
    shape: Shape,
    values: Sequence[str],
    listed: Sequence[Sequence[str]],
    head: Head,
    batch: Batch,
    path: str,
    how: Manner,
) -> Observation:
    """Make the observation of one TxDtls, without an amount where it has none: an only one may take the entry's.

    `values` are those of its shape, `listed` its tags and texts, for what is seldom there.
    """
    *named, uetr, value, family, own, sign = values
    references = [known_reference(one) if len(one) <= PLACEHOLDER_MAX else one for one in named]
    msg_id, pmt_inf_id, instr_id, name, own_ref, clearing_ref = references
    terms, minor, currency = head.terms, None, None
    credit = sign_of(sign, f"{path}/CdtDbtInd") is not terms.flipped if shape.signed else terms.credit
    if shape.amount is not None:
        minor, currency = minor_units(value, shape.currency, f"{path}/{shape.amount}"), shape.currency
    returned, fee = says(family, own, how) if family or own else (False, False)
    more = _more(shape, listed, name, currency or head.amount[1], path) if shape.more else _NO_MORE
    charges = Charges(some=True, minor=minor) if fee and not credit and not more.charges.some else more.charges
    return observed(
        kind=_kind(credit=credit, returned=returned or terms.returned or shape.returned),
        path=path,
        msg_id=msg_id or batch.msg_id,
        pmt_inf_id=pmt_inf_id or batch.pmt_inf_id,
        instr_id=instr_id,
        end_to_end_id=name,
        uetr=uetr_of(uetr) if uetr else None,
        status=terms.status,
        reason=more.reason,
        reason_text=more.reason_text,
        account=head.place.account,
        amount_minor=minor,
        currency=currency,
        credit=credit,
        booked=terms.booked,
        entry_ref=own_ref or clearing_ref or head.entry_ref,
        booking_date=head.booking_date,
        charged=charges.some or head.charges.some,
        told_by=how.told_by,
        statement=head.place.statement,
        entry=head.place.number,
        tx_id=clearing_ref,
        text_id=more.text_id,
        charges_minor=charges.minor,
        entry_minor=head.signed if how.told_by is ToldBy.STATEMENT else None,
    )


def whole_entry(remarks: Iterable[str], head: Head, how: Manner) -> Observation:
    """Make the observation of an entry that lists nothing."""
    terms = head.terms
    charges = Charges(some=True, minor=head.amount[0]) if terms.fee and not terms.credit else head.charges
    return replace(
        _of(head, _kind(credit=terms.credit, returned=terms.returned), how),
        text_id=end_to_end_id_in(remarks),
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
        path=f"{head.place.path}/Chrgs",
        amount_minor=abs(minor),
        credit=minor > 0,
        charged=True,
        charges_minor=abs(minor),
    )


def only(one: Observation, remarks: Iterable[str], head: Head, batch: Batch) -> Observation:
    """Finish the only transaction or batch of an entry: what the entry says is said of it. `remarks`: AddtlNtryInf.

    One transaction that carries the whole sum of a batch of many stands for the batch, not for a payment (half of the
    Lithuanian banks' entries); what it quotes of a single payment is then left out.
    """
    if one.amount_minor is None:
        one = replace(one, amount_minor=head.amount[0], currency=head.amount[1])
    fee = head.terms.fee
    if one.charges_minor is None and (head.charges.some or fee) and one.currency == head.amount[1]:
        alone = fee and not one.credit and not head.charges.some
        charges = Charges(some=True, minor=one.amount_minor) if alone else head.charges
        one = replace(one, charges_minor=charges.minor, charged=one.charged or charges.some)
    if one.text_id is None and not is_end_to_end_id(one.end_to_end_id):
        told = end_to_end_id_in(remarks)
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
        path=head.place.path,
        status=head.terms.status,
        account=head.place.account,
        amount_minor=head.amount[0],
        currency=head.amount[1],
        credit=head.terms.credit,
        booked=head.terms.booked,
        entry_ref=head.entry_ref,
        booking_date=head.booking_date,
        charged=head.charges.some,
        told_by=how.told_by,
        statement=head.place.statement,
        entry=head.place.number,
        entry_minor=head.signed if how.told_by is ToldBy.STATEMENT else None,
    )


def _kind(*, credit: bool, returned: bool) -> ObservationKind:
    return ObservationKind.RETURN_ENTRY if credit and returned else ObservationKind.ENTRY


def _told_in_text(listed: Element) -> str | None:
    """Look for an id of ours in the free texts of a transaction."""
    remittance = (children(one, "Ustrd") for one in children(listed, "RmtInf"))
    return own_id(children(listed, "AddtlTxInf"), *remittance)


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
