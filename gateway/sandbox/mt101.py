"""Reads MT101 (request for transfer) by SWIFT's message definition, with or without the blocks around a message.

The messages of a chain (field 28D) are one order: one block, named by the reference of its first message. An MT101
holds no counts and sums, no UETR and no creation time: counts and sums are what was read, and the time is the morning
of the day that is asked for. Field 70 is read by code words: /ROC/ the ordering customer's reference, /ULTD/ and
/ULTB/ the ultimate parties, /RFB/ the payee's reference, /URI/ what the payee is told.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise

from gateway.sandbox.payment_file import BadFile, Block, Party, Payment, PaymentFile, minor_units, total

_OPENING = time(6, tzinfo=UTC)
_WIDTH = 35
_TAG = re.compile(r":([0-9]{2}[A-Z]?):(.*)")
_X = re.compile(r"[a-zA-Z0-9/\-?:().,'+ {}\r\n]*")
_HEADS = re.compile(r"(\{1:F01[A-Z0-9]{22}\})?\{2:I101[A-Z0-9]{12}[NUS]\}\{4:")
_ENDS = frozenset({"-", "-}"})
_AMOUNT = re.compile(r"([A-Z]{3})([0-9]{1,14},[0-9]{0,14})")
_REFERENCE = re.compile(rb":20:([A-Za-z0-9/?:().,'+ -]{1,16})\r\n")
_OF_MESSAGE = frozenset({"20", "21R", "28D", "50H", "52A", "30"})
_OF_PAYMENT = frozenset({"21", "23E", "32B", "57A", "57C", "59", "70", "71A"})
_PART = re.compile(r"//?/?([A-Z]{3,4})/")

Fields = Mapping[str, Sequence[str]]
"""Lines by the tag of their field; the first stands behind the tag."""


@dataclass(slots=True)
class _Message:
    """One MT101: its sequence A, and a sequence B for each payment."""

    head: dict[str, list[str]] = field(default_factory=dict)
    payments: list[dict[str, list[str]]] = field(default_factory=list)

    def begin(self, tag: str, text: str) -> list[str]:
        """Begin a field, and with field 21 a payment; return the list that takes its further lines."""
        if tag == "21":
            self.payments.append({})
        around, known = (self.payments[-1], _OF_PAYMENT) if self.payments else (self.head, _OF_MESSAGE)
        if tag not in known or tag in around:
            raise ValueError("a field that is not known, or stands where it does not belong")
        around[tag] = [text]
        return around[tag]


def read(content: bytes) -> PaymentFile:
    """Read a file. Raises BadFile: FF01 when it is no MT101, AM12 for an impossible amount."""
    found = _REFERENCE.search(content)
    msg_id = found[1].decode() if found else None
    try:
        blocks = tuple(map(_block, _chains(_messages(content))))
        created = datetime.combine(min(block.execution_date for block in blocks), _OPENING)
    except ArithmeticError as error:
        raise BadFile("AM12", "an amount is not possible", msg_id=msg_id) from error
    except (ValueError, KeyError) as error:
        raise BadFile("FF01", "not a valid MT101", msg_id=msg_id) from error
    payments = [payment for block in blocks for payment in block.payments]
    return PaymentFile(
        msg_id=blocks[0].pmt_inf_id,
        created=created,
        count=len(payments),
        control_sum=total(payments),
        blocks=blocks,
    )


def _messages(content: bytes) -> Iterator[_Message]:
    """Yield the messages. Raises ValueError for letters outside SWIFT's set x and for an end that is missing."""
    text = content.decode("ascii")
    if _X.fullmatch(text) is None or not text.endswith("\r\n"):
        raise ValueError("letters outside set x, or the last line has no end")
    message: _Message | None = None
    lines: list[str] = []
    for line in text.removesuffix("\r\n").split("\r\n"):
        if message is None:
            message, lines = _Message(), []
            if _HEADS.fullmatch(line):
                continue
        if line in _ENDS:
            yield message
            message = None
        elif (tag := _TAG.fullmatch(line)) is not None:
            lines = message.begin(tag[1], tag[2])
        elif not lines or not line or line[0] in ":-":
            raise ValueError("a line that belongs to no field")
        else:
            lines.append(line)
    if message is not None:
        raise ValueError("the end of a message is missing")


