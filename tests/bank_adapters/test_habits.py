"""Every habit of a bank or country that the reference names is a switch of the profile, and the switch does it.

Each case begins with the reference's own words (iso20022-and-banks, sections 0 to 4): words that change there fail.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bank_adapters.capabilities import Instrument
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.iso20022.status import status_table
from bank_adapters.profile import Profile
from bank_adapters.spi import Block, CreditorReference, Payment, PostalAddress, SubmissionContent
from gateway.domain.errors import CannotRender
from gateway.domain.facts import Fact
from gateway.domain.money import Money
from gateway.domain.order import Party
from tests.bank_adapters.material import (
    entry,
    file_bank_parts,
    notification,
    observations,
    payment,
    profile_of,
    submission,
)
from tests.bank_adapters.pain001_orders import RF_REFERENCES
from tests.shared import shared_dir

ADAPTER = Iso20022Adapter()
Check = Callable[[Profile], None]


def document(profile: Profile, *payments: Payment, **changes: Any) -> str:
    return b"".join(ADAPTER.render(submission(*payments, **changes), profile)).decode()


def many(count: int) -> SubmissionContent:
    return submission(*(payment(n) for n in range(1, count + 1)))


def takes_at_most(count: int) -> Check:
    def check(profile: Profile) -> None:
        assert next(ADAPTER.render(many(count), profile))
        with pytest.raises(CannotRender, match=f"not 1 to {count}"):
            ADAPTER.render(many(count + 1), profile)

    return check


def holds(rule: str, **changes: Any) -> Check:
    """A payment that every other bank takes is held at this one."""

    def check(profile: Profile) -> None:
        told = ADAPTER.refusals(submission(payment(1, **changes)), profile)
        assert [f"rule {rule}," in one for one in told.values()] == [True]

    return check


def writes(*parts: str, without: tuple[str, ...] = (), **changes: Any) -> Check:
    def check(profile: Profile) -> None:
        written = document(profile, payment(1, **changes))
        assert [part for part in parts if part not in written] == []
        assert [part for part in without if part in written] == []

    return check


def one_block(profile: Profile) -> None:
    block = submission().every_block[0]
    two = (block, replace(block, payment_information_id="P2", payments=(payment(2),)))
    assert all(isinstance(one, Block) for one in two)
    with pytest.raises(CannotRender, match="2 blocks, not 1 to 1"):
        ADAPTER.render(submission(payments=(), blocks=two), profile)


def no_file_without_a_bic(profile: Profile) -> None:
    with pytest.raises(CannotRender, match=r"rule bank\.debtor-agent"):
        ADAPTER.render(submission(payment(1), debtor=replace(submission().debtor, bic=None)), profile)


def no_category_purpose_no_payment(profile: Profile) -> None:
    told = ADAPTER.refusals(submission(payment(1), category_purpose=None), profile)
    assert [r"rule bank.category-purpose," in one for one in told.values()] == [True]


def means(code: str, fact: Fact) -> Check:
    def check(profile: Profile) -> None:
        assert status_table(profile).meaning(code, None).fact is fact

    return check


def says(**values: Any) -> Check:
    """Keys that other parts of the gateway obey: they can be said."""

    def check(profile: Profile) -> None:
        for path, value in values.items():
            found: Any = profile
            for name in path.split("__"):
                found = getattr(found, name)
            assert found == value, path

    return check


def instant_up_to(minor: int, *parts: str) -> Check:
    """The instrument has its own name and limit."""

    def check(profile: Profile) -> None:
        (currency,) = profile.currencies
        within, over = (payment(1, amount=Money(one, currency)) for one in (minor, minor + 1))
        written = document(profile, within, instrument=Instrument.INSTANT)
        assert all(part in written for part in parts)
        told = ADAPTER.refusals(submission(over, instrument=Instrument.INSTANT), profile)
        assert ["rule sepa.amount," in one for one in told.values()] == [True]

    return check


def reversed_is_turned(profile: Profile) -> None:
    (one,) = observations(notification(entry().replace("<Sts>", "<RvslInd>true</RvslInd><Sts>")), bank=profile)
    assert one.credit is True


LIMITS = file_bank_parts()["limits"]
ANSWERS = file_bank_parts()["answers"]
TATRA: dict[str, Any] = {
    "limits": LIMITS | {"payments_per_submission": 500},
    "address": "structured",
    "pain001": {"blocks_per_submission": 1, "structured_remittance": False},
}
HYBRID = PostalAddress(town_name="Bratislava", country="SK", address_lines=("Hof 2",))
TURKISH: dict[str, Any] = {"scheme": "domestic", "currencies": ["TRY"], "country": "TR"}

HABITS: list[tuple[str, dict[str, Any], Check]] = [
    ("500 payments/file", TATRA, takes_at_most(500)),
    ("1 PmtInf", TATRA, one_block),
    ("no batch booking", TATRA, writes("<BtchBookg>false<")),
    ("no hybrid address", TATRA, holds("bank.address.hybrid", creditor_address=HYBRID)),
    (
        "no Strd",
        TATRA,
        holds(
            "bank.remittance.structured",
            remittance_information="",
            creditor_reference=CreditorReference(reference=RF_REFERENCES[0]),
        ),
    ),
    (
        "Tatra banka last accepts .03",
        {"messages": {"initiation": "pain.001.001.03"}},
        writes("pain.001.001.03", "<BIC>"),
    ),
    (
        "*still demand* pain.001.003.03",
        {
            "messages": {"initiation": "pain.001.001.03"},
            "pain001": {"namespace": "urn:iso:std:iso:20022:tech:xsd:pain.001.003.03"},
        },
        writes('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.003.03"', without=("pain.001.001.03",)),
    ),
    ("350 per XML batch", {"limits": LIMITS | {"payments_per_submission": 350}}, takes_at_most(350)),
    (
        "50 MB/file, and next file only after the receipt for the previous one",
        {
            "limits": LIMITS | {"bytes_per_submission": 50_000_000, "submissions_in_flight": 1},
            "pace": {"ordered": True},
        },
        says(limits__bytes_per_submission=50_000_000, limits__submissions_in_flight=1, pace__ordered=True),
    ),
    (
        "concurrent uploads under one customer id are randomly rejected",
        {"pace": {"ordered": True, "minimum_gap_seconds": 60}},
        says(pace__at_once=1, pace__ordered=True, pace__minimum_gap_seconds=60),
    ),
    ("a Swiss bank refused the EPC", {"pain001": {"debtor_agent": "BIC"}}, no_file_without_a_bic),
    (
        "Italian banks reject a missing/invalid CtgyPurp",
        {"pain001": {"category_purpose": "required"}},
        no_category_purpose_no_payment,
    ),
    (
        "Nordea rejects invalid CtgyPurp/SvcLvl combinations",
        {"pain001": {"category_purpose": "none"}},
        writes("<SvcLvl>", without=("<CtgyPurp>",)),
    ),
    (
        "purpose mapping = (benefit type, bank)",
        {"benefits": {"SICK_PAY": {"purpose": "BENE", "category_purpose": "GOVT"}}},
        says(slug="alfa"),
    ),
    (
        "some banks drop them",
        {"pain001": {"ultimate_parties": "refused"}},
        holds("bank.ultimate-parties", ultimate_creditor=Party(name="Kind")),
    ),
    ("needed for some non-EEA SEPA", {"pain001": {"bic_needed": ["DE"]}}, holds("sepa.agent.needed")),
    (
        "Simplest: send no creditor address",
        {"address": "none"},
        writes("<Cdtr>", without=("<PstlAdr>",), creditor_address=HYBRID),
    ),
    (
        "packages of >=2",
        {"limits": LIMITS | {"min_payments_per_submission": 2}},
        says(limits__min_payments_per_submission=2),
    ),
    ("ACWC to mean *withdrawn*", {"status_overrides": {"ACWC": "cancelled"}}, means("ACWC", Fact.CANCELLED)),
    ("ACTC to mean *awaiting authorisation*", {"status_overrides": {"ACTC": "none"}}, means("ACTC", Fact.NONE)),
    (
        "Most German banks send no positive pain.002",
        {
            "answers": ANSWERS | {"positive_status": False},
            "absent": {"positive status": "silence is its way of accepting"},
        },
        says(answers__positive_status=False),
    ),
    (
        "already exist",
        {"answers": ANSWERS | {"duplicate_texts": ["already exist"]}},
        says(answers__duplicate_texts=("already exist",)),
    ),
    (
        "1301813;Konto ungültig",
        {"answers": ANSWERS | {"reason_texts": {"1301813;": "AC01"}}},
        says(answers__reason_texts={"1301813;": "AC01"}),
    ),
    ("A Sparkasse case argues the opposite", {"statement": {"reversal_flips_sign": True}}, reversed_is_turned),
    (
        "has **no Sts at all**",
        {"statement": {"missing_status_is_booked": True}},
        says(statement__missing_status_is_booked=True),
    ),
    (
        "ACH Credit Reject/Payment Return",
        {"statement": {"return_codes": ["ACH Credit Reject/Payment Return"]}},
        says(statement__return_codes=("ACH Credit Reject/Payment Return",)),
    ),
    (
        "amount tolerance only downward",
        {"matching": {"charges_tolerance": "5.00"}},
        says(matching__charges_tolerance="5.00"),
    ),
    (
        "per-item limit 100,000 TRY",
        TURKISH
        | {"pain001": {"instruments": {"instant": {"own_local_instrument": "FAST", "amount_max": "100000.00"}}}},
        instant_up_to(10_000_000, "<LclInstrm><Prtry>FAST</Prtry></LclInstrm>", 'Ccy="TRY">100000.00<'),
    ),
    (
        "limit AZN 40,000",
        {"scheme": "domestic", "currencies": ["AZN"], "country": "AZ"}
        | {"pain001": {"instruments": {"instant": {"local_instrument": "INST", "amount_max": "40000.00"}}}},
        instant_up_to(4_000_000, "<LclInstrm><Cd>INST</Cd></LclInstrm>", 'Ccy="AZN">40000.00<'),
    ),
    (
        "purpose list 01-22",
        TURKISH | {"pain001": {"purpose": "own code"}, "benefits": {"SICK_PAY": {"purpose": "17"}}},
        writes("<Purp><Prtry>17</Prtry></Purp>", purpose="17", amount=Money(100, "TRY")),
    ),
    (
        "banks usually want ISO-8859-9/Windows-1254 upper-case",
        TURKISH | {"alphabet": "cp1254-upper"},
        writes("<Nm>İNCİ ŞEN</Nm>", creditor=Party(name="İnci Şen"), amount=Money(100, "TRY")),
    ),
    (
        "adding actual payer/payee fields",
        {"scheme": "domestic", "currencies": ["KZT"], "country": "KZ"},
        writes("<UltmtCdtr><Nm>", ultimate_creditor=Party(name="Asel"), amount=Money(100, "KZT")),
    ),
]


@pytest.mark.parametrize(("keys", "check"), [pytest.param(*rest, id=words) for words, *rest in HABITS])
def test_a_switch_does_what_the_bank_wants(keys: dict[str, Any], check: Check) -> None:
    check(profile_of(file_bank_parts() | keys))


@pytest.mark.parametrize(
    "check", [check for _, _, check in HABITS if check.__name__ == "check" and check.__qualname__.startswith("holds")]
)
def test_and_no_other_bank_minds(check: Check) -> None:
    with pytest.raises(AssertionError):
        check(profile_of(file_bank_parts() | {"address": "hybrid"}))


def test_the_words_are_the_references() -> None:
    text = re.sub(r"\s+", " ", (shared_dir() / "reference" / "iso20022-and-banks.md").read_text("utf-8"))
    assert [words for words, _, _ in HABITS if words not in text] == []
