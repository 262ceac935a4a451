"""Reads pain.002 status reports (.02 to .14 and national relatives) into observations.

Every level is optional. A group or block status becomes SUBMISSION_STATUS, a transaction's PAYMENT_STATUS; which level
wins is `gateway.domain.facts.effective`, except where only the report shows it: a final status of a whole that is
contradicted below becomes OVERRULED_STATUS. Three things come in the same clothing and are no outcomes of payments:
verification of payee (`vop`), EBICS customer protocols (`hac`), and answers to a camt.055, told by OrgnlMsgNmId.
Reference: iso20022-and-banks 2.1.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from bank_adapters.iso20022 import hac, vop
from bank_adapters.iso20022.reported import (
    NOTHING,
    about,
    below_duplicate,
    counts_of,
    duplicate_of,
    joined,
    named,
    only_one,
    original_of,
    reason_of,
    reconcile,
    stands_in,
    told,
    whole,
)
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.iso20022.xml import LOCAL, Element, descend, prune, pull, reference, text, unique_reference, values
from bank_adapters.observed import observed
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.identity import is_cancellation_id, msg_id_in, tells_cancellation
from gateway.domain.observation import Observation, ObservationKind

MESSAGE, EARLY = "CstmrPmtStsRpt", "pain.002.001.02"
"""The message element; the first edition called it by its identifier."""
_GROUP, _BLOCK, _TRANSACTION = "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"
_REASON, _COUNTS = "StsRsnInf", "NbOfTxsPerSts"
_SEVERAL = frozenset({_REASON, _COUNTS})
_IN_GROUP = frozenset({"OrgnlMsgId", "NtwkFileNm", "OrgnlMsgNmId", "GrpSts", *_SEVERAL})
_IN_BLOCK = frozenset({"OrgnlPmtInfId", "PmtInfSts", *_SEVERAL})
_IN_TRANSACTION = frozenset(
    {"OrgnlPmtInfId", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "TxSts", "AcctSvcrRef", "OrgnlTxRef", _REASON}
)
_AROUND = frozenset({_BLOCK, MESSAGE, EARLY})

_STATUSES_MAX = 200
"""Different statuses that a report may have; ISO 20022 has thirty, and what is counted is kept in memory."""

Listed = dict[str | None, int]


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what the report says: transactions in document order, each block's status after them, the group's last.

    Raises Unreadable; see `bank_adapters.spi.Adapter.read`.
    """
    report = _Report(status_table(profile))
    for element in pull(pieces, (MESSAGE, EARLY, _GROUP, _BLOCK, _TRANSACTION)):
        name = LOCAL[element.tag]
        if name == _TRANSACTION:
            yield report.transaction(element)
            prune(element)
        elif name == _BLOCK:
            yield report.block(element)
            prune(element)
        elif name == _GROUP:
            report.group(element)
        else:
            yield from report.end()
    only_one(report.ended, MESSAGE)


