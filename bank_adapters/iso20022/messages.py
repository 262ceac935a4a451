"""The messages that are read, by the local name of their root child. A document holds one of them, or is refused.

Were one passed over, what the bank says in it would be heard by nobody.
"""

from collections.abc import Iterable, Iterator

from bank_adapters.iso20022.names import Names
from gateway.domain.errors import Unreadable

MESSAGES = frozenset(
    {
        *("CstmrPmtStsRpt", "pain.002.001.02", "FIToFIPmtStsRpt", "PmtRtr", "RsltnOfInvstgtn"),
        *("BkToCstmrDbtCdtNtfctn", "BkToCstmrAcctRpt", "BkToCstmrStmt"),
    }
)


def alone(parts: Iterable[str], message: str) -> Iterator[str]:
    """Pass on a document's text. Raises Unreadable when another message than this one begins in it.

    Its names are bounded on the way; see `bank_adapters.iso20022.names`.
    """
    names, others = Names(), MESSAGES - {message}
    for part in parts:
        if not others.isdisjoint(names.take(part)):
            raise Unreadable("message.count", "/", "two messages stand in one document")
        yield part