def _chains(messages: Iterator[_Message]) -> Iterator[list[_Message]]:
    """Yield the messages that belong together. Raises ValueError where one of a chain is missing."""
    chain: list[_Message] = []
    for message in messages:
        number, last = map(int, message.head["28D"][0].split("/"))
        chain.append(message)
        if number != len(chain) or not message.payments:
            raise ValueError("a message of the chain is missing, or without payments")
        if number == last:
            yield chain
            chain = []
    if chain:
        raise ValueError("the last message of a chain is missing")


def _block(chain: Sequence[_Message]) -> Block:
    head = chain[0].head
    same = ("50H", "52A", "30", "21R")
    if any([one.head.get(tag) for tag in same] != [head.get(tag) for tag in same] for one in chain):
        raise ValueError("the messages of a chain differ")
    payments = tuple(_payment(fields) for message in chain for fields in message.payments)
    urgent = {"23E" in fields for message in chain for fields in message.payments}
    return Block(
        pmt_inf_id=head["20"][0],
        count=len(payments),
        control_sum=total(payments),
        debtor_account=_account(head["50H"]),
        execution_date=_day(head["30"][0]),
        payments=payments,
        debtor=Party(name=_joined(head["50H"][1:])),
        debtor_agent=_one(head, "52A"),
        instrument="URGP" if urgent == {True} else "",
        batch_booking="21R" in head,
    )


def _payment(fields: Fields) -> Payment:
    amount = _AMOUNT.fullmatch(fields["32B"][0])
    if amount is None:
        raise ValueError("field 32B is not a currency and an amount")
    told = dict(_told(fields["70"]))
    reference = told.get("RFB")
    return Payment(
        instr_id=fields["21"][0],
        end_to_end_id=told["ROC"],
        uetr=None,
        amount_minor=minor_units(Decimal(amount[2].replace(",", ".")), amount[1]),
        currency=amount[1],
        account=_account(fields["59"]),
        creditor=Party(name=_joined(fields["59"][1:])),
        agent=_one(fields, "57A") or _one(fields, "57C"),
        ultimate_creditor=_party(told.get("ULTB")),
        ultimate_debtor=_party(told.get("ULTD")),
        remittance=told.get("URI", ""),
        reference=None if reference is None else (reference, ""),
    )


def _told(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield code word and text of the parts of field 70: each begins a line, all but the first behind two slashes."""
    starts = [place for place, line in enumerate(lines) if line.startswith("/")]
    if starts[:1] != [0]:
        raise ValueError("field 70 begins without a code word")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        code = _PART.match(lines[start])
        if code is None:
            raise ValueError("a part of field 70 has no code word")
        yield code[1], _joined(lines[start:end])[code.end() :]


def _joined(lines: Sequence[str]) -> str:
    """Put a text together again: a full line goes on at once, a shorter one ended where a blank stood."""
    text = lines[0] if lines else ""
    for before, line in pairwise(lines):
        text += line if len(before) == _WIDTH else f" {line}"
    return text


def _account(lines: Sequence[str]) -> str:
    if not lines[0].startswith("/") or not lines[1:]:
        raise ValueError("an account and a name are missing")
    return lines[0][1:]


def _party(name: str | None) -> Party | None:
    return None if name is None else Party(name=name)


def _one(fields: Fields, tag: str) -> str | None:
    return fields[tag][0] if tag in fields else None


def _day(text: str) -> date:
    return datetime.strptime(text, "%y%m%d").replace(tzinfo=UTC).date()
