"""Reports through the door: formats, filters, scopes, and precise answers to what cannot be."""

import asyncio
import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.runtime.cli import app
from tests.api.conftest import Api
from tests.orders import lines

DAY = "date=2026-09-21"


async def ask(api: Api, rest: str, accept: str = "", **claims: Any) -> tuple[int, str, bytes]:
    """Status, media type and body of a report."""
    token = api.token(scope="read", **claims)
    headers = {"Authorization": f"Bearer {token}"} | ({"Accept": accept} if accept else {})
    async with api.client.get(f"/v1/reports/{rest}", headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def released(api: Api) -> None:
    await api.open()
    await api.push(lines([1, 2]))
    await api.release(api.manifest(await api.close()))


async def test_json_by_default_with_what_was_ordered(api: Api) -> None:
    await released(api)
    answer = await api.call("GET", f"/v1/reports/day?{DAY}", token=api.token(scope="read"))
    assert (answer.status, answer.body["closes"], answer.body["sources"]) == (200, True, ["benefits-north"])
    tables = {table["id"]: table for section in answer.body["sections"] for table in section["tables"]}
    waiting = [[cell.get("value") for cell in row] for row in tables["orders"]["rows"]]
    assert waiting == [["all", "waiting", 2, "1024.80", "EUR"], ["all", "all of them", 2, "1024.80", "EUR"]]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_json_is_as_its_schema_says(api: Api) -> None:
    """The schema of the OpenAPI document, walked by hand: names, required members, nothing beyond them."""
    await released(api)
    described = (await api.call("GET", "/openapi.json")).body
    answer = (await api.call("GET", f"/v1/reports/day?{DAY}", token=api.token(scope="read"))).body
    content = described["paths"]["/v1/reports/{kind}"]["get"]["responses"]["200"]["content"]
    assert content.keys() == {"application/json", "text/csv", "text/html", "text/plain", "application/pdf"}
    schemas = described["components"]["schemas"]
    fits(answer, content["application/json"]["schema"], schemas)


def fits(value: Any, schema: Any, schemas: Any) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object":
        assert set(schema["required"]) <= value.keys() <= schema["properties"].keys()
        for name, inner in value.items():
            fits(inner, schema["properties"][name], schemas)
    if schema.get("type") == "array":
        for inner in value:
            fits(inner, schema["items"], schemas)
    assert value in schema.get("enum", [value])


@pytest.mark.parametrize(
    ("query", "accept", "media", "begins"),
    [
        ("&format=csv", "application/json", "text/csv", b"report,kind"),
        ("&format=html", "", "text/html", b"<!DOCTYPE html>"),
        ("&format=pdf", "", "application/pdf", b"%PDF-"),
        ("&format=table&width=60", "", "text/plain", b"Report by source"),
        ("", "text/csv", "text/csv", b"report,kind"),
        ("", "text/html;q=0.5, application/pdf;q=0.9", "application/pdf", b"%PDF-"),
        ("", "text/*", "text/csv", b"report,kind"),
        ("", "*/*", "application/json", b"{"),
        ("", "application/*, application/json;q=0", "application/pdf", b"%PDF-"),
    ],
)
async def test_a_format_is_named_or_negotiated(api: Api, query: str, accept: str, media: str, begins: bytes) -> None:
    status, content_type, body = await ask(api, f"source?{DAY}{query}", accept)
    assert (status, content_type) == (200, media)
    assert body.startswith(begins)


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/csv;q=nonsense"])
async def test_what_accept_leaves_nothing_of_is_406(api: Api, accept: str) -> None:
    status, media, _ = await ask(api, f"day?{DAY}", accept)
    assert (status, media) == (406, "application/problem+json")


@pytest.mark.parametrize(
    ("rest", "rule", "text"),
    [
        (f"week?{DAY}", "kind.unknown", "kinds of report: day, bank, benefit, source"),
        ("day", "query.date", "say which pay date, as YYYY-MM-DD"),
        ("day?date=2026-02-30", "query.date", "say which pay date, as YYYY-MM-DD"),
        (f"day?{DAY}&format=xlsx", "format.unknown", "formats of reports: table, csv, json, html, pdf"),
        (f"bank?{DAY}&bank=nowhere", "bank.unknown", "there is no such bank; known: none"),
        (f"benefit?{DAY}&benefit=X", "benefit.unknown", "there is no such benefit; known: SICK_PAY"),
        (f"day?{DAY}&bank=alfa", "query.unknown", "bank narrows reports of kind bank only"),
        (f"day?{DAY}&width=39", "query.number", "width is at least 40"),
        (f"day?{DAY}&width=wide", "query.number", "width is a whole number up to 400"),
        (
            f"day?{DAY}&colour=red",
            "query.unknown",
            "query parameters here: bank, benefit, date, format, source, width, each once",
        ),
    ],
)
async def test_what_cannot_be_asked_for_is_named(api: Api, rest: str, rule: str, text: str) -> None:
    answer = await api.call("GET", f"/v1/reports/{rest}", token=api.token(scope="read"))
    assert answer.status == 422
    assert [(v["rule"], v["text"]) for v in answer.body["violations"]] == [(rule, text)]


async def test_other_sources_and_scopes_see_nothing(api: Api) -> None:
    await released(api)
    _, _, body = await ask(api, f"day?{DAY}&format=csv", source="benefits-south")
    assert not [r for r in csv.reader(StringIO(body.decode())) if r[:2] == ["orders", "all"]]
    path = f"/v1/reports/day?{DAY}"
    assert (await api.call("GET", path, token=api.token(scope="push"))).status == 403
    assert (await api.call("GET", f"{path}&source=benefits-south", token=api.token(scope="read"))).status == 403


async def run(api: Api, *arguments: str, token: str | None = None) -> Result:
    """The command line against the running door."""
    env = {"GATEWAY_TOKEN": api.token(scope="read") if token is None else token}
    words = ["report", *arguments, "--url", str(api.client.make_url("/"))]
    return await asyncio.to_thread(CliRunner().invoke, app, words, env=env)


async def test_the_command_line_prints_a_table_or_writes_a_file(api: Api, tmp_path: Path) -> None:
    await released(api)
    printed = await run(api, "day", "--date", "2026-09-21")
    assert printed.exit_code == 0
    assert printed.stdout.startswith("Report of the day, 2026-09-21: Every equation holds.")
    assert printed.stderr == ""
    out = tmp_path / "day.pdf"
    written = await run(api, "bank", "--date", "2026-09-21", "--format", "pdf", "--out", str(out))
    assert (written.exit_code, written.stdout) == (0, "")
    assert out.read_bytes().startswith(b"%PDF-")
    assert not (tmp_path / ".day.pdf.part").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bank", "--date", "2026-09-21", "--bank", "nowhere"], "there is no such bank"),
        (["week", "--date", "2026-09-21"], "'week' is not one of"),
        (["day", "--date", "21.9.2026"], "does not match the format"),
        (["day", "--date", "2026-09-21", "--format", "xlsx"], "'xlsx' is not one of"),
        (["day"], "--date"),
        (["day", "--date", "2026-09-21", "--out", "/nowhere/at/all.csv"], "cannot be written"),
    ],
)
async def test_the_command_line_says_what_is_wrong_and_ends_with_2(api: Api, arguments: list[str], said: str) -> None:
    result = await run(api, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())


async def test_the_command_line_needs_a_token(api: Api) -> None:
    result = await run(api, "day", "--date", "2026-09-21", token="")
    assert (result.exit_code, "GATEWAY_TOKEN" in result.stderr) == (2, True)
