"""The strict, documented shape of one bank's profile (`config/banks/<slug>.yaml`). Data only: no code, no secrets."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.alphabet import alphabet as alphabet_named
from bank_adapters.capabilities import (
    FLAT,
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
from bank_adapters.profile.agreement import contradictions
from bank_adapters.profile.base import (
    END_OF_DAY,
    AlphabetName,
    BankCode,
    BenefitCode,
    Country,
    Currency,
    SecretReference,
    StatusCode,
    StatusMeaning,
    Strict,
    Why,
)
from bank_adapters.profile.benefits import BenefitTerms, Part, benefit_contradictions
from bank_adapters.profile.layout import Layout
from bank_adapters.profile.mt import PLAIN, MtTerms
from bank_adapters.profile.mt import contradictions as mt_contradictions
from bank_adapters.profile.names import name_contradictions
from bank_adapters.profile.pain001 import VERSIONS, Pain001
from bank_adapters.profile.pain001 import contradictions as pain001_contradictions
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
    {
        Family.ISO20022: "pain.001.001.09",
        Family.REST: "json-payments-v1",
        Family.DELIMITED: "delimited",
        Family.FIXED_WIDTH: "fixed-width",
        Family.MT: "MT101",
    }
)
"""What each family writes payments in."""


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
    family: Family = Field(description="Message family: iso20022, rest, delimited, fixed-width or mt.")
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
    address: Literal["none", "structured", "hybrid"] | None = Field(
        default=None,
        description="How payees' addresses are written (family iso20022): none (left out); structured (town and"
        " country at least); hybrid (up to two free lines beside them). null: not known; an order with one is held.",
    )
    pain001: Pain001 = Field(default=Pain001(), description="The bank's habits in pain.001 (family iso20022).")
    mt: MtTerms | None = Field(default=None, description="The bank's habits in MT101 (family mt); null: none.")
    benefits: dict[BenefitCode, BenefitTerms] = Field(
        default_factory=dict,
        examples=[{"SICK_PAY": {"purpose": "SSBE"}}],
        description="Benefits of which this bank is told another purpose, category purpose or instrument than the"
        " catalogue says.",
    )
    leaves_out: tuple[Part, ...] = Field(
        default=(),
        description="Parts of orders that this bank's messages have no place for and that are left out (no family"
        " iso20022); an order with any other part that has no place is held.",
    )
    limits: Limits = Field(description="Size and number of submissions.")
    pace: Pace = Field(default=Pace(), description="How fast, and in what order, submissions go.")
    file_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_{}][A-Za-z0-9._{}-]{0,99}$")] = Field(
        default="{msg_id}.pain001.xml",
        description="Names of our files, of {msg_id}, {bank} and {date} (yymmdd). They are unique by {msg_id}, or by"
        " {date}, {epoch} (of restores) and {sequence} (of the bank's lane, five digits or more).",
    )
    alphabet: AlphabetName = Field(
        description="Letters the bank takes (gateway/docs/alphabets.md). SEPA or SWIFT-X: the basic Latin set; for"
        " delimited and fixed-width also those of the layout's encoding, for family iso20022 any (the file stays"
        " UTF-8). Behind it -tr, -ru or -el: whose names are written; -upper: in capitals. Other letters are"
        " transliterated or refused, never dropped."
    )
    layout: Layout | None = Field(
        default=None,
        description="The records of our files and of the bank's replies: exactly for delimited and fixed-width.",
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

    def knowing(self, duplicates: Collection[str]) -> Self:
        """Return it as messages are read: with the codes by which configuration says *already have it* as its own.

        A reader lends no rejection to what it holds beside such a code, so it must know all of them. They win over what
        the profile says that they mean.
        """
        answers = self.answers.knowing(duplicates)
        means = {code: meant for code, meant in self.reason_overrides.items() if code not in answers.duplicate_codes}
        return self.model_copy(update={"answers": answers, "reason_overrides": means})

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        files = self.takes_files
        if files == (self.family is Family.REST):
            raise ValueError("family rest goes through transport https, every other family through directory or sftp")
        others = VERSIONS if self.family is Family.ISO20022 else ()
        if self.messages.initiation not in {INITIATION[self.family], *others}:
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
        if self.scheme != "SEPA" and self.family is Family.REST:
            raise ValueError("scheme: family rest writes SEPA payments; leave scheme out")
        return self

    @model_validator(mode="after")
    def _pain001_agrees(self) -> Self:
        if self.family is not Family.ISO20022:
            if self.pain001 != Pain001() or self.address is not None or self.messages.cancellation is not None:
                raise ValueError("pain001, address and messages.cancellation belong to family iso20022; leave them out")
            return self
        found = "; ".join(pain001_contradictions(self.pain001, self.scheme, self.currencies))
        if found:
            raise ValueError(found)
        return self

    @model_validator(mode="after")
    def _mt_agrees(self) -> Self:
        if self.family is not Family.MT:
            if self.mt is not None:
                raise ValueError("mt belongs to family mt; leave it out")
            return self
        found = "; ".join(mt_contradictions(self.mt or PLAIN, frozenset(self.account_types), self.alphabet))
        if found:
            raise ValueError(found)
        return self

    @model_validator(mode="after")
    def _layout_agrees(self) -> Self:
        if (self.layout is not None) != (self.family in FLAT):
            raise ValueError("layout is there exactly for family delimited or fixed-width: write the file's records")
        if self.layout is not None and self.layout.fixed != (self.family is Family.FIXED_WIDTH):
            raise ValueError(
                "layout.delimiter is there exactly for family delimited; write family: fixed-width without"
            )
        if self.family is Family.REST and self.alphabet != "SEPA":
            raise ValueError("alphabet: write SEPA; a code page belongs to files")
        found = "; ".join(self._contradictions(self.layout) if self.layout else ())
        if found:
            raise ValueError(found)
        return self

    def _contradictions(self, layout: Layout) -> Iterator[str]:
        letters = alphabet_named(self.alphabet).encoding
        yield from contradictions(
            layout,
            currencies=self.currencies,
            decimals=[EXPONENT[currency] for currency in self.currencies],
            accounts=frozenset(self.account_types),
            own=self.adapter is not None,
            country=self.country,
            file_name=self.file_name,
            enveloped=self.envelope is not None,
            plain=letters == "ascii",
        )
        if letters not in {"ascii", layout.encoding} and layout.encoding != "utf-8":
            yield f"alphabet: write SEPA or the layout's encoding, {layout.encoding}"
        if layout.replies is not None and not self.status_overrides:
            yield "status_overrides: write what each code of the column result means"

    @model_validator(mode="after")
    def _names_and_benefits_agree(self) -> Self:
        if found := "; ".join((*name_contradictions(self.file_name), *benefit_contradictions(self))):
            raise ValueError(found)
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
        if self.counter is not None and self.family is Family.ISO20022:
            raise ValueError("account_types COUNTER: pain.001 has no place for an id and a window; leave it out")
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
