"""Reads a rendered flat file back from its bytes: the four digests of a seal. Shares no code with the writer.

In the same pass the file is held against its record table: every field has the form that the layout gives it, lines
are numbered without gaps, and what the file says of itself (count, sum, hash total) equals what it holds.
"""

from collections.abc import Callable, Iterable, Sequence

from bank_adapters.flat.lines import Ends, at, blocks
from bank_adapters.flat.match import Matcher, differs
from bank_adapters.flat.sections import Claims, Payments, Run, Tally
from bank_adapters.flat.totals import Totals
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import Layout, mark
from bank_adapters.spi import Reread
from gateway.domain.digest import Hashed
from gateway.domain.errors import ConfigError, SealMismatch, Unreadable

_ENDS = {"CRLF": "\r\n", "LF": "\n", "none": None}


def reread(pieces: Iterable[bytes], profile: Profile, own: Callable[[str, Totals], str]) -> Reread:
    """Read the digests of a file back; see `bank_adapters.spi.Adapter.reread`."""
    if profile.layout is None:
        raise ConfigError(f"bank {profile.slug}: has no layout")
    hashed = Hashed(pieces)
    file = _File(profile, profile.layout, own)
    try:
        for number, lines in blocks(hashed, _ends(profile.layout)):
            file.take(number, lines)
    except Unreadable as error:
        raise SealMismatch(f"the rendered file cannot be read back: {error}") from error
    return file.digests(hashed)


def _ends(layout: Layout) -> Ends:
    length = sum(field.width or 0 for field in layout.payment) if layout.line_end == "none" else None
    return Ends(encoding=layout.encoding, end=_ENDS[layout.line_end], last=layout.last_line_ended, length=length)


class _File:
    """A file that streams by. The first and the last line are known by their place, all others by what they begin with.

    Without records of other kinds between them, all others are payments.
    """

    def __init__(self, profile: Profile, layout: Layout, own: Callable[[str, Totals], str]) -> None:
        self._layout = layout
        self._own = own
        self._held: tuple[int, str] | None = None
        self._whole, self._section = Tally(), Tally()
        self._payments = Payments(profile, layout)
        self._claims = {name: Claims(profile, layout, self._payments, name) for name in _HEADS if getattr(layout, name)}
        self._following = [Matcher(record.fields, layout, profile) for record in layout.following]
        self._begins = {mark(layout.payment): _PAYMENT}
        self._begins |= {mark(record.fields): place for place, record in enumerate(layout.following)}
        self._begins |= {mark(layout.debtor): _DEBTOR} if layout.debtor else {}
        self._begins |= {mark(layout.debtor_trailer): _DEBTOR_TRAILER} if layout.debtor_trailer else {}
        self._run = Run()
        self._ids: Sequence[str] = ()
        self._mixed = bool(layout.following or layout.debtor)
        self._lines = 0

    def take(self, number: int, lines: Sequence[str]) -> None:
        """Take a run of lines, of which the last is kept until it is known whether it is the file's last."""
        if not lines:
            return
        held = [self._held[1]] if self._held else []
        first = number - len(held)
        *ready, last = [*held, *lines]
        self._held = (number + len(lines) - 1, last)
        self._lines = number + len(lines) - 1
        if first == 1 and ready and self._layout.header:
            self._claims["header"].take(1, ready.pop(0))
            first = 2
        self._between(first, ready)

    def _between(self, first: int, lines: Sequence[str]) -> None:
        if not self._mixed:
            self._payments.take(range(first, first + len(lines)), lines, self._section)
            return
        for number, line in enumerate(lines, start=first):
            self._sort(number, line)
        self._take_run()

    def _sort(self, number: int, line: str) -> None:
        """Put a line to those of its kind, which are read together, or read what is not about one payment."""
        kind = self._begins.get(self._begin(number, line))
        if kind is None or (kind >= _PAYMENT and self._layout.debtor and not self._claims["debtor"].taken):
            raise differs(at(number))
        if kind >= _PAYMENT:
            self._run.sort(number, kind, line, self._layout.following)
            return
        self._take_run()
        name = "debtor" if kind == _DEBTOR else "debtor_trailer"
        if kind == _DEBTOR:
            self._end_section(number)
            self._payments.begin_section()
        self._claims[name].take(number, line)
        if kind == _DEBTOR_TRAILER:
            self._end_section(number)

    def _take_run(self) -> None:
        """Read the payments of a run, then what follows them."""
        run, before = self._run, self._payments.count
        self._ids = [*self._ids[-1:], *self._payments.take(run.numbers, run.lines, self._section)]
        # The first of the ids is that of a payment read before, if there is one, for what follows it may come later.
        known = before - (len(self._ids) - len(run.lines))
        for follower in run.followers:
            matcher = self._following[follower.kind]
            row = matcher.row(follower.number, follower.line)
            for field, value in zip(matcher.named, row, strict=True):
                wanted = {"end_to_end_id": self._ids[follower.payment - known - 1]}.get(field.value, value)
                line_number = self._layout.first_line_number + follower.payment - 1
                if value != wanted or (field.value == "line_number" and int(value) != line_number):
                    raise differs(matcher.where(follower.number, matcher.place(field)))
                self._payments.check(follower.number, matcher, field, value)
        self._section.records += len(run.followers)
        run.clear()

    def _begin(self, number: int, line: str) -> str:
        """Return what a line begins with, as `mark` tells it of records."""
        if self._layout.fixed:
            return line[: len(mark(self._layout.payment))]
        return self._payments.matcher.begin(number, line)

    def _end_section(self, number: int) -> None:
        """Compare what the records of an account say of its payments with these."""
        layout, claims = self._layout, self._claims
        self._run.end(number, layout.following)
        if not self._section.count:
            if claims["debtor"].taken or (layout.debtor_trailer and claims["debtor_trailer"].taken):
                raise SealMismatch(f"{at(number)}: a paying account without payments")
            return
        for name in filter(claims.__contains__, ("debtor", "debtor_trailer")):
            if not claims[name].taken:
                raise SealMismatch(f"{at(number)}: the record {name} of these payments is missing")
            claims[name].compare(self._section, self._own)
        self._whole.add(self._section)
        self._section = Tally()

    def digests(self, hashed: Hashed) -> Reread:
        """Return what the whole file said, if it agrees with what it holds."""
        self._last()
        self._payments.check_sequence()
        if not self._whole.count:
            raise SealMismatch("the file holds no payment")
        self._whole.records = self._lines
        for name in filter(self._claims.__contains__, ("header", "trailer")):
            self._claims[name].compare(self._whole, self._own)
        return Reread(
            count=self._whole.count,
            sum_minor=self._whole.sum,
            currency=self._payments.currency,
            payments_digest=self._payments.hexdigest(),
            sha256=hashed.hash.hexdigest(),
            size=hashed.size,
        )

    def _last(self) -> None:
        """Take the line that turned out to be the last."""
        if self._held is None or (self._held[0] == 1 and self._layout.header):
            raise SealMismatch("the file is shorter than its layout")
        number, line = self._held
        if self._layout.trailer:
            self._claims["trailer"].take(number, line)
        else:
            self._between(number, [line])
        if self._layout.debtor and self._layout.debtor_trailer and not self._section.count:
            return
        self._end_section(number)


_PAYMENT, _DEBTOR, _DEBTOR_TRAILER = -1, -2, -3
"""Kinds of lines; a record that follows a payment is of the kind of its place among them."""
_HEADS = ("header", "debtor", "debtor_trailer", "trailer")
