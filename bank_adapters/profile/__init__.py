"""The strict, documented shape of one bank's profile (`config/banks/<slug>.yaml`). Data only: no code, no secrets."""

from collections.abc import Iterator, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.capabilities import (
    AccountType,
    Booking,
    DuplicateCheck,
    Family,
    PointOfNoReturn,
    Service,
    Tier,
)
from bank_adapters.profile.access import (
    BearerToken,
    Cms,
    DirectoryTransport,
    HttpsTransport,
    MutualTls,
    OAuth2,
    Pgp,
    PickUp,
    RequestSigning,
    SftpTransport,
    Webhook,
)
from bank_adapters.profile.base import (
    END_OF_DAY,
    BankCode,
    BenefitCode,
    CodePage,
    Country,
    Currency,
    PurposeCode,
    SecretReference,
    StatusCode,
    StatusMeaning,
    Strict,
    Why,
)
from bank_adapters.profile.layout import Layout, contradictions
from bank_adapters.profile.rules import (
    Answers,
    Breaker,
    Counter,
    Hours,
    Interbank,
    Limits,
    MatchingRules,
    Messages,
    Onboarding,
    Pace,
    ProductHours,
    Silence,
    StatementRules,
    Timings,
)
from gateway.domain.money import EXPONENT, AmountError, parse_minor
from gateway.domain.routing import BankTerms

__all__ = [
    "END_OF_DAY",
    "Answers",
    "BearerToken",
    "Breaker",
    "Cms",
    "Counter",
    "DirectoryTransport",
    "Hours",
    "HttpsTransport",
    "Interbank",
    "Limits",
    "MatchingRules",
    "Messages",
    "MutualTls",
    "OAuth2",
    "Onboarding",
    "Pace",
    "Pgp",
    "PickUp",
    "ProductHours",
    "Profile",
    "RequestSigning",
    "SftpTransport",
    "Silence",
    "StatementRules",
    "Timings",
    "Webhook",
    "terms",
]

FILES = frozenset({"directory", "sftp"})
"""The transports that carry files."""
INITIATION: Mapping[Family, str] = MappingProxyType(
    {Family.ISO20022: "pain.001.001.09", Family.REST: "json-payments-v1", Family.DELIMITED: "delimited"}
)
"""What each family writes payments in."""
_NAME_PARTS = frozenset({"msg_id", "bank", "date"})


