"""Chapters of what banks say: statements, closing, conflicts, silence, sums and money at the counter."""

import json
from typing import Any

from gateway.domain.exceptions import Act
from gateway.ports.transport import Sent
from gateway.service.funds import Funds
from tests.crash.play import Chapter, Play
from tests.hearing.ear import FULL
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import SOURCE, Scene, payments
from tests.sending.transport import Scripted
from tests.statements import Booking, Detail, Stmt, camt053

MINOR = 51_240
DAY = 24.0
HEAR = ("read", "apply", "prove", "settle")
"""From a stored message to the books."""


async def _sent(play: Play, numbers: range, bank: str = "alfa", **changes: Any) -> list[str]:
    """Deliver payments; return their EndToEndIds."""
    await play.ear.send(payments(numbers, bank, **changes))
    play.notes["account"] = await play.ear.account(bank)
    play.notes["msg_id"] = await play.ear.msg_id()
    play.notes["ids"] = await play.ear.ids()
    ids: list[str] = play.notes["ids"]
    return ids


# Statements: early news, a proved chain with a gap, twins, charges, returns of which one was asked for, an orphan that
# finds its home, rubbish.


def _statement(play: Play, number: int, opening: int, *bookings: Booking, **changes: Any) -> bytes:
    closing = opening + sum(b.minor for b in bookings)
    terms: dict[str, Any] = {"account": play.notes["account"], "name": f"S{number}", "number": number}
    terms |= {"opening": opening, "closing": closing, "bookings": bookings} | changes
    return camt053(Stmt(**terms), message_id=f"B{number}")


def _of(minor: int, name: str) -> tuple[Detail]:
    return (Detail(minor=minor, end_to_end_id=name),)


async def _statements(play: Play) -> None:
    ids, ear = await _sent(play, range(1, 8)), play.ear
    account = play.notes["account"]
    await play.scene.tamper(
        "INSERT INTO recall (attempt_no, state, reason, proposed_at)"
        " SELECT attempt_no, 'asked', 'wrong person', '2026-09-21' FROM attempt WHERE end_to_end_id = $1",
        ids[3],
    )
    await ear.tell(camt054(account, Entry(amount=FULL, end_to_end_id=ids[0], ref="R1")))
    both = [Detail(minor=-MINOR, end_to_end_id=i) for i in ids[:2]]
    first = [
        Booking(minor=500_000, ref="F1"),
        Booking(minor=-2 * MINOR, ref="R1", details=both),
        Booking(minor=-MINOR, ref="R3", details=_of(-MINOR, ids[2])),
        Booking(minor=-MINOR, ref="R4", details=_of(-MINOR, ids[3])),
        Booking(minor=-777, ref="R9"),
        Booking(minor=-MINOR, ref="LATE"),
    ]
    opening = 100_000
    await ear.tell(_statement(play, 1, opening, *first))
    opening += sum(b.minor for b in first)
    back = Booking(minor=MINOR, ref="R5", details=_of(MINOR, ids[3]), code=RETURNED)
    again = Booking(minor=-MINOR, ref="R6", details=_of(-MINOR, ids[2]))
    third = _statement(play, 3, opening - 100, back, again)
    await ear.tell(_statement(play, 9, opening, Booking(minor=-1, ref="X"), closing=7))
    pages = [
        Stmt(account=account, name="S4", number=4, page=1, last=False, opening=opening - 100, closing=None),
        Stmt(account=account, name="S4", number=4, page=2, opening=None, closing=7),
    ]
    await ear.tell(camt053(*pages, message_id="B4"))
    await ear.tell(pain002(play.notes["msg_id"], about=[Status(end_to_end_id=ids[5], status="RJCT", reason="X404")]))
    for number in range(5):
        await ear.tell(camt054(account, *(Entry(amount="1.00", ref=str(n)) for n in range(5)), number=number)[:-90])
    late = camt054(account, Entry(amount=FULL, end_to_end_id=ids[4], ref="LATE"), number=20)
    second = _statement(play, 2, opening, Booking(minor=-100, ref="R2"))
    play.notes["then"] = [[third, third.replace(b"<MsgId>B3", b"<MsgId>COPY")], [second, late]]


