"""The `gateway` command: the runtime's commands, and the runs of the whole product beside them."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.runtime.cli import CONFIG, Config, Seed, app
from gateway.runtime.refusals import refused


@app.command()
def demo(
    *,
    orders: Annotated[int, typer.Option(min=1, help="How many orders the benefits system pushes.")] = 2000,
    seed: Seed = 7,
    out: Annotated[Path | None, typer.Option(help="Where to leave what anyone needs to check the day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    metrics_port: Annotated[int, typer.Option(min=0, max=65535, help="Where Prometheus may watch it; 0: any.")] = 0,
    config: Config = CONFIG,
) -> None:
    """Play a whole pay day on a simulated date: gateway, PostgreSQL, Kafka and 17 banks, all embedded.

    Exit code 0 only if every equation of the control sheet holds and the banks' own books agree with the gateway's,
    payment by payment.
    """
    from gateway.demo.command import demo as play
    from gateway.demo.stage import DemoOptions

    with refused():
        options = DemoOptions(orders=orders, seed=seed, out=out, metrics_port=metrics_port, config=config)
        code = play(options, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def bench(
    *,
    orders: Annotated[int, typer.Option(min=100, help="Lives measured.")] = 20_000,
    matches: Annotated[int, typer.Option(min=100, help="Entries applied to as many open attempts.")] = 100_000,
    quick: Annotated[bool, typer.Option(help="Small numbers: to see that it runs.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="life, formats, intake, matching, transport, https, lanes or sftp; several allowed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    config: Config = CONFIG,
) -> None:
    """Measure what the gateway costs, beside a baseline of the same run. Nothing is asserted."""
    from gateway.bench.command import bench as measure

    with refused():
        measure(orders=orders, matches=matches, quick=quick, only=only, as_json=as_json, config=config)


def main() -> None:
    """Entry point of the `gateway` command."""
    app()


if __name__ == "__main__":
    main()
