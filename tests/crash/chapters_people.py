"""Chapters of what people and benefits systems decide: cases, stops, orders, corrections, limits, pauses."""

from dataclasses import replace
from typing import Any, cast

from gateway.domain.errors import Unreadable
from gateway.domain.exceptions import Act
from gateway.ports.bus import BANK_MESSAGES
from gateway.ports.transport import Arrival, Sent
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.limits import Limit, Limits
from gateway.service.restart import Restart
from gateway.service.send import Send
from gateway.service.stop_notices import Notices, read_notice
from tests.casework.desk import BERTA
from tests.crash.play import Chapter, Play
from tests.hearing.ear import FULL
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import SOURCE, Scene, payment, payments
from tests.sending.transport import Scripted

MINOR = 51_240
NOWHERE = {"creditorAccount": {"type": "IBAN", "iban": "FR1420041010050500013M02606"}}
"""An account that no bank of these chapters pays."""

# Entries that found no payment, by hand; payments that contradict themselves; doubts that people end.


async def _entries(play: Play) -> None:
    ear = play.ear
    await ear.send(payments(range(1, 9)))
    ids = play.notes["ids"] = await ear.ids()
    account, msg_id = await ear.account(), await ear.msg_id()
    orphans = [Entry(amount=f"{n}.00", ref=f"REF{n}") for n in (512, 500, 7, 8)]
    await ear.hear(camt054(account, replace(orphans[0], amount=FULL), *orphans[1:]))
    about = [Status(end_to_end_id=i, status="RJCT", reason="AC04") for i in ids[2:4]]
    await ear.hear(pain002(msg_id, about=about))
    await ear.hear(camt054(account, *(Entry(amount=FULL, end_to_end_id=i, ref=f"C{i}") for i in ids[2:4]), number=2))
    rows = await play.scene.rows("SELECT attempt_no, order_no FROM attempt WHERE end_to_end_id = ANY ($1)", ids[6:])
    troubles = [Trouble(kind="conflict", key=f"more {a}", attempt_no=a, order_no=o) for a, o in rows]
    async with play.scene.gateway.store.transaction() as session:
        await raise_exceptions(session, play.scene.clock.now(), troubles)
    play.notes["kinds"] = await play.scene.column("SELECT kind FROM exception ORDER BY exception_no")


async def _work_entries(play: Play) -> None:
    first, second = play.notes["ids"][:2]
    homeless = [k for k in play.notes["kinds"] if k in {"ambiguous", "orphan"}]
    one = homeless[0]
    await play.note(one, owner="berta")
    await play.act(Act.MATCH, one, endToEndId=first)
    await play.act(Act.MATCH, "orphan", homeless.count("orphan") - 3, endToEndId=second)
    await play.confirm("orphan", homeless.count("orphan") - 3)
    await play.both(Act.WRITE_OFF, "orphan", homeless.count("orphan") - 2)
    if not await play.scene.value("SELECT count(*) FROM decision WHERE state = 'refused'"):
        await play.act(Act.WRITE_OFF, "orphan", homeless.count("orphan") - 1)
        await play.refuse("orphan", homeless.count("orphan") - 1)
    await play.both(Act.CLOSE_ATTEMPT, "conflict", 0)
    await play.both(Act.CLOSE_ATTEMPT, "conflict", 1)
    await play.both(Act.CLOSE_ATTEMPT, "conflict", 2)
    await play.both(Act.WRITE_OFF, "conflict", 3)
    await play.steps("relay")


def _doubtful(scene: Scene) -> None:
    scene.use_transport("alfa", Scripted(answers=[Sent.UNKNOWN], findings=[Arrival.CANNOT_TELL]))


async def _doubts(play: Play) -> None:
    for number, batch in enumerate(("B-1", "B-2", "B-3", "B-4")):
        await play.scene.sealed(payments([2 * number + 1, 2 * number + 2]), batch)
    await play.scene.until_idle("send", "alfa")
    assert await play.scene.states() == ["unknown"] * 4
    play.notes |= {"third": (await play.ear.ids())[4], "account": await play.ear.account()}
    play.scene.clock.advance(120)


async def _end_doubts(play: Play) -> None:
    await play.both(Act.DECLARE, "unknown", 0, declared="arrived")
    await play.both(Act.DECLARE, "unknown", 1, declared="not arrived")
    await play.act(Act.DECLARE, "unknown", 2, declared="not arrived")
    await play.act(Act.DECLARE, "unknown", 3, declared="not arrived")
    named = Entry(amount=FULL, end_to_end_id=play.notes["third"])
    content = camt054(play.notes["account"], named)
    await play.ask(lambda: play.ear.tell(content))
    await play.steps("read", "apply")
    await play.confirm("unknown", 2, lapses=True)
    play.at(80)
    await play.anew(Act.DECLARE, "unknown", 3, declared="arrived")
    await play.confirm("unknown", 3)


