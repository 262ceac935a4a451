"""A bank that no shipped profile resembles, by its YAML alone: its own layout and currency, replies by line number.

Nothing of the product knows it: the profile is put into the folder of profiles, and the account that pays into the
institution's settings. The bank's side is a real SSH server, and a person who reads the file and types the answer.
"""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

import pytest

from gateway.domain.facts import Fact, Position
from gateway.service.balances import Balances
from tests.banks.conftest import DEBTOR, MINOR, Anadolu, orders, payee
from tests.orders import PAY_DATE
from tests.scenario import payments
from tests.statements import Booking, Detail, Stmt, camt053

PAID, REJECTED, ACCEPTED, FLIGHT = Position.PAID, Position.REJECTED, Position.ACCEPTED, Position.IN_FLIGHT


def booking(place: int, name: str) -> Booking:
    detail = Detail(minor=-MINOR[place], end_to_end_id=name)
    return Booking(minor=-MINOR[place], ref=f"B{place}", details=[detail])


async def test_it_pays_rejects_by_line_number_and_reconciles(anadolu: Anadolu) -> None:
    ear = anadolu.ear
    await ear.send(orders())
    ((name, text),) = anadolu.files().items()
    msg_id, ids = await ear.msg_id(), await ear.ids()
    head, *lines, tail, end = text.split("\r\n")
    assert (name, head.split("|")[1], end) == (f"{msg_id}.TOS.txt", msg_id, "")
    assert [line.split("|")[2:5] for line in lines] == [
        [ids[0], payee(1), "Ayşe Yılmaz"],
        [ids[1], payee(2), "Eli İsmayılov"],
        [ids[2], payee(3), "Gülşen Öztürk"],
    ]
    # 1,234.50 + 999.99 + 75,000.00; the accounts end in 1, 2 and 3
    assert tail == "S|000003|0000000077234,49|000000000006"
    await anadolu.reply(f"C|{msg_id}|00", "D|1|00||R1", "D|2|10|K01|", "D|3|00||R3", "S|3")
    assert await ear.positions() == [ACCEPTED, REJECTED, ACCEPTED]
    rules = await ear.scene.rows("SELECT verdict, rule FROM observation ORDER BY ordinal")
    assert rules == [("matched", "position")] * 3 + [("matched", "batch_reference")]
    paid = [booking(place, ids[place]) for place in (0, 2)]
    closing = 10_000_000 - MINOR[0] - MINOR[2]
    stmt = Stmt(account=DEBTOR, currency="TRY", opening=10_000_000, closing=closing, bookings=paid)
    await ear.hear(camt053(stmt), bank="anadolu")
    await ear.until_idle("prove")
    await ear.until_idle("settle")
    assert await ear.positions() == [PAID, REJECTED, PAID]
    assert await ear.outcomes() == [[(1, "paid")], [(1, "rejected")], [(1, "paid")]]
    [agreed] = await Balances(store=ear.scene.gateway.store).agreements(PAY_DATE, PAY_DATE)
    assert (agreed.settled, agreed.difference_minor, agreed.paid_minor) == (True, 0, MINOR[0] + MINOR[2])
    # K01 is the bank's word for AC04; else it would be a code without a rule.
    assert await ear.scene.exceptions() == []


async def test_a_line_that_the_file_does_not_have_changes_nothing(anadolu: Anadolu) -> None:
    ear = anadolu.ear
    await ear.send(orders())
    await anadolu.reply(f"C|{await ear.msg_id()}|99", "D|4|10|K01|", "D|20000|10|K01|", "D|3|00||", "S|3")
    assert await ear.positions() == [FLIGHT, FLIGHT, ACCEPTED]
    assert await ear.scene.exceptions() == ["no such line"] * 2
    assert (await ear.verdicts())[:3] == ["no such line", "no such line", "matched"]


async def test_a_reply_about_what_was_voided_is_an_alarm_and_nobody_else_s_line(anadolu: Anadolu) -> None:
    """Its members have moved into another file, where they stand on other lines."""
    ear = anadolu.ear
    await ear.scene.sealed(orders())
    voided = await ear.msg_id("sealed")
    await ear.scene.stop("person", "TCKN:10000000141")
    await ear.scene.seal_again()
    await ear.scene.until_idle("send", "anadolu")
    assert await ear.scene.states() == ["void", "delivered"]
    await anadolu.reply(f"C|{voided}|99", "D|1|10|K01|", "S|1")
    assert (await ear.verdicts())[0] == "names what was never sent"
    assert await ear.scene.rows("SELECT facts FROM attempt WHERE facts <> 0") == []
    assert await ear.scene.rows("SELECT attempt_no FROM observation WHERE attempt_no IS NOT NULL") == []
    assert await ear.scene.value("SELECT count(*) FROM pause WHERE value = 'anadolu'") == 1
    # In the file that went out the second order stands on the first line.
    await anadolu.reply(f"C|{await ear.msg_id()}|99", "D|1|00||", "S|1")
    assert await ear.scene.column("SELECT facts FROM attempt ORDER BY attempt_no") == [0, int(Fact.ACCEPTED), 0]


async def test_lines_of_another_bank_s_file_are_an_alarm(anadolu: Anadolu) -> None:
    ear = anadolu.ear
    await ear.send([*orders(), *payments([11])])
    theirs = await ear.scene.value("SELECT msg_id FROM submission WHERE bank = 'alfa'")
    await anadolu.reply(f"C|{theirs}|99", "D|1|10|K01|", "D|2|10|K01|", "S|2")
    assert (await ear.verdicts())[:2] == ["foreign bank"] * 2
    assert await ear.positions() == [FLIGHT] * 4


BOTH = ("      - {value: bank_reference}", "      - {value: end_to_end_id}")
"""The bank names payments by line and by EndToEndId."""


@pytest.mark.parametrize("anadolu", [BOTH], indirect=True)
async def test_a_line_and_an_id_of_two_payments_touch_neither(anadolu: Anadolu) -> None:
    ear = anadolu.ear
    await ear.send(orders())
    one, two, three = await ear.ids()
    stranger = "E" + "A" * 26 + "G1"
    lines = (f"D|1|10|K01|{two}", f"D|2|10|K01|{stranger}", f"D|9|10|K01|{one}", f"D|3|00||{three}")
    await anadolu.reply(f"C|{await ear.msg_id()}|99", *lines, "S|4")
    assert await ear.positions() == [FLIGHT, FLIGHT, ACCEPTED]
    assert (await ear.verdicts())[:4] == ["names two payments"] * 3 + ["matched"]


@pytest.mark.parametrize("anadolu", [("booking: single", "booking: single\nmatching: {rules: [uetr]}")], indirect=True)
async def test_a_bank_whose_line_numbers_are_not_believed_names_nothing_by_them(anadolu: Anadolu) -> None:
    await anadolu.ear.send(orders())
    await anadolu.reply(f"C|{await anadolu.ear.msg_id()}|99", "D|1|10|K01|", "S|1")
    assert (await anadolu.ear.verdicts())[0] == "orphan"
    assert await anadolu.ear.positions() == [FLIGHT] * 3
