"""One booking told often is one; two that look alike are two; what came back, and how."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.domain.facts import Fact, Position
from gateway.service.report import Report
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt052, camt054, pain002
from tests.orders import PAY_DATE
from tests.scenario import MORNING, payments
from tests.statements import Booking, Detail, Stmt, camt053

PAID, RETURNED, CONFLICT = Position.PAID, Position.RETURNED, Position.CONFLICT
MINOR = 51_240
SUM = "1537.20"


async def statement(ear: Ear, *bookings: Booking, number: int = 1, bank: str = "alfa", **changes: Any) -> bytes:
    """A statement whose arithmetic holds, unless `changes` say otherwise."""
    opening = 10_000_000
    values = {"opening": opening, "closing": opening + sum(b.minor for b in bookings), **changes}
    return camt053(Stmt(account=await ear.account(bank), name=f"S{number}", number=number, bookings=bookings, **values))


def debit(name: str, ref: str = "R1") -> Booking:
    return Booking(minor=-MINOR, ref=ref, details=[Detail(minor=-MINOR, end_to_end_id=name)])


async def repeats(ear: Ear) -> list[bool]:
    return await ear.scene.column("SELECT repeats FROM observation ORDER BY message_no, ordinal")


async def booked_on_the_sheet(ear: Ear, bank: str = "alfa") -> int:
    sheet = await Report(store=ear.scene.gateway.store).control_sheet(PAY_DATE)
    return sheet.banks[bank, "EUR", "booked"].count


@pytest.mark.parametrize("ref", ["R1", ""])
async def test_a_booking_told_by_report_notification_and_statement_is_one(sent: Ear, ref: str) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    entry = Entry(amount=FULL, end_to_end_id=name, ref=ref)
    await sent.hear(camt052(account, entry), camt054(account, entry), await statement(sent, debit(name, ref)))
    assert (await sent.positions())[0] == PAID
    assert await repeats(sent) == [False, True, True]
    assert await booked_on_the_sheet(sent) == 1


@pytest.mark.parametrize("ref", ["R1", ""])
async def test_identical_twins_in_one_report_are_two_bookings(sent: Ear, ref: str) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    entry = Entry(amount=FULL, end_to_end_id=name, ref=ref)
    await sent.hear(camt054(account, entry, entry))
    assert (await sent.positions())[0] == CONFLICT
    assert await booked_on_the_sheet(sent) == 2


@pytest.mark.parametrize("chunk", [1, 5_000])
async def test_twins_are_seen_however_a_message_is_cut_into_chunks(
    sent: Ear, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.service.apply.CHUNK", chunk)
    (name, *_), account = await sent.ids(), await sent.account()
    entry = Entry(amount=FULL, end_to_end_id=name, ref="")
    await sent.hear(camt054(account, entry, entry), camt052(account, entry, entry))
    assert await repeats(sent) == [False, False, True, True]
    assert (await sent.positions())[0] == CONFLICT


async def test_bookings_in_two_statements_are_two(sent: Ear) -> None:
    (name, *_) = await sent.ids()
    first, second = [await statement(sent, debit(name), number=number) for number in (1, 2)]
    await sent.hear(first)
    assert (await sent.positions())[0] == PAID
    await sent.hear(second)
    assert (await sent.positions())[0] == CONFLICT


async def test_a_statement_that_is_sent_again_books_nothing_again(sent: Ear) -> None:
    (name, *_) = await sent.ids()
    content = await statement(sent, debit(name, ""))
    await sent.hear(content, content.replace(b"<MsgId>B1<", b"<MsgId>B2<"))
    assert (await sent.positions())[0] == PAID
    assert await repeats(sent) == [False, True]


async def test_another_account_of_one_statement_contradicts_it_but_is_no_second_booking(sent: Ear) -> None:
    (name, other, _) = await sent.ids()
    await sent.hear(await statement(sent, debit(name)))
    await sent.hear(await statement(sent, debit(name), debit(other, "R2")))
    assert await sent.scene.column("SELECT facts FROM attempt WHERE facts & 32 <> 0") == []


async def test_the_first_booking_is_dated_and_keeps_its_reference(sent: Ear) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name, ref="FIRST")))
    sent.scene.clock.advance(60)
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name, ref="SECOND")))
    seen = await sent.scene.rows("SELECT booked_at, entry_ref FROM attempt WHERE booked_at IS NOT NULL")
    assert [(at - MORNING).total_seconds() < 60 for at, _ in seen] == [True]
    assert [ref for _, ref in seen] == ["FIRST"]


async def test_a_statement_that_does_not_add_up_touches_nothing(sent: Ear) -> None:
    (name, *_) = await sent.ids()
    broken = await statement(sent, debit(name), closing=1)
    await sent.hear(broken, broken.replace(b"<MsgId>B1<", b"<MsgId>B2<"))
    assert await sent.verdicts() == ["statement not proved"] * 2, "nor does a copy of it"
    assert await sent.scene.column("SELECT facts FROM attempt") == [0, 0, 0]
    await sent.hear(await statement(sent, debit(name)))
    assert (await sent.positions())[0] == PAID
    assert await repeats(sent) == [False] * 3, "its correction is the first to tell of it"


async def test_what_a_message_says_is_never_a_booking_in_a_proved_statement(sent: Ear) -> None:
    (name, *_) = await sent.ids()
    await sent.hear(await statement(sent, debit(name)))
    assert await sent.scene.value("SELECT max(facts) FROM attempt") == Fact.BOOKED


async def test_a_return_told_early_and_in_the_statement_is_one_return(sent: Ear) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    back = Entry(amount=FULL, end_to_end_id=name, ref="B1", sign="CRDT", reason="AC04")
    told = Booking(minor=MINOR, ref="B1", details=[Detail(minor=MINOR, end_to_end_id=name)])
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name)), camt054(account, back, number=2))
    await sent.hear(await statement(sent, debit(name, "REF1"), told))
    assert (await sent.positions())[0] == RETURNED
    assert await sent.verdicts() == ["matched"] * 4
    assert await sent.scene.exceptions() == []


async def test_a_second_return_of_a_payment_is_suspicious_and_no_fact(sent: Ear) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name)))
    for ref in ("B1", "B2"):
        await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name, ref=ref, sign="CRDT", reason="AC04")))
    assert (await sent.positions())[0] == RETURNED
    assert (await sent.verdicts())[2] == "returned before"
    assert await sent.scene.exceptions() == ["suspected duplicate"]
    sheet = await Report(store=sent.scene.gateway.store).control_sheet(PAY_DATE)
    assert sheet.banks["alfa", "EUR", "returned"].count == 1


@pytest.mark.parametrize("reversal", ["true", "false", ""])
async def test_a_credit_that_names_a_payment_gives_it_back_whatever_the_bank_calls_it(sent: Ear, reversal: str) -> None:
    (name, *_), account = await sent.ids(), await sent.account()
    back = camt054(account, Entry(amount=FULL, end_to_end_id=name, ref="B", sign="CRDT", plain=True))
    indicator = f"<RvslInd>{reversal}</RvslInd>" if reversal else ""
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name)))
    await sent.hear(back.replace(b"</CdtDbtInd><Sts>", b"</CdtDbtInd>" + indicator.encode() + b"<Sts>"))
    assert (await sent.positions())[0] == RETURNED


async def held(ear: Ear) -> list[tuple[str, str | None, str | None]]:
    return await ear.scene.rows("SELECT state, reason, outcome FROM payment_order ORDER BY order_id")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("plain", [True, False])
async def test_a_credit_that_equals_a_booked_sum_is_a_lump_return(sums: Ear, *, named: bool, plain: bool) -> None:
    """The orders are held and nothing is issued again; that money came back is nobody's fact yet."""
    account, msg_id = await sums.account("charlie"), await sums.msg_id()
    lump = Entry(amount=SUM, sign="CRDT", ref="L1", plain=plain, batch=(msg_id, 3) if named else None)
    await sums.hear(camt054(account, Entry(amount=SUM, batch=(msg_id, 3))), camt054(account, lump), bank="charlie")
    assert await sums.positions() == [PAID] * 3
    assert await held(sums) == [("held", "lump return", "under investigation")] * 3
    await sums.hear(camt052(account, lump), bank="charlie")
    assert await sums.scene.rows("SELECT kind, submission_no IS NOT NULL FROM exception") == [("lump return", True)]


