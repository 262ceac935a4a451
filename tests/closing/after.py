"""What the tests of closing share: steps run one by one, statements as proved, days that pass."""

import json
from datetime import date
from typing import Any

from gateway.runtime.aftercare import aftercare
from gateway.service.step import Step
from tests.hearing.ear import Ear
from tests.hearing.messages import Status, pain002
from tests.scenario import Scene

DAY = 24 * 3600.0


def step(scene: Scene, kind: str) -> Step:
    return next(loop.step for loop in aftercare(scene.gateway) if loop.kind == kind)


async def until_idle(scene: Scene, kind: str) -> None:
    """Run a step until it has nothing to do, twenty times at most."""
    for _ in range(20):
        if not await step(scene, kind).run_once():
            return
    raise AssertionError(f"{kind} never comes to an end")


async def close(ear: Ear) -> None:
    await until_idle(ear.scene, "close")


async def proved(ear: Ear, on: date | None = None, bank: str = "alfa", *, settled: bool = True) -> None:
    """A statement of the account that paid, proved (and settled) through `on`, without an entry of ours."""
    scene = ear.scene
    on = on or scene.clock.today()
    at, account = scene.clock.now(), await ear.account(bank)
    await scene.tamper(
        "INSERT INTO statement_chain (bank, account, currency) VALUES ($1, $2, 'EUR') ON CONFLICT DO NOTHING",
        bank,
        account,
    )
    await scene.tamper(_STATEMENT, bank, account, on, at, settled)


_STATEMENT = """
WITH heard AS (
    INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state)
    VALUES ($1, sha256(($2 || $3::date::text || $5::boolean::text)::bytea), 1, 'test', '{}', $4, 'applied')
    RETURNING message_no
), chain AS (
    SELECT coalesce(max(link), 0) AS links FROM statement WHERE bank = $1 AND account = $2
)
INSERT INTO statement (bank, message_no, place, account, currency, page, last_page, opening_minor, closing_minor,
    opening_on, closing_on, entries_minor, entry_count, digest, state, link, begins, proved_at, settled)
SELECT $1, message_no, 1, $2, 'EUR', 1, true, 0, 0, $3, $3, 0, 0, sha256('x'), 'proved', links + 1, links = 0, $4, $5
FROM heard, chain
"""


async def reject(ear: Ear, number: int, code: str) -> None:
    """The bank rejects one payment of the file by name."""
    about = [Status(end_to_end_id=(await ear.ids())[number - 1], status="RJCT", reason=code)]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about))


async def give_back(ear: Ear, number: int, code: str | None, minor: int = 51_240) -> None:
    """The payment was booked and came back in a proved statement: what settling a statement establishes."""
    ids = await ear.ids()
    await ear.scene.tamper(
        "UPDATE attempt SET facts = facts | 408, returned_minor = $2, reason = $3 WHERE end_to_end_id = $1",
        ids[number - 1],
        minor,
        code,
    )


async def finally_rejected(ear: Ear, code: str, number: int = 1) -> None:
    """Rejected, hours passed, the day's statement proved: closed."""
    await reject(ear, number, code)
    await close(ear)
    await proved(ear)
    ear.scene.clock.advance(3 * DAY)
    await close(ear)


async def last_word(scene: Scene) -> dict[str, Any]:
    """The outcome event told last."""
    document = await scene.value("SELECT document FROM outcome_event ORDER BY event_no DESC LIMIT 1")
    told: dict[str, Any] = json.loads(document)
    return told


async def generations(scene: Scene) -> list[tuple[Any, ...]]:
    """Order id, generation and whether closed, of every attempt."""
    return await scene.rows(
        "SELECT o.order_id, a.generation, a.closed FROM attempt a JOIN payment_order o USING (order_no) ORDER BY 1, 2"
    )