# Orders that wait for somebody's word.


async def _held(play: Play) -> None:
    scene, same = play.scene, payment(1)["entitlement"]
    nowhere = [payment(n) | NOWHERE for n in (3, 4, 5, 6, 9, 10)]
    await scene.release([payment(1), payment(2, entitlement=same), *nowhere])
    await scene.until_idle("cut")
    await scene.tamper("UPDATE payment_order SET reason = 'conflict' WHERE order_id IN ('SICK-000005', 'SICK-000010')")
    await scene.release([payment(9, orderId="CORRECTED", replaces="SICK-000009")], "B-2")
    await scene.sealed(payments([7, 8]), "B-3")
    await scene.stop("order", "SICK-000007")
    rows = await scene.rows("SELECT order_no, order_id FROM payment_order WHERE order_id = ANY ($1)", OFFICERS)
    about = [Trouble(kind="officer", key=name, order_no=number) for number, name in sorted(rows, key=lambda r: r[1])]
    async with scene.gateway.store.transaction() as session:
        await raise_exceptions(session, scene.clock.now(), about)
    rows = await scene.rows(
        "SELECT order_id, row_number() OVER (ORDER BY exception_no) - 1 FROM exception"
        " JOIN payment_order USING (order_no) WHERE kind = 'held order' ORDER BY exception_no"
    )
    play.notes["cases"] = {order_id: int(nth) for order_id, nth in rows}


OFFICERS = ["SICK-000006", "SICK-000007"]
"""Orders about which an officer is asked as well."""


async def _decide(play: Play) -> None:
    cases, kind = play.notes["cases"], "held order"
    await play.act(Act.GIVE_BACK, kind, cases["SICK-000002"], reason="CLAIMED")
    await play.act(Act.GIVE_BACK, kind, cases["SICK-000003"], reason="NO_BANK", needs="account")
    await play.both(Act.RELEASE, kind, cases["SICK-000005"])
    await play.act(Act.RELEASE, kind, cases["SICK-000004"])
    await play.act(Act.GIVE_BACK, kind, cases["SICK-000006"], reason="X")
    await play.act(Act.CLOSE, "officer", 0, BERTA)
    await play.act(Act.GIVE_BACK, "officer", 1, reason="X")
    await play.act(Act.GIVE_BACK, kind, cases["SICK-000009"], reason="X")
    await play.act(Act.RELEASE, kind, cases["CORRECTED"])
    await play.act(Act.RELEASE, kind, cases["SICK-000010"])
    await play.ask(lambda: play.scene.stop("order", "SICK-000010"))
    await play.confirm(kind, cases["SICK-000010"], lapses=True)
    play.at(1)
    await play.steps("cut", "seal", "relay")


# Stops over Kafka and REST, learnt links, lifting with two people, and the pause.

DEATH = {"notice": "death", "subjects": [{"kind": "person", "value": "NIDN:ID000001"}], "effectiveOn": "2026-09-01"}
COURT = {
    "notice": "court order",
    "subjects": [{"kind": "order", "value": "SICK-000003"}, {"kind": "order", "value": "SICK-000005"}],
}


async def _notices(play: Play) -> None:
    await play.ear.send(payments([1, 2]))
    await play.scene.sealed(payments([3, 4]), "B-2")
    await play.scene.release(payments([5, 6]), "B-3")
    post = play.post
    post.write_notice(DEATH, "n-1")
    post.write_notice(b"\xff")
    post.write_notice(DEATH, "n-1")
    post.write_notice(COURT, "n-2")


