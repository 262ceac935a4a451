"""Account statements: what one says of itself, whether it adds up, and which statement follows which.

A statement is proved when opening + booked entries = closing over all its pages, the pages have no gap, its number
follows the one proved before and its opening is the closing before. Numbers may begin again in a new year. The first
statement known of an account begins its chain: its opening is taken as given. A chain grows at both ends, so that the
order in which statements arrive does not matter. Reference: iso20022-and-banks 3.3; design 7.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One page of a statement (Stmt of a camt.053) as it was read. Amounts are signed minor units of `currency`.

    `place` counts the Stmt in its message from 1. `opening_minor` is OPBD, else PRCD; `closing_minor` CLBD; None where
    the page does not tell them. `entries_minor` and `entry_count` are of booked entries. `digest` (32 bytes) is of all
    that the page says of its entries, in their order.
    """

    place: int
    account: str
    currency: str
    statement_id: str | None
    sequence: int | None
    page: int
    last_page: bool
    opening_minor: int | None
    closing_minor: int | None
    opening_on: date | None
    closing_on: date | None
    entries_minor: int
    entry_count: int
    digest: bytes


BALANCE_MISSING = "statement.balance"
"""Rule: a whole statement tells its opening and its closing balance."""
SUM_DIFFERS = "statement.sum"
"""Rule: opening + booked entries = closing."""


class _Figures(Protocol):
    """What the arithmetic needs of a page."""

    @property
    def page(self) -> int: ...
    @property
    def last_page(self) -> bool: ...
    @property
    def opening_minor(self) -> int | None: ...
    @property
    def closing_minor(self) -> int | None: ...
    @property
    def entries_minor(self) -> int: ...


def broken_rule(pages: Sequence[_Figures]) -> str | None:
    """Return the rule that a whole statement breaks, or None where it adds up. `pages` stand in their order.

    Banks put either the statement's balances or each page's own on a page: the first opening and the last closing are
    the statement's in both.
    """
    opening, closing = pages[0].opening_minor, pages[-1].closing_minor
    if opening is None or closing is None:
        return BALANCE_MISSING
    return None if opening + sum(p.entries_minor for p in pages) == closing else SUM_DIFFERS


def broken_alone(page: _Figures) -> str | None:
    """Return the rule that a statement of a single page breaks; None where it adds up or has further pages."""
    return broken_rule([page]) if page.page == 1 and page.last_page else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """How a bank numbers: `consecutive` without gaps within a year, the first of a year at least sometimes `first`."""

    consecutive: bool = True
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stored page that waits. `rival`: a statement of the same number and year is proved with other content."""

    statement_no: int
    message_no: int
    statement_id: str | None
    sequence: int | None
    page: int
    last_page: bool
    opening_minor: int | None
    closing_minor: int | None
    opening_on: date | None
    closing_on: date | None
    entries_minor: int
    rival: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A proved statement at an end of a chain."""

    link: int
    statement_no: int
    sequence: int | None
    opening_minor: int
    closing_minor: int
    closing_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A waiting statement with all its pages, which adds up."""

    pages: tuple[Page, ...]
    opening_minor: int
    closing_minor: int

    @property
    def sequence(self) -> int | None:
        return self.pages[0].sequence

    @property
    def closing_on(self) -> date | None:
        return self.pages[-1].closing_on

    @property
    def numbers(self) -> list[int]:
        return [p.statement_no for p in self.pages]

    @property
    def order(self) -> tuple[date, bool, int, str, int]:
        """Order of those that only dates can order: by day, those that move nothing first, by number, id, arrival."""
        moves = self.opening_minor != self.closing_minor
        first = self.pages[0]
        return self.closing_on or date.min, moves, self.sequence or 0, first.statement_id or "", first.statement_no

    def at(self, link: int) -> Link:
        """Return this statement as a link of a chain."""
        return Link(
            link=link,
            statement_no=self.pages[0].statement_no,
            sequence=self.sequence,
            opening_minor=self.opening_minor,
            closing_minor=self.closing_minor,
            closing_on=self.closing_on,
        )


class _Numbered(Protocol):
    @property
    def sequence(self) -> int | None: ...
    @property
    def closing_on(self) -> date | None: ...


def comes_next(before: _Numbered, after: _Numbered, numbering: Numbering) -> bool:
    """Whether number and date let one statement follow another; whether the balances do is asked apart."""
    started, ended = before.closing_on, after.closing_on
    if not numbering.consecutive or before.sequence is None or after.sequence is None:
        return started is None or ended is None or started <= ended
    if after.sequence == before.sequence + 1:
        return True
    new_year = started is not None and ended is not None and started.year < ended.year
    return new_year and after.sequence == numbering.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The ends of the proved chain of an account; both None before it begins."""

    first: Link | None = None
    last: Link | None = None


