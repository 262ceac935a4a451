"""A bank that takes files: collects them, books them, queues its answers. Every step survives a kill.

A file is moved out of the gateway's reach first (that is the bank's point of no return) and booked afterwards; a file
that was moved but is not in the books is booked at the next start.
"""

from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from gateway.sandbox import chance
from gateway.sandbox.answers import answers, return_day, return_reference
from gateway.sandbox.books import BookedPayment, Books, Queued, Request, books_path
from gateway.sandbox.judge import Judgement, State, Verdict, judge_file
from gateway.sandbox.messages import Message
from gateway.sandbox.parameters import BankParameters

_UNFINISHED = (".tmp", ".part", ".filepart")


def schedule(bank: BankParameters, messages: list[Message], taken_at: datetime) -> list[Queued]:
    """Say when each message goes out: its delay, a lateness drawn from its id, and a second copy of some."""
    queued: list[Queued] = []
    for message in messages:
        late = chance.number(bank.seed, f"late {bank.slug}", message.name, bank.jitter_seconds + 1)
        due = taken_at + timedelta(seconds=message.delay_seconds + late)
        queued.append(Queued(name=message.name, suffix=message.suffix, content=message.content, due=due))
        if chance.happens(bank.seed, f"repeat {bank.slug}", message.name, bank.repeated_per_10000):
            again = due + timedelta(seconds=bank.repeat_delay_seconds)
            queued.append(Queued(name=message.name, suffix=message.suffix, content=message.content, due=again))
    return queued


def book_entry(
    bank: BankParameters, debtor_account: str, executed: date, created: datetime, verdict: Verdict
) -> BookedPayment:
    """Turn a decided payment into its line of the books; `created` is when the order for it was made."""
    returned = verdict.state is State.RETURNED
    told = (created + timedelta(seconds=bank.return_delay_seconds)).date()
    return BookedPayment(
        end_to_end_id=verdict.payment.end_to_end_id,
        account=verdict.payment.account,
        debtor_account=debtor_account,
        amount_minor=verdict.payment.amount_minor,
        currency=verdict.payment.currency,
        state=verdict.state,
        reason=verdict.reason,
        entry_ref=verdict.entry_ref,
        booked_on=executed,
        return_ref=return_reference(bank, verdict.entry_ref) if returned else None,
        returned_on=return_day(executed, told) if returned else None,
    )


class FileBank:
    """A bank of one of the kinds that take files. `<root>/<slug>/in` is where the gateway drops them."""

    def __init__(self, bank: BankParameters, root: Path) -> None:
        """Open the bank and line up the files that were collected but never booked."""
        self.parameters = bank
        self.books = Books(books_path(root, bank.slug))
        self._in = root / bank.slug / "in"
        self._collected = root / bank.slug / "collected"
        for folder in (self._in, self._collected):
            folder.mkdir(parents=True, exist_ok=True)
        booked = self.books.sources()
        names = sorted(path.name for path in self._collected.iterdir() if path.is_file())
        self._waiting = deque(name for name in names if name not in booked)

    def collect(self, now: datetime) -> bool:
        """Take every finished file out of the folder, then decide and book at most one; say whether it did."""
        for path in sorted(self._in.iterdir()):
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED):
                self._waiting.append(self._take(path))
        if not self._waiting:
            return False
        self._book(self._waiting[0], now)
        self._waiting.popleft()
        return True

    def close(self) -> None:
        """Close the books."""
        self.books.close()

    def _take(self, path: Path) -> str:
        # The same name may come again: what was collected before is evidence and stays.
        name, number = path.name, 1
        while (self._collected / name).exists():
            number += 1
            name = f"{path.name}.{number}"
        path.rename(self._collected / name)
        return name

    def _book(self, name: str, now: datetime) -> None:
        judged = judge_file(self.parameters, (self._collected / name).read_bytes(), self.books.knows_msg_id)
        request = Request(
            source=name,
            digest=judged.digest,
            msg_id=judged.msg_id,
            received_at=now,
            outcome=judged.outcome,
            reason=judged.reason,
        )
        queued = schedule(self.parameters, answers(self.parameters, judged), now)
        self.books.record(request, self._entries(judged), queued)

    def _entries(self, judged: Judgement) -> Iterator[BookedPayment]:
        for block, verdict in judged.verdicts():
            yield book_entry(self.parameters, block.debtor_account, block.execution_date, judged.created, verdict)
