"""The end of a bank's business day: charges, closing balances, statements, and money that comes in.

A day ends when the bank is told, never by itself. What is asked for afterwards is booked on the next day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from gateway.sandbox import camt053, chance, voice
from gateway.sandbox.accounts import Statement
from gateway.sandbox.behaviours import StatementParameters
from gateway.sandbox.books import Books, Queued
from gateway.sandbox.camt053 import Told
from gateway.sandbox.entries import Style
from gateway.sandbox.messages import Header
from gateway.sandbox.movements import CREDIT, DEBIT, Movement, Sort
from gateway.sandbox.parameters import BankParameters, Kind
from gateway.sandbox.zipped import packed

_EVENING = time(18, tzinfo=UTC)
_AFTER = timedelta(hours=1)
"""How long after another message its correction, its second copy or the statement it overtook goes out."""


def close_day(bank: BankParameters, books: Books, day: date, now: datetime) -> None:
    """End `day`: statements are due after `now`. A day that was closed, or lies before one, is left alone."""
    closed = books.accounts.last_closed()
    if closed is not None and day <= closed:
        return
    with books.transaction():
        for account in bank.debtor_accounts:
            _charge(bank, books, account, day)
            books.accounts.close(account, day)
        if bank.statement is not None:
            books.queue(_Teller(bank, bank.statement, books, now).messages(day))


def fund(bank: BankParameters, books: Books, account: str, amount_minor: int, day: date) -> None:
    """Let money come in on an account, on `day` or the first open one after it. Raises ValueError.

    It names no payment: it is the institution's own transfer.
    """
    if account not in bank.debtor_accounts or amount_minor <= 0:
        raise ValueError(f"{bank.slug} keeps no such account, or no money comes in")
    closed = books.accounts.last_closed()
    day = day if closed is None else max(day, closed + timedelta(days=1))
    about = f"{account} {day} {amount_minor} {books.accounts.balances()[account]}"
    money = Movement(
        sort=Sort.FUNDING,
        account=account,
        side=CREDIT,
        amount_minor=amount_minor,
        booked_on=day,
        entry_ref=chance.reference(bank.seed, f"funding {bank.slug}", about, 16),
    )
    with books.transaction():
        books.accounts.book([money], None)


def _charge(bank: BankParameters, books: Books, account: str, day: date) -> None:
    minor = bank.account.daily_charge_minor
    if not minor or not books.accounts.moves_payments(account, day):
        return
    reference = chance.reference(bank.seed, f"charge {bank.slug}", f"{account} {day}", 16)
    taken = Movement(
        sort=Sort.CHARGE, account=account, side=DEBIT, amount_minor=minor, booked_on=day, entry_ref=reference
    )
    books.accounts.book([taken], None)


class _Teller:
    """Lines up what a bank says at the end of a day."""

    def __init__(self, bank: BankParameters, habits: StatementParameters, books: Books, now: datetime) -> None:
        self._bank, self._habits, self._books, self._now = bank, habits, books, now
        self._ways: defaultdict[int, set[str]] = defaultdict(set)
        self._style = Style(
            version=habits.version,
            family=bank.return_family,
            listed=habits.sums == "listed",
            own_batch=bank.verdicts.references == "own",
            status=habits.entry_status == "given",
            reference=habits.entry_reference == "given",
        )

    def messages(self, day: date) -> list[Queued]:
        """Return the messages of this day, and of an earlier one whose statement was late."""
        waiting = [one for one in self._books.accounts.statements() if not one.told]
        today = [one for one in waiting if one.day == day]
        overtaken = [one for one in waiting if one.day < day]
        due = self._now + timedelta(seconds=self._habits.delay_seconds)
        said = [self._report(one, self._now) for one in today] if self._habits.intraday else []
        # Only one statement is late at a time: whatever was overtaken follows its successor.
        late = not overtaken and self._happens("late", str(day), self._habits.late_per_10000)
        told = [] if late else today
        for group in self._groups(told):
            said += self._statement(group, due)
        for one in overtaken:
            self._ways[one.id].add("after its successor")
            said += self._statement([one], due + _AFTER)
        self._books.accounts.mark_told({one.id: self._ways[one.id] for one in [*told, *overtaken]})
        return list(_zipped(said)) if self._habits.zipped else said

    def _groups(self, statements: Sequence[Statement]) -> list[Sequence[Statement]]:
        if not statements:
            return []
        return [statements] if self._habits.together else [[one] for one in statements]

    def _statement(self, group: Sequence[Statement], due: datetime) -> Iterator[Queued]:
        told = [self._told(one) for one in group]
        for one in group:
            self._ways[one.id] |= self._always(told)
        about = f"{group[0].account} {group[0].sequence}"
        if len(told) == 1 and self._happens("unbalanced", about, self._habits.unbalanced_per_10000):
            self._ways[group[0].id].add("unbalanced at first")
            wrong = camt053.misprinted(told[0])
            yield from self._sent(group[0], [[wrong]], "wrong", due)
            due += _AFTER
        yield from self._sent(group[0], self._paged(told), "statement", due)

    def _always(self, told: Sequence[Told]) -> set[str]:
        """Name the ways that need no chance."""
        ways = {
            self._habits.version if self._habits.version in voice.MT else f"camt.053.001.{self._habits.version}": True,
            "entries without a status": not self._style.status,
            "entries without a reference": not self._style.reference,
            "after a report of the day": self._habits.intraday,
            "in a zip": self._habits.zipped,
            "two accounts in a message": len(told) > 1,
            "on several pages": len(self._paged(told)) > 1,
        }
        return {way for way, so in ways.items() if so}

    def _paged(self, told: Sequence[Told]) -> list[Sequence[Told]]:
        """Cut one statement into its pages; every page goes into a message of its own."""
        if self._habits.pages == 1 or len(told) > 1 or len(told[0].entries) < self._habits.pages:
            return [told]
        return [[page] for page in camt053.pages(told[0], self._habits.pages)]

    def _sent(self, first: Statement, messages: Sequence[Sequence[Told]], sort: str, due: datetime) -> Iterator[Queued]:
        for number, told in enumerate(messages, start=1):
            head = self._head(first, f"{sort} {number}")
            written = voice.statement(self._bank, head, self._style, told)
            queued = Queued(name=head.msg_id, suffix=written.suffix, content=written.content, due=due)
            yield queued
            if self._happens("twice", head.msg_id, self._habits.twice_per_10000):
                self._ways[first.id].add("twice")
                yield replace(queued, due=due + _AFTER)

    def _report(self, statement: Statement, due: datetime) -> Queued:
        head = self._head(statement, "report")
        written = voice.report(self._bank, head, self._style, self._told(statement))
        return Queued(name=head.msg_id, suffix=written.suffix, content=written.content, due=due)

    def _told(self, statement: Statement) -> Told:
        entries = self._books.accounts.on_statement(statement)
        if self._bank.kind is Kind.API:  # which request came first depends on the run
            entries.sort(key=lambda one: (one.booked_on, one.side == CREDIT, one.end_to_end_id))
        return camt053.told(self._bank.slug, statement, entries)

    def _head(self, statement: Statement, sort: str) -> Header:
        about = f"{statement.account} {statement.sequence}"
        mark = chance.reference(self._bank.seed, f"message {self._bank.slug} {sort}", about, 20)
        msg_id = f"{self._bank.slug.replace('-', '').upper()[:8]}C{mark}"
        created = datetime.combine(statement.day, _EVENING)
        return Header(msg_id=msg_id, created=created, sender=self._bank.dress.name)

    def _happens(self, what: str, key: str, per_10000: int) -> bool:
        return chance.happens(self._bank.seed, f"{what} {self._bank.slug}", key, per_10000)


def _zipped(said: Iterable[Queued]) -> Iterator[Queued]:
    """Pack what goes out at one time into one zip, which has the name of its first message."""
    by_due: defaultdict[datetime, list[Queued]] = defaultdict(list)
    for one in said:
        by_due[one.due].append(one)
    for together in by_due.values():
        content = packed((f"{one.name}.{one.suffix}", one.content) for one in together)
        yield replace(together[0], suffix="zip", content=content)
