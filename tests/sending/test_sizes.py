"""Limits in payments a block and in bytes: the cutter counts on the worst, sealing measures, and nothing goes round."""

from typing import Any
from unittest.mock import patch

import pytest

from bank_adapters.capabilities import SIZES, Bytes, Family
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.domain.errors import ConfigError
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party
from gateway.service.sizes import OVERSIZE
from tests.bank_adapters.material import file_bank, file_bank_parts, payment, profile_of, submission
from tests.scenario import Scene, payments
from tests.sending.test_windows import changed

LONGEST_IBAN = "MT84MALT011000012345MTLCAST001S"


def limited(scene: Scene, **limits: Any) -> None:
    now = scene.gateway.banks["alfa"].profile.limits.model_dump(mode="json")
    changed(scene, limits=now | limits)


def longest(number: int) -> Payment:
    """A payment with every text as long as SEPA lets it be."""
    party = Party(name="N" * 70)
    return payment(
        number,
        creditor=party,
        ultimate_creditor=party,
        creditor_account=IbanAccount(iban=LONGEST_IBAN),
        remittance_information="R" * 140,
        amount=Money(99_999_999_999, "EUR"),
        purpose="SSBE",
    )


def written(payments: int) -> tuple[int, SubmissionContent]:
    bank = file_bank()
    debtor = Debtor(name="D" * 70, iban=LONGEST_IBAN, bic="ALFADEFFXXX")
    content = submission(*(longest(n) for n in range(payments)), debtor=debtor)
    return sum(map(len, adapter_for(bank).render(content, bank))), content


@pytest.mark.parametrize("count", [1, 2, 50])
def test_no_file_of_sepa_is_larger_than_its_family_declares(count: int) -> None:
    size, content = written(count)
    assert len(content.payments) == count
    assert size <= SIZES[Family.ISO20022].frame + count * SIZES[Family.ISO20022].payment


def test_as_many_payments_as_are_said_to_fit_do_fit() -> None:
    fit = SIZES[Family.ISO20022].payments_in(16_384)
    assert written(fit)[0] <= 16_384
    assert Bytes(frame=2_048, payment=768).payments_in(100) == 1, "its true size is known when it is written"


def test_every_family_declares_its_sizes() -> None:
    assert SIZES.keys() == set(Family)


async def test_one_file_is_one_block_and_the_smaller_limit_counts(scene: Scene) -> None:
    limited(scene, payments_per_submission=5, payments_per_block=3)
    await scene.release(payments(range(1, 7)))
    await scene.until_idle("cut")
    assert await scene.column("SELECT payment_count FROM submission ORDER BY submission_no") == [3, 3]


async def test_the_limit_in_bytes_decides_how_many_are_cut_and_holds_on_the_wire(scene: Scene) -> None:
    limited(scene, bytes_per_submission=4_400)
    await scene.sealed(payments(range(1, 9)))
    await scene.until_idle("send", "alfa")
    rows = await scene.rows("SELECT payment_count, size, state FROM submission ORDER BY submission_no")
    assert [(count, state) for count, _, state in rows] == [(3, "delivered"), (3, "delivered"), (2, "delivered")]
    assert all(size <= 4_400 for _, size, _ in rows)


async def test_what_is_larger_than_was_reckoned_is_cut_into_halves_until_it_fits(scene: Scene) -> None:
    limited(scene, bytes_per_submission=4_400)
    with patch("gateway.service.sizes.SIZES", {Family.ISO20022: Bytes(frame=0, payment=100)}):
        await scene.sealed(payments(range(1, 33)))
        for _ in range(5):
            await scene.seal_again()
    rows = await scene.rows("SELECT payment_count, state FROM submission ORDER BY submission_no")
    assert [count for count, state in rows if state == "dissolved"] == [32, 16, 16]
    assert [count for count, state in rows if state == "sealed"] == [8, 8, 8, 8]
    whys = await scene.column("SELECT why FROM submission_event WHERE to_state = 'dissolved'")
    assert set(whys) == {OVERSIZE}
    assert await scene.exceptions() == []


async def test_what_no_file_of_the_bank_can_hold_is_held_for_a_person(scene: Scene) -> None:
    limited(scene, bytes_per_submission=4_096)
    with patch("gateway.service.seal.oversize", lambda _profile, _size: True):
        await scene.sealed(payments(range(1, 9)))
        for _ in range(8):
            await scene.seal_again()
    assert await scene.column("SELECT DISTINCT state FROM payment_order") == ["held"]
    assert await scene.column("SELECT DISTINCT reason FROM payment_order") == ["render.refused"]
    assert set(await scene.states()) == {"dissolved"}
    assert await scene.exceptions() == ["cannot render"] * 8
    whys = await scene.column("SELECT DISTINCT detail ->> 'why' FROM exception")
    assert whys == [OVERSIZE]


async def test_a_bank_that_wants_other_purposes_gets_them(scene: Scene) -> None:
    changed(scene, benefits={"SICK_PAY": {"purpose": "BENE"}})
    await scene.sealed(payments([1, 2]))
    await scene.until_idle("send", "alfa")
    assert scene.content("alfa").count("<Purp><Cd>BENE</Cd></Purp>") == 2


def test_a_block_that_is_smaller_than_the_fewest_is_refused() -> None:
    parts = file_bank_parts()
    parts["limits"] |= {"payments_per_block": 1, "min_payments_per_submission": 2, "payments_per_submission": 10}
    told = r"min_payments_per_submission is above limits\.payments_per_block"
    with pytest.raises((ConfigError, ValueError), match=told):
        profile_of(parts)
