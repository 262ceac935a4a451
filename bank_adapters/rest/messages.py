"""Reads what a bank with a JSON API says: one JSON object a message, strict.

payment-status  {"messageId", "type", "endToEndId", "status", "reason" (or null), "at"}
booking         {"messageId", "type", "endToEndId", "account", "amount", "currency", "creditDebit", "entryRef",
                 "bookingDate", "status"}
return          as booking, with creditDebit CRDT, and "reason"

Optional everywhere: "uetr", "reasonText", "at". Statuses are ISO 20022 codes; a booking is booked only with BOOK.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NoReturn

from gateway.domain.digest import parse_object
from gateway.domain.errors import Refused, Unreadable
from gateway.domain.money import AmountError, parse_minor
from gateway.domain.observation import Observation, ObservationKind

SIZE_MAX = 64 * 1024
"""A message about one payment is small; anything larger is not one."""
_TEXT_MAX = 512
_OPTIONAL = frozenset({"uetr", "reasonText", "at"})
_NAMING = frozenset({"messageId", "type", "endToEndId", "status"})
_STATUS_KEYS = _NAMING | {"reason", "at"}
_BOOKING_KEYS = _NAMING | {"account", "amount", "currency", "creditDebit", "entryRef", "bookingDate"}
_SIGNS = {"CRDT": True, "DBIT": False}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACEHOLDERS = frozenset({"", "NOTPROVIDED"})


def read(pieces: Iterable[bytes]) -> Iterator[Observation]:
    """Yield the one observation of a message; see `bank_adapters.spi.Adapter.read`."""
    message = _object(pieces)
    reader = _READERS.get(message.get("type", ""))
    if reader is None:
        _refuse("message.unknown", "type", "the message is none of payment-status, booking, return")
    yield reader(message)


def _object(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Join and parse a message; every value is text or null."""
    body = b""
    for piece in pieces:
        body += piece
        if len(body) > SIZE_MAX:
            _refuse("message.size", "", f"the message is larger than {SIZE_MAX} bytes")
    try:
        message = parse_object(body, max_depth=1)
    except Refused as error:
        broken = error.violations[0]
        raise Unreadable(broken.rule, "/", broken.text) from None
    for key, value in message.items():
        if value is not None and not (isinstance(value, str) and len(value) <= _TEXT_MAX):
            _refuse(
                "value.type", key if key in _ALL_KEYS else "", f"every value is text of at most {_TEXT_MAX} letters"
            )
    return message


def _refuse(rule: str, key: str, text: str) -> NoReturn:
    raise Unreadable(rule, f"/{key}", text)


def _keys(message: Mapping[str, Any], required: frozenset[str], optional: frozenset[str] = _OPTIONAL) -> None:
    missing = sorted(required - message.keys())
    if missing:
        _refuse("json.missing", missing[0], "the key is missing")
    if message.keys() - required - optional:
        _refuse("json.unknown", "", "the message holds a key that was not agreed")


def _text(message: Mapping[str, Any], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not value.strip():
        _refuse("json.missing", key, "the value is missing")
    return value.strip()


def _reference(message: Mapping[str, Any], key: str) -> str | None:
    value = (message.get(key) or "").strip()
    return None if value.upper() in _PLACEHOLDERS else value


def _uetr(message: Mapping[str, Any]) -> str | None:
    """Return a UETR in lower case, or None where it has not the form of one: then it names nothing."""
    value = (message.get("uetr") or "").strip().lower()
    return value if _UUID.fullmatch(value) else None


def _status(message: Mapping[str, Any]) -> Observation:
    _keys(message, _STATUS_KEYS)
    _moment(message)
    return Observation(
        kind=ObservationKind.PAYMENT_STATUS,
        path="/",
        end_to_end_id=_reference(message, "endToEndId"),
        uetr=_uetr(message),
        status=_text(message, "status"),
        reason=message["reason"],
        reason_text=message.get("reasonText"),
    )


def _booking(message: Mapping[str, Any]) -> Observation:
    _keys(message, _BOOKING_KEYS)
    return _entry(message, ObservationKind.ENTRY)


def _return(message: Mapping[str, Any]) -> Observation:
    _keys(message, _BOOKING_KEYS | {"reason"})
    if message["creditDebit"] != "CRDT":
        _refuse("money.sign", "creditDebit", "a return is a credit")
    return _entry(message, ObservationKind.RETURN_ENTRY)


def _entry(message: Mapping[str, Any], kind: ObservationKind) -> Observation:
    _moment(message)
    status = _text(message, "status")
    return Observation(
        kind=kind,
        path="/",
        end_to_end_id=_reference(message, "endToEndId"),
        uetr=_uetr(message),
        status=status,
        reason=message.get("reason"),
        reason_text=message.get("reasonText"),
        account=_text(message, "account").replace(" ", "").upper(),
        amount_minor=_amount(message),
        currency=_text(message, "currency"),
        credit=_sign(message),
        booked=status == "BOOK",
        entry_ref=_reference(message, "entryRef"),
        booking_date=_date(message),
    )


def _amount(message: Mapping[str, Any]) -> int:
    try:
        return parse_minor(message["amount"], _text(message, "currency"))
    except AmountError as error:
        _refuse(error.rule, "amount", str(error))


def _sign(message: Mapping[str, Any]) -> bool:
    sign = _SIGNS.get(message["creditDebit"])
    if sign is None:
        _refuse("money.sign", "creditDebit", "neither CRDT nor DBIT")
    return sign


def _date(message: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(_text(message, "bookingDate"))
    except ValueError:
        _refuse("date.format", "bookingDate", "not a calendar date")


def _moment(message: Mapping[str, Any]) -> None:
    """Check the bank's own time; nothing follows from it."""
    try:
        if message.get("at") is not None and datetime.fromisoformat(message["at"]).tzinfo is not None:
            return
    except ValueError:
        pass
    if message.get("at") is not None:
        _refuse("date.format", "at", "not a time with its zone")


_ALL_KEYS = _STATUS_KEYS | _BOOKING_KEYS | _OPTIONAL | {"reason"}
_READERS: Mapping[str, Callable[[Mapping[str, Any]], Observation]] = MappingProxyType(
    {"payment-status": _status, "booking": _booking, "return": _return}
)
