"""The fields of a flat file's records, as data: what each holds, and how it is written.

A delimited field is as long as its value; a fixed-width one has a `width` and is filled up to it.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import Strict, Zone

WIDE_MAX = 999
"""Most columns of one field; fillers may be long."""
Length = Annotated[int, Field(ge=1, le=140)]
Format = Annotated[str, Field(pattern=r"^(%[YymdHMSj]|[-./: T])+$", max_length=30)]
DecimalSign = Literal[".", ",", "none"]
Decimals = Annotated[int, Field(ge=0, le=5)]
PlusSign = Literal["none", "leading", "trailing"]


class Cell(Strict):
    """Where a field stands on its line, and what fills it up."""

    numeric: ClassVar[bool] = False

    width: Annotated[int, Field(ge=1, le=WIDE_MAX)] | None = Field(
        default=None,
        description="Columns that the field takes: a shorter value is filled up, a longer one refused, never cut."
        " Every field of a fixed-width file has one; null: as long as its value.",
    )
    at: Annotated[int, Field(ge=1, le=9_999)] | None = Field(
        default=None,
        description="First column, from 1, as the bank's document tells it: checked against the widths before it.",
    )
    align: Literal["left", "right"] | None = Field(
        default=None, description="At which end the value stands; null: numbers and amounts right, all else left."
    )
    pad: Annotated[str, Field(pattern=r"^[ -~]$")] | None = Field(
        default=None, description='What fills the field up; null: "0" before numbers and amounts, else blanks.'
    )

    @property
    def aligned(self) -> Literal["left", "right"]:
        """At which end the value stands."""
        return self.align or ("right" if self.numeric else "left")

    @property
    def padding(self) -> str:
        """The letter that fills the field up."""
        return self.pad or ("0" if self.numeric else " ")

    @model_validator(mode="after")
    def _can_be_read_back(self) -> Self:
        if self.width is None and (self.at, self.align, self.pad) != (None, None, None):
            raise ValueError("width: write it, or leave at, align and pad out: they are about a field of a width")
        if self.aligned == "left" and self.padding in "0123456789" and self.numeric:
            raise ValueError('pad: a digit behind a number makes it another one; write pad: " ", or align: right')
        return self


class Numeral(Cell):
    """A field of digits."""

    numeric: ClassVar[bool] = True


class Constant(Cell):
    """The same text in every file."""

    value: Literal["constant"] = Field(description="A fixed text.")
    text: Annotated[str, Field(pattern=r"^[ -~]{0,40}$")] = Field(description='The text ("H"); empty: a filler.')


class _Reference(Cell):
    max_length: Length | None = Field(default=None, description="Most letters; what is longer is refused. null: any.")
    required: bool = Field(default=True, description="Whether a payment without it is refused; false: left empty.")

    @property
    def longest(self) -> int | None:
        """Most letters that the value can have; None: any number."""
        return min((one for one in (self.max_length, self.width) if one is not None), default=None)


class FileReference(_Reference):
    """Something of the file as a whole that is written as it is."""

    value: Literal["msg_id", "file_name", "debtor_iban", "debtor_bban", "currency", "category_purpose"] = Field(
        description="Our message id, our file's name, our paying account as IBAN or without its first four letters"
        " (debtor_bban), its currency, or the ISO category purpose."
    )


class PaymentReference(_Reference):
    """Something of a payment, or of its file, that is written as it is."""

    value: Literal[
        "msg_id",
        "debtor_iban",
        "debtor_bban",
        "currency",
        "category_purpose",
        "end_to_end_id",
        "creditor_iban",
        "creditor_bban",
        "creditor_bank_code",
        "creditor_number",
        "creditor_country",
        "creditor_agent",
        "creditor_reference",
        "purpose",
    ] = Field(
        description="end_to_end_id is the payment's own id. creditor_iban is for account type IBAN, or creditor_bban:"
        " the IBAN without country and check digits; creditor_bank_code, creditor_number and creditor_country are for"
        " DOMESTIC. creditor_agent is the BIC of the payee's bank, creditor_reference the payee's own reference (a"
        " payment that has one is refused where there is no such field), purpose the ISO purpose code."
    )


class MoreReference(_Reference):
    """Something of a payment, or of its file, that is written once more after the payment's own record."""

    value: Literal[
        "msg_id", "debtor_iban", "debtor_bban", "currency", "category_purpose", "end_to_end_id", "purpose"
    ] = Field(description="As in the payment's own record; end_to_end_id must be the same there.")


