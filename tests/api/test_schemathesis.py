"""The running API against its own OpenAPI document: whatever schemathesis thinks of is answered as the document says.

Every operation, on a real database, by valid and invalid requests that are the same in every run. A batch, two
orders and an exception are there, so that what is asked for by a known name is found.
"""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

import pytest
import requests
import schemathesis
from aiohttp import web
from schemathesis.checks import CHECKS
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from gateway.api import openapi
from gateway.api.access import Scope
from gateway.api.app import ROUTES, SERVER, build_app
from gateway.api.callers import Caller, Hooks
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.store.postgres import open_store
from tests.api.conftest import Api, doors
from tests.clock import StillClock
from tests.database import Server
from tests.orders import SOURCE, lines

EXAMPLES = 6
NAMED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
    "unsupported_method",
)
THERE = {
    "batch": "B-1",
    "orderId": "SICK-000001",
    "scope": "bank",
    "value": "alfa",
    "bank": "oscar",
    "kind": "bank",
    "no": "1",
    "payDate": "2026-09-21",
    "date": "2026-09-21",
}
"""What is asked for by its name, and what must be said with it."""
QUERY = {"/v1/control-sheet": ("payDate",), "/v1/reports/{kind}": ("date",)}
DOCUMENT = openapi.document(ROUTES)


def configured() -> SchemathesisConfig:
    """Make the same few requests in every run; of the methods that are not there two stand for all."""
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
    phases = PhasesConfig(coverage=CoveragePhaseConfig(unexpected_methods={"PATCH", "TRACE"}))
    project = ProjectConfig(generation=generation, phases=phases)
    return SchemathesisConfig(projects=ProjectsConfig(default=project))


@schemathesis.serializer("application/x-ndjson", "*/*")
def as_bytes(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Write what is sent as bytes: of a list one line each, so that some of it looks like a stream of orders."""
    if isinstance(value, bytes):
        return value
    return b"\n".join(json.dumps(one).encode() for one in (value if isinstance(value, list) else [value]))


schema = schemathesis.openapi.from_dict(DOCUMENT, config=configured())


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The API in a thread of its own, as clients see it; tokens that may do everything, for one source and for all."""

    url: str
    tokens: tuple[str, str]
    numbers: Iterator[int] = field(default_factory=count)


async def _serve(database_url: str, ready: "asyncio.Future[str]", over: asyncio.Event) -> None:
    store, clock = await open_store(database_url, connections=8), StillClock()
    async with store.transaction() as session:
        await raise_exceptions(session, clock.now(), [Trouble(kind="silent bank", key="alfa", bank="alfa")])
    hooks = Hooks({"oscar": Caller(secret=b"s", tolerance_seconds=300)}, _publish, clock)
    runner = web.AppRunner(build_app(replace(doors(store, clock), hooks=hooks)), **SERVER)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await over.wait()
    finally:
        await runner.cleanup()
        await store.close()


async def _publish(_bank: str, _message: bytes) -> None:
    """Take everything."""


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """Run the API while the context lasts: schemathesis calls it from this thread and waits for the answers."""
    loop = asyncio.new_event_loop()
    ready, over = loop.create_future(), asyncio.Event()
    serving = loop.create_task(_serve(database_url, ready, over))
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,), daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(_result(ready), loop).result(timeout=20)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


async def _result(ready: "asyncio.Future[str]") -> str:
    return await ready


@pytest.fixture(scope="module")
def running(postgres: Server) -> Iterator[Running]:
    api = Api(client=cast("Any", None), store=cast("Any", None), clock=StillClock())
    scopes = " ".join(scope.value for scope in Scope)
    with postgres.fresh() as database_url, served(database_url) as url:
        everything: dict[str, Any] = {"scope": scopes, "sub": "officer-1"}
        tokens = [api.token(sources=sources, **everything) for sources in ([SOURCE], ["*"])]
        made = Running(url=url, tokens=(tokens[0], tokens[1]))
        _open_a_batch(made)
        yield made


def _open_a_batch(running: Running) -> None:
    bearer = {"Authorization": f"Bearer {running.tokens[0]}"}
    opened = requests.post(
        f"{running.url}/v1/batches",
        json={"batch": "B-1", "programme": "SICKNESS", "payDate": "2026-09-21"},
        headers=bearer,
        timeout=10,
    )
    assert opened.status_code == 201, opened.text
    pushed = requests.post(
        f"{running.url}/v1/batches/B-1/orders",
        data=b"\n".join(lines([1, 2])),
        headers=bearer | {"Content-Type": "application/x-ndjson"},
        timeout=10,
    )
    assert (pushed.status_code, SOURCE in opened.text) == (200, True), pushed.text


def test_the_running_api_serves_this_document(running: Running) -> None:
    assert requests.get(f"{running.url}/openapi.json", timeout=10).json() == DOCUMENT


@schema.parametrize()
def test_every_operation_answers_as_it_is_described(case: schemathesis.Case[Any], running: Running) -> None:
    """Every second request asks for what is there, as a source's own officer; the others as whoever may see all."""
    number = next(running.numbers)
    if number % 2 and case.method == case.operation.method.upper():
        case.path_parameters = _known(case.path_parameters)
        case.query = {name: THERE[name] for name in QUERY.get(case.operation.path, ())}
    bearer = {"Authorization": f"Bearer {running.tokens[number // 2 % 2]}"}
    checks = cast("Any", CHECKS.get_by_names(NAMED))
    case.call_and_validate(base_url=running.url, headers=bearer, checks=checks, timeout=20)


def _known(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: THERE.get(name, value) for name, value in parameters.items()}
