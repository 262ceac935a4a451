"""Reading an order that keeps the rules: the value made of its document."""

from datetime import date, datetime

from gateway.domain.collection import Window
from gateway.domain.mandate import Mandate, Role
from gateway.domain.money import AmountError, Money, parse_minor
from gateway.domain.order import (
    Account,
    CounterAccount,
    DomesticAccount,
    Entitlement,
    IbanAccount,
    Identification,
    Order,
    Party,
    PartyKind,
    PostalAddress,
)
from gateway.domain.order_shape import Document
from gateway.domain.remittance import CreditorReference


def readable_amount(document: Document) -> Money | None:
    """Return the amount that counts in the totals of a manifest: readable money, whatever else the order breaks.

    Readable is positive, a decimal string with no more than the currency's decimals, in a known currency.
    """
    currency = document.get("currency")
    if type(currency) is not str:
        return None
    try:
        return Money(parse_minor(document.get("amount"), currency), currency)
    except AmountError:
        return None


def order_from(document: Document, canonical: bytes, *, source: str) -> Order:
    """Build the order from a document that breaks no rule, such as one stored after `read_order` accepted it."""
    entitlement, creditor, currency = document["entitlement"], document["creditor"], document["currency"]
    deceased, ultimate, debtor = (
        document.get("deceased"),
        document.get("ultimateCreditor"),
        document.get("ultimateDebtor"),
    )
    reference, kind = document.get("creditorReference"), creditor.get("kind")
    return Order(
        source=source,
        order_id=document["orderId"],
        benefit=document["benefit"],
        entitlement=Entitlement(id=entitlement["id"], period=entitlement["period"], sequence=entitlement["sequence"]),
        amount=Money(parse_minor(document["amount"], currency), currency),
        requested_execution_date=date.fromisoformat(document["requestedExecutionDate"]),
        valid_until=date.fromisoformat(document["validUntil"]),
        approved_at=datetime.fromisoformat(document["approvedAt"]),
        creditor=_party(creditor),
        creditor_account=_account(document["creditorAccount"]),
        ultimate_creditor=_party(ultimate) if ultimate else None,
        deceased=_party(deceased) if deceased else None,
        remittance_information=document.get("remittanceInformation", ""),
        document=canonical,
        mandate=_mandate(document["mandate"]) if "mandate" in document else None,
        collection=_window(document["collection"]) if "collection" in document else None,
        replaces=document.get("replaces"),
        creditor_kind=PartyKind.PERSON if kind is None else PartyKind(kind),
        creditor_address=_address(creditor["address"]) if "address" in creditor else None,
        creditor_agent=document["creditorAgent"]["bic"] if "creditorAgent" in document else None,
        creditor_reference=CreditorReference(**reference) if reference else None,
        ultimate_debtor=_party(debtor) if debtor else None,
    )


def _mandate(values: Document) -> Mandate:
    until = values.get("validUntil")
    return Mandate(
        role=Role(values["role"]),
        id=values["id"],
        valid_from=date.fromisoformat(values["validFrom"]),
        valid_until=date.fromisoformat(until) if until else None,
    )


def _window(values: Document) -> Window:
    return Window(first=date.fromisoformat(values["from"]), last=date.fromisoformat(values["until"]))


def _party(values: Document) -> Party:
    return Party(name=values["name"], identifications=tuple(map(identification, values.get("identifications", ()))))


def _address(values: Document) -> PostalAddress:
    return PostalAddress(
        street_name=values.get("streetName", ""),
        building_number=values.get("buildingNumber", ""),
        post_code=values.get("postCode", ""),
        town_name=values["townName"],
        country_sub_division=values.get("countrySubDivision", ""),
        country=values["country"],
        address_lines=tuple(values.get("addressLines", ())),
    )


def identification(values: Document) -> Identification:
    """Return an identifier from an object that holds a scheme and an id."""
    return Identification(scheme=values["scheme"], id=values["id"])


def _account(values: Document) -> Account:
    if values["type"] == "IBAN":
        return IbanAccount(iban=values["iban"])
    if values["type"] == "COUNTER":
        return CounterAccount(identification=identification(values))
    return DomesticAccount(country=values["country"], bank_code=values["bankCode"], number=values["number"])
