"""Records what the sandbox banks write, as evidence of the banks that ship: `python -m tests.contract.record [bank]`.

Each bank gets two small files (or four requests) made here, without the gateway. What its messages must say comes from
its own books: nothing that is to be examined has a part in it.
"""

import hashlib
import json
import re
import sys
import tempfile
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from gateway.sandbox import BankParameters, FileBank, Kind, read_parameters
from gateway.sandbox.accounts import Statement
from gateway.sandbox.behaviours import Shape
from gateway.sandbox.books import Answer, Books
from gateway.sandbox.desk import Desk
from gateway.sandbox.judge import Verdict, judge_file, judge_payment
from gateway.sandbox.messages import decimal
from gateway.sandbox.movements import DEBIT, Movement, Sort, entries
from gateway.sandbox.payment_file import Payment
from tests.orders import ROOT
from tests.sandbox.material import LATER, NOW, PAY_DAY, UETR, File, leave, payee
from tests.sandbox.plain import plain

EVIDENCE = ROOT / "config" / "evidence"
SEED = 7
CLOSED_DAYS = 6
EVENING = time(18, tzinfo=UTC)
AMOUNTS = ("101.00", "230.50", "77.07", "512.40")
BROKEN = "DE00100100100000000001"  # check digits that no IBAN has
_LINE_DIGITS = 6
"""Of the number by which a reply names a line; an EndToEndId is longer."""
Row = dict[str, Any]

SOURCE = """# {name}: where this comes from

* Written by the sandbox bank `{slug}` of this repository (`gateway/sandbox`), which shares no code with the gateway: no
  real bank has ever sent these messages. Recorded by `python -m tests.contract.record {slug}`, seed {seed}.
* The expected readings are the sandbox bank's own books, not a reading of the messages.
* Nothing had to be removed: payees are called "N", their accounts and all references are made of counters.
* Good for tier `sandbox` and no more: a certificate needs a round trip through the bank's own test system.
"""


@dataclass
class Asked(File):
    """A file whose payments have ids of our form; `numbers` choose them."""

    numbers: tuple[int, ...] = field(default=())

    def end_to_end_id(self, position: int) -> str:
        return name_of(self.numbers[position])

    @property
    def names(self) -> list[str]:
        """The EndToEndIds of its payments, in their order."""
        return [name_of(number) for number in self.numbers]

    @property
    def known_as(self) -> str:
        """What the bank calls the file: by its MsgId, an MT101 by the sixteen letters of field 20."""
        found = re.search(rb":20:(.{16})\r\n", self.bytes()) if self.initiation == "MT101" else None
        return found[1].decode() if found else self.msg_id


def name_of(number: int) -> str:
    return f"E{b32encode(hashlib.sha256(str(number).encode()).digest()[:16]).decode().rstrip('=')}G1"


def parameters() -> Mapping[str, BankParameters]:
    return {bank.slug: bank for bank in read_parameters(ROOT / "config" / "sandbox.yaml", seed=SEED)}


def verdict(bank: BankParameters, number: int, origin: str) -> Verdict:
    payment = Payment(
        instr_id=None,
        end_to_end_id=name_of(number),
        uetr=None,
        amount_minor=10_000,
        currency="EUR",
        account=payee(number),
    )
    return judge_payment(bank, payment, origin, PAY_DAY, PAY_DAY)


def numbers(bank: BankParameters, origin: str, *, returned: int, plain: int, start: int = 1) -> tuple[int, ...]:
    """Choose payments by their fate: some that come back, and some with which nothing happens."""
    fates = ((n, verdict(bank, n, origin)) for n in range(start, start + 100_000))
    plains: list[int] = []
    backs: list[int] = []
    for number, fate in fates:
        if fate.comes_back is not None and len(backs) < returned:
            backs.append(number)
        elif fate.comes_back is None and not (fate.reason or fate.denied or fate.late) and len(plains) < plain:
            plains.append(number)
        if len(backs) == returned and len(plains) == plain:
            break
    return (*plains, *backs)


