"""Reads the fixed-width order file of Banco Hotel: records of its own making, in ISO 8859-1, each line ended by CRLF.

    01  file         its id, when it was made (Madrid time), its number, who sends it
    02  order        an account that pays, its currency, the day, how fast, the category purpose
    03  transfer     one payment; the first 70 letters of what the payee is told
    04  text         the next 70 letters, once
    05  on behalf    the person who is entitled, where the payee is somebody else
    08  end of order its transfers and their sum
    99  end of file  records, transfers, sum, hash total of the payees' accounts with two check digits (ISO 7064 97-10)

Amounts are in the smallest unit of the currency, with zeros in front; a file is of one currency.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from gateway.sandbox.payment_file import UNDATED, BadFile, Block, Party, Payment, PaymentFile, decimals

_ZONE = ZoneInfo("Europe/Madrid")
_TABLE = {
    "01": "file 27, made 14, number 5, sender 70",
    "02": "account 34, currency 3, day 8, speed 1, category 4",
    "03": "line 6, id 35, account 34, bank 11, name 70, amount 15, purpose 4, behalf 70, reference 35, text 70",
    "04": "text 70",
    "05": "name 70",
    "08": "transfers 6, sum 18",
    "99": "records 7, transfers 6, sum 18, hash 12, check 2",
}
"""Columns behind the record's two digits, each with its width."""
_RECORDS = {kind: {name: int(width) for name, width in map(str.split, row.split(", "))} for kind, row in _TABLE.items()}
_EDGES = {kind: list(accumulate(widths.values(), initial=2)) for kind, widths in _RECORDS.items()}
_FOLLOWS = {
    "": "01",
    "01": "02",
    "02": "03",
    "03": "03 04 05 08",
    "04": "03 05 08",
    "05": "03 08",
    "08": "02 99",
    "99": "",
}
"""What may follow a record."""
_SPEEDS = frozenset("TIU")
_HASHED, _HASH_DIGITS = 10, 10**12
_DIGITS = re.compile(r"[0-9]+")

Record = dict[str, str]


@dataclass(slots=True)
class _Order:
    """An account that pays, and what it pays."""

    head: Record
    payments: list[Payment] = field(default_factory=list)
    end: Record = field(default_factory=dict)


def read(content: bytes) -> PaymentFile:
    """Read a file. Raises BadFile: FF01 when it does not have the bank's form, AM10 for a wrong hash total."""
    head: Record = {}
    try:
        records = list(_records(content))
        head = records[0][1]
        file = _file(head, list(_orders(records)), records[-1][1])
    except (ValueError, LookupError) as error:
        raise _bad("FF01", "not a valid fixed-width file", head) from error
    if not _hash_holds(file, records[-1][1]):
        raise _bad("AM10", "the hash total is another one", head)
    return file


def _bad(reason: str, text: str, head: Record) -> BadFile:
    try:
        created = _made(head["made"])
    except (ValueError, KeyError):
        created = UNDATED
    return BadFile(reason, text, msg_id=head.get("file", "").rstrip() or None, created=created)


def _records(content: bytes) -> Iterator[tuple[str, Record]]:
    """Yield each record with its kind. Raises ValueError for one that is not as wide as it should be."""
    text, before = content.decode("iso8859-1"), ""
    *lines, rest = text.split("\r\n")
    if rest or not lines or lines[-1][2:9] != f"{len(lines):07d}":
        raise ValueError("the last record has no end, or says that there are others")
    for line in lines:
        kind = line[:2]
        if kind not in _FOLLOWS[before].split():
            raise ValueError("a record that is not known, or does not stand here")
        edges = _EDGES[kind]
        if len(line) != edges[-1]:
            raise ValueError("a record of another length")
        yield kind, {name: line[start:end] for name, (start, end) in zip(_RECORDS[kind], pairwise(edges), strict=True)}
        before = kind
    if before != "99":
        raise ValueError("the end of the file is missing")


def _orders(records: list[tuple[str, Record]]) -> Iterator[_Order]:
    order = _Order(head={})
    for kind, record in records[1:-1]:
        match kind:
            case "02":
                order = _Order(head=record)
            case "03":
                order.payments.append(_payment(record, order.head["currency"]))
            case "04":
                last = order.payments[-1]
                order.payments[-1] = replace(last, remittance=last.remittance + record["text"])
            case "05":
                entitled = Party(name=record["name"].rstrip())
                order.payments[-1] = replace(order.payments[-1], ultimate_creditor=entitled)
            case _:
                order.end = record
                yield order


def _file(head: Record, orders: list[_Order], end: Record) -> PaymentFile:
    currencies = {order.head["currency"] for order in orders}
    if len(currencies) != 1:
        raise ValueError("a file is of one currency")
    msg_id, currency = head["file"].rstrip(), currencies.pop()
    return PaymentFile(
        msg_id=msg_id,
        created=_made(head["made"]),
        count=int(end["transfers"]),
        control_sum=_money(end["sum"], currency),
        blocks=tuple(_block(order, head, _name(msg_id, place)) for place, order in enumerate(orders, start=1)),
    )


def _name(msg_id: str, place: int) -> str:
    """Name an order as the bank does, for the format gives it no name."""
    return msg_id if place == 1 else f"{msg_id}-{place}"


def _block(order: _Order, head: Record, name: str) -> Block:
    said = order.head
    if said["speed"] not in _SPEEDS:
        raise ValueError("a speed that the bank does not have")
    return Block(
        pmt_inf_id=name,
        count=int(order.end["transfers"]),
        control_sum=_money(order.end["sum"], said["currency"]),
        debtor_account=said["account"].rstrip(),
        execution_date=_day(said["day"]),
        payments=tuple(replace(one, remittance=one.remittance.rstrip()) for one in order.payments),
        debtor=Party(name=head["sender"].rstrip()),
        category_purpose=said["category"].rstrip() or None,
        instrument=said["speed"],
    )


def _payment(record: Record, currency: str) -> Payment:
    reference, behalf = record["reference"].rstrip(), record["behalf"].rstrip()
    return Payment(
        instr_id=None,
        end_to_end_id=record["id"].rstrip(),
        uetr=None,
        amount_minor=_number(record["amount"]),
        currency=currency,
        account=record["account"].rstrip(),
        creditor=Party(name=record["name"].rstrip()),
        agent=record["bank"].rstrip() or None,
        ultimate_debtor=Party(name=behalf) if behalf else None,
        purpose=record["purpose"].rstrip() or None,
        # With the blanks behind it: where the text goes on, they are part of it.
        remittance=record["text"],
        reference=(reference, "") if reference else None,
    )


def _hash_holds(file: PaymentFile, end: Record) -> bool:
    """Compare the sum of the last ten digits of the payees' accounts, and its check digits."""
    accounts = (payment.account for block in file.blocks for payment in block.payments)
    added = sum(int("".join(_DIGITS.findall(account))[-_HASHED:] or "0") for account in accounts) % _HASH_DIGITS
    return end["hash"] == f"{added:012d}" and int(end["hash"] + end["check"]) % 97 == 1


def _number(text: str) -> int:
    if _DIGITS.fullmatch(text) is None:
        raise ValueError("not a number")
    return int(text)


def _money(text: str, currency: str) -> Decimal:
    return Decimal(_number(text)).scaleb(-decimals(currency))


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def _made(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=_ZONE).astimezone(UTC)
