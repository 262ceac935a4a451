"""Writes a flat file by its layout: header, per paying account its payments with what follows them, trailer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from bank_adapters.capabilities import Instrument
from bank_adapters.flat import values
from bank_adapters.flat.chunk import Chunk, Shape
from bank_adapters.flat.record import Count, Frame, LineWriter, OwnValue, file_line
from bank_adapters.flat.totals import Totals
from bank_adapters.flat.values import Unfit
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import FileAmount, FileCheck, FileField, FileNumber, Own
from bank_adapters.profile.layout import Layout
from bank_adapters.spi import Block, Payment, SubmissionContent
from gateway.domain.errors import CannotRender, ConfigError, Oversized
from gateway.domain.identity import reference_violations

PIECE = 64 * 1024
"""Bytes a piece handed on, a chunk of lines more or less."""
CHUNK = 256
"""Payments that are written together: so many are in memory at a time."""
ENDS: Mapping[str, str] = {"CRLF": "\r\n", "LF": "\n", "none": ""}


def layout_of(profile: Profile) -> Layout:
    """Return the layout, which every profile of these families has."""
    if profile.layout is None:
        raise ConfigError(f"bank {profile.slug}: has no layout")
    return profile.layout


def refusals(submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
    """Return, by EndToEndId, why a payment cannot be written."""
    payments = [payment for block in submission.every_block for payment in block.payments]
    counts = Counter(payment.end_to_end_id for payment in payments)
    found = {one: f"payment {one}: the EndToEndId stands more than once" for one, count in counts.items() if count > 1}
    if payments:
        for section in _File(submission, profile).sections:
            for error in section.broken():
                found.setdefault(error.end_to_end_id, str(error))
    return found


def render(submission: SubmissionContent, profile: Profile, own: OwnValue) -> Iterator[bytes]:
    """Write the file; see `bank_adapters.spi.Adapter.render`. What was yielded before an error may not be used."""
    _check(submission, profile)
    file, limit = _File(submission, profile), profile.limits.bytes_per_submission
    kept, size, lines = bytearray(), 0, 0
    for text, count in file.texts(own):
        encoded = text.encode(file.layout.encoding)
        kept += encoded
        size, lines = size + len(encoded), lines + count
        if limit is not None and size > limit:
            raise Oversized(f"submission {submission.msg_id}: its bytes are over the bank's limit")
        if file.layout.lines_max is not None and lines > file.layout.lines_max:
            raise Oversized(f"submission {submission.msg_id}: its lines are over the bank's limit")
        if len(kept) >= PIECE:
            yield bytes(kept)
            kept.clear()
    if kept:
        yield bytes(kept)


def _check(submission: SubmissionContent, profile: Profile) -> None:
    """Refuse a submission that is wrong as a whole."""
    where, blocks = f"submission {submission.msg_id}", submission.every_block
    payments = [payment for block in blocks for payment in block.payments]
    limits = profile.limits
    most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
    if submission.blocks and submission.payments:
        raise CannotRender(f"{where}: payments beside its blocks")
    if not 1 <= len(payments) <= most or not all(block.payments for block in blocks):
        raise CannotRender(f"{where}: {len(payments)} payments, not 1 to {most}")
    if len({payment.end_to_end_id for payment in payments}) != len(payments):
        raise CannotRender(f"{where}: an EndToEndId stands more than once")
    if len({payment.amount.currency for payment in payments}) != 1:
        raise CannotRender(f"{where}: one file is of one currency")
    for violation in reference_violations(submission.msg_id):
        raise CannotRender(f"{where}: MsgId: {violation.text}")
    if submission.created_at.tzinfo is None:
        raise CannotRender(f"{where}: the seal time has no zone")
    limit = profile.sum_limit(payments[0].amount.currency)
    if limit is not None and sum(payment.amount.minor for payment in payments) > limit:
        raise CannotRender(f"{where}: the sum is over the bank's limit")


class _Refused(CannotRender):
    """One payment that cannot be written."""

    def __init__(self, payment: Payment, why: Unfit) -> None:
        self.end_to_end_id = payment.end_to_end_id
        rule = "" if "(rule " in str(why) else " (rule layout.form)"
        super().__init__(f"payment {payment.end_to_end_id}: {why}{rule}")


@dataclass(slots=True)
class _Tally:
    """What has been written so far."""

    count: int = 0
    sum_minor: int = 0
    hashed: int = 0
    records: int = 0

    def add(self, chunk: Chunk) -> None:
        self.count += len(chunk.payments)
        self.sum_minor += sum(chunk.minors)
        self.hashed += sum(chunk.hashed)
        self.records += len(chunk.payments) + sum(len(one.of) for one in chunk.following)

    def add_all(self, other: "_Tally") -> None:
        self.count += other.count
        self.sum_minor += other.sum_minor
        self.hashed += other.hashed
        self.records += other.records


class _Section:
    """The payments of one paying account."""

    def __init__(self, frame: Frame, shape: Shape, first: int) -> None:
        self.frame, self._shape, self._first = frame, shape, first
        layout = frame.layout
        try:
            self._own = LineWriter(layout.payment, frame)
            self._following = [LineWriter(one.fields, frame) for one in layout.following]
        except Unfit as error:
            raise CannotRender(f"submission {frame.submission.msg_id}: {error}") from None

    def survey(self) -> _Tally:
        """Count and add up, without writing."""
        tally = _Tally()
        for payments, first in self._runs():
            tally.add(self._chunk(payments, first))
        return tally

    def lines(self, before: int, tally: _Tally) -> Iterator[list[str]]:
        """Write the lines, and count them; `before` stand already. Raises CannotRender naming payment and rule."""
        for payments, first in self._runs():
            chunk = self._chunk(payments, first)
            try:
                lines = self._written(chunk, before + tally.records)
            except Unfit as error:
                raise self._named(payments, first, error) from None
            tally.add(chunk)
            yield lines

    def broken(self) -> Iterator[_Refused]:
        """Yield what is wrong with each payment that cannot be written."""
        for payments, first in self._runs():
            try:
                self._written(self._shape.chunk(payments, first, self.frame.profile), 0)
            except Unfit:
                yield from self._each(payments, first)

    def _runs(self) -> Iterator[tuple[Sequence[Payment], int]]:
        """Yield the payments, some at a time, with the place of the first of them in the submission."""
        payments = self.frame.block.payments
        for at in range(0, len(payments), CHUNK):
            yield payments[at : at + CHUNK], self._first + at

    def _chunk(self, payments: Sequence[Payment], first: int) -> Chunk:
        try:
            return self._shape.chunk(payments, first, self.frame.profile)
        except Unfit as error:
            raise self._named(payments, first, error) from None

    def _named(self, payments: Sequence[Payment], first: int, error: Unfit) -> CannotRender:
        """Find the payment that cannot be written among some."""
        where = f"submission {self.frame.submission.msg_id}"
        return next(self._each(payments, first), None) or CannotRender(f"{where}: {error}")

    def _each(self, payments: Sequence[Payment], first: int) -> Iterator[_Refused]:
        """Write payments one by one, to find those that cannot be written."""
        for place, payment in enumerate(payments, start=first):
            try:
                self._written(self._shape.chunk([payment], place, self.frame.profile), 0)
            except Unfit as error:
                yield _Refused(payment, error)

    def _written(self, chunk: Chunk, before: int) -> list[str]:
        """Write the lines of a chunk, each payment's own before those that follow it; `before` lines stand already."""
        if not self._following:
            return self._own.lines(replace(chunk, records=range(before + 1, before + 1 + len(chunk.payments))))
        counts = [1] * len(chunk.payments)
        for followers in chunk.following:
            for row in followers.of:
                counts[row] += 1
        starts = list(accumulate(counts, initial=before + 1))
        groups = [[line] for line in self._own.lines(replace(chunk, records=starts[:-1]))]
        for writer, followers in zip(self._following, chunk.following, strict=True):
            if not followers.of:
                continue
            taken = Counter[int]()
            records = []
            for row in followers.of:
                records.append(starts[row] + len(groups[row]) + taken[row])
                taken[row] += 1
            lines = writer.lines(chunk.rows(followers.of, followers.texts, records))
            for row, line in zip(followers.of, lines, strict=True):
                groups[row].append(line)
        return list(chain.from_iterable(groups))


