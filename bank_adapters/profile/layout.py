"""The layout of a flat file, as data: its records, and how the bank's reply names what it is about.

A file is, in this order, an optional header, an optional record of the paying account, one record a payment with those
that follow it, and the optional trailers of both. Records are told apart by their place, and those that follow a
payment's own by the constant with which they begin.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import CodePage, Strict
from bank_adapters.profile.control import ControlFile
from bank_adapters.profile.fields import (
    AnyField,
    Cell,
    Constant,
    FileAmount,
    FileCheck,
    FileField,
    FileNumber,
    FileReference,
    MoreField,
    MoreReference,
    Own,
    PaymentAmount,
    PaymentField,
    PaymentReference,
    Remittance,
)
from bank_adapters.profile.replies import Replies

PAYMENTS_MAX = 20_000
"""Most payments of one file, whatever a bank's own limit (limits.payments_per_submission)."""
OUR_PAYMENT_ID_MAX = 30
"""Letters of an EndToEndId of ours: E, 26 letters, G, a generation of at most two digits."""
OUR_FILE_ID_MAX = 27
"""Letters of a MsgId of ours: G, epoch, eight of the slug, the date, S, nine digits."""
IBAN_MAX = 34
DOMESTIC = frozenset({"creditor_bank_code", "creditor_number"})
"""The fields of an account without an IBAN."""


class HashTotal(Strict):
    """A total of numbers that are no amounts: it shows whether a line was lost or an account changed."""

    of: Literal["creditor account", "creditor bank code"] = Field(
        description="What of each payment is added up: the digits of the IBAN, account or id number (letters are left"
        " out) or those of the national bank code, each read as one number."
    )
    last: Annotated[int, Field(ge=1, le=34)] | None = Field(
        default=None, description="Only so many of the last digits of each count; null: all."
    )
    plus_amount: bool = Field(default=False, description="Whether the amount in minor units is added to each.")
    modulo: Literal[97, 11, 10] | None = Field(
        default=None, description="The remainder of the total by this is written; null: the total."
    )
    digits: Annotated[int, Field(ge=1, le=18)] = Field(
        description="The total is taken modulo 10 to the power of this and written with so many digits."
    )


class Following(Strict):
    """A record that follows a payment's own, where there is something to say in it."""

    when: Literal["remittance_rest", "ultimate_creditor", "purpose", "always"] = Field(
        description="remittance_rest: as long as remittance information is left that no record before could hold;"
        " ultimate_creditor, purpose: once where the payment has one; always: once."
    )
    at_most: Annotated[int, Field(ge=1, le=20)] = Field(
        default=1, description="Most records of this kind after one payment; more than 1 for remittance_rest alone."
    )
    fields: tuple[MoreField, ...] = Field(description="Its fields; the first is a constant that tells it.")

    @model_validator(mode="after")
    def _says_what_it_is_for(self) -> Self:
        holds = any(field.value == "remittance_rest" for field in self.fields)
        if holds != (self.when == "remittance_rest"):
            raise ValueError("when: write remittance_rest exactly where the record has a field remittance_rest")
        if self.at_most > 1 and not holds:
            raise ValueError("at_most: leave it out: only records of remittance_rest are repeated")
        return self


