"""The intent: one transaction decides, and only what was committed may leave."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from gateway.ports.transport import Sent
from tests.scenario import Scene, opened, patiently, payments
from tests.sending.transport import Scripted

DAY = 86_400
MINUTES = 61


async def test_a_sealed_submission_becomes_one_file_under_its_final_name(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.run("send", "alfa")
    assert await scene.states() == ["delivered"]
    assert scene.files("alfa") == await scene.column("SELECT name FROM submission")
    assert scene.marks("alfa") == []


async def test_the_file_is_byte_for_byte_what_was_sealed(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.run("send", "alfa")
    stored = b"".join(await scene.column("SELECT piece FROM submission_bytes ORDER BY piece_no"))
    assert scene.content("alfa").encode() == stored


async def test_the_intent_is_committed_before_the_first_byte(scene: Scene) -> None:
    seen: list[object] = []

    async def look() -> None:
        seen.extend(await scene.rows("SELECT s.state, i.outcome FROM submission s JOIN intent i USING (submission_no)"))

    scene.use_transport("alfa", Scripted(before_answer=look))
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    assert seen == [("sending", None)]


async def test_a_delivered_submission_is_never_picked_again(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    scene.clock.advance(DAY)
    assert not await scene.run("send", "alfa")


async def test_two_workers_never_take_the_same_submission(scene: Scene) -> None:
    transport = Scripted()
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    async with opened(scene.url, scene.root, worker="w2") as other:
        other.use_transport("alfa", transport)
        await asyncio.gather(*(patiently(s.step("send", "alfa")) for s in (scene, other) for _ in range(3)))
    assert len(transport.sent) == 1


async def stop_of_a_member(scene: Scene) -> None:
    await scene.tamper("""
        INSERT INTO stop (kind, source, value, reason, set_at, set_by)
        VALUES ('order', 'SSI', 'SICK-000001', 'DEATH', '2026-09-21', 'officer-1')""")


async def cancellation(scene: Scene) -> None:
    await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'conflict' WHERE order_id = 'SICK-000001'")


async def next_day(scene: Scene) -> None:
    scene.clock.advance(DAY)


async def lost_key(scene: Scene) -> None:
    scene.gateway.approvals._sources.clear()


async def lost_member(scene: Scene) -> None:
    await scene.tamper("UPDATE attempt SET submission_no = NULL WHERE attempt_no = 1")


async def end_of_validity(scene: Scene) -> None:
    await scene.tamper("UPDATE payment_order SET valid_until = '2026-09-20' WHERE order_id = 'SICK-000001'")


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (stop_of_a_member, "stop"),
        (cancellation, "cancellation"),
        (next_day, "date passed"),
        (end_of_validity, "date passed"),
        (lost_key, "approval no longer verifies"),
        (lost_member, "members changed"),
    ],
)
async def test_what_fails_a_check_of_the_intent_is_void_and_nothing_leaves(
    scene: Scene, trouble: Callable[[Scene], Awaitable[None]], why: str
) -> None:
    await scene.sealed(payments([1, 2]))
    await trouble(scene)
    await scene.run("send", "alfa")
    assert await scene.states() == ["void"]
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == [why]
    assert (scene.files("alfa"), scene.marks("alfa")) == ([], [])
    assert await scene.value("SELECT count(*) FROM intent") == 0


async def test_an_approval_that_ran_out_after_sealing_voids(scene: Scene) -> None:
    await scene.release(payments([1]), expires=scene.clock.now() + timedelta(hours=1))
    await scene.seal_again()
    scene.clock.advance(3_601)
    await scene.run("send", "alfa")
    assert await scene.states() == ["void"]


async def test_a_pause_that_commits_after_the_pick_voids(scene: Scene) -> None:
    async def pause() -> None:
        await scene.pauses.pause(scope="bank", value="alfa", reason="maintenance", by="officer-1")

    class PausedMeanwhile(Scripted):
        async def prepare(self, wire: object) -> None:
            await pause()

    transport = PausedMeanwhile()
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["pause"]
    assert (transport.sent, len(transport.discarded)) == ([], 1)


async def test_a_void_submission_burns_its_message_id_and_name_but_not_the_payments_ids(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    ids = await scene.column("SELECT end_to_end_id FROM attempt ORDER BY attempt_no")
    scene.clock.advance(DAY)
    await scene.run("send", "alfa")
    await scene.seal_again()
    await scene.run("send", "alfa")
    void, sent = await scene.rows("SELECT state, msg_id, name, sha256 FROM submission ORDER BY submission_no")
    assert (void[0], sent[0]) == ("void", "delivered")
    assert all(burnt != fresh for burnt, fresh in zip(void[1:], sent[1:], strict=True))
    assert all(f"<EndToEndId>{i}</EndToEndId>" in scene.content("alfa") for i in ids)


async def test_a_void_submission_keeps_its_bytes_as_evidence(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    scene.clock.advance(DAY)
    await scene.run("send", "alfa")
    assert await scene.value("SELECT count(*) FROM submission_bytes") == 1


async def test_not_sent_goes_out_again_with_the_same_bytes_after_its_pause(scene: Scene) -> None:
    transport = Scripted(answers=[Sent.NOT_SENT, Sent.SENT])
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    assert await scene.states() == ["not sent"]
    assert not await scene.run("send", "alfa")
    scene.clock.advance(MINUTES)
    await scene.run("send", "alfa")
    assert await scene.states() == ["delivered"]
    assert len(set(transport.sent)) == 1


async def test_no_two_tries_share_a_number(scene: Scene) -> None:
    transport = Scripted(answers=[Sent.NOT_SENT])
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    for _ in range(3):
        await scene.run("send", "alfa")
        scene.clock.advance(MINUTES)
    numbers = [wire.intent for wire in transport.wires]
    assert len(set(numbers)) == 3
    assert numbers == await scene.column("SELECT intent_no FROM intent ORDER BY number")


async def test_a_number_is_not_drawn_again_when_its_transaction_came_to_nothing(scene: Scene) -> None:
    numbers: list[int] = []

    class DiedError(BaseException):
        """The worker is gone: no error of a transport, which costs its lane a failure and lets the claim go."""

    class Prepared(Scripted):
        async def prepare(self, wire: object) -> None:
            numbers.append(wire.intent)  # type: ignore[attr-defined]
            if len(numbers) == 1:
                raise DiedError

    scene.use_transport("alfa", Prepared())
    await scene.sealed(payments([1]))
    with pytest.raises(DiedError):
        await scene.run("send", "alfa")
    assert not await scene.run("send", "alfa")  # its claim has not ended
    scene.clock.advance(MINUTES)
    await scene.run("send", "alfa")
    assert len(set(numbers)) == 2


async def test_tries_used_up_void_the_submission_and_its_payments_are_sealed_anew(scene: Scene) -> None:
    """Bank alfa is tried ten times."""
    scene.use_transport("alfa", Scripted(answers=[Sent.NOT_SENT]))
    await scene.sealed(payments([1]))
    for _ in range(11):
        await scene.run("send", "alfa")
        scene.clock.advance(MINUTES)
    assert await scene.rows("SELECT state, tries FROM submission") == [("void", 10)]
    await scene.seal_again()
    assert await scene.states() == ["void", "sealed"]


async def test_stored_bytes_that_were_changed_never_leave_and_stop_no_other_lane(scene: Scene) -> None:
    await scene.sealed(payments([1]) + payments([2], "charlie"))
    await scene.tamper("""
        UPDATE submission_bytes SET piece = overlay(piece placing '9'::bytea from 700 for 1)
        WHERE submission_no = (SELECT submission_no FROM submission WHERE bank = 'alfa')""")
    await scene.run("send", "alfa")
    await scene.run("send", "charlie")
    assert sorted(await scene.rows("SELECT bank, state FROM submission")) == [
        ("alfa", "not sent"),
        ("charlie", "delivered"),
    ]
    assert scene.files("alfa") == []


async def test_stored_bytes_that_are_missing_never_leave_and_stop_no_worker(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.tamper("DELETE FROM submission_bytes")
    await scene.run("send", "alfa")
    assert (await scene.states(), scene.files("alfa")) == (["not sent"], [])


async def test_a_move_is_made_once_and_only_from_the_state_it_starts_from(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    with pytest.raises(Exception, match="a submission never moves from sealed to delivered"):
        await scene.tamper("UPDATE submission SET state = 'delivered'")


async def test_an_order_never_has_two_attempts_that_are_not_closed(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    with pytest.raises(Exception, match="attempt_live"):
        await scene.tamper("""
            INSERT INTO attempt (order_no, generation, bank, route_reason, end_to_end_id, uetr, amount_minor, currency)
            SELECT order_no, 2, bank, route_reason, end_to_end_id || 'X', gen_random_uuid(), amount_minor, currency
            FROM attempt""")
