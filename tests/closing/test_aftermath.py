"""What follows a closed attempt: each action of the reason table, and no more attempts than is sane."""

from datetime import date, timedelta
from typing import Any, cast

from tests.closing.after import DAY, close, finally_rejected, generations, give_back, last_word, proved, until_idle
from tests.hearing.ear import Ear
from tests.hearing.messages import Status, camt054, pain002
from tests.scenario import payments

MONDAY, TUESDAY = date(2026, 9, 21), date(2026, 9, 22)
ACTIONS = {
    "AC04": ("given back", "back to the benefits system", "account", None),
    "BE01": ("given back", "back to the benefits system", "name", None),
    "BE04": ("given back", "mend", "data", None),
    "MD07": ("held", "hold payee", "death", "hold payee"),
    "MS03": ("held", "officer", "decision", "officer"),
    "CNOR": ("held", "other route", "decision", "officer"),
    "X404": ("held", "officer", "decision", "code without a rule"),
    "TM01": ("payable", "retry in the next window", None, None),
    "AM04": ("payable", "wait for funds", None, None),
}
"""Code -> state of the order, action and need as told, kind of the exception."""


async def test_each_action_sends_its_order_on_its_way(ear: Ear) -> None:
    await ear.send(payments(range(1, len(ACTIONS) + 1)))
    ids, scene = await ear.ids(), ear.scene
    about = [Status(end_to_end_id=i, status="RJCT", reason=c) for i, c in zip(ids, ACTIONS, strict=True)]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about))
    await close(ear)
    await proved(ear)
    scene.clock.advance(3 * DAY)
    await close(ear)
    rows = await scene.rows("""
        SELECT o.state, r.told ->> 'action', r.told ->> 'needs', x.kind
        FROM payment_order o
        CROSS JOIN LATERAL (SELECT e.document::jsonb -> 'reason' AS told FROM outcome_event e
                            WHERE e.order_no = o.order_no ORDER BY e.outcome_no DESC LIMIT 1) r
        LEFT JOIN exception x ON x.order_no = o.order_no AND x.kind <> 'funds missing'
        ORDER BY o.order_id""")
    assert dict(zip(ACTIONS, rows, strict=True)) == ACTIONS
    told = "SELECT detail ->> 'code', detail ->> 'meaning' FROM exception WHERE kind = 'officer' ORDER BY order_no"
    assert await scene.rows(told) == [
        ("MS03", "unspecified by the agent"),
        ("CNOR", "creditor bank not registered"),
    ]
    assert await scene.column("SELECT DISTINCT claims FROM payment_order WHERE state = 'given back'") == [False]
    assert await scene.rows("SELECT kind, state, reason, reason_class FROM stop") == [
        ("person", "active", "bank: MD07", "death")
    ]


async def test_a_payment_that_missed_the_window_is_cut_again_on_the_next_banking_day(sent: Ear) -> None:
    scene = sent.scene
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="TM01"))
    await close(sent)
    assert await scene.column("SELECT next_try_on FROM payment_order") == [TUESDAY] * 2
    await until_idle_cut(sent)
    assert [g for _, g, _ in await generations(scene)] == [1, 1]
    scene.clock.advance(DAY)
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    assert await generations(scene) == [
        *(("SICK-000001", 1, True), ("SICK-000001", 2, False)),
        *(("SICK-000002", 1, True), ("SICK-000002", 2, False)),
    ]
    assert await scene.column("SELECT pay_date FROM submission ORDER BY submission_no") == [MONDAY, TUESDAY]
    assert await scene.column("SELECT next_try_on FROM payment_order") == [None] * 2
    ids = await scene.column("SELECT end_to_end_id FROM attempt WHERE generation = 2")
    assert all(i in scene.content("alfa") for i in ids)


async def until_idle_cut(ear: Ear) -> None:
    await ear.scene.until_idle("cut")
    await ear.scene.until_idle("seal")


async def test_after_three_generations_a_person_decides(sent: Ear) -> None:
    scene = sent.scene
    for _ in range(3):
        msg_id = await scene.value("SELECT msg_id FROM submission ORDER BY submission_no DESC LIMIT 1")
        await sent.hear(pain002(msg_id, group="RJCT", reason="TM01"))
        await close(sent)
        scene.clock.advance(DAY)
        await scene.seal_again()
        await scene.until_idle("send", "alfa")
    assert await scene.column("SELECT max(generation) FROM attempt") == [3]
    assert await scene.rows("SELECT DISTINCT state, reason FROM payment_order") == [("held", "TM01")]
    assert await scene.exceptions() == ["officer"] * 2


RETURNS = {"ED05": "payable", "TM01": "held", "AC04": "given back", None: "held"}


