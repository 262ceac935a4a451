"""Match: finds what the observations of a chunk name, rung by rung (`gateway/domain/matching.py` has the ladder).

What names its payment by UETR or EndToEndId, nearly everything, comes from the database sorted by everything that a
judgement depends on, so thousands of bookings are judged once. What is left is looked at one by one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.matching import WINDOW_EARLY, WINDOW_LATE, WINDOW_RETURN, Rule
from gateway.ports.store import Session
from gateway.service.judge import Heard

MATCHES = "gateway_matches_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What one observation names by a rung below the first two; see `judge.Heard`."""

    ordinal: int
    rule: str
    attempt_no: int | None
    submission_no: int | None
    sent_to: str
    several: bool
    account_agrees: bool | None
    short_minor: int | None
    currency_agrees: bool | None
    beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Attempts that an entry could be of by account, amount and date alone."""

    ordinal: int
    attempt_nos: Sequence[int]


async def heard_of(
    session: Session, *, message_no: int, bank: str, after: int, through: int, count: int, rules: Collection[Rule]
) -> list[Heard]:
    """Return the next `count` observations of a message behind ordinal `after`, beside what they name.

    Nothing behind `through`: what stands there is not what the message says, but what a person said of it.
    """
    believed = [str(rule) for rule in rules]
    alike = await session.all(Heard, "match.alike", message_no, after, count, believed, through)
    left = [ordinal for heard in alike if heard.rule is None for ordinal in heard.ordinals]
    if not left:
        return alike
    found = await session.all(Named, "match.further", message_no, left, bank, believed)
    named = {one.ordinal: one for one in found}
    return [one for heard in alike for one in ([heard] if heard.rule else _apart(heard, named))]


def _apart(heard: Heard, named: Mapping[int, Named]) -> Iterator[Heard]:
    """Take observations that named nothing so far apart, each with what a further rung found."""
    for alone in heard.one_by_one():
        one = named.get(alone.ordinals[0])
        yield alone if one is None else _naming(alone, one)


def _naming(heard: Heard, one: Named) -> Heard:
    return replace(
        heard,
        rule=one.rule,
        several=one.several,
        attempt_nos=[None if one.several else one.attempt_no],
        submission_no=None if one.several else one.submission_no,
        sent_to=one.sent_to,
        account_agrees=one.account_agrees,
        short_minor=one.short_minor,
        currency_agrees=one.currency_agrees,
        beyond=one.beyond,
    )


async def proposals(
    session: Session, *, message_no: int, bank: str, ordinals: Iterable[int]
) -> dict[int, Sequence[int]]:
    """Return which attempts these entries could be of, by account, amount, sign and date. Never a match."""
    late, early, back = WINDOW_LATE.days, WINDOW_EARLY.days, WINDOW_RETURN.days
    args = (message_no, list(ordinals), bank, late, early, back)
    return {p.ordinal: p.attempt_nos for p in await session.all(Proposal, "match.proposals", *args)}
