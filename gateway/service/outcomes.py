"""Outcome events: what became of an order, numbered per order and told to the benefits system at least once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from gateway.domain.money import EXPONENT
from gateway.ports.store import Session
from gateway.service.classes import Classes

_CURRENCIES = list(EXPONENT)
_UNITS = [Decimal(1).scaleb(-exponent) for exponent in EXPONENT.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became of one order. The rest of the event is read from the order's row.

    `reason` is the bank's code, or a stable code of ours; `action` says what follows from it, `needs` what is missing
    for another order to be paid ("account", "name", "data", "death", "decision").
    """

    order_no: int
    outcome: str
    bank: str | None = None
    end_to_end_id: str | None = None
    reason: str | None = None
    action: str | None = None
    needs: str | None = None


async def tell(session: Session, at: datetime, news: Sequence[News]) -> None:
    """Draw the number of each outcome under its order's lock and store its event, in the caller's transaction.

    Set-based: thousands at once are one round. Orders are locked in the order of their numbers, so that two tellers
    cannot deadlock. News of one order follow each other as given.
    """
    for batch in _rounds(news):
        numbers, classes = [n.order_no for n in batch], Classes()
        of = [classes.number((n.outcome, n.bank, n.reason, n.action, n.needs)) for n in batch]
        await session.execute("outcomes.lock", numbers)
        told = await session.execute(
            "outcomes.tell",
            *(at, timestamp(at), _CURRENCIES, _UNITS),
            *(numbers, [n.end_to_end_id for n in batch], classes.or_none(of)),
            *classes.columns(5),
        )
        if told != len(batch):
            raise AssertionError(f"{len(batch)} outcomes were told of {told} orders")


def timestamp(at: datetime) -> str:
    """Write a time as events carry it: RFC 3339 in UTC, milliseconds, "Z"."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _rounds(news: Sequence[News]) -> Iterator[list[News]]:
    """Split news so that no round tells of one order twice; nearly always there is one round."""
    waiting = list(news)
    while waiting:
        first: dict[int, News] = {}
        again = [n for n in waiting if first.setdefault(n.order_no, n) is not n]
        yield list(first.values())
        waiting = again
