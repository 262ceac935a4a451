"""A bank that takes files: collects them, books them, queues its answers. Every step survives a kill.

A file is moved out of the gateway's reach first (that is the bank's point of no return) and booked afterwards; a file
that was moved but is not in the books is booked at the next start.
"""

from collections import deque
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from gateway.sandbox import chance
from gateway.sandbox.answers import answers
from gateway.sandbox.books import AskedPayment, Books, Queued, Request, books_path
from gateway.sandbox.closing import close_day, fund
from gateway.sandbox.envelopes import Pouch
from gateway.sandbox.judge import Judgement, Standing, judge_file
from gateway.sandbox.messages import Message
from gateway.sandbox.movements import movements
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


def open_books(bank: BankParameters, root: Path) -> Books:
    """Open the bank's books, with its accounts in them."""
    books = Books(books_path(root, bank.slug))
    books.accounts.open(bank.debtor_accounts, bank.account.opening_minor)
    return books


def standing(bank: BankParameters, books: Books) -> Standing:
    """Read from the books where the bank stands: its first open day, and balances where they bind."""
    closed = books.accounts.last_closed()
    return Standing(
        open_day=None if closed is None else closed + timedelta(days=1),
        available={} if bank.account.overdraft else books.accounts.balances(),
    )


def record(bank: BankParameters, books: Books, request: Request, judged: Judgement, said: Sequence[Queued]) -> None:
    """Book what was decided about a file or request, with everything the bank says about it."""
    asked = [
        AskedPayment(
            end_to_end_id=verdict.payment.end_to_end_id,
            account=verdict.payment.account,
            amount_minor=verdict.payment.amount_minor,
            currency=verdict.payment.currency,
            state=verdict.state,
            reason=verdict.reason,
            habit=verdict.habit,
        )
        for _, verdict in judged.verdicts()
    ]
    books.record(request, asked, movements(bank, judged), said)


class FileBank:
    """A bank of one of the kinds that take files. `<root>/<slug>/in` is where the gateway drops them.

    With a `pouch` files must come in an envelope; what was in them is kept in `<root>/<slug>/opened`. Where the bank
    has a `control_suffix` it leaves a file where it is until its control file lies beside it, and then takes
    both; control files are kept in `<root>/<slug>/controls`.
    """

    def __init__(self, bank: BankParameters, root: Path, pouch: Pouch | None = None) -> None:
        """Open the bank and line up the files that were collected but never booked."""
        self._pouch = pouch
        self._opened = root / bank.slug / "opened"
        self.parameters = bank
        self.books = open_books(bank, root)
        self._in = root / bank.slug / "in"
        self._collected = root / bank.slug / "collected"
        self._controls = root / bank.slug / "controls"
        for folder in (self._in, self._collected, *([self._controls] if bank.control_suffix else [])):
            folder.mkdir(parents=True, exist_ok=True)
        booked = self.books.sources()
        names = sorted(path.name for path in self._collected.iterdir() if path.is_file())
        self._waiting = deque(name for name in names if name not in booked)

    def has_files(self) -> bool:
        """Whether there is anything to collect or to book: a look that costs little."""
        return bool(self._waiting) or any(self._in.iterdir())

    def collect(self, now: datetime) -> bool:
        """Take every finished file out of the folder, then decide and book at most one; say whether it did."""
        for path in sorted(self._in.iterdir()):
            if path.is_file() and self._is_whole(path):
                self._waiting.append(self._take(path))
        if not self._waiting:
            return False
        self._book(self._waiting[0], now)
        self._waiting.popleft()
        return True

    def close_day(self, day: date, now: datetime) -> None:
        """End the bank's business day; see `gateway.sandbox.closing`."""
        close_day(self.parameters, self.books, day, now)

    def fund(self, account: str, amount_minor: int, day: date) -> None:
        """Let money come in on an account; see `gateway.sandbox.closing`."""
        fund(self.parameters, self.books, account, amount_minor, day)

    def close(self) -> None:
        """Close the books."""
        self.books.close()

    def _is_whole(self, path: Path) -> bool:
        if path.name.startswith(".") or path.name.endswith(_UNFINISHED) or self._is_control(path):
            return False
        suffix = self.parameters.control_suffix
        return not suffix or path.with_name(path.name + suffix).exists()

    def _is_control(self, path: Path) -> bool:
        suffix = self.parameters.control_suffix
        return bool(suffix) and path.name.endswith(suffix)

    def _take(self, path: Path) -> str:
        # The same name may come again: what was collected before is evidence and stays.
        name, number = path.name, 1
        while (self._collected / name).exists():
            number += 1
            name = f"{path.name}.{number}"
        path.rename(self._collected / name)
        if suffix := self.parameters.control_suffix:
            path.with_name(path.name + suffix).rename(self._controls / (name + suffix))
        return name

    def _control(self, name: str) -> bytes | None:
        """Return what the control file tells; a bank that was killed between the two finds it where it was left."""
        suffix = self.parameters.control_suffix
        if not suffix:
            return None
        taken, left = (folder / (name + suffix) for folder in (self._controls, self._in))
        if left.exists() and not taken.exists():
            left.rename(taken)
        return taken.read_bytes() if taken.exists() else b""

    def _content(self, name: str) -> bytes:
        """Return what a file says; something that nobody can read for what did not come as it was agreed."""
        received = (self._collected / name).read_bytes()
        if self._pouch is None:
            return received
        try:
            content = self._pouch.opened(received)
        except ValueError:
            return b"not opened " + sha256(received).digest()
        self._opened.mkdir(exist_ok=True)
        (self._opened / name).write_bytes(content)
        return content

    def _book(self, name: str, now: datetime) -> None:
        bank, content = self.parameters, self._content(name)
        stands = standing(bank, self.books)
        judged = judge_file(bank, content, self.books.knows_msg_id, stands, self._control(name))
        request = Request(
            source=name,
            digest=judged.digest,
            msg_id=judged.msg_id,
            received_at=now,
            outcome=judged.outcome,
            reason=judged.reason,
        )
        said = schedule(bank, answers(bank, judged, movements(bank, judged)), now)
        record(bank, self.books, request, judged, said)
