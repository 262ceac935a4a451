"""Sealing: late, once, and only what was signed."""

from datetime import datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest
from lxml import etree

from bank_adapters.profile import Profile
from bank_adapters.spi import SubmissionContent
from gateway.service.seal import LATER
from tests.scenario import Scene, payment, payments

SWAP = """
    UPDATE payment_order SET document = other.document, digest = other.digest FROM payment_order other
    WHERE payment_order.order_id = 'SICK-000002' AND other.order_id = 'SICK-000001'"""


async def cut(scene: Scene, *numbers: int, bank: str = "alfa") -> None:
    await scene.release(payments(numbers, bank))
    await scene.until_idle("cut")


async def test_the_stored_bytes_have_the_stored_digest_size_count_and_sum(scene: Scene) -> None:
    await scene.sealed(payments([1, 2, 3]))
    content = b"".join(await scene.column("SELECT piece FROM submission_bytes ORDER BY piece_no"))
    assert await scene.rows("SELECT sha256, size, payment_count, sum_minor FROM submission") == [
        (sha256(content).digest(), len(content), 3, 3 * 51_240)
    ]


async def test_the_payments_digest_is_that_of_id_account_amount_and_currency(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    lines = await scene.column("""
        SELECT a.end_to_end_id || '|' || o.account || '|51240|EUR' || chr(10)
        FROM attempt a JOIN payment_order o USING (order_no) ORDER BY a.attempt_no""")
    assert await scene.value("SELECT payments_digest FROM submission") == sha256("".join(lines).encode()).digest()


async def test_the_creation_time_in_the_bytes_is_the_stored_seal_time(scene: Scene) -> None:
    class Ticking:
        """A clock on which every look takes a second, as a long rendering does."""

        def now(self) -> datetime:
            scene.clock.advance(1)
            return scene.clock.now()

        today = scene.clock.today
        monotonic = scene.clock.monotonic

    await cut(scene, 1)
    step = scene.step("seal")
    object.__setattr__(step, "clock", Ticking())
    await step.run_once()
    document = etree.fromstring(b"".join(await scene.column("SELECT piece FROM submission_bytes")))
    written = datetime.fromisoformat(str(document.findtext(".//{*}CreDtTm")))
    assert written == await scene.value("SELECT sealed_at FROM submission")


async def test_a_changed_document_never_leaves(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.tamper(
        "UPDATE payment_order SET document = replace(convert_from(document, 'UTF8'), '512.40', '912.40')::bytea"
    )
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]
    assert await scene.exceptions() == ["approval no longer verifies"]


async def test_a_changed_document_with_a_changed_digest_never_leaves(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.tamper(
        "UPDATE payment_order SET document = replace(convert_from(document, 'UTF8'), '512.40', '912.40')::bytea"
    )
    await scene.tamper("UPDATE payment_order SET digest = sha256(document)")
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]


async def test_an_order_that_is_not_under_the_manifest_never_leaves(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.tamper("UPDATE payment_order SET order_id = 'SICK-000000'")
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]


async def test_the_manifest_of_another_batch_covers_nothing(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.tamper("UPDATE batch SET batch_id = 'B-9'")
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]
    assert await scene.exceptions() == ["approval no longer verifies"]


async def test_one_signed_document_never_pays_two_orders(scene: Scene) -> None:
    """Both documents are under the manifest; copied over the other's, one person would be paid twice."""
    await cut(scene, 1, 2)
    documents = SWAP.replace(", digest = other.digest", "")
    await scene.tamper(documents)
    await scene.until_idle("seal")
    assert "sealed" not in await scene.states()


async def test_an_adapter_that_fails_stops_its_own_bank_only(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_self: object, content: SubmissionContent, _profile: Profile) -> dict[str, str]:
        if content.file_name.startswith("G1ALFA"):
            raise KeyError(content.debtor.name)
        return {}

    await scene.release([payment(1), payment(2, "charlie")])
    await scene.until_idle("cut")
    monkeypatch.setattr(type(scene.gateway.banks["alfa"].adapter), "refusals", stumble)
    await scene.until_idle("seal")
    assert await scene.rows("SELECT bank, state FROM submission ORDER BY bank") == [
        ("alfa", "open"),
        ("charlie", "sealed"),
    ]
    assert await scene.column("SELECT detail ->> 'why' FROM exception") == ["the bank's adapter fails: KeyError"]
    assert await scene.rows("SELECT value, reason FROM pause") == [("alfa", "seal mismatch")]


async def test_a_changed_amount_never_leaves_and_pauses_the_lane(scene: Scene) -> None:
    await scene.release(payments([1]))
    await scene.tamper("UPDATE payment_order SET amount_minor = 99")
    await scene.until_idle("cut")
    await scene.run("seal")
    assert await scene.states() == ["open"]
    assert await scene.exceptions() == ["seal mismatch"]
    assert await scene.rows("SELECT scope, value, reason FROM pause") == [("bank", "alfa", "seal mismatch")]


async def test_a_paused_lane_seals_nothing(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.pauses.pause(scope="bank", value="alfa", reason="maintenance", by="officer-1")
    assert not await scene.run("seal")


async def test_a_member_that_is_stopped_dissolves_the_submission_and_the_others_are_sealed(scene: Scene) -> None:
    await cut(scene, 1, 2, 3)
    await scene.stop("order", "SICK-000002")
    await scene.until_idle("seal")
    assert await scene.states() == ["dissolved"]
    await scene.seal_again()
    assert await scene.states() == ["dissolved", "sealed"]
    assert await scene.value("SELECT payment_count FROM submission WHERE state = 'sealed'") == 2


async def test_an_approval_whose_time_has_passed_seals_nothing_and_tells_a_person(scene: Scene) -> None:
    await scene.release(payments([1]), expires=scene.clock.now() + timedelta(hours=1))
    await scene.until_idle("cut")
    scene.clock.advance(3_601)
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]
    assert await scene.exceptions() == ["approval no longer verifies"]


async def test_what_could_not_be_trusted_is_looked_at_again_later_not_at_once(scene: Scene) -> None:
    await cut(scene, 1)
    await scene.tamper("UPDATE payment_order SET order_id = 'SICK-000000'")
    await scene.until_idle("seal")
    await scene.tamper("UPDATE payment_order SET order_id = 'SICK-000001'")
    assert not await scene.run("seal")
    scene.clock.advance(LATER.total_seconds())
    assert await scene.run("seal")
    assert await scene.states() == ["sealed"]


async def test_no_more_is_sealed_than_may_be_under_way(scene: Scene) -> None:
    """Bank charlie takes four submissions at a time."""
    for number in range(1, 7):
        await scene.release([payment(number, "charlie", amount=f"{number}00.00")], f"B-{number}")
    await scene.until_idle("cut")
    await scene.until_idle("seal")
    assert sorted(await scene.states()) == ["open", "open", "sealed", "sealed", "sealed", "sealed"]
    await scene.run("send", "charlie")
    await scene.until_idle("seal")
    assert sorted(await scene.states()) == ["delivered", "open", "sealed", "sealed", "sealed", "sealed"]


@pytest.mark.parametrize(
    "change", ["msg_id = 'X'", "name = 'x'", "sum_minor = 1", "payment_count = 9", "sha256 = sha256('')"]
)
async def test_sealed_bytes_ids_and_sums_cannot_be_changed(scene: Scene, change: str) -> None:
    await scene.sealed(payments([1]))
    with pytest.raises(asyncpg.CheckViolationError, match="is sealed"):
        await scene.tamper(f"UPDATE submission SET {change}")  # noqa: S608 - a change that this test names
