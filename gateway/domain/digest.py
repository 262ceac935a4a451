"""Canonical JSON and the digests that are computed over it.

Canonical form is RFC 8785 (JSON Canonicalization Scheme) for strings, integers, booleans, null, arrays and objects.
Numbers with a fraction or exponent are refused on reading and on writing: no amount is ever a JSON number here, so the
scheme's number formatting is never needed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Final, NoReturn

from gateway.domain.errors import Refused

MAX_INTEGER: Final = 2**53
"""RFC 8785 section 3.2.2.3: beyond this, other readers may see another number."""
MAX_DEPTH: Final = 4
"""Levels of an order line: order, party, identifications, identification."""
CHUNK: Final = 1024
"""Order digests under one chunk digest of a manifest."""

_MAX_INTEGER_TEXT: Final = len(str(-MAX_INTEGER))


def _refuse(rule: str, text: str) -> Refused:
    return Refused.one("", rule, text)


# Reading ---------------------------------------------------------------------------------------------------------


def parse_object(line: bytes, *, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """Read one JSON object (RFC 8259) strictly.

    Raises Refused with exactly one violation, and never a word of the content: `json.utf8`, `json.syntax`,
    `json.duplicate-key`, `json.number` (fraction, exponent, NaN, Infinity), `json.integer` (beyond 2^53),
    `json.surrogate` (half a character), `json.depth` (more than `max_depth` levels), `json.object` (not an object).
    """
    value = _decode(line)
    if not isinstance(value, dict):
        raise _refuse("json.object", "expected a JSON object")
    if _deeper_than(max_depth, value):
        raise _refuse("json.depth", f"nested deeper than {max_depth} levels")
    if b"\\u" in line:  # the only way to half a surrogate pair: UTF-8 itself cannot encode one
        _encode(_WRITE(value))
    return value


def _decode(line: bytes) -> object:
    """Decode with errors of our own: the library's carry the whole text they failed on."""
    try:
        return _READ(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        failure = _refuse("json.utf8", f"not UTF-8 at byte {error.start + 1}")
    except json.JSONDecodeError as error:
        failure = _refuse("json.syntax", f"not JSON at character {error.pos + 1}")
    except RecursionError:
        failure = _refuse("json.depth", "nested too deeply to be read")
    raise failure


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refuse("json.duplicate-key", "an object holds the same key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_TEXT or not -MAX_INTEGER <= (value := int(digits)) <= MAX_INTEGER:
        raise _refuse("json.integer", "an integer is beyond 2^53")
    return value


def _no_fraction(_: str) -> NoReturn:
    raise _refuse("json.number", "a number has a fraction or an exponent or is not finite; amounts are strings")


def _deeper_than(levels: int, container: Any) -> bool:
    if levels == 0:
        return True
    for value in container.values() if type(container) is dict else container:
        if type(value) in _CONTAINERS and _deeper_than(levels - 1, value):
            return True
    return False


_CONTAINERS: Final = frozenset({dict, list})
_READ: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction
).decode


# Writing ---------------------------------------------------------------------------------------------------------


def canonical(value: object) -> bytes:
    """Write RFC 8785 canonical JSON.

    Takes str, int, bool, None, list and dict with str keys. Raises Refused for any other type (so for every number that
    is not an integer), for integers beyond 2^53 and for text that holds half a surrogate pair.
    """
    if _only_ascii_keys(value):
        return _encode(_WRITE(value))
    return _encode(_WRITE_AS_ORDERED(_ordered(value)))


def _only_ascii_keys(value: object) -> bool:
    """Check every type; tell whether Python's key order (code points) is that of RFC 8785 (UTF-16 code units)."""
    ascii_keys = True
    waiting: list[Any] = [value]
    for item in waiting:  # grows while it is walked
        kind = type(item)
        if kind is str or kind is bool or item is None:
            continue
        if kind is dict:
            ascii_keys &= _joined_keys(item).isascii()
            waiting.extend(item.values())
        elif kind is list:
            waiting.extend(item)
        elif kind is not int or not -MAX_INTEGER <= item <= MAX_INTEGER:
            raise _refuse(
                "json.number", "canonical JSON here holds text, integers up to 2^53, true, false and null only"
            )
    return ascii_keys


def _joined_keys(item: dict[Any, Any]) -> str:
    try:
        return "".join(item)
    except TypeError:
        raise _refuse("json.key", "the keys of an object are text") from None


def _ordered(value: Any) -> Any:
    """Rebuild with keys in the order of RFC 8785 section 3.2.3."""
    if type(value) is dict:
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    return [_ordered(item) for item in value] if type(value) is list else value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _encode(text: str) -> bytes:
    if text.isascii():
        return text.encode("ascii")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        failure = _refuse("json.surrogate", "a text holds half of a surrogate pair")
    raise failure


_WRITE: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_WRITE_AS_ORDERED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# Digests ---------------------------------------------------------------------------------------------------------


def order_digest(document: bytes) -> bytes:
    """Digest an order: the 32 bytes of SHA-256 over its canonical JSON."""
    return sha256(document).digest()


def chunk_digests(order_digests: Iterable[bytes]) -> Iterator[str]:
    """Digest orders in chunks of 1,024, lazily: hex SHA-256 over the concatenated 32-byte order digests.

    The caller gives the digests in the order of their order ids (by code point).
    """
    digests = iter(order_digests)
    while chunk := b"".join(islice(digests, CHUNK)):
        yield sha256(chunk).hexdigest()


class PaymentsDigest:
    r"""The payments of one submission, added in document order: their number, sum and digest.

    The digest is SHA-256 over a UTF-8 line "<EndToEndId>|<creditor account key>|<minor units>|<currency>\n" a payment.
    No other payments give the same text: only the account key may hold "|", and nothing may hold a line end.
    """

    __slots__ = ("_hash", "count", "sum")

    def __init__(self) -> None:
        self._hash = sha256()
        self.count = 0
        self.sum = 0

    def add(self, end_to_end_id: str, account_key: str, minor: int, currency: str) -> None:
        """Add the next payment; `minor` is its amount in minor units of `currency`."""
        self._hash.update(f"{end_to_end_id}|{account_key}|{minor}|{currency}\n".encode())
        self.count += 1
        self.sum += minor

    def extend(
        self, end_to_end_ids: Sequence[str], account_keys: Sequence[str], minors: Sequence[int], currency: str
    ) -> None:
        """Add the next payments, all in one currency: the same as to `add` one after the other, in a third of the time.

        Raises ValueError where the three are not equally long.
        """
        three = zip(end_to_end_ids, account_keys, minors, strict=True)
        self._hash.update("".join([f"{one}|{key}|{minor}|{currency}\n" for one, key, minor in three]).encode())
        self.count += len(minors)
        self.sum += sum(minors)

    def hexdigest(self) -> str:
        """Return the digest of all payments added so far."""
        return self._hash.hexdigest()


class Hashed:
    """Passes pieces of a document on and remembers what they were: their SHA-256 and their size in bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.hash = sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.hash.update(piece)
            self.size += len(piece)
            yield piece
