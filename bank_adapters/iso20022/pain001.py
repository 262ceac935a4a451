"""Writes SEPA pain.001.001.09 with the sepaxml library as its engine.

sepaxml doubles every payment when exported twice, changes what it is given, draws random ids, stamps the current time
and leaves out UETR, purposes and ultimate creditors (reference iso20022-and-banks 5). So one object makes one sealed
file, is exported exactly once and gets only values made for it; our ids, seal time and the missing elements are put
into its tree before it is serialised; and the outcome is checked with libxml2 against the schema that sepaxml ships.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any
from xml.etree import ElementTree as ET

from sepaxml import SepaTransfer

from bank_adapters.alphabet import LetterError, to_sepa
from bank_adapters.capabilities import Booking
from bank_adapters.iso20022.schemas import schema
from bank_adapters.iso20022.xml import pull
from bank_adapters.profile import Profile
from bank_adapters.sepa import NAME_MAX, Written, written
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.errors import CannotRender, Oversized, Unreadable
from gateway.domain.identity import reference_violations

VERSION = "pain.001.001.09"
PAYMENTS_MAX = 20_000
"""Largest file that is built as a tree; a bank's own limit may be lower."""
PIECE = 1024 * 1024
"""Bytes a piece handed on."""
NOT_PROVIDED = "NOTPROVIDED"


def refusals(submission: SubmissionContent) -> Mapping[str, str]:
    """Return, by EndToEndId, why a payment cannot be written."""
    counts = Counter(payment.end_to_end_id for payment in submission.payments)
    found = {one: f"payment {one}: the EndToEndId stands more than once" for one, count in counts.items() if count > 1}
    for payment in submission.payments:
        try:
            written(payment)
        except CannotRender as error:
            found.setdefault(payment.end_to_end_id, str(error))
    return found


def render(submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
    """Write the file; see `bank_adapters.spi.Adapter.render`."""
    _check(submission, profile)
    document = _Document(submission, profile).export_once()
    limit = profile.limits.bytes_per_submission
    if limit is not None and len(document) > limit:
        raise Oversized(f"submission {submission.msg_id}: {len(document)} bytes are over the bank's limit")
    try:
        for _ in pull((document,), ("Document",), schema=schema(VERSION)):
            pass
    except Unreadable as error:
        raise CannotRender(f"submission {submission.msg_id} does not fit {VERSION}: {error}") from error
    return (document[start : start + PIECE] for start in range(0, len(document), PIECE))


def _check(submission: SubmissionContent, profile: Profile) -> None:
    """Refuse a submission that is wrong as a whole."""
    limits = profile.limits
    most = min(PAYMENTS_MAX, limits.payments_per_submission, limits.payments_per_block or PAYMENTS_MAX)
    if not 1 <= len(submission.payments) <= most:
        raise CannotRender(f"submission {submission.msg_id}: {len(submission.payments)} payments, not 1 to {most}")
    if len({payment.end_to_end_id for payment in submission.payments}) != len(submission.payments):
        raise CannotRender(f"submission {submission.msg_id}: an EndToEndId stands more than once")
    for name, value in (("MsgId", submission.msg_id), ("PmtInfId", submission.payment_information_id)):
        for violation in reference_violations(value):
            raise CannotRender(f"submission {submission.msg_id}: {name}: {violation.text}")
    if submission.created_at.tzinfo is None:
        raise CannotRender(f"submission {submission.msg_id}: the seal time has no zone")
    limit = profile.sum_limit("EUR")
    if limit is not None and sum(payment.amount.minor for payment in submission.payments) > limit:
        raise CannotRender(f"submission {submission.msg_id}: the sum is over the bank's limit")


class _Document(SepaTransfer):  # type: ignore[misc]  # the library is untyped
    """One file in the making."""

    def __init__(self, submission: SubmissionContent, profile: Profile) -> None:
        self._submission = submission
        self._profile = profile
        self._texts: list[Written] = []
        self._finished = False
        super().__init__(self._debtor(), schema=VERSION, clean=False)

    def export_once(self) -> bytes:
        """Return the bytes of the file."""
        date = self._submission.requested_execution_date
        for payment in self._submission.payments:
            text = written(payment)
            self._texts.append(text)
            self.add_payment(
                {
                    "name": text.name,
                    "IBAN": text.iban,
                    "amount": payment.amount.minor,
                    "description": text.remittance,
                    "execution_date": date,
                    "endtoend_id": payment.end_to_end_id,
                }
            )
        exported: bytes = self.export(validate=False)
        return exported

    def _debtor(self) -> dict[str, Any]:
        debtor = self._submission.debtor
        try:
            name = to_sepa(debtor.name)
        except LetterError as error:
            raise CannotRender(f"submission {self._submission.msg_id}: debtor name: {error}") from None
        if not 1 <= len(name) <= NAME_MAX:
            raise CannotRender(f"submission {self._submission.msg_id}: debtor name: 1 to {NAME_MAX} letters")
        bic = {} if debtor.bic is None else {"BIC": debtor.bic}
        return {"name": name, "IBAN": debtor.iban, "batch": True, "currency": "EUR", **bic}

    def _finalize_batch(self) -> None:
        """Complete the tree: the last step of the library before it counts, sums and serialises."""
        if self._finished:
            raise CannotRender(f"submission {self._submission.msg_id}: a file is exported once")
        self._finished = True
        super()._finalize_batch()
        header = _at(self._xml, "CstmrCdtTrfInitn/GrpHdr")
        _at(header, "MsgId").text = self._submission.msg_id
        _at(header, "CreDtTm").text = self._submission.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        block = _at(self._xml, "CstmrCdtTrfInitn/PmtInf")
        self._complete_block(block)
        _complete_payments(block.findall("CdtTrfTxInf"), self._submission.payments, self._texts)

    def _complete_block(self, block: ET.Element) -> None:
        _at(block, "PmtInfId").text = self._submission.payment_information_id
        _at(block, "BtchBookg").text = "true" if self._profile.booking is Booking.BATCH else "false"
        if self._submission.category_purpose is not None:
            kind = ET.SubElement(_at(block, "PmtTpInf"), "CtgyPurp")
            ET.SubElement(kind, "Cd").text = self._submission.category_purpose
        if self._submission.debtor.bic is None:
            other = ET.SubElement(_at(block, "DbtrAgt/FinInstnId"), "Othr")
            ET.SubElement(other, "Id").text = NOT_PROVIDED


def _complete_payments(nodes: Sequence[ET.Element], payments: Sequence[Payment], texts: Sequence[Written]) -> None:
    """Put in what the library has no place for, in the order that the schema asks for."""
    for node, payment, text in zip(nodes, payments, texts, strict=True):
        ET.SubElement(_at(node, "PmtId"), "UETR").text = payment.uetr
        remittance = _at(node, "RmtInf")
        node.remove(remittance)
        if text.ultimate_name is not None:
            ET.SubElement(ET.SubElement(node, "UltmtCdtr"), "Nm").text = text.ultimate_name
        if payment.purpose is not None:
            ET.SubElement(ET.SubElement(node, "Purp"), "Cd").text = payment.purpose
        if text.remittance:
            node.append(remittance)


def _at(node: ET.Element, path: str) -> ET.Element:
    """Return an element that the pinned version of the library is known to have made."""
    found = node.find(path)
    if found is None:
        raise CannotRender(f"the sepaxml library made no {path}")
    return found
