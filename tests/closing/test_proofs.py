"""Each proof closes an attempt, and nothing less does."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from gateway.domain.closing import Rule
from gateway.ports.transport import Answer, Sent, Wire
from gateway.service.send import NEVER_BEGUN
from tests.closing.after import DAY, close, give_back, proved, reject, until_idle
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt054, pain002
from tests.scenario import payments
from tests.sending.transport import Scripted


async def proofs(ear: Ear) -> list[str | None]:
    """The rule by which each attempt is closed."""
    return await ear.scene.column("SELECT closed_proof ->> 'rule' FROM attempt ORDER BY attempt_no")


async def test_a_file_refused_for_its_form_is_closed_at_once(sent: Ear) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="AM10"))
    await close(sent)
    assert await proofs(sent) == [Rule.FILE_REJECTED] * 2
    counted = sent.scene.gateway.metrics.registry.get_sample_value
    assert counted("gateway_attempts_closed_total", {"bank": "alfa", "proof": "file rejected"}) == 2
    assert await sent.scene.value("SELECT closed_proof ->> 'code' FROM attempt LIMIT 1") == "AM10"
    assert await sent.scene.value("SELECT count(*) FROM closing") == 0


async def tried_twice(ear: Ear, first: Answer) -> None:
    """A file that is delivered with its second try; the first came to `first`."""

    class Twice(Scripted):
        async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
            answer = await super().send(wire, pieces, deadline)
            return first if answer.sent is Sent.NOT_SENT else answer

    ear.scene.use_transport("alfa", Twice(answers=[Sent.NOT_SENT, Sent.SENT]))
    await ear.scene.sealed(payments([1, 2]))
    await ear.scene.run("send", "alfa")
    ear.scene.clock.advance(3_600)
    await ear.scene.run("send", "alfa")
    assert await ear.scene.rows("SELECT state, tries FROM submission") == [("delivered", 2)]


async def test_a_file_that_was_tried_twice_is_not_closed_by_its_refusal_alone(ear: Ear) -> None:
    """Of two copies the bank may refuse one and take the other: it names the file, not the copy (adr/0014)."""
    scene, monday = ear.scene, ear.scene.clock.today()
    await tried_twice(ear, Answer(sent=Sent.NOT_SENT))
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="FF01"))
    await close(ear)
    assert (await proofs(ear), (await ear.outcomes())[0][-1][1]) == ([None, None], "rejected")
    await scene.seal_again()
    assert await scene.states() == ["delivered"], "nothing is paid again"
    scene.clock.advance(3 * DAY)
    await proved(ear, on=monday)
    await close(ear)
    assert await proofs(ear) == [Rule.REJECTED] * 2


async def test_a_copy_that_was_taken_after_all_is_a_conflict(ear: Ear) -> None:
    await tried_twice(ear, Answer(sent=Sent.NOT_SENT))
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="FF01"))
    await close(ear)
    entries = [Entry(amount=FULL, end_to_end_id=one, ref=f"R-{one}") for one in await ear.ids()]
    await ear.hear(camt054(await ear.account(), *entries))
    await close(ear)
    assert (await proofs(ear), await ear.scene.exceptions()) == ([None, None], ["conflict"] * 2)


async def test_a_try_that_only_waited_for_the_bank_made_no_copy(ear: Ear) -> None:
    waited = Answer(sent=Sent.NOT_SENT, evidence=NEVER_BEGUN)
    await tried_twice(ear, waited)
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="FF01"))
    await close(ear)
    assert await proofs(ear) == [Rule.FILE_REJECTED] * 2


async def test_a_file_refused_for_funds_waits_for_hours_and_a_statement(sent: Ear) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="AM04"))
    await close(sent)
    sent.scene.clock.advance(3 * DAY)
    await close(sent)
    assert await proofs(sent) == [None, None]


async def test_a_file_of_which_a_payment_was_spoken_is_not_closed_at_once(sent: Ear) -> None:
    entry = Entry(amount=FULL, end_to_end_id=(await sent.ids())[0])
    await sent.hear(camt054(await sent.account(), entry), pain002(await sent.msg_id(), group="RJCT", reason="FF01"))
    await close(sent)
    assert await proofs(sent) == [None, None]


async def test_a_rejection_is_final_with_its_hours_and_the_settled_statement_of_the_day(sent: Ear) -> None:
    scene, monday = sent.scene, sent.scene.clock.today()
    await reject(sent, 1, "AC04")
    await close(sent)
    await proved(sent, monday - timedelta(days=3))
    scene.clock.advance(3 * DAY)
    await close(sent)
    assert await proofs(sent) == [None, None], "the statement is of the Friday before"
    await proved(sent, monday, settled=False)
    scene.clock.advance(DAY)
    await close(sent)
    assert await proofs(sent) == [None, None], "the statement is not settled"
    await scene.tamper("UPDATE statement SET settled = true")
    scene.clock.advance(DAY)
    await close(sent)
    assert await proofs(sent) == [Rule.REJECTED, None]
    statement = await scene.value("SELECT (closed_proof ->> 'statement')::bigint FROM attempt WHERE closed")
    assert statement == await scene.value("SELECT max(statement_no) FROM statement")


async def test_a_rejection_is_not_final_before_the_hours_of_the_profile(sent: Ear) -> None:
    await reject(sent, 1, "AC04")
    await close(sent)
    await proved(sent)
    sent.scene.clock.advance(2 * DAY - 1)
    await close(sent)
    assert await proofs(sent) == [None, None]
    sent.scene.clock.advance(1)
    await close(sent)
    assert await proofs(sent) == [Rule.REJECTED, None]


async def test_what_is_booked_is_never_closed_by_a_rejection(sent: Ear) -> None:
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, end_to_end_id=(await sent.ids())[0])))
    await reject(sent, 1, "AC04")
    await proved(sent)
    sent.scene.clock.advance(3 * DAY)
    await close(sent)
    assert await proofs(sent) == [None, None]


async def test_a_return_closes_when_the_full_amount_is_back(sent: Ear) -> None:
    await give_back(sent, 1, "AC04", 51_239)
    await close(sent)
    assert await proofs(sent) == [None, None]
    await sent.scene.tamper("UPDATE attempt SET returned_minor = 51240 WHERE returned_minor > 0")
    await close(sent)
    assert await proofs(sent) == [Rule.RETURNED, None]


async def test_early_news_of_a_return_closes_nothing(sent: Ear) -> None:
    ids: Any = await sent.ids()
    entries = [
        Entry(amount=FULL, end_to_end_id=ids[0], ref="OUT"),
        Entry(amount=FULL, end_to_end_id=ids[0], ref="BACK", sign="CRDT", reason="AC04"),
    ]
    await sent.hear(camt054(await sent.account(), *entries))
    sent.scene.clock.advance(3 * DAY)
    await close(sent)
    assert await proofs(sent) == [None, None]


async def test_an_attempt_that_never_left_is_closed_when_its_order_is_not_paid_any_more(ear: Ear) -> None:
    await ear.scene.sealed(payments([1, 2]))
    await ear.scene.stop("order", "SICK-000001")
    await ear.scene.tamper(
        "UPDATE payment_order SET state = 'cancelled', claims = false WHERE order_id = 'SICK-000001'"
    )
    await until_idle(ear.scene, "close")
    assert await proofs(ear) == [Rule.NEVER_LEFT, None]
