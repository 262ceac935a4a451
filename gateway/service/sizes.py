"""Sizes: how many payments fit one submission of a bank, by its limits in number, sum and bytes.

Bytes are known only when a submission is written. The cutter counts on what a payment takes at most; a submission that
is larger all the same when it is sealed is dissolved, and its payments are cut into halves of it, down to the fewest
that the bank takes in one. What is too large even then no file of the bank can hold: a person must see to it.
"""

from datetime import date

from bank_adapters.capabilities import SIZES, Booking
from bank_adapters.profile import Profile
from gateway.domain.cutting import CutLimits
from gateway.ports.store import Session

UNLIMITED = 10**18
"""More minor units than one submission can add up to."""
OVERSIZE = "more bytes than the bank takes"
"""Why a submission is dissolved that is too large; its event says so, and the cutter reads it there."""


async def cut_limits(
    session: Session, profile: Profile, *, currency: str, product: str, execution_date: date, debtor_account: str
) -> CutLimits:
    """Return what one submission may hold. One file of ours is one block: the smaller of both limits counts."""
    limits = profile.limits
    most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
    if limits.bytes_per_submission is not None:
        most = min(most, SIZES[profile.family].payments_in(limits.bytes_per_submission))
        like = (profile.slug, product, execution_date, debtor_account, OVERSIZE)
        too_many: int | None = await session.value("cut.fewest_oversize", *like)
        most = min(most, too_many // 2) if too_many is not None else most
    return CutLimits(
        max_count=max(most, limits.min_payments_per_submission),
        max_sum=profile.sum_limit(currency) or UNLIMITED,
        min_count=limits.min_payments_per_submission,
        distinguish=profile.booking is Booking.BATCH,
    )


def oversize(profile: Profile, size: int) -> bool:
    """Whether the bank takes nothing of this size."""
    return profile.limits.bytes_per_submission is not None and size > profile.limits.bytes_per_submission


def can_be_halved(profile: Profile, payments: int) -> bool:
    """Whether a submission may be cut smaller."""
    return payments > profile.limits.min_payments_per_submission
