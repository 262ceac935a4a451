"""The OpenAPI 3.1 document, generated from the route table and the models."""

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.api.models import Problem
from gateway.api.problems import PROBLEM
from gateway.api.routes import JSON, Route

API_VERSION = "1.0"
"""Of the interface, not of the product: it grows when a client could notice."""

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)(?::[^}]*)?\}")


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Describe every route with every status it can answer."""
    table = list(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Benefit payments gateway", "version": API_VERSION},
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {str(status): _response(route, status) for status in route.statuses()},
        "security": [{"token": [scope.value for scope in route.scopes]}] if route.scopes else [],
    }
    if route.takes:
        media, schema = (route.takes, {}) if isinstance(route.takes, str) else (JSON, _reference(route.takes))
        operation["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", _PARAMETER.sub(r"by \1", route.path))
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    query = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in route.query.items()
    ]
    headers = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in route.headers.items()
    ]
    return path + query + headers


def _response(route: Route, status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    if status != route.status:
        return {"description": phrase, "content": {PROBLEM: {"schema": _reference(Problem)}}}
    schema: dict[str, Any] = _reference(route.answer) if route.answer else {}
    others: dict[str, Any] = {media: {} for media in route.also}
    return {"description": phrase, "content": {route.media: {"schema": schema}} | others}


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(routes: list[Route]) -> dict[str, Any]:
    answers = {route.answer for route in routes if route.answer} | {Problem}
    requests = {route.takes for route in routes if isinstance(route.takes, type)}
    modes = [(model, "serialization") for model in answers] + [(model, "validation") for model in requests]
    return _definitions(tuple(sorted(modes, key=lambda pair: pair[0].__name__)))


@cache
def _definitions(modes: tuple[tuple[type[BaseModel], Any], ...]) -> dict[str, Any]:
    _, definitions = models_json_schema(modes, by_alias=True, ref_template=_REF)
    found: dict[str, Any] = definitions["$defs"]
    return found
