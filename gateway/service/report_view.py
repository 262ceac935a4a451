"""What a report is cut by, and the columns and cells that its tables share."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.paper import Amount, Column, ReportKind
from gateway.service.report import Equation, Figure, batch_equations
from gateway.service.report_books import book_equations
from gateway.service.report_figures import ReportFigures

ITEMS = 1_000
"""Most differences that one report itemises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Figures, what they are cut by, and the one bank or benefit they are narrowed to ("": none)."""

    figures: ReportFigures
    kind: ReportKind
    about: str

    def shows(self, about: str) -> bool:
        return self.about in {"", about}

    @property
    def equations(self) -> list[Equation]:
        """Every equation of this view."""
        sheet, figures = self.figures.sheet.equations, self.figures
        books = list(book_equations(figures.books)) if figures.books else []
        match self.kind:
            case ReportKind.DAY:
                return [*sheet, *books]
            case ReportKind.BANK:
                return [e for e in (*sheet, *books) if e.bank and self.shows(e.bank)]
            case ReportKind.BENEFIT:
                return [e for e in sheet if not e.bank]
            case ReportKind.SOURCE:
                return list(batch_equations(figures.day))

    @property
    def differences(self) -> list[Equation]:
        """What of this view does not add up, by batch and submission."""
        return [e for e in self.figures.differences if self._about_this(e)][:ITEMS]

    def _about_this(self, item: Equation) -> bool:
        match self.kind:
            case ReportKind.DAY:
                return True
            case ReportKind.BANK:
                return bool(item.bank) and self.shows(item.bank)
            case _:
                return not item.bank


def text(name: str, title: str = "") -> Column:
    return Column(id=name, title=title or name)


def number(name: str, title: str = "") -> Column:
    return Column(id=name, title=title or name, number=True)


def money_of(count: str) -> Sequence[Column]:
    return number(count), number("amount"), text("currency")


def about_of(view: View, of_day: str = "of") -> Sequence[Column]:
    return (text(of_day if view.kind is ReportKind.DAY else str(view.kind)),)


def amount(figure: Figure, currency: str) -> Amount | None:
    return minor_amount(figure.minor, currency)


def minor_amount(minor: int, currency: str) -> Amount | None:
    return Amount(minor=minor, currency=currency) if currency else None
