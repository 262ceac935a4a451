"""Reads the order file of Caisse Golf: fields between semicolons, in Windows-1252, each line ended by LF.

    VIR  file id; made (UTC); day; account that pays; its name; currency; category purpose
    LIG  number; id; payee's account; its bank; name; amount; entitled person; ultimate debtor; purpose; reference; text
    FIN  transfers; sum

A field that holds a semicolon or a quote stands in quotes, a quote in it twice. An amount has a point before its
decimals, and may have zeros in front. What a line does not tell is empty; one account pays all of a file.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from gateway.sandbox.payment_file import UNDATED, BadFile, Block, Party, Payment, PaymentFile, decimals, minor_units

_RECORDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "VIR": ("file", "made", "day", "account", "sender", "currency", "category"),
        "LIG": (
            *("line", "id", "account", "bank", "name", "amount"),
            *("entitled", "behalf", "purpose", "reference", "text"),
        ),
        "FIN": ("transfers", "sum"),
    }
)
"""Fields behind the record's mark."""
_LINES_MIN = 3

Record = dict[str, str]


def read(content: bytes) -> PaymentFile:
    """Read a file. Raises BadFile: FF01 when it does not have the bank's form, AM12 for an impossible amount."""
    head: Record = {}
    try:
        records = _records(content)
        head = records[0]
        return _file(head, records[1:-1], records[-1])
    except ArithmeticError as error:
        raise _bad("AM12", "an amount is not possible", head) from error
    except (ValueError, csv.Error, LookupError) as error:
        raise _bad("FF01", "not a valid delimited file", head) from error


def _bad(reason: str, text: str, head: Record) -> BadFile:
    try:
        created = _made(head["made"])
    except (ValueError, KeyError):
        created = UNDATED
    return BadFile(reason, text, msg_id=head.get("file") or None, created=created)


def _records(content: bytes) -> list[Record]:
    """Cut a file into records: one VIR, some LIG, one FIN. Raises ValueError or csv.Error."""
    lines = content.decode("cp1252").split("\n")
    if lines.pop() or len(lines) < _LINES_MIN:
        raise ValueError("the last line has no end, or there is nothing to pay")
    kinds = ["VIR", *["LIG"] * (len(lines) - 2), "FIN"]
    rows = csv.reader(lines, delimiter=";", strict=True)
    return [_record(kind, row) for kind, row in zip(kinds, rows, strict=True)]


def _record(kind: str, row: list[str]) -> Record:
    if row[0] != kind:
        raise ValueError("a record that is not known, or does not stand here")
    return dict(zip(_RECORDS[kind], row[1:], strict=True))


def _file(head: Record, lines: Sequence[Record], end: Record) -> PaymentFile:
    if [int(line["line"]) for line in lines] != list(range(1, len(lines) + 1)):
        raise ValueError("the lines are not numbered")
    block = Block(
        # The bank's name for it: the format gives it none.
        pmt_inf_id=head["file"],
        count=int(end["transfers"]),
        control_sum=_money(end["sum"], head["currency"]),
        debtor_account=head["account"],
        execution_date=date.fromisoformat(head["day"]),
        payments=tuple(_payment(line, head["currency"]) for line in lines),
        debtor=Party(name=head["sender"]),
        category_purpose=head["category"] or None,
    )
    return PaymentFile(
        msg_id=head["file"],
        created=_made(head["made"]),
        count=block.count,
        control_sum=block.control_sum,
        blocks=(block,),
    )


def _payment(line: Record, currency: str) -> Payment:
    return Payment(
        instr_id=None,
        end_to_end_id=line["id"],
        uetr=None,
        amount_minor=minor_units(_money(line["amount"], currency), currency),
        currency=currency,
        account=line["account"],
        creditor=Party(name=line["name"]),
        agent=line["bank"] or None,
        ultimate_creditor=Party(name=line["entitled"]) if line["entitled"] else None,
        ultimate_debtor=Party(name=line["behalf"]) if line["behalf"] else None,
        purpose=line["purpose"] or None,
        remittance=line["text"],
        reference=(line["reference"], "") if line["reference"] else None,
    )


def _money(text: str, currency: str) -> Decimal:
    """Read an amount: digits, and behind a point exactly the decimals of its currency."""
    places = decimals(currency)
    form = rf"[0-9]{{1,17}}\.[0-9]{{{places}}}" if places else r"[0-9]{1,17}"
    if re.fullmatch(form, text) is None:
        raise ArithmeticError("not an amount of this currency")
    return Decimal(text)


def _made(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
