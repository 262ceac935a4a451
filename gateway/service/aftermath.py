"""What follows when an attempt was closed: its order is cut again later, given back, or held for a person.

Runs in the transaction that closes: an order is never left with a closed attempt and nothing to come. What the bank
said was told when it was heard; told here is what became of the order because of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.closing import Course, Follow, Rule, follow
from gateway.domain.digest import parse_object
from gateway.domain.order_reading import order_from
from gateway.domain.reasons import Reasons
from gateway.domain.stop import Kind, Reason, Subject, Wanted
from gateway.ports.store import Session
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.outcomes import News, tell
from gateway.service.stops import set_stops, void_stopped

_CLASSES: Mapping[str, Reason] = {
    "MD07": Reason.DEATH,
    "LEGL": Reason.COURT_ORDER,
    "FR01": Reason.FRAUD_SUSPICION,
    "FRAD": Reason.FRAUD_SUSPICION,
}
"""What the codes that hold a payee are called among the reasons of stops; the others only hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An attempt that was just closed. `code` is the bank's reason; `payable` says that its order still is."""

    attempt_no: int
    order_no: int
    generation: int
    bank: str
    end_to_end_id: str
    source: str
    rule: Rule
    code: str | None
    returned_before: bool
    payable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """The document of an order whose payee is held."""

    order_no: int
    source: str
    document: bytes


async def follow_up(
    session: Session, at: datetime, today: date, closed: Sequence[Closed], reasons: Reasons, *, actor: str
) -> None:
    """Take each order on its course. The orders are locked and payable, and all their attempts are closed."""
    courses = [
        (
            c,
            follow(
                c.code, reasons, rule=c.rule, generation=c.generation, returned_before=c.returned_before, today=today
            ),
        )
        for c in closed
    ]
    again = [(c, f) for c, f in courses if f.course is Course.RETRY]
    await session.execute("aftermath.try_again", [c.order_no for c, _ in again], [f.try_on for _, f in again])
    back = [c for c, f in courses if f.course is Course.GIVE_BACK]
    await session.execute("aftermath.give_back", [c.order_no for c in back], [c.code for c in back])
    held = [(c, f) for c, f in courses if f.course in {Course.HOLD_PAYEE, Course.OFFICER}]
    await session.execute("aftermath.hold", [c.order_no for c, _ in held], [c.code or "no code" for c, _ in held])
    await tell(session, at, [_news(c, f) for c, f in courses if f.course is not Course.RETRY])
    await raise_exceptions(session, at, [_trouble(c, f, reasons) for c, f in held])
    await _hold_payees(session, at, [c for c, f in held if f.course is Course.HOLD_PAYEE], actor)


def _news(closed: Closed, follows: Follow) -> News:
    return News(
        order_no=closed.order_no,
        outcome="given back" if follows.course is Course.GIVE_BACK else "held",
        bank=closed.bank,
        end_to_end_id=closed.end_to_end_id,
        reason=closed.code,
        action=follows.action.value,
        needs=follows.needs.value if follows.needs else None,
    )


def _trouble(closed: Closed, follows: Follow, reasons: Reasons) -> Trouble:
    code = closed.code or ""
    kind = "officer" if not code or reasons.knows(code) else "code without a rule"
    meaning = {"meaning": reasons.meanings[code]} if code in reasons.meanings else {}
    return Trouble(
        kind="hold payee" if follows.course is Course.HOLD_PAYEE else kind,
        key=str(closed.attempt_no),
        bank=closed.bank,
        order_no=closed.order_no,
        attempt_no=closed.attempt_no,
        detail={"code": code, "rule": closed.rule.value, "action": reasons.action(code).value, **meaning},
    )


async def _hold_payees(session: Session, at: datetime, closed: Sequence[Closed], actor: str) -> None:
    """Stop the persons whose accounts these were; what else is due to them leaves no more.

    The sweep of stops proposes the recalls of what had left. The gate is taken last: who holds it waits for none of the
    locks that are held here.
    """
    if not closed:
        return
    codes = {c.order_no: c.code for c in closed}
    payees = await session.all(Payee, "aftermath.payees", sorted(codes))
    await session.execute("stops.gate")
    for payee in payees:
        order = order_from(parse_object(payee.document), payee.document, source=payee.source)
        code = codes[payee.order_no] or ""
        wanted = Wanted(
            source=payee.source,
            subjects=(Subject(kind=Kind.PERSON, value=min(i.person_key for i in order.creditor.identifications)),),
            reason=f"bank: {code}",
            reason_class=_CLASSES.get(code, Reason.OTHER),
        )
        await set_stops(session, wanted, at, by=actor)
    await void_stopped(session, at, actor=actor)
