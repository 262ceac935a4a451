"""The habits of a sandbox bank that show only after a file was taken: its account, its statements, its returns.

Every habit has a parameter of its own and is quiet unless it is asked for. Shares are per ten thousand of what the
parameter names, drawn from the seed (see `chance`), so that ten thousand forces a habit and zero forbids it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway.sandbox.chance import TEN_THOUSAND

PerTenThousand = Annotated[int, Field(ge=0, le=TEN_THOUSAND)]
Seconds = Annotated[int, Field(ge=0, le=864_000)]
Minor = Annotated[int, Field(ge=0, le=10**12)]
Days = Annotated[int, Field(ge=0, le=60)]
Reason = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]


class Shape(StrEnum):
    """How a returned payment is described; every shape occurs in real statements (reference section 3.1)."""

    NAMED = "named"
    """Bank transaction code RRTN, all references of the payment, a coded reason."""
    PROPRIETARY = "proprietary"
    """No domain code and no coded reason: the bank's own words for both; all references."""
    REVERSAL = "reversal"
    """As named, with RvslInd true; the sign is still CdtDbtInd alone."""
    NO_REVERSAL = "no reversal"
    """As named, with RvslInd false."""
    UETR = "uetr"
    """All references NOTPROVIDED, but the UETR of the payment (none in versions 02 and 04 and in MT)."""
    TX_ID = "tx id"
    """Only the clearing's reference (TxId) that the debit carried."""
    BANK_REFERENCE = "bank reference"
    """Only the bank's own reference of the debit (AcctSvcrRef of the transaction)."""
    TEXT = "text"
    """No references and no return information: the EndToEndId stands in AddtlNtryInf."""
    NOTHING = "nothing"
    """No references and no reason at all: an orphan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountParameters:
    """The institution's accounts at the bank. Amounts are hundredths of euro.

    `opening_minor` is the balance of every account before the first day. With `overdraft` false a block that the
    account cannot bear is refused as a whole with AM04 until money came in. `daily_charge_minor` is taken on every day
    on which payments were booked.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    opening_minor: Minor = 1_000_000_000
    overdraft: bool = True
    daily_charge_minor: Minor = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementParameters:
    """The bank's end-of-day statement, camt.053.001 in a `version`, or MT940; shares are of statement days.

    `sums` says whether a booked sum lists its payments; `pages` cuts a day with at least as many entries into so many
    messages; `together` puts all accounts into one message. `late` statements come after their successor, `twice` come
    again with the same bytes, `unbalanced` ones are wrong at first and come again corrected. `entry_status` and
    `entry_reference` say whether entries carry Sts and AcctSvcrRef. With `intraday` a camt.052 of the whole day goes
    ahead of the statement (an MT942 of an MT940). `zipped`: what is sent at one time of an evening is one zip.
    `delay_seconds` after the day was closed it is sent.

    Raises ValueError for parts that do not go together.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: Literal["02", "04", "08", "10", "MT940"] = "08"
    sums: Literal["listed", "bare"] = "bare"
    pages: Annotated[int, Field(ge=1, le=2)] = 1
    together: bool = False
    late_per_10000: PerTenThousand = 0
    twice_per_10000: PerTenThousand = 0
    unbalanced_per_10000: PerTenThousand = 0
    entry_status: Literal["given", "omitted"] = "given"
    entry_reference: Literal["given", "omitted"] = "given"
    intraday: bool = False
    zipped: bool = False
    delay_seconds: Seconds = 3_600

    def __post_init__(self) -> None:
        if self.together and (self.pages > 1 or self.late_per_10000 or self.unbalanced_per_10000):
            raise ValueError("a statement of several accounts has one page, comes in time and balances")
        plain = self.pages == 1 and self.sums == "bare" and self.entry_status == self.entry_reference == "given"
        if self.version == "MT940" and not plain:
            raise ValueError("an MT940 has one page, sums without their payments, and nothing that can be left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnParameters:
    """How payments come back. `shapes` and `reasons` are drawn for each payment, each as often as the others.

    A return is booked `days_min` to `days_max` banking days after its debit (Monday to Friday). `notice` none means
    that only the statement tells it. `charged` returns lack `charge_minor`, and say so; `short` returns lack up to
    `short_minor`, and do not. With `lump` all payments of a block come back as one credit that names nothing.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    shapes: Annotated[tuple[Shape, ...], Field(min_length=1)] = (Shape.NAMED,)
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)] = ("AC01", "MD07", "AC04")
    days_min: Days = 0
    days_max: Days = 0
    notice: Literal["reported", "none"] = "reported"
    charged_per_10000: PerTenThousand = 0
    charge_minor: Minor = 250
    short_per_10000: PerTenThousand = 0
    short_minor: Minor = 100
    lump_per_10000: PerTenThousand = 0

    def __post_init__(self) -> None:
        if self.days_min > self.days_max:
            raise ValueError("days_min is more than days_max")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictParameters:
    """How a bank changes or hides its mind; the share of `file_refused` is of files, of the others of payments.

    `file_refused`: the whole file is refused for its form (FF01). `late_reject`: accepted in the first status, rejected
    `late_reject_delay_seconds` after the file was taken, never booked. `contradicted`: reported as rejected and booked
    all the same. With `statuses` none the bank never sends a status. With `sums` all a booked sum includes what was
    rejected, and each reject follows as a credit; with `references` own a booked sum names only the bank's reference.
    `reasons` are those of rejects.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file_refused_per_10000: PerTenThousand = 0
    late_reject_per_10000: PerTenThousand = 0
    late_reject_delay_seconds: Seconds = 3_600
    contradicted_per_10000: PerTenThousand = 0
    statuses: Literal["reported", "none"] = "reported"
    sums: Literal["accepted", "all"] = "accepted"
    references: Literal["ours", "own"] = "ours"
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)] = ("AC04", "AC01", "BE01", "AC06")


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterParameters:
    """How a bank pays over the counter, to a person with an id number inside a window of days.

    `books` says when it debits: when it takes the payment in (it then reports ACCC on collection, and gives back what
    nobody came for) or on collection (it then rejects what nobody came for). `unclaimed` is the share of payments that
    nobody comes for, `code` the bank's own reason for that.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    books: Literal["taken", "collected"] = "taken"
    unclaimed_per_10000: PerTenThousand = 0
    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,35}$")] = "UNCL"