def asked(bank: BankParameters, first: int, *, broken: bool) -> Asked:
    """Make a file that the bank takes as a whole and does not give back in one lump."""
    returned = 1 if bank.returned_per_10000 else 0
    for sequence in range(first, first + 500):
        msg_id = f"G1{bank.slug.upper()[:8]}260921S{sequence:05d}"
        chosen = numbers(bank, msg_id, returned=returned if broken else 0, plain=2, start=first)
        chosen = (*chosen, 500_000) if broken else chosen
        accounts = tuple(BROKEN if n == 500_000 else payee(n) for n in chosen)
        file = Asked(
            msg_id=msg_id,
            amounts=AMOUNTS[: len(chosen)],
            debtor=bank.debtor_accounts[0],
            accounts=accounts,
            initiation=bank.initiation,
            numbers=chosen,
        )
        judged = judge_file(bank, file.bytes(), lambda _: False)
        if judged.reason is None and not any(part.lump for part in judged.blocks):
            return file
    raise AssertionError("no file that this bank simply takes")


@dataclass
class Spoken:
    """What one bank said, with the books that say what is true."""

    bank: BankParameters
    books: Books
    messages: Sequence[Answer]
    day: date
    files: Sequence[Asked] = ()

    @property
    def in_mt(self) -> bool:
        """Whether the bank tells its accounts in MT."""
        return self.bank.statement is not None and self.bank.statement.version == "MT940"

    def statements(self) -> list[Statement]:
        """The statements of the day that is shown: of the account that moved, or of all where they come together."""
        day = [one for one in self.books.accounts.statements() if one.day == self.day]
        together = self.bank.statement is not None and self.bank.statement.together
        return day if together else [one for one in day if one.account == self.bank.debtor_accounts[0]]

    def moved(self, statement: Statement) -> list[Movement]:
        found = self.books.accounts.on_statement(statement)
        if self.bank.kind is Kind.API:
            found.sort(key=lambda one: (one.booked_on, one.side != DEBIT, one.end_to_end_id))
        return found

    def asked_in(self, content: bytes) -> list[Row]:
        """The books' rows of the payments of the file that a message is about."""
        names = self.file_of(content).names
        rows = [row for row in self.books.export() if str(row["endToEndId"]) in names]
        return sorted(rows, key=lambda row: names.index(str(row["endToEndId"])))

    def file_of(self, content: bytes) -> Asked:
        """The file that a message is about."""
        return next(file for file in self.files if file.known_as.encode() in content)


def speak(bank: BankParameters, root: Path) -> Spoken:
    """Let a bank take what is asked, close its days, and listen."""
    return _requests(bank, root) if bank.kind is Kind.API else _files(bank, root)


def _files(bank: BankParameters, root: Path) -> Spoken:
    opened = FileBank(bank, root)
    files = [asked(bank, 20_001, broken=True), asked(bank, 1, broken=False)]
    day = PAY_DAY
    for number, file in enumerate(files):
        leave(root, bank, f"{number}.xml", file)
        assert opened.collect(NOW)
        last = opened.books.accounts.last_booking() or PAY_DAY
        while number == 0 and day < last:  # the second file is booked on the day on which something comes back
            _close(opened, day, 1)
            day += timedelta(days=1)
    _close(opened, day, CLOSED_DAYS)
    return Spoken(bank, opened.books, opened.books.due(LATER, 1_000), day, files)


def _requests(bank: BankParameters, root: Path) -> Spoken:
    desk = Desk(bank, root)
    chosen = numbers(bank, "", returned=0, plain=2)
    for place, number in enumerate((*chosen, 500_000)):
        body = {
            "endToEndId": name_of(number),
            "uetr": UETR.format(place),
            "amount": AMOUNTS[place],
            "currency": "EUR",
            "debtorIban": bank.debtor_accounts[0],
            "creditor": {"name": "N", "iban": BROKEN if number == 500_000 else payee(number)},
            "requestedExecutionDate": PAY_DAY.isoformat(),
        }
        assert desk.take(f"KEY-{number}", json.dumps(body).encode(), NOW).status == 201
    _close(desk, PAY_DAY, CLOSED_DAYS)
    return Spoken(bank, desk.books, desk.books.due(LATER, 1_000), PAY_DAY)


def _close(bank: FileBank | Desk, first: date, days: int) -> None:
    for day in (first + timedelta(days=ahead) for ahead in range(days)):
        bank.close_day(day, datetime.combine(day, EVENING))


# What the books say ----------------------------------------------------------------------------------------------


def samples(spoken: Spoken) -> Iterator[tuple[str, bytes, Row]]:
    """Yield name, message and expected reading; one of each kind that the bank writes."""
    told: set[str] = set()
    for message in spoken.messages:
        content = plain(message.content)
        kind = _kind(content)
        if kind in told or kind == "other":
            continue
        expected = _EXPECTED[kind](spoken, content)
        if expected is not None:
            told.add(kind)
            yield f"{kind}.{message.suffix}", message.content, expected
    yield from _statements(spoken)


