"""What our adapters write, the sandbox bank's own reader reads back, identical: every bank, format and currency."""

from dataclasses import replace
from typing import Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, load_profiles
from bank_adapters.spi import Block, SubmissionContent
from gateway.domain.money import Money
from gateway.domain.order import Party
from gateway.sandbox import Kind, read_parameters
from gateway.sandbox.desk import _Order
from gateway.sandbox.payment_file import NOBODY, PaymentFile, sums_fault
from gateway.sandbox.payment_file import Block as BlockRead
from gateway.sandbox.readers import Initiation, read
from tests.bank_adapters.material import profile_of
from tests.bank_adapters.pain001_orders import LETTERS, VERSIONS, generous, submissions, texts
from tests.orders import ROOT
from tests.sandbox.meant import meant

CONFIG = ROOT / "config"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((CONFIG / "banks").glob("*.yaml"))}
PROFILES = {
    slug: profile.model_copy(update={"limits": profile.limits.model_copy(update={"sum_per_submission": None})})
    for slug, profile in load_profiles(TEXTS).profiles.items()
}
BANKS = {bank.slug: bank for bank in read_parameters(CONFIG / "sandbox.yaml", seed=7) if bank.kind is not Kind.API}
ONE_OF_EACH = {"MT101": "november", "fixed-width": "hotel", "delimited": "golf"}
"""The banks that take what no ISO 20022 message is."""
CURRENCIES = ("TRY", "JPY", "KWD")
"""Of two, no and three decimals."""
SETTINGS = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def taken(content: SubmissionContent, profile: Profile) -> SubmissionContent:
    """Make of a submission what the bank can be sent: named for it, without the payments that it would refuse."""
    msg_id = f"G1{profile.slug.upper()[:8]}260921S00001"
    content = replace(content, msg_id=msg_id, file_name=msg_id)
    if profile.messages.initiation in {"MT101", "delimited"}:
        content = _of_one_block(content)
    if profile.pain001.debtor_agent == "BIC":
        content = replace(content, blocks=tuple(_at_the_bank(block, profile) for block in content.blocks))
    refused = adapter_for(profile).refusals(content, profile)
    kept = [_without(block, set(refused)) for block in content.every_block]
    kept = [block for block in kept if block.payments]
    assume(kept)
    return replace(content, blocks=tuple(kept)) if content.blocks else replace(content, payments=kept[0].payments)


def _of_one_block(content: SubmissionContent) -> SubmissionContent:
    first = content.every_block[0]
    # A name that begins with a mark of its format stops the whole file, whoever is paid.
    debtor = replace(first.debtor, name=f"I{first.debtor.name}")
    return replace(
        content,
        blocks=(),
        payments=first.payments,
        requested_execution_date=first.requested_execution_date,
        debtor=debtor,
        instrument=first.instrument,
        category_purpose=first.category_purpose,
    )


def _without(block: Block, refused: set[str]) -> Block:
    return replace(block, payments=tuple(one for one in block.payments if one.end_to_end_id not in refused))


def _at_the_bank(block: Block, profile: Profile) -> Block:
    return replace(block, debtor=replace(block.debtor, bic=profile.bic))


def trip(content: SubmissionContent, profile: Profile) -> PaymentFile:
    """Let our adapter write and the bank read."""
    document = b"".join(adapter_for(profile).render(content, profile))
    return read(document, cast("Initiation", profile.messages.initiation))


def test_each_bank_is_sent_what_it_takes() -> None:
    told = {slug: PROFILES[slug].messages.initiation for slug in BANKS}
    assert told == {slug: bank.initiation for slug, bank in BANKS.items()}
    assert {*VERSIONS, *ONE_OF_EACH} == set(told.values())


@pytest.mark.parametrize("slug", sorted(BANKS))
@SETTINGS
@given(st.data())
def test_a_bank_reads_what_it_was_sent(slug: str, data: st.DataObject) -> None:
    profile = PROFILES[slug]
    content = taken(data.draw(submissions(instruments=("normal",))), profile)
    file = trip(content, profile)
    assert file == meant(content, profile)
    assert sums_fault(file) is None


