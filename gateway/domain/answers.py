"""What a bank says of a recall and of a payee's name, as closed sets: neither is what became of a payment.

Only a booking moves money back, and only a status or a booking says what became of a payment.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RecallAnswer(StrEnum):
    """What a bank says of a request to cancel a payment or to get it back."""

    AGREED = "agreed"
    """It is cancelled, or will be given back. What proves it is the booking, or that none came."""
    PARTLY = "partly"
    """Some of several payments; which, the answers about each of them say."""
    REFUSED = "refused"
    """It stays paid. A later answer may still agree."""
    PENDING = "pending"
    """Nobody has decided yet."""


RECALL_ANSWERS: Mapping[str, RecallAnswer] = MappingProxyType(
    dict.fromkeys(("CNCL", "ACCR", "CANC"), RecallAnswer.AGREED)
    | dict.fromkeys(("PECR", "PACR", "PART"), RecallAnswer.PARTLY)
    | dict.fromkeys(("RJCR", "RJCT"), RecallAnswer.REFUSED)
    | dict.fromkeys(
        ("PDCR", "CWFW", "UWFW", "RCVD", "ACTC", "ACCP", "ACSP", "ACWC", "PDNG", "PATC"), RecallAnswer.PENDING
    )
)
"""TxCxlSts, PmtInfCxlSts, GrpCxlSts and Sts/Conf of a camt.029, and statuses of a pain.002 about a camt.055.

ISO 20022: CancellationIndividualStatus1Code, GroupCancellationStatus1Code, ExternalInvestigationExecutionConfirmation.
"""


class PayeeCheck(StrEnum):
    """What the payee's bank said of a name that stands beside an account (verification of payee)."""

    MATCH = "match"
    CLOSE_MATCH = "close match"
    NO_MATCH = "no match"
    NOT_POSSIBLE = "not possible"
    NOT_COMPLETED = "not completed"
    MISMATCHES = "mismatches"
    """Of several payments: some do not match."""


PAYEE_CHECKS: Mapping[str, PayeeCheck] = MappingProxyType(
    {
        "RCVC": PayeeCheck.MATCH,
        "RVMC": PayeeCheck.CLOSE_MATCH,
        "RVNM": PayeeCheck.NO_MATCH,
        "RVNA": PayeeCheck.NOT_POSSIBLE,
        "RVNC": PayeeCheck.NOT_COMPLETED,
        "RVCM": PayeeCheck.MISMATCHES,
    }
)
"""Status codes of a verification report (ISO external payment status sets). At a level that holds several payments
banks also write RVMC for *mismatches*."""
