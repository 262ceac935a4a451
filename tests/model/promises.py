"""The promises of the design, each with the design's own sentence, judged by the banks' books and by the model."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from tests.model.books import OPENING, Asked, Bank, payments_of
from tests.model.orders import Order, Stop
from tests.model.seen import Row, Seen
from tests.model.world import World

ACCEPTED, EXECUTED, CREDITED, BOOKED, IN_STATEMENT, TWICE, REJECTED, RETURNED, BACK_IN_STATEMENT = (
    1 << n for n in range(9)
)
CANCELLED, CONTRADICTED, WRITTEN_OFF = 512, 1024, 4096
STATUS = ACCEPTED | EXECUTED | CREDITED | REJECTED | CANCELLED
"""The numbers of facts are stored: they are part of the interface of the database."""
BY_PEOPLE = "two people"


@dataclass(slots=True, kw_only=True)
class Past:
    """What was seen after the steps before."""

    facts: dict[int, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    outcomes: dict[int, int] = field(default_factory=dict)
    intents: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    moves: set[tuple[int, int]] = field(default_factory=set)
    arrived: Counter[str] = field(default_factory=Counter)
    by_hand: bool = False
    """Two people matched an entry that no machine could: from then on its bank's figures stand on their word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One moment: the world with its banks and model, what is stored, and what was seen before."""

    world: World
    seen: Seen
    past: Past

    def asked(self, row: Row) -> list[Asked]:
        """What the bank of an attempt was asked for under its id."""
        return self.world.banks[row["bank"]].of(row["end_to_end_id"])

    def order(self, e2e: str) -> Order:
        return self.world.model.order_of(e2e)


def p1(case: Case) -> Iterator[str]:
    """No bank books an EndToEndId twice (judged by the banks' books); nor is one asked to pay what is alive."""
    claims: defaultdict[str, list[Asked]] = defaultdict(list)
    for slug, bank in case.world.banks.items():
        for one in bank.asked:
            if len(bank.of(one.end_to_end_id)) > 1:
                yield f"{slug} was asked twice for {one.end_to_end_id}"
            if one.end_to_end_id in case.world.model.ids:
                claims[case.order(one.end_to_end_id).claim].append(one)
    for claim, asked in claims.items():
        alive = [one.end_to_end_id for one in asked if one.alive]
        if len(alive) > 1 and not any(one.faulty for one in asked):
            yield f"{claim} may be paid twice: {alive}"


def p2(case: Case) -> Iterator[str]:
    """An order has at most one attempt not closed."""
    live = Counter(a["order_id"] for a in case.seen.attempts.values() if not a["closed"])
    yield from (f"{order_id} has {n} open attempts" for order_id, n in live.items() if n > 1)


def p3(case: Case) -> Iterator[str]:
    """Every byte on the wire belongs to an intent committed before; per bank name and digest are used once for ever."""
    intended = {i["submission_no"] for i in case.seen.intents}
    promised = {
        (s["bank"], s["name"]): s["sha256"] for s in case.seen.submissions.values() if s["submission_no"] in intended
    }
    for slug, bank in case.world.banks.items():
        for name, times in bank.files.items():
            if times != 1:
                yield f"{slug} received {name} {times} times, or with other bytes"
            if promised.get((slug, name)) != sha256(bank.bytes_of[name]).hexdigest():
                yield f"{slug} received {name}, which no intent promised"
        digests = Counter(sha256(content).hexdigest() for content in bank.bytes_of.values())
        if any(times > 1 for times in digests.values()):
            yield f"{slug} received the same bytes under two names"


def p4(case: Case) -> Iterator[str]:
    """The (id, account, amount, currency) of the bytes are those of the signed manifest."""
    for slug, bank in case.world.banks.items():
        for one in bank.asked:
            if one.end_to_end_id not in case.world.model.ids:
                yield f"{slug} was asked for {one.end_to_end_id}, which is nobody's"
                continue
            order = case.order(one.end_to_end_id)
            signed = (order.bank, order.account, order.minor, "EUR", bank.account)
            if (slug, one.account, one.minor, one.currency, one.debtor) != signed or not order.released:
                yield f"{slug} was asked for {order.order_id} in other words than were signed"


def p5(case: Case) -> Iterator[str]:
    """Nothing leaves whose stop, cancellation or pause was committed before its intent."""
    model = case.world.model
    for intent in case.seen.intents:
        if intent["intent_no"] in case.past.intents:
            continue
        submission = case.seen.submissions[intent["submission_no"]]
        if {("all", ""), ("bank", submission["bank"]), ("source", "SSI")} & model.paused:
            yield f"an intent of {submission['name']} was committed while its lane was paused"
        for e2e in _members(case, submission):
            order = case.order(e2e)
            for stop in model.stopped(order):
                yield f"{order.order_id} left although {stop.kind} {stop.value} was stopped"
            if not order.released:
                yield f"{order.order_id} left although its batch was not released"


