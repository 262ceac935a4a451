"""A silent bank: what is presumed, when a person must ask, and that a fact replaces a presumption."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from pydantic import ValidationError

from bank_adapters.profile import Silence as Terms
from gateway.domain.facts import Position
from gateway.service.silence import Patience, Silence
from tests.closing.after import DAY, reject, step
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt054, pain002
from tests.scenario import SOURCE, payments

HOUR = 3600.0
PATIENCE = Patience(
    presumed_after=timedelta(hours=24), exception_after=timedelta(hours=72), unknown_after=timedelta(hours=1)
)


def listener(ear: Ear, *, tell: bool = True, **changes: Any) -> Silence:
    """The assembled step with another patience for bank alfa."""
    made = cast("Silence", step(ear.scene, "silence"))
    patience = {"alfa": replace(PATIENCE, **changes)}
    return replace(made, patience=patience, tell_presumed=frozenset({SOURCE}) if tell else frozenset())


async def listen(ear: Ear, **changes: Any) -> None:
    silence = listener(ear, **changes)
    for _ in range(20):
        if not await silence.run_once():
            return
    raise AssertionError("silence never comes to an end")


async def presumed(ear: Ear) -> list[bool]:
    return await ear.scene.column("SELECT presumed FROM attempt ORDER BY attempt_no")


async def test_silence_is_presumed_to_be_a_yes_and_a_fact_replaces_it(ear: Ear) -> None:
    await ear.send(payments([1, 2, 3]))
    await ear.hear(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=(await ear.ids())[0])))
    ear.scene.clock.advance(DAY - 1)
    await listen(ear)
    assert await presumed(ear) == [False, False, False]
    ear.scene.clock.advance(1)
    await listen(ear)
    assert await presumed(ear) == [False, True, True]
    counted = ear.scene.gateway.metrics.registry.get_sample_value
    assert counted("gateway_presumed_payments_total", {"bank": "alfa"}) == 2
    flight = Position.IN_FLIGHT
    assert await ear.positions() == [Position.PAID, flight, flight], "it is a flag, no fact"
    assert await ear.scene.value("SELECT count(*) FROM attempt WHERE closed") == 0
    await reject(ear, 2, "AC04")
    await ear.hear(pain002(await ear.msg_id(), group="ACCP", number=2))
    assert await presumed(ear) == [False, False, True], "an acceptance is what was presumed anyway"
    assert await ear.outcomes() == [[(1, "paid")], [(1, "presumed"), (2, "rejected")], [(1, "presumed")]]
    assert await ear.scene.exceptions() == []


async def test_nothing_is_presumed_of_banks_and_told_to_sources_that_do_not_want_it(sent: Ear) -> None:
    sent.scene.clock.advance(DAY)
    await listen(sent, presumed_after=None)
    assert await presumed(sent) == [False, False]
    await listen(sent, tell=False)
    assert await presumed(sent) == [True, True]
    assert await sent.outcomes() == []


async def test_a_rejected_file_is_not_presumed_any_more(sent: Ear) -> None:
    sent.scene.clock.advance(DAY)
    await listen(sent)
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="AM04"))
    assert await presumed(sent) == [False, False]


async def test_a_bank_that_stays_silent_is_an_exception_until_it_speaks(sent: Ear) -> None:
    scene, ids = sent.scene, await sent.ids()
    scene.clock.advance(3 * DAY)
    await listen(sent)
    rows = await scene.rows("SELECT kind, bank, detail ->> 'payments', state FROM exception")
    assert rows == [("silent bank", "alfa", "2", "open")]
    entries = [Entry(amount=FULL, end_to_end_id=i, ref=f"R{n}") for n, i in enumerate(ids)]
    await sent.hear(camt054(await sent.account(), entries[0]))
    await listen(sent)
    assert await scene.column("SELECT state FROM exception") == ["open"]
    await sent.hear(camt054(await sent.account(), entries[1], number=2))
    await listen(sent)
    assert await scene.column("SELECT state FROM exception") == ["closed"]


async def test_an_unknown_that_lasts_is_an_exception(ear: Ear) -> None:
    await ear.scene.sealed(payments([1, 2]))
    await ear.scene.tamper("UPDATE submission SET state = 'sending'")
    await ear.scene.tamper("""
        WITH doubt AS (UPDATE submission SET state = 'unknown', tries = 1 RETURNING submission_no)
        INSERT INTO submission_event (submission_no, event_no, from_state, to_state, why, at, actor)
        SELECT submission_no, 9, 'sending', 'unknown', 'lease ended', '2026-09-21T08:00Z', 'w1' FROM doubt""")
    ear.scene.clock.advance(HOUR - 1)
    await listen(ear)
    assert await ear.scene.exceptions() == []
    ear.scene.clock.advance(1)
    await listen(ear)
    assert await ear.scene.exceptions() == ["unknown past deadline"]


def test_silence_is_presumed_before_it_is_an_exception() -> None:
    Terms(presumed_executed_after_hours=72, exception_after_hours=72)
    with pytest.raises(ValidationError, match="presumed_executed_after_hours"):
        Terms(presumed_executed_after_hours=73, exception_after_hours=72)
