"""What happened in a month, counted: a month in which nothing went wrong would prove nothing."""

from datetime import date, timedelta

import asyncpg

from gateway.sandbox import Books

_FRIDAY = 4

SHOWN = {
    "paid": "SELECT count(*) FROM payment_order WHERE outcome = 'paid'",
    "paid by a later attempt": """
SELECT count(*) FROM payment_order o WHERE outcome = 'paid' AND EXISTS (
    SELECT FROM attempt a WHERE a.order_no = o.order_no AND a.generation > 1)""",
    "replaced by a correction": "SELECT count(*) FROM payment_order WHERE state = 'replaced'",
    "paid as a correction": "SELECT count(*) FROM payment_order WHERE replaces IS NOT NULL AND outcome = 'paid'",
    "refused": "SELECT count(*) FROM payment_order WHERE state = 'refused'",
    "rejected by a bank": "SELECT count(*) FROM attempt WHERE facts & 64 <> 0",
    "returned in a statement": "SELECT count(*) FROM attempt WHERE facts & 256 <> 0",
    "kept by a stop": "SELECT count(DISTINCT order_no) FROM stop_catch WHERE how = 'kept'",
    "stopped too late": "SELECT count(*) FROM recall",
    "lifted by two people": "SELECT count(*) FROM stop WHERE state = 'lifted'",
    "told as presumed": "SELECT count(*) FROM outcome_event WHERE document::jsonb ->> 'outcome' = 'presumed'",
    "paid over the counter": """
SELECT count(*) FROM payment_order WHERE account_type = 'COUNTER' AND outcome = 'paid'""",
    "unclaimed at the counter": """
SELECT count(*) FROM attempt a JOIN payment_order o USING (order_no)
WHERE o.account_type = 'COUNTER' AND a.closed AND a.reason IS NOT NULL""",
    "unknown for a while": "SELECT count(*) FROM submission_event WHERE to_state = 'unknown'",
    "queue of an account held": "SELECT count(*) FROM account_hold WHERE released_by IS NOT NULL",
    "conflict": "SELECT count(*) FROM exception WHERE kind = 'conflict'",
    "lump return": "SELECT count(*) FROM exception WHERE kind = 'lump return'",
    "amount differs": "SELECT count(*) FROM exception WHERE kind = 'amount differs'",
    "statement gap": "SELECT count(*) FROM exception WHERE kind = 'statement gap'",
    "unbalanced statement": "SELECT count(*) FROM exception WHERE kind = 'unbalanced statement'",
    "matched by hand": "SELECT count(*) FROM observation WHERE rule = 'by hand'",
    "written off to suspense": "SELECT count(*) FROM observation WHERE verdict = 'written off'",
    "decided by two people": "SELECT count(*) FROM decision WHERE state = 'confirmed'",
    "exceptions": "SELECT count(*) FROM exception",
    "exceptions open": "SELECT count(*) FROM exception WHERE state <> 'closed'",
    "orders": "SELECT count(*) FROM payment_order",
    "attempts": "SELECT count(*) FROM attempt",
    "files and requests": "SELECT count(*) FROM submission WHERE state = 'delivered'",
    "messages of banks": "SELECT count(*) FROM bank_message",
    "statements proved": "SELECT count(*) FROM statement WHERE state = 'proved'",
    "outcomes told": "SELECT count(*) FROM outcome_event",
    "postings": "SELECT count(*) FROM ledger_posting",
}


async def shown(sql: asyncpg.Connection) -> dict[str, int]:
    """Count what happened."""
    return {what: (await sql.fetch(query))[0][0] for what, query in SHOWN.items()}


def latest_return(books: Books) -> int:
    """Return how many weekdays after its debit a bank gave a payment back at the latest."""
    late = [
        weekdays(date.fromisoformat(str(entry["bookedOn"])), date.fromisoformat(str(entry["returnedOn"])))
        for entry in books.export()
        if entry["bookedOn"] and entry["returnedOn"]
    ]
    return max(late, default=0)


def weekdays(first: date, last: date) -> int:
    """Count the days from Monday to Friday after `first` up to `last`."""
    return sum((first + timedelta(days=n)).weekday() <= _FRIDAY for n in range(1, (last - first).days + 1))
