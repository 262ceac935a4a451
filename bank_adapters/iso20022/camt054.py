"""Reads camt.054 debit and credit notifications (.02, .04, .08 and relatives) into observations.

The entries of camt.052 and camt.053 have the same structure and can be read by the same code; proving a statement is
another matter. Sign is CdtDbtInd alone: RvslInd never flips it (five real reversals balance only so). Booked is the
entry status BOOK alone. Reference: iso20022-and-banks 3.1 and 3.2.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from bank_adapters.iso20022.xml import (
    LOCAL,
    Element,
    calendar_date,
    child,
    children,
    descend,
    money,
    prune,
    pull,
    reference,
    text,
    unique_reference,
    values,
)
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind

MESSAGE = "BkToCstmrDbtCdtNtfctn"
_ACCOUNTS = ("Ntfctn", "Rpt", "Stmt")
_RETURN_FAMILIES = frozenset({"RRTN", "ARET"})
_SIGNS = {"CRDT": True, "DBIT": False}

_SEVERAL = frozenset({"Chrgs"})
_IN_ENTRY = frozenset({"Chrgs", "Amt", "CdtDbtInd", "Sts", "BookgDt", "AcctSvcrRef", "BkTxCd"})
_IN_TRANSACTION = frozenset({"Chrgs", "Refs", "Amt", "CdtDbtInd", "AmtDtls", "BkTxCd", "RtrInf"})
_IN_REFERENCES = frozenset({"MsgId", "PmtInfId", "InstrId", "EndToEndId", "UETR", "AcctSvcrRef", "TxId"})
_IN_BATCH = frozenset({"MsgId", "PmtInfId", "NbOfTxs", "TtlAmt"})
_NUMBER_MAX = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What an entry says of all its transactions."""

    path: str
    account: str | None
    amount: tuple[int, str]
    credit: bool
    status: str | None
    booked: bool | None
    booking_date: date | None
    entry_ref: str | None
    returned: bool
    charged: bool
    size: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The Btch block of an NtryDtls."""

    msg_id: str | None = None
    pmt_inf_id: str | None = None
    count: int | None = None
    total: tuple[int, str] | None = None


_NO_BATCH = _Batch()


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield one observation a transaction, or one an entry or batch whose transactions are not listed.

    Raises Unreadable; see `bank_adapters.spi.Adapter.read`.
    """
    del profile  # entries are read the same for every bank
    return read_entries(pieces, MESSAGE)


def read_entries(pieces: Iterable[bytes], message: str) -> Iterator[Observation]:
    """Yield the entries of a message with this root child."""
    notification = _Notification()
    ended = 0
    for element in pull(pieces, (message, *_ACCOUNTS, "Ntry", "NtryDtls", "TxDtls")):
        ended += LOCAL[element.tag] == message
        yield from notification.take(element)
    if ended != 1:
        raise Unreadable("message.count", "/", f"exactly one {message} is expected")


class _Notification:
    """What is known so far while a notification streams by.

    The first transaction or batch of an entry is held back until it is known whether it is the only one: only then may
    it take the entry's amount where it has none, and only then may a transaction turn out to be the sum of many.
    """

    def __init__(self) -> None:
        self._accounts = 0
        self._entries = 0
        self._head: _Head | None = None
        self._account: tuple[str | None] | None = None
        self._batch: _Batch | None = None
        self._details = 0
        self._transactions = 0
        self._listed = 0
        self._held: Observation | None = None
        self._held_batch = _NO_BATCH

    def take(self, element: Element) -> Iterator[Observation]:
        """Handle an element that has just ended."""
        name = LOCAL[element.tag]
        if name == "TxDtls":
            yield from self._transaction(element)
            prune(element)
        elif name == "NtryDtls":
            yield from self._end_of_details(element)
            prune(element)
        elif name == "Ntry":
            yield from self._end_of_entry(element)
            prune(element)
        elif name in _ACCOUNTS:
            self._accounts, self._entries, self._account = self._accounts + 1, 0, None
            prune(element)

    def _begin(self, entry: Element) -> _Head:
        """Read the head of the entry that is under way, once."""
        if self._head is None:
            above = entry.getparent()
            if above is None or LOCAL[above.tag] not in _ACCOUNTS:
                raise Unreadable("element.order", "/", "an entry stands outside an account")
            path = f"/{LOCAL[above.tag]}[{self._accounts + 1}]/Ntry[{self._entries + 1}]"
            if self._account is None:
                self._account = (_account(above, path),)
            self._head = _head(entry, *self._account, path)
        return self._head

    def _transaction(self, element: Element) -> Iterator[Observation]:
        details = element.getparent()
        entry = None if details is None else details.getparent()
        if details is None or entry is None:
            raise Unreadable("element.order", "/", "transaction details stand outside an entry")
        head = self._begin(entry)
        if self._batch is None:
            self._batch = _batch(details, head)
        self._transactions += 1
        path = f"{head.path}/NtryDtls[{self._details + 1}]/TxDtls[{self._transactions}]"
        yield from self._list(_transaction(element, head, self._batch, path), self._batch)

    def _list(self, observation: Observation, batch: _Batch) -> Iterator[Observation]:
        self._listed += 1
        if self._listed == 1:
            self._held, self._held_batch = observation, batch
            return
        if self._held is not None:
            yield self._held
            self._held = None
        yield observation

    def _end_of_details(self, element: Element) -> Iterator[Observation]:
        entry = element.getparent()
        if entry is None:
            raise Unreadable("element.order", "/", "entry details stand outside an entry")
        head = self._begin(entry)
        batch = self._batch
        if batch is None:
            batch = _batch(element, head)
        elif batch is _NO_BATCH and children(element, "Btch"):
            raise Unreadable("element.order", head.path, "a batch is described after its transactions")
        self._details += 1
        if not self._transactions and batch != _NO_BATCH:
            yield from self._list(_batch_entry(head, batch, f"{head.path}/NtryDtls[{self._details}]"), batch)
        self._batch, self._transactions = None, 0

    def _end_of_entry(self, element: Element) -> Iterator[Observation]:
        head = self._begin(element)
        if len(element) != head.size and _parts(element) != head.parts:
            raise Unreadable("element.order", head.path, "an entry goes on to describe itself after its details")
        if self._held is not None:
            yield _only(self._held, head, self._held_batch) if self._listed == 1 else self._held
        elif not self._listed:
            yield _of(head, kind=_kind(credit=head.credit, returned=head.returned))
        self._entries += 1
        self._head, self._held, self._held_batch = None, None, _NO_BATCH
        self._details = self._listed = 0


