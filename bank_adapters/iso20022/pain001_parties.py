"""Parties, addresses, accounts and agents as pain.001 writes them. Every text that enters is escaped here."""

from collections.abc import Iterable

from bank_adapters.spi import PartyKind
from gateway.domain.order import Identification

NOT_PROVIDED = "NOTPROVIDED"
PERSON_CODES = frozenset({"ARNU", "CCPT", "CUST", "DRLC", "EMPL", "NIDN", "POID", "SOSE", "TELE", "TXID"})
"""ISO 20022 external code set, ExternalPersonIdentification1Code."""
ORGANISATION_CODES = frozenset(
    {"BANK", "BDID", "BOID", "CBID", "CHID", "CINC", "COID", "CUST", "DUNS", "EMPL", "GS1G", "SREN", "SRET", "TXID"}
)
"""ISO 20022 external code set, ExternalOrganisationIdentification1Code."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escaped(text: str) -> str:
    """Write text as the content of an element."""
    return text.translate(_ESCAPES)


def element(name: str, text: str | None) -> str:
    """Write an element with escaped text; nothing where there is no text."""
    return f"<{name}>{escaped(text)}</{name}>" if text else ""


def party(name: str, text: str, address: Iterable[tuple[str, str]] = (), identification: str = "") -> str:
    """Write a party element: its name, then address and identification where there are any."""
    return f"<{name}>{element('Nm', text)}{postal_address(address)}{identification}</{name}>"


def postal_address(parts: Iterable[tuple[str, str]]) -> str:
    """Write an address of (element, text) in the order of the schema."""
    inside = "".join(element(name, text) for name, text in parts)
    return f"<PstlAdr>{inside}</PstlAdr>" if inside else ""


def identification(kind: PartyKind, number: str, scheme: str | None, *, coded: bool, issuer: str | None = None) -> str:
    """Write an identification of a person or an organisation; `coded`: its scheme is an ISO external code."""
    heading = "PrvtId" if kind is PartyKind.PERSON else "OrgId"
    named = element("Cd" if coded else "Prtry", scheme)
    scheme_name = f"<SchmeNm>{named}</SchmeNm>" if named else ""
    other = f"<Othr>{element('Id', number)}{scheme_name}{element('Issr', issuer)}</Othr>"
    return f"<Id><{heading}>{other}</{heading}></Id>"


def code_of(kind: PartyKind, one: Identification, codes: dict[str, str]) -> tuple[str, bool]:
    """Return the scheme of an identification as it is written, and whether that is an ISO external code."""
    if one.scheme in codes:
        return codes[one.scheme], True
    known = PERSON_CODES if kind is PartyKind.PERSON else ORGANISATION_CODES
    return one.scheme, one.scheme in known


def agent(name: str, bic_element: str, bic: str | None, *, not_provided: bool) -> str:
    """Write an agent by its BIC, or NOTPROVIDED, or empty."""
    inside = element(bic_element, bic) if bic else ""
    if not inside and not_provided:
        inside = f"<Othr><Id>{NOT_PROVIDED}</Id></Othr>"
    return f"<{name}><FinInstnId>{inside}</FinInstnId></{name}>"


def account(name: str, iban: str, currency: str | None = None) -> str:
    """Write an account by its IBAN."""
    return f"<{name}><Id><IBAN>{escaped(iban)}</IBAN></Id>{element('Ccy', currency)}</{name}>"
