"""From the signed order to the bytes: what an order holds is in them, or the order is refused with the rule.

For every profile that the product ships and those of the test banks: nothing is lost without a word.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bank_adapters.capabilities import AccountType, Family
from bank_adapters.contract import scenarios
from bank_adapters.profile import Profile
from bank_adapters.profile.pain001 import VERSIONS
from bank_adapters.registry import adapter_for, load_profile
from gateway.domain.digest import canonical
from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.order import DomesticAccount, IbanAccount
from gateway.domain.order_reading import order_from
from gateway.domain.validation import order_violations
from gateway.service.press import Pressed, Signed, press
from tests.bank_adapters.pain001_orders import RF_REFERENCES, generous
from tests.bank_adapters.test_pain001_schemas import valid
from tests.domain.orders import sick_pay, terms

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("config/banks/*.yaml"), *ROOT.glob("tests/banks/config/banks/*.yaml")])
SOURCE, TERMS = "esia", terms()
WORDS = st.lists(st.sampled_from(["Ada", "Berta", "Carla", "Dora", "Egon", "Franz"]), min_size=2, max_size=4)


@cache
def profile_in(file: Path) -> Profile:
    return load_profile(file.stem, file.read_text(encoding="utf-8"))


def named(prefix: str) -> st.SearchStrategy[str]:
    """A text that tells where in the order it stood; without an i, whose Turkish capital is a letter of its own."""
    return WORDS.map(lambda words: " ".join([prefix, *words]))


def party(prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    numbers = st.integers(10**6, 10**9)
    identifications = numbers.map(lambda number: [{"scheme": "CUST", "id": f"{prefix}{number}"}])
    return st.fixed_dictionaries({"name": named(prefix), "identifications": identifications})


ADDRESSES = st.fixed_dictionaries(
    {"townName": named("Town"), "country": st.sampled_from(["DE", "CH"])},
    optional={
        "streetName": named("Street"),
        "buildingNumber": st.just("17 b"),
        "postCode": st.just("AB 10115"),
        "countrySubDivision": st.just("Province"),
        "addressLines": st.lists(named("Spot"), min_size=1, max_size=2, unique=True),
    },
)
REFERENCES = st.one_of(
    st.sampled_from(RF_REFERENCES).map(lambda one: {"reference": one}),
    st.integers(10**9, 10**12).map(lambda one: {"reference": f"{one}", "issuer": "BBA"}),
)


@st.composite
def orders(draw: st.DrawFn, account: dict[str, str], bic: str) -> dict[str, Any]:
    """An order with any of the parts that one may have."""
    kind = draw(st.sampled_from([{}, {"kind": "PERSON"}, {"kind": "ORGANISATION"}]))
    address = draw(st.none() | ADDRESSES)
    creditor = draw(party("Payee")) | kind | ({"address": address} if address else {})
    document = sick_pay(creditor=creditor, creditorAccount=account, amount=f"{draw(st.integers(1, 5999))}.07")
    if draw(st.booleans()):
        del document["remittanceInformation"]
        document["creditorReference"] = draw(REFERENCES)
    else:
        document["remittanceInformation"] = draw(st.just("") | named("Text"))
    if draw(st.booleans()):
        document["creditorAgent"] = {"bic": bic}
    if draw(st.booleans()):
        document["ultimateDebtor"] = draw(party("Fund"))
    if draw(st.booleans()):
        document["ultimateCreditor"] = draw(party("Ward"))
        document["mandate"] = {"role": "GUARDIAN", "id": "M-1", "validFrom": "2026-01-01"}
    return document


def pressed(document: dict[str, Any], profile: Profile) -> Pressed:
    content = canonical(document)
    name = end_to_end_id(SOURCE, document["orderId"], 1)
    member = Signed(end_to_end_id=name, generation=1, uetr=uetr(name), source=SOURCE, document=content)
    header = scenarios.content(profile, [scenarios.payment(profile, 1)])
    return press(adapter_for(profile), profile, header, [member], {"SICK_PAY": "SSBE"})


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_pain001_holds_exactly_what_the_order_holds(version: str, data: st.DataObject) -> None:
    account = {"type": "IBAN", "iban": "DE89370400440532013000"}
    document = data.draw(orders(account, "COBADEFFXXX"))
    assert order_violations(document, TERMS) == []
    told = pressed(document, generous(version))
    assert told.refusals == {}
    content = b"".join(told.pieces)
    valid(content, version)
    assert parts_in(content) == parts_of(document)


def parts_in(content: bytes) -> dict[str, object]:
    """What a pain.001 says of its one payment, by the order's words."""
    (one,) = etree.fromstring(content).iter("{*}CdtTrfTxInf")

    def text(path: str) -> str | None:
        found: str | None = one.findtext("/".join(f"{{*}}{name}" for name in path.split("/")))
        return found

    def number(who: str) -> tuple[str, str] | None:
        found = one.find(f"{{*}}{who}/{{*}}Id/*")
        return None if found is None else (etree.QName(found).localname, found[0][0].text or "")

    address = one.find("{*}Cdtr/{*}PstlAdr")
    return {
        "name": text("Cdtr/Nm"),
        "id": number("Cdtr"),
        "address": [] if address is None else [(etree.QName(part).localname, part.text) for part in address],
        "iban": text("CdtrAcct/Id/IBAN"),
        "amount": text("Amt/InstdAmt"),
        "bic": text("CdtrAgt/FinInstnId/BICFI") or text("CdtrAgt/FinInstnId/BIC"),
        "text": text("RmtInf/Ustrd"),
        "reference": text("RmtInf/Strd/CdtrRefInf/Ref"),
        "issuer": text("RmtInf/Strd/CdtrRefInf/Tp/Issr"),
        "fund": (text("UltmtDbtr/Nm"), number("UltmtDbtr")),
        "child": (text("UltmtCdtr/Nm"), number("UltmtCdtr")),
    }


