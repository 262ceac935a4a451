"""Reads pain.001.001.09 the way a careful bank does: schema, counts, sums. Shares no code with the gateway's writer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO

from lxml import etree

VERSION = "pain.001.001.09"
_NS = f"{{urn:iso:std:iso:20022:tech:xsd:{VERSION}}}"
_GROUP, _BLOCK, _PAYMENT = f"{_NS}GrpHdr", f"{_NS}PmtInf", f"{_NS}CdtTrfTxInf"
_MSG_ID = re.compile(rb"<MsgId>\s*([A-Za-z0-9/?:().,'+ -]{1,35}?)\s*</MsgId>")
_CREATED = re.compile(rb"<CreDtTm>\s*([0-9T:.+Z-]{19,35})\s*</CreDtTm>")
_MINOR = Decimal("0.01")
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The creation time taken for a file from which none can be read: answers never hold the time of day."""


class BadFile(Exception):
    """A file that is refused as a whole. `reason` is an ISO status reason, `msg_id` is None when it was not found."""

    def __init__(self, reason: str, text: str, *, content: bytes) -> None:
        super().__init__(text)
        self.reason = reason
        found = _MSG_ID.search(content)
        self.msg_id = found[1].decode() if found else None
        self.created = _creation_time(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One credit transfer. `amount_minor` is in hundredths of `currency`; `account` is the payee's.

    Over the counter `account` is an identification, and `window` the first and last day on which money can be had.
    """

    instr_id: str | None
    end_to_end_id: str
    uetr: str | None
    amount_minor: int
    currency: str
    account: str
    window: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One PmtInf with what it says of itself: `count` and `control_minor` are None where it is silent."""

    pmt_inf_id: str
    count: int | None
    control_minor: int | None
    debtor_account: str
    execution_date: date
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """A whole file that is valid against the schema; sums and counts are as declared, not yet compared."""

    msg_id: str
    created: datetime
    count: int | None
    control_minor: int | None
    blocks: tuple[Block, ...]


@cache
def _schema() -> etree.XMLSchema:
    with (files("sepaxml") / "schemas" / f"{VERSION}.xsd").open("rb") as source:
        return etree.XMLSchema(etree.parse(source))


def read(content: bytes) -> PaymentFile:
    """Read a file. Raises BadFile: FF01 when it is not the message it should be, AM12 for an impossible amount."""
    if b"\0" in content[:4] or b"<!DOCTYPE" in content:
        raise BadFile("FF01", "only UTF-8 without a document type is taken", content=content)
    try:
        return _assemble(_elements(content))
    except ArithmeticError as error:
        raise BadFile("AM12", "an amount is not possible", content=content) from error
    except (etree.LxmlError, ValueError) as error:
        # A part that is missing may be missed here before the schema, which is checked on the way, says so.
        raise BadFile("FF01", f"not a valid {VERSION}", content=content) from error


def _elements(content: bytes) -> Iterator[etree._Element]:
    # Not resolve_entities=False: with a schema, lxml 6.1.3 then takes a file whose end is missing. `read` refuses DTDs.
    parser = etree.iterparse(
        BytesIO(content),
        events=("end",),
        tag=(_GROUP, _BLOCK, _PAYMENT),
        schema=_schema(),
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    for _, element in parser:
        yield element


def _assemble(elements: Iterator[etree._Element]) -> PaymentFile:
    group: etree._Element | None = None
    blocks: list[Block] = []
    payments: list[Payment] = []
    for element in elements:
        if element.tag == _PAYMENT:
            payments.append(_payment(element))
            element.clear()  # a file of 50,000 payments need not stand in memory as a tree
        elif element.tag == _BLOCK:
            blocks.append(_block(element, tuple(payments)))
            payments = []
        else:
            group = element
    if group is None:
        raise ValueError("no group header")
    return PaymentFile(
        msg_id=_need(group, "MsgId"),
        created=_moment(_need(group, "CreDtTm")),
        count=_whole(group),
        control_minor=_control(group),
        blocks=tuple(blocks),
    )


def _block(element: etree._Element, payments: tuple[Payment, ...]) -> Block:
    day = _text(element, "ReqdExctnDt", "Dt") or _need(element, "ReqdExctnDt", "DtTm")[:10]
    return Block(
        pmt_inf_id=_need(element, "PmtInfId"),
        count=_whole(element),
        control_minor=_control(element),
        debtor_account=_text(element, "DbtrAcct", "Id", "IBAN") or "",
        execution_date=date.fromisoformat(day[:10]),
        payments=payments,
    )


def _payment(element: etree._Element) -> Payment:
    amount = element.find(f"{_NS}Amt/{_NS}InstdAmt")
    if amount is None or not amount.text:
        raise ValueError("an amount in the debtor's currency is not taken")
    return Payment(
        instr_id=_text(element, "PmtId", "InstrId"),
        end_to_end_id=_need(element, "PmtId", "EndToEndId"),
        uetr=_text(element, "PmtId", "UETR"),
        amount_minor=_hundredths(amount.text),
        currency=str(amount.get("Ccy")),
        account=_text(element, "CdtrAcct", "Id", "IBAN") or _text(element, "CdtrAcct", "Id", "Othr", "Id") or "",
    )


def _text(element: etree._Element, *path: str) -> str | None:
    text = element.findtext("/".join(_NS + name for name in path))
    return text.strip() if text and text.strip() else None


def _need(element: etree._Element, *path: str) -> str:
    text = _text(element, *path)
    if text is None:
        raise ValueError(f"{path[-1]} is missing")
    return text


def _whole(element: etree._Element) -> int | None:
    text = _text(element, "NbOfTxs")
    return int(text) if text else None


def _control(element: etree._Element) -> int | None:
    text = _text(element, "CtrlSum")
    return _hundredths(text) if text else None


def _hundredths(text: str) -> int:
    amount = Decimal(text.strip())
    if amount != amount.quantize(_MINOR):
        raise ArithmeticError("more than two decimals")
    return int(amount.scaleb(2))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _creation_time(content: bytes) -> datetime:
    found = _CREATED.search(content)
    try:
        return _moment(found[1].decode()) if found else UNDATED
    except ValueError:
        return UNDATED


def sums_fault(file: PaymentFile) -> str | None:
    """Compare declared counts and sums with the payments at both levels; None when all four agree.

    A missing figure is a wrong one. Returns AM18 for a count and AM10 for a sum (ISO external status reasons).
    """
    payments = [payment for block in file.blocks for payment in block.payments]
    levels = [(file.count, file.control_minor, payments)]
    levels += [(block.count, block.control_minor, list(block.payments)) for block in file.blocks]
    if any(count != len(members) for count, _, members in levels):
        return "AM18"
    if any(control != sum(payment.amount_minor for payment in members) for _, control, members in levels):
        return "AM10"
    return None
