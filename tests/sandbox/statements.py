"""Reads statements as a stranger does, for the tests of the sandbox banks: by local names, balances checked by hand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from lxml import etree

from gateway.sandbox import FileBank
from gateway.sandbox.books import Answer
from tests.sandbox.material import LATER, NOW, PAY_DAY, File, Seen, drop, open_bank
from tests.shared import shared_dir

FAR = LATER.replace(year=2027)


@cache
def schema(sort: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared_dir() / "xsd" / f"{sort}.xsd"))


def minor(text: str | None) -> int:
    return int(Decimal(text or "0").scaleb(2))


@dataclass
class Stmt:
    """One Stmt of one message."""

    element: etree._Element

    def text(self, path: str) -> str | None:
        return self.element.findtext("/".join("{*}" + name for name in path.split("/")))

    @property
    def account(self) -> str | None:
        return self.text("Acct/Id/IBAN")

    @property
    def sequence(self) -> int:
        return int(self.text("ElctrncSeqNb") or "0")

    @property
    def entries(self) -> list[etree._Element]:
        return self.element.findall("{*}Ntry")

    @property
    def moved(self) -> int:
        return sum(signed(entry) for entry in self.entries)

    def balance(self, code: str) -> int | None:
        for one in self.element.findall("{*}Bal"):
            if one.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd") == code:
                return signed(one)
        return None

    @property
    def balances(self) -> bool:
        opening, closing = self.balance("OPBD"), self.balance("CLBD")
        assert opening is not None
        assert closing is not None
        return opening + self.moved == closing


def signed(element: etree._Element) -> int:
    amount = minor(element.findtext("{*}Amt"))
    return amount if element.findtext("{*}CdtDbtInd") == "CRDT" else -amount


def statements(answers: list[Answer]) -> list[Stmt]:
    return [
        Stmt(element=element)
        for seen in (Seen(answer.content) for answer in answers if b"BkToCstmrStmt" in answer.content)
        for element in seen.root.iter("{*}Stmt")
    ]


def played(root: Path, *files: File, days: tuple[date, ...] = (PAY_DAY,), **changes: object) -> FileBank:
    """A bank that took the files and closed the days, each an hour after the other; left open."""
    opened = open_bank(root, **changes)
    for number, file in enumerate(files):
        drop(root, "alfa", f"{number:03d}.xml", file.bytes())
        assert opened.collect(NOW)
    for day in days:
        opened.close_day(day, NOW.replace(month=day.month, day=day.day, hour=18))
    return opened


def said(bank: FileBank) -> list[Answer]:
    return bank.books.due(FAR, 10_000)
