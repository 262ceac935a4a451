"""Named SQL: every query fits the schema, every name that is called exists, every one that exists is called."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg
import pytest

import gateway
from gateway.store.queries import queries

PACKAGE = Path(gateway.__file__).parent
CALLS = {"all", "one", "column", "value", "execute", "many"}


def _nodes() -> Iterator[ast.AST]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _texts(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _called() -> set[str]:
    """Texts given to a session that have the form of a query's name ("file.name")."""
    files = {name.partition(".")[0] for name in queries()}
    calls = (
        n for n in _nodes() if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in CALLS
    )
    given = (node for call in calls for argument in call.args for node in ast.walk(argument))
    return {text for text in _texts(given) if text.partition(".")[0] in files and text.count(".") == 1}


@pytest.fixture
async def connection(database_url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(database_url)
    await connection.execute(queries()["intake.staging"])
    return connection


async def test_every_query_fits_the_schema(connection: asyncpg.Connection) -> None:
    failures: list[str] = []
    for name, text in queries().items():
        try:
            await connection.prepare(text)
        except asyncpg.PostgresError as error:
            failures.append(f"{name}: {error}")
    await connection.close()
    assert failures == []


def test_every_name_that_is_called_exists() -> None:
    assert _called() - queries().keys() == set()


def test_every_query_is_called() -> None:
    assert queries().keys() - _texts(_nodes()) == set()


def test_no_query_reads_a_clock() -> None:
    """Times come in as parameters, so that a simulated day is a day for the database too."""
    clocks = ("now()", "current_timestamp", "current_date", "clock_timestamp", "statement_timestamp", "localtime")
    assert [name for name, text in queries().items() if any(clock in text.lower() for clock in clocks)] == []


def test_names_keep_their_text_and_lose_the_semicolon() -> None:
    assert queries()["look.alive"] == "-- name: alive\nSELECT true"
