"""Notices over Kafka: they stop at once, once, all or nothing, and commit with the partition's offset."""

import pytest

from gateway.domain.errors import Conflict
from gateway.ports.bus import STOPS
from gateway.service.partitions import BETWEEN_TRIES
from gateway.service.stop_notices import Notices, read_notice
from tests.scenario import Scene, payee, payment, payments
from tests.sending.test_stops import finish, paid, person
from tests.stopping.post import Post, another_worker

DEATH = {"notice": "death", "subjects": [{"kind": "person", "value": "NIDN:800101/1234"}], "effectiveOn": "2026-09-01"}
STOPPED = "SELECT kind, value, reason_class, state FROM stop ORDER BY stop_no"


async def test_a_death_notice_stops_what_is_due_to_the_dead(post: Post) -> None:
    scene = post.scene
    await scene.sealed([payment(1, creditor=person("NIDN:8001011234")), payment(2)])
    post.write_notice(DEATH, "register-1")
    await post.hear(STOPS)
    assert await scene.rows(STOPPED) == [("person", "NIDN:8001011234", "death", "active")]
    assert (await scene.states())[0] == "void"
    await finish(scene)
    assert await paid(scene) == ["SICK-000002"]
    assert await scene.run("stops")
    (view,) = await scene.stops.all(["SSI"])
    assert (view.notice, str(view.effective_on), view.set_by) == ("register-1", "2026-09-01", "source SSI")
    assert (view.minor("kept"), view.voided, view.swept) == ({"EUR": 51240}, 1, True)


async def test_an_effective_date_ahead_stops_at_once(post: Post) -> None:
    await post.scene.release(payments([1]))
    subject = {"kind": "account", "value": payee("alfa", 1)}
    post.write_notice({"notice": "account changed", "subjects": [subject], "effectiveOn": "2027-01-01"})
    await post.hear(STOPS)
    await finish(post.scene)
    assert await paid(post.scene) == []


async def test_several_subjects_are_stopped_together_or_not_at_all(post: Post) -> None:
    both = [{"kind": "order", "value": "SICK-000001"}, {"kind": "bank", "value": "alfa"}]
    post.write_notice({"notice": "court order", "subjects": [both[0], {"kind": "bank", "value": "nowhere"}]})
    post.write_notice({"notice": "court order", "subjects": both})
    await post.hear(STOPS)
    assert await post.dead() == [(0, "bank.unknown")]
    assert [row[:2] for row in await post.scene.rows(STOPPED)] == [("order", "SICK-000001"), ("bank", "alfa")]
    assert await post.came(STOPS) == (1, 0, 1)


async def test_a_notice_that_comes_again_is_the_same_also_when_its_stop_was_lifted(post: Post) -> None:
    post.write_notice(DEATH, "n-1")
    await post.hear(STOPS)
    (stop,) = await post.scene.stops.all(["SSI"])
    for officer in ("officer-1", "officer-2"):
        await post.scene.stops.lift(stop.stop_no, by=officer, sources=["SSI"])
    post.write_notice(DEATH, "n-1")
    post.write_notice(DEATH | {"reason": "other words"}, "n-1")
    await post.hear(STOPS)
    assert [row[3] for row in await post.scene.rows(STOPPED)] == ["lifted"]
    assert await post.dead() == [(2, "notice.other-content")]
    assert await post.came(STOPS) == (1, 1, 1)


async def test_each_notice_is_a_ground_of_its_own(post: Post) -> None:
    """Two courts, one account, no words: lifting what the first wrote leaves what the second wrote."""
    for event in ("court-1", "court-2"):
        post.write_notice({"notice": "court order", "subjects": [{"kind": "account", "value": "DE1"}]}, event)
    await post.hear(STOPS)
    first, _ = reversed(await post.scene.stops.all(["SSI"]))
    for officer in ("officer-1", "officer-2"):
        await post.scene.stops.lift(first.stop_no, by=officer, sources=["SSI"])
    assert [row[3] for row in await post.scene.rows(STOPPED)] == ["lifted", "active"]


async def test_a_notice_over_rest_and_over_kafka_is_one(post: Post) -> None:
    notices = Notices(stops=post.scene.stops, clock=post.scene.clock)
    post.write_notice(DEATH, "n-1")
    record = post.stops.logs[0][0]
    (first,) = await notices.take(read_notice("SSI", "n-1", record.value), by="officer-1")
    await post.hear(STOPS)
    assert await post.came(STOPS) == (0, 1, 0)
    (again,) = await notices.take(read_notice("SSI", "n-1", record.value), by="officer-1")
    assert again.stop_no == first.stop_no
    with pytest.raises(Conflict):
        await notices.take(read_notice("SSI", "n-1", record.value.replace(b"1234", b"9999")), by="officer-1")


async def test_poison_sticks_nowhere_and_nothing_is_lifted_over_kafka(post: Post) -> None:
    post.write_notice(b"\xff\x00")
    post.write_notice({"lift": 1, **DEATH})
    post.write_notice(DEATH | {"notice": "resurrection"})
    post.write_notice(DEATH, ce_signature="00")
    post.write_notice(DEATH)
    await post.hear(STOPS)
    rules = [rule for _, rule in await post.dead()]
    assert rules == ["json.utf8", "shape.unknown", "notice.class", "envelope.signature"]
    assert len(await post.scene.rows(STOPPED)) == 1
    assert await post.came(STOPS) == (1, 0, 4)


async def test_a_notice_of_one_source_stops_nothing_of_another(post: Post) -> None:
    await post.scene.release(payments([1]))
    post.write_notice({"notice": "other", "reason": "x", "subjects": [{"kind": "benefit", "value": "SICK_PAY"}]})
    await post.hear(STOPS)
    await post.scene.tamper("UPDATE stop SET source = 'SOUTH'")
    await finish(post.scene)
    assert await paid(post.scene) == ["SICK-000001"]


async def test_the_stop_commits_with_the_offset_or_not_at_all(post: Post) -> None:
    """A worker that was overtaken while it fetched sets nothing; the other sets it once."""
    post.write_notice(DEATH, "n-1")
    async with another_worker(post) as other:

        async def overtake() -> None:
            post.stops.after_fetch = None
            post.scene.clock.advance(3_600)
            assert await other.step(STOPS).run_once()

        post.stops.after_fetch = overtake
        assert not await post.step(STOPS).run_once()
    assert len(await post.scene.rows(STOPPED)) == 1
    assert await post.came(STOPS) == (1, 0, 0)


async def test_recalls_are_proposed_for_what_had_left(scene: Scene, post: Post) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    post.write_notice({"notice": "fraud suspicion", "subjects": [{"kind": "order", "value": "SICK-000001"}]})
    await post.hear(STOPS)
    assert await scene.run("stops")
    assert await scene.value("SELECT count(*) FROM recall") == 1
    (view,) = await scene.stops.all(["SSI"])
    assert (view.minor("left"), view.recalls) == ({"EUR": 51240}, 1)


async def test_an_error_that_passes_does_not_lose_a_notice(post: Post) -> None:
    post.write_notice(DEATH)
    post.stops.down = True
    assert not await post.step(STOPS).run_once()
    post.stops.down = False
    post.scene.clock.advance(BETWEEN_TRIES.total_seconds())
    await post.hear(STOPS)
    assert await post.came(STOPS) == (1, 0, 0)
