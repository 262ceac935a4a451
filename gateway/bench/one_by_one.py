"""What matching is held against: the same rows written entry by entry, as a program without sets would.

Prepared statements, one transaction for all: the fastest form of that program. It judges nothing, looks for no second
booking and posts nothing, so it does less than Apply.
"""

import time
from datetime import datetime

import asyncpg

_ENTRIES = "SELECT ordinal, end_to_end_id FROM observation ORDER BY ordinal LIMIT $1"
_ATTEMPT = "SELECT attempt_no, order_no, submission_no FROM attempt WHERE end_to_end_id = $1 FOR UPDATE"
_FACT = "UPDATE attempt SET facts = facts | 8, booked_at = $2 WHERE attempt_no = $1"
_VERDICT = "UPDATE observation SET verdict = 'matched', attempt_no = $2, submission_no = $3 WHERE ordinal = $1"
_ORDER = """UPDATE payment_order SET outcome_no = outcome_no + 1, outcome = 'paid' WHERE order_no = $1
            RETURNING outcome_no, source || '/' || order_id"""
_EVENT = """INSERT INTO outcome_event (order_no, outcome_no, lane, source, key, document, created_at)
            VALUES ($1::bigint, $2, $1::bigint % 16, 'SSI', $3, $4, $5)"""


async def one_by_one(url: str, entries: int, at: datetime) -> float:
    """Match so many entries of the only message again, one after the other; return how many a second."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_ENTRIES, entries)
        start = time.perf_counter()
        async with connection.transaction():
            texts = (_ATTEMPT, _FACT, _VERDICT, _ORDER, _EVENT)
            attempt, fact, verdict, order, event = [await connection.prepare(text) for text in texts]
            for ordinal, name in rows:
                ((attempt_no, order_no, submission_no),) = await attempt.fetch(name)
                await fact.fetch(attempt_no, at)
                await verdict.fetch(ordinal, attempt_no, submission_no)
                ((outcome_no, key),) = await order.fetch(order_no)
                await event.fetch(order_no, outcome_no, key, f'{{"outcome":"paid","endToEndId":"{name}"}}', at)
        return len(rows) / (time.perf_counter() - start)
    finally:
        await connection.close()