def _head(entry: Element, account: str | None, path: str) -> _Head:
    found = values(entry, _IN_ENTRY, path, _SEVERAL)
    amount = money(found.get("Amt"), f"{path}/Amt")
    if amount is None:
        raise Unreadable("element.missing", f"{path}/Amt", "an entry has no amount")
    status = _status(found.get("Sts"), f"{path}/Sts")
    return _Head(
        path=path,
        account=account,
        amount=amount,
        credit=_sign(found.get("CdtDbtInd"), f"{path}/CdtDbtInd"),
        status=status,
        booked=None if status is None else status == "BOOK",
        booking_date=calendar_date(found.get("BookgDt"), f"{path}/BookgDt"),
        entry_ref=reference(found.get("AcctSvcrRef"), f"{path}/AcctSvcrRef"),
        returned=_says_return(found.get("BkTxCd"), f"{path}/BkTxCd"),
        charged="Chrgs" in found and _charged(entry),
        size=len(entry),
        parts=_parts(entry),
    )


def _parts(entry: Element) -> int:
    """Count what an entry says of itself; details are forgotten as they end and do not count."""
    return sum(LOCAL[one.tag] in _IN_ENTRY for one in entry)


def _account(above: Element, path: str) -> str | None:
    """Return the IBAN (or other number) of the account that the entries belong to."""
    where = f"{path}/Acct"
    identification = descend(above, "Acct/Id", where)
    iban = child(identification, "IBAN", where)
    number = text(iban if iban is not None else descend(identification, "Othr/Id", where), where)
    return None if number is None else number.replace(" ", "").upper()


def _sign(element: Element | None, path: str) -> bool:
    sign = _SIGNS.get(text(element, path) or "")
    if sign is None:
        raise Unreadable("money.sign", path, "neither CRDT nor DBIT")
    return sign


def _status(element: Element | None, path: str) -> str | None:
    """Return the entry status: text in .02 and .04, a choice of Cd and Prtry from .08 on."""
    if element is None or not children(element, "Cd") + children(element, "Prtry"):
        return text(element, path)
    found = values(element, frozenset(("Cd", "Prtry")), path)
    return text(found.get("Cd", found.get("Prtry")), path)


def _says_return(code: Element | None, path: str) -> bool:
    return text(descend(code, "Domn/Fmly/SubFmlyCd", path), path) in _RETURN_FAMILIES


def _kind(*, credit: bool, returned: bool) -> ObservationKind:
    return ObservationKind.RETURN_ENTRY if credit and returned else ObservationKind.ENTRY


def _charged(element: Element) -> bool:
    """Whether charges other than zero accompany the amount."""
    return any(
        LOCAL[one.tag] in {"Amt", "TtlChrgsAndTaxAmt"} and (one.text or "").strip(" \t\r\n0.")
        for charges in children(element, "Chrgs")
        for one in charges.iter()
    )