DECISION = "a decision: a statement of this number has other content"
"""What a rival waits for; an exception says so."""
OPENING = "an opening balance that equals the closing before"
"""What a statement waits for whose number follows and whose balance does not."""
EARLIER = "an earlier statement"


@dataclass(slots=True, kw_only=True)
class Judged:
    """What judging a chain came to.

    `proved`: statement number of each page -> its link. `unbalanced`: page -> the broken rule. `waits`: page -> what it
    waits for. `rivals`: first pages of statements that need a decision. `gaps`: what is missing -> a page that shows
    it.
    """

    proved: dict[int, int]
    unbalanced: dict[int, str]
    waits: dict[int, str]
    rivals: list[Page]
    gaps: dict[str, Page]
    chain: Chain


def judge(waiting: Sequence[Page], chain: Chain, numbering: Numbering) -> Judged:
    """Judge what waits of one account: prove all that can be, and say of the rest what it waits for."""
    judged = Judged(proved={}, unbalanced={}, waits={}, rivals=[], gaps={}, chain=chain)
    wholes = [w for group in _groups(waiting, numbering) if (w := _whole(group, judged)) is not None]
    left = _Loose(wholes, numbering)
    while (found := _next(judged.chain, left)) is not None:
        whole, judged.chain, link = found
        left.take(whole)
        judged.proved |= dict.fromkeys(whole.numbers, link)
    for whole in left.wholes():
        _explain(whole, left, judged)
    return judged


def _groups(waiting: Iterable[Page], numbering: Numbering) -> Iterable[list[Page]]:
    """Gather the pages of one number, else of one id. A page that is all of its statement is a group of its own."""
    groups: defaultdict[object, list[Page]] = defaultdict(list)
    for page in waiting:
        alone = page.page == 1 and page.last_page
        number = page.sequence if numbering.consecutive else None
        key = page.statement_no if alone else (number, None if number is not None else page.statement_id)
        groups[key].append(page)
    return [sorted(group, key=lambda p: (p.page, p.statement_no)) for group in groups.values()]


def _whole(pages: list[Page], judged: Judged) -> Whole | None:
    """Return the statement if it has all its pages and adds up; otherwise say what is wrong with it or missing."""
    numbers = [p.statement_no for p in pages]
    if any(p.rival for p in pages) or len({p.page for p in pages}) < len(pages):
        judged.waits |= dict.fromkeys(numbers, DECISION)
        judged.rivals.append(pages[0])
        return None
    missing = next((n for n, p in enumerate(pages, start=1) if p.page != n), None)
    if missing is None and not pages[-1].last_page:
        missing = len(pages) + 1
    if missing is not None:
        judged.waits |= dict.fromkeys(numbers, f"page {missing}")
        if pages[-1].page > missing:
            judged.gaps[f"page {missing} before statement {pages[-1].statement_no}"] = pages[-1]
        return None
    rule = SUM_DIFFERS if any(p.last_page for p in pages[:-1]) else broken_rule(pages)
    opening, closing = pages[0].opening_minor, pages[-1].closing_minor
    if rule is not None or opening is None or closing is None:
        judged.unbalanced |= dict.fromkeys(numbers, rule or BALANCE_MISSING)
        return None
    return Whole(pages=tuple(pages), opening_minor=opening, closing_minor=closing)


