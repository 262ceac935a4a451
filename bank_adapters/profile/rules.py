"""The rules of a profile that are about payments and words, not about wires."""

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.capabilities import DuplicateCheck
from bank_adapters.profile.base import Product, Seconds, StatusCode, Strict, TimeOfDay, Zone
from gateway.domain.matching import LADDER, Rule
from gateway.domain.money import EXPONENT


class Messages(Strict):
    """Versions of the messages exchanged."""

    initiation: Literal[
        "pain.001.001.09",
        "pain.001.001.03",
        "pain.001.001.11",
        "json-payments-v1",
        "delimited",
        "fixed-width",
        "MT101",
    ] = Field(
        description="What payments are written in: pain.001.001.09, .03 or .11 (iso20022), json-payments-v1 (rest),"
        " delimited, fixed-width or MT101 (mt)."
    )
    statements: Literal["camt", "MT"] = Field(
        default="camt",
        description="What the bank tells our accounts in: camt (XML alone), or MT (MT940 and MT942; XML is read too).",
    )
    cancellation: Literal["camt.055.001.08", "camt.055.001.09"] | None = Field(
        default=None, description="What a bank of family iso20022 is asked in to cancel payments; null: not by message."
    )


class Limits(Strict):
    """What one submission may hold and how many may be under way."""

    payments_per_submission: int = Field(
        ge=1, le=20_000, examples=[1000], description="Most payments in one submission."
    )
    payments_per_block: int | None = Field(
        default=None, ge=1, description="Most payments in one block; a submission of ours is one block. null: no limit."
    )
    bytes_per_submission: int | None = Field(
        default=None, ge=4096, description="Most bytes of one submission; null: no limit."
    )
    sum_per_submission: str | None = Field(
        examples=["250000.00"],
        description='Largest sum of one submission as a decimal string ("250000.00") in its currency; null: no limit.',
    )
    min_payments_per_submission: int = Field(
        ge=1,
        description="Fewest payments in one submission; 2 where opting out of payee verification needs it.",
    )
    submissions_in_flight: int = Field(ge=1, examples=[4], description="Most submissions that are under way at a time.")


class Answers(Strict):
    """What the bank tells and what its words are worth."""

    positive_status: bool = Field(description="Whether the bank reports acceptance; false: silence is normal.")
    trusts_actc: bool = Field(
        examples=[False], description="Whether ACTC from this bank means that the payments are accepted."
    )
    duplicate_check: DuplicateCheck = Field(description="By what the bank recognises a submission it already has.")
    duplicate_memory_days: int | None = Field(
        default=None, ge=1, le=400, description="How long the bank recognises what it has; null: it does not say."
    )
    inquiry_authoritative: bool = Field(
        default=False, description="Whether the bank's answer 'I do not know it' is proof once enough time has passed."
    )
    duplicate_codes: tuple[StatusCode, ...] = Field(
        default=(),
        examples=[["B17"]],
        description="The bank's own reason codes that mean 'already have it', beside the standard ones.",
    )
    duplicate_texts: tuple[Annotated[str, Field(min_length=5)], ...] = Field(
        default=(),
        examples=[["already received"]],
        description="Phrases in the text of reason NARR by which this bank says 'already have it'.",
    )
    reason_texts: dict[Annotated[str, Field(min_length=5)], StatusCode] = Field(
        default_factory=dict,
        examples=[{"Konto ungültig": "AC01"}],
        description="Phrases in the text of a reason that says nothing by itself (NARR, MS02, MS03, SL01, SL02, NOAS or"
        " none), each with the ISO 20022 code that it means.",
    )

    def knowing(self, duplicates: Collection[str]) -> Self:
        """Return them with further codes that mean *already have it*; phrases for such a code are phrases for that."""
        codes = {*self.duplicate_codes, *duplicates}
        known = {
            "duplicate_codes": tuple(sorted(codes)),
            "duplicate_texts": (*self.duplicate_texts, *(p for p, code in self.reason_texts.items() if code in codes)),
            "reason_texts": {phrase: code for phrase, code in self.reason_texts.items() if code not in codes},
        }
        return self.model_copy(update=known)


class StatementRules(Strict):
    """How this bank's account statements (camt.053, MT940) are to be read and proved."""

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
        default=(),
        examples=[["RTN"]],
        description="The bank's own transaction codes (BkTxCd/Prtry/Cd; in an MT940 the type or the business code) that"
        " mark a credit as a return.",
    )
    accounts: dict[
        Annotated[str, Field(pattern=r"^[A-Z0-9/.-]{1,35}$", examples=["10010001/20260001EUR"])],
        Annotated[str, Field(pattern=r"^[A-Z0-9]{1,34}$", examples=["DE89370400440532013000"])],
    ] = Field(
        default_factory=dict,
        examples=[{"10010001/20260001EUR": "DE89370400440532013000"}],
        description="Our accounts by what the bank writes into field 25 of MT940 and MT942, in capitals and without"
        " blanks, where no IBAN stands there.",
    )
    interim_is_booked: bool = Field(
        default=False,
        description="Whether the entries of an MT942 are booked; false: the bank only announces them.",
    )


