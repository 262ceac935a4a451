"""The description of the API: well-formed OpenAPI 3.1, and every route in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.api import openapi
from gateway.api.app import ROUTES
from tests.api.conftest import Api

METHODS = {"get", "post", "put", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document(ROUTES)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def test_every_route_is_described(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, method, _ in _operations(document)}
    plain = {r"{no:\d+}": "{no}", "{orderId:.+}": "{orderId}"}
    routed = set()
    for route in ROUTES:
        path = route.path
        for given, shown in plain.items():
            path = path.replace(given, shown)
        routed.add((route.method, path))
    assert described == routed


def test_its_form_is_openapi_3_1(document: dict[str, Any]) -> None:
    """Checked against the text of the specification (OpenAPI 3.1.0, sections 4.8.1, 4.8.10, 4.8.12, 4.8.16)."""
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= document["info"].keys()
    for path, method, operation in _operations(document):
        assert path.startswith("/")
        assert method in METHODS
        assert operation["responses"], (path, method)
        for status, response in operation["responses"].items():
            assert 100 <= int(status) <= 599
            assert response["description"]
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")
    ids = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    references = set(_references(document))
    assert references
    assert {r.removeprefix("#/components/schemas/") for r in references} <= schemas.keys()
    schemes = document["components"]["securitySchemes"].keys()
    assert {name for _, _, o in _operations(document) for need in o["security"] for name in need} <= schemes


def test_errors_are_problem_documents(document: dict[str, Any]) -> None:
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


async def test_it_is_served(api: Api, document: dict[str, Any]) -> None:
    assert (await api.call("GET", "/openapi.json", token="")).body == document
