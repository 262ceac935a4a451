"""What a message establishes, and what it must not."""

from typing import Any

import pytest

from gateway.domain.facts import Fact, Position
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import payments

FLIGHT, ACCEPTED, PAID, REJECTED = Position.IN_FLIGHT, Position.ACCEPTED, Position.PAID, Position.REJECTED
TWO, THREE = "1024.80", "1537.20"


async def booked(ear: Ear, *numbers: int, ref: str = "REF", number: int = 1, **changes: Any) -> bytes:
    """A notification that these payments were booked, each under its own reference."""
    ids = await ear.ids()
    values: dict[str, Any] = {"amount": FULL, **changes}
    entries = [Entry(end_to_end_id=ids[n - 1], ref=f"{ref}{n}", **values) for n in numbers]
    return camt054(await ear.account(), *entries, number=number)


async def status(ear: Ear, number: int, code: str, reason: str = "", *, group: str = "") -> bytes:
    about = [Status(end_to_end_id=(await ear.ids())[number - 1], status=code, reason=reason)]
    return pain002(await ear.msg_id(), group=group, about=about)


async def test_a_booking_that_names_a_payment_pays_it_and_is_told_once(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1))
    assert await sent.positions() == [PAID, FLIGHT, FLIGHT]
    assert await sent.outcomes() == [[(1, "paid")]]


async def test_an_acceptance_is_told_to_nobody(sent: Ear) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="ACCP"))
    assert await sent.positions() == [ACCEPTED] * 3
    assert await sent.outcomes() == []


async def test_a_group_that_was_only_checked_for_form_is_not_accepted(sent: Ear) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="ACTC"))
    assert await sent.positions() == [FLIGHT] * 3


async def test_a_rejected_file_rejects_every_payment_and_tells_the_reason(sent: Ear) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="AM10"))
    assert await sent.positions() == [REJECTED] * 3
    assert await sent.scene.column("SELECT document::json -> 'reason' ->> 'code' FROM outcome_event") == ["AM10"] * 3


async def test_a_partly_accepted_file_says_nothing_of_payments_it_does_not_name(sent: Ear) -> None:
    await sent.hear(await status(sent, 2, "RJCT", "AC04", group="PART"))
    assert await sent.positions() == [FLIGHT, REJECTED, FLIGHT]
    assert await sent.outcomes() == [[(1, "rejected")]]


async def test_the_lowest_level_wins(sent: Ear) -> None:
    await sent.hear(await status(sent, 2, "RJCT", "AC04", group="ACCP"))
    assert await sent.positions() == [ACCEPTED, REJECTED, ACCEPTED]


@pytest.mark.parametrize("code", ["DU01", "AM05", "DUPL"])
async def test_a_duplicate_is_never_a_rejection_of_a_file(sent: Ear, code: str) -> None:
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason=code))
    assert await sent.positions() == [FLIGHT] * 3
    assert (await sent.verdicts(), await sent.outcomes()) == (["bank already has it"], [])


async def test_a_duplicate_moves_an_unknown_submission_to_delivered_and_touches_no_attempt(ear: Ear) -> None:
    await ear.scene.sealed(payments([1]))
    for state in ("sending", "unknown"):
        await ear.scene.tamper("UPDATE submission SET state = $1", state)
    await ear.hear(pain002(await ear.msg_id("unknown"), group="RJCT", reason="DU01"))
    assert await ear.scene.states() == ["delivered"]
    assert await ear.scene.column("SELECT facts FROM attempt") == [0]


async def test_a_payment_called_a_duplicate_gets_an_exception_and_no_fact(sent: Ear) -> None:
    await sent.hear(await status(sent, 1, "RJCT", "AM05"))
    assert await sent.scene.exceptions() == ["suspected duplicate"]
    assert await sent.scene.column("SELECT facts FROM attempt") == [0, 0, 0]


@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_any_message_of_its_bank_proves_that_a_submission_arrived(ear: Ear, state: str) -> None:
    await ear.scene.sealed(payments([1]))
    for move in dict.fromkeys(("sending", state)):
        await ear.scene.tamper("UPDATE submission SET state = $1", move)
    await ear.hear(pain002(await ear.msg_id(state), group="ACCP"))
    assert await ear.scene.states() == ["delivered"]


