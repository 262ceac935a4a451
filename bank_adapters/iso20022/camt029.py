"""Reads camt.029, the answer to a recall or cancellation request: of a payment, a block, a message, or a whole case.

It moves no money and closes nothing: CNCL and ACCR say that the payment is cancelled or will come back, RJCR that it
stays paid, PDCR that nobody has decided (`gateway.domain.answers`). A level without a word of its own has that of the
nearest level above, but for *partly*, which speaks of no payment. Reference: iso20022-and-banks 3.4.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from bank_adapters.iso20022.reported import counts_of, named, only_one, original_of, reason_of, stands_in, told
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.iso20022.xml import (
    LOCAL,
    Element,
    child,
    money,
    prune,
    pull,
    reference,
    unique_reference,
    values,
)
from bank_adapters.profile import Profile
from gateway.domain.answers import RECALL_ANSWERS, RecallAnswer
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind

MESSAGE = "RsltnOfInvstgtn"
_STATUS, _CASE = "Sts", "RslvdCase"
_DETAILS, _GROUP, _BLOCK, _TRANSACTION = "CxlDtls", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"
_REASON, _COUNTS = "CxlStsRsnInf", "NbOfTxsPerCxlSts"
_SEVERAL = frozenset({_REASON, _COUNTS})
_IN_GROUP = frozenset({_CASE, "OrgnlMsgId", "GrpCxlSts", *_SEVERAL})
_IN_BLOCK = frozenset({_CASE, "OrgnlPmtInfId", "OrgnlGrpInf", "PmtInfCxlSts", *_SEVERAL})
_IN_TRANSACTION = frozenset(
    {
        *(_CASE, "OrgnlGrpInf", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "UETR"),
        *("TxCxlSts", "OrgnlInstdAmt", "OrgnlIntrBkSttlmAmt", "OrgnlTxRef", _REASON),
    }
)
_IN_STATUS = frozenset({"Conf", "RjctdMod", "DplctOf", "AssgnmtCxlConf"})


class _Said(NamedTuple):
    """What a level above says: of which message, block and case, and with which word and reason."""

    msg_id: str | None = None
    pmt_inf_id: str | None = None
    case: str | None = None
    status: str | None = None
    reason: str | None = None
    reason_text: str | None = None


_SILENT = _Said()


@dataclass(slots=True)
class _Place:
    """Where in the message the reading stands: counters of its levels, from 1."""

    details: int = 1
    blocks: int = 0
    transactions: int = 0


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what is said of payments in document order, of each block and message behind them, of the case last."""
    answer = _Answer(status_table(profile))
    ended = 0
    for element in pull(pieces, (MESSAGE, _STATUS, _CASE, _DETAILS, _GROUP, _BLOCK, _TRANSACTION)):
        name = LOCAL[element.tag]
        if name == _TRANSACTION:
            yield answer.transaction(element)
            prune(element)
        elif name == _BLOCK:
            yield from answer.block(element)
            prune(element)
        elif name == _GROUP:
            answer.group(element)
        elif name == _DETAILS:
            yield from answer.details_end()
            prune(element)
        elif name == MESSAGE:
            ended += 1
            yield from answer.end()
        else:
            answer.head(element, name)
    only_one(ended, MESSAGE)


