"""How fast a benefit is paid, and under which category purpose, by the catalogue and by each bank's profile."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bank_adapters.profile import Profile
from gateway.domain.benefits import Benefit
from gateway.domain.errors import ConfigError
from gateway.domain.instrument import Instrument
from gateway.service.offers import offer_of, purposes_of
from tests.bank_adapters.fixed_width import plain_bank as toros
from tests.bank_adapters.material import file_bank_parts, profile_of
from tests.scenario import Scene, configuration, opened, payment, payments
from tests.sending import flat
from tests.sending.setting import written
from tests.sending.test_windows import changed

INSTANT = {"service_level": "SEPA", "local_instrument": "INST", "charge_bearer": "SLEV", "amount_max": "500.00"}
TAKEN = {"normal": None, "instant": INSTANT}
"""The instruments of a bank that pays up to 500 euro at once."""
PARTS = "SELECT instrument, product, payment_count FROM submission ORDER BY submission_no"
SICK_PAY = Benefit(
    code="SICK_PAY",
    name="Sick pay",
    category_purpose="SSBE",
    purpose="SSBE",
    limits={"EUR": 600_000},
    instrument=Instrument.INSTANT,
)


def bank(**keys: Any) -> Profile:
    return profile_of(file_bank_parts() | {"pain001": {"instruments": TAKEN}} | keys)


def test_a_benefit_is_paid_as_the_catalogue_says_where_the_bank_takes_it() -> None:
    offer = offer_of(SICK_PAY, bank(), "EUR")
    assert [offer.by(minor) for minor in (1, 50_000, 50_001)] == [Instrument.INSTANT, Instrument.INSTANT, None]
    assert offer_of(SICK_PAY, profile_of(file_bank_parts()), "EUR").by(1) is None


def test_it_is_paid_at_normal_speed_only_where_the_catalogue_says_so() -> None:
    either = replace(SICK_PAY, otherwise_normal=True)
    assert offer_of(either, bank(), "EUR").by(50_001) is Instrument.NORMAL
    assert offer_of(either, profile_of(file_bank_parts()), "EUR").by(1) is Instrument.NORMAL
    only = bank(pain001={"instruments": {"instant": None}})
    assert offer_of(replace(either, instrument=Instrument.URGENT), only, "EUR").by(1) is None


def test_a_bank_may_pay_one_benefit_otherwise_than_the_others() -> None:
    slow = bank(benefits={"SICK_PAY": {"instrument": "normal", "category_purpose": "GOVT", "purpose": "BENE"}})
    offer = offer_of(SICK_PAY, slow, "EUR")
    assert (offer.by(50_001), offer.category_purpose) == (Instrument.NORMAL, "GOVT")
    fast = bank(benefits={"SICK_PAY": {"instrument": "instant"}})
    assert offer_of(replace(SICK_PAY, instrument=Instrument.NORMAL), fast, "EUR").by(1) is Instrument.INSTANT
    other = replace(SICK_PAY, code="OTHER", purpose="BECH")
    assert purposes_of({"SICK_PAY": SICK_PAY, "OTHER": other}, slow) == {"SICK_PAY": "BENE", "OTHER": "BECH"}


def test_a_layout_takes_what_it_has_codes_for() -> None:
    lira = replace(SICK_PAY, limits={"TRY": 1})
    assert offer_of(lira, toros(), "TRY").by(1) is Instrument.INSTANT
    assert offer_of(replace(lira, instrument=Instrument.URGENT), toros(), "TRY").by(1) is None


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"benefits": {"SICK_PAY": {"instrument": "urgent"}}},
            r"SICK_PAY\.instrument: the bank takes instant, normal",
        ),
        ({"leaves_out": ["creditor_agent"]}, "leaves_out: family iso20022 has a place for all of them"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        bank(**keys)


@pytest.fixture(params=["instrument: instant", "instrument: instant\n    otherwise_normal: true"])
async def fast(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Scene, bool]]:
    """A gateway whose catalogue pays sick pay instantly, through a bank that takes instant payments up to 500 euro."""
    config = configuration(tmp_path / "config", ("alfa", "charlie"))
    text = (config / "benefits.yaml").read_text(encoding="utf-8")
    asked = text.replace("name: Sick pay\n", f"name: Sick pay\n    {request.param}\n", 1)
    (config / "benefits.yaml").write_text(asked, encoding="utf-8")
    async with opened(database_url, tmp_path) as scene:
        changed(scene, pain001=bank().pain001.model_dump(mode="json"))
        yield scene, "otherwise" in request.param


async def test_what_is_paid_at_two_speeds_never_shares_a_submission(fast: tuple[Scene, bool]) -> None:
    scene, otherwise = fast
    orders = payments([1, 2], amount="499.99") + payments([3, 4]) + [payment(5, benefit="MARRIAGE_GRANT")]
    await scene.sealed(orders)
    slow = [("normal", "SSBE", 2)] if otherwise else []
    assert await scene.rows(PARTS) == [("normal", "GOVT", 1), ("instant", "SSBE", 2), *slow]
    held = await scene.rows("SELECT order_id, reason FROM payment_order WHERE state = 'held' ORDER BY order_id")
    expected = [] if otherwise else ["SICK-000003", "SICK-000004"]
    assert held == [(order_id, "instrument.not-taken") for order_id in expected]
    at_once = await scene.column("""SELECT b.piece FROM submission s JOIN submission_bytes b USING (submission_no)
        WHERE s.instrument = 'instant'""")
    assert [piece.count(b"<LclInstrm><Cd>INST</Cd></LclInstrm>") for piece in at_once] == [1]


async def test_what_was_cut_is_sealed_as_it_was_cut_and_what_is_sealed_stays(scene: Scene) -> None:
    changed(scene, pain001=bank().pain001.model_dump(mode="json"), benefits={"SICK_PAY": {"instrument": "instant"}})
    await scene.release(payments([1, 2], amount="100.00"))
    await scene.until_idle("cut")
    changed(scene, benefits={"SICK_PAY": {"instrument": "normal", "category_purpose": "GOVT"}})
    await scene.until_idle("seal")
    assert await scene.rows(PARTS) == [("instant", "SSBE", 2)]
    (document,) = await scene.column("SELECT piece FROM submission_bytes")
    assert b"<Cd>INST</Cd>" in document
    assert b"<CtgyPurp><Cd>SSBE</Cd></CtgyPurp>" in document
    changed(scene, benefits={})
    await scene.until_idle("send", "alfa")
    assert scene.content("alfa").encode() == document
    with pytest.raises(Exception, match="is sealed"):
        await scene.tamper("UPDATE submission SET instrument = 'normal'")


@pytest.mark.parametrize("code", ["instant", "urgent"])
async def test_what_was_cut_for_an_instrument_that_is_withdrawn_is_cut_again(
    database_url: str, tmp_path: Path, code: str
) -> None:
    """A layout without its field cannot be written at all: that must not keep everything else of the bank waiting."""
    coded = [*flat.LAYOUT["payment"], {"value": "instrument", "codes": {"normal": "N", code: "I"}}]
    profile = flat.PROFILE | {
        "layout": flat.LAYOUT | {"payment": coded},
        "benefits": {"SICK_PAY": {"instrument": code}},
    }
    written(tmp_path, {flat.BANK: profile})
    async with opened(database_url, tmp_path, banks=[flat.BANK]) as scene:
        await scene.release(payments([1, 2]))
        await scene.until_idle("cut")
        changed(scene, layout=flat.LAYOUT, benefits={})
        await scene.until_idle("seal")
        await scene.seal_again()
        assert await scene.rows("SELECT instrument, state FROM submission ORDER BY submission_no") == [
            (code, "dissolved"),
            ("normal", "sealed"),
        ]
        assert (await scene.exceptions(), await scene.rows("SELECT value FROM pause")) == ([], [])


async def test_a_bank_may_want_another_category_purpose_for_one_benefit(scene: Scene) -> None:
    changed(scene, benefits={"SICK_PAY": {"category_purpose": "GOVT"}})
    await scene.sealed([payment(1), payment(2, benefit="TRAVEL_REFUND"), payment(3, benefit="MARRIAGE_GRANT")])
    assert await scene.rows(PARTS) == [("normal", "GOVT", 2), ("normal", "SSBE", 1)]
