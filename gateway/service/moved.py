"""What facts did to attempts: the shape in which Apply and Settle hand it to the ledger.

Attempts that moved alike are one `Moved`, so a chunk of thousands of bookings is a handful of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.facts import Fact
from gateway.domain.states import SubmissionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Attempts of one submission that had the same facts before and have the same facts after.

    `amount_minor` is the sum of their amounts. `facts_*` are their own facts, `group_*` those of their submission.
    `state` is the submission's state now: where a message proved that it arrived, `moves.move` was called before, in
    the same transaction and with the facts before.
    """

    bank: str
    submission_no: int
    debtor_account: str
    currency: str
    attempt_nos: Sequence[int]
    amount_minor: int
    facts_before: Fact
    facts_after: Fact
    group_before: Fact
    group_after: Fact
    state: SubmissionState
