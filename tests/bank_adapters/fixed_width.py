"""The fixed-width bank of tests/banks/config and submissions for it."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party
from tests.bank_adapters.delimited import FOLDER, profile_of
from tests.bank_adapters.material import payment, submission

GOLDEN = FOLDER / "evidence" / "toros" / "outbound" / "three.txt"
REPLY = FOLDER / "evidence" / "toros" / "inbound" / "reply.txt"
TEXT = (FOLDER / "banks" / "toros.yaml").read_text(encoding="utf-8")
MSG_ID, FILE_NAME = "G1TOROS260921S00001", "TOS260921_1_00001.txt"
IBANS = ("TR600099700000000000000001", "TR330099700000000000000002", "TR270099700000000000000013")
DEBTOR = Debtor(name="Sosyal Güvenlik Kurumu", iban="TR170099700000000020260001", bic=None)
LONG = "Geçici iş göremezlik ödeneği 2026 Eylül dönemi, rapor 2026/000123, gün sayısı 12, günlük 83,33 TL"


@cache
def _parts() -> dict[str, Any]:
    parts: dict[str, Any] = yaml.safe_load(TEXT)
    return parts


def parts() -> dict[str, Any]:
    """The keys of the profile, free to be changed."""
    return deepcopy(_parts())


@cache
def plain_bank() -> Profile:
    """The bank as its file says."""
    return load_profile("toros", TEXT)


def bank(*, alphabet: str | None = None, **layout: Any) -> Profile:
    """The bank, with some keys of its layout changed."""
    changed = parts()
    changed["alphabet"] = alphabet or changed["alphabet"]
    changed["layout"] |= layout
    return profile_of(changed)


def record(*fields: dict[str, Any], alphabet: str | None = None, **layout: Any) -> Profile:
    """The bank with records of payments alone, of these fields, and other keys of its layout changed."""
    changed = parts() | {"status_overrides": {}, "reason_overrides": {}}
    changed["alphabet"] = alphabet or layout.get("encoding", "cp1254")
    changed["layout"] |= {**BARE, "payment": [*BASE, *fields], **layout}
    return profile_of(changed)


BARE: dict[str, Any] = {
    "header": [],
    "debtor": [],
    "following": [],
    "trailer": [],
    "hash_total": None,
    "replies": None,
}
"""What a layout leaves out that has records of payments alone."""
BASE = [
    {"value": "end_to_end_id", "width": 30},
    {"value": "creditor_iban", "width": 26},
    {"value": "amount", "decimal_sign": "none", "width": 10},
]
"""What every payment's record needs."""
START = "E00000000000000000000000001G1 TR6000997000000000000000010000123450"
"""What they are for the first payment."""


def lira(number: int = 1, **changes: Any) -> Payment:
    """A payment in Turkish lira."""
    values = {"amount": Money(123_450, "TRY"), "creditor_account": IbanAccount(iban=IBANS[(number - 1) % 3])}
    return payment(number, **(values | changes))


def of(*payments: Payment, **changes: Any) -> SubmissionContent:
    """A submission to the bank."""
    values = {"msg_id": MSG_ID, "file_name": FILE_NAME, "debtor": DEBTOR}
    return submission(*(payments or (lira(),)), **(values | changes))


def golden() -> SubmissionContent:
    """What `outbound/three.txt` holds."""
    return of(
        lira(1, creditor=Party(name="Ayşe Yılmaz"), remittance_information="Hastalık yardımı 2026-09"),
        lira(
            2,
            creditor=Party(name="Əli İsmayılov"),
            remittance_information=LONG,
            amount=Money(99_999, "TRY"),
        ),
        lira(
            3,
            creditor=Party(name="Gülşen Öztürk"),
            ultimate_creditor=Party(name="Bebek Öztürk"),
            remittance_information="Doğum yardımı",
            amount=Money(7_500_000, "TRY"),
        ),
    )
