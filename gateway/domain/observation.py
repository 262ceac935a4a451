"""One statement of fact read from a bank's message: what it names, what it says, and where in the message it stands."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ToldBy(StrEnum):
    """The kind of account report that told an entry. Only a statement is accounting truth; others are early news."""

    STATEMENT = "statement"
    """camt.053"""
    REPORT = "report"
    """camt.052"""
    NOTIFICATION = "notification"
    """camt.054"""


class ObservationKind(StrEnum):
    """The closed set of things a message can say."""

    SUBMISSION_STATUS = "submission status"
    """A status of a whole file, block or request: names `msg_id` (and `pmt_inf_id` for a block)."""
    PAYMENT_STATUS = "payment status"
    """A status of one payment: names it by any of the references, or by `msg_id` and `position`."""
    ENTRY = "entry"
    """A booking on our account of one payment (or of something that names none): amount, sign, booked or not."""
    BATCH_ENTRY = "batch entry"
    """A booking of the sum of a batch: `batch_count` payments, amount is the sum; names it by msg_id or pmt_inf_id."""
    RETURN_ENTRY = "return entry"
    """A credit that gives a payment of ours back."""
    RETURN_ADVICE = "return advice"
    """Word that a payment comes back (pacs.004), or of that word: no booking; the money is there once it is booked."""
    RECALL_ANSWER = "recall answer"
    """What the bank says of a recall, at any level: `status` is its word (`gateway.domain.answers`), no outcome."""
    PAYEE_CHECK = "payee check"
    """What the payee's bank said of a name and account before anything was paid: no outcome."""
    TRANSPORT_STEP = "transport step"
    """What the bank's transport did with something of ours: `status` is the step, `reason` how it went; no outcome."""
    TRANSPORT_REFUSAL = "transport refusal"
    """The same, where it was refused: nothing of it reached the bank's payments."""
    OVERRULED_STATUS = "overruled status"
    """A final status of a whole file or block that the same report contradicts below: it may be lent to no payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Flat on purpose: it is a row. Placeholders such as NOTPROVIDED are None, never text.

    `status` and `reason` hold the code as the bank wrote it; `amount_minor` is positive, `credit` tells the sign
    (True: money to our account) and comes from CdtDbtInd; `booked` is True for entry status BOOK (and for a statement's
    entry without any status where the bank's profile says so).
    `entry_ref` is the bank's own reference of the booking (AcctSvcrRef, else the transaction's TxId), `tx_id` the
    clearing's reference of the transaction alone. `charged` says that charges accompany the amount, `charges_minor` how
    much they are where the message says so in the entry's currency. `path` is the element path in the message.

    An entry also says which kind of account report told it, and where: `statement` is the place of the Stmt, Rpt or
    Ntfctn in the message and `entry` the place of the Ntry in that, both from 1; what one entry's details say shares
    them. In a statement `entry_minor` is the signed amount of that Ntry: what the bank booked. The observations of one
    entry add up to it, unless its details are in another currency, lack amounts or are fewer than the bank says. An
    ENTRY whose `charges_minor` is its amount is a booking of charges alone. `text_id` is an id of the form of our
    EndToEndId that stands in free text only; never free text itself. `position` is the place of a payment in the
    submission `msg_id`, from 1 in the order in which it was written, where the bank names it by the number of its line.

    A status that comes with changed data keeps them: `amount_minor` what will be paid, `booking_date` on which day, and
    in `reason_text` the remittance information. Of a transport's step `entry_ref` is its number there and
    `booking_date` its day; of a recall's answer `entry_ref` is the id of the case, of a return's advice its own id.
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
    told_by: ToldBy | None = None
    statement: int | None = None
    entry: int | None = None
    tx_id: str | None = None
    text_id: str | None = None
    charges_minor: int | None = None
    entry_minor: int | None = None
    position: int | None = None
