"""Reads a rendered pain.001 back from its bytes: the four digests of a seal. Shares no code with the writer.

What the bytes say of themselves (counts and sums at both levels) must equal what they hold, and the schema is checked
in the same pass; any disagreement means that the bytes must never be sent.
"""

from collections.abc import Iterable

from bank_adapters.iso20022.schemas import schema
from bank_adapters.iso20022.xml import LOCAL, Element, descend, minor_units, prune, pull, text
from bank_adapters.spi import Reread
from gateway.domain.digest import Hashed, PaymentsDigest
from gateway.domain.errors import SealMismatch, Unreadable

_MESSAGE, _HEADER, _BLOCK, _PAYMENT = "CstmrCdtTrfInitn", "GrpHdr", "PmtInf", "CdtTrfTxInf"
_DIGITS_MAX = 15


def reread(pieces: Iterable[bytes], version: str) -> Reread:
    """Read the digests of a file back; see `bank_adapters.spi.Adapter.reread`."""
    hashed = Hashed(pieces)
    file = _File()
    try:
        for element in pull(hashed, (_MESSAGE, _HEADER, _BLOCK, _PAYMENT), schema=schema(version)):
            file.take(element)
    except Unreadable as error:
        raise SealMismatch(f"the rendered file cannot be read back: {error}") from error
    return file.digests(hashed)


class _File:
    """What is known so far of a file that streams by."""

    def __init__(self) -> None:
        self._payments = PaymentsDigest()
        self._names: set[str] = set()
        self._currency: str | None = None
        self._header: tuple[int, str] | None = None
        self._before_block = (0, 0)
        self._complete = False

    def take(self, element: Element) -> None:
        """Handle an element that has just ended."""
        name = LOCAL[element.tag]
        if name == _PAYMENT:
            self._payment(element)
            prune(element)
        elif name == _BLOCK:
            count, total = self._before_block
            self._compare(element, _BLOCK, self._payments.count - count, self._payments.sum - total)
            self._before_block = (self._payments.count, self._payments.sum)
        elif name == _HEADER:
            self._header = _claims(element, _HEADER)
        else:
            self._compare_header()

    def _payment(self, element: Element) -> None:
        path = f"{_PAYMENT}[{self._payments.count + 1}]"
        name = _required(element, "PmtId/EndToEndId", path)
        if name in self._names:
            raise SealMismatch(f"{path}: the EndToEndId stands twice")
        self._names.add(name)
        amount = descend(element, "Amt/InstdAmt", path)
        currency = "" if amount is None else amount.get("Ccy", "")
        if self._currency not in {None, currency}:
            raise SealMismatch(f"{path}: a second currency")
        self._currency = currency
        minor = minor_units(text(amount, path) or "", currency, f"{path}/Amt")
        self._payments.add(name, _required(element, "CdtrAcct/Id/IBAN", path), minor, currency)

    def _compare(self, element: Element, path: str, count: int, total: int) -> None:
        claimed_count, claimed_sum = _claims(element, path)
        if claimed_count != count or minor_units(claimed_sum, self._currency, path) != total:
            raise SealMismatch(f"{path}: NbOfTxs or CtrlSum disagrees with the payments")

    def _compare_header(self) -> None:
        if self._header is None or self._before_block != (self._payments.count, self._payments.sum):
            raise SealMismatch("the file has no group header, or payments outside a block")
        count, total = self._header
        if count != self._payments.count or minor_units(total, self._currency, _HEADER) != self._payments.sum:
            raise SealMismatch(f"{_HEADER}: NbOfTxs or CtrlSum disagrees with the payments")
        self._complete = True

    def digests(self, hashed: Hashed) -> Reread:
        """Return what the whole file said."""
        if not self._complete or not self._payments.count or self._currency is None:
            raise SealMismatch("the file holds no payment")
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
