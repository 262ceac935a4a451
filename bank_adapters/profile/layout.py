"""The layout of a delimited file, as data: records of fields, and how the bank's reply names what it is about.

A file is an optional header line, one line a payment, an optional trailer line. Records are told apart by their place.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import CodePage, Strict, Zone
from bank_adapters.profile.replies import Replies

PAYMENTS_MAX = 20_000
"""Most payments of one file, whatever a bank's own limit (limits.payments_per_submission)."""
OUR_PAYMENT_ID_MAX = 30
"""Letters of an EndToEndId of ours: E, 26 letters, G, a generation of at most two digits."""
OUR_FILE_ID_MAX = 27
"""Letters of a MsgId of ours: G, epoch, eight of the slug, the date, S, nine digits."""
IBAN_MAX = 34

Width = Annotated[int, Field(ge=1, le=140)]
Format = Annotated[str, Field(pattern=r"^(%[YymdHMSj]|[-./: T])+$", max_length=30)]


class Constant(Strict):
    """The same text in every file."""

    value: Literal["constant"] = Field(description="A fixed text.")
    text: Annotated[str, Field(pattern=r"^[ -~]{0,40}$")] = Field(description='The text ("H"); empty: a filler.')


class _Reference(Strict):
    max_length: Width | None = Field(default=None, description="Most letters; what is longer is refused. null: any.")
    required: bool = Field(default=True, description="Whether a payment without it is refused; false: left empty.")


class FileReference(_Reference):
    """Something of the file as a whole that is written as it is."""

    value: Literal["msg_id", "file_name", "debtor_iban", "currency", "category_purpose"] = Field(
        description="Our message id, our file's name, our paying account, its currency, or the ISO category purpose."
    )


class PaymentReference(_Reference):
    """Something of a payment, or of its file, that is written as it is."""

    value: Literal[
        "msg_id",
        "debtor_iban",
        "currency",
        "category_purpose",
        "end_to_end_id",
        "creditor_iban",
        "creditor_bank_code",
        "creditor_number",
        "creditor_country",
        "purpose",
    ] = Field(
        description="end_to_end_id is the payment's own id. creditor_iban is for account type IBAN; creditor_bank_code,"
        " creditor_number and creditor_country are for DOMESTIC. purpose is the ISO purpose code."
    )


class _Text(Strict):
    max_length: Width = Field(description="Most letters, after they are written in the bank's alphabet.")
    required: bool = Field(default=True, description="Whether it must not be empty.")


class FileText(_Text):
    """A text of the file as a whole, in the bank's alphabet."""

    value: Literal["debtor_name"] = Field(description="Our name.")


class PaymentText(_Text):
    """A name, in the bank's alphabet. A longer one is refused, not cut: a cut name may fit somebody else."""

    value: Literal["debtor_name", "creditor_name", "ultimate_creditor_name"] = Field(
        description="Our name, the payee's, or that of the person on whose behalf the payee is paid."
    )


class Remittance(_Text):
    """What the payee is told, in the bank's alphabet."""

    value: Literal["remittance"] = Field(description="Remittance information.")
    cut: bool = Field(default=False, description="Whether a longer one is cut; false: it is refused.")


class _Number(Strict):
    digits: Annotated[int, Field(ge=1, le=18)] | None = Field(
        default=None, description="Written with so many digits, zeros in front; null: as many as it has."
    )


class FileNumber(_Number):
    """A total of the file."""

    value: Literal["count", "hash_total"] = Field(
        description="The number of payments, or the total that the layout's hash_total describes."
    )


class PaymentNumber(_Number):
    """The number of a payment's line."""

    value: Literal["line_number"] = Field(description="Its number, counted from first_line_number.")


class _Amount(Strict):
    decimal_sign: Literal[".", ",", "none"] = Field(description="none: the last digits are the decimals.")
    decimals: Annotated[int, Field(ge=0, le=5)] | None = Field(
        default=None, description="How many decimals are written; null: those of the currency."
    )
    digits: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="Written with so many digits, decimals counted, zeros in front; null: as it is."
    )


class FileAmount(_Amount):
    """The sum of a file."""

    value: Literal["sum"] = Field(description="The sum of all amounts.")


class PaymentAmount(_Amount):
    """The amount of a payment."""

    value: Literal["amount"] = Field(description="The amount.")


class Created(Strict):
    """When the file was sealed."""

    value: Literal["created_at"] = Field(description="The time of sealing; the same whenever the file is written.")
    format: Format = Field(description="Of %Y %y %m %d %j %H %M %S and signs between (%Y%m%d%H%M%S).")
    zone: Zone = Field(default="UTC", description="IANA time zone in which it is written.")


class ExecutionDate(Strict):
    """The day on which the bank is to pay."""

    value: Literal["execution_date"] = Field(description="The requested execution date.")
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


class Own(Strict):
    """A value of this bank's own making: its module (`adapter`) computes it of the totals of the file."""

    value: Literal["own"] = Field(description="What the method own_value of the bank's module returns.")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = Field(description="The name that it is given.")


FileField = Annotated[
    Constant | FileReference | FileText | FileNumber | FileAmount | Created | ExecutionDate | Own,
    Field(discriminator="value"),
]
PaymentField = Annotated[
    Constant | PaymentReference | PaymentText | Remittance | PaymentNumber | PaymentAmount | Created | ExecutionDate,
    Field(discriminator="value"),
]


