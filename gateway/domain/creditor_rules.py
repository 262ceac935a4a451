"""Rules of an order about what its bank is told beside payee, account and amount.

What the creditor is and where it lives, the BIC of its bank, its own reference, and whom the institution pays for. Each
is checked as far as the parts it joins can be read. Texts repeat nothing of an address.
"""

from gateway.domain.bic import is_bic, may_keep
from gateway.domain.errors import Violation
from gateway.domain.order import PartyKind
from gateway.domain.order_shape import (
    ADDRESS,
    ADDRESS_LINE,
    CREDITOR,
    CREDITOR_AGENT,
    CREDITOR_REFERENCE,
    ULTIMATE_DEBTOR,
    Document,
    check_fields,
    check_party,
)
from gateway.domain.remittance import is_iso_reference

_LINES = "addressLines"


def check_creditor(document: Document, found: list[Violation]) -> None:
    """Check who is paid. An organisation is paid into an account: it has no id document to show at a counter."""
    creditor, account = document.get("creditor"), document.get("creditorAccount")
    check_party(creditor, "/creditor", found, CREDITOR)
    if type(creditor) is not dict:
        return
    _check_address(creditor.get("address"), "/creditor/address", found)
    at_the_counter = type(account) is dict and account.get("type") == "COUNTER"
    if at_the_counter and creditor.get("kind") == PartyKind.ORGANISATION:
        found.append(Violation("/creditor/kind", "creditor.counter", "an organisation is paid into an account"))


def _check_address(address: object, path: str, found: list[Violation]) -> None:
    """Check a structured or hybrid address; free lines alone are refused (EPC, from 15 November 2026)."""
    if type(address) is not dict:
        return
    if address.keys() == {_LINES}:
        found.append(Violation(path, "address.unstructured", "an address of free lines alone is refused"))
        return
    check_fields(address, ADDRESS, path, found)
    lines = address.get(_LINES)
    said = {part.casefold() for key, part in address.items() if key in ADDRESS and type(part) is str}
    for place, line in enumerate(lines if type(lines) is list else ()):
        where = f"{path}/{_LINES}/{place}"
        if type(line) is not str:
            found.append(Violation(where, "shape.type", "expected text"))
        elif not ADDRESS_LINE.fits(line):
            found.append(Violation(where, ADDRESS_LINE.rule, ADDRESS_LINE.text))
        elif line.casefold() in said:
            found.append(Violation(where, "address.repeated", "a free line repeats a structured part"))


def check_ultimate_debtor(document: Document, found: list[Violation]) -> None:
    """Check whom the institution pays for."""
    check_party(document.get("ultimateDebtor"), "/ultimateDebtor", found, ULTIMATE_DEBTOR)


def check_creditor_agent(document: Document, found: list[Violation]) -> None:
    """Check the BIC of the creditor's bank: it does not contradict the account, which alone decides who pays it."""
    agent = document.get("creditorAgent")
    if type(agent) is not dict:
        return
    check_fields(agent, CREDITOR_AGENT, "/creditorAgent", found)
    account, bic = document.get("creditorAccount"), agent.get("bic")
    if type(account) is not dict:
        return
    if account.get("type") == "COUNTER":
        text = "what is paid over the counter goes to no bank of the creditor"
        found.append(Violation("/creditorAgent", "creditor-agent.unexpected", text))
    elif type(bic) is str and is_bic(bic) and not _of_country(bic, account):
        text = "the BIC is that of a bank in another country than the account"
        found.append(Violation("/creditorAgent/bic", "creditor-agent.country", text))


def _of_country(bic: str, account: Document) -> bool:
    """Whether the BIC may be that of the account's bank; what is wrong with the account itself is said there."""
    told = account.get("iban") if account.get("type") == "IBAN" else account.get("country")
    return type(told) is not str or may_keep(bic, told[:2])


def check_remittance(document: Document, found: list[Violation]) -> None:
    """Check that the order says what it pays in one way, and that a reference is one that a machine can check."""
    reference = document.get("creditorReference")
    if "creditorReference" not in document:
        if "remittanceInformation" not in document:
            found.append(Violation("/remittanceInformation", "shape.missing", "this part is missing"))
        return
    if "remittanceInformation" in document:
        text = "there is remittanceInformation or a creditorReference, not both"
        found.append(Violation("/creditorReference", "remittance.one", text))
    if type(reference) is dict:
        check_fields(reference, CREDITOR_REFERENCE, "/creditorReference", found)
        _check_issuer(reference, found)


def _check_issuer(reference: Document, found: list[Violation]) -> None:
    text, path = reference.get("reference"), "/creditorReference"
    if "issuer" not in reference:
        if type(text) is str and CREDITOR_REFERENCE["reference"].fits(text) and not is_iso_reference(text):
            told = "without an issuer it is a reference of ISO 11649: RF, two check digits that fit, up to 21 more"
            found.append(Violation(f"{path}/reference", "creditor-reference.iso11649", told))
    elif reference["issuer"] == "ISO":
        told = "a reference of ISO 11649 has no issuer beside it"
        found.append(Violation(f"{path}/issuer", "creditor-reference.issuer", told))
