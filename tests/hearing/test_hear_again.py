"""A bank whose profile cannot be used loses nothing that it says: its messages wait, and are heard when it can be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.bus.envelope import bank_message
from gateway.domain.errors import BankUnreachable
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.runtime.reload import reloaded
from gateway.service.gauges import Gauges
from gateway.service.hear_again import LETTERS
from gateway.service.receive import Letter
from tests.hearing.ear import Ear, listening
from tests.hearing.messages import pain002
from tests.scenario import MORNING, configuration, opened, payments

LETTER_RULES = 'SELECT rule FROM dead_letter ORDER BY "offset"'


@pytest.fixture
async def ear(database_url: str, tmp_path: Path) -> AsyncIterator[Ear]:
    """A gateway that was started while the profile of alfa was broken."""
    file = configuration(tmp_path / "config", ["alfa", "charlie"]) / "banks" / "alfa.yaml"
    file.write_text(file.read_text("utf-8").replace("tries_max: 10", "tries_max: many"), encoding="utf-8")
    async with opened(database_url, tmp_path) as scene, listening(scene) as ear:
        yield ear


def told(number: int) -> bytes:
    return pain002("NOBODYS", group="ACCP", number=number)


def from_alfa(ear: Ear, number: int, **headers: str) -> None:
    """Put a message of alfa on the topic, signed as its edge does, with the key that all banks share here."""
    keys = ear.scene.gateway.edge_keys
    signed = bank_message(
        BANK_MESSAGES, "alfa", told(number), channel="bank-edge", counter=number, at=MORNING, key=keys["charlie"]
    )
    ear.bus.put(Record(key=signed.key, value=signed.value, headers={**signed.headers, **headers}))


async def mend(ear: Ear) -> None:
    file = ear.scene.root / "config" / "banks" / "alfa.yaml"
    file.write_text(file.read_text("utf-8").replace("tries_max: many", "tries_max: 10"), encoding="utf-8")
    ear.scene.gateway = await reloaded(ear.scene.gateway)
    for loop in ear.loops:
        if loop.close is not None:
            await loop.close()
    ear.loops.clear()


async def test_the_others_are_served_and_what_the_disabled_bank_says_waits(ear: Ear) -> None:
    from_alfa(ear, 1)
    ear.bus.put(ear.record(told(2), "charlie"))
    await ear.run("receive")
    assert await ear.scene.column("SELECT bank FROM bank_message") == ["charlie"]
    assert await ear.scene.column(LETTER_RULES) == ["bank.disabled"]
    assert await ear.scene.exceptions() == []  # one alert tells of the bank, not one exception a message
    assert not await ear.run("hear again")


async def test_what_waited_is_heard_once_the_profile_is_mended(ear: Ear) -> None:
    for number in range(3):
        from_alfa(ear, number)
    await ear.run("receive")
    await mend(ear)
    assert await ear.run("hear again")
    assert not await ear.run("hear again")
    assert await ear.scene.column("SELECT bank FROM bank_message ORDER BY message_no") == ["alfa"] * 3
    assert b"".join(await ear.scene.column("SELECT piece FROM bank_message_bytes ORDER BY message_no")) == b"".join(
        told(number) for number in range(3)
    )
    assert set(await ear.scene.column(LETTER_RULES)) == {"bank.heard"}
    assert await ear.scene.rows("SELECT stored, same_again, dead FROM record_range") == [(0, 0, 3)]


async def test_what_was_never_that_banks_is_found_out_then(ear: Ear) -> None:
    from_alfa(ear, 1, ce_signature="00")
    await ear.run("receive")
    await mend(ear)
    assert await ear.run("hear again")
    assert await ear.scene.column(LETTER_RULES) == ["envelope.signature"]
    assert await ear.scene.exceptions() == ["dead letter"]
    assert await ear.scene.column("SELECT count(*) FROM bank_message") == [0]


async def test_a_letter_whose_file_is_missing_holds_up_no_other(ear: Ear) -> None:
    for number in range(LETTERS + 1):
        from_alfa(ear, number)
    await ear.run("receive")
    await mend(ear)
    step = ear.step("hear again")
    opened_door = step.door
    waits = {told(number) for number in range(LETTERS)}

    async def door(record: Record) -> Letter:
        if record.value in waits:
            raise BankUnreachable("a message was announced whose file is not there")
        return cast("Letter", await opened_door(record))

    assert await replace(step, door=door).run_once()
    assert await ear.scene.column("SELECT count(*) FROM bank_message") == [1]


async def test_payees_of_the_disabled_bank_are_held_with_a_reason(ear: Ear) -> None:
    scene = ear.scene
    await scene.release([*payments([1], "alfa"), *payments([2], "charlie")])
    await scene.until_idle("cut")
    rows = await scene.rows("SELECT state, reason FROM payment_order ORDER BY order_id")
    assert [(state, (reason or "").partition(":")[0]) for state, reason in rows] == [
        ("held", "route.broken"),
        ("payable", ""),
    ]


async def test_gauges_tell_which_profile_is_broken_and_which_codes_are_contested(ear: Ear) -> None:
    gateway = ear.scene.gateway
    gauges = Gauges(store=gateway.store, clock=gateway.clock, incarnation="")
    gauges.serve(gateway.banks, gateway.configuration.accounts, ["alfa"], [("charlie", "delta")])
    asked = {"gateway_bank_profile_broken": "profile_broken", "gateway_bank_codes_contested": "codes_contested"}
    told = {(asked[r.name], r.labels["bank"]): r.value for r in await gauges.read() if r.name in asked}
    assert told == {
        ("profile_broken", "alfa"): 1,
        ("profile_broken", "charlie"): 0,
        ("codes_contested", "alfa"): 0,
        ("codes_contested", "charlie"): 1,
    }
