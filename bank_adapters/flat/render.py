"""Writes a delimited file by its layout: header, a line a payment, trailer."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from bank_adapters.flat import values
from bank_adapters.flat.totals import Totals
from bank_adapters.flat.values import Unfit
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import (
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    FileField,
    FileNumber,
    FileReference,
    FileText,
    Layout,
    Own,
    PaymentAmount,
    PaymentField,
    PaymentNumber,
    PaymentReference,
    PaymentText,
    Remittance,
)
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.errors import CannotRender, ConfigError, Oversized
from gateway.domain.identity import reference_violations

PIECE = 64 * 1024
"""Bytes a piece handed on, a line more or less."""

OwnValue = Callable[[str, Totals], str]
"""How a bank's own module computes a value by name."""


def layout_of(profile: Profile) -> Layout:
    """Return the layout, which every profile of this family has."""
    if profile.layout is None:
        raise ConfigError(f"bank {profile.slug}: has no layout")
    return profile.layout


def refusals(submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
    """Return, by EndToEndId, why a payment cannot be written."""
    counts = Counter(payment.end_to_end_id for payment in submission.payments)
    found = {one: f"payment {one}: the EndToEndId stands more than once" for one, count in counts.items() if count > 1}
    file = _File(submission, profile)
    for place, payment in enumerate(submission.payments):
        try:
            file.payment(payment, place)
        except CannotRender as error:
            found.setdefault(payment.end_to_end_id, str(error))
    return found


def render(submission: SubmissionContent, profile: Profile, own: OwnValue) -> Iterator[bytes]:
    """Write the file; see `bank_adapters.spi.Adapter.render`."""
    _check(submission, profile)
    file = _File(submission, profile)
    payments = [file.payment(payment, place) for place, payment in enumerate(submission.payments)]
    totals = file.totals()
    header, trailer = (file.record(fields, totals, own) for fields in (file.layout.header, file.layout.trailer))
    lines = [*header, *payments, *trailer]
    size, limit = sum(map(len, lines)), profile.limits.bytes_per_submission
    if limit is not None and size > limit:
        raise Oversized(f"submission {submission.msg_id}: {size} bytes are over the bank's limit")
    return _pieces(lines)


def _pieces(lines: Sequence[bytes]) -> Iterator[bytes]:
    kept = bytearray()
    for line in lines:
        kept += line
        if len(kept) >= PIECE:
            yield bytes(kept)
            kept.clear()
    if kept:
        yield bytes(kept)


def _check(submission: SubmissionContent, profile: Profile) -> None:
    """Refuse a submission that is wrong as a whole."""
    where, payments = f"submission {submission.msg_id}", submission.payments
    limits = profile.limits
    most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
    if not 1 <= len(payments) <= most:
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


Write = Callable[[Payment, int, Mapping[str, str]], str]
"""Writes one field of a payment: the payment, its place from 0, the parts of its creditor's account."""


class _File:
    """One file in the making: it adds up what it writes."""

    def __init__(self, submission: SubmissionContent, profile: Profile) -> None:
        self.layout = layout_of(profile)
        self._submission = submission
        self._profile = profile
        self._currency = submission.payments[0].amount.currency if submission.payments else profile.currencies[0]
        self._tells_country = any(field.value == "creditor_country" for field in self.layout.payment)
        self._writers = [(field.value, self._writer(field)) for field in self.layout.payment]
        self._amounts: list[int] = []
        self._hashed: list[int] = []

    def totals(self) -> Totals:
        """Return the totals of the payments written so far."""
        return Totals(
            count=len(self._amounts),
            sum_minor=sum(self._amounts),
            currency=self._currency,
            hash_total=values.hash_total(self.layout.hash_total, self._hashed),
        )

    def payment(self, payment: Payment, place: int) -> bytes:
        """Write a payment's line; `place` counts from 0. Raises CannotRender naming the payment and the broken rule."""
        where = f"payment {payment.end_to_end_id}"
        broken = values.outlawed(payment, self._profile)
        if broken is not None:
            raise CannotRender(f"{where}: {broken}")
        try:
            parts = values.account_parts(payment.creditor_account, self._profile, tells_country=self._tells_country)
            rule, minor = self.layout.hash_total, payment.amount.minor
            added = values.hashed(rule, parts, minor) if rule else 0
        except Unfit as error:
            raise CannotRender(f"{where}: the creditor's account {error}") from None
        line = self._line(where, ((name, partial(write, payment, place, parts)) for name, write in self._writers))
        self._amounts.append(minor)
        self._hashed.append(added)
        return line

    def record(self, fields: Sequence[FileField], totals: Totals, own: OwnValue) -> Iterator[bytes]:
        """Write the header or the trailer, where the layout has one."""
        if fields:
            where = f"submission {self._submission.msg_id}"
            yield self._line(where, ((f.value, partial(self._of_totals, f, totals, own)) for f in fields))

    def _line(self, where: str, fields: Iterable[tuple[str, Callable[[], str]]]) -> bytes:
        """Put fields into a line in the layout's code page."""
        layout, cells = self.layout, []
        for name, write in fields:
            try:
                cells.append(values.sealed(write(), delimiter=layout.delimiter, quoting=layout.quoting))
            except Unfit as error:
                raise CannotRender(f"{where}: {name} {error}") from None
        end = "\r\n" if layout.line_end == "CRLF" else "\n"
        return (layout.delimiter.join(cells) + end).encode(layout.encoding)

    def _of_totals(self, field: FileField, totals: Totals, own: OwnValue) -> str:
        """Write a field of header or trailer."""
        match field:
            case Own():
                return values.reference(own(field.name, totals), max_length=None, required=True)
            case FileAmount():
                return values.amount(field, totals.sum_minor, totals.currency)
            case FileNumber(value="count"):
                return values.whole(totals.count, field.digits)
            case FileNumber():
                rule = self.layout.hash_total
                return values.whole(totals.hash_total or 0, rule.digits if rule else None)
        return self._of_file(field)

    def _of_file(self, field: FileField | PaymentField) -> str:
        """Write what is the same on every line."""
        about = self._submission
        match field:
            case Constant():
                return field.text
            case Created():
                return values.moment(field, about.created_at)
            case ExecutionDate():
                return values.day(field, about.requested_execution_date)
            case FileText() | PaymentText():
                return values.words(
                    about.debtor.name, self._profile, max_length=field.max_length, required=field.required
                )
            case FileReference() | PaymentReference():
                found = {
                    "msg_id": about.msg_id,
                    "file_name": about.file_name,
                    "debtor_iban": about.debtor.iban,
                    "currency": self._currency,
                    "category_purpose": about.category_purpose,
                }
                return values.reference(found[field.value], max_length=field.max_length, required=field.required)
        raise CannotRender(f"the field {field.value} is not one of the file")

    def _writer(self, field: PaymentField) -> Write:
        """Make what writes a field of a payment's line; what is the same on all of them is written once."""
        match field:
            case PaymentNumber():
                first = self.layout.first_line_number
                return lambda _payment, place, _parts: values.whole(first + place, field.digits)
            case PaymentAmount():
                return lambda payment, _place, _parts: values.amount(field, payment.amount.minor, self._currency)
            case PaymentText(value="creditor_name" | "ultimate_creditor_name") | Remittance():
                return self._text_writer(field)
            case PaymentReference() if field.value in _OF_A_PAYMENT:
                return lambda payment, _place, parts: values.reference(
                    _reference(field.value, payment, parts), max_length=field.max_length, required=field.required
                )
        return self._fixed(field)

    def _text_writer(self, field: PaymentText | Remittance) -> Write:
        cut = isinstance(field, Remittance) and field.cut

        def write(payment: Payment, _place: int, _parts: Mapping[str, str]) -> str:
            text = _text(field.value, payment)
            return values.words(text, self._profile, max_length=field.max_length, required=field.required, cut=cut)

        return write

    def _fixed(self, field: PaymentField) -> Write:
        try:
            text = self._of_file(field)
        except Unfit as error:
            raise CannotRender(f"submission {self._submission.msg_id}: {field.value} {error}") from None
        return lambda _payment, _place, _parts: text


_OF_A_PAYMENT = frozenset(
    {"end_to_end_id", "creditor_iban", "creditor_bank_code", "creditor_number", "creditor_country", "purpose"}
)


def _reference(name: str, payment: Payment, parts: Mapping[str, str]) -> str | None:
    own = {"end_to_end_id": payment.end_to_end_id, "purpose": payment.purpose}
    return own[name] if name in own else parts.get(name)


def _text(name: str, payment: Payment) -> str | None:
    if name == "remittance":
        return payment.remittance_information
    if name == "creditor_name":
        return payment.creditor.name
    return None if payment.ultimate_creditor is None else payment.ultimate_creditor.name
