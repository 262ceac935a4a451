"""The strict, documented shape of one bank's profile (`config/banks/<slug>.yaml`). Data only: no code, no secrets."""

import re
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bank_adapters.capabilities import (
    AccountType,
    Booking,
    DuplicateCheck,
    Family,
    PointOfNoReturn,
    Tier,
)
from gateway.domain.matching import LADDER, Rule
from gateway.domain.money import EXPONENT, AmountError, parse_minor
from gateway.domain.routing import BankTerms

Seconds = Annotated[int, Field(gt=0, le=30 * 24 * 3600)]
SecretReference = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,99}$")]
StatusMeaning = Literal["none", "accepted", "executed", "credited", "rejected", "cancelled"]
StatusCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,35}$")]
BankCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{1,12}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


def _known_currency(code: str) -> str:
    if code not in EXPONENT:
        raise ValueError("not a currency the gateway knows")
    return code


Currency = Annotated[str, AfterValidator(_known_currency)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("not a time zone that is known here") from None
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Messages(_Strict):
    """Versions of the messages exchanged."""

    initiation: Literal["pain.001.001.09", "json-payments-v1"] = Field(
        description="What payments are written in: pain.001.001.09 (family iso20022) or json-payments-v1 (family rest)."
    )


class Limits(_Strict):
    """What one submission may hold and how many may be under way."""

    payments_per_submission: int = Field(ge=1, le=20_000, description="Most payments in one submission.")
    sum_per_submission: str | None = Field(
        description='Largest sum of one submission as a decimal string ("250000.00") in its currency; null: no limit.'
    )
    min_payments_per_submission: int = Field(
        ge=1, description="Fewest payments in one submission; some banks refuse or slow down single payments."
    )
    submissions_in_flight: int = Field(ge=1, description="Most submissions that are under way at a time.")


class Answers(_Strict):
    """What the bank tells and what its words are worth."""

    positive_status: bool = Field(description="Whether the bank reports acceptance; false: silence is normal.")
    trusts_actc: bool = Field(description="Whether ACTC from this bank means that the payments are accepted.")
    duplicate_check: DuplicateCheck = Field(description="By what the bank recognises a submission it already has.")
    inquiry_authoritative: bool = Field(
        default=False, description="Whether the bank's answer 'I do not know it' is proof once enough time has passed."
    )
    duplicate_codes: tuple[StatusCode, ...] = Field(
        default=(), description="The bank's own reason codes that mean 'already have it', beside the standard ones."
    )
    duplicate_texts: tuple[Annotated[str, Field(min_length=5)], ...] = Field(
        default=(), description="Phrases in the text of reason NARR by which this bank says 'already have it'."
    )


class StatementRules(_Strict):
    """How this bank's account statements (camt.053) are to be read and proved."""

    reversal_flips_sign: bool = Field(
        default=False,
        description="Whether RvslInd turns CdtDbtInd around. Proved statements of several banks say no; default: no.",
    )
    missing_status_is_booked: bool = Field(
        default=True,
        description="Whether a statement's entry without Sts is booked; the balance is the witness.",
    )
    consecutive_numbers: bool = Field(
        default=True,
        description="Whether the bank numbers statements of an account without gaps within a year; false: balances and"
        " dates alone say which statement follows.",
    )
    first_number: int = Field(
        default=1, ge=0, description="The number with which the bank begins again in a new year, if it does."
    )
    return_codes: tuple[Annotated[str, Field(min_length=3)], ...] = Field(
        default=(), description="The bank's own transaction codes (BkTxCd/Prtry/Cd) that mark a credit as a return."
    )


class Timings(_Strict):
    """When to give up, ask, try again and believe. All from the moment of the intent unless said otherwise."""

    send_deadline_seconds: Seconds = Field(description="After this the transport must not pass the point of no return.")
    lease_seconds: Seconds = Field(description="How long a send belongs to its worker; longer than the deadline.")
    authoritative_after_seconds: Seconds = Field(
        description="Past the deadline by this much, 'I do not know it' said twice may count as proof."
    )
    inquire_after_seconds: Seconds = Field(description="Wait before, and between, inquiries about an unknown.")
    retry_after_seconds: Seconds = Field(description="Wait before something proved not sent is sent again.")
    tries_max: int = Field(ge=1, le=100, description="Most intents of one submission.")
    reject_final_after_hours: int = Field(
        ge=0,
        le=24 * 60,
        description="Hours after which a payment's rejection is final, once a proved statement does not book it.",
    )

    @model_validator(mode="after")
    def _lease_outlives_deadline(self) -> Self:
        if self.lease_seconds <= self.send_deadline_seconds:
            raise ValueError("lease_seconds must be greater than send_deadline_seconds")
        return self


class Counter(_Strict):
    """How the bank pays over the counter, and how it says that nobody came."""

    paid_by: Literal["credited", "booked"] = Field(
        default="credited",
        description="What says that the payee has the money: status ACCC (credited; the bank books when it takes the "
        "payment in) or the booking itself (booked; the bank books on collection).",
    )
    unclaimed_codes: tuple[StatusCode, ...] = Field(
        default=(), description="The bank's own reason codes, in a rejection or a return, for: nobody collected it."
    )
    silence_days: int = Field(
        default=3, ge=0, le=60, description="Days after the window's last day before silence becomes an exception."
    )


class CutOff(_Strict):
    """Until when the bank takes payments in for the same day."""

    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = Field(
        description='Time of day ("15:30") in the bank\'s zone.'
    )
    zone: Annotated[str, AfterValidator(_known_zone)] = Field(description='IANA time zone ("Europe/Berlin").')


class MatchingRules(_Strict):
    """How what the bank books is matched with what it was sent."""

    rules: tuple[Rule, ...] = Field(
        default=LADDER, description="Rungs of the ladder that are believed, of: " + ", ".join(LADDER) + "."
    )
    charges_tolerance: Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,4})?$")] = Field(
        default="0.00",
        description="By how much documented charges may fail to explain a lower amount, in any of its currencies.",
    )

    def tolerance_minor(self, currency: str) -> int:
        """Return the tolerance in whole minor units of `currency`."""
        return int(Decimal(self.charges_tolerance).scaleb(EXPONENT[currency]))


