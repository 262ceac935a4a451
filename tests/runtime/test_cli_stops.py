"""`gateway stop` against a running door: the same two people as over REST."""

import asyncio
import json
from typing import Any

from typer.testing import CliRunner

from gateway.runtime.cli import app
from tests.api.conftest import Api, api

__all__ = ["api"]  # a fixture by being here


async def gateway(api: Api, name: str, *arguments: str) -> Any:
    """Run the command in a thread of its own, for it has an event loop of its own."""
    token = api.token(scope="operate", sub=name, source=None, sources=["benefits-north"])
    environment = {"GATEWAY_URL": str(api.client.make_url("")), "GATEWAY_TOKEN": token, "COLUMNS": "200"}
    return await asyncio.to_thread(CliRunner().invoke, app, ["stop", *arguments], env=environment)


async def test_a_stop_is_set_shown_listed_and_lifted_by_two(api: Api) -> None:
    options = ("--reason", "register", "--class", "death", "--effective", "2026-09-01")
    told = await gateway(api, "anna", "--json", "set", "person", "nidn:800101/1234", *options)
    assert told.exit_code == 0, told.output
    stop = json.loads(told.output)
    assert (stop["value"], stop["reasonClass"], stop["effectiveOn"]) == ("NIDN:8001011234", "death", "2026-09-01")
    number = str(stop["stopNo"])
    assert "NIDN" in (await gateway(api, "anna", "show", number)).output
    assert "8001011234" not in (await gateway(api, "anna", "list")).output
    assert (await gateway(api, "anna", "lift", number)).exit_code == 0
    again = await gateway(api, "anna", "lift", number)
    assert again.exit_code != 0
    assert "stop.two-people" in again.output
    assert "lifted by berta" in (await gateway(api, "berta", "lift", number)).output
