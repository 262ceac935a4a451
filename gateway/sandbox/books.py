"""A bank's own books: one SQLite file, the judge of what was booked and how often.

Everything about one file or request (the request, its payments, their bookings and all answers to it) is one
transaction: after a kill at any moment all of it is there or none. WAL with `synchronous = NORMAL` survives the death
of the process, which is what the sandbox is for; it does not promise to survive a power cut.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from gateway.sandbox.judge import Outcome, State
from gateway.sandbox.messages import decimal

_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A file or API request. `source` is its name among the collected files, or its idempotency key.

    `digest` is the SHA-256 (hex) of its bytes; `reply` is what an API answered, stored to be answered again.
    """

    source: str
    digest: str
    msg_id: str | None
    received_at: datetime
    outcome: Outcome
    reason: str | None = None
    reply_status: int | None = None
    reply: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPayment:
    """One payment as it goes into the books. `return_ref` and `returned_on` belong to a returned one."""

    end_to_end_id: str
    account: str
    debtor_account: str
    amount_minor: int
    currency: str
    state: State
    reason: str | None
    entry_ref: str
    booked_on: date
    return_ref: str | None = None
    returned_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A message to send at `due`."""

    name: str
    suffix: str
    content: bytes
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A queued message as it is stored: `copy` counts equal messages from 1, `digest` is SHA-256 in hex."""

    id: int
    name: str
    suffix: str
    digest: str
    copy: int
    content: bytes
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Something booked more than once: `kind` is EndToEndId or MsgId."""

    kind: str
    reference: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """What an API bank remembers under an idempotency key."""

    digest: str
    reply_status: int
    reply: bytes
    read_backs: int


@cache
def _sql() -> dict[str, str]:
    text = (files("gateway.sandbox") / "books.sql").read_text(encoding="utf-8")
    parts = [part.split(":", 1) for part in text.split("-- ") if ":" in part]
    return {name.strip(): rest.split("\n", 1)[1] for name, rest in parts}


def books_path(root: Path, slug: str) -> Path:
    """Return where the bank `slug` keeps its books under the sandbox root."""
    return root / slug / "books.sqlite"


class Books:
    """One bank's books, open. Used by one step at a time; readers in other processes are welcome."""

    def __init__(self, path: Path) -> None:
        """Open the books, or start them when there are none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # A step may run in a worker thread, but never two steps of one bank at once.
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_sql()["schema"])

    def close(self) -> None:
        """Close the file; open transactions are lost as in a kill."""
        self._connection.close()

    def record(self, request: Request, payments: Iterable[BookedPayment], answers: Iterable[Queued]) -> None:
        """Book a request with everything that follows from it, at once or not at all.

        Raises sqlite3.IntegrityError when the source is in the books already; nothing is booked then.
        """
        with self._transaction():
            row = self._connection.execute(_sql()["add_request"], _request_row(request)).lastrowid
            kept = list(payments)
            self._connection.executemany(
                _sql()["add_payment"], ((row, n, *_payment_row(payment)) for n, payment in enumerate(kept, start=1))
            )
            self._connection.executemany(_sql()["add_booking"], ((row, *side) for side in _bookings(kept)))
            self._connection.executemany(_sql()["add_answer"], map(_answer_row, answers))

    def knows_msg_id(self, msg_id: str) -> bool:
        """Say whether a readable file with this MsgId was taken before."""
        return self._connection.execute(_sql()["knows_msg_id"], (msg_id,)).fetchone() is not None

    def sources(self) -> set[str]:
        """Return the names of all files (keys of all requests) in the books."""
        return {source for (source,) in self._connection.execute(_sql()["sources"])}

    def request(self, source: str) -> StoredRequest | None:
        """Return what is remembered under an idempotency key."""
        row = self._connection.execute(_sql()["request"], (source,)).fetchone()
        if row is None:
            return None
        return StoredRequest(digest=row[0], reply_status=row[1], reply=row[2], read_backs=row[3])

    def count_read_back(self, source: str) -> None:
        """Remember that a request was asked for."""
        self._connection.execute(_sql()["count_read_back"], (source,))

    def due(self, now: datetime, limit: int) -> list[Answer]:
        """Return up to `limit` messages to send by `now`, oldest first, each until it is acknowledged."""
        rows = self._connection.execute(_sql()["due"], (_write(now), limit))
        return [
            Answer(id=row[0], name=row[1], suffix=row[2], digest=row[3], copy=row[4], content=row[5], due=_read(row[6]))
            for row in rows
        ]

    def next_due(self) -> datetime | None:
        """Return when the next message is to be sent, None when there is nothing more to say."""
        (moment,) = self._connection.execute(_sql()["next_due"]).fetchone()
        return _read(moment) if moment else None

    def acknowledge(self, answers: Iterable[Answer], now: datetime) -> None:
        """Remember that these messages arrived, so that they are not sent again."""
        with self._transaction():
            self._connection.executemany(_sql()["mark_sent"], [(_write(now), answer.id) for answer in answers])

    def duplicates_booked(self) -> list[Duplicate]:
        """Return every EndToEndId debited more than once and every MsgId booked from more than one file."""
        rows = self._connection.execute(_sql()["duplicates"])
        return [Duplicate(kind=kind, reference=reference, times=times) for kind, reference, times in rows]

    def export(self) -> Iterator[dict[str, object]]:
        """Yield one flat mapping a payment the bank was asked for; `returned` payments are `booked` as well."""
        for end_to_end_id, account, minor, currency, state, reason in self._connection.execute(_sql()["payments"]):
            yield {
                "endToEndId": end_to_end_id,
                "account": account,
                "amount": decimal(minor),
                "currency": currency,
                "booked": state != State.REJECTED,
                "rejected": state == State.REJECTED,
                "returned": state == State.RETURNED,
                "reason": reason,
            }

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _request_row(request: Request) -> dict[str, object]:
    return {
        "source": request.source,
        "digest": request.digest,
        "msg_id": request.msg_id,
        "received_at": _write(request.received_at),
        "outcome": request.outcome.value,
        "reason": request.reason,
        "reply_status": request.reply_status,
        "reply": request.reply,
    }


def _payment_row(payment: BookedPayment) -> tuple[object, ...]:
    return (
        payment.end_to_end_id,
        payment.account,
        payment.amount_minor,
        payment.currency,
        payment.state.value,
        payment.reason,
    )


def _bookings(payments: list[BookedPayment]) -> Iterator[tuple[object, ...]]:
    for payment in payments:
        if payment.state is State.REJECTED:
            continue
        head, money = (payment.end_to_end_id, payment.debtor_account), (payment.amount_minor, payment.currency)
        yield (*head, "DBIT", *money, payment.booked_on.isoformat(), payment.entry_ref)
        if payment.returned_on is not None:
            yield (*head, "CRDT", *money, payment.returned_on.isoformat(), payment.return_ref)


def _answer_row(queued: Queued) -> dict[str, object]:
    return {
        "name": queued.name,
        "suffix": queued.suffix,
        "digest": hashlib.sha256(queued.content).hexdigest(),
        "content": queued.content,
        "due": _write(queued.due),
    }


def _write(moment: datetime) -> str:
    # One width and one zone, so that SQLite's comparison of texts is the comparison of moments.
    return moment.astimezone(UTC).strftime(_MOMENT)


def _read(text: str) -> datetime:
    return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