class Silence(_Strict):
    """What to make of a bank that says nothing; from the moment a submission was delivered."""

    presumed_executed_after_hours: int | None = Field(
        default=None,
        ge=1,
        le=60 * 24,
        description="Hours of silence after which payments are presumed executed (a flag, no fact); null: never.",
    )
    exception_after_hours: int = Field(
        default=72, ge=1, le=60 * 24, description="Hours without a final word after which a person must ask the bank."
    )
    unknown_after_minutes: int = Field(
        default=60, ge=1, le=7 * 24 * 60, description="Minutes a submission may be unknown before a person must ask."
    )

    @model_validator(mode="after")
    def _presumed_first(self) -> Self:
        if (self.presumed_executed_after_hours or 0) > self.exception_after_hours:
            raise ValueError("presumed_executed_after_hours is not above exception_after_hours")
        return self


class Breaker(_Strict):
    """When the bank's lane stops by itself."""

    failures: int = Field(ge=1, description="Failures in a row that open the breaker.")
    open_seconds: Seconds = Field(description="How long it stays open before a probe that moves no money.")


class DirectoryTransport(_Strict):
    """A folder the bank collects from; files appear by rename."""

    kind: Literal["directory"] = Field(description="A folder that the bank collects files from.")
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")] = Field(
        description="The bank's folder, relative to the root that the settings name."
    )


class HttpsTransport(_Strict):
    """An API."""

    kind: Literal["https"] = Field(description="An HTTP API with a bearer token and an idempotency key.")
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = Field(
        description="Root of the API without a closing slash; the settings decide whether plain http may run."
    )
    token_secret: SecretReference = Field(description="Name of the secret that holds the bearer token.")
    timeout_seconds: Seconds = Field(description="Limit for one request as a whole.")
    busy_means_not_sent: bool = Field(
        default=False, description="The bank guarantees that 429 or 503 with Retry-After has taken nothing in."
    )


