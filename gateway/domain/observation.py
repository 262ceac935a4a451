"""One statement of fact read from a bank's message: what it names, what it says, and where in the message it stands."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ObservationKind(StrEnum):
    """The closed set of things a message can say."""

    SUBMISSION_STATUS = "submission status"
    """A status of a whole file, block or request: names `msg_id` (and `pmt_inf_id` for a block)."""
    PAYMENT_STATUS = "payment status"
    """A status of one payment: names it by any of the references."""
    ENTRY = "entry"
    """A booking on our account of one payment (or of something that names none): amount, sign, booked or not."""
    BATCH_ENTRY = "batch entry"
    """A booking of the sum of a batch: `batch_count` payments, amount is the sum; names it by msg_id or pmt_inf_id."""
    RETURN_ENTRY = "return entry"
    """A credit that gives a payment of ours back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Flat on purpose: it is a row. Placeholders such as NOTPROVIDED are None, never text.

    `status` and `reason` hold the code as the bank wrote it; `amount_minor` is positive, `credit` tells the sign
    (True: money to our account) and comes from CdtDbtInd alone; `booked` is True only for entry status BOOK.
    `entry_ref` is the bank's own reference of the booking (AcctSvcrRef, else the transaction's TxId). `charged` says
    that charges accompany the amount. `path` is the element path in the message.
    """

    kind: ObservationKind
    path: str
    msg_id: str | None = None
    pmt_inf_id: str | None = None
    instr_id: str | None = None
    end_to_end_id: str | None = None
    uetr: str | None = None
    status: str | None = None
    reason: str | None = None
    reason_text: str | None = None
    account: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    credit: bool | None = None
    booked: bool | None = None
    batch_count: int | None = None
    entry_ref: str | None = None
    booking_date: date | None = None
    charged: bool = False
