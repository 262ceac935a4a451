"""What must not run does not start: one line says what is wrong and where, and the exit code is 2."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.runtime.cli import app
from tests.runtime.processes import configuration, open_folder, start


def invoke(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"GATEWAY_METRICS__PORT": "0", **environment})


@pytest.mark.parametrize("command", ["run", "api", "worker"])
def test_production_does_without_nothing(command: str, tmp_path: Path) -> None:
    config = configuration(tmp_path / "config")
    refused = invoke(command, "--config", str(config), GATEWAY_MODE="production")
    assert refused.exit_code == 2
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"gateway: {config / 'gateway.yaml'}: ")
    assert line.endswith("mode production needs database.url, kafka.bootstrap, issuers, keys of every source")


def test_an_unknown_key_is_named_with_its_path(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config", kafka={"bootstrp": "127.0.0.1:9092"})
    refused = invoke("worker", "--config", str(config))
    assert refused.exit_code == 2
    [line] = refused.stderr.splitlines()
    assert "kafka.bootstrp: Extra inputs are not permitted" in line
    assert "127.0.0.1:9092" not in line


def test_a_folder_without_settings_is_named(tmp_path: Path) -> None:
    refused = invoke("run", "--config", str(tmp_path))
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"gateway: no settings at {tmp_path / 'gateway.yaml'}")


async def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config")
    url = "postgresql://gateway:hunter2-secret@127.0.0.1:1/gateway"
    command = await start(
        tmp_path, "api", "--config", str(config), GATEWAY_DATABASE__URL=url, GATEWAY_DATA_DIR=str(tmp_path / "var")
    )
    assert await command.ended() == 2
    [line] = command.lines()
    assert line.startswith("gateway: database.url: PostgreSQL cannot be reached")
    assert "hunter2" not in line


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config")
    with socket.socket() as taken, open_folder() as folder:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = await start(
            tmp_path, "api", "--config", str(config), GATEWAY_API__PORT=port, GATEWAY_DATA_DIR=str(folder)
        )
        assert await command.ended() == 2
        assert f"cannot listen on 127.0.0.1 port {port}" in command.lines()[-1]


async def test_sandbox_banks_need_a_broker_and_never_run_in_production(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config")
    command = await start(tmp_path, "sandbox", "--config", str(config), GATEWAY_DATA_DIR=str(tmp_path / "var"))
    assert await command.ended() == 2
    assert command.lines() == ["gateway: kafka.bootstrap: say where the gateway's Kafka is (gateway run logs it)"]


@pytest.mark.parametrize(
    ("command", "teaches"),
    [
        ("run", "REST door, worker and sandbox banks"),
        ("api", "workers share its database"),
        ("worker", "Any number share one database"),
        ("sandbox", "whose Kafka the settings name"),
    ],
)
def test_help_teaches(command: str, teaches: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert told.exit_code == 0
    assert teaches in " ".join(told.stdout.split())
    overview = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    assert command in overview.stdout
