"""The first pass over a submission: how many payments, what sum, which currency, and whether an id stands twice."""

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

from bank_adapters.spi import Payment, SubmissionContent

_BUCKETS = 256
_RUN = 256
"""Payments that are looked at together."""
_counted = attrgetter("end_to_end_id", "amount.minor", "amount.currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many payments there are and what they sum up to, in minor units."""

    count: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a submission is made of: a total a block, the whole, the one currency, the EndToEndIds that stand twice."""

    blocks: Sequence[Total]
    whole: Total
    currency: str
    repeated: Collection[str]


def tally(submission: SubmissionContent, currencies: Collection[str]) -> Tally:
    """Count, without keeping anything of a payment but eight bytes of its id.

    The currency is the first of `currencies` that a payment has; the payments in any other are wrong one by one.
    """
    buckets: list[array[int]] = [array("q") for _ in range(_BUCKETS)]
    found = ""
    totals: list[Total] = []
    for block in submission.every_block:
        count = minor = 0
        rest = map(_counted, block.payments)
        while run := tuple(islice(rest, _RUN)):
            ids, minors, theirs = zip(*run, strict=True)
            count, minor = count + len(run), minor + sum(minors)
            for number in map(hash, ids):
                buckets[number % _BUCKETS].append(number)
            found = found or next((one for one in theirs if one in currencies), "")
        totals.append(Total(count=count, minor=minor))
    whole = Total(count=sum(one.count for one in totals), minor=sum(one.minor for one in totals))
    # Eight bytes of an id, in buckets, so that looking for equal ones takes no memory either; then they are compared.
    alike = any(len(set(bucket)) < len(bucket) for bucket in buckets)
    repeated = _repeated(every_payment(submission)) if alike else frozenset()
    return Tally(blocks=totals, whole=whole, currency=found or next(iter(currencies)), repeated=repeated)


def every_payment(submission: SubmissionContent) -> Iterator[Payment]:
    """Yield the payments in document order."""
    for block in submission.every_block:
        yield from block.payments


def _repeated(payments: Iterable[Payment]) -> frozenset[str]:
    counts = Counter(payment.end_to_end_id for payment in payments)
    return frozenset(one for one, count in counts.items() if count > 1)