def _members(case: Case, submission: Row) -> list[str]:
    arrived = case.world.banks[submission["bank"]].bytes_of.get(submission["name"])
    if arrived is not None:
        return [one.end_to_end_id for one in payments_of("", arrived)]
    return [a["end_to_end_id"] for a in case.seen.of_submission(submission["submission_no"])]


def p6(case: Case) -> Iterator[str]:
    """A closed attempt has its proof: its money cannot move any more, or two people say so."""
    for row in case.seen.attempts.values():
        if row["closed"] != row["proved"]:
            yield f"{row['end_to_end_id']} is closed without a proof"
        fresh = row["closed"] and row["attempt_no"] not in case.past.closed
        if fresh and row["proof"] != BY_PEOPLE and not row["facts"] & CONTRADICTED:
            alive = [one for one in case.asked(row) if one.alive and not one.faulty]
            if alive:
                yield f"{row['end_to_end_id']} was closed as {row['proof']!r} while the bank can still pay it"


def p7(case: Case) -> Iterator[str]:
    """Facts only grow; positions are computed. And no fact is there that the bank has not told."""
    for row in case.seen.attempts.values():
        e2e, facts = row["end_to_end_id"], row["facts"]
        if case.past.facts.get(row["attempt_no"], 0) & ~facts:
            yield f"{e2e} lost facts"
        asked = case.asked(row)
        if any(one.faulty for one in asked) or case.past.by_hand:
            continue
        told = {word for one in asked for word in one.told}
        effective = facts if facts & STATUS else facts | row["group_facts"]
        for bits, word in ((BOOKED | IN_STATEMENT, "booked"), (RETURNED | BACK_IN_STATEMENT, "returned")):
            if facts & bits and word not in told:
                yield f"{e2e} is {word}, which its bank never said"
        if effective & REJECTED and "rejected" not in told:
            yield f"{e2e} is rejected, which its bank never said"
        if facts & TWICE:
            yield f"{e2e} is booked twice, which its bank never did"


def p8(case: Case) -> Iterator[str]:
    """Unknown ends only by evidence or two people; and the evidence is true."""
    for slug, bank in case.world.banks.items():
        yield from (f"{slug} was asked again under {key}, which it had" for key in bank.asked_again)
    tried_again = {m["submission_no"] for m in case.seen.moves if m["from_state"] == "not sent"}
    for move in case.seen.moves:
        if move["from_state"] != "unknown":
            continue
        number = move["submission_no"]
        if move["evidence"] == "{}":
            yield f"submission {number} left unknown without evidence"
        if (number, move["event_no"]) in case.past.moves or number in tried_again:
            continue  # what arrived may be of the later try; that it came once only is judged by the bank
        submission = case.seen.submissions[number]
        arrived = submission["name"] in case.world.banks[submission["bank"]].bytes_of or _lies_there(case, submission)
        if (move["to_state"] == "delivered") != arrived:
            yield f"{submission['name']} became {move['to_state']} ({move['why']}), arrived: {arrived}"


def _lies_there(case: Case, submission: Row) -> bool:
    return case.world.lies_there(submission["bank"], submission["name"])


def p9(case: Case) -> Iterator[str]:
    """A message touches only its own bank's submissions."""
    for row in case.seen.observations:
        if row["of_bank"] not in {None, row["bank"]} and row["verdict"] in {"matched", "matched batch sum"}:
            yield f"message {row['message_no']} of {row['bank']} touched {row['of_bank']}"
    for row in case.seen.attempts.values():
        if row["facts"] & ~2048 and not case.asked(row):
            yield f"{row['end_to_end_id']} has facts, and its bank never had it"


def p10(case: Case) -> Iterator[str]:
    """Every line and message received is stored and counted in one row of the sheet."""
    stored = Counter(o["order_id"] for o in case.seen.orders)
    if stored != Counter(case.world.model.orders.keys()):
        yield f"lines and orders differ: {stored.keys() ^ case.world.model.orders.keys()}"
    records = case.world.logs.get(0, [])[: case.seen.records]
    received = {(r.headers["ce_source"], r.headers["ce_digest"]) for r in records}
    messages = Counter((f"/banks/{m['bank']}", m["digest"]) for m in case.seen.messages)
    if messages != Counter(received):
        yield f"messages received and stored differ: {received ^ messages.keys()}"
    for row in case.seen.observations:
        if row["state"] == "applied" and row["verdict"] is None:
            yield f"message {row['message_no']}/{row['ordinal']} has no verdict"
    faulty = any(one.faulty for bank in case.world.banks.values() for one in bank.asked) or case.past.by_hand
    yield from (d for d in case.seen.differences if "ordered" in d or not faulty)


