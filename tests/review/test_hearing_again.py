"""What a second reader of the hearing side asked."""

from typing import Any
from unittest.mock import patch

import pytest

from gateway.domain.facts import Position
from gateway.service import apply
from gateway.service.report import Report
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.orders import PAY_DATE


async def test_a_submission_that_was_proved_not_sent_while_we_waited_for_its_lock_is_an_alarm(sent: Ear) -> None:
    """Apply looks up what is named, then locks it. What it looked up may be old by then."""
    await sent.scene.tamper(
        "SET session_replication_role = replica; UPDATE submission SET state = 'sending' WHERE state = 'delivered'"
    )
    await sent.tell(pain002(await sent.msg_id("sending"), group="ACCP"))
    await sent.until_idle("read")
    real = apply._Chunk.apply

    async def slow(chunk: Any) -> None:
        await sent.scene.tamper("UPDATE submission SET state = 'not sent' WHERE state = 'sending'")
        await real(chunk)

    with patch.object(apply._Chunk, "apply", slow):
        await sent.run("apply")
    assert await sent.verdicts() == ["names what was never sent"]
    assert await sent.scene.column("SELECT value FROM pause") == ["alfa"]
    assert await sent.scene.column("SELECT group_facts FROM submission") == [0]


async def test_a_message_of_a_bank_without_a_profile_waits_and_holds_up_nobody(sent: Ear) -> None:
    await sent.scene.tamper(
        "INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state, read_through)"
        " VALUES ('gone', sha256('x'), 1, 'test', '{}', '2026-09-21', 'read', 1)"
    )
    await sent.hear(pain002(await sent.msg_id(), group="ACCP"))
    assert await sent.verdicts() == ["matched"]


async def test_a_booking_heard_with_and_without_the_banks_reference_is_one_booking_on_the_sheet(sent: Ear) -> None:
    ids = await sent.ids()
    entry = Entry(amount=FULL, end_to_end_id=ids[0], ref="R1")
    without = camt054(await sent.account(), entry, number=2).replace(b"<AcctSvcrRef>R1</AcctSvcrRef>", b"")
    await sent.hear(camt054(await sent.account(), entry), without)
    sheet = await Report(store=sent.scene.gateway.store).control_sheet(PAY_DATE)
    assert sheet.banks["alfa", "EUR", "booked"].count == 1
    assert sheet.closes


@pytest.mark.parametrize("uetr", ["not-a-uuid", "{12345678-1234-4234-8234-123456789012}", "9" * 500])
async def test_a_reference_of_a_strange_form_never_ends_the_reader(sent: Ear, uetr: str) -> None:
    about = [Status(end_to_end_id=(await sent.ids())[0], status="ACCP")]
    message = pain002(await sent.msg_id(), about=about)
    await sent.hear(message.replace(b"<TxSts>", f"<OrgnlUETR>{uetr}</OrgnlUETR><TxSts>".encode()))
    assert (await sent.verdicts())[0] == "matched"


async def test_a_sum_heard_with_and_without_the_banks_reference_is_one_booking_on_the_sheet(sums: Ear) -> None:
    entry = Entry(amount="1537.20", batch=(await sums.msg_id(), 3), ref="R1")
    told = camt054(await sums.account("charlie"), entry)
    await sums.hear(told, told.replace(b"<AcctSvcrRef>R1</AcctSvcrRef>", b""), bank="charlie")
    sheet = await Report(store=sums.scene.gateway.store).control_sheet(PAY_DATE)
    assert sheet.banks["charlie", "EUR", "booked"].count == 3
    assert sheet.closes


async def test_a_batch_of_more_payments_than_a_column_counts_never_ends_the_reader(sums: Ear) -> None:
    entry = Entry(amount=FULL, batch=(await sums.msg_id(), 999_999_999_999))
    await sums.hear(camt054(await sums.account("charlie"), entry), bank="charlie")
    assert await sums.scene.column("SELECT state FROM bank_message") == ["unreadable"]


@pytest.mark.parametrize(("amount", "currency"), [("1537.20", "USD"), ("9999.99", "EUR")])
async def test_a_booked_sum_that_can_never_fit_needs_a_person_and_pays_nobody(
    sums: Ear, amount: str, currency: str
) -> None:
    told = camt054(await sums.account("charlie"), Entry(amount=amount, batch=(await sums.msg_id(), 3)))
    await sums.hear(told.replace(b'Ccy="EUR"', f'Ccy="{currency}"'.encode()), bank="charlie")
    assert await sums.positions() == [Position.IN_FLIGHT] * 3
    assert await sums.scene.exceptions() == ["amount differs"]


async def test_a_status_whose_two_references_are_of_two_payments_touches_neither(sent: Ear) -> None:
    ids = await sent.ids()
    (uetr,) = await sent.scene.column("SELECT uetr::text FROM attempt WHERE end_to_end_id = $1", ids[1])
    message = pain002(await sent.msg_id(), about=[Status(end_to_end_id=ids[0], status="RJCT", reason="AC04")])
    await sent.hear(message.replace(b"<TxSts>", f"<OrgnlUETR>{uetr}</OrgnlUETR><TxSts>".encode()))
    assert await sent.positions() == [Position.IN_FLIGHT] * 3
    assert await sent.scene.exceptions() == ["names two payments"]