class Layout(Strict):
    """How payments are written, and how the bank's replies are read."""

    encoding: CodePage = Field(description="Code page of the file; a letter outside it is transliterated or refused.")
    delimiter: Annotated[str, Field(pattern=r"^[|;,\t~^#!]$")] | None = Field(
        default=None,
        description='Between fields: one of | ; , "\\t" ~ ^ # !; null: fields have fixed widths (family fixed-width).',
    )
    quoting: Literal["none", "needed", "always", "backslash"] = Field(
        default="none",
        description="What becomes of a delimiter inside a field. none: the payment is refused. needed, always: such"
        ' fields, or all, stand in double quotes, a quote inside is doubled. backslash: "\\" stands before it.',
    )
    line_end: Literal["CRLF", "LF", "none"] = Field(
        description="What ends every line; none: records of one length follow each other."
    )
    last_line_ended: bool = Field(default=True, description="Whether the last line is ended as well.")
    lines_max: Annotated[int, Field(ge=3)] | None = Field(
        default=None, description="Most lines of a file; one that would have more is cut into several. null: no limit."
    )
    first_line_number: int = Field(
        default=1, ge=0, le=9, description="Number of the first payment: 1; or 2 where the header is line 1."
    )
    hash_total: HashTotal | None = Field(default=None, description="The rule of the hash total; null: there is none.")
    header: tuple[FileField, ...] = Field(default=(), description="Fields of the first line; empty: no header.")
    debtor: tuple[FileField, ...] = Field(
        default=(), description="Fields of a record about the paying account, before its payments; empty: none."
    )
    payment: tuple[PaymentField, ...] = Field(description="Fields of each payment's line.")
    following: tuple[Following, ...] = Field(
        default=(), max_length=9, description="Records that follow a payment's own, in this order."
    )
    debtor_trailer: tuple[FileField, ...] = Field(
        default=(), description="Fields of a record with the totals of the paying account, after its payments."
    )
    trailer: tuple[FileField, ...] = Field(default=(), description="Fields of the last line; empty: no trailer.")
    control_file: ControlFile | None = Field(
        default=None, description="A second file that tells the bank that the first is there and whole; null: none."
    )
    replies: Replies | None = Field(
        default=None, description="How the bank's reply files are laid out; null: it sends none of its own."
    )

    @property
    def fixed(self) -> bool:
        """Whether fields have widths and no delimiter."""
        return self.delimiter is None

    @property
    def head(self) -> tuple[tuple[FileField, ...], ...]:
        """The records before the payments."""
        return tuple(filter(None, (self.header, self.debtor)))

    @property
    def tail(self) -> tuple[tuple[FileField, ...], ...]:
        """The records after the payments."""
        return tuple(filter(None, (self.debtor_trailer, self.trailer)))

    @property
    def of_file(self) -> tuple[FileField, ...]:
        """The fields of all records that are not about one payment."""
        return tuple(field for record in (*self.head, *self.tail) for field in record)

    @property
    def of_payment(self) -> tuple[PaymentField | MoreField, ...]:
        """The fields of all records about one payment."""
        return (*self.payment, *(field for record in self.following for field in record.fields))

    @property
    def fields(self) -> tuple[AnyField, ...]:
        """The fields of all records."""
        return (*self.of_file, *self.of_payment)

    @property
    def records(self) -> Mapping[str, Sequence[AnyField]]:
        """Each record's fields by its path in the layout."""
        following = {f"following.{place}.fields": one.fields for place, one in enumerate(self.following)}
        named = ("header", "debtor", "payment", "debtor_trailer", "trailer")
        return {name: getattr(self, name) for name in named} | following

    @model_validator(mode="after")
    def _payments_can_be_read_back(self) -> Self:
        values = {field.value for field in self.payment}
        missing = {"end_to_end_id", "amount"} - values
        if not values & {"creditor_iban", "creditor_bban", "creditor_id"} and not values >= DOMESTIC:
            missing.add("the creditor's account (creditor_iban, or creditor_bank_code and creditor_number)")
        if missing:
            raise ValueError(
                f"payment: holds no {' and no '.join(sorted(missing))}. What was written is read back and compared with"
                " the signed orders, payment by payment, by id, account and amount: ask the bank which columns may hold"
                " them"
            )
        return self

    @model_validator(mode="after")
    def _records_are_sound(self) -> Self:
        for name, record in self.records.items():
            _once(name, record)
            for place, field in enumerate(record):
                _fits_our_ids(f"{name}.{place}", field)
                self._refuse_delimiter(f"{name}.{place}", field)
            self._check_widths(name, record)
        totals = [field for field in self.of_file if isinstance(field, FileNumber) and field.value == "hash_total"]
        if (self.hash_total is not None) != bool(totals):
            raise ValueError("hash_total: write its rule exactly where header or trailer holds a field hash_total")
        if any(field.digits is not None for field in totals):
            raise ValueError("hash_total: its digits stand in the rule; leave digits out of the field")
        return self

    def _check_widths(self, name: str, record: Sequence[AnyField]) -> None:
        """Refuse what is no record of a fixed-width file, or a column that is not where the bank says."""
        ends = accumulate((field.width or 0 for field in record), initial=1)
        for place, (field, column) in enumerate(zip(record, ends, strict=False)):
            if self.fixed and field.width is None:
                raise ValueError(f"{name}.{place}: width: write it: without a delimiter every field has a width")
            if not self.fixed and field.at is not None:
                raise ValueError(f"{name}.{place}: at: leave it out: behind a delimiter there are no columns")
            if field.at not in {None, column}:
                raise ValueError(
                    f"{name}.{place}: at: the widths before it end at column {column - 1}; write at: {column}, or"
                    " mend a width before it"
                )

    def _refuse_delimiter(self, where: str, field: AnyField) -> None:
        if self.quoting != "none" and self.fixed:
            raise ValueError("quoting: leave it out: fields of fixed widths need none")
        if self.quoting != "none" or self.delimiter is None:
            return
        if isinstance(field, Constant) and self.delimiter in field.text:
            raise ValueError(f"{where}: the text holds the delimiter; write quoting: needed, or another text")
        if isinstance(field, FileAmount | PaymentAmount) and self.delimiter == field.decimal_sign:
            raise ValueError(f"{where}: decimal_sign is the delimiter; write quoting: needed, or another sign")

    @model_validator(mode="after")
    def _fields_are_whole(self) -> Self:
        for name, record in self.records.items():
            for place, field in enumerate(record):
                wrong = _too_narrow(field)
                if wrong:
                    raise ValueError(f"{name}.{place}: {wrong}")
        written = {field.value for field in self.of_file}
        checks = (field for field in self.of_file if isinstance(field, FileCheck))
        if any(field.of == "hash_total" and "hash_total" not in written for field in checks):
            raise ValueError("hash_total: a field check is computed of it; write its rule and a field hash_total")
        return self

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> Self:
        told: list[Sequence[AnyField]] = [record for record in (self.debtor, self.debtor_trailer) if record]
        told += [record.fields for record in self.following]
        marks = [mark(record) for record in (self.payment, *told)]
        if told and len({len(one) for one in marks}) > 1 and self.fixed:
            raise ValueError("payment: begin it, and the records around it, with constants of one width")
        if told and ("" in marks or len(set(marks)) < len(marks)):
            raise ValueError(
                "payment: begin it, and the records debtor, following and debtor_trailer, each with a constant of its"
                " own: by it they are told apart"
            )
        if self.debtor_trailer and not self.debtor:
            raise ValueError("debtor_trailer: leave it out, or write the record debtor that it ends")
        return self

    @model_validator(mode="after")
    def _ends_are_sound(self) -> Self:
        lengths = {sum(field.width or 0 for field in record) for record in self.records.values() if record}
        if self.line_end == "none" and (not self.fixed or len(lengths) > 1):
            raise ValueError("line_end: none is for records of one fixed length; write CRLF or LF, or fill records up")
        if self.line_end == "none" and not self.last_line_ended:
            raise ValueError("last_line_ended: leave it out: with line_end none there is no end to leave out")
        return self

    @model_validator(mode="after")
    def _remittance_goes_on(self) -> Self:
        goes_on = any(one.when == "remittance_rest" for one in self.following)
        for place, field in enumerate(self.payment):
            if isinstance(field, Remittance) and field.cut and goes_on:
                raise ValueError(f"payment.{place}: cut: leave it out: what is longer goes on in a following record")
        return self


