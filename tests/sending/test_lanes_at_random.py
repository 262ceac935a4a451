"""Random acts on lanes: banks fail, are suspended and come back; nothing arrives twice, no order has two ways."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.domain.routing import Preferences, routing_table
from gateway.ports.transport import Answer, Sent, Wire
from tests.scenario import Scene, opened, payments
from tests.sending.setting import LIVE, written
from tests.sending.transport import Scripted

ORDERS, ACTS = 12, 45
SLUGS = ("alfa", "bravo", "delta")
TWO_OPEN = "SELECT order_no FROM attempt WHERE NOT closed GROUP BY order_no HAVING count(*) > 1"
TWO_WAYS = """
SELECT a.order_no FROM attempt a JOIN submission s USING (submission_no)
WHERE s.state IN ('sealed', 'sending', 'not sent', 'unknown', 'delivered') GROUP BY a.order_no HAVING count(*) > 1"""
UNPROVED = "SELECT attempt_no FROM attempt WHERE closed AND NOT closed_proof ? 'in no submission'"


class Street(Scripted):
    """One bank of chance: what it may have taken in is remembered by EndToEndId."""

    def __init__(self, chance: Random, arrived: Counter[str]) -> None:
        super().__init__()
        self._chance, self._arrived = chance, arrived

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        answer = self._chance.choice((Sent.SENT, *[Sent.NOT_SENT] * 3, Sent.UNKNOWN))
        if answer is not Sent.NOT_SENT:
            self._arrived.update(re.findall(rb"<EndToEndId>(\w+)<".decode(), b"".join(pieces).decode()))
        return Answer(sent=answer, evidence={"script": answer.value})


async def act(scene: Scene, chance: Random, arrived: Counter[str]) -> None:
    """Do something that happens on a bad day."""
    bank = chance.choice(SLUGS)
    match chance.randrange(7):
        case 0:
            suspend(scene, {slug for slug in SLUGS if chance.random() < 0.3}, chance, arrived)
        case 1:
            await scene.stop("order", f"SICK-{chance.randrange(ORDERS):06d}")
        case 2:
            await scene.run("cut")
        case 3:
            await scene.run("seal")
        case 4:
            scene.clock.advance(chance.choice((60, 180)))
        case _:
            await scene.run("send", bank)


def suspend(scene: Scene, slugs: set[str], chance: Random, arrived: Counter[str]) -> None:
    """Read the configuration anew, with these banks suspended."""
    banks = [_with(bank, live=bank.slug not in slugs) for bank in scene.gateway.configuration.routing.banks.values()]
    routing = routing_table(banks, Preferences(interbank=["bravo", "delta"]))
    configuration = _with(scene.gateway.configuration, routing=routing)
    object.__setattr__(scene.gateway, "configuration", configuration)
    for slug in SLUGS:
        scene.use_transport(slug, Street(chance, arrived))


def _with(frozen: Any, **changes: Any) -> Any:
    return type(frozen)(**({name: getattr(frozen, name) for name in frozen.__dataclass_fields__} | changes))


@pytest.mark.parametrize("seed", [2, 3])
async def test_no_payment_can_arrive_twice(database_url: str, tmp_path: Path, seed: int) -> None:
    chance, arrived = Random(seed), Counter[str]()
    germany: dict[str, Any] = {"interbank": {"countries": ["DE"]}, **LIVE}
    small = {"timings": {"tries_max": 2}, "limits": {"payments_per_submission": 2}}
    profiles = {"alfa": {**LIVE, **small}, "bravo": {**germany, **small}, "delta": {**germany, **small}}
    banks = written(tmp_path, profiles, interbank=["bravo", "delta"])
    async with opened(database_url, tmp_path, banks=banks) as scene:
        suspend(scene, set(), chance, arrived)
        await scene.sealed(payments(range(ORDERS)))
        for _ in range(ACTS):
            await act(scene, chance, arrived)
            assert [await scene.rows(sql) for sql in (TWO_OPEN, TWO_WAYS, UNPROVED)] == [[], [], []]
        order_of = dict(await scene.rows("SELECT end_to_end_id, order_no FROM attempt"))
        times = Counter(order_of[name] for name in arrived.elements())
        assert max(times.values(), default=0) == 1
        assert await scene.value("SELECT max(generation) FROM attempt") > 1  # some went another way
