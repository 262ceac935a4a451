"""What may stand in a log line: an allow-list of keys, and a mask over every text.

A key that is not in the list is dropped with its value: nobody has to remember to hide a name. The mask is the second
net: it takes out what looks like an account or an identification, wherever it stands.
"""

import re
from collections.abc import Mapping, MutableMapping
from datetime import date
from types import MappingProxyType
from typing import Any

MASK = "***"

NUMBERS = frozenset(
    {
        *("attempt_no", "batch_no", "event_no", "exception_no", "intent_no", "message_no", "order_no", "submission_no"),
        *("bytes", "count", "epoch", "failures", "lane", "lines", "number", "offset", "orders", "partition"),
        *("payments", "pid", "port", "processes", "seconds", "size", "status", "tries", "workers"),
    }
)
"""Keys whose whole numbers and booleans pass as they are: counts, and numbers that the gateway itself gave."""

TEXTS = frozenset(
    {
        *("action", "bank", "batch", "channel", "error", "event", "frames", "kind", "level"),
        *("method", "mode", "part", "path", "route", "rule", "scope", "source", "state", "step", "topic", "version"),
        *("why",),
    }
)
"""Keys whose values pass through the mask, whatever their type."""

_HOST = r"(?:[a-z][a-z0-9.-]{0,80}|\d{1,3}(?:\.\d{1,3}){3})"

EXACT: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "bootstrap": re.compile(rf"{_HOST}:\d{{1,5}}(?:,{_HOST}:\d{{1,5}})*"),
        "host": re.compile(_HOST),
        "worker": re.compile(rf"{_HOST}-\d{{1,7}}"),
        "incarnation": re.compile(r"embedded-[0-9a-f]{16}"),
        "msg_id": re.compile(r"G\d{1,2}[A-Z0-9]{1,8}\d{6}S[A-Z0-9]{5}"),
        "end_to_end_id": re.compile(r"E[A-Z2-7]{26}G\d{1,2}"),
        "sha256": re.compile(r"[0-9a-f]{64}"),
        "timestamp": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|\+00:00)"),
    }
)
"""Keys whose values pass as they are when they have exactly this shape, which the gateway or its machine gives them."""

DATES = frozenset({"pay_date", "today"})
"""Keys whose dates pass; a date as text would pass the mask too, but not under another key."""

_ACCOUNT = re.compile(
    # An IBAN (ISO 13616): country, check digits, 11 letters and digits or more; grouped in any way people write it.
    # Words that begin alike go with it: BBANs of letters alone cannot be told from words.
    r"(?<![A-Za-z0-9])[A-Za-z]{2}(?:[ ._/-]?[0-9]){2}(?:[ ._/-]{0,2}[A-Za-z0-9]){11,}"
)
_DIGITS = re.compile(
    # Six digits on end, letters around them or not; or nine with single separators between (a written date has eight).
    r"[A-Za-z]*\d{6,}[A-Za-z0-9]*|\d(?:[ ._/-]?\d){8,}"
)


def mask(text: str) -> str:
    """Return the text without what looks like an account number or an identification."""
    return _DIGITS.sub(MASK, _ACCOUNT.sub(MASK, text))


def redact(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a log event may be written; `dropped` counts what may not."""
    kept: dict[str, Any] = {}
    for key, value in event.items():
        if value is not None and key in _KEYS:
            kept[key] = _value(key, value)
    dropped = sum(1 for key in event if key not in _KEYS)
    return kept | {"dropped": dropped} if dropped else kept


def _value(key: str, value: Any) -> Any:
    if key in EXACT and isinstance(value, str) and EXACT[key].fullmatch(value):
        return value
    if key in NUMBERS and isinstance(value, int):
        return value
    if key in DATES and type(value) is date:
        return value.isoformat()
    return mask(str(value))


_KEYS = NUMBERS | TEXTS | EXACT.keys() | DATES


def redacting(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Redact as a processor of structlog: the last one before the line is written."""
    return redact(event)
