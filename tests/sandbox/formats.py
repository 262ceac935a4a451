"""Files of payments in every format that a sandbox bank takes, written by hand from the bank's own description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from stdnum.iso7064 import mod_37_36, mod_97_10

CREATED = "2026-09-21T05:00:00"
DAY = date(2026, 9, 21)
_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One payment to a payee called N."""

    instr_id: str
    end_to_end_id: str
    uetr: str
    amount: str
    account: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a file asks for; `figures` are the declared counts (GrpNb, PmtNb) and sums (GrpSum, PmtSum)."""

    msg_id: str
    debtor: str
    currency: str
    rows: Sequence[Row]
    figures: Mapping[str, str]


def written(asked: Asked, initiation: str) -> bytes:
    """Write a file in a format."""
    if initiation.startswith("pain.001"):
        return _pain001(asked, initiation)
    return {"MT101": _mt101, "fixed-width": _fixed_width, "delimited": _delimited}[initiation](asked)


def _pain001(asked: Asked, version: str) -> bytes:
    old, figures = version.endswith(".03"), asked.figures
    payments = "".join(
        f"<CdtTrfTxInf><PmtId><InstrId>{row.instr_id}</InstrId><EndToEndId>{row.end_to_end_id}</EndToEndId>"
        f"{'' if old else f'<UETR>{row.uetr}</UETR>'}</PmtId>"
        f'<Amt><InstdAmt Ccy="{asked.currency}">{row.amount}</InstdAmt></Amt><Cdtr><Nm>N</Nm></Cdtr>'
        f"<CdtrAcct><Id><IBAN>{row.account}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for row in asked.rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{asked.msg_id}</MsgId><CreDtTm>{CREATED}Z</CreDtTm><NbOfTxs>{figures['GrpNb']}</NbOfTxs>"
        f"<CtrlSum>{figures['GrpSum']}</CtrlSum><InitgPty><Nm>Institution</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>{asked.msg_id}P1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{figures['PmtNb']}</NbOfTxs>"
        f"<CtrlSum>{figures['PmtSum']}</CtrlSum><ReqdExctnDt>{DAY if old else f'<Dt>{DAY}</Dt>'}</ReqdExctnDt>"
        f"<Dbtr><Nm>Institution</Nm></Dbtr><DbtrAcct><Id><IBAN>{asked.debtor}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>{payments}</PmtInf>"
        "</CstmrCdtTrfInitn></Document>"
    ).encode()


def reference(msg_id: str, place: int) -> str:
    """Say in sixteen letters what a MsgId and a place say (gateway/docs/mt.md); its check character is stdnum's."""
    epoch, day, number = int(msg_id[1]), date.fromisoformat(f"20{msg_id[-12:-6]}"), int(msg_id[-5:])
    text = f"R{_base_36(epoch, 2)}{_base_36((day - date(2000, 1, 1)).days, 3)}{_base_36(number, 6)}{_base_36(place, 3)}"
    return text + str(mod_37_36.calc_check_digit(text))


def _base_36(number: int, length: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _BASE_36[digit] + text
    return text.zfill(length)


def _mt101(asked: Asked) -> bytes:
    lines = [
        "{1:F01SSIXSKBAAXXX0000000000}{2:I101NOVESKBXAXXXN}{4:",
        f":20:{reference(asked.msg_id, 0)}",
        ":28D:1/1",
        f":50H:/{asked.debtor}",
        "Institution",
        f":30:{DAY:%y%m%d}",
    ]
    for place, row in enumerate(asked.rows, start=1):
        lines += [
            f":21:{reference(asked.msg_id, place)}",
            f":32B:{asked.currency}{row.amount.replace('.', ',')}",
            f":59:/{row.account}",
            "N",
            f":70:/ROC/{row.end_to_end_id}",
            ":71A:SHA",
        ]
    return "".join(f"{line}\r\n" for line in [*lines, "-}"]).encode()


def _fixed_width(asked: Asked) -> bytes:
    figures = {name: text.replace(".", "") for name, text in asked.figures.items()}
    digits = ("".join(filter(str.isdigit, row.account)) for row in asked.rows)
    hashed = f"{sum(int(text[-10:]) for text in digits) % 10**12:012d}"
    lines = [
        f"01{asked.msg_id:27}2026092107000000001{'INSTITUTION':70}",  # seven in the morning in Madrid
        f"02{asked.debtor:34}{asked.currency}{DAY:%Y%m%d}T    ",
    ]
    for number, row in enumerate(asked.rows, start=1):
        minor = int(row.amount.replace(".", ""))
        lines.append(
            f"03{number:06d}{row.end_to_end_id:35}{row.account:34}{'':11}{'N':70}{minor:015d}{'':4}{'':70}{'':35}{'':70}"
        )
    lines.append(f"08{figures['PmtNb']:0>6}{figures['PmtSum']:0>18}")
    check = mod_97_10.calc_check_digits(hashed)
    lines.append(f"99{len(lines) + 1:07d}{figures['GrpNb']:0>6}{figures['GrpSum']:0>18}{hashed}{check}")
    return "".join(f"{line}\r\n" for line in lines).encode("iso8859-1")


def _delimited(asked: Asked) -> bytes:
    lines = [f"VIR;{asked.msg_id};{CREATED};{DAY};{asked.debtor};Institution;{asked.currency};"]
    lines += [
        f"LIG;{number};{row.end_to_end_id};{row.account};;N;{row.amount};;;;;"
        for number, row in enumerate(asked.rows, start=1)
    ]
    lines.append(f"FIN;{asked.figures['GrpNb']};{asked.figures['GrpSum']}")
    return "".join(f"{line}\n" for line in lines).encode("cp1252")
