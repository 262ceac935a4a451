"""Reads pacs.004, the return of payments between banks, which some banks pass on as word that money comes back.

It books nothing: the credit on our account does, and says so in a statement. A return with reason FOCR is the positive
answer to a recall. Amount is what comes back, RtrdIntrBkSttlmAmt; charges are what the payee's bank kept of it.
Reference: iso20022-and-banks 3.4.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from bank_adapters.iso20022.reported import day_of, named, only_one, reason_of, stands_in, told
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.iso20022.xml import (
    LOCAL,
    Element,
    child,
    children,
    money,
    prune,
    pull,
    unique_reference,
    values,
)
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind

MESSAGE = "PmtRtr"
_HEADER, _GROUP, _TRANSACTION = "GrpHdr", "OrgnlGrpInf", "TxInf"
_REASON, _CHARGES = "RtrRsnInf", "ChrgsInf"
_SEVERAL = frozenset({_REASON, _CHARGES})
_IN_HEADER = frozenset({"NbOfTxs", "GrpRtr", "TtlRtrdIntrBkSttlmAmt", "IntrBkSttlmDt"})
_IN_GROUP = frozenset({"OrgnlMsgId", _REASON})
_IN_TRANSACTION = frozenset(
    {
        *("RtrId", "OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR"),
        *("RtrdIntrBkSttlmAmt", "RtrdInstdAmt", "IntrBkSttlmDt", *_SEVERAL),
    }
)
_NUMBER_MAX = 15
_YES = frozenset({"true", "1"})


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield one advice for each transaction, or one for the whole original message where all of it comes back."""
    message = _Return(status_table(profile))
    ended = 0
    for element in pull(pieces, (MESSAGE, _HEADER, _GROUP, _TRANSACTION)):
        name = LOCAL[element.tag]
        if name == _TRANSACTION:
            yield message.transaction(element)
            prune(element)
        elif name == _HEADER:
            message.header(element)
        elif name == MESSAGE:
            ended += 1
            yield from message.end()
        else:
            message.group(element)
    only_one(ended, MESSAGE)


