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
from pathlib import Path

from gateway.sandbox.accounts import Accounts, sql
from gateway.sandbox.judge import Outcome, State
from gateway.sandbox.messages import decimal
from gateway.sandbox.movements import Movement, Sort

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
class AskedPayment:
    """One payment the bank was asked for and what became of it; its money is in the movements that name its place.

    `habit` says in words what the bank did with it out of the ordinary.
    """

    end_to_end_id: str
    account: str
    amount_minor: int
    currency: str
    state: State
    reason: str | None
    habit: str = ""


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
        self._connection.executescript(sql()["schema"])
        self.accounts = Accounts(self._connection)

    def close(self) -> None:
        """Close the file; open transactions are lost as in a kill."""
        self._connection.close()

    def record(
        self,
        request: Request,
        payments: Iterable[AskedPayment],
        movements: Iterable[Movement],
        answers: Iterable[Queued],
    ) -> None:
        """Book a request with everything that follows from it, at once or not at all.

        A movement names its payment by its place among `payments`, from 1. Raises sqlite3.IntegrityError when the
        source is in the books already; nothing is booked then.
        """
        with self.transaction():
            row = self._connection.execute(sql()["add_request"], _request_row(request)).lastrowid
            rows = ((row, n, *_payment_row(payment)) for n, payment in enumerate(payments, start=1))
            self._connection.executemany(sql()["add_payment"], rows)
            self.accounts.book(movements, row)
            self.queue(answers)

    def queue(self, answers: Iterable[Queued]) -> None:
        """Put messages among those to send, in a transaction of these books."""
        self._connection.executemany(sql()["add_answer"], map(_answer_row, answers))

    def knows_msg_id(self, msg_id: str) -> bool:
        """Say whether a readable file with this MsgId was taken before."""
        return self._connection.execute(sql()["knows_msg_id"], (msg_id,)).fetchone() is not None

    def sources(self) -> set[str]:
        """Return the names of all files (keys of all requests) in the books."""
        return {source for (source,) in self._connection.execute(sql()["sources"])}

    def request(self, source: str) -> StoredRequest | None:
        """Return what is remembered under an idempotency key."""
        row = self._connection.execute(sql()["request"], (source,)).fetchone()
        if row is None:
            return None
        return StoredRequest(digest=row[0], reply_status=row[1], reply=row[2], read_backs=row[3])

    def count_read_back(self, source: str) -> None:
        """Remember that a request was asked for."""
        self._connection.execute(sql()["count_read_back"], (source,))

    def due(self, now: datetime, limit: int) -> list[Answer]:
        """Return up to `limit` messages to send by `now`, oldest first, each until it is acknowledged."""
        rows = self._connection.execute(sql()["due"], (_write(now), limit))
        return [
            Answer(id=row[0], name=row[1], suffix=row[2], digest=row[3], copy=row[4], content=row[5], due=_read(row[6]))
            for row in rows
        ]

    def next_due(self) -> datetime | None:
        """Return when the next message is to be sent, None when there is nothing more to say."""
        (moment,) = self._connection.execute(sql()["next_due"]).fetchone()
        return _read(moment) if moment else None

    def acknowledge(self, answers: Iterable[Answer], now: datetime) -> None:
        """Remember that these messages arrived, so that they are not sent again."""
        with self.transaction():
            self._connection.executemany(sql()["mark_sent"], [(_write(now), answer.id) for answer in answers])

    def duplicates_booked(self) -> list[Duplicate]:
        """Return every EndToEndId debited more than once and every MsgId booked from more than one file."""
        rows = self._connection.execute(sql()["duplicates"])
        return [Duplicate(kind=kind, reference=reference, times=times) for kind, reference, times in rows]

    def export(self, until: date = date.max) -> Iterator[dict[str, object]]:
        """Yield one flat mapping a payment the bank was asked for, with what moved for it up to the day `until`.

        `booked` and `returned` say whether money left for it and came back, so a rejected payment that stood in a sum
        of all is all three; `returnedAmount` lacks the `charges` that the bank stated. `returnRefs` are the references
        by which a statement may name the return.
        """
        for row in self._connection.execute(sql()["payments"], (until.isoformat(),)):
            end_to_end_id, account, minor, currency, state, reason, *moved = row
            debits, credits_, back, charges, left, came, *names = moved
            yield {
                "endToEndId": end_to_end_id,
                "account": account,
                "amount": decimal(minor),
                "currency": currency,
                "booked": bool(debits),
                "rejected": state == State.REJECTED,
                "returned": bool(credits_),
                "reason": reason,
                "returnedAmount": decimal(back),
                "charges": decimal(charges),
                "bookedOn": left,
                "returnedOn": came,
                "returnRefs": [name for name in names if name],
            }

    def said(self) -> Iterator[bytes]:
        """Yield every message that was sent, as often as it was."""
        yield from (content for (content,) in self._connection.execute(sql()["said"]))

    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield what the bank did out of the ordinary, in words, each with the EndToEndId that it was done to."""
        for row in self._connection.execute(sql()["shown"]):
            end_to_end_id, *told = row
            yield from ((words, end_to_end_id) for words in in_words(*told))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of what the context does, or nothing."""
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


def in_words(
    state: str, reason: str | None, habit: str, minor: int, sort: str | None, shape: str, back: int, charges: int
) -> Iterator[str]:
    """Say what was done with one payment, by what came back of it: `sort` is None where nothing did."""
    if habit:
        yield habit
    if state == State.REJECTED and sort is None and not habit:
        yield _TOLD_REJECTS.get(reason or "", "rejected")
    if sort == Sort.LUMP:
        yield "returned in a lump"
    elif sort is not None and state == State.REJECTED:
        yield "rejected, booked in a sum of all and credited"
    elif sort is not None:
        yield f"returned, {shape}"
        yield f"returned for {reason}"
        if charges:
            yield "returned less charges"
        if back + charges < minor:
            yield "returned short, without a word"


_TOLD_REJECTS = {"AM04": "rejected with its block: no funds", "FF01": "rejected with its file: form"}


def _payment_row(payment: AskedPayment) -> tuple[object, ...]:
    return (
        payment.end_to_end_id,
        payment.account,
        payment.amount_minor,
        payment.currency,
        payment.state.value,
        payment.reason,
        payment.habit,
    )


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
