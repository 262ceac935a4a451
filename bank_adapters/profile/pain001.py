"""The habits of a bank in pain.001 beyond its schema: what it wants, what it refuses, how each instrument is named."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bank_adapters.capabilities import Instrument
from bank_adapters.profile.base import CategoryPurposeCode, Country, LocalInstrumentCode, ServiceLevelCode, Strict
from gateway.domain.identity import slash_violations
from gateway.domain.money import AmountError, parse_minor

ChargeBearer = Literal["SLEV", "SHAR", "DEBT", "CRED"]
ExternalCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,35}$", examples=["INST"])]
OwnCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9./+-][A-Za-z0-9./+ -]{0,33}[A-Za-z0-9./+-]?$", examples=["FAST"])]
Namespace = Annotated[
    str,
    Field(
        pattern=r"^(urn|https?):[A-Za-z0-9._:/$-]{3,120}$", examples=["urn:iso:std:iso:20022:tech:xsd:pain.001.003.03"]
    ),
]
AmountText = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?$", examples=["100000.00"])]

VERSIONS = ("pain.001.001.03", "pain.001.001.09", "pain.001.001.11")
"""The versions that are written; each has its schema in the sepaxml package."""
SEPA_NAME_MAX = 70
"""Longest name in SEPA; the schema would allow 140."""
OUTSIDE_EEA = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
"""The countries of SEPA outside the EEA (EPC409-09), by their IBANs. The IBAN alone finds a bank only inside
(Regulation 260/2012, article 5); to these, and from these, the BIC is told too (reference iso20022-and-banks 1.2)."""


class PaymentType(Strict):
    """How one instrument is named in PmtTpInf and who bears its charges."""

    service_level: ServiceLevelCode | None = Field(default=None, description="SvcLvl/Cd: an ISO external code (SEPA).")
    own_service_level: OwnCode | None = Field(default=None, description="SvcLvl/Prtry: a code of the bank's own.")
    local_instrument: LocalInstrumentCode | None = Field(
        default=None, description="LclInstrm/Cd: an ISO external code."
    )
    own_local_instrument: OwnCode | None = Field(default=None, description="LclInstrm/Prtry: a code of its own.")
    priority: Literal["HIGH", "NORM"] | None = Field(default=None, description="InstrPrty; null: not written.")
    charge_bearer: ChargeBearer | None = Field(default=None, description="ChrgBr; null: not written.")
    amount_max: AmountText | None = Field(
        default=None, description='Largest single payment as a decimal string ("100000.00"); null: the scheme\'s.'
    )

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        if self.service_level and self.own_service_level:
            raise ValueError("own_service_level: write it or service_level, not both")
        if self.local_instrument and self.own_local_instrument:
            raise ValueError("own_local_instrument: write it or local_instrument, not both")
        return self


SEPA_TYPES: Mapping[Instrument, PaymentType] = MappingProxyType(
    {
        Instrument.NORMAL: PaymentType(service_level="SEPA", charge_bearer="SLEV"),
        Instrument.INSTANT: PaymentType(service_level="SEPA", local_instrument="INST", charge_bearer="SLEV"),
        Instrument.URGENT: PaymentType(service_level="URGP", charge_bearer="SHAR"),
    }
)
"""What SEPA writes: EPC customer-to-PSP guidelines; an urgent euro payment is none of the scheme's (ISO code URGP)."""
DOMESTIC_TYPES: Mapping[Instrument, PaymentType] = MappingProxyType(
    {
        Instrument.NORMAL: PaymentType(),
        Instrument.INSTANT: PaymentType(local_instrument="INST"),
        Instrument.URGENT: PaymentType(service_level="URGP"),
    }
)
"""What is written outside SEPA where a bank's profile says nothing else."""


def _slashes(number: str) -> str:
    if slash_violations(number):
        raise ValueError("an identification neither begins nor ends with / nor holds //")
    return number


class InitiatingParty(Strict):
    """Who sends, as the bank registered it (InitgPty/Id/OrgId/Othr)."""

    id: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9/?:().,'+-]{1,35}$", examples=["0012345678"]), AfterValidator(_slashes)
    ] = Field(description="Our number at the bank.")
    scheme: Annotated[str, Field(pattern=r"^[A-Z]{4}$", examples=["BANK"])] | None = Field(
        default=None, description="ISO external organisation identification code (BANK, CUST, TXID); null: none."
    )
    issuer: OwnCode | None = Field(default=None, description="Who gave the number; null: not written.")


