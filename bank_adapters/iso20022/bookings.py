"""What one entry (Ntry) of an account report tells: its transactions, its batches, or no more than itself."""

from collections.abc import Sequence

from bank_adapters.iso20022 import entry
from bank_adapters.iso20022.entry import DETAILS, Head, Manner, Place, head_of
from bank_adapters.iso20022.shapes import tree
from bank_adapters.iso20022.surroundings import LETTERS_MAX, Gathered, size_of
from bank_adapters.iso20022.transaction import (
    NO_BATCH,
    Batch,
    batch_of,
    batch_sum,
    charges_alone,
    only,
    shape_of,
    transaction,
    whole_entry,
)
from bank_adapters.iso20022.xml import children
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation

_PENDING_MAX = 256
"""Most transactions that wait for the end of their entry; of more, its head must stand before them, as ISO says."""


class Entry(Gathered):
    """What is known so far while an entry streams by.

    Its first transaction or batch is held back until it is known whether it is the only one: only then may it take the
    entry's amount where it has none, and only then may a transaction turn out to be the sum of many.
    """

    def __init__(self, place: Place, how: Manner) -> None:
        super().__init__()
        self._place, self._how = place, how
        self.head: Head | None = None
        self._pending: list[tuple[int, Sequence[str], Sequence[str]]] = []
        self._batches: list[Batch] = []
        self._used: dict[int, Batch] = {}
        self._details = self._transactions = self._listed = self._expected = 0
        self._held: Observation | None = None
        self._held_batch = NO_BATCH
        self._sum: int | None = 0
        self._charges = 0

    def transaction(self, tags: Sequence[str], texts: Sequence[str], told: list[Observation]) -> None:
        """Gather a TxDtls; `told` takes what can be told now."""
        self._pending.append((len(self.tags), tags, texts))
        if len(self._pending) > _PENDING_MAX:
            self._list_pending(told)

    def relieve(self, told: list[Observation]) -> None:
        """Let go of transactions that take much memory while they wait, as if they were too many."""
        if sum(size_of(tags, texts) for _, tags, texts in self._pending) > LETTERS_MAX:
            self._list_pending(told)

    def end(self, told: list[Observation]) -> Head:
        """Handle the end of the entry; `told` takes the rest of it."""
        early = self.head
        shape, head = self._list_pending(told)
        self._end_details(shape.details, head, told)
        changed = early is not None and early != head
        if changed or any(self._batch(number) != used for number, used in self._used.items()):
            raise Unreadable("element.order", self._place.path, "an entry goes on to describe itself after its details")
        remarks = [self.texts[place] for place in shape.remarks]
        beside = self._beside(head)
        if self._held is not None and beside is not None:
            told.append(only(self._held, remarks, head, self._held_batch))
        elif not self._listed or self._held is not None:
            told.append(whole_entry(remarks, head, self._how))
        elif beside is None:
            raise Unreadable("entry.sum", head.place.path, "the details of an entry do not add up to its amount")
        if beside:
            told.append(charges_alone(head, beside, self._how))
        return head

    def _list_pending(self, told: list[Observation]) -> tuple[entry.Shape, Head]:
        """List the transactions that wait, under the entry's head as far as it is known."""
        texts = [*self.texts, ""]
        path = self._place.path
        shape = entry.shape_of(self.tags, path)
        self.head = head = head_of(shape, shape.fields.values(texts, path), (self.tags, texts), self._place, self._how)
        if shape.described:
            described = children(tree(self.tags, texts).root, DETAILS)
            self._batches = [batch_of(one, head) for one in described]
        for place, of_transaction, with_texts in self._pending:
            details = shape.within[place]
            if details < 0:
                raise Unreadable("element.order", path, f"a TxDtls stands outside a {DETAILS}")
            self._end_details(details, head, told)
            self._transactions += 1
            where = f"{path}/{DETAILS}[{details + 1}]/TxDtls[{self._transactions}]"
            batch = self._used.setdefault(details, self._batch(details))
            kind = shape_of(of_transaction, where)
            values = kind.fields.values([*with_texts, ""], where)
            listed = (of_transaction, with_texts)
            self._list(transaction(kind, values, listed, head, batch, where, self._how), batch, head, told)
        self._pending.clear()
        return shape, head

    def _batch(self, details: int) -> Batch:
        return self._batches[details] if self._batches else NO_BATCH

    def _end_details(self, until: int, head: Head, told: list[Observation]) -> None:
        """Handle the end of each NtryDtls before a number: one without transactions may tell of a batch."""
        while self._details < until:
            batch = self._batch(self._details)
            self._details += 1
            self._expected += max(batch.count or 0, self._transactions)
            if not self._transactions and batch != NO_BATCH:
                path = f"{self._place.path}/{DETAILS}[{self._details}]"
                self._list(batch_sum(head, batch, path, self._how), batch, head, told)
            self._transactions = 0

    def _list(self, one: Observation, batch: Batch, head: Head, told: list[Observation]) -> None:
        self._listed += 1
        self._add(one, head)
        if self._listed == 1:
            self._held, self._held_batch = one, batch
            return
        if self._held is not None:
            told.append(self._held)
            self._held = None
        told.append(one)

    def _add(self, one: Observation, head: Head) -> None:
        """Add what is listed; it cannot be added up once an amount is missing or in another currency."""
        if one.amount_minor is None or one.currency != head.amount[1]:
            self._sum = None
        elif self._sum is not None:
            self._sum += one.amount_minor if one.credit else -one.amount_minor
            self._charges += one.charges_minor or 0

    def _beside(self, head: Head) -> int | None:
        """Return what the entry moves beside what it lists: 0, or charges that it documents; None: a contradiction.

        An entry whose amounts or signs contradict each other cannot be believed about any payment. Its only transaction
        is then left out, and the entry told as one that names nothing; of several some were handed on already, so the
        message is unreadable. A list that the bank itself calls shorter than its batch is no contradiction as long as
        it lists less than was booked.
        """
        listed, signed, held = self._sum, head.signed, self._held
        if held is not None and held.amount_minor is None and held.credit is not head.terms.credit:
            return None  # it would take the entry's amount, with another sign
        if not self._listed or listed is None or listed == signed:
            return 0
        documented = {head.charges.minor or 0, self._charges, (head.charges.minor or 0) + self._charges}
        if listed - signed in documented:
            return signed - listed
        part = self._listed < self._expected and 0 <= listed * (1 if signed > 0 else -1) < abs(signed)
        return 0 if part else None