@pytest.mark.parametrize("version", VERSIONS)
@SETTINGS
@given(st.data())
def test_every_part_of_a_pain001_is_read(version: str, data: st.DataObject) -> None:
    profile = generous(version, instruction_id=True)
    content = data.draw(submissions())
    assert trip(content, profile) == meant(content, profile)


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=4, deadline=None)
@given(st.data())
def test_pain001_in_currencies_of_any_decimals(version: str, currency: str, data: st.DataObject) -> None:
    profile = generous(version, scheme="domestic", currencies=[currency])
    content = data.draw(submissions(currency))
    assert trip(content, profile) == meant(content, profile)


def abroad(slug: str, currency: str, **changes: Any) -> Profile:
    """The bank, paying in another currency."""
    parts = yaml.safe_load(TEXTS[slug])
    parts["limits"]["sum_per_submission"] = None
    return profile_of(parts | {"currencies": [currency], "scheme": "domestic"} | changes)


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("slug", sorted(ONE_OF_EACH.values()))
@SETTINGS
@given(st.data())
def test_other_formats_in_currencies_of_any_decimals(slug: str, currency: str, data: st.DataObject) -> None:
    profile = abroad(slug, currency)
    content = taken(data.draw(submissions(currency, instruments=("normal",))), profile)
    file = trip(content, profile)
    assert file == meant(content, profile)
    assert sums_fault(file) is None


@SETTINGS
@given(st.data())
def test_urgent_and_instant_orders_in_fixed_columns(data: st.DataObject) -> None:
    profile = PROFILES["hotel"]
    content = taken(data.draw(submissions()), profile)
    assert trip(content, profile) == meant(content, profile)


@pytest.mark.parametrize("slug", sorted(ONE_OF_EACH.values()))
@SETTINGS
@given(st.data())
def test_texts_are_put_together_again(slug: str, data: st.DataObject) -> None:
    """Names and texts longer than a line of theirs, with the marks by which fields are told apart."""
    profile = PROFILES[slug]
    words = st.text(f'{LETTERS};"  ', min_size=36, max_size=80).map(str.strip)
    content = data.draw(submissions(instruments=("normal",)))
    block = content.every_block[0]
    payments = tuple(
        replace(
            one,
            creditor=Party(name=data.draw(texts(36, 70))),
            ultimate_creditor=data.draw(st.none() | texts(1, 30).map(lambda name: Party(name=name))),
            remittance_information="" if one.creditor_reference else data.draw(words),
            creditor_address=None,
        )
        for one in block.payments
    )
    content = taken(replace(content, blocks=(replace(block, payments=payments),)), profile)
    assert trip(content, profile) == meant(content, profile)


@pytest.mark.parametrize("booking", ["single", "batch"])
@pytest.mark.parametrize("size", [1, 2, 3])
@SETTINGS
@given(st.data())
def test_a_chain_of_messages_is_one_order(size: int, booking: str, data: st.DataObject) -> None:
    parts = yaml.safe_load(TEXTS["november"])
    parts["mt"] = {"ultimate_parties": "remittance", "payments_per_message": size, "urgent": True}
    parts["limits"]["sum_per_submission"] = None
    profile = profile_of(parts | {"booking": booking})
    content = taken(data.draw(submissions(instruments=("normal", "urgent"))), profile)
    file = trip(content, profile)
    assert file == meant(content, profile)
    assert [type(block) for block in file.blocks] == [BlockRead]


@pytest.mark.parametrize("slug", ["kilo", "oscar"])
@SETTINGS
@given(st.data())
def test_a_request_says_what_was_meant(slug: str, data: st.DataObject) -> None:
    profile = PROFILES[slug]
    content = _of_one_block(data.draw(submissions(instruments=("normal",))))
    placeless = dict.fromkeys(("creditor_address", "creditor_agent", "creditor_reference", "ultimate_debtor"))
    amount = Money(data.draw(st.integers(1, 5_000_000)), "EUR")
    one = replace(content.payments[0], amount=amount, **cast("Any", placeless))
    content = taken(replace(content, payments=(one,)), profile)
    document = b"".join(adapter_for(profile).render(content, profile))
    (expected,) = meant(content, profile).blocks
    (payment,) = expected.payments
    # A request has no name but its key, and no place for the payer's name and for purposes.
    asked = replace(expected, pmt_inf_id="", debtor=NOBODY, category_purpose=None)
    asked = replace(asked, payments=(replace(payment, uetr=one.uetr, purpose=None),))
    assert _Order.model_validate_json(document).block() == asked
