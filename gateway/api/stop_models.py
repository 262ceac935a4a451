"""What requests and answers about stops look like."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.api.models import Model, Text
from gateway.domain.money import format_minor
from gateway.domain.stop import SUBJECTS_MAX
from gateway.service.stops import CaughtOrder, StopView

KindName = Literal["person", "account", "order", "benefit", "source", "bank", "mandate"]
ReasonName = Literal[
    "death",
    "life certificate overdue",
    "guardian changed",
    "account changed",
    "court order",
    "fraud suspicion",
    "other",
]
SourceName = Annotated[str, StringConstraints(max_length=200)]


class SetStop(Model):
    """Stop a person (identifier "SCHEME:id"), account, order, benefit, source, bank or mandate, at once."""

    kind: KindName
    value: Text
    reason: Text
    reason_class: ReasonName = "other"
    effective_on: date | None = None
    source: SourceName = ""


class StopSubject(Model):
    """One thing that a notice stops."""

    kind: KindName
    value: Text


class SetNotice(Model):
    """Stop several things together, all or none. Sent again under the same `id` it is the same notice."""

    id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
    notice: ReasonName
    reason: Text | None = None
    effective_on: date | None = None
    subjects: Annotated[list[StopSubject], Field(min_length=1, max_length=SUBJECTS_MAX)]
    source: SourceName = ""


class Stop(Model):
    """A stop, active or lifted by two people, and what it caught.

    `kept` is the money it kept from leaving, `left` what was on its way already, for which `recalls` were proposed;
    both stay as they were when the stop is lifted. `voided` counts submissions. Who may not operate sees only in part
    whom or which account it is about. `swept` says that `left` is complete as far as is known.
    """

    stop_no: int
    kind: str
    source: str
    value: str
    reason: str
    reason_class: str
    effective_on: date | None
    notice: str | None
    state: str
    set_at: datetime
    set_by: str
    lift_asked_by: str | None
    lifted_by: str | None
    swept: bool
    voided: int
    recalls: int
    kept_orders: int
    kept: dict[str, str]
    left_orders: int
    left: dict[str, str]

    @classmethod
    def of(cls, view: StopView, *, plain: bool) -> "Stop":
        """Write a stop for the API; `plain` for eyes that may see whom it is about."""
        own = {name: getattr(view, name) for name in StopView.__slots__ if name != "totals"}
        sums = {how: {c: format_minor(minor, c) for c, minor in view.minor(how).items()} for how in ("kept", "left")}
        orders = {f"{how}_orders": view.orders(how) for how in sums}
        return cls.model_validate(own | sums | orders | {"value": view.value if plain else view.shown})


class Stops(Model):
    """Stops, newest first; `next` is what to give as `before` for older ones."""

    stops: list[Stop]
    next: int | None = None


class StoppedOrder(Model):
    """An order that a stop caught: kept from leaving, or left already."""

    source: str
    order_id: str
    how: Literal["kept", "left"]
    amount: str
    currency: str
    caught_at: datetime

    @classmethod
    def of(cls, row: CaughtOrder) -> "StoppedOrder":
        """Write a caught order for the API."""
        own = {name: getattr(row, name) for name in ("source", "order_id", "how", "currency", "caught_at")}
        return cls.model_validate(own | {"amount": format_minor(row.amount_minor, row.currency)})


class StoppedOrders(Model):
    """What a stop caught, in the order in which the orders came; `next` is where to go on."""

    orders: list[StoppedOrder]
    next: int
