"""`gateway bank read`: what the gateway understands of a bank's file, without storing anything."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from bank_adapters.iso20022.status import StatusTable
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, meanings_for
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.money import format_minor
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.person import masked
from gateway.domain.reasons import Reasons
from gateway.domain.statement import BALANCE_MISSING, Statement, broken_alone
from gateway.runtime.cli_bank_new import CONFIG, Config
from gateway.runtime.cli_bank_shown import show
from gateway.runtime.configuration import read_profile_of, read_reasons
from gateway.runtime.refusals import refused

COLUMNS = ("says", "names", "amount", "means", "where")
_STATUSES = (ObservationKind.SUBMISSION_STATUS, ObservationKind.PAYMENT_STATUS)
PIECE = 1 << 20
ROWS = 1_000


def read(
    slug: Annotated[str, typer.Argument(help="Whose file it is.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The file as the bank wrote it, unwrapped.")
    ],
    config: Config = CONFIG,
    rows: Annotated[int, typer.Option(min=1, help="Most lines to show; all are read.")] = ROWS,
) -> None:
    """Show what was understood of a bank's file: kinds, ids, amounts, what statuses and reasons mean, balances.

    Accounts are masked and names are not shown. Ends with 1 when the file cannot be read, and says where and why.
    """
    with refused():
        profile, reasons = read_profile_of(config, slug), read_reasons(config)
    told: list[Observation | Statement] = []
    try:
        told.extend(adapter_for(profile).read(_pieces(file), profile.knowing(reasons.duplicates)))
    except Unreadable as error:
        typer.echo(f"unreadable: {error}\nrule: {error.rule}\nplace: {error.path or '/'}", err=True)
        typer.echo(f"{len(told)} things were read before; none of them takes effect", err=True)
        sys.exit(1)
    _show(told, profile, reasons, rows)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece


def _show(told: Iterable[Observation | Statement], profile: Profile, reasons: Reasons, most: int) -> None:
    meanings = meanings_for(profile, reasons)
    observations = [one for one in told if isinstance(one, Observation)]
    show(COLUMNS, [_row(one, profile, meanings, reasons) for one in observations[:most]], whole=("says", "names"))
    if len(observations) > most:
        typer.echo(f"{len(observations) - most} more lines; --rows shows them")
    statements = [one for one in told if isinstance(one, Statement)]
    for statement in statements:
        typer.echo(_head(statement))
    typer.echo(f"{len(observations)} observations, {len(statements)} statements")


def _row(one: Observation, profile: Profile, meanings: StatusTable, reasons: Reasons) -> tuple[str, ...]:
    means = filter(None, (_status(one, meanings), _reason(one, profile, meanings, reasons)))
    return (one.kind.value, _names(one), _amount(one), "\n".join(means), one.path)


def _names(one: Observation) -> str:
    """Return the ids that an observation names, the narrowest first."""
    ids = {
        "payment": one.end_to_end_id,
        "UETR": one.uetr,
        "instruction": one.instr_id,
        "line": one.position,
        "block": one.pmt_inf_id,
        "submission": one.msg_id,
        "id in text": one.text_id,
        "bank's reference": one.entry_ref,
        "account": masked(one.account) if one.account else None,
    }
    return "\n".join(f"{name} {value}" for name, value in ids.items() if value is not None) or "nothing of ours"


def _amount(one: Observation) -> str:
    if one.amount_minor is None or one.currency is None:
        return ""
    sign = {True: "+", False: "-"}.get(one.credit, "") if one.credit is not None else ""
    booked = {True: "booked", False: "not booked"}.get(one.booked, "") if one.booked is not None else ""
    count = f"{one.batch_count} payments" if one.batch_count else ""
    amount = f"{sign}{format_minor(one.amount_minor, one.currency)} {one.currency}"
    return "\n".join(filter(None, (amount, booked, count)))


def _status(one: Observation, meanings: StatusTable) -> str:
    if one.status is None or one.kind not in _STATUSES:
        return ""
    meaning = meanings.meaning(one.status, one.reason, one.reason_text)
    if meaning.duplicate:
        return f"{one.status}: the bank has it already"
    if meaning.unlisted:
        return f"{one.status}: unlisted, an officer decides"
    return f"{one.status}: {_word(meaning.fact)}"


def _word(fact: Fact) -> str:
    return (fact.name or "none").lower().replace("_", " ") if fact else "establishes nothing"


def _reason(one: Observation, profile: Profile, meanings: StatusTable, reasons: Reasons) -> str:
    if one.reason is None:
        return ""
    meant = meanings.iso_reason(one.reason)
    code = one.reason if meant == one.reason else f"{one.reason} (means {meant})"
    if meanings.says_duplicate(one.reason, one.reason_text):
        return f"{code}: already have it"
    own = profile.counter is not None and one.reason in profile.counter.unclaimed_codes
    return f"{code}: {'nobody collected it' if own else reasons.action(meant).value}"


def _head(statement: Statement) -> str:
    """Say of a statement who, what and whether it adds up by itself."""
    number = "" if statement.sequence is None else f" number {statement.sequence}"
    page = "" if statement.page == 1 and statement.last_page else f", page {statement.page}"
    figures = {
        "opening": statement.opening_minor,
        "entries": statement.entries_minor,
        "closing": statement.closing_minor,
    }
    said = ", ".join(f"{name} {_signed(minor, statement.currency)}" for name, minor in figures.items())
    return (
        f"statement{number}{page} of {masked(statement.account)}: {said} {statement.currency},"
        f" {statement.entry_count} booked entries; {_adds_up(statement)}"
    )


def _signed(minor: int | None, currency: str) -> str:
    if minor is None:
        return "not told"
    return f"{'-' if minor < 0 else ''}{format_minor(abs(minor), currency)}"


def _adds_up(statement: Statement) -> str:
    rule = broken_alone(statement)
    if rule is None:
        return "adds up" if statement.page == 1 and statement.last_page else "judged with its other pages"
    return (
        "does not tell both balances" if rule == BALANCE_MISSING else "DOES NOT ADD UP: nothing of it would be applied"
    )