class HashTotal(Strict):
    """A total of numbers that are no amounts: it shows whether a line was lost or an account changed."""

    of: Literal["creditor account", "creditor bank code"] = Field(
        description="What of each payment is added up: the digits of the IBAN or account number (letters are left out)"
        " or those of the national bank code, each read as one number."
    )
    last: Annotated[int, Field(ge=1, le=34)] | None = Field(
        default=None, description="Only so many of the last digits of each count; null: all."
    )
    plus_amount: bool = Field(default=False, description="Whether the amount in minor units is added to each.")
    digits: Annotated[int, Field(ge=1, le=18)] = Field(
        description="The total is taken modulo 10 to the power of this and written with so many digits."
    )


class Layout(Strict):
    """How payments are written, and how the bank's replies are read."""

    encoding: CodePage = Field(description="Code page of the file; a letter outside it is transliterated or refused.")
    delimiter: Annotated[str, Field(pattern=r"^[|;,\t~^#!]$")] = Field(
        description='Between fields: one of | ; , "\\t" ~ ^ # !'
    )
    quoting: Literal["none", "needed", "always", "backslash"] = Field(
        default="none",
        description="What becomes of a delimiter inside a field. none: the payment is refused. needed, always: such"
        ' fields, or all, stand in double quotes, a quote inside is doubled. backslash: "\\" stands before it.',
    )
    line_end: Literal["CRLF", "LF"] = Field(description="What ends every line, the last one too.")
    first_line_number: int = Field(
        default=1, ge=0, le=9, description="Number of the first payment: 1; or 2 where the header is line 1."
    )
    hash_total: HashTotal | None = Field(default=None, description="The rule of the hash total; null: there is none.")
    header: tuple[FileField, ...] = Field(default=(), description="Fields of the first line; empty: no header.")
    payment: tuple[PaymentField, ...] = Field(description="Fields of each payment's line.")
    trailer: tuple[FileField, ...] = Field(default=(), description="Fields of the last line; empty: no trailer.")
    replies: Replies | None = Field(
        default=None, description="How the bank's reply files are laid out; null: it sends none of its own."
    )

    @property
    def fields(self) -> tuple[FileField | PaymentField, ...]:
        """The fields of all records."""
        return (*self.header, *self.payment, *self.trailer)

    @model_validator(mode="after")
    def _payments_can_be_read_back(self) -> Self:
        values = {field.value for field in self.payment}
        missing = {"end_to_end_id", "amount"} - values
        if "creditor_iban" not in values and not {"creditor_bank_code", "creditor_number"} <= values:
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
        for name, record in (("header", self.header), ("payment", self.payment), ("trailer", self.trailer)):
            _once(name, record)
            for place, field in enumerate(record):
                _fits_our_ids(f"{name}.{place}", field)
                self._refuse_delimiter(f"{name}.{place}", field)
        numbers = (field for field in (*self.header, *self.trailer) if isinstance(field, FileNumber))
        totals = [field for field in numbers if field.value == "hash_total"]
        if (self.hash_total is not None) != bool(totals):
            raise ValueError("hash_total: write its rule exactly where header or trailer holds a field hash_total")
        if any(field.digits is not None for field in totals):
            raise ValueError("hash_total: its digits stand in the rule; leave digits out of the field")
        return self

    def _refuse_delimiter(self, where: str, field: FileField | PaymentField) -> None:
        if self.quoting != "none":
            return
        if isinstance(field, Constant) and self.delimiter in field.text:
            raise ValueError(f"{where}: the text holds the delimiter; write quoting: needed, or another text")
        if isinstance(field, FileAmount | PaymentAmount) and self.delimiter == field.decimal_sign:
            raise ValueError(f"{where}: decimal_sign is the delimiter; write quoting: needed, or another sign")


def _once(name: str, record: Sequence[FileField | PaymentField]) -> None:
    counts = Counter(field.name if isinstance(field, Own) else field.value for field in record)
    twice = sorted(value for value, count in counts.items() if count > 1 and value != "constant")
    if twice:
        raise ValueError(f"{name}: {', '.join(twice)} stands more than once; leave one")


def _fits_our_ids(where: str, field: FileField | PaymentField) -> None:
    longest = {"end_to_end_id": OUR_PAYMENT_ID_MAX, "msg_id": OUR_FILE_ID_MAX, "creditor_iban": IBAN_MAX}
    if not isinstance(field, FileReference | PaymentReference):
        return
    needed = longest.get(field.value)
    if needed is not None and field.max_length is not None and field.max_length < needed:
        raise ValueError(f"{where}: max_length is less than the {needed} letters that {field.value} can have")


def contradictions(
    layout: Layout, *, currencies: Sequence[str], decimals: Iterable[int], accounts: frozenset[str], own: bool
) -> list[str]:
    """List in what a layout disagrees with the rest of its profile, as sentences that say what to write.

    `currencies` and `decimals` run in parallel; `accounts` are the account types; `own`: whether a module is named.
    """
    values = {field.value for field in layout.fields}
    found = []
    if len(currencies) > 1 and not any(f.value == "currency" for f in (*layout.header, *layout.payment)):
        found.append("layout: add a field currency to header or payment, for the bank pays in several")
    for currency, exponent in zip(currencies, decimals, strict=True):
        amounts = [field for field in layout.fields if isinstance(field, FileAmount | PaymentAmount)]
        if any(field.decimals is not None and field.decimals < exponent for field in amounts):
            found.append(f"layout: an amount in {currency} has {exponent} decimals; write decimals of no less")
    if "IBAN" in accounts and "creditor_iban" not in values:
        found.append("layout.payment: holds no creditor_iban, though account_types lists IBAN")
    if "DOMESTIC" in accounts and not {"creditor_bank_code", "creditor_number"} <= values:
        found.append(
            "layout.payment: holds no creditor_bank_code and creditor_number, though account_types lists DOMESTIC"
        )
    if "own" in values and not own:
        found.append("layout: a field own needs `adapter`: the module of bank_adapters/banks that computes it")
    return found
