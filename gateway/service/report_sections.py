"""From figures to a report: which sections a report of each kind has. Pure; every format is written from it."""

from collections.abc import Callable, Mapping, Sequence

from gateway.domain.paper import Paper, ReportKind, Section
from gateway.service import report_conduct as conduct
from gateway.service import report_money as money
from gateway.service.report_figures import ReportFigures
from gateway.service.report_view import View


def paper(figures: ReportFigures, *, kind: ReportKind, about: str, sources: Sequence[str]) -> Paper:
    """Make the report."""
    view = View(figures=figures, kind=kind, about=about)
    return Paper(
        kind=kind,
        pay_date=figures.sheet.pay_date,
        made_at=figures.at,
        sources=sources,
        about=about,
        closes=all(equation.holds for equation in view.equations),
        sections=[make(view) for make in _SECTIONS[kind]],
    )


_Make = Callable[[View], Section]
_SECTIONS: Mapping[ReportKind, Sequence[_Make]] = {
    ReportKind.DAY: (
        money.orders,
        money.payments,
        money.equations,
        money.books,
        conduct.rates,
        conduct.returns,
        conduct.stops,
        conduct.ageing,
        conduct.reach,
    ),
    ReportKind.BANK: (
        money.payments,
        money.equations,
        money.books,
        conduct.rates,
        conduct.returns,
        conduct.ageing,
        conduct.reach,
    ),
    ReportKind.BENEFIT: (money.orders, money.equations, conduct.rates, conduct.returns, conduct.stops, conduct.reach),
    ReportKind.SOURCE: (money.orders, money.equations, conduct.rates, conduct.returns, conduct.stops, conduct.ageing),
}
