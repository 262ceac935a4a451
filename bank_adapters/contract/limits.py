"""What a bank's limits must do: what is within is written, what is one beyond is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bank_adapters.capabilities import AccountType
from bank_adapters.contract import scenarios
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.rendering import rendered_or_none, unlike
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.errors import CannotRender, Oversized
from gateway.domain.money import EXPONENT, Money


def refused(candidate: Candidate, content: SubmissionContent) -> bool:
    """Whether a submission is refused, by `refusals` or by `render`."""
    if candidate.adapter.refusals(content, candidate.profile):
        return True
    return rendered_or_none(candidate, content) is None


def _most_payments(candidate: Candidate) -> Iterator[str]:
    most = scenarios.most_payments(candidate.profile)
    full = scenarios.of_size(candidate.profile, most)
    document = rendered_or_none(candidate, full)
    if document is None:
        yield f"{most} payments are refused although the profile allows them: mend adapter or limits"
    elif len(candidate.seen(document).payments) != most:
        yield f"of {most} payments not all stand in the bytes"
    cent = Money(1, candidate.profile.currencies[0])
    over = replace(full, payments=(*full.payments, scenarios.payment(candidate.profile, most + 1, amount=cent)))
    if rendered_or_none(candidate, over) is not None:
        yield f"{most + 1} payments are written although the bank takes {most}: raise CannotRender"


def _fewest_payments(candidate: Candidate) -> Iterator[str]:
    fewest = candidate.profile.limits.min_payments_per_submission
    if rendered_or_none(candidate, scenarios.of_size(candidate.profile, fewest)) is None:
        yield f"{fewest} payments are refused although the profile asks for no more"


def _sum(candidate: Candidate) -> Iterator[str]:
    limit = candidate.profile.sum_limit(candidate.profile.currencies[0])
    if limit is None:
        return
    for over in (0, 1):
        content = _summing(candidate, limit + over)
        if content is None:
            return
        document = rendered_or_none(candidate, content)
        if over == 0 and document is None:
            yield "a submission of exactly limits.sum_per_submission is refused"
        if over == 1 and document is not None:
            yield "a submission one minor unit over limits.sum_per_submission is written: raise CannotRender"


def _summing(candidate: Candidate, total: int) -> SubmissionContent | None:
    """Make a submission of exactly this sum; None where no number of payments can reach it."""
    profile, most = candidate.profile, scenarios.most_payments(candidate.profile)
    size = max(profile.limits.min_payments_per_submission, -(-total // scenarios.LARGEST_MINOR))
    if size > most:
        return None
    each, rest = divmod(total, size)
    amounts = [each + (place < rest) for place in range(size)]
    payments = [
        replace(scenarios.payment(profile, 300 + place), amount=Money(minor, profile.currencies[0]))
        for place, minor in enumerate(amounts)
    ]
    return scenarios.content(profile, payments, number=4)


def _bytes(candidate: Candidate) -> Iterator[str]:
    """Move the limit to the size of a known document: at it the document is written, below it is not."""
    if candidate.profile.limits.bytes_per_submission is None:
        return
    content = scenarios.of_size(candidate.profile, scenarios.most_payments(candidate.profile))
    known = candidate.some
    size = len(candidate.bytes_of_some())
    for limit, fits in ((size, True), (size - 1, False)):
        limits = candidate.profile.limits.model_copy(update={"bytes_per_submission": limit})
        narrowed = replace(candidate, profile=candidate.profile.model_copy(update={"limits": limits}))
        try:
            written = bool(narrowed.rendered(known))
        except Oversized:
            written = False
        if written != fits:
            word = "is refused at" if fits else "is written one byte over"
            yield f"a submission {word} limits.bytes_per_submission: raise Oversized, so that it is cut smaller"
    document = rendered_or_none(candidate, content)
    if document is not None and len(document) > candidate.profile.limits.bytes_per_submission:
        yield "the largest submission is larger than limits.bytes_per_submission: raise CannotRender"


def _amounts(candidate: Candidate) -> Iterator[str]:
    """Write the smallest and the largest amount exactly; refuse what is no amount."""
    currency = candidate.profile.currencies[0]
    largest = scenarios.largest_minor(candidate.profile)
    for minor in (*(one for one in (1, 10, 99, 100, 101) if one < largest), largest):
        yield from _exactly(candidate, minor, currency)
    for minor in (0, -1, 10**18):
        if not refused(candidate, _with(candidate, Money(minor, currency))):
            yield f"an amount of {minor} minor units is written: name the payment in refusals"


def _exactly(candidate: Candidate, minor: int, currency: str) -> Iterator[str]:
    content = _with(candidate, Money(minor, currency))
    document = rendered_or_none(candidate, content)
    if document is not None:
        yield from unlike(content.payments, candidate.seen(document).payments)
    elif minor != scenarios.largest_minor(candidate.profile):
        yield f"an amount of {minor} minor units is refused: write it"


def _with(candidate: Candidate, amount: Money) -> SubmissionContent:
    return scenarios.filled_up(candidate.profile, [replace(scenarios.payment(candidate.profile, 401), amount=amount)])


def _currencies(candidate: Candidate) -> Iterator[str]:
    for currency in EXPONENT:
        content = _with(candidate, Money(1, currency))
        if currency in candidate.profile.currencies:
            if rendered_or_none(candidate, content) is None and not content.payments[1:]:
                yield f"{currency} is refused although the profile lists it"
        elif not refused(candidate, content):
            yield f"a payment in {currency} is written although the profile does not list it"


def _ways_to_be_paid(candidate: Candidate) -> Iterator[str]:
    for kind in AccountType:
        payment = scenarios.payment(candidate.profile, 501, kind)
        content = scenarios.filled_up(candidate.profile, [payment])
        offered = kind in candidate.profile.account_types
        if offered and refused(candidate, content):
            yield f"{kind} is refused although account_types offers it"
        if not offered and not refused(candidate, content):
            yield f"{kind} is written although account_types does not offer it: name the payment in refusals"


def _empty(candidate: Candidate) -> Iterator[str]:
    empty = replace(candidate.some, payments=())
    if rendered_or_none(candidate, empty) is not None:
        yield "a submission without payments is written: raise CannotRender"


def _same_id_twice(candidate: Candidate) -> Iterator[str]:
    one = scenarios.payment(candidate.profile, 601)
    other = replace(scenarios.payment(candidate.profile, 602), end_to_end_id=one.end_to_end_id)
    if not refused(candidate, scenarios.filled_up(candidate.profile, [one, other])):
        yield "two payments under one EndToEndId are written: raise CannotRender"


def _refusals_agree(candidate: Candidate) -> Iterator[str]:
    """`refusals` decides which orders are held: what it misses stops a whole file, what it makes up holds a payee."""
    profile = candidate.profile
    good = [scenarios.payment(profile, 700 + n) for n in range(2)]
    bad: Sequence[Payment] = [
        replace(good[0], amount=Money(0, profile.currencies[0])),
        replace(good[0], creditor=replace(good[0].creditor, name="")),
        replace(good[0], creditor=replace(good[0].creditor, name="\u4e2d\u6587")),
    ]
    named = candidate.adapter.refusals(scenarios.filled_up(profile, good[:1]), profile)
    if named:
        yield "refusals names a payment that nothing is wrong with"
    for payment in bad:
        content = scenarios.filled_up(profile, [payment])
        told = candidate.adapter.refusals(content, profile)
        cannot = rendered_or_none(candidate, content) is None
        if cannot and payment.end_to_end_id not in told:
            yield "a payment that cannot be written is missing in refusals: it would stop all others with it"
        if told and not cannot:
            yield "refusals names a payment that render writes all the same"
        if set(told) - {payment.end_to_end_id}:
            yield "refusals names payments that nothing is wrong with"


def _render_refuses(candidate: Candidate) -> Iterator[str]:
    """A refused payment must not be left out quietly."""
    broken = replace(scenarios.payment(candidate.profile, 801), amount=Money(0, candidate.profile.currencies[0]))
    fillers = [scenarios.payment(candidate.profile, 802 + n) for n in range(scenarios.SOME - 1)]
    content = scenarios.content(candidate.profile, [broken, *fillers[: scenarios.most_payments(candidate.profile) - 1]])
    try:
        candidate.rendered(content)
    except CannotRender:
        return
    yield "a submission with a payment that cannot be written is rendered without it: raise CannotRender"


CHECKS = (
    Check(
        name="limits.most-payments",
        asks="the most payments of a submission (or block) are written, one more is refused",
        ask=_most_payments,
    ),
    Check(name="limits.fewest-payments", asks="the fewest payments of a submission are written", ask=_fewest_payments),
    Check(name="limits.sum", asks="a sum at the limit is written, one minor unit over is refused", ask=_sum),
    Check(name="limits.bytes", asks="a size at the limit is written, one byte over is refused", ask=_bytes),
    Check(name="limits.amounts", asks="amounts from 0.01 to the largest are exact; no amount is refused", ask=_amounts),
    Check(name="limits.currencies", asks="currencies that the profile does not list are refused", ask=_currencies),
    Check(name="limits.account-types", asks="ways to be paid are written exactly as offered", ask=_ways_to_be_paid),
    Check(name="limits.empty", asks="a submission without payments is refused", ask=_empty),
    Check(name="limits.same-id-twice", asks="one EndToEndId stands once in a submission", ask=_same_id_twice),
    Check(
        name="limits.refusals-agree",
        asks="refusals names exactly the payments that cannot be written",
        ask=_refusals_agree,
    ),
    Check(
        name="limits.nothing-left-out", asks="a payment that cannot be written is never left out", ask=_render_refuses
    ),
)
