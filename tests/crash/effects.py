"""Effect boundaries by name: which function's transaction, or which effect of a transport; and what it wrote.

The product marks every boundary with a plain word ("commit", "wire", "rename", "publish"). Here each gets the name of
the code that passes it, found by looking up the stack, and for a commit the named queries that changed rows, so that
it can be said which effects of the product no run has struck.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

from gateway.store import postgres
from gateway.store.postgres import PostgresSession
from gateway.store.queries import queries
from tests.orders import ROOT

STORE: Final = str(Path(postgres.__file__))
GATEWAY: Final = ROOT / "gateway"
ELSEWHERE: Final = ("sandbox", "demo", "bench", "store")
"""Parts of the product that play with it, and the store that every transaction runs through."""
BEFORE, AFTER = "before", "after"
TEST: Final = "a test"
"""The site of a transaction that a test itself begins."""
CHANGES: Final = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+(ONLY\s+)?\w+\s+(AS\s+)?(\w+\s+)?SET|DELETE\s+FROM)\b")
_COMMENT: Final = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True, order=True)
class Boundary:
    """One boundary as it was passed: where, which side of the effect, the how manieth time there."""

    site: str
    side: str
    time: int

    def __str__(self) -> str:
        return f"{self.side} {self.site} ({self.time})"


@dataclass(frozen=True, slots=True)
class Passed:
    """A boundary and the named queries (or "copy <table>") that changed rows in its transaction."""

    boundary: Boundary
    writes: frozenset[str] = frozenset()


def changes(query: str) -> bool:
    """Whether a named query changes rows."""
    return CHANGES.search(_COMMENT.sub("", queries()[query])) is not None


@dataclass(slots=True)
class Blow:
    """Names every boundary that is passed; strikes once, at the one it was told."""

    at: Boundary | None = None
    strike: Callable[[], None] = lambda: None
    passed: list[Passed] = field(default_factory=list)
    struck: bool = False
    noted: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self, effect: str, /) -> None:
        passed = self._named(effect, sys._getframe(1))
        self.passed.append(passed)
        if passed.boundary == self.at and not self.struck:
            self.struck = True
            self.strike()

    def note(self, connection: Any, what: str) -> None:
        """Remember that rows were changed in the transaction of a connection."""
        self.noted[id(connection)].add(what)

    def begin(self, connection: Any) -> None:
        """Begin a transaction."""
        self.noted[id(connection)] = set()

    def _named(self, effect: str, frame: FrameType) -> Passed:
        if frame.f_code.co_filename != STORE:
            site = f"{Path(frame.f_code.co_filename).stem}: {effect}"
            side = AFTER if self._times[site, BEFORE] > self._times[site, AFTER] else BEFORE
            return Passed(self._counted(site, side))
        side = BEFORE if frame.f_lineno == min(_lines_in_store()) else AFTER
        writes = frozenset(self.noted[id(frame.f_locals["connection"])])
        return Passed(self._counted(_transaction(frame), side), writes)

    def _counted(self, site: str, side: str) -> Boundary:
        self._times[site, side] += 1
        return Boundary(site, side, self._times[site, side])


class NotingSession(PostgresSession):
    """A session that notes which queries changed rows; the blow is that of the store it belongs to."""

    def __init__(self, connection: Any, blow: Blow) -> None:
        super().__init__(connection)
        self._blow = blow
        blow.begin(connection)

    async def all(self, shape: Any, query: str, *args: Any) -> Any:
        return self._note(query, await super().all(shape, query, *args))

    async def one(self, shape: Any, query: str, *args: Any) -> Any:
        return self._note(query, await super().one(shape, query, *args))

    async def column(self, query: str, *args: Any) -> Any:
        return self._note(query, await super().column(query, *args))

    async def value(self, query: str, *args: Any) -> Any:
        found = await super().value(query, *args)
        self._note(query, found is not None)
        return found

    async def execute(self, query: str, *args: Any) -> int:
        return int(self._note(query, await super().execute(query, *args)))

    async def many(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        given = list(rows)
        await super().many(query, given)
        self._note(query, given)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        await super().copy(table, columns, rows)
        self._blow.note(self._connection, f"copy {table}")

    def _note(self, query: str, found: Any) -> Any:
        if found and changes(query):
            self._blow.note(self._connection, query)
        return found


def session_of(connection: Any) -> PostgresSession:
    """Make the session of a store's connection: a noting one where the store's boundary is a blow."""
    boundary = sys._getframe(1).f_locals["self"]._boundary
    return NotingSession(connection, boundary) if isinstance(boundary, Blow) else PostgresSession(connection)


def _transaction(frame: FrameType) -> str:
    """Return the name of the transaction that is being committed: the first caller outside the store."""
    caller: FrameType | None = frame
    while caller is not None:
        file = Path(caller.f_code.co_filename)
        if (file, caller.f_lineno) in transactions():
            return transactions()[file, caller.f_lineno]
        caller = caller.f_back
    return TEST


@cache
def _lines_in_store() -> tuple[int, ...]:
    tree = ast.parse(Path(STORE).read_text(encoding="utf-8"))
    return tuple(node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_boundary(node))


def _is_boundary(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "_boundary" and bool(call.args)


@cache
def transactions() -> Mapping[tuple[Path, int], str]:
    """Every transaction of the product, by file and line: "module: function", numbered where a function has several."""
    found: dict[tuple[Path, int], str] = {}
    for file, tree in _modules():
        for function, lines in _transactions_of(tree, ()):
            for number, line in enumerate(sorted(lines), start=1):
                found[file, line] = f"{file.stem}: {function}{f' #{number}' if len(lines) > 1 else ''}"
    return found


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(GATEWAY.rglob("*.py")):
        if file.relative_to(GATEWAY).parts[0] not in ELSEWHERE:
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def _transactions_of(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, list[int]]]:
    """Yield functions with the lines on which they begin transactions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = (*within, child.name)
            lines = [n.lineno for n in ast.walk(child) if isinstance(n, ast.AsyncWith) and _begins(n)]
            if lines and not isinstance(child, ast.ClassDef):
                yield ".".join(name), lines
            yield from _transactions_of(child, name)