class PayeeId(_Reference):
    """Who is paid over the counter (account type COUNTER): the number of an id document."""

    value: Literal["creditor_id"] = Field(description="The payee's id number (TCKN, IIN), without its scheme.")
    scheme: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,35}$", examples=["TCKN"])] = Field(
        description="The scheme of the numbers; a payee who is identified in another one is refused."
    )


class _Text(Cell):
    max_length: Length | None = Field(
        default=None,
        description="Most letters, after they are written in the bank's alphabet; null: as many as the width.",
    )
    required: bool = Field(default=True, description="Whether it must not be empty.")

    @property
    def longest(self) -> int:
        """Most letters that the text can have."""
        return min(one for one in (self.max_length, self.width) if one is not None)

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.max_length is None and self.width is None:
            raise ValueError("max_length: write it: the most letters that the bank takes in this field")
        if self.padding != " ":
            raise ValueError("pad: leave it out: only blanks can be told from the text that they fill up")
        return self


class FileText(_Text):
    """A text of the file as a whole, in the bank's alphabet."""

    value: Literal["debtor_name"] = Field(description="Our name.")


class PaymentText(_Text):
    """A name, in the bank's alphabet. A longer one is refused, not cut: a cut name may fit somebody else."""

    value: Literal["debtor_name", "creditor_name", "ultimate_creditor_name", "ultimate_debtor_name"] = Field(
        description="Our name, the payee's, or those of the persons on whose behalf the payee is paid, or we pay."
    )


class Remittance(_Text):
    """What the payee is told, in the bank's alphabet."""

    value: Literal["remittance"] = Field(
        description="Remittance information: of it as much as fits, where a record of `following` goes on with it."
    )
    cut: bool = Field(default=False, description="Whether a longer one is cut; false: it is refused.")


class RemittanceRest(_Text):
    """What of the remittance information no record before could hold; its record is repeated as often as needed."""

    value: Literal["remittance_rest"] = Field(description="The next part of the remittance information.")
    cut: bool = Field(
        default=False, description="Whether what the last record cannot hold is cut off; false: it is refused."
    )


class InstrumentCode(Cell):
    """How fast the bank is to pay, in its own codes."""

    value: Literal["instrument"] = Field(description="The bank's code for the instrument.")
    codes: dict[Literal["normal", "instant", "urgent"], Annotated[str, Field(pattern=r"^[!-~]{1,35}$")]] = Field(
        min_length=1,
        examples=[{"normal": "EFT"}],
        description="The code of each instrument that the bank has; another one is refused, and without this field all"
        " but normal.",
    )


class _Number(Numeral):
    digits: Annotated[int, Field(ge=1, le=18)] | None = Field(
        default=None, description="Written with so many digits, zeros in front; null: as many as it has."
    )


class FileNumber(_Number):
    """A total or a counter of the file."""

    value: Literal["count", "hash_total", "records", "record_number", "file_sequence"] = Field(
        description="The number of payments; the total that the layout's hash_total describes; the number of records"
        " (in header and trailer: of the whole file; in debtor and debtor_trailer, for which count, sum and hash total"
        " are likewise their own: of those between them); the place of this record in the file, from 1; the file's"
        " number in the bank's lane, of which the last `digits` (or as many as the width has) are written."
    )


class PaymentNumber(_Number):
    """A counter."""

    value: Literal["line_number", "record_number", "file_sequence"] = Field(
        description="The payment's number, counted from first_line_number; the place of this record among all of the"
        " file, from 1; or the file's number in the bank's lane."
    )