async def test_a_credit_that_is_nobody_s_is_an_orphan(sums: Ear) -> None:
    account = await sums.account("charlie")
    await sums.hear(camt054(account, Entry(amount="100000.00", sign="CRDT", plain=True)), bank="charlie")
    assert await sums.scene.exceptions() == ["orphan"]
    assert [state for state, _, _ in await held(sums)] == ["payable"] * 3


async def test_a_sum_told_by_every_report_is_one_booking(sums: Ear) -> None:
    account, entry = await sums.account("charlie"), Entry(amount=SUM, batch=(await sums.msg_id(), 3), ref="")
    await sums.hear(camt052(account, entry), camt054(account, entry), bank="charlie")
    assert await sums.positions() == [PAID] * 3
    assert await booked_on_the_sheet(sums, "charlie") == 3
    await sums.hear(camt054(account, entry, entry, number=9), bank="charlie")
    assert await sums.positions() == [CONFLICT] * 3


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
async def test_a_sum_without_a_reference_waits_until_it_can_mean_one_submission_only(
    sums: Ear, order: Sequence[int]
) -> None:
    """Two of the first submission would add up to the second; which it is, the rest of the day tells."""

    await sums.send(payments([11, 12], "charlie"), "B-2")
    account, first = await sums.account("charlie"), await sums.scene.value("SELECT msg_id FROM submission LIMIT 1")
    said = [
        camt054(account, Entry(amount="1024.80", batch=("", 2), ref="S2"), number=1),
        camt054(account, Entry(amount=SUM, batch=("", 3), ref="S1"), number=2),
        pain002(first, group="ACCP"),
    ]
    await sums.hear(*(said[number] for number in order), bank="charlie")
    assert await sums.positions() == [PAID] * 5
    assert await sums.scene.exceptions() == []


