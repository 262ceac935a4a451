"""Files, parameters and eyes for the tests of the sandbox banks, made without the sandbox's own readers and writers."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from lxml import etree
from schwifty import IBAN

from gateway.sandbox import BankParameters, FileBank, Kind
from gateway.sandbox.books import Answer
from tests.sandbox.formats import Asked, Row, written

NOW = datetime(2026, 9, 21, 6, tzinfo=UTC)
LATER = datetime(2026, 9, 30, tzinfo=UTC)
PAY_DAY = date(2026, 9, 21)
DEBTOR = "DE66100100010020260001"  # by schwifty: bank code 10010001, account 20260001
UETR = "8a562c67-ca16-48ba-b074-65581be6f0{:02x}"


def bank(**changes: object) -> BankParameters:
    """A plain file bank that rejects and returns nothing, with some parameters changed."""
    plain = BankParameters(
        slug="alfa", kind=Kind.FILE, seed=7, country="DE", bank_code="10010001", debtor_accounts=(DEBTOR,)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def payee(number: int) -> str:
    """A valid IBAN made by schwifty."""
    return str(IBAN.generate("DE", bank_code="10010002", account_code=str(number)))


@dataclass
class File:
    """A file with one block; declared figures follow the payments unless they are set."""

    msg_id: str = "G1ALFA260921S00001"
    amounts: tuple[str, ...] = ("10.00", "20.50", "0.01")
    debtor: str = DEBTOR
    first: int = 1
    currency: str = "EUR"
    accounts: tuple[str, ...] = ()
    declared: dict[str, str] = field(default_factory=dict)
    initiation: str = "pain.001.001.09"

    def end_to_end_id(self, position: int) -> str:
        return f"E{self.first + position:026d}G1"

    def total(self) -> str:
        cents = sum(int(amount.replace(".", "")) for amount in self.amounts)
        return f"{cents // 100}.{cents % 100:02d}"

    def rows(self) -> list[Row]:
        """The payments, each to an account of its own."""
        return [
            Row(
                instr_id=f"I{self.first + position}",
                end_to_end_id=self.end_to_end_id(position),
                uetr=UETR.format(position % 256),
                amount=amount,
                account=self.accounts[position] if self.accounts else payee(self.first + position),
            )
            for position, amount in enumerate(self.amounts)
        ]

    def bytes(self) -> bytes:
        figures = {"GrpNb": str(len(self.amounts)), "PmtNb": str(len(self.amounts))}
        figures |= {"GrpSum": self.total(), "PmtSum": self.total()} | self.declared
        asked = Asked(msg_id=self.msg_id, debtor=self.debtor, currency=self.currency, rows=self.rows(), figures=figures)
        return written(asked, self.initiation)


def leave(root: Path, bank: BankParameters, name: str, file: File) -> None:
    """Leave a file where a bank looks for it, with its control file where the bank waits for one."""
    content = file.bytes()
    drop(root, bank.slug, name, content)
    if bank.control_suffix:
        told = f"{len(file.amounts)};{file.total()};{hashlib.sha256(content).hexdigest()}\r\n"
        drop(root, bank.slug, name + bank.control_suffix, told.encode())


def drop(root: Path, slug: str, name: str, content: bytes) -> Path:
    """Leave a file where the bank looks for it."""
    path = root / slug / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def open_bank(root: Path, **changes: object) -> FileBank:
    return FileBank(bank(**changes), root)


def run(root: Path, *files: File, **changes: object) -> list[Answer]:
    """Let a bank take the files one after the other; return everything it says, in the order it says it."""
    opened = open_bank(root, **changes)
    for number, file in enumerate(files):
        drop(root, "alfa", f"{number:03d}.xml", file.bytes())
        assert opened.collect(NOW)
    said = opened.books.due(LATER, 10_000)
    opened.close()
    return said


class Seen:
    """A message as a stranger reads it: by local names."""

    def __init__(self, content: bytes) -> None:
        self.root = etree.fromstring(content)

    @property
    def sort(self) -> str:
        return etree.QName(self.root).namespace.rsplit(":", 1)[-1]

    def all(self, name: str) -> list[str]:
        return [str(element.text) for element in self.root.iter("{*}" + name)]

    def one(self, name: str) -> str:
        (text,) = self.all(name)
        return text

    def has(self, name: str) -> bool:
        return self.root.find(".//{*}" + name) is not None


def of_sort(answers: list[Answer], sort: str) -> list[Seen]:
    return [seen for seen in (Seen(answer.content) for answer in answers) if seen.sort.startswith(sort)]
