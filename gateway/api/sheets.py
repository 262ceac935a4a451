"""The control sheet of a pay day, as JSON."""

from collections.abc import Iterable
from datetime import date

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed
from gateway.api.models import Model
from gateway.api.routes import Route, answered, query_of
from gateway.domain.errors import Refused
from gateway.domain.iso8601 import is_date
from gateway.domain.money import format_minor
from gateway.service.report import ControlSheet, Equation, Figure

_QUERY = {"payDate": "the pay date, YYYY-MM-DD", "source": "which source's, for callers that see several"}


class SheetFigure(Model):
    """A number of payments and their sum as a decimal string; without a sum where currencies mix."""

    count: int
    amount: str | None

    @classmethod
    def of(cls, figure: Figure, currency: str) -> "SheetFigure":
        return cls(count=figure.count, amount=format_minor(figure.minor, currency) if currency else None)


class SheetLine(Model):
    """One figure: `about` is a benefit or a bank, `column` where its payments stand."""

    about: str
    currency: str
    column: str
    figure: SheetFigure


class SheetEquation(Model):
    """Two figures from different sources that must be equal, and what they differ by."""

    name: str
    about: str
    left: SheetFigure
    right: SheetFigure
    difference: SheetFigure
    holds: bool

    @classmethod
    def of(cls, equation: Equation) -> "SheetEquation":
        sides = {"left": equation.left, "right": equation.right, "difference": equation.difference}
        figures = {side: SheetFigure.of(figure, equation.currency) for side, figure in sides.items()}
        return cls(name=equation.name, about=equation.about, holds=equation.holds, **figures)


class Sheet(Model):
    """A pay day: `closes` only if every equation holds."""

    pay_date: date
    closes: bool
    orders: list[SheetLine]
    banks: list[SheetLine]
    equations: list[SheetEquation]

    @classmethod
    def of(cls, sheet: ControlSheet) -> "Sheet":
        return cls(
            pay_date=sheet.pay_date,
            closes=sheet.closes,
            orders=_lines(sheet.orders.items()),
            banks=_lines(sheet.banks.items()),
            equations=[SheetEquation.of(equation) for equation in sheet.equations],
        )


def _lines(figures: Iterable[tuple[tuple[str, str, str], Figure]]) -> list[SheetLine]:
    return [
        SheetLine(about=about, currency=currency, column=column, figure=SheetFigure.of(figure, currency))
        for (about, currency, column), figure in sorted(figures, key=lambda item: item[0])
    ]


async def _sheet(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _QUERY)
    day = query.get("payDate", "")
    if not is_date(day):
        raise Refused.one("/query/payDate", "query.date", "say which pay date, as YYYY-MM-DD")
    sources = narrowed(principal, query.get("source", ""))
    return answered(Sheet.of(await request.app[DOORS].report.control_sheet(date.fromisoformat(day), sources)))


ROUTES = (
    Route(
        method="GET",
        path="/v1/control-sheet",
        handle=_sheet,
        summary="The proof that a pay day closes: figures, each from its own source, and equations",
        answer=Sheet,
        scopes=(Scope.READ, Scope.OPERATE),
        query=_QUERY,
        fails=(422, 503),
    ),
)
