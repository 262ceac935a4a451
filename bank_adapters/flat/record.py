"""A record of the layout, made ready to write: what is the same on every line is written once, the rest by columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from bank_adapters.flat import values
from bank_adapters.flat.check_digits import METHODS
from bank_adapters.flat.chunk import Chunk
from bank_adapters.flat.totals import Totals
from bank_adapters.flat.values import Unfit
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import (
    AnyField,
    Cell,
    CollectionDate,
    Constant,
    Created,
    ExecutionDate,
    FileAmount,
    FileCheck,
    FileNumber,
    FileReference,
    FileText,
    InstrumentCode,
    MoreReference,
    Own,
    PayeeId,
    PaymentAmount,
    PaymentCheck,
    PaymentNumber,
    PaymentReference,
    PaymentText,
    Remittance,
    RemittanceRest,
)
from bank_adapters.profile.layout import Layout
from bank_adapters.profile.names import sequence_of
from bank_adapters.spi import Block, Payment, SubmissionContent
from gateway.domain.order import CounterAccount, Party

Column = Callable[[Chunk], Sequence[str]]
OwnValue = Callable[[str, Totals], str]
"""How a bank's own module computes a value by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all records of a block of payments share."""

    submission: SubmissionContent
    block: Block
    profile: Profile
    layout: Layout
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What is known of a file, or of a block, where a record is written that is not about one payment."""

    totals: Totals
    records: int
    record_number: int


class LineWriter:
    """Writes one kind of records about payments."""

    def __init__(self, fields: Sequence[AnyField], frame: Frame) -> None:
        self._layout = frame.layout
        self._columns: list[tuple[AnyField, Column]] = []
        shape = []
        for field in fields:
            column = _column(field, frame)
            if column is None:
                try:
                    (text,) = _laid(field, [_shared(field, frame)], frame.layout)
                except Unfit as error:
                    raise Unfit(f"{field.value} {error}") from None
                shape.append((_place_of(field, frame.layout) % text).replace("%", "%%"))
            else:
                self._columns.append((field, column))
                shape.append(_place_of(field, frame.layout))
        self._template = (frame.layout.delimiter or "").join(shape)

    def lines(self, chunk: Chunk) -> list[str]:
        """Write a line for each of the chunk's payments. Raises Unfit naming the field and the rule."""
        columns = []
        for field, column in self._columns:
            try:
                columns.append(_laid(field, column(chunk), self._layout))
            except Unfit as error:
                raise Unfit(f"{field.value} {error}") from None
        return list(map(self._template.__mod__, zip(*columns, strict=True)))


def file_line(fields: Sequence[AnyField], frame: Frame, count: Count, own: OwnValue) -> str:
    """Write a record that is not about one payment. Raises Unfit naming the field and the rule."""
    cells = []
    for field in fields:
        try:
            (text,) = _laid(field, [_of_totals(field, frame, count, own)], frame.layout)
        except Unfit as error:
            raise Unfit(f"{field.value} {error}") from None
        cells.append(_place_of(field, frame.layout) % text)
    return (frame.layout.delimiter or "").join(cells)


# The form of a field ----------------------------------------------------------------------------------------------


def _laid(field: Cell, texts: Sequence[str], layout: Layout) -> Sequence[str]:
    """Fill texts up to the field's width, and seal them against the delimiter. Blanks are left to the template."""
    delimiter, pad = layout.delimiter, field.padding
    if field.width is not None:
        values.refuse_long(texts, field.width)
        if isinstance(field, FileReference | PaymentReference | MoreReference | PayeeId | Own):
            values.unmistakable(texts, field.aligned, pad)
        if pad != " " or delimiter is not None:
            fill = str.rjust if field.aligned == "right" else str.ljust
            texts = [fill(text, field.width, pad) for text in texts]
    return texts if delimiter is None else values.sealed(texts, delimiter=delimiter, quoting=layout.quoting)


def _place_of(field: Cell, layout: Layout) -> str:
    """Return the place of a field in the template of its line."""
    if field.width is None or field.padding != " " or not layout.fixed:
        return "%s"
    return f"%{'' if field.aligned == 'right' else '-'}{field.width}s"


# What a field holds -----------------------------------------------------------------------------------------------


def _column(field: AnyField, frame: Frame) -> Column | None:
    """Return what computes a field of each payment; None where it is the same for all of a block."""
    make = _COLUMNS.get(type(field))
    return make(field, frame) if make is not None else None


_OF_PAYMENT: Mapping[str, Callable[[Payment], str | None]] = MappingProxyType(
    {
        "end_to_end_id": lambda payment: payment.end_to_end_id,
        "creditor_agent": lambda payment: payment.creditor_agent,
        "creditor_reference": lambda one: one.creditor_reference.reference if one.creditor_reference else None,
        "purpose": lambda payment: payment.purpose,
    }
)


def _reference_column(field: PaymentReference | MoreReference, _frame: Frame) -> Column | None:
    if field.value in _OF_PAYMENT:
        get = _OF_PAYMENT[field.value]
        return lambda chunk: values.references(
            [get(payment) for payment in chunk.payments], longest=field.longest, required=field.required
        )
    return partial(_account_column, field) if field.value.startswith("creditor_") else None


def _remittance_column(field: Remittance, frame: Frame) -> Column:
    goes_on = any(one.when == "remittance_rest" for one in frame.layout.following)
    return lambda chunk: values.within(
        list(chunk.texts), longest=field.longest, required=field.required, cut=field.cut and not goes_on
    )


