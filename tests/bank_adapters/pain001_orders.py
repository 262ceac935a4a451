"""Orders of every shape for pain.001, made by hypothesis, and banks that take them."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from bank_adapters.capabilities import Instrument
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.spi import (
    Block,
    CreditorReference,
    Debtor,
    PartyKind,
    Payment,
    PostalAddress,
    SubmissionContent,
)
from gateway.domain.identity import uetr
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Identification, Party
from tests.bank_adapters.material import file_bank_parts, profile_of, submission

ADAPTER = Iso20022Adapter()
VERSIONS = ("pain.001.001.03", "pain.001.001.09", "pain.001.001.11")
IBANS = (
    *("DE02120300000000202051", "FR1420041010050500013M02606", "MT84MALT011000012345MTLCAST001S", "NO9386011117947"),
    *("AT611904300234573201", "BE68539007547034", "NL91ABNA0417164300", "IT60X0542811101000000123456"),
)
"""The examples of the IBAN registry."""
RF_REFERENCES = ("RF18539007547034", "RF471234567890", "RF18000000000539007547034")
"""ISO 11649; a test holds them against python-stdnum."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '()+,-./:?ÄÖÜäöüßçÇğĞıİşŞéèñøåæłńřžțăəƏ"
FUND = Party(name="Fonds Süd", identifications=(Identification(scheme="CUST", id="F7"),))


def bank(version: str = "pain.001.001.09", /, address: str = "none", **changes: Any) -> Profile:
    """A bank that writes a version; `changes` are its habits."""
    keys = {
        key: changes.pop(key) for key in ("scheme", "currencies", "alphabet", "booking", "country") if key in changes
    }
    parts = file_bank_parts() | {"messages": {"initiation": version}, "address": address, "pain001": changes}
    return profile_of(parts | keys)


def generous(version: str, **changes: Any) -> Profile:
    """A bank that takes everything there is."""
    wide: dict[str, Any] = {"instruments": {"normal": None, "instant": None, "urgent": None}, "creditor_id": "as given"}
    return bank(version, address="hybrid", **wide | changes)


def rendered(content: SubmissionContent, profile: Profile) -> bytes:
    return b"".join(ADAPTER.render(content, profile))


def xml(content: SubmissionContent, profile: Profile, path: str) -> list[str]:
    """The elements at a path, each as its text without namespaces."""
    tree = etree.fromstring(rendered(content, profile))
    steps = "/".join(f"*[local-name()='{name}']" for name in path.split("/"))
    found = tree.xpath(f"//{steps}")
    assert isinstance(found, list)
    return [_plain(one) for one in found if isinstance(one, etree._Element)]


def _plain(one: etree._Element) -> str:
    inside = "".join(f"<{etree.QName(c).localname}>{_plain(c)}</{etree.QName(c).localname}>" for c in one)
    return inside or (one.text or "")


def texts(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=least, max_size=most).map(str.strip).filter(lambda one: len(one) >= least)


identifications = st.builds(
    Identification,
    scheme=st.sampled_from(["NIDN", "TCKN", "PASSPORT"]),
    id=st.from_regex(r"[0-9]{5,11}", fullmatch=True),
)
parties = st.builds(Party, name=texts(1, 30), identifications=st.lists(identifications, max_size=2).map(tuple))
_parts = {
    "street_name": texts(0, 30),
    "building_number": st.sampled_from(["", "7", "12 a"]),
    "post_code": st.sampled_from(["", "10115", "06100"]),
    "town_name": st.sampled_from(["Berlin", "Ankara", "Qaragandy"]),
    "country": st.sampled_from(["DE", "TR", "KZ"]),
}
addresses = st.builds(
    PostalAddress, address_lines=st.sampled_from([(), ("c/o Muster",), ("Hof 2", "Stiege 3")]), **_parts
)
references = st.sampled_from(RF_REFERENCES).map(lambda one: CreditorReference(reference=one)) | st.builds(
    CreditorReference, reference=st.from_regex(r"[0-9]{4,20}", fullmatch=True), issuer=st.just("BBA")
)


@st.composite
def payments(draw: st.DrawFn, currency: str = "EUR") -> Payment:
    """A payment that a generous bank takes, with any of the parts that one may have."""
    number = draw(st.integers(0, 10**12))
    reference = draw(st.none() | references)
    name = f"E{number:020d}G1"
    return Payment(
        end_to_end_id=name,
        uetr=uetr(name),
        amount=Money(draw(st.integers(1, 99_999_999_999)), currency),
        creditor=draw(parties),
        creditor_account=IbanAccount(iban=draw(st.sampled_from(IBANS))),
        ultimate_creditor=draw(st.none() | parties),
        remittance_information="" if reference else draw(texts(0, 60)),
        purpose=draw(st.none() | st.sampled_from(["SSBE", "BECH", "PENS"])),
        instruction_id=draw(st.none() | st.just(f"I{number}")),
        creditor_kind=draw(st.sampled_from(PartyKind)),
        creditor_address=draw(st.none() | addresses),
        creditor_agent=draw(st.none() | st.sampled_from(["MALTMTMTXXX", "DNBANOKK"])),
        ultimate_debtor=draw(st.none() | parties),
        creditor_reference=reference,
    )


@st.composite
def _blocks(draw: st.DrawFn, name: str, members: tuple[Payment, ...], instruments: tuple[str, ...]) -> Block:
    """A block; an ultimate debtor stands in it or in its payments."""
    whole = draw(st.none() | parties)
    return Block(
        payment_information_id=name,
        requested_execution_date=draw(st.dates(date(2026, 9, 21), date(2027, 9, 21))),
        debtor=draw(debtors),
        payments=tuple(replace(one, ultimate_debtor=None) for one in members) if whole else members,
        category_purpose=draw(st.none() | st.sampled_from(["SSBE", "GOVT", "PENS"])),
        instrument=Instrument(draw(st.sampled_from(instruments))),
        batch_booking=draw(st.none() | st.booleans()),
        ultimate_debtor=whole,
    )


@st.composite
def submissions(draw: st.DrawFn, currency: str = "EUR", instruments: tuple[str, ...] = ()) -> SubmissionContent:
    """A submission of one to three blocks."""
    every = draw(st.lists(payments(currency), min_size=1, max_size=6, unique_by=lambda one: one.end_to_end_id))
    cuts = sorted(draw(st.sets(st.integers(1, len(every) - 1), max_size=2))) if len(every) > 1 else []
    edges = [0, *cuts, len(every)]
    blocks = [
        draw(_blocks(f"G1ALFA260921S00001P{place}", tuple(every[start:end]), instruments or tuple(Instrument)))
        for place, (start, end) in enumerate(pairwise(edges), start=1)
    ]
    return submission(payments=(), blocks=tuple(blocks))


debtors = st.builds(
    Debtor,
    name=texts(1, 40),
    iban=st.sampled_from(IBANS),
    bic=st.none() | st.just("ALFADEFFXXX"),
    address=st.none() | addresses,
    identification=st.none()
    | st.builds(Identification, scheme=st.sampled_from(["CUST", "SGK"]), id=st.just("0012345")),
)
