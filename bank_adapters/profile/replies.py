"""How a bank's delimited reply files are laid out: what they are about, line by line, and what the bank says of it."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import CodePage, Strict

_FILE = frozenset({"msg_id", "file_name"})
_PAYMENT = frozenset({"line_number", "end_to_end_id"})


class ReplyConstant(Strict):
    """A text that must stand there: it tells the bank's layout from another's."""

    value: Literal["constant"] = Field(description="A fixed text.")
    text: Annotated[str, Field(pattern=r"^[ -~]{1,40}$")] = Field(description='The text ("H").')


class HeadField(Strict):
    """A field of the first or the last line."""

    value: Literal["msg_id", "file_name", "result", "reason", "reason_text", "count", "ignored"] = Field(
        description="Our message id or file name; result, reason code and text about the file as a whole; the number of"
        " lines between header and trailer, which is checked; or something that says nothing to us."
    )


class LineField(Strict):
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


ReplyHeadField = Annotated[ReplyConstant | HeadField, Field(discriminator="value")]
ReplyLineField = Annotated[ReplyConstant | LineField, Field(discriminator="value")]


class Replies(Strict):
    """The layout of a reply file.

    What a result code means is said in the profile's status_overrides, what a reason code means in its
    reason_overrides; a code that stands in neither, and is none of ISO 20022's, is unlisted: a person must look.
    """

    encoding: CodePage | None = Field(default=None, description="Code page; null: that of our own files.")
    delimiter: Annotated[str, Field(pattern=r"^[|;,\t~^#!]$")] | None = Field(
        default=None, description="Between fields; null: that of our own files."
    )
    quoting: Literal["none", "needed", "always", "backslash"] | None = Field(
        default=None, description="As in the layout of our files; null: the same."
    )
    header: tuple[ReplyHeadField, ...] = Field(default=(), description="Fields of the first line; empty: no header.")
    line: tuple[ReplyLineField, ...] = Field(description="Fields of each line about a payment.")
    trailer: tuple[ReplyHeadField, ...] = Field(default=(), description="Fields of the last line; empty: no trailer.")

    @model_validator(mode="after")
    def _says_what_it_is_about(self) -> Self:
        head = [field.value for field in (*self.header, *self.trailer)]
        line = [field.value for field in self.line]
        for name, values in (("header and trailer", head), ("line", line)):
            twice = sorted(v for v, n in Counter(values).items() if n > 1 and v not in {"constant", "ignored"})
            if twice:
                raise ValueError(f"{name}: {', '.join(twice)} stands more than once; leave one")
        if not _FILE & {field.value for field in self.header} and not _FILE & set(line):
            raise ValueError("names no file: add msg_id or file_name to the header, or to the line")
        if not _PAYMENT & set(line):
            raise ValueError("line: names no payment: add line_number or end_to_end_id")
        if "result" not in line:
            raise ValueError("line: says nothing of the payment: add result, the column of the bank's result code")
        return self
