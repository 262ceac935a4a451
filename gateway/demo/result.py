"""The result of a run as one JSON object: amounts are decimal strings, counts are whole numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.demo.judge import Finding, Judgement, Tally
from gateway.domain.money import format_minor
from gateway.service.report import ControlSheet, Equation, Figure

FINDINGS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How many there are of something."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Payments that a stop came too late for."""

    currency: str
    payments: int
    minor: int

    @property
    def tally(self) -> Tally:
        return Tally(count=self.payments, minor=self.minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was read from the gateway and the banks at the end of the day."""

    sheet: ControlSheet
    submissions: Mapping[str, int]
    exceptions: Mapping[str, int]
    tries: Mapping[str, int]
    late: Iterable[Late]
    judgement: Judgement
    sheet_findings: Iterable[Finding]
    feed_agrees: bool

    @property
    def findings(self) -> list[Finding]:
        feed = (
            []
            if self.feed_agrees
            else [Finding(rule="feed.differs", about="", text="Kafka and REST told different outcomes")]
        )
        return [*self.judgement.findings, *self.sheet_findings, *feed]

    @property
    def good(self) -> bool:
        """Whether every equation holds and the banks agree payment by payment."""
        return self.sheet.closes and not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the run itself knows: what was played, how often the clock moved, and what it took."""

    seed: int
    pay_date: date
    orders: int
    amount: Mapping[str, str]
    outcome_events: int
    events_repeated: int
    refused: Sequence[tuple[str, int]]
    hops: int
    ended_at: datetime
    broker: str
    seconds: Mapping[str, float]
    peak_rss_mib: float

    @property
    def payments_per_second(self) -> float:
        """Orders a second of real time, from the first one pushed to the last outcome."""
        return round(self.orders / max(self.seconds["push"] + self.seconds["pay"], 0.001), 1)


def result_document(facts: Facts, figures: Figures) -> dict[str, Any]:
    """Write the whole result."""
    return {**_played(facts, figures), **_judged(figures), **_took(facts)}


def _played(facts: Facts, figures: Figures) -> dict[str, Any]:
    judgement = figures.judgement
    return {
        "ok": figures.good,
        "seed": facts.seed,
        "pay_date": facts.pay_date.isoformat(),
        "orders": facts.orders,
        "amount": dict(facts.amount),
        "positions": positions_document(judgement.positions()),
        "banks": banks_document(figures.sheet, judgement),
        "submissions": sum(figures.submissions.values()),
        "submission_states": dict(figures.submissions),
        "tries": dict(figures.tries),
        "outcome_events": facts.outcome_events,
        "outcome_events_repeated": facts.events_repeated,
    }


def _judged(figures: Figures) -> dict[str, Any]:
    judgement = figures.judgement
    return {
        "duplicates_booked": sum(finding.rule == "booked.twice" for finding in judgement.findings),
        "control_sheet": sheet_document(figures.sheet),
        "payments_compared": judgement.compared,
        "banks_agree": not figures.findings,
        "findings": findings_document(figures.findings),
        "exceptions": dict(figures.exceptions),
        "recalls": positions_document({("proposed", late.currency): late.tally for late in figures.late}).get(
            "proposed", {}
        ),
    }


def _took(facts: Facts) -> dict[str, Any]:
    return {
        "refused_at_the_door": [{"tried": tried, "status": status} for tried, status in facts.refused],
        "clock_moves": facts.hops,
        "ended_at": facts.ended_at.isoformat(),
        "broker": facts.broker,
        "seconds": dict(facts.seconds),
        "payments_per_second": facts.payments_per_second,
        "peak_rss_mib": facts.peak_rss_mib,
    }


def money(minor: int, currency: str) -> str:
    return format_minor(minor, currency) if currency else str(minor)


def sheet_document(sheet: ControlSheet) -> dict[str, Any]:
    """Write the control sheet: figures by benefit and by bank, and every equation with its difference."""
    return {
        "pay_date": sheet.pay_date.isoformat(),
        "closes": sheet.closes,
        "equations": [_equation(equation) for equation in sheet.equations],
        "benefits": _nested(sheet.orders),
        "banks": _nested(sheet.banks),
    }


def positions_document(tallies: Mapping[tuple[str, str], Tally]) -> dict[str, Any]:
    """Write count and amount a currency for each position."""
    document: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"count": 0, "amount": {}})
    for (position, currency), tally in sorted(tallies.items()):
        document[position]["count"] += tally.count
        document[position]["amount"] |= _amount(tally.minor, currency)
    return dict(document)


def banks_document(sheet: ControlSheet, judgement: Judgement) -> dict[str, Any]:
    """Write for each bank the sheet's figures in attempts, and where the judge found its payments."""
    document: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for bank, columns in _nested(sheet.banks).items():
        document[bank] = dict(columns)
    for bank in {bank for bank, _, _ in judgement.tallies if bank}:
        of_bank = {(p, c): tally for (b, p, c), tally in judgement.tallies.items() if b == bank}
        document[bank]["positions"] = positions_document(of_bank)
    return dict(sorted(document.items()))


def columns_of(sheet: ControlSheet) -> dict[tuple[str, str], Tally]:
    """Sum the sheet's columns over the benefits, by (column, currency)."""
    figures: defaultdict[tuple[str, str], Figure] = defaultdict(Figure)
    for (_, currency, column), figure in sheet.orders.items():
        figures[column, currency] += figure
    return {key: Tally(count=figure.count, minor=figure.minor) for key, figure in figures.items() if figure.count}


def findings_document(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Write the first findings."""
    return [{"rule": f.rule, "about": f.about, "text": f.text} for f in list(findings)[:FINDINGS_SHOWN]]


def _nested(figures: Mapping[tuple[str, str, str], Figure]) -> dict[str, Any]:
    document: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for (what, currency, column), figure in sorted(figures.items()):
        entry = document[what].setdefault(column, {"count": 0, "amount": {}})
        entry["count"] += figure.count
        entry["amount"] |= _amount(figure.minor, currency)
    return dict(document)


def _amount(minor: int, currency: str) -> dict[str, str]:
    """Name an amount by its currency; without one there is no money to name."""
    return {currency: money(minor, currency)} if currency else {}


def _equation(equation: Equation) -> dict[str, Any]:
    sides = {"left": equation.left, "right": equation.right, "difference": equation.difference}
    return {
        "name": equation.name,
        "about": equation.about,
        "currency": equation.currency,
        **{side: {"count": f.count, "amount": money(f.minor, equation.currency)} for side, f in sides.items()},
        "holds": equation.holds,
    }
