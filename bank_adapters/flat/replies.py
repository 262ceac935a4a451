"""Reads a bank's flat reply file, delimited or fixed-width: what became of each line of a file of ours.

A payment is named by the number of its line or by its EndToEndId, its file by MsgId or file name. Lenient about form
(line ends, blank lines, a byte order mark), strict about meaning: a line that does not have the layout's fields, or
whose numbers and codes do not look like such, makes the message unreadable. Errors name the line, never what it says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from bank_adapters.flat.lines import Ends, at, cells, numbered
from bank_adapters.observed import observed
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import PAYMENTS_MAX, Layout
from bank_adapters.profile.names import OurNames
from bank_adapters.profile.replies import Replies, ReplyAmount, ReplyConstant, ReplyField, ReplySum, mark
from gateway.domain.errors import Unreadable
from gateway.domain.money import EXPONENT
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.reasons import DUPLICATES

_FORMS = {
    "msg_id": "[A-Za-z0-9]{1,35}",
    "line_number": "[0-9]{1,9}",
    "count": "[0-9]{1,9}",
    "result": "[A-Za-z0-9_-]{1,35}",
    "reason": "(?:[A-Za-z0-9_-]{1,35})?",
    "end_to_end_id": "[A-Za-z0-9]{0,35}",
    "bank_reference": "[!-~]{0,35}",
    "reason_text": "(?:[^\x1f\\s](?:[^\x1f]{0,498}[^\x1f\\s])?)?",
    "file_name": "[A-Za-z0-9._-]{1,150}",
    "ignored": "[^\x1f]*",
}
"""What a value of each kind looks like; nothing else is kept, so that no name or account is, in a column too far."""
_NO_NAMES = frozenset({"", "NOTPROVIDED", "NONREF"})
_BETWEEN = "\x1f"

Row = Mapping[str, str]


class _Record:
    """A line's fields, made ready: one pattern for a whole line; field by field only where it does not match."""

    def __init__(self, fields: Sequence[ReplyField], layout: Layout, replies: Replies) -> None:
        self._fields = fields
        self._delimiter = replies.delimiter or layout.delimiter or ""
        self._quoting = replies.quoting or layout.quoting
        self._short = replies.short_lines
        forms = [_form(field) for field in fields]
        self._each = [re.compile(form) for form in forms]
        said = [field.value not in {"constant", "ignored"} for field in fields]
        parts = (f"({form})" if told else form for form, told in zip(forms, said, strict=True))
        blanks = " *" if replies.fixed else r"[ \t]*"
        self._whole = re.compile(_BETWEEN.join(f"{blanks}{part}{blanks}" for part in parts))
        self._names = [field.value for field, told in zip(fields, said, strict=True) if told]
        self._length = sum(field.width or 0 for field in fields)
        starts = [sum(one.width or 0 for one in fields[:place]) for place in range(len(fields))]
        slices = [slice(start, start + (field.width or 0)) for start, field in zip(starts, fields, strict=True)]
        self._columns = _slicer(slices) if replies.fixed else None

    def row(self, number: int, text: str) -> Row:
        """Take a line apart and check the form of every field that says something. Raises Unreadable."""
        parts = self._parts(number, text)
        found = self._whole.fullmatch(_BETWEEN.join(parts))
        if found is None:
            self._refuse(number, parts)
            raise Unreadable("line.fields", at(number), "the line is none of the layout")
        return dict(zip(self._names, found.groups(), strict=True))

    def _parts(self, number: int, text: str) -> Sequence[str]:
        if self._columns is None:
            parts = cells(number, text, delimiter=self._delimiter, quoting=self._quoting)
            if len(parts) != len(self._fields):
                told = f"the line has {len(parts)} fields, not {len(self._fields)}"
                raise Unreadable("line.fields", at(number), told)
            return parts
        if self._short:
            text = text.ljust(self._length)
        if len(text) != self._length:
            raise Unreadable("line.width", at(number), f"the line has {len(text)} columns, not {self._length}")
        return self._columns(text)

    def _refuse(self, number: int, parts: Sequence[str]) -> None:
        """Say which field is wrong."""
        for place, (field, form, raw) in enumerate(zip(self._fields, self._each, parts, strict=True), start=1):
            if form.fullmatch(raw.strip()) is not None:
                continue
            if isinstance(field, ReplyConstant):
                raise Unreadable("field.constant", at(number, place), "the field is not the layout's constant")
            raise Unreadable("field.form", at(number, place), f"the field has not the form of a {field.value}")


