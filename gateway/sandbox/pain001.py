"""Reads pain.001.001.03, .09 and .11 as a careful bank does: schema, counts, sums. Shares no code with our writer."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO

from lxml import etree

from gateway.sandbox.payment_file import UNDATED, BadFile, Block, Party, Payment, PaymentFile, minor_units

OLD, USUAL, NEW = "pain.001.001.03", "pain.001.001.09", "pain.001.001.11"
_MSG_ID = re.compile(rb"<MsgId>\s*([A-Za-z0-9/?:().,'+ -]{1,35}?)\s*</MsgId>")
_CREATED = re.compile(rb"<CreDtTm>\s*([0-9T:.+Z-]{19,35})\s*</CreDtTm>")
_TRUE = frozenset({"true", "1"})


@cache
def _schema(version: str) -> etree.XMLSchema:
    with (files("sepaxml") / "schemas" / f"{version}.xsd").open("rb") as source:
        return etree.XMLSchema(etree.parse(source))


def read(content: bytes, version: str = USUAL) -> PaymentFile:
    """Read a file. Raises BadFile: FF01 when it is not the message it should be, AM12 for an impossible amount."""
    if b"\0" in content[:4] or b"<!DOCTYPE" in content:
        raise _bad("FF01", "only UTF-8 without a document type is taken", content)
    reader = _Reader(version)
    try:
        return reader.file(reader.elements(content))
    except ArithmeticError as error:
        raise _bad("AM12", "an amount is not possible", content) from error
    except (etree.LxmlError, ValueError) as error:
        # A part that is missing may be missed here before the schema, which is checked on the way, says so.
        raise _bad("FF01", f"not a valid {version}", content) from error


def _bad(reason: str, text: str, content: bytes) -> BadFile:
    """Refuse a file, named as far as it can be."""
    found = _MSG_ID.search(content)
    return BadFile(reason, text, msg_id=found[1].decode() if found else None, created=_creation_time(content))


class _Reader:
    """Reads elements of one version by their names in it."""

    def __init__(self, version: str) -> None:
        self._version, self._ns = version, f"{{urn:iso:std:iso:20022:tech:xsd:{version}}}"
        self._bic = "BIC" if version == OLD else "BICFI"
        self._group, self._block_tag, self._payment_tag = (
            self._ns + name for name in ("GrpHdr", "PmtInf", "CdtTrfTxInf")
        )

    def elements(self, content: bytes) -> Iterator[etree._Element]:
        # Not resolve_entities=False: with a schema, lxml 6.1.3 then takes a file whose end is missing. `read` refuses
        # DTDs.
        parser = etree.iterparse(
            BytesIO(content),
            events=("end",),
            tag=(self._group, self._block_tag, self._payment_tag),
            schema=_schema(self._version),
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for _, element in parser:
            yield element

    def file(self, elements: Iterator[etree._Element]) -> PaymentFile:
        group: etree._Element | None = None
        blocks: list[Block] = []
        payments: list[Payment] = []
        for element in elements:
            if element.tag == self._payment_tag:
                payments.append(self._payment(element))
                element.clear()  # a file of 50,000 payments need not stand in memory as a tree
            elif element.tag == self._block_tag:
                blocks.append(self._block(element, tuple(payments)))
                payments = []
            else:
                group = element
        if group is None:
            raise ValueError("no group header")
        return PaymentFile(
            msg_id=self._need(group, "MsgId"),
            created=_moment(self._need(group, "CreDtTm")),
            count=self._whole(group),
            control_sum=self._control(group),
            blocks=tuple(blocks),
        )

    def _block(self, element: etree._Element, payments: tuple[Payment, ...]) -> Block:
        booking = self._text(element, "BtchBookg")
        kind = self._child(element, "PmtTpInf")
        return Block(
            pmt_inf_id=self._need(element, "PmtInfId"),
            count=self._whole(element),
            control_sum=self._control(element),
            debtor_account=self._text(element, "DbtrAcct", "Id", "IBAN") or "",
            execution_date=self._day(element),
            payments=payments,
            debtor=self._needed_party(element, "Dbtr"),
            debtor_agent=self._agent(element, "DbtrAgt"),
            ultimate_debtor=self._party(element, "UltmtDbtr"),
            category_purpose=None if kind is None else self._code(kind, "CtgyPurp"),
            instrument="" if kind is None else self._instrument(kind),
            batch_booking=None if booking is None else booking in _TRUE,
        )

    def _day(self, element: etree._Element) -> date:
        found = self._text(element, "ReqdExctnDt") or self._text(element, "ReqdExctnDt", "Dt")
        return date.fromisoformat((found or self._need(element, "ReqdExctnDt", "DtTm"))[:10])

    def _instrument(self, kind: etree._Element) -> str:
        return " ".join(code for name in ("SvcLvl", "LclInstrm") if (code := self._code(kind, name)))

    def _payment(self, element: etree._Element) -> Payment:
        amount = self._child(element, "Amt", "InstdAmt")
        if amount is None or not amount.text:
            raise ValueError("an amount in the debtor's currency is not taken")
        currency = str(amount.get("Ccy"))
        return Payment(
            instr_id=self._text(element, "PmtId", "InstrId"),
            end_to_end_id=self._need(element, "PmtId", "EndToEndId"),
            uetr=self._text(element, "PmtId", "UETR"),
            amount_minor=minor_units(Decimal(amount.text.strip()), currency),
            currency=currency,
            account=self._text(element, "CdtrAcct", "Id", "IBAN")
            or self._text(element, "CdtrAcct", "Id", "Othr", "Id")
            or "",
            creditor=self._needed_party(element, "Cdtr"),
            agent=self._agent(element, "CdtrAgt"),
            ultimate_creditor=self._party(element, "UltmtCdtr"),
            ultimate_debtor=self._party(element, "UltmtDbtr"),
            purpose=self._code(element, "Purp"),
            remittance=self._text(element, "RmtInf", "Ustrd") or "",
            reference=self._reference(element),
        )

    def _needed_party(self, element: etree._Element, name: str) -> Party:
        found = self._party(element, name)
        if found is None:
            raise ValueError(f"{name} is missing")
        return found

    def _party(self, element: etree._Element, name: str) -> Party | None:
        found = self._child(element, name)
        if found is None:
            return None
        address = self._child(found, "PstlAdr")
        parts = () if address is None else tuple((_local(one), (one.text or "").strip()) for one in address)
        kind = "PrvtId" if self._child(found, "Id", "PrvtId") is not None else "OrgId"
        other = self._child(found, "Id", kind, "Othr")
        return Party(
            name=self._text(found, "Nm") or "",
            id=None if other is None else self._text(other, "Id"),
            scheme="" if other is None else self._code(other, "SchmeNm") or "",
            address=parts,
        )

    def _agent(self, element: etree._Element, name: str) -> str | None:
        where = (name, "FinInstnId")
        return self._text(element, *where, self._bic) or self._text(element, *where, "Othr", "Id")

    def _reference(self, element: etree._Element) -> tuple[str, str] | None:
        told = self._child(element, "RmtInf", "Strd", "CdtrRefInf")
        if told is None:
            return None
        return self._need(told, "Ref"), self._text(told, "Tp", "Issr") or ""

    def _code(self, element: etree._Element, *path: str) -> str | None:
        """Return a code, the bank's own or ISO's."""
        return self._text(element, *path, "Cd") or self._text(element, *path, "Prtry")

    def _child(self, element: etree._Element, *path: str) -> etree._Element | None:
        return element.find("/".join(self._ns + name for name in path))

    def _text(self, element: etree._Element, *path: str) -> str | None:
        text = element.findtext("/".join(self._ns + name for name in path))
        return text.strip() if text and text.strip() else None

    def _need(self, element: etree._Element, *path: str) -> str:
        text = self._text(element, *path)
        if text is None:
            raise ValueError(f"{path[-1]} is missing")
        return text

    def _whole(self, element: etree._Element) -> int | None:
        text = self._text(element, "NbOfTxs")
        return int(text) if text else None

    def _control(self, element: etree._Element) -> Decimal | None:
        text = self._text(element, "CtrlSum")
        return Decimal(text) if text else None


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _creation_time(content: bytes) -> datetime:
    found = _CREATED.search(content)
    try:
        return _moment(found[1].decode()) if found else UNDATED
    except ValueError:
        return UNDATED