async def _stop(play: Play) -> None:
    await play.steps("share", "hear stops", "stops")
    scene = play.scene
    notices = Notices(stops=scene.stops, clock=scene.clock)
    content = b'{"notice": "court order", "subjects": [{"kind": "order", "value": "SICK-000006"}]}'
    await play.ask(lambda: notices.take(read_notice(SOURCE, "n-3", content), by="officer-1"))
    await play.ask(
        lambda: scene.stops.stop(
            kind="account",
            source=SOURCE,
            value=str(payment(2)["creditorAccount"]["iban"]),
            reason="FRAUD",
            by="officer-1",
        )
    )
    await play.open("B-4")
    twice = {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": i} for i in ("ID000001", "ID000002")]}
    await play.push([payment(8, creditor=twice)], "B-4")
    await play.steps("stops")
    (number,) = await scene.column("SELECT stop_no FROM stop WHERE value = 'SICK-000003'")
    for officer in ("officer-1", "officer-2"):
        await play.ask(lambda by=officer: scene.stops.lift(number, by=by, sources=[SOURCE]))  # type: ignore[misc]
    if not await scene.value("SELECT count(*) FROM pause"):
        await play.ask(lambda: scene.pauses.pause(scope="bank", value="alfa", reason="maintenance", by="o-1"))
    await play.ask(lambda: scene.pauses.resume(scope="bank", value="alfa", by="officer-2"))
    await play.steps("stops", "cut", "seal", "relay")


# Orders over Kafka and REST, a batch withdrawn, corrections.


async def _given_back(play: Play) -> None:
    scene = play.scene
    await scene.release([payment(n) | NOWHERE for n in (1, 2)])
    await scene.until_idle("cut")
    for nth in (0, 1):
        await play.act(Act.GIVE_BACK, "held order", nth, reason="NO_BANK")
    await play.open("B-2")
    post = play.post
    for number in (3, 4, 5):
        post.write_order(payment(number), "B-2")
    post.write_order(payment(3, amount="1.00"), "B-2")
    post.write_order(payment(4), "B-2")
    post.write_order(payment(9), "NOWHERE")
    post.write_order(b"\xff", "B-2")
    post.write_order(payment(30, entitlement=payment(3)["entitlement"]), "B-2")
    post.write_order(payment(1, orderId="CORRECTED", replaces="SICK-000001"), "B-2", partition=1)
    corrections = [payment(2, orderId=name, replaces="SICK-000002") for name in ("FIRST", "SECOND")]
    for one in corrections:
        post.write_order(one, "B-2", partition=1)
    play.notes["late"] = post.order_record(payment(7), "B-2")


async def _take_orders(play: Play) -> None:
    await play.steps("hear orders")
    await play.push(payments([3, 6]), "B-2")
    await play.release("B-2")
    if len(play.outside.orders.logs[0]) == LETTERS:
        play.outside.orders.put(play.notes["late"])
    await play.steps("hear orders")
    await play.open("B-3")
    await play.push([payment(20), payment(21, amount="-1")], "B-3")
    name: dict[str, Any] = {"source": SOURCE, "batch_id": "B-3", "by": "benefits"}
    await play.ask(lambda: play.scene.batches.close(**name))
    await play.ask(lambda: play.scene.batches.withdraw(**name))
    await play.steps("cut", "seal", "relay")


LETTERS = 8
"""Records of the first partition before the late one."""

# Limits: what would pass one is void or waits; two people raise it. A bank that is out of reach.


def _braked(scene: Scene) -> None:
    every = Limit(source=SOURCE, bank="*", currency="EUR", per_day=3 * MINOR)
    mine = Limit(source="*", bank="alfa", currency="EUR", per_day=9 * MINOR)
    gateway = scene.gateway
    scene.gateway = replace(gateway, configuration=replace(gateway.configuration, limits=(mine, every)))


async def _two_batches(play: Play) -> None:
    await play.scene.sealed(payments([1, 2]))
    await play.scene.sealed(payments([3, 4]), "B-2")


async def _send_under_limits(play: Play) -> None:
    scene = play.scene
    await play.steps("send", "sweep", "inquire", "send", "seal", "limits")
    limits = Limits(store=scene.gateway.store, clock=scene.clock, limits=scene.gateway.configuration.limits)
    day = scene.clock.today()
    named: dict[str, Any] = {"source": SOURCE, "bank": "*", "currency": "EUR", "day": day, "per_day": "5000.00"}
    await play.ask(lambda: limits.ask(**named, by="officer-1"))
    rows = await scene.rows("SELECT decision_no, encode(digest, 'hex') FROM decision WHERE state = 'asked'")
    for number, digest in rows:
        await play.ask(lambda n=number, d=digest: limits.confirm(n, by="officer-2", digest=d))  # type: ignore[misc]
    play.at(0.5)
    await play.steps("cut", "seal", "send", "sweep", "inquire", "send")
    play.at(1)
    await play.steps("sweep", "inquire", "cut", "seal", "send")


def _out_of_reach(scene: Scene) -> None:
    scene.use_transport("alfa", Scripted(reachable=False))


async def _sealed(play: Play) -> None:
    await play.scene.sealed(payments([1, 2]))


async def _knock(play: Play) -> None:
    for _ in range(5):
        await play.steps("send")
    play.at(1)
    await play.steps("probe")
    for reachable in (True, False, True):
        play.scene.use_transport("alfa", Scripted(reachable=reachable, findings=[Arrival.ARRIVED]))
        play.loops.clear()
        play.at(2)
        await play.steps("probe" if reachable else "send")
    await play.steps("send")
    play.at(3)
    await play.steps("sweep", "inquire")


# What sealing and the intent refuse: a row that was never signed, a stop that was written while it lay sealed.


async def _refusable(play: Play) -> None:
    scene = play.scene
    counter = {"type": "COUNTER", "scheme": "NIDN", "id": "ID000001"}
    window = {"from": "2026-10-08", "until": "2026-10-14"}
    await scene.release([payment(1) | {"creditorAccount": counter, "collection": window}])
    await scene.until_idle("cut")
    await scene.tamper("UPDATE payment_order SET collect_until = '2026-10-31'")
    await scene.release(payments([2, 3]), "B-2")
    await scene.until_idle("cut")
    await scene.tamper("UPDATE submission SET next_attempt_at = '2030-01-01' WHERE bank = 'kilo'")
    await scene.until_idle("seal")
    await scene.tamper("UPDATE submission SET next_attempt_at = NULL WHERE bank = 'kilo'")
    await scene.tamper(
        "INSERT INTO stop (kind, source, value, reason, set_at, set_by, swept)"
        " VALUES ('order', 'SSI', 'SICK-000002', 'late', '2026-09-21', 'officer-1', true)"
    )


def _quiet(scene: Scene) -> None:
    scene.use_transport("kilo", Scripted())


async def _refuse(play: Play) -> None:
    await play.steps("send", bank="alfa")
    await play.steps("seal", "cut", "seal", "stops")
    await play.steps("send", bank="alfa")
    await play.steps("stops")


# Doubts that machines end: an intent whose worker is gone, a bank that knows nothing of a payment.


def _says_unknown(scene: Scene) -> None:
    scene.use_transport("kilo", Scripted(findings=[Arrival.SAYS_UNKNOWN]))


async def _left_behind(play: Play) -> None:
    scene = play.scene
    scene.use_transport("kilo", Scripted(answers=[Sent.UNKNOWN]))
    await scene.sealed([*payments([1, 2]), *payments([3], "kilo")])
    await scene.until_idle("send", "kilo")
    await cast("Send", scene.step("send", "alfa"))._intend(0.0)
    assert sorted(await scene.states()) == ["sending", "unknown"]


async def _inquire(play: Play) -> None:
    play.at(0.1)
    await play.steps("sweep", "inquire")
    for hours in (1, 2, 3):
        play.at(hours)
        await play.steps("inquire", "sweep")
    await play.steps("send")
    for hours in (4, 5):
        play.at(hours)
        await play.steps("sweep", "inquire", "send")


# A record that always fails: the third time its partition stops and a person is told.


async def _poisoned(play: Play) -> None:
    play.outside.messages.put(play.ear.record(b"<Document/>"))


async def _fails(_record: object) -> Any:
    raise Unreadable("poison", "", "it always fails")


async def _stumble(play: Play) -> None:
    for tries in range(4):
        play.at(tries)
        play.step("receive").door = _fails
        await play.steps("receive")
    restart = Restart(store=play.scene.gateway.store, clock=play.scene.clock)
    where: dict[str, Any] = {"incarnation": play.outside.messages.incarnation, "topic": BANK_MESSAGES, "partition": 0}
    await play.ask(lambda: restart.start(**where, by="officer-1", offset=1))


PEOPLE = (
    Chapter(name="entries", prepare=_entries, acts=_work_entries),
    Chapter(name="doubts", prepare=_doubts, acts=_end_doubts, equip=_doubtful),
    Chapter(name="held orders", prepare=_held, acts=_decide),
    Chapter(name="stops", prepare=_notices, acts=_stop),
    Chapter(name="orders", prepare=_given_back, acts=_take_orders),
    Chapter(name="limits", prepare=_two_batches, acts=_send_under_limits, equip=_braked),
    Chapter(name="out of reach", prepare=_sealed, acts=_knock, equip=_out_of_reach),
    Chapter(name="refusals", banks=("alfa", "kilo"), prepare=_refusable, acts=_refuse, equip=_quiet),
    Chapter(name="inquiries", banks=("alfa", "kilo"), prepare=_left_behind, acts=_inquire, equip=_says_unknown),
    Chapter(name="poison", prepare=_poisoned, acts=_stumble),
)
