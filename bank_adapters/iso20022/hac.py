"""EBICS customer protocols (HAC), which come as pain.002: steps of a transport, never an outcome of a payment.

OrgnlMsgId and OrgnlMsgNmId are "EBICS"; each OrgnlPmtInfAndSts is one event at the bank's server: OrgnlPmtInfId is the
action, Rsn the result (TS01 transferred, DS01 signature correct), Orgtr/Id/OrgId/Othr its attributes (OrderID, UserID,
TimeStamp, ...), AddtlInf the lines of the bank's text. The same events come again with every pull.
Source: reference iso20022-and-banks 2.1; EBICS specification 3.0.2, HAC; protocols of banks in DE, LU and AT.
"""

from collections.abc import Iterator
from datetime import date

from bank_adapters.iso20022.reported import joined, reasons_of, told
from bank_adapters.iso20022.xml import Element, children, descend, reference, text, values
from gateway.domain.errors import Unreadable
from gateway.domain.identity import msg_id_in
from gateway.domain.observation import Observation, ObservationKind

NAME = "EBICS"
_REFUSED = "ORDER_HAC_FINAL_NEG"
DONE = frozenset({"TS01", "TS04", "TD01", "DS01", "DS05", "DS06", "DS07"})
"""Results of steps that went well: transferred, nothing to fetch, signatures correct, forwarded, waits for a signature.

Any other stands in the way of the file or, DS02, says that somebody cancelled it (ISO ExternalStatusReason1Code).
"""
_NO_ORDER = "ZZZZ"
"""What a Luxembourg bank writes where an event has no order number."""
_DAY = 10


def step(element: Element, path: str) -> Observation:
    """Read one event. Raises Unreadable for one without an action: nobody could say what happened."""
    action = told(values(element, frozenset({"OrgnlPmtInfId"}), path), "OrgnlPmtInfId", path)
    if action is None:
        raise Unreadable("transport.action", f"{path}/OrgnlPmtInfId", "an event that says not what was done")
    codes, lines = reasons_of(element, "StsRsnInf", path)
    bad = [code for code in codes if code not in DONE]
    reason = next(iter((*bad, *codes)), None)
    attributes = dict(_attributes(element, path))
    order = attributes.get("OrderID")
    refused = bad or action == _REFUSED
    return Observation(
        kind=ObservationKind.TRANSPORT_REFUSAL if refused else ObservationKind.TRANSPORT_STEP,
        path=path,
        msg_id=msg_id_in(one for one in (attributes.get("FileName"), *lines) if one),
        status=action,
        reason=reason,
        reason_text=joined(*lines, *(code for code in codes if code != reason)),
        entry_ref=None if order == _NO_ORDER else order,
        booking_date=_day(attributes.get("TimeStamp")),
    )


def _attributes(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """Yield the attributes of an event; what stands twice counts as it stood last."""
    for info in children(element, "StsRsnInf"):
        where = f"{path}/StsRsnInf/Orgtr/Id/OrgId"
        holder = descend(info, "Orgtr/Id/OrgId", f"{path}/StsRsnInf")
        for other in () if holder is None else children(holder, "Othr"):
            name = text(descend(other, "SchmeNm/Prtry", f"{where}/Othr"), f"{where}/Othr/SchmeNm/Prtry")
            value = reference(descend(other, "Id", f"{where}/Othr"), f"{where}/Othr/Id")
            if name is not None and value is not None:
                yield name, value


def _day(stamp: str | None) -> date | None:
    """Return the day of a time stamp; the protocol says it for orientation, so a strange one is none."""
    try:
        return None if stamp is None else date.fromisoformat(stamp[:_DAY])
    except ValueError:
        return None