class _Amount(Numeral):
    decimal_sign: DecimalSign = Field(description="none: the last digits are the decimals.")
    decimals: Decimals | None = Field(
        default=None, description="How many decimals are written; null: those of the currency."
    )
    digits: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="Written with so many digits, decimals counted, zeros in front; null: as it is."
    )
    plus: PlusSign = Field(
        default="none", description='Where "+" stands: leading, trailing, or none. No amount of ours is negative.'
    )


class FileAmount(_Amount):
    """The sum of a file."""

    value: Literal["sum"] = Field(description="The sum of all amounts.")


class PaymentAmount(_Amount):
    """The amount of a payment."""

    value: Literal["amount"] = Field(description="The amount.")


class Created(Cell):
    """When the file was sealed."""

    value: Literal["created_at"] = Field(description="The time of sealing; the same whenever the file is written.")
    format: Format = Field(description="Of %Y %y %m %d %j %H %M %S and signs between (%Y%m%d%H%M%S).")
    zone: Zone = Field(default="UTC", description="IANA time zone in which it is written.")


class _Day(Cell):
    format: Annotated[Format, Field(pattern=r"^(%[Yymdj]|[-./ ])+$")] = Field(
        description="Of %Y %y %m %d %j and signs between (%d.%m.%Y)."
    )

    @model_validator(mode="after")
    def _names_a_day(self) -> Self:
        parts = set(self.format.split("%"))
        parts = {part[0] for part in parts if part}
        if not parts & {"Y", "y"} or not ("j" in parts or {"m", "d"} <= parts):
            raise ValueError("write a format that names one day: a year, and month and day or day of the year (%j)")
        return self


class ExecutionDate(_Day):
    """The day on which the bank is to pay."""

    value: Literal["execution_date"] = Field(description="The requested execution date.")


class CollectionDate(_Day):
    """From when, or until when, a payment over the counter can be collected."""

    value: Literal["collection_first", "collection_last"] = Field(
        description="The first or the last day on which the payee can collect the money (account type COUNTER)."
    )


CheckMethod = Literal["mod97", "mod11", "mod10"]


class _Check(Cell):
    method: CheckMethod = Field(
        description="mod97: two digits of ISO 7064 MOD 97-10. mod11: one of ISO 7064 MOD 11-2, X for ten. mod10: one"
        " of Luhn (ISO/IEC 7812-1)."
    )


class FileCheck(_Check):
    """Check digits over a total, which stands in the file as well."""

    value: Literal["check"] = Field(description="Check digits.")
    of: Literal["count", "sum", "hash_total"] = Field(description="The total that they are computed of.")


class PaymentCheck(_Check):
    """Check digits over something of a payment."""

    value: Literal["check"] = Field(description="Check digits.")
    of: Literal["creditor account", "amount"] = Field(
        description="What they are computed of: the digits of the IBAN, account or id number, or the amount in minor"
        " units."
    )


class Own(Cell):
    """A value of this bank's own making: its module (`adapter`) computes it of the totals of the file."""

    value: Literal["own"] = Field(description="What the method own_value of the bank's module returns.")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = Field(description="The name that it is given.")


FileField = Annotated[
    Constant
    | FileReference
    | FileText
    | InstrumentCode
    | FileNumber
    | FileAmount
    | Created
    | ExecutionDate
    | FileCheck
    | Own,
    Field(discriminator="value"),
]
PaymentField = Annotated[
    Constant
    | PaymentReference
    | PayeeId
    | PaymentText
    | Remittance
    | InstrumentCode
    | PaymentNumber
    | PaymentAmount
    | Created
    | ExecutionDate
    | CollectionDate
    | PaymentCheck,
    Field(discriminator="value"),
]
MoreField = Annotated[
    Constant | MoreReference | PaymentText | RemittanceRest | PaymentNumber | Created | ExecutionDate | CollectionDate,
    Field(discriminator="value"),
]
AnyField = FileField | PaymentField | MoreField
