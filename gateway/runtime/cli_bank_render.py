"""`gateway bank render`: the exact bytes a bank would be sent, before anything is connected."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bank_adapters.profile import Profile
from bank_adapters.spi import Debtor
from gateway.domain.calendar import Calendar
from gateway.domain.digest import parse_object
from gateway.domain.errors import ConfigError, Refused
from gateway.domain.money import format_minor
from gateway.domain.validation import IntakeTerms
from gateway.runtime.bank_bytes import Line, Outcome, Printer, read_orders
from gateway.runtime.calendars import read_calendars
from gateway.runtime.cli_bank_new import CONFIG, Config
from gateway.runtime.clock import SystemClock
from gateway.runtime.configuration import debtor_accounts, read_catalogue, read_profile_of
from gateway.runtime.refusals import files, refused
from gateway.runtime.settings import load_settings

Out = Annotated[Path | None, typer.Option(help="Folder for the submissions; without it the only one goes to stdout.")]


def render(
    slug: Annotated[str, typer.Argument(help="For which bank.")],
    orders: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Orders, one JSON object a line (docs/order-line.md).")
    ],
    out: Out = None,
    config: Config = CONFIG,
    source: Annotated[str, typer.Option(help="The source whose orders these are.")] = "SSI",
    programme: Annotated[str, typer.Option(help="Its programme: it decides which account pays.")] = "*",
    debtor_iban: Annotated[str, typer.Option(help="The paying account, where gateway.yaml names none yet.")] = "",
    sequence: Annotated[int, typer.Option(min=1, help="Number of the first submission: part of its name.")] = 1,
    at: Annotated[datetime | None, typer.Option(help="When they say that they were made, UTC; without it now.")] = None,
) -> None:
    """Write exactly the bytes that SLUG would be sent for these orders; digests go to stderr.

    No database, no secret: an envelope (PGP, CMS) is put around them only when they are sealed. Orders that could not
    be paid are refused by line, and nothing is written then.
    """
    with refused():
        profile = read_profile_of(config, slug)
        moment = at.replace(tzinfo=UTC) if at else SystemClock().now().replace(microsecond=0)
        lines = [line for line in orders.read_bytes().splitlines() if line.strip()]
        printer = Printer(
            profile=profile,
            debtor=_debtor(config, profile, source, programme, debtor_iban),
            catalogue=read_catalogue(config),
            calendar=_calendar(config, profile),
            source=source,
            pay_date=_pay_date(lines),
            at=moment,
            sequence=sequence,
        )
        made = _made(printer, lines, moment)
        with files():
            _write(made, out)
    for one in made:
        typer.echo(_digests(one, profile), err=True)


def _made(printer: Printer, lines: Sequence[bytes], now: datetime) -> list[Outcome]:
    terms = IntakeTerms(
        source=printer.source,
        pay_date=printer.pay_date,
        now=now,
        today=min(now.date(), printer.pay_date),
        catalogue=printer.catalogue,
    )
    try:
        read: list[Line] = read_orders(lines, terms, printer.profile)
        return list(printer.submissions(read))
    except Refused as error:
        typer.echo(f"gateway: {error.title}", err=True)
        for one in error.violations:
            typer.echo(f"  {one.path} {one.rule}: {one.text}", err=True)
        sys.exit(2)


def _calendar(config: Path, profile: Profile) -> Calendar:
    calendars = read_calendars(config, {profile.slug: profile})
    if profile.slug in calendars.broken:
        raise ConfigError(calendars.broken[profile.slug])
    return calendars.of(profile)


def _debtor(config: Path, profile: Profile, source: str, programme: str, iban: str) -> Debtor:
    if iban:
        return Debtor(name="Institution", iban=iban, bic=profile.bic)
    accounts = debtor_accounts(load_settings(config), {profile.slug: profile})
    currency = profile.currencies[0]
    found = accounts.find(source=source, programme=programme, currency=currency, bank=profile.slug)
    if found is None:
        raise ConfigError(
            f"debtor_accounts: no account of {source} pays {currency} through {profile.slug};"
            f" write accounts: {{{profile.slug}: <IBAN>}} into {config / 'gateway.yaml'}, or give --debtor-iban"
        )
    return found


def _pay_date(lines: Sequence[bytes]) -> date:
    """Return the execution date of the first order that tells one: all orders of a batch have the same."""
    for line in lines:
        try:
            return date.fromisoformat(str(parse_object(line).get("requestedExecutionDate")))
        except (Refused, ValueError):
            continue
    raise ConfigError("orders: no line has a requestedExecutionDate (YYYY-MM-DD)")


def _write(made: Sequence[Outcome], out: Path | None) -> None:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for one in made:
            (out / one.name).write_bytes(one.content)
    elif len(made) == 1:
        sys.stdout.buffer.write(made[0].content)
    else:
        raise ConfigError(f"these orders become {len(made)} submissions; give --out FOLDER")


def _digests(one: Outcome, profile: Profile) -> str:
    told = one.reread
    envelope = f"; {profile.envelope.kind} would be put around it" if profile.envelope else ""
    return (
        f"{one.name}: {told.size} bytes, {told.count} payments,"
        f" {format_minor(told.sum_minor, told.currency)} {told.currency}{envelope}\n"
        f"  sha256   {told.sha256}\n  payments {told.payments_digest}"
    )