def p11(case: Case) -> Iterator[str]:
    """`outcome_no` has no gap; what is published is what is stored, and the highest number told is the present one."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for event in case.seen.events:
        numbers[event["order_no"]].append(event["outcome_no"])
    for order in case.seen.orders:
        told = sorted(numbers[order["order_no"]])
        if told != list(range(1, order["outcome_no"] + 1)):
            yield f"{order['order_id']} is at outcome {order['outcome_no']} and was told {told}"
        if case.past.outcomes.get(order["order_no"], 0) > order["outcome_no"]:
            yield f"{order['order_id']} went back to an earlier outcome"


def p13(case: Case) -> Iterator[str]:
    """The ledger is zero; and its accounts are what the banks' books and the attempts say."""
    yield from (f"ledger transaction {row['transaction_no']} is not zero" for row in case.seen.unequal)
    ledger = {(r["bank"], r["account"]): r["minor"] for r in case.seen.ledger}
    for slug, bank in case.world.banks.items():
        balances = {account: minor for (b, account), minor in ledger.items() if b == slug}
        if sum(balances.values()):
            yield f"{slug}: the accounts do not add up to zero"
        way = _on_the_way(case, slug)
        for account in ("in flight", "unknown"):
            if balances.get(account, 0) != way[account]:
                yield f"{slug}: {balances.get(account, 0)} {account} in the ledger, {way[account]} by attempts"
        booked = sum(balances.get(account, 0) for account in ("paid", "returned", "charges", "suspense"))
        expected = OPENING - _settled_balance(case, bank) + way["suspense"]
        if _wholly_settled(case, slug) and booked != expected:
            yield f"{slug}: the ledger says {booked} left the account, the bank's statements say {expected}"


def _on_the_way(case: Case, slug: str) -> Counter[str]:
    """Where the money of each attempt must be, by its own row."""
    way: Counter[str] = Counter()
    for row in case.seen.attempts.values():
        facts = row["facts"] if row["facts"] & STATUS else row["facts"] | row["group_facts"]
        if row["bank"] != slug or facts & (REJECTED | CANCELLED | IN_STATEMENT):
            continue
        where = {"sending": "in flight", "delivered": "in flight", "unknown": "unknown"}.get(row["state"] or "")
        if row["facts"] & WRITTEN_OFF and where:
            way["suspense"] += row["amount_minor"]
        elif where:
            way[where] += row["amount_minor"]
    return way


def _settled_balance(case: Case, bank: Bank) -> int:
    """The balance of the last statement in the unbroken row of those that are settled."""
    settled = {r["sequence"] for r in case.seen.statements if r["bank"] == bank.slug and r["settled"]}
    row = [s for s in bank.statements if all(n in settled for n in range(1, s.number + 1))]
    return row[-1].closing if row else OPENING


def _wholly_settled(case: Case, slug: str) -> bool:
    return all(r["settled"] for r in case.seen.statements if r["bank"] == slug)


def p14(case: Case) -> Iterator[str]:
    """Maker is not checker."""
    for decision in case.seen.decisions:
        if decision["confirmed_by"] == decision["asked_by"]:
            yield f"decision {decision['decision_no']} was made by one person"
        if (decision["state"] == "confirmed") != (decision["confirmed_by"] is not None):
            yield f"decision {decision['decision_no']} is {decision['state']}"
    for stop in case.seen.stops:
        if stop["state"] == "lifted" and stop["lifted_by"] in {None, stop["lift_asked_by"]}:
            yield f"stop {stop['stop_no']} was lifted by one person"


PROMISES: tuple[Callable[[Case], Iterator[str]], ...] = (p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p13, p14)
"""P12, that killing or freezing at any boundary breaks none of these, is what the machine does to them."""


class PromiseBrokenError(AssertionError):
    """What does not hold, one a line."""


def require(faults: list[str]) -> None:
    """Raise unless there are none."""
    if faults:
        raise PromiseBrokenError("\n".join(faults))


def broken(case: Case) -> list[str]:
    """Name what does not hold, then remember what was seen."""
    found = [f"{promise.__name__.upper()} {fault}" for promise in PROMISES for fault in promise(case)]
    seen, past, model = case.seen, case.past, case.world.model
    known = {stop.number for stop in model.stops}
    model.stops += [  # those that the gateway set by itself, because a bank's reason says so
        Stop(number=row["stop_no"], kind=row["kind"], value=row["value"])
        for row in seen.stops
        if row["stop_no"] not in known
    ]
    past.facts = {number: row["facts"] for number, row in seen.attempts.items()}
    past.outcomes = {o["order_no"]: o["outcome_no"] for o in seen.orders}
    past.intents = {i["intent_no"] for i in seen.intents}
    past.closed = {number for number, row in seen.attempts.items() if row["closed"]}
    past.moves = {(m["submission_no"], m["event_no"]) for m in seen.moves}
    return found