async def test_a_return_is_paid_again_for_technical_reasons_only(ear: Ear) -> None:
    await ear.send(payments(range(1, 5)))
    for number, code in enumerate(RETURNS, 1):
        await give_back(ear, number, code)
    await close(ear)
    assert await ear.scene.column("SELECT state FROM payment_order ORDER BY order_id") == list(RETURNS.values())


async def test_a_person_whose_death_the_bank_tells_is_paid_nothing_more(ear: Ear) -> None:
    """The second order is another entitlement of the same payee, sealed and not sent."""
    scene, (first, second) = ear.scene, payments([1, 2])
    second["creditor"] = first["creditor"]
    await ear.send([first, payments([3])[0]])
    await scene.sealed([second, payments([4])[0]], "B-2")
    await finally_rejected(ear, "MD07")
    scene.clock.advance(60)
    await until_idle(scene, "close")
    assert await scene.states() == ["delivered", "void"]
    told = await last_word(scene)
    assert (told["outcome"], told["reason"]["needs"]) == ("held", "death")


async def test_a_hold_that_is_released_is_cut_again(sent: Ear) -> None:
    scene = sent.scene
    await finally_rejected(sent, "MS03")
    assert await scene.value("SELECT state FROM payment_order WHERE order_id = 'SICK-000001'") == "held"
    await scene.tamper("UPDATE payment_order SET state = 'payable' WHERE state = 'held'")
    await scene.until_idle("cut")
    assert (await generations(scene))[:2] == [("SICK-000001", 1, True), ("SICK-000001", 2, False)]


async def test_what_is_paid_is_not_cut_again_whatever_its_row_says(sent: Ear) -> None:
    """A closed attempt whose money is out: two people closed a conflict, say."""
    scene, ids = sent.scene, await sent.ids()
    assert ids
    await sent.hear(camt054(await sent.account()))
    await scene.tamper('UPDATE attempt SET facts = 8, closed = true, closed_proof = \'{"rule": "two people"}\'')
    await scene.tamper("UPDATE payment_order SET next_try_on = $1", MONDAY - timedelta(days=1))
    await scene.until_idle("cut")
    assert [g for _, g, _ in await generations(scene)] == [1, 1]


async def test_a_banks_own_code_has_the_consequences_of_the_code_that_it_means(ear: Ear) -> None:
    means(ear, {"E17": "AC04", "E20": "TM01", "E30": "AM04"})
    await ear.send(payments([1, 2]))
    first = (await ear.ids())[0]
    about = [Status(end_to_end_id=first, status="RJCT", reason="E17")]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about))
    await close(ear)
    await proved(ear)
    ear.scene.clock.advance(3 * DAY)
    await close(ear)
    told = await ear.scene.column("SELECT document::jsonb -> 'reason' ->> 'code' FROM outcome_event ORDER BY event_no")
    assert set(told) == {"AC04"}
    assert await ear.scene.column("SELECT state FROM payment_order ORDER BY order_id") == ["given back", "payable"]
    assert await ear.scene.exceptions() == []
    assert await ear.scene.column("SELECT DISTINCT reason FROM observation WHERE reason IS NOT NULL") == ["E17"]


async def test_a_banks_own_code_for_a_whole_file_closes_nothing_at_once(sent: Ear) -> None:
    """That nothing of a file can move any more is said by codes whose meaning is not the profile's to give."""
    means(sent, {"E20": "TM01"})
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="E20"))
    await close(sent)
    assert await sent.scene.column("SELECT DISTINCT closed FROM attempt") == [False]
    await proved(sent)
    sent.scene.clock.advance(3 * DAY)
    await close(sent)
    assert await sent.scene.column("SELECT DISTINCT closed FROM attempt") == [True]
    tries = await sent.scene.column("SELECT DISTINCT next_try_on FROM payment_order")
    assert tries == [date(2026, 9, 25)], "the next window, as for TM01"


async def test_a_banks_own_code_for_want_of_funds_holds_the_account(ear: Ear) -> None:
    means(ear, {"E30": "AM04"})
    await ear.send(payments([1, 2]))
    about = [Status(end_to_end_id=(await ear.ids())[0], status="RJCT", reason="E30")]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about))
    assert await ear.scene.rows("SELECT bank, reason FROM account_hold") == [("alfa", "E30")]
    assert await ear.scene.exceptions() == ["funds missing"]


def means(ear: Ear, overrides: dict[str, str]) -> None:
    """Let alfa's profile translate its own codes."""
    reasons = ear.scene.gateway.configuration.reasons
    cast("dict[str, Any]", reasons.banks)["alfa"] = overrides