class _Report:
    """What is known so far while a report streams by."""

    def __init__(self, table: StatusTable) -> None:
        self._table = table
        self._group: Observation | None = None
        self._msg_id: str | None = None
        self._counts: dict[str, int] = {}
        self._protocol = self._verification = False
        self._about: ObservationKind | None = None
        self._blocks = self._transactions = 0
        self._around: Element | None = None
        self._above = ""
        self._block_id: str | None = None
        self._listed: Listed = {}
        self._all: Listed = {}
        self._block_statuses: set[str | None] = set()
        self._block_duplicate: Observation | None = None
        self._duplicate: Observation | None = None
        self._duplicate_above: Observation | None = None
        self.ended = 0

    def end(self) -> Iterator[Observation]:
        """Say the group's status; a report without any status still names the submission it is about."""
        self.ended += 1
        self._gather()
        if self._group is None or self._protocol:
            return
        path = self._group.path
        reconcile(self._counts, self._all, self._group.status, path, self._table)
        if self._group.status is not None or not (self._blocks or self._all):
            yield whole(self._group, self._duplicate, self._all, self._table, self._block_statuses)

    def group(self, element: Element) -> None:
        """Keep what the group says: it is told at the end, when all below is known."""
        path = f"/{MESSAGE}/{_GROUP}"
        stands_in(element, _AROUND - {_BLOCK}, path)
        if self._group is not None or self._blocks or self._transactions:
            raise Unreadable("element.order", path, "the original group must stand once, before all else")
        found = values(element, _IN_GROUP, path, _SEVERAL)
        name, status = told(found, "OrgnlMsgNmId", path), told(found, "GrpSts", path)
        self._msg_id = named(found, "OrgnlMsgId", path)
        self._protocol = hac.NAME in {self._msg_id, name}
        self._counts = counts_of(element, _COUNTS, path) if _COUNTS in found else {}
        self._verification = vop.is_report(status, self._counts)
        self._about = about(name, self._msg_id)
        reason, reason_text = reason_of(element, _REASON, path, self._table) if _REASON in found else (None, None)
        if self._msg_id is None:  # the bank could not read our file: its name stands somewhere in words
            words = [one for one in (told(found, "NtwkFileNm", path), reason_text) if one]
            self._msg_id = msg_id_in(words)
            self._about = self._about or (ObservationKind.RECALL_ANSWER if tells_cancellation(words) else None)
        self._group = Observation(
            kind=self._kind(status, ObservationKind.SUBMISSION_STATUS),
            path=path,
            msg_id=self._msg_id,
            status=status,
            reason=reason,
            reason_text=reason_text,
        )

    def block(self, element: Element) -> Observation:
        """Read a block behind its transactions, which are gone by now."""
        self._blocks += 1
        path = f"/{MESSAGE}/{_BLOCK}[{self._blocks}]"
        stands_in(element, _AROUND - {_BLOCK}, path)
        if self._protocol:
            return hac.step(element, path)
        found = values(element, _IN_BLOCK, path, _SEVERAL)
        block_id, status = named(found, "OrgnlPmtInfId", path), told(found, "PmtInfSts", path)
        self._of_request(block_id)
        if self._transactions and block_id != self._block_id:
            raise Unreadable("element.order", f"{path}/OrgnlPmtInfId", "a block is named after its transactions")
        reason, reason_text = reason_of(element, _REASON, path, self._table) if _REASON in found else (None, None)
        if _COUNTS in found:
            counts = counts_of(element, _COUNTS, path)
            self._verification = self._verification or vop.is_report(status, counts)
            reconcile(counts, self._listed, status, path, self._table)
        block = Observation(
            kind=self._kind(status, ObservationKind.SUBMISSION_STATUS),
            path=path,
            msg_id=self._msg_id,
            pmt_inf_id=block_id,
            status=status,
            reason=reason,
            reason_text=reason_text,
        )
        if duplicate_of(block, self._table):
            if self._transactions and self._duplicate_above is None:
                raise Unreadable("element.order", f"{path}/{_REASON}", "a block says why after its transactions")
            self._duplicate = block
        block = below_duplicate(block, self._group_duplicate, self._table)
        duplicate, self._block_duplicate = self._block_duplicate, None
        block = whole(block, duplicate, self._listed, self._table)
        self._block_statuses.add(status)
        self._gather()
        return block

    def transaction(self, element: Element) -> Observation:
        """Read one transaction, inside a block or, in early editions, beside it."""
        self._transactions += 1
        if self._around is None or element.getparent() is not self._around:
            self._begin(element)
        path = f"{self._above}/{_TRANSACTION}[{self._transactions}]"
        found = values(element, _IN_TRANSACTION, path, _SEVERAL)
        status = told(found, "TxSts", path)
        self._count(status, path)
        reason, reason_text = reason_of(element, _REASON, path, self._table) if _REASON in found else (None, None)
        original = NOTHING
        if "OrgnlTxRef" in found:
            original = original_of(found["OrgnlTxRef"], status, f"{path}/OrgnlTxRef")
            reason_text = joined(reason_text, original.remittance)
        unique = found.get("OrgnlUETR")
        transaction = observed(
            kind=self._kind(status, ObservationKind.PAYMENT_STATUS),
            path=path,
            msg_id=self._msg_id,
            pmt_inf_id=self._block_id or named(found, "OrgnlPmtInfId", path),
            instr_id=named(found, "OrgnlInstrId", path),
            end_to_end_id=named(found, "OrgnlEndToEndId", path),
            uetr=None if unique is None else unique_reference(unique, f"{path}/OrgnlUETR"),
            status=status,
            reason=reason,
            reason_text=reason_text,
            amount_minor=original.amount_minor,
            currency=original.currency,
            entry_ref=named(found, "AcctSvcrRef", path),
            booking_date=original.day,
        )
        if self._table.says_duplicate(reason, reason_text):
            self._block_duplicate = self._duplicate = transaction
        return (
            below_duplicate(transaction, self._duplicate_above, self._table) if self._duplicate_above else transaction
        )

    @property
    def _group_duplicate(self) -> Observation | None:
        return None if self._group is None else duplicate_of(self._group, self._table)

    def _count(self, status: str | None, path: str) -> None:
        number = self._listed.get(status, 0)
        if not number and len(self._listed) + len(self._all) >= _STATUSES_MAX:
            raise Unreadable("report.statuses", f"{path}/TxSts", f"more than {_STATUSES_MAX} different statuses")
        self._listed[status] = number + 1

    def _begin(self, element: Element) -> None:
        """Note where the transactions stand that begin with this one."""
        path = f"/{MESSAGE}//{_TRANSACTION}"
        around = stands_in(element, _AROUND, path)
        if self._around is not None:
            raise Unreadable("element.place", path, "transactions stand in two places at once")
        self._around = around
        if self._protocol:
            raise Unreadable("transport.payment", f"/{MESSAGE}", "a customer protocol speaks of no payment")
        inside = LOCAL[around.tag] == _BLOCK
        self._above = f"/{MESSAGE}/{_BLOCK}[{self._blocks + 1}]" if inside else f"/{MESSAGE}"
        self._duplicate_above = self._group_duplicate
        if inside:
            self._block_id = reference(descend(around, "OrgnlPmtInfId", self._above), f"{self._above}/OrgnlPmtInfId")
            self._of_request(self._block_id)
            self._duplicate_above = duplicate_of(self._head(around), self._table) or self._duplicate_above

    def _head(self, around: Element) -> Observation:
        """Read what a block says of itself before its transactions; what stands behind them may not be there yet."""
        before = tuple(takewhile(lambda one: LOCAL[one.tag] != _TRANSACTION, around))
        status = next((text(one, self._above) for one in before if LOCAL[one.tag] == "PmtInfSts"), None)
        reason, reason_text = reason_of(before, _REASON, self._above, self._table)
        kind = ObservationKind.SUBMISSION_STATUS
        return Observation(kind=kind, path=self._above, status=status, reason=reason, reason_text=reason_text)

    def _gather(self) -> None:
        """Count the transactions of what has ended among all of them."""
        for status, number in self._listed.items():
            self._all[status] = self._all.get(status, 0) + number
        self._listed = {}
        self._transactions, self._block_id, self._around, self._duplicate_above = 0, None, None, None

    def _of_request(self, block_id: str | None) -> None:
        """Know a report about a request to cancel, though only its block names that."""
        if is_cancellation_id(block_id):
            self._about = ObservationKind.RECALL_ANSWER

    def _kind(self, status: str | None, plain: ObservationKind) -> ObservationKind:
        if self._about is not None:
            return self._about
        return vop.kind_of(status, plain, verification=self._verification)
