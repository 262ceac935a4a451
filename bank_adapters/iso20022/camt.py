"""Reads account reports (camt.052, .053 and .054; .02 to .13 and relatives) into observations and statements.

One reader for all three: their entries have the same structure. Each Stmt of a camt.053 is also told as a whole, with
its balances and the sum of its entries; proving it is for others. Memory is flat: entries and transactions are
forgotten as they end. Reference: iso20022-and-banks 3.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress, count, islice
from types import MappingProxyType

from bank_adapters.iso20022 import stmt
from bank_adapters.iso20022.bookings import Entry
from bank_adapters.iso20022.entry import Head, Manner, Place, account_of, manner
from bank_adapters.iso20022.markup import Batch, batches
from bank_adapters.iso20022.plain import plain_entry, plain_shape
from bank_adapters.iso20022.plain_run import LEAST, plain_entries
from bank_adapters.iso20022.shapes import TAGS, TAGS_MAX, Memo
from bank_adapters.iso20022.surroundings import HEADER, Gathered, Surroundings
from bank_adapters.iso20022.xml import Element, child
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ToldBy
from gateway.domain.statement import Statement

ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {"BkToCstmrDbtCdtNtfctn": "Ntfctn", "BkToCstmrAcctRpt": "Rpt", "BkToCstmrStmt": "Stmt"}
)
"""Root child -> what holds the entries of an account."""
_TOLD_BY = MappingProxyType({"Ntfctn": ToldBy.NOTIFICATION, "Rpt": ToldBy.REPORT, "Stmt": ToldBy.STATEMENT})
_OPENS, _CLOSES, _ENTRY, _TRANSACTION = 1, 2, 4, 8
_RECORDS = {"Ntry": _ENTRY, "TxDtls": _TRANSACTION}

Told = list[Observation | Statement]


def _mark(raw: str) -> int:
    """Say whether a tag opens or closes an entry or a transaction; 0 for every other."""
    tag = TAGS[raw]
    mark = _RECORDS.get(tag.name, 0)
    return mark | (_OPENS if tag.opens else 0) | (_CLOSES if tag.closes else 0) if mark else 0


_MARKS = Memo(_mark)


def _marks(tags: list[str], at: int) -> Iterator[int]:
    """Yield where entries and transactions begin and end, from a place on."""
    return compress(count(at), map(_MARKS.__getitem__, islice(tags, at, None)))


class Reader:
    """Reads messages with this root child; see `bank_adapters.spi.Adapter.read`."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __call__(self, parts: Iterable[str], profile: Profile) -> Iterator[Observation | Statement]:
        """Yield one observation a transaction, or one an entry or batch whose transactions are not listed.

        After the last entry of a Stmt its Statement follows. Raises Unreadable.
        """
        name = ACCOUNTS[self._message]
        report = _Report(self._message, manner(_TOLD_BY[name], profile.statement))
        for batch in batches(parts):
            yield from report.take(batch)
        if report.messages != 1:
            raise Unreadable("message.count", "/", f"exactly one {self._message} is expected")


