"""Reads pain.002 status reports (.03, .10 and relatives) into observations.

Every level is optional. A group or block status becomes SUBMISSION_STATUS, a transaction's PAYMENT_STATUS; which level
wins is `gateway.domain.facts.effective`. Verification-of-payee reports keep their codes, which establish nothing. An
EBICS customer protocol in pain.002 clothing (its original message is called "EBICS") tells of a transport, not of
payments: it yields nothing. Reference: iso20022-and-banks 2.1.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.iso20022.xml import (
    Element,
    children,
    descend,
    prune,
    pull,
    reference,
    text,
    unique_reference,
    values,
)
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind

MESSAGE = "CstmrPmtStsRpt"
_GROUP, _BLOCK, _TRANSACTION = "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts"
_IN_GROUP = frozenset({"OrgnlMsgId", "OrgnlMsgNmId", "GrpSts"})
_IN_BLOCK = frozenset({"OrgnlPmtInfId", "PmtInfSts"})
_IN_TRANSACTION = frozenset({"OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "TxSts", "AcctSvcrRef"})


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation]:
    """Yield what the report says: transactions in document order, each block's status after them, the group's last.

    Raises Unreadable; see `bank_adapters.spi.Adapter.read`.
    """
    report = _Report(status_table(profile))
    for element in pull(pieces, (MESSAGE, _GROUP, _BLOCK, _TRANSACTION)):
        yield from report.take(element)
    if report.ended != 1:
        raise Unreadable("message.count", "/", f"exactly one {MESSAGE} is expected")


class _Report:
    """What is known so far while a report streams by."""

    def __init__(self, table: StatusTable) -> None:
        self._table = table
        self._group: Observation | None = None
        self._transport_protocol = False
        self._blocks = 0
        self._transactions = 0
        self._block_id: str | None = None
        self._said = False
        self._block_duplicate: Observation | None = None
        self._duplicate: Observation | None = None
        self.ended = 0

    def take(self, element: Element) -> Iterator[Observation]:
        """Handle an element that has just ended."""
        name = element.tag.rpartition("}")[2]
        if name == MESSAGE:
            self.ended += 1
            yield from self._closing()
        elif name == _GROUP:
            self._group = self._read_group(element)
        elif not self._transport_protocol:
            yield self._transaction(element) if name == _TRANSACTION else self._block(element)
            self._said = True
            prune(element)

    @property
    def _msg_id(self) -> str | None:
        return self._group.msg_id if self._group else None

    def _closing(self) -> Iterator[Observation]:
        """Say the group's status; a report without any status still names the submission it is about."""
        if self._group is None or self._transport_protocol:
            return
        if self._group.status is not None or not self._said:
            yield _never_rejecting(self._group, self._duplicate)

    def _read_group(self, element: Element) -> Observation:
        path = f"/{MESSAGE}/{_GROUP}"
        if self._group is not None or self._said:
            raise Unreadable("element.order", path, "the original group must stand once, before all else")
        found = values(element, _IN_GROUP, path)
        msg_id = reference(found.get("OrgnlMsgId"), f"{path}/OrgnlMsgId")
        self._transport_protocol = "EBICS" in {msg_id, text(found.get("OrgnlMsgNmId"), f"{path}/OrgnlMsgNmId")}
        reason, reason_text = self._reason(element, path)
        return Observation(
            kind=ObservationKind.SUBMISSION_STATUS,
            path=path,
            msg_id=msg_id,
            status=text(found.get("GrpSts"), f"{path}/GrpSts"),
            reason=reason,
            reason_text=reason_text,
        )

    def _block(self, element: Element) -> Observation:
        self._blocks += 1
        path = f"/{MESSAGE}/{_BLOCK}[{self._blocks}]"
        found = values(element, _IN_BLOCK, path)
        block_id = reference(found.get("OrgnlPmtInfId"), f"{path}/OrgnlPmtInfId")
        if self._transactions and block_id != self._block_id:
            raise Unreadable("element.order", f"{path}/OrgnlPmtInfId", "a block is named after its transactions")
        duplicate, self._block_duplicate = self._block_duplicate, None
        self._transactions, self._block_id = 0, None
        reason, reason_text = self._reason(element, path)
        block = Observation(
            kind=ObservationKind.SUBMISSION_STATUS,
            path=path,
            msg_id=self._msg_id,
            pmt_inf_id=block_id,
            status=text(found.get("PmtInfSts"), f"{path}/PmtInfSts"),
            reason=reason,
            reason_text=reason_text,
        )
        if self._says_duplicate(block):
            self._duplicate = block
        return _never_rejecting(block, duplicate)

    def _transaction(self, element: Element) -> Observation:
        self._transactions += 1
        block = element.getparent()
        inside = block is not None and block.tag.rpartition("}")[2] == _BLOCK
        above = f"/{MESSAGE}/{_BLOCK}[{self._blocks + 1}]" if inside else f"/{MESSAGE}"
        if self._transactions == 1 and inside:
            self._block_id = reference(descend(block, "OrgnlPmtInfId", above), f"{above}/OrgnlPmtInfId")
        path = f"{above}/{_TRANSACTION}[{self._transactions}]"
        found = values(element, _IN_TRANSACTION, path)
        reason, reason_text = self._reason(element, path)
        transaction = Observation(
            kind=ObservationKind.PAYMENT_STATUS,
            path=path,
            msg_id=self._msg_id,
            pmt_inf_id=self._block_id,
            instr_id=reference(found.get("OrgnlInstrId"), f"{path}/OrgnlInstrId"),
            end_to_end_id=reference(found.get("OrgnlEndToEndId"), f"{path}/OrgnlEndToEndId"),
            uetr=unique_reference(found.get("OrgnlUETR"), f"{path}/OrgnlUETR"),
            status=text(found.get("TxSts"), f"{path}/TxSts"),
            reason=reason,
            reason_text=reason_text,
            entry_ref=reference(found.get("AcctSvcrRef"), f"{path}/AcctSvcrRef"),
        )
        if self._says_duplicate(transaction):
            self._block_duplicate = self._duplicate = transaction
        return transaction

    def _says_duplicate(self, said: Observation) -> bool:
        return self._table.says_duplicate(said.reason, said.reason_text)

    def _reason(self, element: Element, path: str) -> tuple[str | None, str | None]:
        """Return one code and all texts. Of several codes a duplicate one counts: it says that nothing was refused."""
        codes: list[str] = []
        texts: list[str] = []
        for info in children(element, "StsRsnInf"):
            where = f"{path}/StsRsnInf"
            standard, own = descend(info, "Rsn/Cd", where), descend(info, "Rsn/Prtry", where)
            code = text(standard if standard is not None else own, f"{where}/Rsn")
            codes += [code] if code else []
            texts += [line for one in children(info, "AddtlInf") if (line := text(one, f"{where}/AddtlInf"))]
        chosen = next((code for code in codes if code in self._table.duplicates), codes[0] if codes else None)
        texts += [code for code in codes if code != chosen]
        return chosen, "; ".join(texts) or None


def _never_rejecting(above: Observation, duplicate: Observation | None) -> Observation:
    """Give a higher level the duplicate reason of something it holds.

    Banks that refuse a second copy say so of the payments and write a bare RJCT, or a reason of their own, above. Lent
    to payments, that RJCT would reject the live first copy; with the duplicate's reason it never does.
    """
    if duplicate is None:
        return above
    texts = [one for one in (duplicate.reason_text, above.reason, above.reason_text) if one]
    return replace(above, reason=duplicate.reason, reason_text="; ".join(texts) or None)