class Profile(Strict):
    """One bank: everything the gateway must know of it."""

    slug: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
        examples=["alfa"],
        description="Short name, equal to the file's; used in ids and metrics.",
    )
    name: str = Field(min_length=1, examples=["Alfa Bank"], description="The bank's name as people know it.")
    country: Country = Field(description="ISO 3166 country of the bank.")
    bic: str = Field(
        pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$",
        examples=["ALFADEFFXXX"],
        description="ISO 9362 BIC of the bank.",
    )
    bank_codes: dict[Country, tuple[BankCode, ...]] = Field(
        examples=[{"DE": ["10010001"]}],
        description="National bank codes, by country, whose accounts this bank claims to pay itself.",
    )
    family: Family = Field(description="Message family: iso20022, rest or delimited.")
    adapter: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        examples=["lima"],
        description="Module of bank_adapters/banks with the bank's peculiarities; null: its family's adapter as it is.",
    )
    tier: Tier = Field(description="How far this profile is proved: draft, sandbox or certified.")
    onboarding: Onboarding = Field(description="How far the connection has come, and the ramp of a live bank.")
    absent: dict[Service, Why] = Field(
        default_factory=dict,
        examples=[{"statement": "the bank sends none"}],
        description="What this bank does not offer, each with the reason; all else is promised.",
    )
    currencies: tuple[Currency, ...] = Field(
        min_length=1, examples=[["EUR"]], description="ISO 4217 codes the bank pays in."
    )
    account_types: tuple[AccountType, ...] = Field(min_length=1, description="Ways to be paid that the bank offers.")
    messages: Messages = Field(description="Which messages are exchanged, by version.")
    scheme: Literal["SEPA", "domestic"] = Field(
        default="SEPA", description="What the bank pays by: SEPA (EUR only), or the clearing of its own country."
    )
    address: Literal["none"] = Field(
        default="none", description="How payees' addresses are written; none: orders carry no address."
    )
    purposes: dict[BenefitCode, PurposeCode] = Field(
        default_factory=dict,
        examples=[{"SICK_PAY": "SSBE"}],
        description="Purpose codes by benefit, where this bank wants others than the catalogue's.",
    )
    limits: Limits = Field(description="Size and number of submissions.")
    pace: Pace = Field(default=Pace(), description="How fast, and in what order, submissions go.")
    file_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_{}][A-Za-z0-9._{}-]{0,99}$")] = Field(
        default="{msg_id}.pain001.xml",
        description="Names of our files, of {msg_id}, {bank} and {date} (yymmdd); {msg_id} keeps them unique.",
    )
    alphabet: Literal["SEPA"] | CodePage = Field(
        description="Letters the bank takes. SEPA: the EPC basic Latin set (EPC217-08); for family delimited also the"
        " code page of its layout: letters outside it are transliterated or refused, never dropped."
    )
    layout: Layout | None = Field(
        default=None, description="The records of our files and of the bank's replies: exactly for family delimited."
    )
    booking: Booking = Field(description="single: one booking a payment; batch: one booking for a submission's sum.")
    answers: Answers = Field(description="What to make of the bank's answers.")
    timings: Timings = Field(description="When to give up, ask, try again and believe.")
    silence: Silence = Field(default=Silence(), description="What to make of a bank that says nothing.")
    breaker: Breaker = Field(description="When sending stops by itself.")
    matching: MatchingRules = Field(default=MatchingRules(), description="How bookings are matched with payments.")
    counter: Counter | None = Field(
        default=None, description="Payments over the counter: exactly where account_types lists COUNTER."
    )
    calendar: Annotated[str, Field(pattern=r"^[A-Z]{2,6}$")] = Field(
        default="TARGET", description="Banking days: TARGET, or a country of config/calendars.yaml or `holidays` (TR)."
    )
    closed_day: Literal["following", "preceding"] = Field(
        default="following", description="Which banking day a pay date on a closed day becomes."
    )
    hours: Hours | None = Field(default=None, description="When the bank takes payments in; null: at any hour.")
    interbank: Interbank | None = Field(
        default=None, description="Whether it pays to accounts at other banks, for payees of banks not connected."
    )
    point_of_no_return: PointOfNoReturn = Field(
        description="rename (a folder whose bank ignores temporary names) or first byte (an API)."
    )
    transport: DirectoryTransport | SftpTransport | HttpsTransport = Field(
        discriminator="kind", description="How bytes reach the bank."
    )
    pick_up: PickUp | None = Field(
        default=None, description="Files the bank leaves for us at its end of the transport; null: it leaves none."
    )
    envelope: Pgp | Cms | None = Field(
        default=None, discriminator="kind", description="Encryption and signature of files, both ways; null: none."
    )
    edge_key_secret: SecretReference = Field(
        description="Name of the secret by which the bank's messages on the topic are signed."
    )
    statement: StatementRules = Field(
        default_factory=StatementRules, description="How the bank's account statements are read and proved."
    )
    status_overrides: dict[StatusCode, StatusMeaning] = Field(
        default_factory=dict,
        examples=[{"ACWC": "accepted"}],
        description="What a status code means at this bank where it differs from ISO 20022.",
    )
    reason_overrides: dict[StatusCode, StatusCode] = Field(
        default_factory=dict,
        examples=[{"B17": "AC04"}],
        description="The bank's own reason codes, each with the ISO 20022 code that it means.",
    )

    @property
    def takes_files(self) -> bool:
        """Whether submissions are files; else each is one request."""
        return self.transport.kind in FILES

    def destination(self, place: str | None = None) -> str:
        """Say what bytes are made for: adapter, kind of transport, place (or `place`, if given), who we are there."""
        adapter = self.adapter or self.family.value
        client = self.transport.client if isinstance(self.transport, HttpsTransport) else ""
        return f"{adapter} by {self.transport.kind} to {place or self.transport.place}" + (client and f" as {client}")

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        files = self.takes_files
        if files == (self.family is Family.REST):
            raise ValueError("family rest goes through transport https, every other family through directory or sftp")
        if self.messages.initiation != INITIATION[self.family]:
            raise ValueError(f"messages.initiation does not belong to the family: write {INITIATION[self.family]}")
        if files != (self.point_of_no_return is PointOfNoReturn.RENAME):
            raise ValueError("point_of_no_return is 'rename' for files and 'first byte' for https")
        if not files and self.limits.payments_per_submission != 1:
            raise ValueError("limits.payments_per_submission is 1 for family rest: one payment is one request")
        if not files and (self.pick_up is not None or self.envelope is not None):
            raise ValueError("pick_up and envelope are for files; an API calls our webhook")
        return self

    @model_validator(mode="after")
    def _scheme_agrees(self) -> Self:
        if self.scheme == "SEPA" and set(self.currencies) != {"EUR"}:
            raise ValueError("scheme SEPA pays in EUR only; write currencies: [EUR], or scheme: domestic")
        if self.scheme != "SEPA" and self.family is not Family.DELIMITED:
            raise ValueError("scheme: families iso20022 and rest write SEPA payments; leave scheme out")
        return self

    @model_validator(mode="after")
    def _layout_agrees(self) -> Self:
        if (self.layout is not None) != (self.family is Family.DELIMITED):
            raise ValueError("layout is there exactly for family delimited: write the records of the file")
        if self.layout is None and self.alphabet != "SEPA":
            raise ValueError("alphabet: write SEPA; a code page belongs to family delimited")
        found = "; ".join(self._contradictions(self.layout) if self.layout else ())
        if found:
            raise ValueError(found)
        return self

    def _contradictions(self, layout: Layout) -> Iterator[str]:
        yield from contradictions(
            layout,
            currencies=self.currencies,
            decimals=[EXPONENT[currency] for currency in self.currencies],
            accounts=frozenset(self.account_types),
            own=self.adapter is not None,
        )
        if self.alphabet not in {"SEPA", layout.encoding} and layout.encoding != "utf-8":
            yield f"alphabet: write SEPA or the layout's encoding, {layout.encoding}"
        if layout.replies is not None and not self.status_overrides:
            yield "status_overrides: write what each code of the column result means"

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        parts = {name for _, name, _, _ in Formatter().parse(self.file_name) if name is not None}
        if "msg_id" not in parts or not parts <= _NAME_PARTS:
            raise ValueError("file_name holds {msg_id} and, of others, {bank} and {date} only")
        return self

    @model_validator(mode="after")
    def _absences_agree(self) -> Self:
        offered = {
            Service.POSITIVE_STATUS: self.answers.positive_status,
            Service.DUPLICATE_CHECK: self.answers.duplicate_check is not DuplicateCheck.NONE,
        }
        for service, there in offered.items():
            if there == (service in self.absent):
                raise ValueError(f"absent and answers contradict each other about {service.value!r}")
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
        for name in ("payments_per_submission", "payments_per_block"):
            most = getattr(self.limits, name)
            if most is not None and self.limits.min_payments_per_submission > most:
                raise ValueError(f"limits.min_payments_per_submission is above limits.{name}")
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


def terms(profile: Profile, *, production: bool = False) -> BankTerms:
    """Return what routing must know of a bank."""
    return BankTerms(
        slug=profile.slug,
        bank_codes={country: frozenset(codes) for country, codes in profile.bank_codes.items()},
        currencies=frozenset(profile.currencies),
        account_types=frozenset(str(kind) for kind in profile.account_types),
        live=profile.onboarding.pays(production=production),
        interbank=frozenset(profile.interbank.countries if profile.interbank else ()),
        per_day=profile.onboarding.payments_per_day,
    )
