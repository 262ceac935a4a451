"""Reads account reports (camt.052, .053 and .054; .02, .04, .08 and relatives) into observations and statements.

One reader for all three: their entries have the same structure. Each Stmt of a camt.053 is also told as a whole, with
its balances and the sum of its entries; proving it is for others. Memory is flat: entries and transactions are
forgotten as they end. Reference: iso20022-and-banks 3.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from bank_adapters.iso20022 import stmt
from bank_adapters.iso20022.entry import Head, Manner, account_of, head_of, manner, parts_of
from bank_adapters.iso20022.transaction import (
    NO_BATCH,
    Batch,
    batch_of,
    batch_sum,
    charges_alone,
    only,
    transaction,
    whole_entry,
)
from bank_adapters.iso20022.xml import LOCAL, Element, children, prune, pull
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ToldBy
from gateway.domain.statement import Statement

ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {"BkToCstmrDbtCdtNtfctn": "Ntfctn", "BkToCstmrAcctRpt": "Rpt", "BkToCstmrStmt": "Stmt"}
)
"""Root child -> what holds the entries of an account."""
_HANDLED = frozenset({"TxDtls", "NtryDtls", "Ntry", *ACCOUNTS.values()})
_TOLD_BY = MappingProxyType({"Ntfctn": ToldBy.NOTIFICATION, "Rpt": ToldBy.REPORT, "Stmt": ToldBy.STATEMENT})


class Reader:
    """Reads messages with this root child; see `bank_adapters.spi.Adapter.read`."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __call__(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Yield one observation a transaction, or one an entry or batch whose transactions are not listed.

        After the last entry of a Stmt its Statement follows. Raises Unreadable.
        """
        name = ACCOUNTS[self._message]
        report = _Report(name, manner(_TOLD_BY[name], profile.statement))
        ended = 0
        for element in pull(pieces, (self._message, name, "GrpHdr", "Ntry", "NtryDtls", "TxDtls")):
            ended += LOCAL[element.tag] == self._message
            yield from report.take(element)
        if ended != 1:
            raise Unreadable("message.count", "/", f"exactly one {self._message} is expected")


class _Report:
    """The accounts of one message, entry by entry."""

    def __init__(self, account: str, how: Manner) -> None:
        self._name, self._how = account, how
        self._proves = how.told_by is ToldBy.STATEMENT
        self._places = self._entries = 0
        self._account: tuple[str | None] | None = None
        self._pages = stmt.ALL
        self._tally = stmt.Tally()
        self._entry: _Entry | None = None

    def take(self, element: Element) -> Sequence[Observation | Statement]:
        """Handle an element that has just ended; return what can be told now."""
        name = LOCAL[element.tag]
        told: Sequence[Observation | Statement] = ()
        if name == "TxDtls":
            details = _above(element, "NtryDtls")
            told = (self._entry or self._begin(_above(details, "Ntry"))).transaction(element, details)
        elif name == "NtryDtls":
            told = (self._entry or self._begin(_above(element, "Ntry"))).end_of_details(element)
        elif name == "Ntry":
            told = self._end_of_entry(element)
        elif name == self._name:
            told = self._end_of_account(element)
        elif name == "GrpHdr":
            self._pages = stmt.pagination(_only_child(element, "MsgPgntn"), "/GrpHdr/MsgPgntn") or stmt.ALL
        if name in _HANDLED:
            prune(element)
        if self._proves:
            self._tally.told(told)
        return told

    def _begin(self, element: Element) -> "_Entry":
        """Read the head of the entry that is under way."""
        path = f"/{self._name}[{self._places + 1}]/Ntry[{self._entries + 1}]"
        above = _above(element, self._name)
        if self._account is None:
            self._account = (account_of(above, path),)
        place = (self._places + 1, self._entries + 1)
        self._entry = _Entry(head_of(element, *self._account, place, path, self._how), self._how)
        return self._entry

    def _end_of_entry(self, element: Element) -> Sequence[Observation]:
        entry = self._entry or self._begin(element)
        self._tally.entry(entry.head)
        self._entries, self._entry = self._entries + 1, None
        return entry.end(element)

    def _end_of_account(self, element: Element) -> Sequence[Statement]:
        tally, self._tally = self._tally, stmt.Tally()
        self._places, self._entries, self._account = self._places + 1, 0, None
        return (stmt.statement(element, self._places, tally, self._pages),) if self._proves else ()


class _Entry:
    """What is known so far while an entry streams by.

    Its first transaction or batch is held back until it is known whether it is the only one: only then may it take the
    entry's amount where it has none, and only then may a transaction turn out to be the sum of many.
    """

    def __init__(self, head: Head, how: Manner) -> None:
        self.head, self._how = head, how
        self._batch: Batch | None = None
        self._details = self._transactions = self._listed = self._expected = 0
        self._held: Observation | None = None
        self._held_batch = NO_BATCH
        self._sum: int | None = 0
        self._charges = 0

    def transaction(self, element: Element, details: Element) -> Sequence[Observation]:
        """Handle a TxDtls of some NtryDtls."""
        if self._batch is None:
            self._batch = batch_of(details, self.head)
        self._transactions += 1
        path = f"{self.head.path}/NtryDtls[{self._details + 1}]/TxDtls[{self._transactions}]"
        return self._list(transaction(element, self.head, self._batch, path, self._how), self._batch)

    def end_of_details(self, element: Element) -> Sequence[Observation]:
        """Handle the end of an NtryDtls."""
        batch, transactions = self._batch, self._transactions
        self._batch, self._transactions = None, 0
        if batch is None:
            batch = batch_of(element, self.head)
        elif batch is NO_BATCH and children(element, "Btch"):
            raise Unreadable("element.order", self.head.path, "a batch is described after its transactions")
        self._details += 1
        self._expected += max(batch.count or 0, transactions)
        if transactions or batch == NO_BATCH:
            return ()
        path = f"{self.head.path}/NtryDtls[{self._details}]"
        return self._list(batch_sum(self.head, batch, path, self._how), batch)

    def end(self, element: Element) -> Sequence[Observation]:
        """Handle the end of the entry itself."""
        head = self.head
        if len(element) != head.size and parts_of(element) != head.parts:
            raise Unreadable("element.order", head.path, "an entry goes on to describe itself after its details")
        beside = self._beside()
        told: list[Observation] = []
        if self._held is not None and beside is not None:
            told.append(only(self._held, element, head, self._held_batch))
        elif not self._listed or self._held is not None:
            told.append(whole_entry(element, head, self._how))
        elif beside is None:
            raise Unreadable("entry.sum", head.path, "the details of an entry do not add up to its amount")
        if beside:
            told.append(charges_alone(head, beside, self._how))
        return told

    def _list(self, one: Observation, batch: Batch) -> Sequence[Observation]:
        self._listed += 1
        self._add(one)
        if self._listed == 1:
            self._held, self._held_batch = one, batch
            return ()
        held, self._held = self._held, None
        return (one,) if held is None else (held, one)

    def _add(self, one: Observation) -> None:
        """Add what is listed; it cannot be added up once an amount is missing or in another currency."""
        if one.amount_minor is None or one.currency != self.head.amount[1]:
            self._sum = None
        elif self._sum is not None:
            self._sum += one.amount_minor if one.credit else -one.amount_minor
            self._charges += one.charges_minor or 0

    def _beside(self) -> int | None:
        """Return what the entry moves beside what it lists: 0, or charges that it documents; None: a contradiction.

        An entry whose amounts contradict each other cannot be believed about any payment. Its only transaction is then
        left out, and the entry told as one that names nothing; of several some were handed on already, so the message
        is unreadable. A list that the bank itself calls shorter than its batch is no contradiction as long as it lists
        less than was booked.
        """
        listed, signed = self._sum, self.head.signed
        if not self._listed or listed is None or listed == signed:
            return 0
        documented = {self.head.charges.minor or 0, self._charges, (self.head.charges.minor or 0) + self._charges}
        if listed - signed in documented:
            return signed - listed
        part = self._listed < self._expected and 0 <= listed * (1 if signed > 0 else -1) < abs(signed)
        return 0 if part else None


def _above(element: Element, name: str) -> Element:
    above = element.getparent()
    if above is None or LOCAL[above.tag] != name:
        raise Unreadable("element.order", "/", f"a {LOCAL[element.tag]} stands outside a {name}")
    return above


def _only_child(element: Element, name: str) -> Element | None:
    found = children(element, name)
    return found[0] if len(found) == 1 else None