class _Loose:
    """Statements not yet in the chain, by their balances."""

    def __init__(self, wholes: Iterable[Whole], numbering: Numbering) -> None:
        self.numbering = numbering
        self._all = {w.pages[0].statement_no: w for w in sorted(wholes, key=lambda w: w.order)}
        self._opening: defaultdict[int, list[Whole]] = defaultdict(list)
        self._closing: defaultdict[int, list[Whole]] = defaultdict(list)
        for whole in self._all.values():
            self._opening[whole.opening_minor].append(whole)
            self._closing[whole.closing_minor].append(whole)
        self._same = Counter(self.identity(w) for w in self._all.values())

    def wholes(self) -> list[Whole]:
        return list(self._all.values())

    def take(self, whole: Whole) -> None:
        del self._all[whole.pages[0].statement_no]
        self._opening[whole.opening_minor].remove(whole)
        self._closing[whole.closing_minor].remove(whole)

    def after(self, link: Link) -> Whole | None:
        return self._one(w for w in self._opening.get(link.closing_minor, ()) if comes_next(link, w, self.numbering))

    def before(self, link: Link) -> Whole | None:
        closing = reversed(self._closing.get(link.opening_minor, []))
        return self._one(w for w in closing if comes_next(w, link, self.numbering))

    def begin(self) -> Whole | None:
        return next((w for w in self._all.values() if not self.has_rivals(w)), None)

    def has_rivals(self, whole: Whole) -> bool:
        """Whether another statement of the same number and year was among them: they cannot both be true."""
        return self._same[self.identity(whole)] > 1

    def identity(self, whole: Whole) -> tuple[int | str | None, int | None]:
        """Return number (without one, id) and year; what has neither number nor id is only itself."""
        first = whole.pages[0]
        number = first.sequence if self.numbering.consecutive else None
        name = number if number is not None else first.statement_id
        if name is None:
            return -first.statement_no, None
        return name, None if whole.closing_on is None else whole.closing_on.year

    def _one(self, fitting: Iterable[Whole]) -> Whole | None:
        """Return the first that fits, unless a rival of it fits as well."""
        found = list(fitting)
        if not found or sum(self.identity(w) == self.identity(found[0]) for w in found) > 1:
            return None
        return found[0]


def _next(chain: Chain, left: _Loose) -> tuple[Whole, Chain, int] | None:
    """Find a statement that begins the chain or continues it at either end."""
    if chain.first is None or chain.last is None:
        begin = left.begin()
        return None if begin is None else (begin, Chain(first=begin.at(0), last=begin.at(0)), 0)
    after = left.after(chain.last)
    if after is not None:
        link = chain.last.link + 1
        return after, Chain(first=chain.first, last=after.at(link)), link
    before = left.before(chain.first)
    if before is not None:
        link = chain.first.link - 1
        return before, Chain(first=before.at(link), last=chain.last), link
    return None


def _explain(whole: Whole, left: _Loose, judged: Judged) -> None:
    """Say what a whole statement that is not proved waits for."""
    first, last = judged.chain.first, judged.chain.last
    number = whole.sequence if left.numbering.consecutive else None
    if first is None or last is None or left.has_rivals(whole):
        judged.waits |= dict.fromkeys(whole.numbers, DECISION)
        judged.rivals.append(whole.pages[0])
        return
    if number is None:
        waits = EARLIER
    elif comes_next(last, whole, left.numbering) or comes_next(whole, first, left.numbering):
        waits = OPENING
    else:
        waits = EARLIER if number == left.numbering.first else f"statement {number - 1}"
    judged.waits |= dict.fromkeys(whole.numbers, waits)
    early = number is not None and first.sequence is not None and number < first.sequence
    missing = f"before statement {first.statement_no}" if early else f"after statement {last.statement_no}"
    judged.gaps.setdefault(missing, whole.pages[0])