def mark(record: Sequence[AnyField]) -> str:
    """Return the constant with which a record's lines begin, as wide as it is written; empty where it is none."""
    first = record[0] if record else None
    return first.text.ljust(first.width or 0) if isinstance(first, Constant) and first.text else ""


def _once(name: str, record: Sequence[AnyField]) -> None:
    counts = Counter(field.name if isinstance(field, Own) else field.value for field in record)
    twice = sorted(value for value, count in counts.items() if count > 1 and value not in {"constant", "check"})
    if twice:
        raise ValueError(f"{name}: {', '.join(twice)} stands more than once; leave one")


def _fits_our_ids(where: str, field: Cell) -> None:
    longest = {"end_to_end_id": OUR_PAYMENT_ID_MAX, "msg_id": OUR_FILE_ID_MAX}
    if not isinstance(field, FileReference | PaymentReference | MoreReference):
        return
    needed = longest.get(field.value)
    if field.value == "creditor_iban" and field.width is None:
        needed = IBAN_MAX
    for key in ("max_length", "width"):
        most = getattr(field, key)
        if needed is not None and most is not None and most < needed:
            raise ValueError(f"{where}: {key} is less than the {needed} letters that {field.value} can have")


def _too_narrow(field: AnyField) -> str | None:
    """Say why no value would ever fit the field's width; None where one does."""
    width = field.width
    if width is None:
        return None
    if isinstance(field, Constant):
        return f"width: the text has {len(field.text)} letters; write no less" if len(field.text) > width else None
    digits = getattr(field, "digits", None)
    if digits is not None and (field.padding == "0" or digits > width):
        return "digits: leave it out: the width says how many zeros stand in front"
    if field.numeric and field.aligned == "right" and field.padding in "123456789":
        return 'pad: digits before a number make it another one; write pad: "0" or " "'
    return None


def control_rule(layout: Layout | None) -> str:
    """Name all that decides what a bank's control files are called and say, by a digest; empty where it wants none."""
    if layout is None or layout.control_file is None:
        return ""
    said = f"{layout.encoding} {layout.line_end} {layout.control_file.model_dump_json()}"
    return sha256(said.encode()).hexdigest()