def _begins(node: ast.AsyncWith) -> bool:
    calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(isinstance(c.func, ast.Attribute) and c.func.attr == "transaction" for c in calls)


@cache
def other_effects() -> frozenset[str]:
    """Effects of the product on the world outside its database: "module: effect"."""
    return frozenset(
        f"{file.stem}: {ast.literal_eval(node.args[0])}"
        for file, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_boundary(node)
    )


def sides(passed: Iterable[Passed]) -> Mapping[tuple[str, int], Passed]:
    """Return the passed effects that changed something, by site and time; both their sides were passed."""
    return {
        (p.boundary.site, p.boundary.time): p
        for p in passed
        if p.boundary.side == AFTER and (p.writes or p.boundary.site in other_effects())
    }


@dataclass(frozen=True, slots=True)
class Choice:
    """An effect that is to be struck. `fresh`: at a site that was not struck before, so on both sides in both ways."""

    site: str
    time: int
    fresh: bool

    @property
    def before(self) -> Boundary:
        return Boundary(self.site, BEFORE, self.time)

    @property
    def after(self) -> Boundary:
        return Boundary(self.site, AFTER, self.time)


def cover(passed: Sequence[Passed], already: set[str]) -> list[Choice]:
    """Choose effects so that each site and each changing query is struck that is not in `already`; add them to it.

    What changed nothing is of no interest. Those with most news come first.
    """
    effects = {key: p.writes | {p.boundary.site} for key, p in sides(passed).items()}
    chosen: list[Choice] = []
    while effects:
        (site, time), of = max(effects.items(), key=lambda item: len(item[1] - already))
        if not of - already:
            break
        chosen.append(Choice(site, time, site not in already))
        already |= of
    return chosen