class _Answer:
    """What is known so far while an answer streams by."""

    def __init__(self, table: StatusTable) -> None:
        self._table = table
        self._place = _Place()
        self._case: str | None = None
        self._conf: str | None = None
        self._conf_path = f"/{MESSAGE}/{_STATUS}"
        self._heads: set[str] = set()
        self._group = _SILENT
        self._group_path = ""
        self._within = 0
        self._said = 0

    def head(self, element: Element, name: str) -> None:
        """Keep the status of the case and its id, where they stand at the head of the message."""
        parent = element.getparent()
        if parent is None or LOCAL[parent.tag] != MESSAGE:
            return  # a case of a level below, read there
        path = f"/{MESSAGE}/{name}"
        if name in self._heads or self._said:
            raise Unreadable("element.order", path, "it must stand once, before the details")
        self._heads.add(name)
        if name == _CASE:
            self._case = reference(child(element, "Id", path), f"{path}/Id")
            return
        found = values(element, _IN_STATUS, path, frozenset({"RjctdMod"}))
        self._conf = told(found, "Conf", path) or next((one for one in ("DplctOf", "RjctdMod") if one in found), None)
        if self._conf is None and "AssgnmtCxlConf" in found:
            self._conf = "AssgnmtCxlConf"
        self._conf_path = f"{path}/{next(iter(found), '')}".rstrip("/")

    def group(self, element: Element) -> None:
        """Keep what is said of an original message."""
        path = f"{self._here}/{_GROUP}"
        stands_in(element, (_DETAILS,), path)
        if self._group is not _SILENT or self._within:
            raise Unreadable("element.order", path, "the original group must stand once, before its payments")
        found = values(element, _IN_GROUP, path, _SEVERAL)
        counts_of(element, _COUNTS, path)
        reason, reason_text = reason_of(element, _REASON, path, self._table)
        self._group_path = path
        self._group = _Said(
            msg_id=named(found, "OrgnlMsgId", path),
            case=self._case_of(found, path),
            status=told(found, "GrpCxlSts", path),
            reason=reason,
            reason_text=reason_text,
        )

    def block(self, element: Element) -> Iterator[Observation]:
        """Say what is said of a block, where it has a word of its own or lists no payment."""
        place = self._place
        place.blocks += 1
        path = f"{self._here}/{_BLOCK}[{place.blocks}]"
        stands_in(element, (_DETAILS,), path)
        said = self._of_block(element, path)
        listed, place.transactions = place.transactions, 0
        if said.status is not None:
            yield self._observe(said, path)
        elif not listed:
            yield self._observe(said._replace(status=self._lent(self._group.status)), path)

    def transaction(self, element: Element) -> Observation:
        """Read the answer about one payment; what it does not say itself the levels above say."""
        place = self._place
        place.transactions += 1
        around = stands_in(element, (_BLOCK, _DETAILS), f"{self._here}//{_TRANSACTION}")
        if LOCAL[around.tag] == _BLOCK:
            above = f"{self._here}/{_BLOCK}[{place.blocks + 1}]"
            holder = self._of_block(around, above)
        else:
            above, holder = self._here, self._group
        path = f"{above}/{_TRANSACTION}[{place.transactions}]"
        found = values(element, _IN_TRANSACTION, path, _SEVERAL)
        own = told(found, "TxCxlSts", path)
        reason, reason_text = reason_of(element, _REASON, path, self._table)
        said = holder._replace(
            msg_id=self._message_of(found, path) or holder.msg_id,
            case=self._case_of(found, path) or holder.case,
            status=own or self._lent(holder.status, self._group.status),
            reason=reason or (holder.reason if own is None else None),
            reason_text=reason_text or (holder.reason_text if own is None else None),
        )
        minor, currency = _amount(found, path)
        unique, where = found.get("OrgnlUETR"), "OrgnlUETR"
        if unique is None:
            unique, where = found.get("UETR"), "UETR"
        return replace(
            self._observe(said, path),
            instr_id=named(found, "OrgnlInstrId", path),
            end_to_end_id=named(found, "OrgnlEndToEndId", path),
            uetr=None if unique is None else unique_reference(unique, f"{path}/{where}"),
            amount_minor=minor,
            currency=currency,
            tx_id=named(found, "OrgnlTxId", path),
        )

    def details_end(self) -> Iterator[Observation]:
        """Say what is said of the message, where it has a word of its own or holds nothing else."""
        group, self._group = self._group, _SILENT
        if group is not _SILENT and (group.status is not None or not self._within):
            yield self._observe(group._replace(status=group.status or self._lent()), self._group_path)
        self._place = _Place(details=self._place.details + 1)
        self._within = 0

    def end(self) -> Iterator[Observation]:
        """Say what is said of the case as a whole, where nothing was said of anything in it."""
        if not self._said:
            yield self._observe(_Said(status=self._conf), self._conf_path)

    @property
    def _here(self) -> str:
        return f"/{MESSAGE}/{_DETAILS}[{self._place.details}]"

    def _of_block(self, element: Element, path: str) -> _Said:
        """Read the head of a block, before or behind its payments."""
        found = values(element, _IN_BLOCK, path, _SEVERAL)
        counts_of(element, _COUNTS, path)
        reason, reason_text = reason_of(element, _REASON, path, self._table)
        return _Said(
            msg_id=self._message_of(found, path) or self._group.msg_id,
            pmt_inf_id=named(found, "OrgnlPmtInfId", path),
            case=self._case_of(found, path) or self._group.case,
            status=told(found, "PmtInfCxlSts", path),
            reason=reason,
            reason_text=reason_text,
        )

    def _lent(self, *above: str | None) -> str | None:
        """Return the word of the nearest level above that speaks of every payment."""
        words = [one for one in (*above, self._conf) if one is not None]
        return next((one for one in words if RECALL_ANSWERS.get(one) is not RecallAnswer.PARTLY), None)

    def _observe(self, said: _Said, path: str) -> Observation:
        self._said += 1
        self._within += 1
        return Observation(
            kind=ObservationKind.RECALL_ANSWER,
            path=path,
            msg_id=said.msg_id,
            pmt_inf_id=said.pmt_inf_id,
            status=said.status,
            reason=said.reason,
            reason_text=said.reason_text,
            entry_ref=said.case or self._case,
        )

    def _message_of(self, found: dict[str, Element], path: str) -> str | None:
        where = f"{path}/OrgnlGrpInf"
        return reference(child(found.get("OrgnlGrpInf"), "OrgnlMsgId", where), f"{where}/OrgnlMsgId")

    def _case_of(self, found: dict[str, Element], path: str) -> str | None:
        where = f"{path}/{_CASE}"
        return reference(child(found.get(_CASE), "Id", where), f"{where}/Id")


def _amount(found: dict[str, Element], path: str) -> tuple[int | None, str | None]:
    for name in ("OrgnlInstdAmt", "OrgnlIntrBkSttlmAmt"):
        if (amount := money(found.get(name), f"{path}/{name}")) is not None:
            return amount
    original = original_of(found.get("OrgnlTxRef"), None, f"{path}/OrgnlTxRef")
    return original.amount_minor, original.currency