class _Report:
    """The accounts of one message, entry by entry.

    An entry's own tags are gathered without those of its transactions, which are records of their own; so are an
    account's, without those of its entries.
    """

    def __init__(self, message: str, how: Manner) -> None:
        self._name, self._how = ACCOUNTS[message], how
        self._proves = how.told_by is ToldBy.STATEMENT
        self._around = Surroundings(message, self._name)
        self._places = self._entries = 0
        self._account: tuple[str | None] | None = None
        self._in_account = False
        self._entry: Entry | None = None
        self._transaction: Gathered | None = None
        self._pages: stmt.Pagination | None = None
        self._tally = stmt.Tally()
        self._new_tags = 0

    @property
    def messages(self) -> int:
        """How many messages there were, of whatever kind."""
        return self._around.messages

    def take(self, batch: Batch) -> Told:
        """Handle a batch of tags; return what can be told now."""
        known = TAGS.missed
        told = self._take(*batch)
        self._new_tags += TAGS.missed - known
        if self._new_tags > TAGS_MAX:
            raise Unreadable("xml.names", "/", f"more than {TAGS_MAX:,} tags that were not met before")
        return told

    def _take(self, tags: list[str], texts: list[str]) -> Told:
        told: Told = []
        at, marks = 0, _marks(tags, 0)
        while (mark := next(marks, None)) is not None:
            kind = _MARKS[tags[mark]]
            if kind & _OPENS:
                if at < mark:
                    self._gather(tags[at:mark], texts[at:mark], told)
                at = self._plain(tags, texts, mark, told) if kind & _ENTRY else mark
                if at > mark:
                    marks = _marks(tags, at)
                    continue
                self._begin(kind)
            if kind & _CLOSES:
                self._end(kind, tags[at : mark + 1], texts[at : mark + 1], told)
                at = mark + 1
        self._gather(tags[at:], texts[at:], told)
        self._bound(told)
        return told

    def _bound(self, told: Told) -> None:
        """Keep what is not ended yet small."""
        if self._transaction is not None:
            self._transaction.bound(self._path)
        if self._entry is not None:
            self._entry.bound(self._path)
            bookings: list[Observation] = []
            self._entry.relieve(bookings)
            self._tell(bookings, told)

    def _tell(self, bookings: list[Observation], told: Told) -> None:
        if self._proves:
            self._tally.told(bookings)
        told += bookings

    def _plain(self, tags: list[str], texts: list[str], at: int, told: Told) -> int:
        """Tell the entries from a place on that say no more than their one transaction; return where they end."""
        if self._entry is not None:
            return at
        begins, ends, together = tags[at], f"/{tags[at]}", True
        while at < len(tags) and tags[at] == begins:
            try:
                end = tags.index(ends, at) + 1
            except ValueError:  # it goes on behind these tags, or is spelled in a way that is seldom
                return at
            record = tags[at:end]
            found = plain_entry(record, texts[at:end], self._place(), self._how)
            if found is None:
                return at
            self._told_plain([found], told)
            at = end
            if together:  # those like it; where they are not plain, all that follow are looked at one by one
                end, number = self._like(record, tags, at)
                like = self._together(record, texts[at:end]) if number >= LEAST else ()
                together = number < LEAST or bool(like)
                self._told_plain(like, told)
                at = end if like else at
        return at

    @staticmethod
    def _like(record: list[str], tags: list[str], at: int) -> tuple[int, int]:
        """Return where the entries end that have the same tags, and how many they are."""
        size, number = len(record), 0
        while tags[at : at + size] == record:
            at, number = at + size, number + 1
        return at, number

    def _together(self, record: list[str], texts: list[str]) -> Sequence[tuple[Head | None, Observation]]:
        place = self._place()
        shape = plain_shape(record, place)
        return () if shape is None else plain_entries(shape, len(record), texts, place, self._how)

    def _told_plain(self, entries: Sequence[tuple[Head | None, Observation]], told: Told) -> None:
        for head, one in entries:
            if self._proves and head is not None:
                self._tally.entry(head)
                self._tally.told((one,))
            told.append(one)
        self._entries += len(entries)

    def _place(self) -> Place:
        """Return where the next entry stands. Raises Unreadable where none may."""
        if not self._in_account:
            if not self._around.in_account:
                raise Unreadable("element.order", "/", f"an entry stands outside a {self._name}")
            self._in_account = True
        if self._account is None:
            self._account = (account_of(self._around.so_far(), self._path),)
        return Place(self._places + 1, self._entries + 1, *self._account, self._path)

    @property
    def _path(self) -> str:
        """Where the entry stands that is under way."""
        return f"/{self._name}[{self._places + 1}]/Ntry[{self._entries + 1}]"

    def _gather(self, tags: Sequence[str], texts: Sequence[str], told: Told) -> None:
        """Keep what stands between the beginnings and ends of records, where it belongs."""
        inside = self._transaction or self._entry
        if inside is not None:
            inside.add(tags, texts)
            return
        self._in_account = False
        for ended in self._around.take(tags, texts):
            if ended.tag == HEADER:
                self._head(ended)
            else:
                self._end_of_account(ended, told)

    def _begin(self, kind: int) -> None:
        """Begin an entry, or a transaction of one."""
        if self._transaction is not None or (self._entry is None) is bool(kind & _TRANSACTION):
            raise Unreadable("element.order", self._path, "entries and transactions stand inside one another")
        if kind & _TRANSACTION:
            self._transaction = Gathered()
            return
        self._entry = Entry(self._place(), self._how)

    def _end(self, kind: int, tags: Sequence[str], texts: Sequence[str], told: Told) -> None:
        """End a transaction or an entry; the tags end with it."""
        entry, transaction, bookings = self._entry, self._transaction, list[Observation]()
        if entry is None or (transaction is None) is bool(kind & _TRANSACTION):
            raise Unreadable("element.order", self._path, "entries and transactions stand inside one another")
        if transaction is None:
            entry.add(tags, texts)
            head = entry.end(bookings)
            if self._proves:
                self._tally.entry(head)
            self._entries, self._entry = self._entries + 1, None
        else:
            transaction.add(tags, texts)
            self._transaction = None
            entry.transaction(transaction.tags, transaction.texts, bookings)
        self._tell(bookings, told)

    def _head(self, header: Element) -> None:
        """Read the group header."""
        pages = child(header, "MsgPgntn", f"/{HEADER}")
        if self._pages is not None or (self._places and pages is not None):
            raise Unreadable("element.order", f"/{HEADER}", "the group header must stand once, before the accounts")
        self._pages = stmt.pagination(pages, f"/{HEADER}/MsgPgntn") or stmt.ALL

    def _end_of_account(self, element: Element, told: Told) -> None:
        tally, self._tally = self._tally, stmt.Tally()
        owner, self._account = self._account, None
        self._places, self._entries = self._places + 1, 0
        path = f"/{self._name}[{self._places}]"
        if owner is not None and owner != (account_of(element, path),):
            raise Unreadable("element.order", f"{path}/Acct", "an account is named after its entries")
        if self._proves:
            told.append(stmt.statement(element, self._places, tally, self._pages or stmt.ALL))
