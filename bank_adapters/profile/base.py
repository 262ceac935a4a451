"""What the parts of a profile share: strict models, and the vocabularies of single keys."""

from collections.abc import Collection
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bank_adapters.alphabet import NAMES
from gateway.domain.external_codes import CATEGORY_PURPOSES, LOCAL_INSTRUMENTS, PURPOSES, SERVICE_LEVELS
from gateway.domain.money import EXPONENT

Seconds = Annotated[int, Field(gt=0, le=30 * 24 * 3600, examples=[60])]
SecretReference = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$", max_length=100, examples=["bank-edge"]),
]
StatusMeaning = Literal["none", "accepted", "executed", "credited", "rejected", "cancelled"]
StatusCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,35}$", examples=["AC04"])]
BankCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{1,12}$", examples=["10010001"])]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["DE"])]
BenefitCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,39}$", examples=["SICK_PAY"])]
"""A benefit of config/benefits.yaml."""
TimeOfDay = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["15:30"])]
"""A time of the bank's day ("15:30"); "24:00" is its end."""
END_OF_DAY = "24:00"
CodePage = Literal[
    "cp1254",
    "cp1252",
    "iso8859-9",
    "cp1251",
    "iso8859-2",
    "utf-8",
    "cp1250",
    "cp857",
    "cp866",
    "iso8859-1",
    "iso8859-5",
    "cp500",
    "cp1026",
]
"""Encodings of text files, by Python's names. All hold the letters of ASCII, cp500 and cp1026 (EBCDIC) elsewhere."""
RelativeFolder = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", examples=["incoming"])
]
Why = Annotated[str, Field(min_length=10, max_length=200, examples=["the bank does not offer it"])]
"""A reason that a person can do something with."""


def _known_currency(code: str) -> str:
    if code not in EXPONENT:
        raise ValueError("not a currency the gateway knows")
    return code


Currency = Annotated[
    str, AfterValidator(_known_currency), Field(examples=["EUR"], json_schema_extra={"enum": sorted(EXPONENT)})
]


def _published(codes: Collection[str], name: str) -> AfterValidator:
    """Hold a code against the set that ISO 20022 publishes, so that a typing error is found before a payment is."""

    def check(code: str) -> str:
        if code not in codes:
            raise ValueError(f"not a code that ISO 20022 publishes in {name}")
        return code

    return AfterValidator(check)


def _purpose(code: str) -> str:
    if not code.isdecimal() and code not in PURPOSES:
        raise ValueError("not a code that ISO 20022 publishes in ExternalPurpose1Code, nor a number of a national list")
    return code


AnyPurposeCode = Annotated[
    str, AfterValidator(_purpose), Field(pattern=r"^([A-Z0-9]{4}|[0-9]{1,4})$", examples=["SSBE", "17"])
]
"""A purpose of ISO 20022, or the number of one in a national list (01 to 22 in Turkey)."""
CategoryPurposeCode = Annotated[
    str,
    _published(CATEGORY_PURPOSES, "ExternalCategoryPurpose1Code"),
    Field(pattern=r"^[A-Z0-9]{4}$", examples=["SSBE"]),
]
ServiceLevelCode = Annotated[
    str, _published(SERVICE_LEVELS, "ExternalServiceLevel1Code"), Field(pattern=r"^[A-Z0-9]{1,4}$", examples=["SEPA"])
]
LocalInstrumentCode = Annotated[
    str,
    _published(LOCAL_INSTRUMENTS, "ExternalLocalInstrument1Code"),
    Field(pattern=r"^[A-Z0-9]{1,35}$", examples=["INST"]),
]
Product = Annotated[
    str,
    _published(CATEGORY_PURPOSES | {"*"}, "ExternalCategoryPurpose1Code"),
    Field(pattern=r"^([A-Z0-9]{4}|\*)$", examples=["SSBE"]),
]
"""A category purpose, or "*" for every other."""


def _known_alphabet(name: str) -> str:
    if name not in NAMES:
        raise ValueError("not an alphabet that is known here")
    return name


AlphabetName = Annotated[
    str, AfterValidator(_known_alphabet), Field(examples=["SEPA"], json_schema_extra={"enum": list(NAMES)})
]
"""Letters that a bank takes, by name (bank_adapters/alphabet)."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("not a time zone that is known here") from None
    return name


Zone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(examples=["Europe/Berlin"], json_schema_extra={"pattern": r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"}),
]


class Strict(BaseModel):
    """Frozen; an unknown key is refused; no value is repeated in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