RETURNED = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"


async def _hear_statements(play: Play) -> None:
    await play.steps(*HEAR)
    for contents in play.notes["then"]:
        for content in contents:
            await _tell_once(play, content)
        await play.steps(*HEAR)
    await play.steps("relay")


# Closing: every action of the reason table, funds that lack, a payee who is held; then the next attempt.

CODES = ("AC04", "MD07", "MS03", "TM01", "AM04", "ED05", "X404")


async def _rejections(play: Play) -> None:
    ids, ear = await _sent(play, range(1, 10)), play.ear
    about = [Status(end_to_end_id=i, status="RJCT", reason=c) for i, c in zip(ids, CODES, strict=False)]
    await ear.tell(pain002(play.notes["msg_id"], group="PART", about=about))
    bookings = [Booking(minor=-MINOR, ref=f"R{n}", details=_of(-MINOR, i)) for n, i in enumerate(ids[7:])]
    play.notes["statement"] = _statement(play, 1, 1_000_000, *bookings)
    await play.scene.release(payments([20, 21]), "B-2")
    await play.scene.until_idle("cut")
    await play.scene.until_idle("seal")


async def _close(play: Play) -> None:
    await play.steps("read", "apply", "close")
    await _tell_once(play, play.notes["statement"])
    await play.steps(*HEAR)
    play.at(3 * DAY)
    await play.steps("close", "stops", "relay", "cut", "seal")
    (hold,) = await play.scene.column("SELECT hold_no FROM account_hold")
    funds = Funds(store=play.scene.gateway.store, clock=play.scene.clock)
    await play.ask(lambda: funds.release(hold, by="officer-1"))
    await play.steps("cut", "seal", "cut")


async def _tell_once(play: Play, content: bytes, bank: str = "alfa") -> None:
    """A bank's message comes in; the same bytes again are the same message."""
    await play.ask(lambda: play.ear.tell(content, bank))


# Conflicts: what was closed is booked after all, while another attempt is sealed, and another one has left.


async def _conflicting(play: Play) -> None:
    """Three payments were refused and cut again: one has left, one is sealed; the third's correction is sealed."""
    ear, scene = play.ear, play.scene
    ids = await _sent(play, range(1, 4))
    await ear.hear(pain002(play.notes["msg_id"], group="RJCT", reason="TM01"))
    await play.steps("close")
    await scene.stop("order", "SICK-000002")
    play.at(DAY)
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    (stop,) = await scene.column("SELECT stop_no FROM stop")
    for officer in ("officer-1", "officer-2"):
        await scene.stops.lift(stop, by=officer, sources=[SOURCE])
    play.at(DAY + 1)
    await scene.seal_again()
    assert (await scene.states())[-2:] == ["delivered", "sealed"]
    await ear.tell(camt054(play.notes["account"], Entry(amount=FULL, end_to_end_id=ids[0])))
    await ear.tell(_statement(play, 1, 1_000_000, Booking(minor=-MINOR, ref="R2", details=_of(-MINOR, ids[1]))))


async def _hear_conflicts(play: Play) -> None:
    await play.steps(*HEAR, "cut", "seal", "relay")


# Silence: presumed and told, missed, doubted; then the bank speaks.


def _patience(scene: Scene) -> None:
    """A source that wants to be told, and a bank of whose second file nobody knows whether it arrived."""
    scene.use_transport("bravo", Scripted(answers=[Sent.SENT, Sent.UNKNOWN]))
    settings = scene.gateway.settings.model_copy(update={"tell_presumed": [SOURCE]})
    object.__setattr__(scene.gateway, "settings", settings)


async def _silent(play: Play) -> None:
    ids = await _sent(play, range(1, 4), "bravo")
    entries = [Entry(amount=FULL, end_to_end_id=i, ref=f"R{n}") for n, i in enumerate(ids)]
    play.notes["answer"] = camt054(play.notes["account"], *entries)
    await play.scene.sealed(payments([7, 8], "bravo"), "B-2")
    await play.scene.run("send", "bravo")
    assert await play.scene.states() == ["delivered", "unknown"]