class _Return:
    """What is known so far while a return streams by."""

    def __init__(self, table: StatusTable) -> None:
        self._table = table
        self._count: int | None = None
        self._whole = False
        self._total: tuple[int, str] | None = None
        self._day: date | None = None
        self._msg_id: str | None = None
        self._reason: tuple[str | None, str | None] = (None, None)
        self._transactions = 0
        self._sums: dict[str | None, int] = {}
        self._headers = self._groups = 0

    def header(self, element: Element) -> None:
        """Keep the totals, to be compared with the transactions."""
        path = f"/{MESSAGE}/{_HEADER}"
        stands_in(element, (MESSAGE,), path)
        self._headers += 1
        if self._headers > 1 or self._transactions:
            raise Unreadable("element.order", path, "the header must stand once, before all else")
        found = values(element, _IN_HEADER, path)
        number = told(found, "NbOfTxs", path)
        if number is not None:
            if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER_MAX):
                raise Unreadable("number.format", f"{path}/NbOfTxs", "not a count")
            self._count = int(number)
        self._whole = told(found, "GrpRtr", path) in _YES
        self._total = money(found.get("TtlRtrdIntrBkSttlmAmt"), f"{path}/TtlRtrdIntrBkSttlmAmt")
        self._day = day_of(found.get("IntrBkSttlmDt"), f"{path}/IntrBkSttlmDt")

    def group(self, element: Element) -> None:
        """Keep which message is returned. Inside a transaction it is read with that."""
        path = f"/{MESSAGE}/{_GROUP}"
        if LOCAL[stands_in(element, (MESSAGE, _TRANSACTION), path).tag] == _TRANSACTION:
            return
        self._groups += 1
        if self._groups > 1 or self._transactions:
            raise Unreadable("element.order", path, "the original group must stand once, before the transactions")
        found = values(element, _IN_GROUP, path, _SEVERAL)
        self._msg_id = named(found, "OrgnlMsgId", path)
        self._reason = reason_of(element, _REASON, path, self._table)

    def transaction(self, element: Element) -> Observation:
        """Read one payment that comes back."""
        self._transactions += 1
        path = f"/{MESSAGE}/{_TRANSACTION}[{self._transactions}]"
        stands_in(element, (MESSAGE,), path)
        found = values(element, _IN_TRANSACTION, path, _SEVERAL)
        amount = money(found.get("RtrdIntrBkSttlmAmt"), f"{path}/RtrdIntrBkSttlmAmt")
        if amount is None:
            amount = money(found.get("RtrdInstdAmt"), f"{path}/RtrdInstdAmt")
        minor, currency = amount or (None, None)
        self._sums[currency] = self._sums.get(currency, 0) + (minor or 0)
        reason, reason_text = reason_of(element, _REASON, path, self._table) if _REASON in found else self._reason
        unique, day = found.get("OrgnlUETR"), found.get("IntrBkSttlmDt")
        return Observation(
            kind=ObservationKind.RETURN_ADVICE,
            path=path,
            msg_id=self._original(found, path),
            instr_id=named(found, "OrgnlInstrId", path),
            end_to_end_id=named(found, "OrgnlEndToEndId", path),
            uetr=None if unique is None else unique_reference(unique, f"{path}/OrgnlUETR"),
            reason=reason,
            reason_text=reason_text,
            amount_minor=minor,
            currency=currency,
            credit=True,
            booked=False,
            entry_ref=named(found, "RtrId", path),
            booking_date=self._day if day is None else day_of(day, f"{path}/IntrBkSttlmDt"),
            charged=_CHARGES in found,
            tx_id=named(found, "OrgnlTxId", path),
            charges_minor=_kept(element, currency, path) if _CHARGES in found else None,
        )

    def _original(self, found: dict[str, Element], path: str) -> str | None:
        if "OrgnlGrpInf" not in found:
            return self._msg_id
        where = f"{path}/OrgnlGrpInf"
        own = child(found["OrgnlGrpInf"], "OrgnlMsgId", where)
        return self._msg_id if own is None else named({"OrgnlMsgId": own}, "OrgnlMsgId", where)

    def end(self) -> Iterator[Observation]:
        """Compare totals with what was listed; say that a whole message comes back where nothing is listed."""
        path = f"/{MESSAGE}/{_HEADER}"
        if not self._transactions:
            yield self._all(path)
            return
        if self._count not in {None, self._transactions}:
            raise Unreadable("report.count", f"{path}/NbOfTxs", "it lists other payments than it counts")
        if self._total is not None and self._sums != {self._total[1]: self._total[0]}:
            raise Unreadable("report.sum", f"{path}/TtlRtrdIntrBkSttlmAmt", "it lists another sum than it tells")

    def _all(self, path: str) -> Observation:
        if not self._whole or self._msg_id is None:
            raise Unreadable("report.count", path, "a return that lists nothing and returns no whole message")
        minor, currency = self._total or (None, None)
        return Observation(
            kind=ObservationKind.RETURN_ADVICE,
            path=path,
            msg_id=self._msg_id,
            reason=self._reason[0],
            reason_text=self._reason[1],
            amount_minor=minor,
            currency=currency,
            credit=True,
            booked=False,
            batch_count=self._count,
            booking_date=self._day,
        )


def _kept(element: Element, currency: str | None, path: str) -> int | None:
    """Add up charges in the currency of the return; None where one is in another."""
    kept = 0
    for number, info in enumerate(children(element, _CHARGES), start=1):
        where = f"{path}/{_CHARGES}[{number}]/Amt"
        amount = money(child(info, "Amt", where), where)
        if amount is None or amount[1] != currency:
            return None
        kept += amount[0]
    return kept
