"""`gateway bank`: connect a bank, see what would be sent to it, see what was understood of it."""

from pathlib import Path
from typing import Annotated

import typer

from bank_adapters.profile.schema import schema_text
from gateway.domain.errors import ConfigError
from gateway.runtime import bank_pages
from gateway.runtime.cli_bank_check import check
from gateway.runtime.cli_bank_new import CONFIG, Config, new
from gateway.runtime.cli_bank_read import read
from gateway.runtime.cli_bank_render import render
from gateway.runtime.cli_bank_shown import show
from gateway.runtime.configuration import read_profiles
from gateway.runtime.refusals import files, refused

_AT_A_GLANCE = ("bank", "language", "transport", "envelope", "tier", "onboarding", "most in one", "absent, and why")

bank = typer.Typer(
    no_args_is_help=True,
    help="""Connect a bank: from its specification to a certified profile (gateway/docs/connect-a-bank.md).

    Nothing here needs a database, Kafka or a secret.""",
)
bank.command()(new)
bank.command()(check)
bank.command()(render)
bank.command()(read)


@bank.command()
def table(
    config: Config = CONFIG, *, markdown: Annotated[bool, typer.Option(help="The page gateway/docs/banks.md.")] = False
) -> None:
    """Show what every bank takes and offers, and what it does not, with the reason; --markdown shows everything."""
    with refused():
        loaded = read_profiles(config)
        if loaded.broken:
            raise ConfigError("\n".join(f"{slug}: {why}" for slug, why in loaded.broken))
    if markdown:
        typer.echo(bank_pages.banks_page(loaded.profiles.values()), nl=False)
        return
    where = [bank_pages.COLUMNS.index(column) for column in _AT_A_GLANCE]
    show(_AT_A_GLANCE, [[row[i] for i in where] for row in bank_pages.rows(loaded.profiles.values())])


@bank.command()
def schema(
    config: Config = CONFIG,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; without it bank.schema.json beside banks/.")
    ] = None,
) -> None:
    """Write the JSON Schema of profiles, for editors."""
    file = out or config / "bank.schema.json"
    with refused(), files():
        file.write_text(schema_text(), encoding="utf-8")
    typer.echo(f"{file} is written")


@bank.command()
def keys() -> None:
    """Print every key of a profile, with what to write and what it means (gateway/docs/profile.md)."""
    typer.echo(bank_pages.profile_page(), nl=False)
