"""How a bank's flat reply files are laid out: what they are about, line by line, and what the bank says of it.

A reply is fixed-width exactly where its fields have widths, whatever our own files are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import CodePage, Strict
from bank_adapters.profile.fields import Cell, Decimals, DecimalSign, PlusSign

_FILE = frozenset({"msg_id", "file_name"})
_PAYMENT = frozenset({"line_number", "end_to_end_id"})


class ReplyConstant(Cell):
    """A text that must stand there: it tells the bank's layout from another's."""

    value: Literal["constant"] = Field(description="A fixed text.")
    text: Annotated[str, Field(pattern=r"^[ -~]{1,40}$")] = Field(description='The text ("H").')


class HeadField(Cell):
    """A field of the first or the last line."""

    value: Literal["msg_id", "file_name", "result", "reason", "reason_text", "count", "ignored"] = Field(
        description="Our message id or file name; result, reason code and text about the file as a whole; the number of"
        " lines between header and trailer, which is checked; or something that says nothing to us."
    )


class _ReplyAmount(Cell):
    decimal_sign: DecimalSign = Field(description="none: the last digits are the decimals.")
    decimals: Decimals | None = Field(default=None, description="How many there are; null: those of the currency.")
    plus: PlusSign = Field(default="none", description='Where "+" stands, as in the layout of our files.')


class ReplySum(_ReplyAmount):
    """The sum of the lines' amounts."""

    value: Literal["sum"] = Field(description="The sum of the lines' amounts, which is checked.")


class ReplyAmount(_ReplyAmount):
    """A line's amount: it is added up and compared with the sum, and with the payment that the line names."""

    value: Literal["amount"] = Field(
        description="The amount of the payment, as the bank repeats it; where it is another one, a person must look."
    )


class LineField(Cell):
    """A field of a line about one payment."""

    value: Literal[
        "msg_id",
        "file_name",
        "line_number",
        "end_to_end_id",
        "result",
        "reason",
        "reason_text",
        "bank_reference",
        "ignored",
    ] = Field(
        description="Our message id or file name; the number of the payment's line in our file, or its EndToEndId;"
        " the bank's result code, reason code and text, its own reference; or something that says nothing to us."
    )


ReplyHeadField = Annotated[ReplyConstant | HeadField | ReplySum, Field(discriminator="value")]
ReplyLineField = Annotated[ReplyConstant | LineField | ReplyAmount, Field(discriminator="value")]
ReplyField = ReplyHeadField | ReplyLineField


class Replies(Strict):
    """The layout of a reply file.

    What a result code means is said in the profile's status_overrides, what a reason code means in its
    reason_overrides; a code that stands in neither, and is none of ISO 20022's, is unlisted: a person must look.
    """

    encoding: CodePage | None = Field(default=None, description="Code page; null: that of our own files.")
    delimiter: Annotated[str, Field(pattern=r"^[|;,\t~^#!]$")] | None = Field(
        default=None, description="Between fields; null: that of our own files, or none where fields have widths."
    )
    quoting: Literal["none", "needed", "always", "backslash"] | None = Field(
        default=None, description="As in the layout of our files; null: the same."
    )
    line_end: Literal["any", "none"] = Field(
        default="any", description="any: lines end in whatever way; none: fixed-width records of one length."
    )
    several: bool = Field(
        default=False,
        description="Whether a file may hold answers about several files of ours, each from its header to its trailer;"
        " header, line and trailer then begin with constants of their own.",
    )
    short_lines: bool = Field(
        default=False, description="Whether the bank leaves out blanks at the ends of fixed-width lines."
    )
    header: tuple[ReplyHeadField, ...] = Field(default=(), description="Fields of the first line; empty: no header.")
    line: tuple[ReplyLineField, ...] = Field(description="Fields of each line about a payment.")
    trailer: tuple[ReplyHeadField, ...] = Field(default=(), description="Fields of the last line; empty: no trailer.")

    @property
    def fixed(self) -> bool:
        """Whether fields have widths and no delimiter."""
        return self.line[0].width is not None

    @model_validator(mode="after")
    def _says_what_it_is_about(self) -> Self:
        head = [field.value for field in (*self.header, *self.trailer)]
        line = [field.value for field in self.line]
        both = [value for value in head if value not in {"count", "sum"}]  # each is checked wherever it stands
        header, trailer = [field.value for field in self.header], [field.value for field in self.trailer]
        told: dict[str, Sequence[str]] = {
            "header": header,
            "trailer": trailer,
            "header and trailer": both,
            "line": line,
        }
        for name, values in told.items():
            twice = sorted(v for v, n in Counter(values).items() if n > 1 and v not in {"constant", "ignored"})
            if twice:
                raise ValueError(f"{name}: {', '.join(twice)} stands more than once; leave one")
        if not _FILE & {field.value for field in self.header} and not _FILE & set(line):
            raise ValueError("names no file: add msg_id or file_name to the header, or to the line")
        if not _PAYMENT & set(line):
            raise ValueError("line: names no payment: add line_number or end_to_end_id")
        if "result" not in line:
            raise ValueError("line: says nothing of the payment: add result, the column of the bank's result code")
        if "sum" in head and "amount" not in line:
            raise ValueError("sum: add amount to the line, or make the sum `ignored`: it is checked against the lines")
        return self

    @model_validator(mode="after")
    def _widths_agree(self) -> Self:
        for name, record in self._records():
            ends = accumulate((field.width or 0 for field in record), initial=1)
            for place, (field, column) in enumerate(zip(record, ends, strict=False)):
                if (field.width is not None) != self.fixed:
                    raise ValueError(f"{name}.{place}: width: write it in every field of the replies, or in none")
                if field.at not in {None, column}:
                    raise ValueError(f"{name}.{place}: at: the widths before it end at column {column - 1}")
                if (field.align, field.pad) != (None, None):
                    raise ValueError(
                        f"{name}.{place}: pad: leave align and pad out: blanks around a value are no part of it"
                    )
        lengths = {sum(field.width or 0 for field in record) for _, record in self._records()}
        if self.line_end == "none" and (not self.fixed or len(lengths) > 1):
            raise ValueError("line_end: none is for replies of one fixed length; leave it out")
        if self.fixed and (self.delimiter, self.quoting) != (None, None):
            raise ValueError("delimiter: leave delimiter and quoting out, or the widths: fields have one or the other")
        if self.short_lines and not self.fixed:
            raise ValueError("short_lines: leave it out: it is about fixed widths")
        return self

    @model_validator(mode="after")
    def _groups_are_told_apart(self) -> Self:
        marks = [mark(record) for _, record in self._records()]
        told = all(marks) and len(set(marks)) == len(marks) and (not self.fixed or len(set(map(len, marks))) == 1)
        if self.several and (not self.header or not told):
            raise ValueError(
                "several: begin header, line and trailer each with a constant of its own (of one width), and have a"
                " header: by them answers are told apart"
            )
        return self

    def _records(self) -> Iterator[tuple[str, Sequence[ReplyField]]]:
        yield from (
            (name, record)
            for name, record in (("header", self.header), ("line", self.line), ("trailer", self.trailer))
            if record
        )


def mark(record: Sequence[ReplyField]) -> str:
    """Return the constant with which a record's lines begin, as wide as it is written; empty where it is none."""
    first = record[0] if record else None
    return first.text.ljust(first.width or 0) if isinstance(first, ReplyConstant) else ""
