"""The end of the days: accidents stop, banks do what is left to do, people decide, and everything must come to rest."""

import json
from collections import Counter
from itertools import chain

import pytest

from gateway.domain.errors import Conflict
from tests.model.books import OPENING
from tests.model.orders import SOURCE, Stop
from tests.model.people import People
from tests.model.promises import Case, Past, broken, require
from tests.model.seen import Row, Seen, look
from tests.model.world import BANKS, PARTS, World

SOME_DAYS = 3 * 86_400
"""Longer than it takes until a rejection is final."""
ROUNDS, QUIET = 14, 2
"""How often at most, and how many rounds without any change are rest: a weekend may lie in one of them."""
EVERYTHING = tuple(chain.from_iterable(PARTS[part] for part in ("sending", "hearing", "aftercare", "telling")))
ENDED = {"paid", "refused", "given back", "cancelled"}


async def lift(world: World, stop: Stop) -> None:
    """Two people lift a stop; one person alone cannot."""
    stops = world.scene.stops
    asked = await stops.lift(stop.number, by="officer-2", sources=[SOURCE])
    assert asked.state == "active"
    with pytest.raises(Conflict):
        await stops.lift(stop.number, by="officer-2", sources=[SOURCE])
    await stops.lift(stop.number, by="officer-3", sources=[SOURCE])
    stop.lifted = True


async def the_end(world: World, past: Past) -> None:
    """Bring everything to rest, checking the promises on the way, then ask what became of every order and cent."""
    await world.thaw()
    world.banks["kilo"].answers = "sent"
    world.model.paused.clear()
    quiet, before = 0, ""
    for _ in range(ROUNDS):
        for view in await world.scene.pauses.active():
            await world.scene.pauses.resume(scope=view.scope, value=view.value, by="officer-1")
        seen = await _a_day(world, past)
        worked = await People(world, past, seen).all()
        now = str((seen.orders, list(seen.attempts.values()), len(seen.exceptions)))
        quiet = quiet + 1 if now == before and not worked else 0
        if quiet == QUIET:
            break
        before = now
        world.wait(SOME_DAYS)
    seen = await _checked(world, past)
    require([*_orders(world, seen), *_money(world, seen), *_told(world, seen)])


async def _a_day(world: World, past: Past) -> Seen:
    """Everybody does what there is to do."""
    await world.worker.do(EVERYTHING)
    world.banks_take()
    today = world.now.date()
    for slug in BANKS:
        bank = world.banks[slug]
        for file in dict.fromkeys(one.file for one in bank.asked):
            members = [one for one in bank.asked if one.file == file and one.open]
            if members:
                bank.accept(file)
            for some in [members] if slug == "charlie" and members else [[one] for one in members]:
                bank.book(some, today)
        bank.credit()
        if not bank.statements or bank.statements[-1].day < today:
            bank.close_day(today)
        for content in bank.outbox:
            world.deliver(slug, content)
        bank.outbox = []
    await world.worker.do(EVERYTHING)
    return await _checked(world, past)


async def _checked(world: World, past: Past) -> Seen:
    seen = await look(world, sorted({order.pay_date for order in world.model.orders.values()}))
    require(broken(Case(world=world, seen=seen, past=past)))
    return seen


def _orders(world: World, seen: Seen) -> list[str]:
    """Every order ended in one outcome, or has an open exception with an owner, or is stopped."""
    found = []
    owned = {x["order_id"] for x in seen.exceptions if x["state"] != "closed" and (x["owner"] or x["role"])}
    by_submission = {x["submission_no"] for x in seen.exceptions if x["state"] != "closed"} - {None}
    for row in seen.orders:
        order = world.model.orders[row["order_id"]]
        if not order.released:
            continue
        attempts = [a for a in seen.attempts.values() if a["order_id"] == row["order_id"]]
        own = row["order_id"] in owned or any(a["submission_no"] in by_submission for a in attempts)
        told = row["outcome"] or "nothing"
        if told not in ENDED and not own and not world.model.stopped(order):
            where = f"{row['state']} ({row['reason']}, {row['next_try_on']})"
            found.append(f"{row['order_id']} is {where}, told {told}, and nobody's: {_how(attempts)}")
        found += _truth(world, row, attempts, own=own)
    return found


def _truth(world: World, row: Row, attempts: list[Row], *, own: bool) -> list[str]:
    """What was told of an order is what the bank did."""
    asked = [one for a in attempts for one in world.banks[a["bank"]].of(a["end_to_end_id"])]
    if own or any(one.faulty for one in asked):
        return []
    out, told = sum(one.out for one in asked), row["outcome"]
    if (told == "paid") != (out == 1) or out > 1:
        return [f"{row['order_id']} was told {told}, and {out} payments of it are out: {_how(attempts)}"]
    return []


def _how(attempts: list[Row]) -> str:
    """How its attempts ended, for whoever reads the failure."""
    return ", ".join(
        f"{a['bank']} {a['end_to_end_id'][-2:]} {a['state']} facts {a['facts']} group {a['group_facts']} {a['proof']}"
        for a in attempts
    )


def _money(world: World, seen: Seen) -> list[str]:
    """The ledger agrees with the banks' balances to the cent, and nothing is on its way."""
    found = []
    for slug, bank in world.banks.items():
        of = Counter({r["account"]: r["minor"] for r in seen.ledger if r["bank"] == slug})
        written_off = sum(a["amount_minor"] for a in seen.attempts.values() if a["bank"] == slug and a["facts"] & 4096)
        booked = of["paid"] + of["returned"] + of["charges"] + of["suspense"]
        if not written_off and booked != OPENING - bank.balance:
            found.append(f"{slug}: {booked} left by the ledger, {OPENING - bank.balance} by the bank's books")
        if of["unknown"]:
            found.append(f"{slug}: {of['unknown']} is still unknown")
    return found


def _told(world: World, seen: Seen) -> list[str]:
    """The benefits system, keeping the highest number, knows the present outcome of every order."""
    known: dict[str, tuple[int, str]] = {}
    for record in world.published:
        event = json.loads(record.value)
        known[event["orderId"]] = max(known.get(event["orderId"], (0, "")), (event["outcomeNo"], event["outcome"]))
    return [
        f"{o['order_id']} stands at {o['outcome_no']} {o['outcome']}, told {known.get(o['order_id'])}"
        for o in seen.orders
        if o["outcome"] and known.get(o["order_id"]) != (o["outcome_no"], o["outcome"])
    ]