class _File:
    """One file in the making."""

    def __init__(self, submission: SubmissionContent, profile: Profile) -> None:
        self.layout = layout_of(profile)
        self._submission, self._profile = submission, profile
        blocks, shape, first = submission.every_block, Shape(self.layout), 0
        if len(blocks) > 1 and not self.layout.debtor:
            raise CannotRender(f"submission {submission.msg_id}: several blocks, and the layout has no record debtor")
        self._currency = next(payment for block in blocks for payment in block.payments).amount.currency
        self.sections = []
        for block in blocks:
            self.sections.append(_Section(self._frame(block), shape, first))
            first += len(block.payments)

    def _frame(self, block: Block) -> Frame:
        fields = (*self.layout.of_file, *self.layout.payment)
        if block.instrument is not Instrument.NORMAL and not any(one.value == "instrument" for one in fields):
            raise CannotRender(f"submission {self._submission.msg_id}: the layout has no field for the instrument")
        if block.ultimate_debtor is not None and not any(one.value == "ultimate_debtor_name" for one in fields):
            raise CannotRender(f"submission {self._submission.msg_id}: the layout has no field for the ultimate debtor")
        return Frame(
            submission=self._submission,
            block=block,
            profile=self._profile,
            layout=self.layout,
            currency=self._currency,
        )

    def texts(self, own: OwnValue) -> Iterator[tuple[str, int]]:
        """Yield the file's text, part by part, each with its number of lines."""
        end, begun = ENDS[self.layout.line_end], False
        for lines in self._lines(own):
            yield (end if begun else "") + end.join(lines), len(lines)
            begun = True
        if self.layout.last_line_ended:
            yield end, 0

    def _lines(self, own: OwnValue) -> Iterator[list[str]]:
        early = any(map(_is_total, chain(self.layout.header, self.layout.debtor)))
        surveys = [section.survey() if early else _Tally() for section in self.sections]
        done, whole = _Tally(), self._whole(surveys)
        if self.layout.header:
            yield [self._line(self.layout.header, self.sections[0], whole, done, own)]
            done.records += 1
        for section, survey in zip(self.sections, surveys, strict=True):
            if self.layout.debtor:
                yield [self._line(self.layout.debtor, section, survey, done, own)]
                done.records += 1
            tally = _Tally()
            yield from section.lines(done.records, tally)
            done.add_all(tally)
            if self.layout.debtor_trailer:
                yield [self._line(self.layout.debtor_trailer, section, tally, done, own)]
                done.records += 1
        if self.layout.trailer:
            all_records = replace(done, records=done.records + 1)
            yield [self._line(self.layout.trailer, self.sections[0], all_records, done, own)]

    def _whole(self, surveys: Iterable[_Tally]) -> _Tally:
        """Return what the whole file will be."""
        whole = _Tally(records=len(self.layout.header[:1]) + len(self.layout.trailer[:1]))
        for survey in surveys:
            whole.add_all(survey)
            whole.records += len(self.layout.debtor[:1]) + len(self.layout.debtor_trailer[:1])
        return whole

    def _line(self, fields: Sequence[FileField], section: _Section, tally: _Tally, done: _Tally, own: OwnValue) -> str:
        totals = Totals(
            count=tally.count,
            sum_minor=tally.sum_minor,
            currency=self._currency,
            hash_total=values.hash_total(self.layout.hash_total, tally.hashed),
        )
        count = Count(totals=totals, records=tally.records, record_number=done.records + 1)
        try:
            return file_line(fields, section.frame, count, own)
        except Unfit as error:
            raise CannotRender(f"submission {self._submission.msg_id}: {error}") from None


def _is_total(field: FileField) -> bool:
    """Whether a field is known only once the payments are."""
    early = isinstance(field, FileNumber) and field.value not in {"record_number", "file_sequence"}
    return early or isinstance(field, FileAmount | FileCheck | Own)
