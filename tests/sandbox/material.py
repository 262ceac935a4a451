"""Files, parameters and eyes for the tests of the sandbox banks, made without the sandbox's own readers and writers."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from lxml import etree
from schwifty import IBAN

from gateway.sandbox import BankParameters, FileBank, Kind
from gateway.sandbox.books import Answer

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
    """A pain.001.001.09 with one block; declared figures follow the payments unless they are set."""

    msg_id: str = "G1ALFA260921S00001"
    amounts: tuple[str, ...] = ("10.00", "20.50", "0.01")
    debtor: str = DEBTOR
    first: int = 1
    currency: str = "EUR"
    accounts: tuple[str, ...] = ()
    declared: dict[str, str] = field(default_factory=dict)

    def end_to_end_id(self, position: int) -> str:
        return f"E{self.first + position:026d}G1"

    def total(self) -> str:
        cents = sum(int(amount.replace(".", "")) for amount in self.amounts)
        return f"{cents // 100}.{cents % 100:02d}"

    def _payment(self, position: int, amount: str) -> str:
        account = self.accounts[position] if self.accounts else payee(self.first + position)
        return (
            f"<CdtTrfTxInf><PmtId><InstrId>I{self.first + position}</InstrId>"
            f"<EndToEndId>{self.end_to_end_id(position)}</EndToEndId><UETR>{UETR.format(position % 256)}</UETR></PmtId>"
            f'<Amt><InstdAmt Ccy="{self.currency}">{amount}</InstdAmt></Amt><Cdtr><Nm>N</Nm></Cdtr>'
            f"<CdtrAcct><Id><IBAN>{account}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        )

    def bytes(self) -> bytes:
        figures = {"GrpNb": str(len(self.amounts)), "PmtNb": str(len(self.amounts))}
        figures |= {"GrpSum": self.total(), "PmtSum": self.total()} | self.declared
        payments = "".join(self._payment(position, amount) for position, amount in enumerate(self.amounts))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr>'
            f"<MsgId>{self.msg_id}</MsgId><CreDtTm>2026-09-21T05:00:00Z</CreDtTm><NbOfTxs>{figures['GrpNb']}</NbOfTxs>"
            f"<CtrlSum>{figures['GrpSum']}</CtrlSum><InitgPty><Nm>Institution</Nm></InitgPty></GrpHdr>"
            f"<PmtInf><PmtInfId>{self.msg_id}P1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{figures['PmtNb']}</NbOfTxs>"
            f"<CtrlSum>{figures['PmtSum']}</CtrlSum><ReqdExctnDt><Dt>{PAY_DAY}</Dt></ReqdExctnDt>"
            f"<Dbtr><Nm>Institution</Nm></Dbtr><DbtrAcct><Id><IBAN>{self.debtor}</IBAN></Id></DbtrAcct>"
            f"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>{payments}</PmtInf>"
            "</CstmrCdtTrfInitn></Document>"
        ).encode()


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