@pytest.mark.parametrize("content", ["status", "booking"])
async def test_another_bank_s_message_changes_nothing_and_raises_an_alarm(sent: Ear, content: str) -> None:
    told = pain002(await sent.msg_id(), group="RJCT", reason="AM10") if content == "status" else await booked(sent, 1)
    await sent.hear(told, bank="charlie")
    assert await sent.positions() == [FLIGHT] * 3
    assert await sent.scene.rows("SELECT kind, detail ->> 'alarm' FROM exception") == [("foreign bank", "security")]


@pytest.mark.parametrize("moves", [(), ("sending", "not sent"), ("void",)], ids=["sealed", "not sent", "void"])
async def test_a_message_about_what_was_never_sent_pauses_the_bank_and_raises_an_alarm(
    ear: Ear, moves: tuple[str, ...]
) -> None:
    await ear.scene.sealed(payments([1]))
    for state in moves:
        await ear.scene.tamper("UPDATE submission SET state = $1", state)
    await ear.hear(pain002(await ear.msg_id((moves or ("sealed",))[-1]), group="ACCP"))
    assert await ear.scene.rows("SELECT kind, detail ->> 'alarm' FROM exception") == [
        ("names what was never sent", "security")
    ]
    assert await ear.scene.rows("SELECT scope, value FROM pause") == [("bank", "alfa")]
    assert await ear.scene.column("SELECT group_facts FROM submission") == [0]


async def test_a_message_about_nothing_of_ours_is_an_orphan(sent: Ear) -> None:
    await sent.hear(pain002("SOMEBODYELSES", group="RJCT", reason="AM10"))
    assert (await sent.verdicts(), await sent.scene.exceptions()) == (["orphan"], ["orphan"])


async def test_a_booking_of_another_amount_touches_nothing(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1, amount="512.39"))
    assert (await sent.positions())[0] == FLIGHT
    assert await sent.scene.exceptions() == ["amount differs"]


async def test_a_booking_on_another_account_touches_nothing(sent: Ear) -> None:
    entry = Entry(amount=FULL, end_to_end_id=(await sent.ids())[0])
    await sent.hear(camt054("DE89370400440532013000", entry))
    assert (await sent.positions())[0] == FLIGHT
    assert await sent.scene.exceptions() == ["not our debtor account"]


@pytest.mark.parametrize("word", ["PDNG", "INFO"])
async def test_only_what_is_booked_is_booked(sent: Ear, word: str) -> None:
    await sent.hear(await booked(sent, 1, status=word))
    assert (await sent.positions())[0] == FLIGHT


async def test_a_return_after_the_booking_is_returned_with_its_reason(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1), await booked(sent, 1, ref="BACK", number=2, sign="CRDT", reason="AC04"))
    assert (await sent.positions())[0] == Position.RETURNED
    assert await sent.outcomes() == [[(1, "paid"), (2, "returned")]]


async def test_a_credit_that_names_no_payment_is_a_lump_return_and_touches_nothing(sent: Ear) -> None:
    await sent.hear(camt054(await sent.account(), Entry(amount=THREE, sign="CRDT")))
    assert await sent.scene.exceptions() == ["lump return"]
    assert await sent.positions() == [FLIGHT] * 3


async def test_a_second_booking_under_another_reference_is_a_conflict(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1), await booked(sent, 1, ref="AGAIN", number=2))
    assert (await sent.positions())[0] == Position.CONFLICT
    assert await sent.outcomes() == [[(1, "paid"), (2, "under investigation")]]
    assert await sent.scene.exceptions() == ["conflict"]


async def test_the_same_booking_told_in_two_messages_is_one_booking(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1), await booked(sent, 1, number=2))
    assert await sent.outcomes() == [[(1, "paid")]]


async def test_the_same_message_twice_is_one_message(sent: Ear) -> None:
    content = await booked(sent, 1)
    await sent.hear(content, content)
    assert await sent.scene.value("SELECT count(*) FROM bank_message") == 1


async def test_rejected_and_yet_booked_is_a_conflict(sent: Ear) -> None:
    await sent.hear(await status(sent, 1, "RJCT", "AC04"), await booked(sent, 1))
    assert (await sent.positions())[0] == Position.CONFLICT


