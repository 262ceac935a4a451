"""The approved payment order and the parties in it, as values. Shapes only: `validation` holds the rules."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from gateway.domain.collection import Window
from gateway.domain.mandate import Mandate
from gateway.domain.money import Money
from gateway.domain.person import person_key
from gateway.domain.remittance import CreditorReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """One identifier of a person in a scheme the benefits system names, such as a national id number."""

    scheme: str
    id: str

    @property
    def key(self) -> str:
        """The identifier as it was pushed: who is paid over the counter."""
        return f"{self.scheme}:{self.id}"

    @property
    def person_key(self) -> str:
        """The identifier as stops and links compare it."""
        return person_key(self.scheme, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A natural person or organisation: the creditor, the ultimate creditor or the deceased."""

    name: str
    identifications: tuple[Identification, ...] = ()


class PartyKind(StrEnum):
    """What a creditor is: it decides under which heading an identification is written."""

    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where a party lives, in the parts of ISO 20022 PostalAddress; "" where there is no such part.

    Structured without `address_lines`, hybrid with one or two of them beside town and country. `country` is ISO 3166.
    """

    street_name: str = ""
    building_number: str = ""
    post_code: str = ""
    town_name: str = ""
    country_sub_division: str = ""
    country: str = ""
    address_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IbanAccount:
    """An account by IBAN (ISO 13616), electronic form: upper case, no spaces."""

    iban: str
    type: Literal["IBAN"] = "IBAN"

    @property
    def key(self) -> str:
        """The account as stops and digests compare it."""
        return self.iban


@dataclass(frozen=True, slots=True, kw_only=True)
class DomesticAccount:
    """A domestic account where no IBAN exists: country (ISO 3166), the bank's national code and the number there."""

    country: str
    bank_code: str
    number: str
    type: Literal["DOMESTIC"] = "DOMESTIC"

    @property
    def key(self) -> str:
        """The account as stops and digests compare it."""
        return f"{self.country}/{self.bank_code}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterAccount:
    """Paid over the counter against an id document instead of into an account."""

    identification: Identification
    type: Literal["COUNTER"] = "COUNTER"

    @property
    def key(self) -> str:
        """The payee as stops and digests compare it."""
        return self.identification.key


Account = IbanAccount | DomesticAccount | CounterAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What is being paid: at most one live order of a source holds (id, period, sequence)."""

    id: str
    period: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One approved entitlement to be paid: immutable, identified by (source, order id).

    `document` is the RFC 8785 canonical JSON of the order exactly as pushed; its SHA-256 is the order digest that the
    signed manifest covers. `deceased` is the person because of whose death a benefit is due; nothing is due *to* them.

    `creditor` is who is paid, `ultimate_creditor` who is entitled; where they are not one person there is a `mandate`.
    `ultimate_debtor` is whom the institution pays for: no payee, so no stop and no link knows it. `creditor_agent` is
    the BIC of the creditor's bank, which is told to the paying bank; the account alone says which bank pays.
    `collection` is the window of a payment over the counter. `replaces` is the id of the order that this one corrects,
    of the same source and for the same entitlement. Remittance information is empty where there is a
    `creditor_reference`.
    """

    source: str
    order_id: str
    benefit: str
    entitlement: Entitlement
    amount: Money
    requested_execution_date: date
    valid_until: date
    approved_at: datetime
    creditor: Party
    creditor_account: Account
    ultimate_creditor: Party | None
    deceased: Party | None
    remittance_information: str
    document: bytes
    mandate: Mandate | None = None
    collection: Window | None = None
    replaces: str | None = None
    creditor_kind: PartyKind = PartyKind.PERSON
    creditor_address: PostalAddress | None = None
    creditor_agent: str | None = None
    creditor_reference: CreditorReference | None = None
    ultimate_debtor: Party | None = None

    @property
    def person_keys(self) -> tuple[str, ...]:
        """Identifiers of everyone the money is due to (creditor and ultimate creditor), sorted, without repeats."""
        parties = (self.creditor, self.ultimate_creditor)
        return tuple(sorted({i.person_key for p in parties if p is not None for i in p.identifications}))


def account_from_key(kind: str, key: str) -> Account:
    """Rebuild an account from its type and key as stored."""
    if kind == "IBAN":
        return IbanAccount(iban=key)
    if kind == "DOMESTIC":
        country, bank_code, number = key.split("/", 2)
        return DomesticAccount(country=country, bank_code=bank_code, number=number)
    scheme, _, number = key.partition(":")
    return CounterAccount(identification=Identification(scheme=scheme, id=number))