def _batch(details: Element, head: _Head) -> _Batch:
    path = f"{head.path}/NtryDtls/Btch"
    element = child(details, "Btch", path)
    if element is None:
        return _NO_BATCH
    found = values(element, _IN_BATCH, path)
    count = text(found.get("NbOfTxs"), f"{path}/NbOfTxs")
    if count is not None and not (count.isascii() and count.isdigit() and len(count) <= _NUMBER_MAX):
        raise Unreadable("number.format", f"{path}/NbOfTxs", "not a count")
    return _Batch(
        msg_id=reference(found.get("MsgId"), f"{path}/MsgId"),
        pmt_inf_id=reference(found.get("PmtInfId"), f"{path}/PmtInfId"),
        count=None if count is None else int(count),
        total=money(found.get("TtlAmt"), f"{path}/TtlAmt"),
    )


def _transaction(element: Element, head: _Head, batch: _Batch, path: str) -> Observation:
    found = values(element, _IN_TRANSACTION, path, _SEVERAL)
    refs = _references(found.get("Refs"), f"{path}/Refs")
    sign = found.get("CdtDbtInd")
    credit = head.credit if sign is None else _sign(sign, f"{path}/CdtDbtInd")
    amount = money(found.get("Amt"), f"{path}/Amt") or money(
        descend(found.get("AmtDtls"), "TxAmt/Amt", f"{path}/AmtDtls"), f"{path}/AmtDtls/TxAmt/Amt"
    )
    information = found.get("RtrInf")
    returned = information is not None or head.returned or _says_return(found.get("BkTxCd"), f"{path}/BkTxCd")
    reason, reason_text = _return_reason(information, f"{path}/RtrInf")
    return Observation(
        kind=_kind(credit=credit, returned=returned),
        path=path,
        msg_id=refs.get("MsgId") or batch.msg_id,
        pmt_inf_id=refs.get("PmtInfId") or batch.pmt_inf_id,
        instr_id=refs.get("InstrId"),
        end_to_end_id=refs.get("EndToEndId"),
        uetr=refs.get("UETR"),
        status=head.status,
        reason=reason,
        reason_text=reason_text,
        account=head.account,
        amount_minor=amount[0] if amount else None,
        currency=amount[1] if amount else None,
        credit=credit,
        booked=head.booked,
        entry_ref=refs.get("AcctSvcrRef") or refs.get("TxId") or head.entry_ref,
        booking_date=head.booking_date,
        charged=head.charged or ("Chrgs" in found and _charged(element)),
    )


def _references(element: Element | None, path: str) -> dict[str, str | None]:
    if element is None:
        return {}
    found = values(element, _IN_REFERENCES, path)
    refs = {name: reference(one, f"{path}/{name}") for name, one in found.items()}
    return refs | {"UETR": unique_reference(found.get("UETR"), f"{path}/UETR")}


def _return_reason(information: Element | None, path: str) -> tuple[str | None, str | None]:
    """Return code (or proprietary code) and text. Early files call the reason RtrRsn."""
    if information is None:
        return None, None
    found = values(information, frozenset(("Rsn", "RtrRsn")), path)
    reason = found.get("Rsn", found.get("RtrRsn"))
    standard, own = child(reason, "Cd", f"{path}/Rsn"), child(reason, "Prtry", f"{path}/Rsn")
    code = text(standard if standard is not None else own, f"{path}/Rsn")
    lines = [line for one in children(information, "AddtlInf") if (line := text(one, f"{path}/AddtlInf"))]
    return code, "; ".join(lines) or None


def _of(head: _Head, *, kind: ObservationKind) -> Observation:
    """Make an observation of the entry as a whole."""
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
        charged=head.charged,
    )


def _batch_entry(head: _Head, batch: _Batch, path: str) -> Observation:
    """Make the observation of a booked sum: the batch's own total; without one, `_only` may take the entry's."""
    amount, currency = batch.total or (None, None)
    return replace(
        _of(head, kind=ObservationKind.BATCH_ENTRY),
        path=path,
        msg_id=batch.msg_id,
        pmt_inf_id=batch.pmt_inf_id,
        amount_minor=amount,
        currency=currency,
        batch_count=batch.count,
    )


def _only(one: Observation, head: _Head, batch: _Batch) -> Observation:
    """Finish the only transaction or batch of an entry.

    One transaction that carries the whole sum of a batch of many stands for the batch, not for a payment (half of the
    Lithuanian banks' entries); what it quotes of a single payment is then left out.
    """
    if one.amount_minor is None:
        one = replace(one, amount_minor=head.amount[0], currency=head.amount[1])
    if (batch.count or 1) > 1 and (one.amount_minor, one.currency) == head.amount:
        return replace(
            one,
            kind=ObservationKind.BATCH_ENTRY,
            batch_count=batch.count,
            instr_id=None,
            end_to_end_id=None,
            uetr=None,
        )
    return one