class Timings(Strict):
    """When to give up, ask, try again and believe. All from the moment of the intent unless said otherwise."""

    send_deadline_seconds: Seconds = Field(
        examples=[20], description="After this the transport must not pass the point of no return."
    )
    lease_seconds: Seconds = Field(description="How long a send belongs to its worker; longer than the deadline.")
    authoritative_after_seconds: Seconds = Field(
        examples=[300], description="Past the deadline by this much, 'I do not know it' said twice may count as proof."
    )
    inquire_after_seconds: Seconds = Field(description="Wait before, and between, inquiries about an unknown.")
    retry_after_seconds: Seconds = Field(description="Wait before something proved not sent is sent again.")
    tries_max: int = Field(
        ge=1, le=100, examples=[10], description="Most intents of one submission, but for those that only waited."
    )
    reject_final_after_hours: int = Field(
        ge=0,
        examples=[48],
        le=24 * 60,
        description="Hours after which a payment's rejection is final, once a proved statement does not book it.",
    )

    @model_validator(mode="after")
    def _lease_outlives_deadline(self) -> Self:
        if self.lease_seconds <= self.send_deadline_seconds:
            raise ValueError("lease_seconds must be greater than send_deadline_seconds")
        return self


class Counter(Strict):
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


class Onboarding(Strict):
    """How far the connection to the bank has come; only a live bank is paid through outside a sandbox."""

    state: Literal["simulated", "test file accepted", "parallel run", "live", "suspended"] = Field(
        description="simulated: paid through in a sandbox only. test file accepted: the bank took a file of ours;"
        " parallel run: the old way still pays and what this one would send is compared (gateway bank render); neither"
        " sends in production. live: pays. suspended: nothing leaves, in no mode."
    )
    payments_per_day: int | None = Field(
        default=None, ge=1, description="The ramp of a live bank: most payments of a calendar day (UTC); null: no ramp."
    )

    @model_validator(mode="after")
    def _only_a_live_bank_has_a_ramp(self) -> Self:
        if self.payments_per_day is not None and self.state != "live":
            raise ValueError("payments_per_day belongs to state live; leave it out")
        return self

    def pays(self, *, production: bool) -> bool:
        """Whether payments may be routed to the bank."""
        return self.state == "live" or (self.state != "suspended" and not production)


class Pace(Strict):
    """How fast, and in what order, the bank wants to be sent to."""

    per_second: int | None = Field(default=None, ge=1, le=10_000, description="Most submissions a second; null: any.")
    at_once: int = Field(default=1, ge=1, le=64, description="Most submissions on the wire at a time, a worker.")
    ordered: bool = Field(
        default=False, description="Whether a submission waits until the one before it is delivered or void."
    )
    minimum_gap_seconds: int = Field(default=0, ge=0, le=86_400, description="Least time between two submissions.")

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        if self.ordered and self.at_once > 1:
            raise ValueError("at_once is 1 where ordered is true")
        return self


class ProductHours(Strict):
    """When the bank takes one product in, in its own time."""

    opens: TimeOfDay = Field(default="00:00", description='From when ("07:00").')
    closes: TimeOfDay = Field(default="24:00", description='The cut-off for the same day ("15:30").')
    closes_half_day: TimeOfDay | None = Field(
        default=None, description='The cut-off on the calendar\'s half-days ("11:30"); null: as on any other day.'
    )

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes or self.opens >= (self.closes_half_day or self.closes):
            raise ValueError("opens must be before closes")
        return self


class Hours(Strict):
    """When the bank takes payments in."""

    zone: Zone = Field(description='IANA time zone of all its times ("Europe/Berlin").')
    products: dict[Product, ProductHours] = Field(
        min_length=1,
        examples=[{"*": {"closes": "15:30"}}],
        description='Hours by category purpose ("SSBE"); "*" for every other; a product without is shut.',
    )
    waits: bool = Field(
        default=True, description="Whether files wait for the hours; false: they go at any time, the bank keeps them."
    )

    def of(self, product: str | None) -> ProductHours | None:
        """Return the hours of a product, or None where the bank does not take it."""
        return self.products.get(product or "*") or self.products.get("*")


class Interbank(Strict):
    """Payments through this bank to accounts at other banks."""

    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["DE"])], ...] = Field(
        min_length=1, description="Countries of the accounts it can pay to."
    )


class MatchingRules(Strict):
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


class Silence(Strict):
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


class Breaker(Strict):
    """When the bank's lane stops by itself."""

    failures: int = Field(ge=1, examples=[5], description="Failures in a row that open the breaker.")
    open_seconds: Seconds = Field(
        examples=[120], description="How long it stays open before a probe that moves no money."
    )
