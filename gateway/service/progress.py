"""How far payments have come, counted with the transaction that moves them and reported after its commit.

Set-based: the age of the approvals is grouped by bucket in the database, one round trip for a submission or a chunk.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.ports.metrics import AGES_SECONDS, Meter
from gateway.ports.store import Session
from gateway.service.outcomes import News

PAYMENTS = "gateway_payments_total"

_STAGES: Mapping[str, str] = {"paid": "confirmed", "rejected": "rejected", "returned": "returned"}
"""The stage that an outcome is counted as; the other outcomes need a person and show as exceptions."""
_WITH_REASON = frozenset({"rejected", "returned"})
NO_REASON, UNLISTED = "none", "unlisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """Payments whose approvals are about as old: how many, and their mean age."""

    payments: int
    seconds: float


async def sent(tally: Meter, session: Session, *, bank: str, submission_no: int, at: datetime) -> None:
    """Count the payments of a submission that was delivered at `at`."""
    await all_sent(tally, session, bank=bank, submissions=[submission_no], at=at)


async def all_sent(tally: Meter, session: Session, *, bank: str, submissions: list[int], at: datetime) -> None:
    """Count the payments of submissions of one bank that were delivered at `at`."""
    if not submissions:
        return
    for ages in await session.all(Ages, "progress.ages_of_submissions", submissions, at, list(AGES_SECONDS)):
        tally.count(PAYMENTS, ages.payments, stage="sent", bank=bank)
        tally.observe("gateway_approval_to_bank_seconds", ages.seconds, ages.payments, bank=bank)


async def answered(
    tally: Meter, session: Session, *, bank: str, news: Iterable[News], at: datetime, codes: Container[str]
) -> None:
    """Count the payments of which `bank` said at `at` what became of them; `codes` are the reasons we know."""
    told = list(news)
    for (stage, reason), payments in Counter(_reasons(told, codes)).items():
        tally.count("gateway_reasons_total", payments, stage=stage, reason=reason)
    for outcome, payments in Counter(n.outcome for n in told).items():
        if outcome in _STAGES:
            tally.count(PAYMENTS, payments, stage=_STAGES[outcome], bank=bank)
    paid = [n.order_no for n in told if n.outcome == "paid"]
    if not paid:
        return
    for ages in await session.all(Ages, "progress.ages_of_orders", paid, at, list(AGES_SECONDS)):
        tally.observe("gateway_approval_to_confirmation_seconds", ages.seconds, ages.payments, bank=bank)


def _reasons(news: Iterable[News], codes: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield stage and reason of what did not stay paid. A bank may say anything; a label is one of few words."""
    for told in news:
        if told.outcome in _WITH_REASON:
            code = told.reason or NO_REASON
            yield told.outcome, code if code == NO_REASON or code in codes else UNLISTED
