"""Reads a bank's delimited reply file: what became of each line of a file of ours.

A payment is named by the number of its line or by its EndToEndId, its file by MsgId or file name. Lenient about form
(line ends, blank lines, a byte order mark), strict about meaning: a line that does not have the layout's fields, or
whose numbers and codes do not look like such, makes the message unreadable. Errors name the line, never what it says.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bank_adapters.flat.lines import at, cells, numbered
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import PAYMENTS_MAX, Layout
from bank_adapters.profile.replies import Replies, ReplyConstant, ReplyHeadField, ReplyLineField
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.reasons import DUPLICATES

_FORMS = {
    "msg_id": re.compile(r"[A-Za-z0-9]{1,35}"),
    "line_number": re.compile(r"[0-9]{1,9}"),
    "count": re.compile(r"[0-9]{1,9}"),
    "result": re.compile(r"[A-Za-z0-9_-]{1,35}"),
    "reason": re.compile(r"([A-Za-z0-9_-]{1,35})?"),
    "end_to_end_id": re.compile(r"[A-Za-z0-9]{0,35}"),
    "bank_reference": re.compile(r"[!-~]{0,35}"),
    "reason_text": re.compile(r".{0,500}"),
    "file_name": re.compile(r"[A-Za-z0-9._-]{1,150}"),
}
"""What a value of each kind looks like; nothing else is kept, so that no name or account is, in a column too far."""
_NO_NAMES = frozenset({"", "NOTPROVIDED", "NONREF"})

Row = dict[str, str]


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what each line says, then what the file says as a whole; see `bank_adapters.spi.Adapter.read`."""
    if profile.layout is None or profile.layout.replies is None:
        raise Unreadable("message.unknown", at(1), "the bank's layout has no replies")
    return _Reply(profile, profile.layout, profile.layout.replies).read(pieces)