async def _listen(play: Play) -> None:
    play.at(3 * DAY)
    await play.steps("silence", "relay")
    play.at(8 * DAY)
    await play.steps("silence")
    await _tell_once(play, play.notes["answer"], "bravo")
    await play.steps(*HEAR, "silence", "relay")


# Sums: a file booked at once, one that waits for its rejects, a credit of the whole, and who is held by it.


async def _summed(play: Play) -> None:
    ids, ear = await _sent(play, range(1, 5), "charlie"), play.ear
    account, msg_id = play.notes["account"], play.notes["msg_id"]
    three = f"{3 * MINOR // 100}.{3 * MINOR % 100:02d}"
    await ear.tell(camt054(account, Entry(amount=three, batch=("", 3), ref="S1")), "charlie")
    about = [Status(end_to_end_id=ids[3], status="RJCT", reason="AC04")]
    await ear.tell(pain002(msg_id, group="ACCP", about=about), "charlie")
    details = Booking(minor=-3 * MINOR, ref="S1")
    play.notes["lump"] = camt054(account, Entry(amount=three, batch=("", 3), sign="CRDT", ref="L1"), number=3)
    await ear.tell(_statement(play, 1, 1_000_000, details), "charlie")


async def _hear_sums(play: Play) -> None:
    await play.steps(*HEAR)
    await _tell_once(play, play.notes["lump"], "charlie")
    await play.steps(*HEAR)
    await play.both(Act.MATCH, "lump return", msgId=play.notes["msg_id"])
    await play.steps("relay")


# The counter: nobody came.


def _counter(scene: Scene) -> None:
    scene.use_transport("kilo", Scripted())


async def _at_the_counter(play: Play) -> None:
    window = {"from": "2026-09-21", "until": "2026-09-25"}
    orders = []
    for number, benefit in ((1, "SICK_PAY"), (2, "TRAVEL_REFUND"), (3, "SICK_PAY")):
        account = {"type": "COUNTER", "scheme": "NIDN", "id": f"ID{number:06d}"}
        (order,) = payments([number], validUntil="2027-01-31", benefit=benefit)
        orders.append(order | {"creditorAccount": account, "collection": window})
    await play.scene.release(orders)
    await play.scene.seal_again()
    ids = await play.ear.ids()
    await play.scene.until_idle("send", "kilo")
    play.notes["account"] = await play.ear.account("kilo")
    for number, name in enumerate(ids[:2]):
        for kind, sign in (("booking", "DBIT"), ("return", "CRDT")):
            said = {"messageId": f"K{number}{kind}", "type": kind, "endToEndId": name, "at": "2026-09-21T09:00:00Z"}
            said |= {"account": play.notes["account"], "amount": FULL, "currency": "EUR", "creditDebit": sign}
            said |= {"entryRef": f"R{number}{sign}", "bookingDate": "2026-09-21", "status": "BOOK"}
            said |= {"reason": "UNCL"} if kind == "return" else {}
            await play.ear.tell(json.dumps(said).encode(), "kilo")
    moves = [
        Booking(
            minor=way * MINOR,
            ref=f"R{n}{'DBIT' if way < 0 else 'CRDT'}",
            details=_of(way * MINOR, i),
            code=RETURNED if way > 0 else "",
        )
        for way in (-1, 1)
        for n, i in enumerate(ids[:2])
    ]
    play.notes["statement"] = _statement(play, 1, 1_000_000, *moves)


async def _nobody_came(play: Play) -> None:
    await play.steps("read", "apply")
    play.at(20 * DAY)
    await play.steps("collect")
    await _tell_once(play, play.notes["statement"], "kilo")
    await play.steps(*HEAR, "close", "collect", "relay", "cut")


BOOKS = (
    Chapter(name="statements", prepare=_statements, acts=_hear_statements),
    Chapter(name="closing", prepare=_rejections, acts=_close),
    Chapter(name="conflicts", prepare=_conflicting, acts=_hear_conflicts),
    Chapter(name="silence", banks=("bravo",), prepare=_silent, acts=_listen, equip=_patience),
    Chapter(name="sums", banks=("charlie",), prepare=_summed, acts=_hear_sums),
    Chapter(name="counter", banks=("alfa", "kilo"), prepare=_at_the_counter, acts=_nobody_came, equip=_counter),
)
