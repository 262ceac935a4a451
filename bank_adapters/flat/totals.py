"""What is said of a file as a whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Number and sum (minor units of `currency`) of a file's payments, and its hash total where the layout has one."""

    count: int
    sum_minor: int
    currency: str
    hash_total: int | None