class Pain001(Strict):
    """What this bank wants in pain.001 where banks differ."""

    instruments: dict[Instrument, PaymentType | None] = Field(
        default_factory=lambda: dict[Instrument, PaymentType | None]({Instrument.NORMAL: None}),
        examples=[{"normal": None, "instant": {"local_instrument": "INST", "amount_max": "100000.00"}}],
        description="The instruments that the bank takes, each as it names them; null: as the scheme does"
        " (SEPA: SvcLvl SEPA, instant with LclInstrm INST, ChrgBr SLEV; urgent: SvcLvl URGP, ChrgBr SHAR).",
    )
    blocks_per_submission: int | None = Field(
        default=None, ge=1, description="Most PmtInf blocks in one file; null: any number."
    )
    namespace: Namespace | None = Field(
        default=None,
        description="The namespace of the bank's own edition of the version under messages.initiation, of the same"
        " elements (pain.001.003.03 of the German banks is pain.001.001.03); null: ISO's.",
    )
    uetr: bool = Field(default=True, description="Whether UETR is written, where the version has it (.09 and later).")
    instruction_id: bool = Field(
        default=False, description="Whether InstrId is written; where a payment has none, it is its EndToEndId."
    )
    batch_booking: bool = Field(
        default=True, description="Whether BtchBookg is written; false: the bank takes none and books as agreed."
    )
    initiating_party: InitiatingParty | None = Field(
        default=None, description="Our number at the bank, beside our name in InitgPty; null: the name alone."
    )
    debtor_agent: Literal["BIC or NOTPROVIDED", "BIC", "none"] = Field(
        default="BIC or NOTPROVIDED",
        description="The debtor's bank: BIC or NOTPROVIDED (as EPC says); BIC (banks that refuse NOTPROVIDED: no file"
        " without one); none: the element stays empty.",
    )
    creditor_agent: Literal["as given", "BIC or NOTPROVIDED", "none"] = Field(
        default="as given",
        description="The creditor's bank: its BIC where the payment has one (as given), else NOTPROVIDED, or never.",
    )
    bic_needed: tuple[Country, ...] | None = Field(
        default=None,
        examples=[["CH", "GB"]],
        description="Countries of accounts to which nothing is written without the creditor bank's BIC: an"
        " order that does not tell it is held. []: the bank finds every bank by IBAN. null: in SEPA its countries"
        " outside the EEA but for the bank's own, and for a bank there every other country; outside SEPA, and where"
        " creditor_agent is none, no country.",
    )
    category_purpose: Literal["as given", "required", "none"] = Field(
        default="as given", description="CtgyPurp: as the benefit has it, required (Italy), or never written."
    )
    category_purposes: dict[CategoryPurposeCode, CategoryPurposeCode] = Field(
        default_factory=dict,
        examples=[{"SSBE": "GOVT"}],
        description="Category purposes that this bank wants others for.",
    )
    purpose: Literal["code", "own code", "none"] = Field(
        default="code", description="Purp of a payment: as Cd, as Prtry (a national list), or never written."
    )
    creditor_id: Literal["none", "as given", "required"] = Field(
        default="none", description="The creditor's first identification (Cdtr/Id); none: never leaves the house."
    )
    id_schemes: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,35}$")], ExternalCode] = Field(
        default_factory=dict,
        examples=[{"TCKN": "NIDN"}],
        description="ISO external codes of identification schemes by the source's names; others are written as Prtry.",
    )
    ultimate_parties: Literal["written", "refused"] = Field(
        default="written", description="Ultimate debtor and creditor; refused: the bank drops them, so it is not paid."
    )
    structured_remittance: bool = Field(
        default=True, description="Whether the bank takes structured remittance information (Strd)."
    )
    remittance: Literal["optional", "required"] = Field(
        default="optional", description="Whether a payment may be without any text or reference."
    )
    name_max: int | None = Field(
        default=None, ge=20, le=140, description="Longest name; null: 70 in SEPA, else 140. Longer ones are refused."
    )
    remittance_max: int = Field(default=140, ge=20, le=140, description="Longest text (Ustrd); longer is refused.")
    debtor_account_currency: bool = Field(
        default=False, description="Whether the currency stands beside the debtor's account (DbtrAcct/Ccy)."
    )

    def types(self, scheme: str) -> Mapping[Instrument, PaymentType]:
        """Return how each instrument that the bank takes is named, under `scheme` (SEPA or domestic)."""
        usual = SEPA_TYPES if scheme == "SEPA" else DOMESTIC_TYPES
        return {one: named or usual[one] for one, named in self.instruments.items()}

    @model_validator(mode="after")
    def _something_is_taken(self) -> Self:
        if not self.instruments:
            raise ValueError("instruments: write at least one, such as {normal: null}")
        if self.creditor_agent == "none" and self.bic_needed:
            raise ValueError("bic_needed is empty where creditor_agent is none")
        return self


def contradictions(habits: Pain001, scheme: str, currencies: Iterable[str]) -> Iterator[str]:
    """Say what in `pain001` contradicts the scheme (reference iso20022-and-banks 1.2, rows ChrgBr and PmtTpInf)."""
    for instrument, named in habits.types(scheme).items():
        sepa = scheme == "SEPA" and instrument is not Instrument.URGENT
        if sepa and (named.service_level, named.charge_bearer) != ("SEPA", "SLEV"):
            yield f"pain001.instruments.{instrument}: SEPA is written with service_level SEPA and charge_bearer SLEV"
        if sepa and instrument is Instrument.INSTANT and named.local_instrument != "INST":
            yield "pain001.instruments.instant: SEPA instant is local_instrument INST"
        for currency in currencies if named.amount_max else ():
            try:
                parse_minor(named.amount_max, currency)
            except AmountError as error:
                yield f"pain001.instruments.{instrument}.amount_max: {error}"
    if scheme == "SEPA" and (habits.name_max or 0) > SEPA_NAME_MAX:
        yield f"pain001.name_max: SEPA carries {SEPA_NAME_MAX} letters"