class _Reply:
    """A reply file that streams by."""

    def __init__(self, profile: Profile, layout: Layout, replies: Replies) -> None:
        self._layout = layout
        self._replies = replies
        self._name = _name_pattern(profile)
        self._statuses = profile.status_overrides
        self._meant = profile.reason_overrides
        self._duplicates = DUPLICATES | frozenset(profile.answers.duplicate_codes)
        self._file: str | None = None
        self._head: Row = {}
        self._duplicate: str | None = None
        self._lines = 0

    def read(self, pieces: Iterable[bytes]) -> Iterator[Observation]:
        """Read it to its end."""
        replies = self._replies
        lines = numbered(pieces, replies.encoding or self._layout.encoding, all_ended=not replies.trailer)
        first = next(lines, None) if replies.header else None
        if first is not None:
            self._take_head(*first, replies.header)
        last: tuple[int, str] | None = None
        for line in lines:
            if last is not None:
                yield self._line(*last)
            last = line
        if last is None and (replies.trailer or first is None):
            raise Unreadable("message.truncated", "end", "the file is shorter than its layout")
        if last is not None and replies.trailer:
            self._take_head(*last, replies.trailer)
        elif last is not None:
            yield self._line(*last)
        yield from self._whole()

    def _take_head(self, number: int, text: str, fields: Sequence[ReplyHeadField]) -> None:
        found = self._row(number, text, fields)
        claimed = found.pop("count", None)
        if claimed is not None and fields is self._replies.trailer and int(claimed) != self._lines:
            raise Unreadable("count.differs", at(number), "the count is not the number of lines before it")
        self._file = self._named(number, found)
        self._head |= found

    def _row(self, number: int, text: str, fields: Sequence[ReplyHeadField] | Sequence[ReplyLineField]) -> Row:
        """Take a line apart and check the form of every field that says something."""
        replies, layout = self._replies, self._layout
        values = cells(
            number,
            text,
            delimiter=replies.delimiter or layout.delimiter,
            quoting=replies.quoting or layout.quoting,
        )
        if len(values) != len(fields):
            raise Unreadable("line.fields", at(number), f"the line has {len(values)} fields, not {len(fields)}")
        found: Row = {}
        for place, (field, raw) in enumerate(zip(fields, values, strict=True), start=1):
            value = raw.strip()
            if isinstance(field, ReplyConstant):
                if value != field.text.strip():
                    raise Unreadable("field.constant", at(number, place), "the field is not the layout's constant")
            elif field.value != "ignored":
                if _FORMS[field.value].fullmatch(value) is None:
                    raise Unreadable("field.form", at(number, place), f"the field has not the form of a {field.value}")
                found[field.value] = value
        return found

    def _named(self, number: int, found: Row) -> str | None:
        """Return the MsgId that a line names, by itself or in a file name of ours; it must be the header's."""
        names = {found[key] for key in ("msg_id",) if key in found}
        if "file_name" in found:
            ours = self._name.fullmatch(found["file_name"])
            if ours is None:
                raise Unreadable("file.name", at(number), "the file name is none that we give to this bank")
            names.add(ours["msg_id"])
        names = {name.upper() for name in names} | ({self._file} if self._file is not None else set())
        if len(names) > 1:
            raise Unreadable("file.differs", at(number), "the line names another file than the rest")
        return names.pop() if names else None

    def _line(self, number: int, text: str) -> Observation:
        self._lines += 1
        found = self._row(number, text, self._replies.line)
        name = found.get("end_to_end_id", "")
        said = Observation(
            kind=ObservationKind.PAYMENT_STATUS,
            path=at(number),
            msg_id=self._named(number, found),
            position=self._position(number, found),
            end_to_end_id=None if name.upper() in _NO_NAMES else name,
            status=found["result"],
            reason=self._reason(found, self._replies.line),
            reason_text=found.get("reason_text") or None,
            entry_ref=found.get("bank_reference") or None,
        )
        if self._meant.get(said.reason or "", said.reason) in self._duplicates:
            self._duplicate = said.reason
        return said

    def _position(self, number: int, found: Row) -> int | None:
        """Return which of the submission's payments a line is about, from 1."""
        if "line_number" not in found:
            return None
        position = int(found["line_number"]) - self._layout.first_line_number + 1
        if not 1 <= position <= PAYMENTS_MAX:
            raise Unreadable("line.number", at(number), "no file of ours has a payment on a line of this number")
        return position

    def _reason(self, found: Row, fields: Sequence[ReplyHeadField] | Sequence[ReplyLineField]) -> str | None:
        """Return the reason code. Where the layout has no column for it, the code of a rejection says both."""
        if any(field.value == "reason" for field in fields):
            return found["reason"] or None
        result = found.get("result", "")
        return result if self._statuses.get(result) in {"rejected", "cancelled"} else None

    def _whole(self) -> Iterator[Observation]:
        """Say what the header or trailer says of the file; a reply without a line at least names it."""
        if "result" not in self._head and self._lines:
            return
        about = Observation(
            kind=ObservationKind.SUBMISSION_STATUS,
            path=at(1),
            msg_id=self._file,
            status=self._head.get("result"),
            reason=self._reason(self._head, (*self._replies.header, *self._replies.trailer)),
            reason_text=self._head.get("reason_text") or None,
        )
        # A bare rejection above lines that say "already have it" is about the copy, not about the first one.
        yield about if self._duplicate is None else replace(about, reason=self._duplicate)


def _name_pattern(profile: Profile) -> re.Pattern[str]:
    """Make what recognises our own file names, however the bank folds cases."""
    parts = {"msg_id": "(?P<msg_id>[A-Z0-9]{1,35})", "bank": re.escape(profile.slug), "date": "[0-9]{6}"}
    text = re.escape(profile.file_name)
    for name, pattern in parts.items():
        text = text.replace(re.escape(f"{{{name}}}"), pattern, 1)
    return re.compile(text, re.IGNORECASE)
