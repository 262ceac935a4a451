"""Judges where a month ended: plain SQL on one side, the banks' own books on the other, none of the gateway's code.

Facts are read as the numbers that are stored (gateway/domain/facts.py says what each bit means). Findings name orders,
banks and rules, never a person or an account.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg

from gateway.sandbox import Books
from gateway.sandbox.movements import Movement, Sort

BOOKED, REJECTED, RETURNED, CANCELLED = 16, 64, 256, 512
"""Booked in a proved statement, rejected, returned in a proved statement, cancelled."""
_STATUSES = 583
"""Facts of a payment's own that take the place of its file's."""
SETTLED = ("paid", "returned", "charges", "suspense")
_AT_REST = {"refused": {"refused"}, "given back": {"given back", "replaced"}, "cancelled": {"cancelled", "replaced"}}
"""Outcomes after which no bank keeps money for the order, with the states it may be in."""

Row = Mapping[str, Any]
Purse = tuple[str, str, str]
"""Bank, debtor account, currency."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Something that must not be. `about` is an order, an EndToEndId, a bank or an exception number."""

    rule: str
    about: str
    text: str = ""


@dataclass(slots=True, kw_only=True)
class End:
    """Everything that is compared: our rows, and the banks' payments by EndToEndId."""

    orders: Sequence[Row]
    attempts: Sequence[Row]
    cared_for: Mapping[int, set[str]]
    """Order number -> the kinds of open exceptions with an owner that are about it."""
    stopped: frozenset[int]
    books: Mapping[str, Books]
    until: date
    asked: dict[str, Row] = field(init=False)
    of_order: dict[int, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = {
            str(entry["endToEndId"]): {"bank": slug, **entry}
            for slug, of in self.books.items()
            for entry in of.export(self.until)
        }
        self.of_order = defaultdict(list)
        for attempt in self.attempts:
            self.of_order[attempt["order_no"]].append(attempt)

    def kept(self, order: Row) -> list[str]:
        """Return the payments for an order that did not come back, or not all of them, by the banks' books."""
        names = [attempt["end_to_end_id"] for attempt in self.of_order[order["order_no"]]]
        return [name for name in names if (entry := self.asked.get(name)) and entry["booked"] and is_out(entry)]


async def judge(sql: asyncpg.Connection, books: Mapping[str, Books], until: date) -> list[Finding]:
    """Return everything that is not as it must be on the evening of `until`, the last day that banks closed."""
    end = End(
        orders=await _rows(sql, ORDERS),
        attempts=await _rows(sql, ATTEMPTS),
        cared_for=_cared_for(await _rows(sql, CARED_FOR)),
        stopped=frozenset(row["order_no"] for row in await _rows(sql, STOPPED)),
        books=books,
        until=until,
    )
    findings = [
        Finding(rule=rule, about=str(row["about"]), text=row["text"])
        for rule, query in RULES.items()
        for row in await _rows(sql, query)
    ]
    findings += [*_orders(end), *_entitlements(end), *_payments(end)]
    findings += _accounts(books, await _rows(sql, CHAINS), await _rows(sql, BALANCES))
    findings += _money(end, await _rows(sql, BALANCES), await _rows(sql, WITHOUT_A_HOME))
    for slug, of_bank in books.items():
        findings += [Finding(rule="booked.twice", about=f"{slug} {d.reference}") for d in of_bank.duplicates_booked()]
    return sorted(findings)


async def _rows(sql: asyncpg.Connection, query: str) -> list[Row]:
    return [dict(row) for row in await sql.fetch(query)]


def _cared_for(rows: Sequence[Row]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for row in rows:
        found[row["order_no"]].add(row["kind"])
    return found


def _orders(end: End) -> Iterator[Finding]:
    """Every order has one outcome, or somebody who looks after it. Of what came back in part the bank has the rest."""
    for order in end.orders:
        kept, what = end.kept(order), f"{order['state']}, told {order['outcome']}, {order['reason']}"
        if len(kept) > 1:
            yield Finding(rule="order.paid-twice", about=order["order_id"], text=" ".join(kept))
        if order["order_no"] in end.cared_for:
            continue
        if not _ended(end, order):
            yield Finding(rule="order.nobodys", about=order["order_id"], text=what)
        elif (order["outcome"] == "paid") != any(not end.asked[name]["returned"] for name in kept):
            yield Finding(rule="order.differs", about=order["order_id"], text=f"{what}; kept by payees: {len(kept)}")


def _ended(end: End, order: Row) -> bool:
    """Whether nothing is left to be done about an order."""
    if order["order_no"] in end.stopped:  # whoever stopped it keeps it
        return order["state"] == "payable" and not end.kept(order)
    open_ones = [a for a in end.of_order[order["order_no"]] if not a["closed"]]
    if order["outcome"] == "paid":
        return order["state"] == "payable" and all(a["facts"] & BOOKED for a in open_ones)
    return order["state"] in _AT_REST.get(order["outcome"] or "", ()) and not open_ones


def _entitlements(end: End) -> Iterator[Finding]:
    """Nobody is paid twice for one entitlement, by whichever orders."""
    kept: Counter[tuple[Any, ...]] = Counter()
    for order in end.orders:
        if order["entitlement_id"] is not None:
            key = (order["source"], order["entitlement_id"], order["period"], order["sequence"])
            kept[key] += len(end.kept(order))
    for key, times in sorted(kept.items()):
        if times > 1:
            yield Finding(rule="entitlement.paid-twice", about="/".join(map(str, key)), text=str(times))


def _payments(end: End) -> Iterator[Finding]:
    """Banks and gateway know the same payments, with the same amounts, payees and fates."""
    ours = {a["end_to_end_id"]: a for a in end.attempts}
    for name, entry in end.asked.items():
        attempt = ours.get(name)
        if attempt is None:
            yield Finding(rule="payment.unknown", about=name, text=entry["bank"])
            continue
        for rule, same in _compared(attempt, entry):
            if not same and not (rule.startswith("fact.") and attempt["order_no"] in end.cared_for):
                yield Finding(rule=rule, about=name, text=f"{attempt['order_id']} at {entry['bank']}")
    for name, attempt in ours.items():
        if attempt["sent"] and name not in end.asked:
            yield Finding(rule="payment.lost", about=name, text=attempt["bank"])


def _compared(attempt: Row, entry: Row) -> Iterator[tuple[str, bool]]:
    own, group = attempt["facts"], attempt["group_facts"]
    facts = own if own & _STATUSES else own | group
    yield "payment.bank", attempt["bank"] == entry["bank"]
    yield "payment.amount", attempt["amount_minor"] == minor(entry["amount"])
    yield "payment.currency", attempt["currency"] == entry["currency"]
    yield "payment.account", attempt["account"] == entry["account"]
    yield "fact.booked", bool(own & BOOKED) == bool(entry["booked"])
    yield "fact.returned", bool(own & RETURNED) == bool(entry["returned"])
    # A bank that books a sum of all gives the rejected ones back: to us they were returned or rejected.
    yield "fact.rejected", not entry["rejected"] or bool(facts & (REJECTED | CANCELLED | RETURNED))


def _accounts(books: Mapping[str, Books], chains: Sequence[Row], balances: Sequence[Row]) -> Iterator[Finding]:
    """Bank, statements and ledger have one closing balance for each account."""
    ledger = _by_purse(balances)
    told = {(row["bank"], row["account"]): row for row in chains}
    for slug, of_bank in books.items():
        closings = {one.account: (one.closing_minor, one.sequence) for one in of_bank.accounts.statements()}
        for account, (closing, days) in closings.items():
            row = told.pop((slug, account), None)
            if row is None or row["statements"] != days or row["unsettled"]:
                yield Finding(rule="statement.missing", about=slug, text=f"{days} days closed, {dict(row or {})}")
                continue
            posted = ledger[slug, account, row["currency"]]
            explained = row["opening_minor"] - sum(posted[name] for name in SETTLED)
            if not closing == row["closing_minor"] == explained:
                text = f"bank {closing}, statement {row['closing_minor']}, ledger {explained}"
                yield Finding(rule="balance.differs", about=slug, text=text)
    for bank, _ in told:
        yield Finding(rule="statement.unknown", about=bank)


def _money(end: End, balances: Sequence[Row], without_a_home: Sequence[Row]) -> Iterator[Finding]:
    """What each account of the ledger holds is what the banks moved, to the cent; suspense is itemised."""
    expected: defaultdict[Purse, Counter[str]] = defaultdict(Counter)
    for attempt in end.attempts:
        entry = end.asked.get(attempt["end_to_end_id"])
        if entry is None or attempt["debtor_account"] is None:
            continue
        posted = expected[attempt["bank"], attempt["debtor_account"], attempt["currency"]]
        posted["paid"] += minor(entry["amount"]) if entry["booked"] else 0
        if attempt["facts"] & RETURNED:
            posted["returned"] -= minor(entry["returnedAmount"]) + minor(entry["charges"])
            posted["charges"] += minor(entry["charges"])
    for row in without_a_home:
        expected[row["bank"], row["debtor_account"], row["currency"]]["suspense"] += row["minor"]
    for slug, of_bank in end.books.items():
        for taken in _charges(of_bank):
            expected[slug, taken.account, taken.currency]["charges"] += taken.amount_minor
    ledger = _by_purse(balances)
    for purse in sorted(expected.keys() | ledger.keys()):
        for name in (*SETTLED, "in flight", "unknown"):
            left, right = ledger[purse][name], expected[purse][name]
            if left != right:
                yield Finding(rule=f"ledger.{name}", about=purse[0], text=f"ledger {left}, banks {right}")


def _charges(books: Books) -> Iterator[Movement]:
    """Yield what a bank took for itself."""
    for statement in books.accounts.statements():
        yield from (moved for moved in books.accounts.on_statement(statement) if moved.sort is Sort.CHARGE)


def _by_purse(balances: Sequence[Row]) -> defaultdict[Purse, Counter[str]]:
    found: defaultdict[Purse, Counter[str]] = defaultdict(Counter)
    for row in balances:
        found[row["bank"], row["debtor_account"], row["currency"]][row["account"]] = row["minor"]
    return found


def is_out(entry: Row) -> bool:
    """Whether some of a payment stayed away, beside what the bank says that it kept as charges."""
    return minor(entry["returnedAmount"]) + minor(entry["charges"]) < minor(entry["amount"])


def minor(amount: object) -> int:
    """Read an amount with two decimals."""
    return int(Decimal(str(amount)).scaleb(2))


ORDERS = """
SELECT o.order_no, o.order_id, o.source, o.state, o.reason, o.outcome, o.entitlement_id, o.period, o.sequence
FROM payment_order o JOIN batch b USING (batch_no) WHERE b.state = 'released' ORDER BY o.order_no
"""

ATTEMPTS = """
SELECT a.attempt_no, a.order_no, o.order_id, a.bank, a.end_to_end_id, a.amount_minor, a.currency, a.facts, a.closed,
       coalesce(s.group_facts, 0) AS group_facts, s.debtor_account, o.account,
       coalesce(s.state IN ('sending', 'delivered', 'unknown'), false) AS sent
FROM attempt a JOIN payment_order o USING (order_no) LEFT JOIN submission s USING (submission_no) ORDER BY a.attempt_no
"""

CARED_FOR = """
SELECT DISTINCT e.kind, about.order_no
FROM exception e
LEFT JOIN observation n ON n.message_no = e.message_no AND n.ordinal = e.ordinal
CROSS JOIN LATERAL (
    SELECT e.order_no
    UNION SELECT a.order_no FROM attempt a WHERE a.attempt_no IN (e.attempt_no, n.attempt_no)
    UNION SELECT a.order_no FROM attempt a WHERE a.submission_no IN (e.submission_no, n.submission_no)
) about
WHERE e.state <> 'closed' AND e.owner IS NOT NULL AND about.order_no IS NOT NULL
"""

STOPPED = """
SELECT o.order_no FROM payment_order o WHERE o.state = 'payable' AND NOT EXISTS (
    SELECT FROM attempt a WHERE a.order_no = o.order_no AND NOT a.closed AND a.submission_no IS NOT NULL)
AND o.outcome IS DISTINCT FROM 'paid' AND EXISTS (
    SELECT FROM stop_catch c JOIN stop s USING (stop_no)
    WHERE c.order_no = o.order_no AND c.how = 'kept' AND s.state = 'active')
"""

CHAINS = """
SELECT bank, account, currency, count(DISTINCT link) FILTER (WHERE state = 'proved') AS statements,
       count(*) FILTER (WHERE state = 'waiting' OR state = 'proved' AND NOT settled) AS unsettled,
       (array_agg(opening_minor ORDER BY link, page) FILTER (WHERE state = 'proved'))[1] AS opening_minor,
       (array_agg(closing_minor ORDER BY link DESC, page DESC) FILTER (WHERE state = 'proved'))[1] AS closing_minor
FROM statement GROUP BY bank, account, currency ORDER BY bank, account, currency
"""

BALANCES = """
SELECT bank, debtor_account, currency, account, sum(amount_minor)::bigint AS minor
FROM ledger_posting GROUP BY bank, debtor_account, currency, account ORDER BY bank, debtor_account, currency, account
"""

WITHOUT_A_HOME = """
SELECT bank, debtor_account, currency, sum(amount_minor)::bigint AS minor
FROM suspense_item WHERE cleared_by IS NULL GROUP BY bank, debtor_account, currency ORDER BY bank, debtor_account
"""

RULES = {
    "exception.nobodys": """
SELECT exception_no AS about, kind AS text FROM exception WHERE state <> 'closed' AND owner IS NULL ORDER BY 1
""",
    "decision.forgotten": """
SELECT coalesce(exception_no, decision_no) AS about, act AS text FROM decision WHERE state = 'asked' ORDER BY 1
""",
    "decision.by-one": """
SELECT decision_no AS about, act AS text FROM decision WHERE confirmed_by = asked_by ORDER BY decision_no
""",
    "lift.by-one": """
SELECT stop_no AS about, kind AS text FROM stop WHERE state = 'lifted' AND lifted_by = lift_asked_by ORDER BY stop_no
""",
    "suspense.nobodys": """
SELECT i.item_no AS about, i.why AS text FROM suspense_item i
JOIN observation n ON n.message_no = i.message_no AND n.ordinal = i.ordinal
LEFT JOIN exception e ON e.exception_no = i.exception_no
WHERE i.cleared_by IS NULL AND n.verdict <> 'written off' AND (e.owner IS NULL OR e.state = 'closed')
ORDER BY i.item_no
""",
    "order.two-attempts": """
SELECT o.order_id AS about, count(*)::text AS text FROM attempt a JOIN payment_order o USING (order_no)
WHERE NOT a.closed GROUP BY o.order_id HAVING count(*) > 1 ORDER BY o.order_id
""",
    "attempt.no-proof": """
SELECT end_to_end_id AS about, '' AS text FROM attempt WHERE closed AND coalesce(closed_proof, '{}') = '{}' ORDER BY 1
""",
    "outcome.gap": """
SELECT o.order_id AS about, count(*)::text AS text FROM outcome_event e JOIN payment_order o USING (order_no)
GROUP BY o.order_id, o.outcome_no
HAVING count(*) <> max(e.outcome_no) OR max(e.outcome_no) <> o.outcome_no OR bool_or(e.published_at IS NULL)
ORDER BY o.order_id
""",
    "outcome.other": """
SELECT o.order_id AS about, e.document AS text FROM payment_order o
JOIN outcome_event e ON e.order_no = o.order_no AND e.outcome_no = o.outcome_no
WHERE (e.document::jsonb ->> 'outcome') IS DISTINCT FROM o.outcome ORDER BY o.order_id
""",
    "ledger.transaction": """
SELECT transaction_no AS about, sum(amount_minor)::text AS text FROM ledger_posting
GROUP BY transaction_no, bank, debtor_account, currency HAVING sum(amount_minor) <> 0 ORDER BY transaction_no
""",
    "submission.open": """
SELECT msg_id AS about, state AS text FROM submission WHERE state NOT IN ('delivered', 'void', 'dissolved') ORDER BY 1
""",
    "intent.open": """
SELECT submission_no AS about, 'no outcome' AS text FROM intent WHERE outcome IS NULL ORDER BY 1
""",
    "message.waits": """
SELECT message_no AS about, state AS text FROM bank_message WHERE state NOT IN ('applied', 'unpacked') ORDER BY 1
""",
    "weekend.paid": """
SELECT msg_id AS about, pay_date::text AS text FROM submission
WHERE state = 'delivered'
  AND (extract(isodow FROM pay_date) > 5 OR to_char(pay_date, 'MM-DD') IN ('12-25', '12-26', '01-01'))
ORDER BY msg_id
""",
}
"""Rules that one query can tell: whatever it returns is a finding."""
