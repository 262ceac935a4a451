"""Reads pacs.002, the status report between banks, which some banks pass on: the same statuses without blocks.

A transaction may name its own original message (OrgnlGrpInf), which is the bank's message, not ours, unless the bank
passes our ids through; EndToEndId and UETR are what survives. A report about a pacs.004 or camt.056 speaks of a return
or a recall, told by OrgnlMsgNmId, and rejects no payment. Reference: iso20022-and-banks 2.1 and 3.4.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bank_adapters.iso20022 import vop
from bank_adapters.iso20022.reported import (
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
from bank_adapters.iso20022.xml import LOCAL, Element, prune, pull, unique_reference, values
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind

MESSAGE = "FIToFIPmtStsRpt"
_GROUP, _TRANSACTION = "OrgnlGrpInfAndSts", "TxInfAndSts"
_REASON, _COUNTS = "StsRsnInf", "NbOfTxsPerSts"
_SEVERAL = frozenset({_REASON, _COUNTS})
_IN_GROUP = frozenset({"OrgnlMsgId", "OrgnlMsgNmId", "GrpSts", *_SEVERAL})
_IN_ORIGINAL = frozenset({"OrgnlMsgId", "OrgnlMsgNmId"})
_IN_TRANSACTION = frozenset(
    {
        *("OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR"),
        *("TxSts", "AcctSvcrRef", "OrgnlTxRef", _REASON),
    }
)


@dataclass(slots=True, kw_only=True)
class _Group:
    """One original message: what was said of it, and what was told of its transactions so far."""

    said: Observation
    name: str | None
    counts: dict[str, int]
    listed: dict[str | None, int] = field(default_factory=dict)
    duplicate: Observation | None = None


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what the report says: transactions in document order, then what it says of each original message."""
    report = _Report(status_table(profile))
    ended = 0
    for element in pull(pieces, (MESSAGE, _GROUP, _TRANSACTION)):
        name = LOCAL[element.tag]
        if name == _TRANSACTION:
            yield report.transaction(element)
            prune(element)
        elif name == _GROUP:
            report.group(element)
        else:
            ended += 1
            yield from report.end()
    only_one(ended, MESSAGE)


class _Report:
    """What is known so far while a report streams by."""

    def __init__(self, table: StatusTable) -> None:
        self._table = table
        self._groups: list[_Group] = []
        self._transactions = 0

    def group(self, element: Element) -> None:
        """Keep what is said of one original message."""
        path = f"/{MESSAGE}/{_GROUP}[{len(self._groups) + 1}]"
        stands_in(element, (MESSAGE,), path)
        if self._transactions:
            raise Unreadable("element.order", path, "an original group must stand before the transactions")
        found = values(element, _IN_GROUP, path, _SEVERAL)
        status, name = told(found, "GrpSts", path), told(found, "OrgnlMsgNmId", path)
        counts, msg_id = counts_of(element, _COUNTS, path), named(found, "OrgnlMsgId", path)
        reason, reason_text = reason_of(element, _REASON, path, self._table)
        said = Observation(
            kind=_kind((name, msg_id), status, ObservationKind.SUBMISSION_STATUS, counts),
            path=path,
            msg_id=msg_id,
            status=status,
            reason=reason,
            reason_text=reason_text,
        )
        self._groups.append(_Group(said=said, name=name, counts=counts))

    def transaction(self, element: Element) -> Observation:
        """Read one transaction."""
        self._transactions += 1
        path = f"/{MESSAGE}/{_TRANSACTION}[{self._transactions}]"
        stands_in(element, (MESSAGE,), path)
        found = values(element, _IN_TRANSACTION, path, _SEVERAL)
        msg_id, name, group = self._original(found, path)
        status = told(found, "TxSts", path)
        reason, reason_text = reason_of(element, _REASON, path, self._table)
        original = original_of(found.get("OrgnlTxRef"), status, f"{path}/OrgnlTxRef")
        unique = found.get("OrgnlUETR")
        said = Observation(
            kind=_kind((name, msg_id), status, ObservationKind.PAYMENT_STATUS),
            path=path,
            msg_id=msg_id,
            instr_id=named(found, "OrgnlInstrId", path),
            end_to_end_id=named(found, "OrgnlEndToEndId", path),
            uetr=None if unique is None else unique_reference(unique, f"{path}/OrgnlUETR"),
            status=status,
            reason=reason,
            reason_text=joined(reason_text, original.remittance),
            amount_minor=original.amount_minor,
            currency=original.currency,
            entry_ref=named(found, "AcctSvcrRef", path) or named(found, "OrgnlTxId", path),
            booking_date=original.day,
            tx_id=named(found, "OrgnlTxId", path),
        )
        if group is not None:
            said = below_duplicate(said, duplicate_of(group.said, self._table), self._table)
            group.listed[status] = group.listed.get(status, 0) + 1
            if self._table.says_duplicate(reason, reason_text):
                group.duplicate = said
        return said

    def _original(self, found: dict[str, Element], path: str) -> tuple[str | None, str | None, _Group | None]:
        """Return MsgId and kind of the original message, and its group: its own words first, else the only group."""
        if "OrgnlGrpInf" in found:
            where = f"{path}/OrgnlGrpInf"
            own = values(found["OrgnlGrpInf"], _IN_ORIGINAL, where)
            msg_id, name = named(own, "OrgnlMsgId", where), told(own, "OrgnlMsgNmId", where)
            group = next((g for g in self._groups if msg_id is not None and g.said.msg_id == msg_id), None)
            return msg_id, name or (group.name if group else None), group
        if len(self._groups) == 1:
            group = self._groups[0]
            return group.said.msg_id, group.name, group
        if self._groups:
            raise Unreadable("report.group", path, "of several original messages it says not which it is of")
        return None, None, None

    def end(self) -> Iterator[Observation]:
        """Say what is said of each original message, or at least name it where nothing else was told of it."""
        for group in self._groups:
            reconcile(group.counts, group.listed, group.said.status, group.said.path, self._table)
            if group.said.status is not None or not group.listed:
                yield whole(group.said, group.duplicate, group.listed, self._table)


def _kind(
    of: tuple[str | None, str | None], status: str | None, plain: ObservationKind, counts: Iterable[str] = ()
) -> ObservationKind:
    """Say what a status is of, by kind and id of the original message."""
    return about(*of) or vop.kind_of(status, plain, verification=vop.is_report(status, counts))
