"""The result of a run as one JSON object: amounts are decimal strings, counts are whole numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.demo.accounts import AccountBooks, account_findings, accounts_document
from gateway.demo.behaviours import not_shown
from gateway.demo.benefits_system import SUBJECT
from gateway.demo.judge import Finding, Judgement, Tally
from gateway.domain.money import format_minor
from gateway.service.look import TopicRow
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
class Cases:
    """Open exceptions of one kind, with whose work they are and the money they are about."""

    kind: str
    owner: str
    number: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """Exceptions of one kind: how many there ever were, and how many wait for a person."""

    kind: str
    raised: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was read from the gateway and the banks at the end; `sheets` holds one a pay date, the first one first."""

    sheets: Sequence[ControlSheet]
    submissions: Mapping[str, int]
    cases: Sequence[Cases]
    raised: Sequence[Raised]
    rules: Mapping[str, int]
    again: Mapping[str, int]
    accounts: Sequence[AccountBooks]
    tries: Mapping[str, int]
    late: Iterable[Late]
    stops: Sequence[Mapping[str, Any]]
    topics: Sequence[TopicRow]
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
        lost = [
            Finding(
                rule="records.lost", about=topic.topic, text="a record was passed over and nothing says what it was"
            )
            for topic in self.topics
            if topic.unaccounted or topic.unlettered
        ]
        return [*self.judgement.findings, *self.sheet_findings, *account_findings(self.accounts), *feed, *lost]

    @property
    def closes(self) -> bool:
        """Whether every equation of every pay date holds."""
        return all(sheet.closes for sheet in self.sheets)

    @property
    def good(self) -> bool:
        """Whether every equation holds, the banks agree per payment and per cent, and what is open has an owner."""
        return self.closes and not self.findings and all(case.owner for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the run itself knows: what was played, how often the clock moved, and what it took."""

    seed: int
    pay_date: date
    orders: int
    corrections: int
    amount: Mapping[str, str]
    outcome_events: int
    events_repeated: int
    refused: Sequence[tuple[str, int]]
    formats: Mapping[str, Any]
    by_hand: Mapping[str, int]
    shown: Mapping[str, Any]
    hops: int
    days: int
    ended_at: datetime
    broker: str
    seconds: Mapping[str, float]
    peak_rss_mib: float

    @property
    def day_seconds(self) -> float:
        """Real seconds of the pay day itself, without the days after it."""
        return self.seconds["push"] + self.seconds["pay"]

    @property
    def payments_per_second(self) -> float:
        """Orders of the pay day a second of real time, from the first one pushed until nothing was left to do."""
        return round((self.orders - self.corrections) / max(self.day_seconds, 0.001), 1)


def result_document(facts: Facts, figures: Figures) -> dict[str, Any]:
    """Write the whole result."""
    document = {**_played(facts, figures), **_judged(figures), **_took(facts)}
    return {**document, "not_shown": not_shown(document)}


def _played(facts: Facts, figures: Figures) -> dict[str, Any]:
    judgement = figures.judgement
    return {
        "ok": figures.good,
        "seed": facts.seed,
        "pay_date": facts.pay_date.isoformat(),
        "orders": facts.orders,
        "corrections": facts.corrections,
        "amount": dict(facts.amount),
        "positions": positions_document(judgement.positions()),
        "banks": banks_document(figures.sheets[0], judgement),
        "submissions": sum(figures.submissions.values()),
        "submission_states": dict(figures.submissions),
        "tries": dict(figures.tries),
        "formats": dict(facts.formats),
        "outcome_events": facts.outcome_events,
        "outcome_events_repeated": facts.events_repeated,
    }


def _judged(figures: Figures) -> dict[str, Any]:
    judgement = figures.judgement
    return {
        "duplicates_booked": sum(finding.rule == "booked.twice" for finding in judgement.findings),
        "control_sheet": sheet_document(figures.sheets[0]),
        "later_sheets": [sheet_document(sheet) for sheet in figures.sheets[1:]],
        "closes": figures.closes,
        "payments_compared": judgement.compared,
        "banks_agree": not figures.findings,
        "findings": findings_document(figures.findings),
        "accounts": accounts_document(figures.accounts),
        "accounts_agree": all(one.agrees for one in figures.accounts),
        "exceptions": [{"kind": c.kind, "owner": c.owner, "number": c.number} for c in figures.cases],
        "exceptions_raised": [{"kind": r.kind, "raised": r.raised, "open": r.open} for r in figures.raised],
        "matched_by": dict(figures.rules),
        "stops": [_stop(stop) for stop in figures.stops],
        "topics": [_topic(topic) for topic in figures.topics],
        "recalls": positions_document({("proposed", late.currency): late.tally for late in figures.late}).get(
            "proposed", {}
        ),
    }


def _took(facts: Facts) -> dict[str, Any]:
    return {
        "refused_at_the_door": [{"tried": tried, "status": status} for tried, status in facts.refused],
        "shown": dict(facts.shown),
        "done_by_hand": dict(facts.by_hand),
        "clock_moves": facts.hops,
        "days_closed": facts.days,
        "ended_at": facts.ended_at.isoformat(),
        "broker": facts.broker,
        "seconds": dict(facts.seconds),
        "payments_per_second": facts.payments_per_second,
        "peak_rss_mib": facts.peak_rss_mib,
    }


def _stop(stop: Mapping[str, Any]) -> dict[str, Any]:
    """Write a stop: never whom it is about."""
    kept = {"count": stop["keptOrders"], "amount": stop["kept"]}
    left = {"count": stop["leftOrders"], "amount": stop["left"]}
    by = "Kafka" if stop["notice"] else "REST" if stop["setBy"] == SUBJECT else "a bank's word"
    told = {"on": stop["kind"], "for": stop["reasonClass"], "by": by}
    return {**told, "state": stop["state"], "kept": kept, "left": left, "recalls": stop["recalls"]}


def _topic(topic: TopicRow) -> dict[str, Any]:
    counts = ("records", "stored", "same_again", "dead", "unaccounted", "unlettered")
    return {"topic": topic.topic, **{name: getattr(topic, name) for name in counts}}


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


def columns_of(sheets: Iterable[ControlSheet]) -> dict[tuple[str, str], Tally]:
    """Sum the columns of all sheets over the benefits, by (column, currency)."""
    figures: defaultdict[tuple[str, str], Figure] = defaultdict(Figure)
    for sheet in sheets:
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