def _number_column(field: PaymentNumber, frame: Frame) -> Column | None:
    if field.value == "line_number":
        first = frame.layout.first_line_number
        return lambda chunk: values.whole([first + place for place in chunk.places], field.digits)
    if field.value == "record_number":
        return lambda chunk: values.whole(chunk.records, field.digits)
    return None


def _amount_column(field: PaymentAmount, frame: Frame) -> Column:
    return lambda chunk: values.amounts(field, chunk.minors, frame.currency)


def _account_column(field: PaymentReference | MoreReference | PayeeId, chunk: Chunk) -> Sequence[str]:
    found = chunk.accounts.column(field.value)
    return values.references(found, longest=field.longest, required=field.required)


def _text_column(field: PaymentText, frame: Frame, chunk: Chunk) -> Sequence[str]:
    if field.value == "creditor_name":
        found: list[str | None] = [payment.creditor.name for payment in chunk.payments]
    elif field.value == "ultimate_creditor_name":
        found = [_name(payment.ultimate_creditor) for payment in chunk.payments]
    else:
        whole = frame.block.ultimate_debtor
        found = [_name(payment.ultimate_debtor or whole) for payment in chunk.payments]
    texts = values.words(found, frame.profile)
    return values.within(texts, longest=field.longest, required=field.required)


def _name(party: Party | None) -> str | None:
    return party.name if party is not None else None


def _collection_column(field: CollectionDate, chunk: Chunk) -> Sequence[str]:
    windows = [payment.collection for payment in chunk.payments]
    waiting = (isinstance(payment.creditor_account, CounterAccount) for payment in chunk.payments)
    if any(window is None and waits for window, waits in zip(windows, waiting, strict=True)):
        raise Unfit("is missing")
    first = field.value == "collection_first"
    days = [None if window is None else window.first if first else window.last for window in windows]
    return values.days(days, field.format)


def _check_column(field: PaymentCheck, chunk: Chunk) -> Sequence[str]:
    method = METHODS[field.method]
    if field.of == "amount":
        return [method(str(minor)) for minor in chunk.minors]
    return [method(values.only_digits(text)) for text in chunk.accounts.column("digits")]


_COLUMNS: Mapping[type[Cell], Callable[[Any, Frame], Column | None]] = MappingProxyType(
    {
        PaymentReference: _reference_column,
        MoreReference: _reference_column,
        PayeeId: lambda field, _frame: partial(_account_column, field),
        PaymentText: lambda field, frame: None if field.value == "debtor_name" else partial(_text_column, field, frame),
        Remittance: _remittance_column,
        RemittanceRest: lambda _field, _frame: lambda chunk: chunk.texts,
        PaymentNumber: _number_column,
        PaymentAmount: _amount_column,
        CollectionDate: lambda field, _frame: partial(_collection_column, field),
        PaymentCheck: lambda field, _frame: partial(_check_column, field),
    }
)
"""What computes the fields that differ from payment to payment, by their model."""


def _shared(field: AnyField, frame: Frame) -> str:
    """Write what is the same for every payment of a block."""
    match field:
        case Constant():
            return field.text
        case Created():
            return values.moment(field, frame.submission.created_at)
        case ExecutionDate():
            return frame.block.requested_execution_date.strftime(field.format)
        case FileText() | PaymentText():
            found = values.words([frame.block.debtor.name], frame.profile)
            return values.within(found, longest=field.longest, required=field.required)[0]
        case FileReference() | PaymentReference() | MoreReference():
            text = _names(frame)[field.value]
            return values.references([text], longest=field.longest, required=field.required)[0]
        case InstrumentCode():
            return _instrument(field, frame)
        case FileNumber(value="file_sequence") | PaymentNumber(value="file_sequence"):
            return _sequence(field, frame)
    raise Unfit("is not one of a file")


def _names(frame: Frame) -> Mapping[str, str | None]:
    debtor = frame.block.debtor
    return {
        "msg_id": frame.submission.msg_id,
        "file_name": frame.submission.file_name,
        "debtor_iban": debtor.iban,
        "debtor_bban": debtor.iban[4:],
        "currency": frame.currency,
        "category_purpose": frame.block.category_purpose,
    }


def _instrument(field: InstrumentCode, frame: Frame) -> str:
    code = {str(key): code for key, code in field.codes.items()}.get(frame.block.instrument.value)
    if code is None:
        raise Unfit("is one that the bank has no code for")
    return code


def _sequence(field: FileNumber | PaymentNumber, frame: Frame) -> str:
    """Write the last digits of the file's number: a lane numbers its files for ever, and no field is endless."""
    number, digits = sequence_of(frame.submission.msg_id), field.digits or field.width
    if number is None:
        raise Unfit("cannot be told: the MsgId is none of ours")
    return values.whole([number % 10**digits if digits else number], digits)[0]


def _of_totals(field: AnyField, frame: Frame, count: Count, own: OwnValue) -> str:
    """Write a field of a record that is not about one payment."""
    totals = count.totals
    match field:
        case Own():
            return values.references([own(field.name, totals)], longest=None, required=True)[0]
        case FileAmount():
            return values.amounts(field, [totals.sum_minor], totals.currency)[0]
        case FileNumber(value="count"):
            return values.whole([totals.count], field.digits)[0]
        case FileNumber(value="records"):
            return values.whole([count.records], field.digits)[0]
        case FileNumber(value="record_number"):
            return values.whole([count.record_number], field.digits)[0]
        case FileNumber(value="hash_total"):
            rule = frame.layout.hash_total
            return values.whole([totals.hash_total or 0], rule.digits if rule else None)[0]
        case FileCheck():
            number = {"count": totals.count, "sum": totals.sum_minor, "hash_total": totals.hash_total}[field.of]
            return METHODS[field.method](str(number or 0))
    return _shared(field, frame)