async def test_what_is_heard_of_a_closed_attempt_holds_the_order(sent: Ear) -> None:
    await sent.scene.tamper("UPDATE attempt SET closed = true, closed_proof = '{}' WHERE attempt_no = 1")
    await sent.hear(await booked(sent, 1))
    assert await sent.scene.rows("SELECT state, reason, outcome FROM payment_order WHERE state <> 'payable'") == [
        ("held", "conflict", "under investigation")
    ]


async def test_facts_never_shrink(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1))
    with pytest.raises(Exception, match="facts only grow"):
        await sent.scene.tamper("UPDATE attempt SET facts = 0")


@pytest.mark.parametrize("rejects_first", [True, False])
async def test_a_booked_sum_fits_all_minus_the_rejected_whatever_comes_first(sums: Ear, *, rejects_first: bool) -> None:
    reject = await status(sums, 2, "RJCT", "AC04", group="PART")
    total = camt054(await sums.account("charlie"), Entry(amount=TWO, batch=(await sums.msg_id(), 2)))
    await sums.hear(*((reject, total) if rejects_first else (total, reject)), bank="charlie")
    assert await sums.positions() == [PAID, REJECTED, PAID]


async def test_a_booked_sum_fits_all_minus_what_the_bank_cancelled(sums: Ear) -> None:
    total = camt054(await sums.account("charlie"), Entry(amount=TWO, batch=(await sums.msg_id(), 2)))
    await sums.hear(total, await status(sums, 2, "CANC", group="PART"), bank="charlie")
    assert await sums.positions() == [PAID, Position.CANCELLED, PAID]


async def test_a_booked_sum_of_everything_pays_everything(sums: Ear) -> None:
    total = camt054(await sums.account("charlie"), Entry(amount=THREE, batch=(await sums.msg_id(), 3)))
    await sums.hear(total, bank="charlie")
    assert await sums.positions() == [PAID] * 3
    assert await sums.scene.column("SELECT settled FROM submission") == [True]


async def test_a_booked_sum_that_fits_nothing_waits_and_touches_nothing(sums: Ear) -> None:
    total = camt054(await sums.account("charlie"), Entry(amount=TWO, batch=(await sums.msg_id(), 2)))
    await sums.hear(total, bank="charlie")
    assert await sums.positions() == [FLIGHT] * 3
    assert await sums.verdicts() == ["batch sum waits for rejects"]


async def test_a_sum_that_is_booked_twice_is_a_conflict(sums: Ear) -> None:
    for number, ref in enumerate(("SUM1", "SUM2")):
        entry = Entry(amount=THREE, batch=(await sums.msg_id(), 3), ref=ref)
        await sums.hear(camt054(await sums.account("charlie"), entry, number=number), bank="charlie")
    assert await sums.positions() == [Position.CONFLICT] * 3


async def test_outcome_numbers_have_no_gap(sent: Ear) -> None:
    await sent.hear(
        await booked(sent, 1, 2, 3),
        await booked(sent, 1, ref="BACK", number=2, sign="CRDT", reason="AC04"),
        await booked(sent, 2, ref="AGAIN", number=3),
    )
    assert [[number for number, _ in events] for events in await sent.outcomes()] == [[1, 2], [1, 2], [1]]
    assert await sent.scene.column("SELECT outcome_no FROM payment_order ORDER BY order_id") == [2, 2, 1]


async def test_every_observation_gets_a_verdict(sent: Ear) -> None:
    await sent.hear(await booked(sent, 1, 2), pain002("NOBODYS", group="ACCP"))
    assert None not in await sent.verdicts()


async def test_facts_add_up(sent: Ear) -> None:
    await sent.hear(await status(sent, 1, "ACCP"), await status(sent, 1, "ACSC"), await booked(sent, 1))
    facts = await sent.scene.value("SELECT facts FROM attempt WHERE facts <> 0")
    assert Fact(facts) == Fact.ACCEPTED | Fact.EXECUTED | Fact.BOOKED


async def test_a_told_rejection_that_no_longer_holds_is_told_too(sent: Ear) -> None:
    """A file refused as a whole, and then a payment of it that the bank names as accepted."""
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="AM10"))
    await sent.hear(await status(sent, 1, "ACSP"))
    assert await sent.positions() == [ACCEPTED, REJECTED, REJECTED]
    assert await sent.outcomes() == [
        [(1, "rejected"), (2, "under investigation")],
        [(1, "rejected")],
        [(1, "rejected")],
    ]
    assert await sent.scene.exceptions() == ["conflict"]