def _kind(content: bytes) -> str:
    flat = content.startswith(b"C")  # no other message of any bank does
    rejects = any(row[-1] for row in _flat_rows(content)) if flat else b"RJCT" in content
    if flat or any(mark in content for mark in (b"<CstmrPmtStsRpt>", b"<FIToFIPmtStsRpt>", b'"payment-status"')):
        return "payment-status" if rejects else "positive-status"
    debits = b"<CdtDbtInd>DBIT" in content and b"<CdtDbtInd>CRDT" not in content
    if b":13D:" in content and b":90C:0EUR" in content:
        return "notification"
    if (b"<BkToCstmrDbtCdtNtfctn>" in content and debits) or b'"booking"' in content:
        return "notification"
    return "other"


def _status(spoken: Spoken, content: bytes) -> Row | None:
    bank = spoken.bank
    if bank.kind is Kind.API:
        (row,) = [row for row in spoken.books.export() if str(row["endToEndId"]).encode() in content]
        return {"observations": [_payment_status(bank, row)]}
    file, rows = spoken.file_of(content), spoken.asked_in(content)
    rejected = [row for row in rows if row["rejected"]]
    msg_id = file.msg_id
    level = "PART" if rejected else bank.accept_status
    if bank.flat is not None:
        return {"observations": _flat_status(file, content)}
    found: list[Row] = [{"kind": "submission status", "msg_id": msg_id, "pmt_inf_id": None, "status": level}]
    itemised = bank.status_detail == "itemised" and bank.kind is not Kind.QUIET
    if (rejected or itemised) and bank.status_version != "pacs.002":
        block = f"{msg_id}P1" if bank.initiation.startswith("pain") else None  # of an MT101 only the file has a name
        found.append({"kind": "submission status", "msg_id": msg_id, "pmt_inf_id": block, "status": level})
    return {"observations": found + [_payment_status(bank, row) for row in (rows if itemised else rejected)]}


def _flat_status(file: Asked, content: bytes) -> list[Row]:
    """Write down what a reply says, in the bank's own numbers; the columns are those of its description."""
    found: list[Row] = []
    for name, result, reason in _flat_rows(content):
        said = {"position": int(name)} if len(name) == _LINE_DIGITS else {"end_to_end_id": name}
        found.append({"kind": "payment status", **said, "status": result, "reason": reason or None})
    level = "01" if found else "00"
    return [*found, {"kind": "submission status", "msg_id": file.msg_id, "status": level}]


def _flat_rows(content: bytes) -> list[tuple[str, str, str]]:
    """Return name, result and reason of each line of a reply."""
    lines = [line for line in content.decode("ascii").split("\r\n") if line.startswith("D")]
    if b";" in content:
        return [tuple(line.split(";")[1:4]) for line in lines]  # type: ignore[misc]
    return [(line[1:36].strip(), line[36:38], line[38:42].strip()) for line in lines]


def _payment_status(bank: BankParameters, row: Row) -> Row:
    status = {"status": "RJCT", "reason": row["reason"]} if row["rejected"] else {"status": bank.accept_status}
    return {"kind": "payment status", "end_to_end_id": row["endToEndId"], **status}


def _notification(spoken: Spoken, content: bytes) -> Row | None:
    statements = spoken.books.accounts.statements()
    moved = [m for one in statements for m in spoken.moved(one) if m.side == DEBIT and m.sort != Sort.CHARGE]
    if spoken.bank.kind is Kind.API:
        moved = [one for one in moved if one.end_to_end_id.encode() in content]
    else:
        moved = [one for one in moved if one.entry_ref.encode() in content]
    row = {"booked": False} if spoken.in_mt else {}  # an MT942 only announces, says the profile
    return {"observations": [_entry(spoken.bank, group) | row for group in entries(moved)]}


_EXPECTED = {"payment-status": _status, "positive-status": _status, "notification": _notification}


