"""What requests and answers about funds and limits look like. Amounts are decimal text in their currency."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from gateway.api.case_models import Digest
from gateway.api.models import Model, Text
from gateway.domain.money import format_minor
from gateway.service.decisions import Decision as DecisionRow
from gateway.service.funds import Hold as HoldRow
from gateway.service.funds import Need as NeedRow
from gateway.service.limits import LimitUse

Name = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9._-]{1,64})$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,4})?$")]


class RaiseLimit(Model):
    """Ask for a configured limit to be raised on one day; another person confirms."""

    source: Name
    bank: Name
    currency: Currency
    day: date
    per_day: Amount


class ConfirmRaise(Model):
    """The digest of the decision that this person was shown."""

    digest: Digest


class Need(Model):
    """What a paying account needs for a pay date. Without a proved statement there is no balance and no shortfall."""

    bank: str
    debtor_account: str
    currency: str
    pay_date: date
    payments: int
    to_leave: str
    in_flight: str
    needed_by: datetime | None = Field(description="the bank's cut-off on that day, where its profile names one")
    balance: str | None = Field(description="closing balance of the last proved statement")
    balance_on: date | None
    shortfall: str | None = Field(
        description="what the balance lacks of all in flight and to leave up to this pay date"
    )
    held: bool

    @classmethod
    def of(cls, row: NeedRow) -> Self:
        """Write what an account needs."""

        def money(minor: int | None) -> str | None:
            return None if minor is None else format_minor(minor, row.currency)

        same = ("bank", "debtor_account", "currency", "pay_date", "payments", "needed_by", "balance_on", "held")
        return cls.model_validate(
            {name: getattr(row, name) for name in same}
            | {
                "to_leave": money(row.to_leave_minor),
                "in_flight": money(row.in_flight_minor),
                "balance": money(row.balance_minor),
                "shortfall": money(row.shortfall_minor),
            }
        )


class Hold(Model):
    """The held queue of a paying account."""

    hold_no: int
    bank: str
    debtor_account: str
    currency: str
    reason: str
    message_no: int | None
    set_at: datetime
    set_by: str
    released_at: datetime | None
    released_by: str | None

    @classmethod
    def of(cls, row: HoldRow) -> Self:
        """Write a hold."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class Funds(Model):
    """What accounts need, and whose queues are held."""

    needs: list[Need]
    holds: list[Hold]


class Limit(Model):
    """A limit as it stands on a day; `limit` is higher than `perDay` where two people raised it."""

    source: str
    bank: str
    currency: str
    day: date
    per_day: str
    limit: str
    used: str

    @classmethod
    def of(cls, use: LimitUse, day: date) -> Self:
        """Write a limit."""
        minors = {"per_day": use.per_day, "limit": use.limit_minor, "used": use.used_minor}
        amounts = {name: format_minor(minor, use.currency) for name, minor in minors.items()}
        return cls.model_validate(
            {"source": use.source, "bank": use.bank, "currency": use.currency, "day": day} | amounts
        )


class Limits(Model):
    """Every configured limit."""

    limits: list[Limit]


class Raise(Model):
    """A raise that waits for a second person, who confirms exactly this digest."""

    decision_no: int
    digest: Digest
    asked_by: Text
    asked_at: datetime
    expires_at: datetime
    subject: dict[str, str] = Field(description="what is wanted, and the limit that the asker saw")

    @classmethod
    def of(cls, row: DecisionRow) -> Self:
        """Write what was asked."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})
