"""The MT bank of tests/banks/config, submissions and statements for it, and the tests' own reader of MT101."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, load_profile
from bank_adapters.spi import Debtor, Payment, Reread, SubmissionContent
from gateway.domain.money import Money
from gateway.domain.observation import Observation
from gateway.domain.order import IbanAccount, Party
from gateway.domain.statement import Statement
from tests.bank_adapters.material import payment, submission

FOLDER = Path(__file__).resolve().parents[1] / "banks" / "config"
TEXT = (FOLDER / "banks" / "danube.yaml").read_text(encoding="utf-8")
EVIDENCE = FOLDER / "evidence" / "danube"
MSG_ID = "G1DANUBE260921S00001"
ACCOUNT = "DE89370400440532013000"
ID = "EPZSFIMLI6V7COAFOJVP3JZPPA4G1"
"""An EndToEndId of our form, of 29 letters; the first 22 stand in a German subfield behind EREF+."""
IBANS = ("DE91100100770007000001", "DE64100100770007000002", "DE37100100770007000003")


def changed(**keys: Any) -> Profile:
    """The bank, with some keys of its profile changed; those of `mt` are merged."""
    parts: dict[str, Any] = deepcopy(_parts())
    for key, value in keys.items():
        parts[key] = parts[key] | value if isinstance(value, dict) and isinstance(parts.get(key), dict) else value
    return load_profile(parts["slug"], yaml.safe_dump(parts, allow_unicode=True))


@cache
def _parts() -> dict[str, Any]:
    parts: dict[str, Any] = yaml.safe_load(TEXT)
    return parts


@cache
def bank() -> Profile:
    """The bank as its file says."""
    return load_profile("danube", TEXT)


def euro(number: int = 1, **changes: Any) -> Payment:
    """A payment in euro."""
    return payment(number, **({"creditor_account": IbanAccount(iban=IBANS[(number - 1) % 3])} | changes))


def of(*payments: Payment, **changes: Any) -> SubmissionContent:
    """A submission to the bank."""
    debtor = Debtor(name="Social Insurance Institution", iban=ACCOUNT, bic="DANUDEFFXXX")
    values = {"msg_id": MSG_ID, "file_name": f"{MSG_ID}.mt101.txt", "debtor": debtor}
    return submission(*(payments or (euro(),)), **(values | changes))


def golden() -> SubmissionContent:
    """What `outbound/three.txt` holds."""
    return of(
        euro(1, creditor=Party(name="Müller, Jürgen"), amount=Money(123_450, "EUR")),
        euro(2, creditor=Party(name="Karl Friedrich Hieronymus von Beispielhausen"), remittance_information=""),
        euro(3, ultimate_creditor=Party(name="Max Muster"), amount=Money(5, "EUR")),
    )


def rendered(content: SubmissionContent, profile: Profile | None = None) -> bytes:
    profile = profile or bank()
    return b"".join(adapter_for(profile).render(content, profile))


def reread(document: bytes, profile: Profile | None = None, size: int = 1 << 30) -> Reread:
    profile = profile or bank()
    pieces = (document[start : start + size] for start in range(0, len(document), size))
    return adapter_for(profile).reread(pieces, profile)


def read(document: bytes | str, profile: Profile | None = None, size: int = 1 << 30) -> list[Observation | Statement]:
    profile = profile or bank()
    content = document.encode() if isinstance(document, str) else document
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return list(adapter_for(profile).read(pieces, profile))


def entries(document: bytes | str, profile: Profile | None = None) -> list[Observation]:
    return [one for one in read(document, profile) if isinstance(one, Observation)]


def heads(document: bytes | str, profile: Profile | None = None) -> list[Statement]:
    return [one for one in read(document, profile) if isinstance(one, Statement)]


def mt940(*lines: str, opening: str = "C260921EUR1000,00", closing: str | None = None) -> str:
    """A statement around some lines, without an envelope."""
    end = [] if closing is None else [f":62F:{closing}"]
    text = [":20:STARTUMSE", f":25:{ACCOUNT}", ":28C:00007/00001", f":60F:{opening}", *lines, *end, "-"]
    return "".join(f"{line}\r\n" for line in text)


def plain(*lines: str) -> str:
    """A statement with one entry of 12.30 that is debited, and some lines behind it."""
    return mt940(":61:2609210921DR12,30NTRFNONREF//B1", *lines, closing="C260921EUR987,70")


ENVELOPED = "{1:F01SSIXDEFFAXXX0000000000}{2:O9401830260921DANUDEFFAXXX00010000012609211830N}{3:{108:X}}{4:\r\n"


def in_envelope(text: str) -> str:
    return f"{ENVELOPED}{text.removesuffix('-' + chr(13) + chr(10))}-}}{{5:{{CHK:0123456789AB}}}}\r\n"


# The tests' own reader of MT101 ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Told:
    """One payment as it stands in the bytes: the lines of each field."""

    fields: dict[str, list[str]] = field(default_factory=dict)

    def text(self, tag: str) -> str:
        """A text over several lines: a full line goes on at once, any other ended at a blank."""
        lines = self.fields[tag]
        return "".join(f"{one}{'' if len(one) == 35 else ' '}" for one in lines[:-1]) + lines[-1]

    def name(self) -> str:
        return Told({"name": self.fields["59"][1:]}).text("name")

    def parts(self) -> dict[str, str]:
        """What field 70 holds, by code word."""
        whole = "///" + self.text("70").removeprefix("/").replace(" ///", "///")
        return {part.partition("/")[0]: part.partition("/")[2] for part in whole.split("///")[1:]}


def taken_apart(document: bytes) -> tuple[list[dict[str, list[str]]], list[Told]]:
    """The sequences A and the payments of a file, by nothing but tags at the beginnings of lines."""
    heads_: list[dict[str, list[str]]] = []
    payments: list[Told] = []
    fields: dict[str, list[str]] = {}
    for line in document.decode("ascii").split("\r\n"):
        found = re.match(r":(\d\d[A-Z]?):(.*)", line)
        if found is not None and found[1] == "20":
            fields = {}
            heads_.append(fields)
        if found is not None and found[1] == "21":
            payments.append(Told())
            fields = payments[-1].fields
        if found is not None:
            last = fields[found[1]] = [found[2]]
        elif line and not line.startswith(("{", "-")):
            last.append(line)
    return heads_, payments
