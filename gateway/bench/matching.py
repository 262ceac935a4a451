"""Matching alone: one camt.054, wholly read, applied to as many open attempts; outcomes told, the ledger posted.

The attempts are of delivered submissions, the entries name them by UETR and EndToEndId and are in state *read*: what is
measured is Apply, from the stored observations to committed facts, verdicts, outcome events and postings. Run as
`python -m gateway.bench.matching <url> <config>`; it says one JSON object.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bank_adapters.registry import meanings_for
from gateway.bench.children import running, say
from gateway.bench.one_by_one import one_by_one
from gateway.bench.place import folder
from gateway.bench.usage import cpu_seconds, peak_mib, resident_mib
from gateway.runtime.assembly import prepare_database
from gateway.runtime.clock import SystemClock
from gateway.runtime.configuration import read_configuration
from gateway.runtime.embedded import embedded_postgres
from gateway.runtime.settings import load_settings
from gateway.service.apply import CHUNK, Apply
from gateway.service.judge import Ways
from gateway.store.postgres import open_store

BANK = "alfa"
OF_A_SUBMISSION = 5_000
BASELINE = 5_000
"""Entries that are matched again one by one."""
AT = datetime(2026, 9, 21, 12, tzinfo=UTC)

_SEED = (
    """INSERT INTO lane (bank) VALUES ('alfa')""",
    """INSERT INTO batch (source, batch_id, programme, pay_date, opened_at, opened_by, cut_done)
       VALUES ('SSI', 'B', 'STA', '2026-09-21', $2, 'bench', true)""",
    """INSERT INTO payment_order (batch_no, source, order_id, digest, document, state, benefit, entitlement_id, period,
           sequence, amount_minor, currency, account_type, account, valid_until, approved_at, received_at, claims)
       SELECT (SELECT max(batch_no) FROM batch), 'SSI', 'O' || n, sha256(n::text::bytea), '{}', 'payable', 'SICK_PAY',
              'E' || n, '2026-09', 1, 10000 + n % 90000, 'EUR', 'IBAN', 'IBAN:DE' || n, '2026-12-31', $2, $2, true
       FROM generate_series(1, $1::int) n""",
    """INSERT INTO submission (bank, batch_no, product, pay_date, debtor_account, currency, sequence, state, sum_booked,
           msg_id, name, payment_count, sum_minor, sealed_at, sha256, payments_digest, size)
       SELECT 'alfa', (SELECT max(batch_no) FROM batch), 'SSBE', '2026-09-21', 'DE02100100109307118603', 'EUR', n,
              'delivered', false, 'G1ALFA260921S' || n, 'F' || n, 1, 1, $2, sha256(n::text::bytea),
              sha256(n::text::bytea), 1
       FROM generate_series(1, 1 + ($1::int - 1) / $3::int) n""",
    """INSERT INTO attempt (order_no, generation, bank, route_reason, submission_no, end_to_end_id, uetr, amount_minor,
           currency)
       SELECT o.order_no, 1, 'alfa', 'bench', 1 + (o.order_no - 1) / $3::int,
              'E' || upper(left(md5(o.order_id), 26)) || 'G1', md5(o.order_id || 'u')::uuid, o.amount_minor, 'EUR'
       FROM payment_order o ORDER BY o.order_no""",
    """INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state, read_through)
       VALUES ('alfa', sha256('bench'), 1, 'bench', '{}', $2, 'read', $1::int)""",
    """INSERT INTO observation (message_no, ordinal, kind, path, pmt_inf_id, end_to_end_id, uetr, status, account,
           amount_minor, currency, credit, booked, entry_ref, booking_date, told_by, statement, entry)
       SELECT m.message_no, a.attempt_no, 'entry', '/Ntfctn[1]/Ntry[' || a.attempt_no || ']/NtryDtls[1]/TxDtls[1]',
              s.msg_id || 'P1', a.end_to_end_id, a.uetr, 'BOOK', s.debtor_account, a.amount_minor, 'EUR', false, true,
              upper(left(md5(a.end_to_end_id), 16)), '2026-09-21', 'notification', 1, a.attempt_no
       FROM bank_message m, attempt a JOIN submission s USING (submission_no) ORDER BY a.attempt_no""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """So many matches in so many seconds of wall time; memory of the applying process, in MiB."""

    matches: int
    seconds: float
    gateway_seconds: float
    postgres_seconds: float
    one_by_one_per_second: float
    quarter_mib: float
    end_mib: float
    peak_mib: float

    @property
    def per_second(self) -> float:
        """Matches a second of wall time."""
        return self.matches / self.seconds


async def applied(config: Path, entries: int) -> Matches:
    """Apply a message of `entries` entries to as many open attempts, in a place of its own."""
    with folder() as where, embedded_postgres(where) as url:
        await prepare_database(url)
        await seed(url, entries)
        postgres = int((where / "postgres" / "postmaster.pid").read_text().split()[0])
        before = cpu_seconds(postgres)
        async with running("matching", url, str(config)) as child:
            used = cpu_seconds(postgres) - before
            baseline = await one_by_one(url, min(entries, BASELINE), AT)
            return Matches(**child.ready, postgres_seconds=used, one_by_one_per_second=baseline)


async def seed(url: str, entries: int) -> None:
    """Store open attempts, and a message that was read and books each of them."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")  # what is written agrees by construction
        for statement in _SEED:
            places = [n for n in (1, 2, 3) if f"${n}" in statement]
            arguments = {1: entries, 2: AT, 3: OF_A_SUBMISSION}
            await connection.execute(_renumbered(statement, places), *(arguments[n] for n in places))
        await connection.execute(
            "UPDATE submission s SET payment_count = m.payments, sum_minor = m.total FROM (SELECT submission_no,"
            " count(*) AS payments, sum(amount_minor) AS total FROM attempt GROUP BY 1) m"
            " WHERE m.submission_no = s.submission_no"
        )
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _renumbered(statement: str, places: Sequence[int]) -> str:
    """Number a statement's arguments without gaps."""
    for number, place in enumerate(places, start=1):
        statement = statement.replace(f"${place}", f"${number}")
    return statement


async def apply(url: str, config: Path) -> dict[str, Any]:
    """Apply everything that was read; return what it took."""
    parts = read_configuration(config, load_settings(config))
    profile = parts.profiles[BANK]
    ways = Ways(statuses=meanings_for(profile, parts.reasons), matching=profile.matching)
    store = await open_store(url, connections=1)
    step = Apply(store=store, clock=SystemClock(), ways={BANK: ways}, reasons=parts.reasons, worker="bench")
    connection = await asyncpg.connect(url)
    quarter, chunks, early = 1 + await connection.fetchval("SELECT count(*) FROM attempt") // (4 * CHUNK), 0, 0.0
    start, cpu = time.perf_counter(), time.process_time()
    while await step.run_once():
        chunks += 1
        early = resident_mib(os.getpid()) if chunks == quarter else early
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    told = await connection.fetchval("SELECT count(*) FROM outcome_event WHERE document LIKE '%\"paid\"%'")
    await connection.close()
    await store.close()
    return {
        "matches": told,
        "seconds": seconds,
        "gateway_seconds": cpu,
        "quarter_mib": early,
        "end_mib": resident_mib(os.getpid()),
        "peak_mib": peak_mib(os.getpid()),
    }


def main(arguments: Sequence[str]) -> None:
    """Apply what the arguments name."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        say(**runner.run(apply(arguments[0], Path(arguments[1]))))


if __name__ == "__main__":
    main(sys.argv[1:])