class Profile(_Strict):
    """One bank: everything the gateway must know of it."""

    slug: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
        description="Short name, equal to the file's; used in ids and metrics.",
    )
    name: str = Field(min_length=1, description="The bank's name as people know it.")
    country: Country = Field(description="ISO 3166 country of the bank.")
    bic: str = Field(pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", description="ISO 9362 BIC of the bank.")
    bank_codes: dict[Country, tuple[BankCode, ...]] = Field(
        description="National bank codes, by country, whose accounts this bank claims to pay itself."
    )
    family: Family = Field(description="Message family: iso20022 or rest.")
    tier: Tier = Field(description="How far this profile is proved: draft, sandbox or certified.")
    live: bool = Field(description="Whether payments may be routed to the bank at all.")
    currencies: tuple[Currency, ...] = Field(min_length=1, description="ISO 4217 codes the bank pays in.")
    account_types: tuple[AccountType, ...] = Field(min_length=1, description="Ways to be paid that the bank offers.")
    messages: Messages = Field(description="Which messages are exchanged, by version.")
    limits: Limits = Field(description="Size and number of submissions.")
    alphabet: Literal["SEPA"] = Field(description="Letters the bank takes; SEPA: the EPC basic Latin set (EPC217-08).")
    booking: Booking = Field(description="single: one booking a payment; batch: one booking for a submission's sum.")
    answers: Answers = Field(description="What to make of the bank's answers.")
    timings: Timings = Field(description="When to give up, ask, try again and believe.")
    silence: Silence = Field(default=Silence(), description="What to make of a bank that says nothing.")
    breaker: Breaker = Field(description="When sending stops by itself.")
    matching: MatchingRules = Field(default=MatchingRules(), description="How bookings are matched with payments.")
    counter: Counter | None = Field(
        default=None, description="Payments over the counter: exactly where account_types lists COUNTER."
    )
    cut_off: CutOff | None = Field(default=None, description="When the paying account must be funded; null: unknown.")
    point_of_no_return: PointOfNoReturn = Field(
        description="rename (a folder whose bank ignores temporary names) or first byte (an API)."
    )
    transport: DirectoryTransport | HttpsTransport = Field(
        discriminator="kind", description="How bytes reach the bank."
    )
    edge_key_secret: SecretReference = Field(
        description="Name of the secret by which the bank's messages on the topic are signed."
    )
    statement: StatementRules = Field(
        default_factory=StatementRules, description="How the bank's account statements are read and proved."
    )
    status_overrides: dict[StatusCode, StatusMeaning] = Field(
        default_factory=dict, description="What a status code means at this bank where it differs from ISO 20022."
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        directory = self.transport.kind == "directory"
        if directory != (self.family is Family.ISO20022):
            raise ValueError("family iso20022 goes through transport directory, family rest through https")
        if directory != (self.messages.initiation == "pain.001.001.09"):
            raise ValueError("messages.initiation does not belong to the family")
        if directory != (self.point_of_no_return is PointOfNoReturn.RENAME):
            raise ValueError("point_of_no_return is 'rename' for a directory and 'first byte' for https")
        if self.family is Family.REST and self.limits.payments_per_submission != 1:
            raise ValueError("limits.payments_per_submission is 1 for family rest: one payment is one request")
        return self

    @model_validator(mode="after")
    def _counter_agrees(self) -> Self:
        if (self.counter is not None) != (AccountType.COUNTER in self.account_types):
            raise ValueError("counter is there exactly where account_types lists COUNTER")
        if self.counter is not None and self.family is not Family.REST:
            raise ValueError("account_types COUNTER needs family rest: a file has no place for an id and a window")
        return self

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.limits.min_payments_per_submission > self.limits.payments_per_submission:
            raise ValueError("limits.min_payments_per_submission is above limits.payments_per_submission")
        for currency in self.currencies:
            self.sum_limit(currency)
        return self

    def sum_limit(self, currency: str) -> int | None:
        """Return the largest sum of one submission in minor units of `currency`, or None."""
        text = self.limits.sum_per_submission
        if text is None:
            return None
        try:
            return parse_minor(text, currency)
        except AmountError as error:
            raise ValueError(f"limits.sum_per_submission: {error}") from error


def terms(profile: Profile) -> BankTerms:
    """Return what routing must know of a bank."""
    return BankTerms(
        slug=profile.slug,
        bank_codes={country: frozenset(codes) for country, codes in profile.bank_codes.items()},
        currencies=frozenset(profile.currencies),
        account_types=frozenset(str(kind) for kind in profile.account_types),
        live=profile.live,
    )


def key_path(location: tuple[int | str, ...]) -> str:
    """Write where in a profile something is wrong, as a person would look for it ("limits.sum_per_submission")."""
    return re.sub(r"\.(directory|https)(?=\.|$)", "", ".".join(str(part) for part in location)) or "(profile)"