def _refusals(profile: Profile) -> frozenset[str]:
    """Return the results by which this bank refuses."""
    own = {code: word in {"rejected", "cancelled"} for code, word in profile.status_overrides.items()}
    return frozenset(code for code, refuses in ({"RJCT": True, "CANC": True} | own).items() if refuses)


def _slicer(columns: Sequence[slice]) -> Callable[[str], Sequence[str]]:
    """Return what cuts a line into columns."""
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda text: [text[column] for column in columns]


def _form(field: ReplyField) -> str:
    if isinstance(field, ReplyConstant):
        return re.escape(field.text.strip())
    if isinstance(field, ReplySum | ReplyAmount):
        plus = {"none": ("", ""), "leading": (r"\+", ""), "trailing": ("", r"\+")}[field.plus]
        behind = "" if field.decimal_sign == "none" else f"(?:{re.escape(field.decimal_sign)}[0-9]{{1,5}})?"
        return f"{plus[0]}[0-9]{{1,20}}{behind}{plus[1]}"
    return _FORMS[field.value]


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what each line says, then what the file says as a whole; see `bank_adapters.spi.Adapter.read`."""
    if profile.layout is None or profile.layout.replies is None:
        raise Unreadable("message.unknown", at(1), "the bank's layout has no replies")
    return _Reply(profile, profile.layout, profile.layout.replies).read(pieces)


class _Reply:
    """A reply file that streams by: one answer, or several of them one after the other."""

    def __init__(self, profile: Profile, layout: Layout, replies: Replies) -> None:
        self._profile, self._layout, self._replies = profile, layout, replies
        self._names = OurNames(profile)
        self._header = _Record(replies.header, layout, replies)
        self._line_record = _Record(replies.line, layout, replies)
        self._trailer = _Record(replies.trailer, layout, replies)
        self._names_file = any(field.value in {"msg_id", "file_name"} for field in replies.line)
        self._numbers_lines = any(field.value == "line_number" for field in replies.line)
        self._before_first = layout.first_line_number - 1
        self._has_reason = any(field.value == "reason" for field in replies.line)
        self._amount = next((field for field in replies.line if isinstance(field, ReplyAmount)), None)
        self._meant = profile.reason_overrides
        self._duplicates = DUPLICATES | frozenset(profile.answers.duplicate_codes)
        self._refusals = _refusals(profile)
        self._begin()

    def _begin(self) -> None:
        """Forget the answer before."""
        self._file: str | None = None
        self._head: dict[str, str] = {}
        self._claims: list[tuple[int, Row]] = []
        self._duplicate: str | None = None
        self._refused = False
        self._lines, self._sum, self._first = 0, 0, 1

    def read(self, pieces: Iterable[bytes]) -> Iterator[Observation]:
        """Read it to its end."""
        replies, layout = self._replies, self._layout
        whole = True if replies.short_lines or not replies.trailer else None
        length = sum(field.width or 0 for field in replies.line) if replies.line_end == "none" else None
        ends = Ends(encoding=replies.encoding or layout.encoding, last=whole, length=length)
        lines = numbered(pieces, ends)
        yield from self._several(lines) if replies.several else self._one(lines)

    def _one(self, lines: Iterator[tuple[int, str]]) -> Iterator[Observation]:
        """Read a file of one answer, whose records are known by their place."""
        replies = self._replies
        first = next(lines, None) if replies.header else None
        if first is not None:
            self._take_head(*first, self._header)
        last: tuple[int, str] | None = None
        for line in lines:
            if last is not None:
                yield self._line(*last)
            last = line
        if last is None and (replies.trailer or first is None):
            raise _short()
        if last is not None and replies.trailer:
            self._take_head(*last, self._trailer)
        elif last is not None:
            yield self._line(*last)
        yield from self._whole()

    def _several(self, lines: Iterator[tuple[int, str]]) -> Iterator[Observation]:
        """Read a file of several answers, whose records are known by the constants with which they begin."""
        replies, opened = self._replies, False
        header, trailer = mark(replies.header), mark(replies.trailer)
        for number, text in lines:
            begins = self._begins(number, text, len(header))
            if begins == header:
                if opened and trailer:
                    raise Unreadable("message.truncated", at(number), "another answer begins before this one has ended")
                if opened:
                    yield from self._whole()
                self._begin()
                self._first, opened = number, True
                self._take_head(number, text, self._header)
            elif not opened:
                raise Unreadable("field.constant", at(number, 1), "the line stands in no answer")
            elif trailer and begins == trailer:
                self._take_head(number, text, self._trailer)
                yield from self._whole()
                opened = False
            else:
                yield self._line(number, text)
        if opened and trailer:
            raise _short()
        if opened:
            yield from self._whole()
        elif not self._claims:
            raise _short()

    def _begins(self, number: int, text: str, width: int) -> str:
        if self._replies.fixed:
            return text[:width]
        delimiter = self._replies.delimiter or self._layout.delimiter or ""
        return cells(number, text, delimiter=delimiter, quoting=self._replies.quoting or self._layout.quoting)[
            0
        ].strip()

    def _take_head(self, number: int, text: str, record: _Record) -> None:
        found = dict(record.row(number, text))
        self._claims.append((number, found))
        self._file = self._named(number, found)
        self._head |= found

    def _named(self, number: int, found: Row) -> str | None:
        """Return the MsgId that a line names, by itself or in a file name of ours; it must be the header's."""
        names = {found[key] for key in ("msg_id",) if key in found}
        if "file_name" in found:
            ours = self._names.msg_id(found["file_name"])
            if ours is None:
                raise Unreadable("file.name", at(number), "the file name is none that we give to this bank")
            names.add(ours)
        names = {name.upper() for name in names} | ({self._file} if self._file is not None else set())
        if len(names) > 1:
            raise Unreadable("file.differs", at(number), "the line names another file than the rest")
        return names.pop() if names else None

    def _line(self, number: int, text: str) -> Observation:
        self._lines += 1
        found = self._line_record.row(number, text)
        minor, currency = self._amount_of(found, number)
        name = found.get("end_to_end_id")
        reason = found["reason"] or None if self._has_reason else self._reason(found, asked=False)
        said = observed(
            kind=ObservationKind.PAYMENT_STATUS,
            path=at(number),
            msg_id=self._named(number, found) if self._names_file else self._file,
            position=self._position(number, found) if self._numbers_lines else None,
            end_to_end_id=None if name is None or name.upper() in _NO_NAMES else name,
            status=found["result"],
            reason=reason,
            reason_text=found.get("reason_text") or None,
            amount_minor=minor,
            currency=currency,
            entry_ref=found.get("bank_reference") or None,
        )
        if self._says_duplicate(reason):
            self._duplicate = reason
            return said
        return self._below_duplicate(said) if found["result"] in self._refusals else said

    def _below_duplicate(self, said: Observation) -> Observation:
        """Give a refused line the header's reason, if that says that a copy is refused: the first one is live."""
        above = self._reason(self._head, asked="reason" in self._head)
        if self._says_duplicate(above):
            own = "; ".join(filter(None, (said.reason, said.reason_text)))
            return replace(said, reason=above, reason_text=own or None)
        self._refused = True
        return said

    def _says_duplicate(self, reason: str | None) -> bool:
        return reason is not None and (reason in self._duplicates or self._meant.get(reason) in self._duplicates)

    def _position(self, number: int, found: Row) -> int:
        """Return which of the submission's payments a line is about, from 1."""
        position = int(found["line_number"]) - self._before_first
        if not 1 <= position <= PAYMENTS_MAX:
            raise Unreadable("line.number", at(number), "no file of ours has a payment on a line of this number")
        return position

    def _reason(self, found: Row, *, asked: bool) -> str | None:
        """Return the reason code. Where the layout has no column for it, the code of a rejection says both."""
        if asked:
            return found["reason"] or None
        result = found.get("result", "")
        return result if self._profile.status_overrides.get(result) in {"rejected", "cancelled"} else None

    def _check_claims(self) -> None:
        """Compare what header and trailer say of the lines with the lines."""
        total = next((f for f in (*self._replies.header, *self._replies.trailer) if isinstance(f, ReplySum)), None)
        for number, found in self._claims:
            if "count" in found and int(found["count"]) != self._lines:
                raise Unreadable("count.differs", at(number), "the count is not the number of lines of the answer")
            if total is not None and "sum" in found and self._scaled(total, found["sum"], number) != self._sum:
                raise Unreadable("sum.differs", at(number), "the sum is not that of the lines of the answer")

    def _amount_of(self, found: Row, number: int) -> tuple[int | None, str | None]:
        """Add a line's amount up; return it in minor units where the bank pays in one currency: no column tells it."""
        if self._amount is None:
            return None, None
        scaled = self._scaled(self._amount, found["amount"], number)
        self._sum += scaled
        if len(self._profile.currencies) > 1:
            return None, None
        currency = self._profile.currencies[0]
        minor, more = divmod(scaled, _SCALES[EXPONENT[currency]])
        if more:
            raise Unreadable("money.decimals", at(number), f"{currency} has {EXPONENT[currency]} decimals")
        return minor, currency

    def _scaled(self, field: ReplySum | ReplyAmount, text: str, number: int) -> int:
        """Return an amount in the smallest unit that any layout writes, a hundred thousandth."""
        digits = text.strip("+")
        exponent = EXPONENT[self._profile.currencies[0]]
        decimals = exponent if field.decimals is None else field.decimals
        if field.decimal_sign == "none":
            return int(digits) * _SCALES[decimals]
        before, _, behind = digits.partition(field.decimal_sign)
        if len(behind) != decimals:
            raise Unreadable("amount.decimals", at(number), f"an amount has not {decimals} decimals")
        return int(before + behind) * _SCALES[decimals]

    def _whole(self) -> Iterator[Observation]:
        """Say what the header or trailer says of the file; a reply without a line at least names it."""
        self._check_claims()
        if "result" not in self._head and self._lines:
            return
        reason = self._reason(self._head, asked="reason" in self._head)
        if self._refused and self._says_duplicate(reason):
            raise Unreadable("reply.duplicate", at(self._first), "that it is a copy was said behind lines it refuses")
        about = Observation(
            kind=ObservationKind.SUBMISSION_STATUS,
            path=at(self._first),
            msg_id=self._file,
            status=self._head.get("result"),
            reason=reason,
            reason_text=self._head.get("reason_text") or None,
        )
        # A bare rejection above lines that say "already have it" is about the copy, not about the first one.
        yield about if self._duplicate is None else replace(about, reason=self._duplicate)


_SCALES = (100_000, 10_000, 1_000, 100, 10, 1)
"""Of amounts with so many decimals, to those with five, the most that any layout writes."""


def _short() -> Unreadable:
    return Unreadable("message.truncated", "end", "the file is shorter than its layout")
