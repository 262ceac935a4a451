"""The command line: `gateway --help` teaches it."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from gateway.domain.errors import ConfigError
from gateway.domain.manifest import manifest_bytes
from gateway.observe.logs import configure_logs
from gateway.runtime.cli_bank import bank
from gateway.runtime.cli_exceptions import exceptions
from gateway.runtime.cli_funds import funds, limits
from gateway.runtime.cli_ledger import ledger
from gateway.runtime.cli_report import report
from gateway.runtime.cli_stops import stops
from gateway.runtime.cli_topics import topics
from gateway.runtime.clock import SystemClock
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.refusals import refuse, refused
from gateway.runtime.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="""Pays approved benefits through partner banks: once, completely, provably.

    Try `gateway demo` first: a whole pay day with 17 sandbox banks, nothing to set up. Then `gateway run`, and walk by
    hand as the README does.""",
)

app.add_typer(bank, name="bank")
app.add_typer(exceptions, name="exception")
app.add_typer(funds, name="funds")
app.add_typer(limits, name="limits")
app.add_typer(ledger, name="ledger")
app.add_typer(stops, name="stop")
app.add_typer(topics, name="topic")
app.command("report")(report)

Config = Annotated[Path, typer.Option(help="Folder with gateway.yaml, benefits.yaml, banks/ and so on.")]
Seed = Annotated[int, typer.Option(help="Decides what the sandbox banks reject, return, delay and repeat.")]
CONFIG = Path("config")


@app.command()
def run(
    config: Config = CONFIG,
    *,
    banks: Annotated[bool, typer.Option(help="Run the 17 sandbox banks beside the gateway.")] = True,
    seed: Seed = 7,
) -> None:
    """Run the whole gateway in one process: REST door, worker and sandbox banks.

    With the settings as shipped it brings its own PostgreSQL and Kafka. The log's first line says where the door is.
    """
    from gateway.runtime.serve import run_all

    settings = _settings(config)
    _go(run_all(settings, config, banks=banks and settings.mode == "sandbox", seed=seed))


@app.command()
def api(config: Config = CONFIG) -> None:
    """Run the REST door alone; workers share its database."""
    from gateway.runtime.serve import run_api

    _go(run_api(_settings(config), config))


@app.command()
def worker(
    config: Config = CONFIG,
    name: Annotated[str, typer.Option(help="Name of this worker; unique among those that live.")] = "",
) -> None:
    """Run a worker: cut, seal, send, inquire, hear, tell. Any number share one database.

    Kill or freeze one at any moment: the others take over what it held when its leases end.
    """
    from gateway.runtime.serve import run_worker

    _go(run_worker(_settings(config), config, name))


@app.command()
def sandbox(config: Config = CONFIG, seed: Seed = 7) -> None:
    """Run the 17 sandbox banks alone, against a gateway whose Kafka the settings name."""
    from gateway.runtime.serve import run_sandbox

    _go(run_sandbox(_settings(config), config, seed=seed))


@app.command()
def token(
    subject: Annotated[str, typer.Argument(help="Who acts: a person or system id.")],
    scope: Annotated[str, typer.Option(help='What it may do: "push", "read", "operate", or several with spaces.')],
    source: Annotated[str, typer.Option(help="The source it acts for; * (operators) for all.")],
    config: Config = CONFIG,
    hours: Annotated[int, typer.Option(min=1, max=24)] = 8,
) -> None:
    """Print an access token of the sandbox's own issuer. Production tokens come from the institution's."""
    keys = _sandbox_keys(config)
    claims: dict[str, Any] = {"sources": [source]} | ({"source": source} if source != "*" else {})
    seconds = int(timedelta(hours=hours).total_seconds())
    typer.echo(keys.token(subject=subject, scope=scope, now=SystemClock().now(), seconds=seconds, **claims))


@app.command()
def approve(
    orders: Annotated[Path, typer.Argument(help="The orders of the batch as pushed, one JSON object a line.")],
    batch: Annotated[str, typer.Option(help="The batch they were pushed into.")],
    programme: Annotated[str, typer.Option(help="As the batch was opened.")],
    pay_date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="As the batch was opened.")],
    approver: Annotated[list[str], typer.Option(help="Person id of an approver; give at least two.")],
    source: Annotated[str, typer.Option(help="The source whose sandbox key signs.")] = "SSI",
    out: Annotated[Path, typer.Option(help="Where manifest.json and manifest.jws are written.")] = Path(),
    config: Config = CONFIG,
) -> None:
    """Sign a batch as the benefits system would: a manifest over its own orders, and a detached JWS over that."""
    from gateway.runtime.approve import Approved, manifest_over

    now = SystemClock().now().replace(microsecond=0)
    approved = Approved(
        source=source,
        batch=batch,
        programme=programme,
        pay_date=pay_date.date(),
        approvers=approver,
    )
    with refused():
        manifest = manifest_bytes(manifest_over(orders.read_bytes().splitlines(), approved, now))
    (out / "manifest.json").write_bytes(manifest)
    (out / "manifest.jws").write_text(_sandbox_keys(config).sign(source, manifest))


def _settings(config: Path) -> Settings:
    try:
        return load_settings(config)
    except ConfigError as error:
        refuse([error])


def _sandbox_keys(config: Path) -> SandboxKeys:
    settings = _settings(config)
    if settings.mode != "sandbox":
        refuse([ConfigError("sandbox keys exist in mode sandbox only")])
    return SandboxKeys(settings.data_dir / "keys")


def _go(work: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end; an error of ours is a line on stderr, not a trace."""
    configure_logs(SystemClock())
    with refused(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(work))


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run until the work ends, or SIGINT or SIGTERM asks it to: then all it opened, or was opening, is closed."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Once is enough: cancelling the closing would leave behind what it closes.
        asyncio.get_running_loop().add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    with suppress(asyncio.CancelledError):
        await task