def _statements(spoken: Spoken) -> Iterator[tuple[str, bytes, Row]]:
    """Yield the statement of the day, in as many messages as the bank needs."""
    told = spoken.statements()
    wanted = [one for one in told if spoken.moved(one)]
    size = -(-len(entries(spoken.moved(wanted[0]))) // (spoken.bank.statement.pages if spoken.bank.statement else 1))
    pages = _messages_of(spoken, wanted[0])
    for place, page_of in enumerate(pages, start=1):
        first, last = place == 1, place == len(pages)
        groups = entries(spoken.moved(wanted[0]))
        page = groups[(place - 1) * size : place * size] if len(pages) > 1 else groups
        heads = [_head(one, page if one is wanted[0] else [], first=first, last=last) for one in told]
        name = f"statement-{place}.{page_of.suffix}" if len(pages) > 1 else f"statement.{page_of.suffix}"
        listed = spoken.bank.statement is not None and spoken.bank.statement.sums == "listed"
        rows = [row for group in page for row in _rows(spoken.bank, group, listed=listed)]
        yield name, page_of.content, {"statements": heads, "observations": rows}


def _messages_of(spoken: Spoken, statement: Statement) -> list[Answer]:
    """Find the messages of a statement: those with its day and account; one that does not add up was put right."""
    closing = decimal(abs(statement.closing_minor))
    marks = [b"<BkToCstmrStmt>", f"{statement.account[-8:]}-{statement.day:%Y%m%d}</Id>".encode()]
    last = f">{closing}</Amt>".encode()
    if spoken.in_mt:
        marks = [f":25:{statement.account}\r".encode(), f":28C:{statement.sequence:05d}/".encode()]
        last = f":62F:C{statement.day:%y%m%d}EUR{closing.replace('.', ',')}\r".encode()
    found = {one.content: one for one in spoken.messages if all(mark in plain(one.content) for mark in marks)}
    return [one for content, one in found.items() if any(mark in plain(content) for mark in (b"<MsgPgntn>", last))]


def _head(statement: Statement, page: Sequence[Sequence[Movement]], *, first: bool, last: bool) -> Row:
    head: Row = {"account": statement.account, "currency": "EUR", "entries": len(page)}
    if first:
        head["opening"] = _signed(statement.opening_minor)
    if last:
        head["closing"] = _signed(statement.closing_minor)
    return head


def _signed(minor: int) -> str:
    return ("-" if minor < 0 else "") + decimal(abs(minor))


def _rows(bank: BankParameters, group: Sequence[Movement], *, listed: bool) -> list[Row]:
    if group[0].sort is Sort.SUM and listed:
        return [_entry(bank, (replace(one, sort=Sort.PAYMENT),)) for one in group]
    return [_entry(bank, group)]


def _entry(bank: BankParameters, group: Sequence[Movement]) -> Row:
    one = group[0]
    row: Row = {
        "kind": "entry" if one.side == DEBIT else "return entry",
        "amount": decimal(sum(part.amount_minor for part in group)),
        "currency": one.currency,
        "credit": one.side != DEBIT,
        "booked": True,
        "account": one.account,
        "booking_date": one.booked_on,
    }
    if one.sort is Sort.SUM:
        row |= {"kind": "batch entry", "batch_count": len(group)}
        row |= {} if bank.verdicts.references == "own" else {"pmt_inf_id": one.pmt_inf_id}
    elif one.end_to_end_id and (one.side == DEBIT or one.shape is Shape.NAMED):
        row["end_to_end_id"] = one.end_to_end_id
    return row


# Files -----------------------------------------------------------------------------------------------------------

_SHOWS = {"positive-status": "positive status", "payment-status": "payment status", "notification": "notification"}


def record(slug: str, folder: Path) -> None:
    """Write the evidence of one bank."""
    bank = parameters()[slug]
    inbound = folder / "inbound"
    inbound.mkdir(parents=True, exist_ok=True)
    for old in inbound.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory() as place:
        spoken = speak(bank, Path(place))
        for name, content, expected in samples(spoken):
            (inbound / name).write_bytes(content)
            shows = {"shows": [_SHOWS.get(name.split(".")[0], "statement")]}
            beside = inbound / f"{name.rsplit('.', 1)[0]}.expected.yaml"
            beside.write_text(yaml.safe_dump(shows | expected, sort_keys=False, width=120), encoding="utf-8")
        spoken.books.close()
    text = SOURCE.format(name=bank.slug.capitalize(), slug=slug, seed=SEED)
    (folder / "SOURCE.md").write_text(text, encoding="utf-8")


def main() -> None:
    for slug in sys.argv[1:] or sorted(parameters()):
        record(slug, EVIDENCE / slug)


if __name__ == "__main__":
    main()
