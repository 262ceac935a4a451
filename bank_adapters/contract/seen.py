"""What a stranger sees in rendered bytes: the values that the suite's own readers yield."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from bank_adapters.profile import Profile
from bank_adapters.spi import Payment
from gateway.domain.money import EXPONENT


class WitnessError(Exception):
    """Rendered bytes that cannot be read as what they claim to be; the text says where and never quotes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One payment as a stranger reads it in the bytes."""

    end_to_end_id: str
    account: str
    amount_minor: int
    currency: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A whole submission as a stranger reads it.

    `claims` are what the bytes say of themselves: (where, count, sum in minor units), None for what is not said there.
    `texts` are all values; `ids` the names that the submission gives itself.
    """

    payments: tuple[Seen, ...]
    claims: tuple[tuple[str, int | None, int | None], ...] = ()
    ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def expected(payment: Payment) -> Seen:
    """Return what must be seen of a payment, its name aside."""
    return Seen(
        end_to_end_id=payment.end_to_end_id,
        account=payment.creditor_account.key,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency,
        name="",
    )


def digest(payments: tuple[Seen, ...]) -> str:
    """Return the payments digest as the seal defines it: SHA-256 over a line for each payment."""
    lines = (f"{one.end_to_end_id}|{one.account}|{one.amount_minor}|{one.currency}\n" for one in payments)
    return sha256("".join(lines).encode()).hexdigest()


def small(text: str, profile: Profile) -> str:
    """Return a text in small letters, as the capitals that the bank wants would have them: Turkish ones keep dots."""
    if profile.alphabet in _WITH_DOTS:
        text = text.replace("\u0130", "i").replace("I", "\u0131")
    return text.casefold()


_WITH_DOTS = frozenset({"cp1254-upper", "iso8859-9-upper", "cp857-upper", "cp1026-upper", "utf-8-tr-upper"})
"""Alphabets of capitals that hold one of i with a dot."""


def minor(text: str, currency: str) -> int:
    """Read a decimal into minor units. Raises WitnessError."""
    try:
        value = Decimal(text).scaleb(EXPONENT[currency])
        whole = int(value)
    except (InvalidOperation, KeyError, ValueError, OverflowError):
        raise WitnessError("an amount that is no decimal number of a known currency") from None
    if whole != value:
        raise WitnessError("an amount with more decimals than its currency has")
    return whole
