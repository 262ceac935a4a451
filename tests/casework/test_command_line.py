"""`gateway exception`: the same acts from the command line, in the name of whoever holds the token."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner, Result

from gateway.runtime.cli import app
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.loops import Bell
from gateway.runtime.serve import rest_door
from tests.casework.desk import Desk
from tests.hearing.ear import Ear
from tests.scenario import payment

CLOSED_PORT = "http://127.0.0.1:9"


class Shell:
    """A shell of a person."""

    def __init__(self, url: str, keys: SandboxKeys, desk: Desk) -> None:
        self.url, self.keys, self.desk = url, keys, desk

    async def run(self, *arguments: str, person: str = "anna", url: str = "") -> Result:
        now = self.desk.scene.clock.now()
        token = self.keys.token(subject=person, scope="operate", now=now, seconds=3_600, sources=["*"])
        environment = {"GATEWAY_TOKEN": token, "GATEWAY_URL": url or self.url, "COLUMNS": "200"}
        return await asyncio.to_thread(CliRunner().invoke, app, ["exception", *arguments], env=environment)

    async def json(self, *arguments: str, person: str = "anna") -> Any:
        done = await self.run("--json", *arguments, person=person)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
async def shell(ear: Ear, desk: Desk) -> AsyncIterator[Shell]:
    """A door with one held order behind it, whose hold is a conflict."""
    nowhere = {"creditorAccount": {"type": "IBAN", "iban": "FR1420041010050500013M02606"}}
    await ear.scene.release([payment(1) | nowhere])
    await ear.scene.until_idle("cut")
    await ear.scene.tamper("UPDATE payment_order SET reason = 'conflict'")
    server = TestServer(rest_door(ear.scene.gateway, Bell()))
    await server.start_server()
    keys = SandboxKeys(ear.scene.gateway.settings.data_dir / "keys")
    yield Shell(str(server.make_url("")).rstrip("/"), keys, desk)
    await server.close()


async def test_two_people_work_an_exception_from_their_shells(shell: Shell) -> None:
    [row] = (await shell.json("list", "--owner", "benefits"))["exceptions"]
    number = str(row["exceptionNo"])
    assert (await shell.json("assign", number, "anna"))["owner"] == "anna"
    assert (await shell.json("comment", number, "I ask the bank"))["history"][-1]["comment"] == "I ask the bank"
    asked = await shell.json("release", number, "--comment", "the bank was asked")
    assert asked["state"] == "waiting for a second person"
    [decision] = asked["decisions"]
    named = (str(decision["decisionNo"]), decision["digest"])
    alone = await shell.run("confirm", number, *named)
    assert alone.exit_code == 2
    assert "decision.two-people" in alone.stderr
    done = await shell.json("confirm", number, *named, person="berta")
    assert (done["state"], done["closedBy"]) == ("closed", "berta")


async def test_what_is_shown_to_people(shell: Shell) -> None:
    listed = await shell.run("list")
    assert listed.exit_code == 0
    for word in ("held order", "SICK-000001", "512.40 EUR", "(benefits)", "give back"):
        assert word in listed.stdout
    await shell.run("release", "1", "--comment", "looks right")
    shown = (await shell.run("show", "1")).stdout
    for word in ("suggested: give back", "evidence: what order", "decision 1: release", "anna: ask looks right"):
        assert word in shown
    refused = await shell.run("refuse", "1", "1", person="berta")
    assert "berta: refuse" in refused.stdout


async def test_every_act_reaches_its_door(shell: Shell) -> None:
    """The door's own answer, a refusal by rule, says that each command names the right one."""
    why = ("--comment", "x")
    for command, rule in (
        (("match", "1", "E1", *why), "act.kind"),
        (("match", "1", "E1", "E2", *why), "act.kind"),
        (("match", "1", "--msg-id", "G1", *why), "act.kind"),
        (("declare", "1", "not arrived", *why), "act.kind"),
        (("write-off", "1", *why), "act.kind"),
        (("close-attempt", "1", *why), "act.kind"),
        (("close", "1", *why), "close.held"),
        (("give-back", "1", "two words"), "string_pattern_mismatch"),
        (("show", "77"), "no such thing"),
    ):
        done = await shell.run(*command)
        assert (done.exit_code, rule in done.stderr) == (2, True), (command, done.output)
    assert (await shell.json("give-back", "1", "NO_BANK"))["state"] == "closed"


async def test_without_a_token_or_a_door(shell: Shell) -> None:
    bare = await asyncio.to_thread(CliRunner().invoke, app, ["exception", "list"], env={"GATEWAY_TOKEN": ""})
    assert (bare.exit_code, bare.stderr) == (2, "gateway: set GATEWAY_TOKEN to your access token, or give --token\n")
    nowhere = await shell.run("list", url=CLOSED_PORT)
    assert nowhere.exit_code == 2
    assert nowhere.stderr.startswith(f"gateway: no gateway answers at {CLOSED_PORT}")
