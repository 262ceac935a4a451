"""`gateway bank new`: the profile of a new bank to begin with, and the folder of its evidence."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from bank_adapters.capabilities import Family
from bank_adapters.profile.reading import load_yaml
from bank_adapters.registry import load_profile
from gateway.domain.errors import ConfigError
from gateway.runtime.bank_draft import draft, source_page
from gateway.runtime.refusals import files, refused

CONFIG = Path("config")
Config = Annotated[Path, typer.Option(help="Folder with banks/, evidence/ and so on.")]
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,30}")


def new(
    slug: Annotated[str, typer.Argument(help="Short name of the bank: letters, digits, hyphens.")],
    config: Config = CONFIG,
    name: Annotated[str, typer.Option(help="As people know it.")] = "",
    country: Annotated[str, typer.Option(help="ISO 3166, two letters.")] = "",
    bic: Annotated[str, typer.Option(help="ISO 9362.")] = "",
    bank_code: Annotated[list[str] | None, typer.Option(help="A national bank code it pays to; several times.")] = None,
    family: Annotated[Family, typer.Option(help="What it is written to in.")] = Family.ISO20022,
    transport: Annotated[
        str, typer.Option(help="directory, sftp or https; without it https for rest, else sftp.")
    ] = "",
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other key: limits.payments_per_submission=500; several times."),
    ] = None,
) -> None:
    """Write config/banks/SLUG.yaml with a comment for each key, and config/evidence/SLUG/SOURCE.md.

    What only the bank's specification can say stays empty and is listed.
    """
    with refused():
        if not _SLUG.fullmatch(slug):
            raise ConfigError("slug: write small letters, digits and hyphens, a letter first, at most 31")
        given = {"name": name, "country": country, "bic": bic}
        said: dict[str, Any] = {key: value for key, value in given.items() if value}
        said |= {"bank_codes": {country: bank_code}} if bank_code and country else {}
        said |= {"family": family.value, "transport.kind": transport or _usual_transport(family)}
        text = draft(slug, said | dict(_pair(one) for one in values or ()))
        profile, source = config / "banks" / f"{slug}.yaml", config / "evidence" / slug / "SOURCE.md"
        with files():
            _write_new(profile, text)
            _write_new(source, source_page(slug, name or slug))
    typer.echo(f"{profile} and {source} are written")
    _tell_open(slug, text)


def _usual_transport(family: Family) -> str:
    return "https" if family is Family.REST else "sftp"


def _pair(text: str) -> tuple[str, Any]:
    key, mark, value = text.partition("=")
    if not mark:
        raise ConfigError("--set: write KEY=VALUE, such as limits.payments_per_submission=500")
    return key, load_yaml(value)


def _write_new(file: Path, text: str) -> None:
    """Write a file that is not there yet. Raises ConfigError where it is: somebody's work is never written over."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ConfigError(f"{file} is there already; nothing was written over") from None


def _tell_open(slug: str, text: str) -> None:
    try:
        load_profile(slug, text)
    except ConfigError as error:
        typer.echo("\nThe bank's specification says the rest:")
        typer.echo("\n".join(f"  {line}" for line in str(error).splitlines()))
        return
    typer.echo(f"The profile loads. Next: gateway bank check {slug}")