@pytest.mark.parametrize("reject_first", [True, False])
async def test_a_sum_that_rejects_made_ambiguous_matches_neither(sums: Ear, *, reject_first: bool) -> None:
    """All of one and all but the rejected of another: never a wrong match, whatever comes first."""

    await sums.send(payments([11, 12], "charlie"), "B-2")
    account, first = await sums.account("charlie"), await sums.scene.value("SELECT msg_id FROM submission LIMIT 1")
    ids = await sums.scene.column("SELECT end_to_end_id FROM attempt ORDER BY attempt_no")
    reject = pain002(first, group="PART", about=[Status(end_to_end_id=ids[0], status="RJCT", reason="AC04")])
    total = camt054(account, Entry(amount="1024.80", batch=("", 2), ref="S"))
    await sums.hear(*((reject, total) if reject_first else (total, reject)), bank="charlie")
    assert await sums.positions() == [Position.REJECTED, *[Position.IN_FLIGHT] * 4]
    assert await sums.scene.exceptions() == ["ambiguous"]
    # the bank names one of them after all: the other sum is then the other's, and the machine closes the exception
    named = camt054(account, Entry(amount="1024.80", batch=(first, 2), ref="T"), number=5)
    await sums.hear(named, bank="charlie")
    assert await sums.positions() == [Position.REJECTED, *[PAID] * 4]
    assert await sums.scene.column("SELECT state FROM exception") == ["closed"]


async def test_a_sum_told_again_is_not_taken_for_the_next_that_looks_alike(sums: Ear) -> None:
    """When a sum is booked another of the same count and sum may be sent; the first is still told of again."""

    account = await sums.account("charlie")
    first = Entry(amount=SUM, batch=(await sums.msg_id(), 3), ref="")
    await sums.hear(camt052(account, first), bank="charlie")
    await sums.send(payments([11, 12, 13], "charlie"), "B-2")
    again = Entry(amount=SUM, batch=("", 3), ref="")
    await sums.hear(camt054(account, again), bank="charlie")
    assert await sums.positions() == [*[PAID] * 3, *[Position.IN_FLIGHT] * 3]
    assert await sums.scene.exceptions() == ["ambiguous"]
