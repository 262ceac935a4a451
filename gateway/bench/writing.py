"""One pain.001 of any size: written, checked against its schema and read back, with sepaxml's own export beside it.

Its payments are made while they are gone through, so that the memory told is that of writing and reading; going through
them alone is measured too (`payments_alone`), to be taken off.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.spi import Payment, SubmissionContent

PASSES = 2
"""How often a submission's payments are gone through: to count them, and to write them."""


@dataclass(frozen=True, slots=True)
class Endless(Sequence[Payment]):
    """`number` different payments, made of some again and again; none is kept."""

    some: Sequence[Payment]
    number: int

    @overload
    def __getitem__(self, index: int) -> Payment: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Payment]: ...
    def __getitem__(self, index: int | slice) -> Payment | Sequence[Payment]:
        """Return a payment, or several."""
        if isinstance(index, slice):
            return [self._made(number) for number in range(*index.indices(self.number))]
        if not 0 <= index < self.number:
            raise IndexError(index)
        return self._made(index)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.number

    def _made(self, number: int) -> Payment:
        turn, place = divmod(number, len(self.some))
        plain = self.some[place]
        return Payment(
            end_to_end_id=f"{plain.end_to_end_id}{turn:x}",
            uetr=f"{turn:08x}{plain.uetr[8:]}",
            amount=plain.amount,
            creditor=plain.creditor,
            creditor_account=plain.creditor_account,
            ultimate_creditor=None,
            remittance_information=plain.remittance_information,
            purpose=plain.purpose,
        )

    def __iter__(self) -> Iterator[Payment]:
        """Yield them all."""
        return map(self._made, range(self.number))


def large(submission: SubmissionContent, profile: Profile, count: int) -> tuple[SubmissionContent, Profile]:
    """Make a submission of `count` payments out of one of fewer, and a bank that would take it."""
    limits = profile.limits.model_copy(update={"payments_per_submission": count, "payments_per_block": None})
    content = replace(submission, payments=Endless(some=submission.payments, number=count))
    return content, profile.model_copy(update={"limits": limits})


def written(content: SubmissionContent, profile: Profile) -> Iterable[int]:
    """Write, check against the schema and read the four digests back, piece by piece."""
    adapter = Iso20022Adapter()
    yield adapter.reread(adapter.render(content, profile), profile).count


def gone_through(content: SubmissionContent) -> Iterator[int]:
    """Go through the payments as often as writing does."""
    for _ in range(PASSES):
        for _payment in content.payments:
            pass
    yield len(content.payments)
