"""What a sandbox bank reads in a file of payments, whatever the format: the values, amounts, and sums that must agree.

There is a reader a format: `pain001`, `mt101`, `fixed_width`, `delimited`; `readers` chooses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The creation time taken for a file from which none can be read: answers never hold the time of day."""

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class BadFile(Exception):
    """A file that is refused as a whole. `reason` is an ISO status reason, `msg_id` is None when it was not found."""

    def __init__(self, reason: str, text: str, *, msg_id: str | None = None, created: datetime = UNDATED) -> None:
        super().__init__(text)
        self.reason = reason
        self.msg_id = msg_id
        self.created = created


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom a file names, with the first identification and the address (element and text, in document order), if any.

    `scheme` is empty where an identification has none.
    """

    name: str
    id: str | None = None
    scheme: str = ""
    address: tuple[tuple[str, str], ...] = ()


NOBODY = Party(name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One credit transfer. `amount_minor` is in the smallest unit of `currency`; `account` is the payee's.

    Over the counter `account` is an identification, and `window` the first and last day on which money can be had.
    `agent` is the payee's bank as it is named, `reference` the payee's own reference with who issues such ("ISO").
    """

    instr_id: str | None
    end_to_end_id: str
    uetr: str | None
    amount_minor: int
    currency: str
    account: str
    window: tuple[date, date] | None = None
    creditor: Party = NOBODY
    agent: str | None = None
    ultimate_creditor: Party | None = None
    ultimate_debtor: Party | None = None
    purpose: str | None = None
    remittance: str = ""
    reference: tuple[str, str] | None = None

    @property
    def amount(self) -> Decimal:
        """The amount as a decimal."""
        return Decimal(self.amount_minor).scaleb(-decimals(self.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Payments of one account and day, with what is said of them all.

    `pmt_inf_id` is the bank's name for the block where the format gives it none. `count` and `control_sum` are None
    where a format that has them is silent; of a format without them they are what was read. `instrument` says how fast,
    in the format's own words; `batch_booking` whether one booking is asked for, None where nothing is said.
    """

    pmt_inf_id: str
    count: int | None
    control_sum: Decimal | None
    debtor_account: str
    execution_date: date
    payments: tuple[Payment, ...]
    debtor: Party = NOBODY
    debtor_agent: str | None = None
    ultimate_debtor: Party | None = None
    category_purpose: str | None = None
    instrument: str = ""
    batch_booking: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """A whole file that has the form it should; sums and counts are as declared, not yet compared."""

    msg_id: str
    created: datetime
    count: int | None
    control_sum: Decimal | None
    blocks: tuple[Block, ...]


def decimals(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217)."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount in the smallest unit of its currency. Raises ArithmeticError for one that it cannot have."""
    whole = amount.scaleb(decimals(currency))
    if not amount.is_finite() or whole != whole.to_integral_value():
        raise ArithmeticError("more decimals than the currency has")
    return int(whole)


def total(payments: Iterable[Payment]) -> Decimal:
    """Add up amounts as a control sum does: whatever their currency."""
    return sum((payment.amount for payment in payments), Decimal(0))


def sums_fault(file: PaymentFile) -> str | None:
    """Compare declared counts and sums with the payments at both levels; None when all four agree.

    A missing figure is a wrong one. Returns AM18 for a count and AM10 for a sum (ISO external status reasons).
    """
    payments = [payment for block in file.blocks for payment in block.payments]
    levels = [(file.count, file.control_sum, payments)]
    levels += [(block.count, block.control_sum, list(block.payments)) for block in file.blocks]
    if any(count != len(members) for count, _, members in levels):
        return "AM18"
    if any(control != total(members) for _, control, members in levels):
        return "AM10"
    return None
