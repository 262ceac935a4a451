"""Reads a rendered MT101 back from its bytes: the four digests of a seal. Shares no code with the writer.

In the same pass every line is held against the message definition: letters, lengths and order of fields, the chain of
messages complete and in order, one paying account, day and currency, and references that name this submission and the
place at which each payment stands: by them the bank's answers will be understood.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from bank_adapters.mt.reference import Named, named
from bank_adapters.profile import Profile
from bank_adapters.spi import Reread
from gateway.domain.digest import PaymentsDigest
from gateway.domain.errors import SealMismatch
from gateway.domain.iban import iban_violations
from gateway.domain.money import EXPONENT

_LINE_MAX = 200
_X = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]+")
_TAG = re.compile(r":([0-9]{2}[A-Z]?):(.+)")
_SEQUENCE_A = ("20", "21R", "28D", "50H", "52A", "30")
_SEQUENCE_B = ("21", "23E", "32B", "57A", "57C", "59", "70", "71A")
_NEEDED = {"20", "28D", "50H", "30"}, {"21", "32B", "59", "70", "71A"}
_LINES = {"50H": 5, "59": 5, "70": 4}
"""Lines that a field may have, its first among them; one where it is not named."""
_FORMS = {
    "20": re.compile(r"[0-9A-Z]{16}"),
    "21R": re.compile(r"[0-9A-Z]{16}"),
    "28D": re.compile(r"[1-9][0-9]{0,4}/[1-9][0-9]{0,4}"),
    "50H": re.compile(r"/[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"),
    "52A": re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"),
    "30": re.compile(r"[0-9]{6}"),
    "21": re.compile(r"[0-9A-Z]{16}"),
    "23E": re.compile(r"URGP"),
    "32B": re.compile(r"[A-Z]{3}[0-9]{1,14},[0-9]{0,3}"),
    "57A": re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"),
    "57C": re.compile(r"//[A-Z]{2}.{1,31}"),
    "59": re.compile(r"/.{1,34}"),
    "70": re.compile(r"/ROC/[A-Za-z0-9]{1,30}"),
    "71A": re.compile(r"SHA|OUR|BEN"),
}
"""What the first line of each field looks like."""
_AMOUNT_MAX = 15

Fields = dict[str, list[str]]


def reread(pieces: Iterable[bytes], profile: Profile) -> Reread:
    """Read the digests of a file back; see `bank_adapters.spi.Adapter.reread`."""
    file = _File(profile)
    for number, line in file.lines(pieces):
        file.take(number, line)
    return file.digests()


def _fail(number: int, text: str) -> SealMismatch:
    return SealMismatch(f"line {number}: {text}")


@dataclass(slots=True)
class _Open:
    """The message under way: its sequence A, and the payment that is being read."""

    head: Fields = field(default_factory=dict)
    payment: Fields | None = None
    last: str = ""
    count: int = 0

    @property
    def fields(self) -> Fields:
        return self.head if self.payment is None else self.payment


class _File:
    """What is known so far of a file that streams by."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._hash = sha256()
        self._size = 0
        self._payments = PaymentsDigest()
        self._ids: set[str] = set()
        self._currency = ""
        self._message: _Open | None = None
        self._same: Fields | None = None
        self._submission = ""
        self._chain = (0, 0)

    def lines(self, pieces: Iterable[bytes]) -> Iterator[tuple[int, str]]:
        """Yield numbered lines without their ends, which are CRLF."""
        left, number = b"", 0
        for piece in pieces:
            self._hash.update(piece)
            self._size += len(piece)
            *whole, left = (left + piece).split(b"\r\n")
            for line in whole:
                number += 1
                yield number, _text(number, line)
            if len(left) > _LINE_MAX:
                raise _fail(number + 1, "is too long")
        if left:
            raise _fail(number + 1, "does not end with CRLF")

    def take(self, number: int, line: str) -> None:
        """Read a line."""
        if self._message is None:
            self._message = _Open()
            if self._envelope(number, line):
                return
        message = self._message
        if line == self._end:
            self._end_of_message(number, message)
            self._message = None
        elif line[0] == ":":
            self._field(number, line, message)
        else:
            self._continuation(number, line, message)

    @property
    def _end(self) -> str:
        terms = self._profile.mt
        return "-}" if terms is not None and terms.envelope == "swift" else "-"

    def _envelope(self, number: int, line: str) -> bool:
        """Check the line before a message, where the bank has one."""
        terms = self._profile.mt
        if terms is None or terms.envelope == "none":
            return False
        if line != f"{{1:F01{terms.sender}0000000000}}{{2:I101{terms.receiver}N}}{{4:":
            raise _fail(number, "is not the beginning of a message to this bank")
        return True

    def _field(self, number: int, line: str, message: _Open) -> None:
        found = _TAG.fullmatch(line)
        if found is None or _X.fullmatch(line) is None:
            raise _fail(number, "is no field in the letters of SWIFT's character set x")
        tag, value = found.groups()
        if tag == "21":
            self._end_of_payment(number, message)
            message.payment, message.last = {}, ""
        order = _SEQUENCE_A if message.payment is None else _SEQUENCE_B
        if tag not in order or (message.last and order.index(tag) <= order.index(message.last)):
            raise _fail(number, f"field {tag} does not stand here")
        if _FORMS[tag].fullmatch(value) is None:
            raise _fail(number, f"field {tag} has not its form")
        message.fields[tag], message.last = [value], tag

    def _continuation(self, number: int, line: str, message: _Open) -> None:
        lines = message.fields.get(message.last)
        if lines is None or len(lines) >= _LINES.get(message.last, 1):
            raise _fail(number, "belongs to no field")
        if len(line) > 35 or line[0] == "-" or _X.fullmatch(line) is None:  # noqa: PLR2004 - 4*35x
            raise _fail(number, "is no line of a field")
        lines.append(line)

    def _end_of_payment(self, number: int, message: _Open) -> None:
        """Add the payment before this line, or check sequence A, behind which the first one begins."""
        if message.payment is None:
            self._head(number, message.head)
            return
        found = message.payment
        missing = _NEEDED[1] - found.keys()
        if missing or len(found["59"]) < 2:  # noqa: PLR2004 - the account and a name
            raise _fail(number, "the payment before lacks a field, or a name")
        message.count += 1
        if self._named(number, found["21"][0]).position != self._payments.count + 1:
            raise _fail(number, "field 21 does not name the place at which the payment stands")
        name = found["70"][0].removeprefix("/ROC/")
        if name in self._ids:
            raise _fail(number, "an EndToEndId stands more than once")
        self._ids.add(name)
        minor, currency = self._amount(number, found["32B"][0])
        self._payments.add(name, self._account(number, found), minor, currency)

    def _head(self, number: int, head: Fields) -> None:
        """Check sequence A: that of every message says the same, but for its own reference and its place."""
        if _NEEDED[0] - head.keys() or len(head["50H"]) < 2:  # noqa: PLR2004 - the account and a name
            raise _fail(number, "sequence A lacks a field, or a name")
        first = self._chain[0] == 0
        own = named(head["20"][0], self._profile.slug)
        if own is None or own.position is not None or own.msg_id != (self._submission or own.msg_id):
            raise _fail(number, "field 20 is no reference of this submission")
        if head["20"][0] in self._ids:
            raise _fail(number, "field 20 is that of a message before")
        self._ids.add(head["20"][0])
        self._submission = own.msg_id
        self._chain_of(number, head)
        same = {tag: lines for tag, lines in head.items() if tag not in {"20", "28D"}}
        if not first and same != self._same:
            raise _fail(number, "sequence A says something else than that of the message before")
        self._same = same
        if "21R" in head and self._named(number, head["21R"][0]).position is not None:
            raise _fail(number, "field 21R names a payment, not the submission")
        if not _is_day(head["30"][0]) or iban_violations(head["50H"][0][1:]):
            raise _fail(number, "day or account of sequence A is none")

    def _chain_of(self, number: int, head: Fields) -> None:
        place, total = map(int, head["28D"][0].split("/"))
        before, whole = self._chain
        if place != before + 1 or total != (whole or total) or place > total:
            raise _fail(number, "field 28D does not continue the chain of messages")
        self._chain = (place, total)

    def _named(self, number: int, text: str) -> Named:
        found = named(text, self._profile.slug)
        if found is None or found.msg_id != self._submission:
            raise _fail(number, "a reference is not one of this submission")
        return found

    def _amount(self, number: int, text: str) -> tuple[int, str]:
        currency, amount = text[:3], text[3:]
        whole, _, fraction = amount.partition(",")
        right = currency in self._profile.currencies and currency == (self._currency or currency)
        if not right or len(amount) > _AMOUNT_MAX or len(fraction) != EXPONENT[currency] or whole != str(int(whole)):
            raise _fail(number, "the amount before is not in its form, or not in the currency of the rest")
        self._currency = currency
        minor = int(whole + fraction)
        if minor == 0:
            raise _fail(number, "the amount before is zero")
        return minor, currency

    def _account(self, number: int, found: Fields) -> str:
        """Return the creditor's account as the payments digest has it."""
        account, terms = found["59"][0][1:], self._profile.mt
        if "57C" not in found:
            if iban_violations(account):
                raise _fail(number, "the account before is no IBAN, and no bank code is told")
            return account
        clearing = f"//{terms.clearing}" if terms is not None and terms.clearing else ""
        if "57A" in found or not clearing or not found["57C"][0].startswith(clearing):
            raise _fail(number, "the account before is at a bank that is not named as agreed")
        return f"{self._profile.country}/{found['57C'][0].removeprefix(clearing)}/{account}"

    def _end_of_message(self, number: int, message: _Open) -> None:
        self._end_of_payment(number, message)
        if not message.count:
            raise _fail(number, "a message without a payment")

    def digests(self) -> Reread:
        """Return what the whole file said."""
        if self._message is not None or not self._payments.count or self._chain[0] != self._chain[1]:
            raise SealMismatch("the file is not whole: a message has no end, or the chain has none")
        return Reread(
            count=self._payments.count,
            sum_minor=self._payments.sum,
            currency=self._currency,
            payments_digest=self._payments.hexdigest(),
            sha256=self._hash.hexdigest(),
            size=self._size,
        )


def _text(number: int, line: bytes) -> str:
    if not line or len(line) > _LINE_MAX or not line.isascii():
        raise _fail(number, "is empty, too long or not in ASCII")
    return line.decode("ascii")


def _is_day(text: str) -> bool:
    try:
        return datetime.strptime(text, "%y%m%d").strftime("%y%m%d") == text  # noqa: DTZ007 - a day only
    except ValueError:
        return False
