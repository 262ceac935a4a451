"""The board of banks: how each is connected, whether its lane goes, and when it takes payments in.

Banks belong to no single source, so only callers who may act for every source see them.
"""

from datetime import date, datetime
from typing import Self

from aiohttp import web
from pydantic import Field

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS
from gateway.api.models import Model
from gateway.api.routes import Route, answered, query_of
from gateway.service.bank_board import BankRow, ProductBoard
from gateway.service.stops import EVERY_SOURCE


class ProductHours(Model):
    """When the bank takes one product in; times are instants in UTC."""

    product: str = Field(description='category purpose, or "*" for every product without its own hours')
    opens: datetime | None = Field(description="today's opening; null on a closed day")
    closes: datetime | None = Field(description="today's cut-off; null on a closed day")
    next_opening: datetime | None = Field(description="from when on something can be sent; now while that is so")
    cut_off: datetime | None = Field(description="the cut-off of the present or next window")

    @classmethod
    def of(cls, row: ProductBoard) -> Self:
        """Write the hours of a product."""
        return cls(
            product=row.product,
            opens=row.today.opens if row.today else None,
            closes=row.today.closes if row.today else None,
            next_opening=row.next_opening,
            cut_off=row.cut_off,
        )


class BankLane(Model):
    """The lane of a bank; numbers are payments."""

    breaker: str
    paused: bool
    waiting: int
    under_way: int
    unknown: int
    alarmed: int = Field(description="of those that wait, what the bank knows of although it was never sent")


class Bank(Model):
    """A bank that is connected."""

    bank: str
    name: str
    onboarding: str
    tier: str
    calendar: str
    day: date = Field(description="the date at the bank")
    banking_day: bool
    half_day: bool
    waits: bool = Field(description="whether payments wait for the hours; false: the bank keeps what comes early")
    lane: BankLane
    products: list[ProductHours]
    next_opening: datetime | None = Field(description="the earliest of its products")
    cut_off: datetime | None = Field(description="the earliest of its products")

    @classmethod
    def of(cls, row: BankRow) -> Self:
        """Write a bank."""
        same = cls.model_fields.keys() - {"lane", "products"}
        lane = BankLane(**{name: getattr(row.lane, name) for name in BankLane.model_fields})
        products = [ProductHours.of(product) for product in row.products]
        return cls(**{name: getattr(row, name) for name in same}, lane=lane, products=products)


class Banks(Model):
    """Every bank that is connected."""

    banks: list[Bank]


async def _banks(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    query_of(request, {})
    return answered(Banks(banks=[Bank.of(row) for row in await request.app[DOORS].board.all()]))


ROUTES = (
    Route(
        method="GET",
        path="/v1/banks",
        handle=_banks,
        summary="The banks: how each is connected, its lane, its hours today, its next opening and cut-off",
        answer=Banks,
        scopes=(Scope.READ, Scope.OPERATE),
        fails=(422, 503),
    ),
)
