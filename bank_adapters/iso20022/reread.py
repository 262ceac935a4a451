"""Reads a rendered pain.001 back from its bytes: the four digests of a seal. Shares no code with the writer.

What the bytes say of themselves (counts and sums at both levels) must equal what they hold, and the schema is checked
in the same pass; any disagreement means that the bytes must never be sent. The parser tells only where a block starts;
payments are taken out of the growing tree in bulk, a few hundred at a time, by one XPath a field: half of the time that
looking at them one by one takes.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from lxml import etree

from bank_adapters.iso20022.schemas import schema
from bank_adapters.iso20022.xml import LOCAL, SLICE, Element, child, descend, in_cents, minor_units, pull, text
from bank_adapters.spi import Reread
from gateway.domain.digest import PaymentsDigest
from gateway.domain.errors import SealMismatch, Unreadable

_HEADER, _BLOCK, _PAYMENT = "GrpHdr", "PmtInf", "CdtTrfTxInf"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'
_DIGITS_MAX = 15
_BUCKETS = 256


@lru_cache(maxsize=8)
def _paths(namespace: str | None, which: str) -> tuple[Callable[..., Any], ...]:
    """Return what finds EndToEndIds, amounts in `$currency` and accounts of a block's payments.

    With as many of each as there are payments, each payment has exactly one of each: the schema allows no second one,
    and nothing can split a value in a file without comments, instructions and CDATA (`_Bytes`).
    """
    find = partial(etree.XPath, namespaces={"n": namespace or "none"}, smart_strings=False)
    payment = f"n:{_PAYMENT}{which}"
    return (
        find(f"{payment}/n:PmtId/n:EndToEndId/text()"),
        find(f"{payment}/n:Amt/n:InstdAmt[@Ccy=$currency]/text()"),
        find(f"{payment}/n:CdtrAcct/n:Id/n:IBAN/text()"),
    )


def reread(pieces: Iterable[bytes], version: str) -> Reread:
    """Read the digests of a file back; see `bank_adapters.spi.Adapter.reread`."""
    file = _File()
    hashed = _Bytes(pieces, file.take_complete)
    try:
        for block in pull(hashed, (_BLOCK,), schema=schema(version), when="start"):
            file.begin(block)
        file.end()
    except Unreadable as error:
        raise SealMismatch(f"the rendered file cannot be read back: {error}") from error
    return file.digests(hashed)


class _Bytes:
    """Passes pieces on in slices and remembers what they were; behind each slice it calls `between`.

    Refuses what the writer never writes: another declaration than UTF-8's, and markup that is no element.
    """

    def __init__(self, pieces: Iterable[bytes], between: Callable[[], None]) -> None:
        self._pieces, self._between = pieces, between
        self._last = b""
        self._head = b""
        self.hash = sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._check(piece)
            self.hash.update(piece)
            self.size += len(piece)
            for start in range(0, len(piece), SLICE):
                yield piece[start : start + SLICE]
                self._between()
        if self._head != _DECLARATION:
            raise SealMismatch("the file does not begin with the declaration of UTF-8 (rule xml.declaration)")

    def _check(self, piece: bytes) -> None:
        missing = len(_DECLARATION) - self.size
        if missing > 0:
            self._head += piece[:missing]
            if not _DECLARATION.startswith(self._head):
                raise SealMismatch("the file does not begin with the declaration of UTF-8 (rule xml.declaration)")
        split = self.size > 1 and self._last == b"<" and piece[:1] in {b"!", b"?"}
        markup = b"!" in piece and b"<!" in piece  # one byte is found far faster than two
        if split or markup or (b"?" in piece and piece.find(b"<?", 0 if self.size else 1) >= 0):
            raise SealMismatch("the file holds a comment, an instruction, CDATA or a DTD (rule xml.markup)")
        self._last = piece[-1:] or self._last


class _File:
    """What is known so far of a file that streams by."""

    def __init__(self) -> None:
        self._payments = PaymentsDigest()
        self._ids = [array("q") for _ in range(_BUCKETS)]
        self._block: Element | None = None
        self._currency: str | None = None
        self._before_block = (0, 0)

    def begin(self, block: Element) -> None:
        """Begin a block: the one before it has ended, and is forgotten."""
        before, parent = self._block, block.getparent()
        if before is not None and parent is not None:
            self._end_block(before)
            parent.remove(before)
        self._block = block

    def end(self) -> None:
        """End the file: its last block is compared, then its header."""
        if self._block is None:
            raise SealMismatch("the file holds no payment")
        self._end_block(self._block)
        header = child(self._block.getparent(), _HEADER, _HEADER)
        if header is None:
            raise SealMismatch("the file has no group header")
        self._compare(header, _HEADER, self._payments.count, self._payments.sum)

    def _end_block(self, block: Element) -> None:
        self._take(block, whole=True)
        before_count, before_total = self._before_block
        self._compare(block, _BLOCK, self._payments.count - before_count, self._payments.sum - before_total)
        self._before_block = (self._payments.count, self._payments.sum)

    def take_complete(self) -> None:
        """Take the payments that have ended out of the open block."""
        if self._block is not None:
            self._take(self._block, whole=False)

    def _take(self, block: Element, *, whole: bool) -> None:
        """Take payments out of a block and forget them; the last is still being read unless the block is `whole`."""
        first = next((place for place, one in enumerate(block) if LOCAL[one.tag] == _PAYMENT), len(block))
        count = len(block) - first - (not whole)
        if count <= 0:
            return
        which = "" if whole else "[position()<last()]"
        currency = self._currency_of(block[first])
        find = _paths(etree.QName(block).namespace, which)
        ids, amounts, accounts = (one(block, currency=currency) for one in find)
        path = f"{_PAYMENT}[{self._payments.count + 1}..{self._payments.count + count}]"
        if len(amounts) != count:
            raise SealMismatch(f"{path}: an amount is missing, or in a second currency")
        if {len(ids), len(accounts)} != {count}:
            raise SealMismatch(f"{path}: an EndToEndId or IBAN is missing or stands twice")
        minors = in_cents(amounts, currency) or [minor_units(one, currency, path) for one in amounts]
        self._add(ids, accounts, minors)
        del block[first : first + count]

    def _currency_of(self, payment: Element) -> str:
        """Return the currency of the file: that of its first payment."""
        if self._currency is None:
            amount = descend(payment, "Amt/InstdAmt", _PAYMENT)
            self._currency = "" if amount is None else amount.get("Ccy", "")
        return self._currency

    def _add(self, ids: Sequence[str], accounts: Sequence[str], minors: Sequence[int]) -> None:
        self._payments.extend(ids, accounts, minors, self._currency or "")
        buckets = self._ids
        for number in map(hash, ids):
            buckets[number % _BUCKETS].append(number)

    def _compare(self, element: Element, path: str, count: int, total: int) -> None:
        claimed_count, claimed_sum = _claims(element, path)
        if claimed_count != count or minor_units(claimed_sum, self._currency, path) != total:
            self._refuse_repeated()
            raise SealMismatch(f"{path}: NbOfTxs or CtrlSum disagrees with the payments")

    def _refuse_repeated(self) -> None:
        """Refuse ids of which eight bytes are the same: of half a million, different ones are so once in 10^8 files."""
        if any(len(set(bucket)) < len(bucket) for bucket in self._ids):
            raise SealMismatch(f"{_PAYMENT}: an EndToEndId stands twice")

    def digests(self, hashed: _Bytes) -> Reread:
        """Return what the whole file said."""
        if not self._payments.count or self._currency is None:
            raise SealMismatch("the file holds no payment")
        self._refuse_repeated()
        return Reread(
            count=self._payments.count,
            sum_minor=self._payments.sum,
            currency=self._currency,
            payments_digest=self._payments.hexdigest(),
            sha256=hashed.hash.hexdigest(),
            size=hashed.size,
        )


def _claims(element: Element, path: str) -> tuple[int, str]:
    """Return what a level says of itself: NbOfTxs and CtrlSum. A breach of the schema may show only at the end."""
    count = _required(element, "NbOfTxs", path)
    if not (count.isascii() and count.isdigit() and len(count) <= _DIGITS_MAX):
        raise SealMismatch(f"{path}: NbOfTxs is not a count")
    return int(count), _required(element, "CtrlSum", path)


def _required(element: Element, names: str, path: str) -> str:
    value = text(descend(element, names, path), f"{path}/{names}")
    if value is None:
        raise SealMismatch(f"{path}/{names} is missing")
    return value
