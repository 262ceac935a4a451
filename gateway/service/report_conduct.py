"""Sections about how it went: rates, returns, stops, what is open, and who can be paid through whom."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

from gateway.domain.exceptions import Role
from gateway.domain.paper import ReportKind, Section, Share, Span, Table
from gateway.service.report import Figure, ReturnedRow
from gateway.service.report_figures import CaughtRow
from gateway.service.report_view import View, about_of, amount, money_of, number, text

TAKEN = "a person"
"""Whose work an exception is that somebody took: reports name no one."""
ROLES = frozenset(Role)


def rates(view: View) -> Section:
    shown = {"day": ("all", "bank", "benefit"), "source": ("all", "source")}.get(view.kind, ("all", str(view.kind)))
    rows = [
        (
            *(r.by, r.about, r.orders, r.straight, Share(part=r.straight, whole=r.orders), r.credited, r.same_day),
            Share(part=r.same_day, whole=r.credited),
            *(None if seconds is None else Span(seconds=seconds) for seconds in (r.median, r.p95)),
        )
        for r in view.figures.rates
        if r.by in shown and (r.by == "all" or view.shows(r.about))
    ]
    columns = (
        *(text("by"), text("of"), number("orders"), number("straight", "straight through")),
        *(number("straight_rate", "straight-through rate"), number("credited")),
        *(number("same_day", "on the same day"), number("same_day_rate", "same-day rate")),
        *(number("median", "median time"), number("p95", "95th percentile")),
    )
    caption = "Straight through, same day, and time from approval to booking"
    table = Table(id="rates", caption=caption, columns=columns, rows=rows)
    note = (
        "Of orders that were to be paid: not refused, cancelled or replaced. Straight through is paid without an"
        " exception, a hand or a stop. Same day: the bank's booking date is the day of approval (UTC)."
    )
    return Section(id="rates", title="How it went", note=note, tables=[table])


def returns(view: View) -> Section:
    key = _RETURN_KEYS[view.kind]
    sums: defaultdict[tuple[str, str, str], Figure] = defaultdict(Figure)
    for row in view.figures.day.banks.returned:
        if view.shows(key(row)):
            sums[key(row), row.reason, row.currency] += Figure(count=row.payments, minor=row.total_minor)
    table = Table(
        id="returns",
        caption="Payments that came back, by the reason the bank gave",
        columns=(*about_of(view, "bank"), text("reason"), *money_of("payments")),
        rows=[(a, reason, f.count, amount(f, c), c) for (a, reason, c), f in sorted(sums.items())],
    )
    note = "Of payments of this pay date, whenever they came back."
    return Section(id="returns", title="Returns by reason", note=note, tables=[table])


_RETURN_KEYS: Mapping[ReportKind, Callable[[ReturnedRow], str]] = {
    ReportKind.DAY: lambda row: row.bank,
    ReportKind.BANK: lambda row: row.bank,
    ReportKind.BENEFIT: lambda row: row.benefit,
    ReportKind.SOURCE: lambda row: row.source,
}


def stops(view: View) -> Section:
    about = _CAUGHT_KEYS[view.kind]
    sums: defaultdict[tuple[str, ...], Figure] = defaultdict(Figure)
    for row in view.figures.caught:
        if view.shows(about(row)):
            which = (row.kind, row.reason_class, row.state) if row.kind else ("every stop, each order once", "", "")
            sums[about(row), *which, row.how, row.currency] += Figure(count=row.orders, minor=row.total_minor)
    rows = [(*key[:-1], f.count, amount(f, key[-1]), key[-1]) for key, f in sorted(sums.items())]
    table = Table(
        id="stops",
        caption="Money that stops kept from leaving, and what had left before them",
        columns=(
            *(*about_of(view), text("stop"), text("reason", "reason class"), text("state", "stop is")),
            *(text("how", "kept or left"), *money_of("orders")),
        ),
        rows=rows,
    )
    note = "What a stop kept stays counted when it is lifted."
    return Section(id="stops", title="Kept back by stops", note=note, tables=[table])


_CAUGHT_KEYS: Mapping[ReportKind, Callable[[CaughtRow], str]] = {
    ReportKind.DAY: lambda _: "all",
    ReportKind.BENEFIT: lambda row: row.benefit,
    ReportKind.SOURCE: lambda row: row.source,
}


def ageing(view: View) -> Section:
    by_bank = view.kind is ReportKind.BANK
    sums: defaultdict[tuple[str, ...], Figure] = defaultdict(Figure)
    since: dict[tuple[str, ...], datetime] = {}
    for r in view.figures.open:
        if not by_bank or (r.bank and view.shows(r.bank)):
            key = (r.bucket, r.what, r.owner if r.owner in ROLES else TAKEN, r.bank, r.currency)
            sums[key] += Figure(count=r.count, minor=r.minor)
            since[key] = min(r.since, since.get(key, r.since))
    rows = [(*key[:4], since[key], f.count, amount(f, key[4]), key[4]) for key, f in sums.items()]
    columns = (
        *(text("age"), text("what"), text("owner", "whose work"), text("bank"), text("since", "oldest since")),
        *money_of("number"),
    )
    table = Table(id="ageing", caption="Everything open now, by age", columns=columns, rows=rows)
    note = "Of every pay date up to now, and not of this one alone."
    return Section(id="ageing", title="What is open", note=note, tables=[table])


def reach(view: View) -> Section:
    tables = []
    if view.kind in {ReportKind.DAY, ReportKind.BANK}:
        tables.append(_reach_of_banks(view))
    if view.kind in {ReportKind.DAY, ReportKind.BENEFIT}:
        tables.append(_reach_of_benefits(view))
    note = "By profiles, routes, paying accounts and the catalogue as they are configured now."
    return Section(id="reach", title="Who can be paid through whom", note=note, tables=tables)


def _reach_of_banks(view: View) -> Table:
    reach = view.figures.reach
    rows = [
        (
            *(way.bank, way.account_type, ", ".join(way.currencies)),
            *(len(way.benefits), Share(part=len(way.benefits), whole=len(reach.benefits))),
            *(", ".join(way.benefits), way.why_not),
        )
        for way in reach.banks
        if view.shows(way.bank)
    ]
    columns = (
        *(text("bank"), text("account", "kind of account"), text("currencies"), number("count", "benefits")),
        *(number("share", "of all"), text("benefits", "which"), text("why_not", "why none")),
    )
    return Table(id="reach_banks", caption="Benefits that each bank can be paid through", columns=columns, rows=rows)


def _reach_of_benefits(view: View) -> Table:
    reach = view.figures.reach
    every = len({way.bank for way in reach.banks})
    rows = []
    for benefit, currencies in reach.benefits.items():
        if view.shows(benefit):
            banks = reach.banks_of(benefit)
            rows.append(
                (benefit, ", ".join(currencies), len(banks), Share(part=len(banks), whole=every), ", ".join(banks))
            )
    columns = (
        *(text("benefit"), text("currencies"), number("count", "banks")),
        *(number("share", "of all"), text("banks", "which")),
    )
    return Table(id="reach_benefits", caption="Banks that can pay each benefit", columns=columns, rows=rows)