_ADDRESS = (
    *(("streetName", "StrtNm"), ("buildingNumber", "BldgNb"), ("postCode", "PstCd"), ("townName", "TwnNm")),
    *(("countrySubDivision", "CtrySubDvsn"), ("country", "Ctry")),
)


def parts_of(document: dict[str, Any]) -> dict[str, object]:
    creditor, reference = document["creditor"], document.get("creditorReference", {})
    address = creditor.get("address", {})
    heading = "OrgId" if creditor.get("kind") == "ORGANISATION" else "PrvtId"

    def ultimate(key: str, of: str) -> tuple[str | None, tuple[str, str] | None]:
        who = document.get(key)
        return (who["name"], (of, who["identifications"][0]["id"])) if who else (None, None)

    return {
        "name": creditor["name"],
        "id": (heading, creditor["identifications"][0]["id"]),
        "address": [(element, address[key]) for key, element in _ADDRESS if key in address]
        + [("AdrLine", line) for line in address.get("addressLines", [])],
        "iban": document["creditorAccount"]["iban"],
        "amount": document["amount"],
        "bic": document.get("creditorAgent", {}).get("bic"),
        "text": document.get("remittanceInformation") or None,
        "reference": reference.get("reference"),
        "issuer": reference.get("issuer", "ISO") if reference else None,
        "fund": ultimate("ultimateDebtor", "OrgId"),
        "child": ultimate("ultimateCreditor", "PrvtId"),
    }


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_nothing_that_an_order_holds_is_lost_without_a_word(file: Path, data: st.DataObject) -> None:
    profile = profile_in(file)
    document = data.draw(orders(account_at(profile), profile.bic)) | {"currency": profile.currencies[0]}
    told = pressed(document, profile)
    for why in told.refusals.values():
        assert "(rule " in why
    if not told.refusals:
        content = bare(b"".join(told.pieces).decode(profile.layout.encoding if profile.layout else "utf-8"))
        missing = [text for text in held(document, profile) if bare(text) not in content]
        assert missing == []


def account_at(profile: Profile) -> dict[str, str]:
    account = scenarios.account(profile, profile.account_types[0], 1)
    if isinstance(account, DomesticAccount):
        parts = {"country": account.country, "bankCode": account.bank_code, "number": account.number}
        return {"type": AccountType.DOMESTIC.value, **parts}
    assert isinstance(account, IbanAccount)
    return {"type": AccountType.IBAN.value, "iban": account.iban}


def held(document: dict[str, Any], profile: Profile) -> list[str]:
    """Every text of an order that its bank is to be told, but for what the profile says that it leaves out."""
    order, out, habits = order_from(document, b"", source=SOURCE), set(profile.leaves_out), profile.pain001
    iso = profile.family is Family.ISO20022
    out |= {"creditor_address"} if iso and profile.address == "none" else set()
    out |= {"creditor_agent"} if iso and habits.creditor_agent == "none" else set()
    fields = profile.layout.fields if profile.layout else ()
    out |= {"remittance_information"} if any(getattr(one, "cut", False) for one in fields) else set()
    found = {"creditor_name": [order.creditor.name], "remittance_information": [order.remittance_information]}
    if order.creditor_address:
        address = document["creditor"]["address"]
        found["creditor_address"] = [*address.get("addressLines", []), *map(str, _strings(address))]
    if order.creditor_agent:
        found["creditor_agent"] = [order.creditor_agent]
    if order.creditor_reference:
        found["creditor_reference"] = [order.creditor_reference.reference, order.creditor_reference.issuer or ""]
    if order.ultimate_creditor:
        found["ultimate_creditor"] = [order.ultimate_creditor.name]
    if order.ultimate_debtor:
        numbers = [one.id for one in order.ultimate_debtor.identifications]
        found["ultimate_debtor"] = [order.ultimate_debtor.name, *numbers]
    return [text for part, texts in found.items() if part not in out for text in texts]


def _strings(values: dict[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]


def bare(text: str) -> str:
    """A text without what lines, tags and alphabets change of it."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
