"""The bank of tests/banks/config and submissions for it, for the tests of the delimited family."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, load_profile
from bank_adapters.spi import Debtor, Payment, Reread, SubmissionContent
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party
from tests.bank_adapters.material import payment, submission

FOLDER = Path(__file__).resolve().parents[1] / "banks" / "config"
GOLDEN = FOLDER / "evidence" / "anadolu" / "outbound" / "three.txt"
TEXT = (FOLDER / "banks" / "anadolu.yaml").read_text(encoding="utf-8")
MSG_ID = "G1ANADOLU260921S00001"
IBANS = ("TR700099900000700000000001", "TR810099900000600000000002", "TR120099900000000000000013")
DEBTOR = Debtor(name="Sosyal Güvenlik Kurumu", iban="TR020099900000000020260001", bic=None)


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
    return load_profile("anadolu", TEXT)


def bank(**layout: Any) -> Profile:
    """The bank, with some keys of its layout changed."""
    if not layout:
        return plain_bank()
    changed = parts()
    changed["layout"] |= layout
    return profile_of(changed)


def profile_of(changed: dict[str, Any]) -> Profile:
    """The profile; of a name or a text that its layout has no field for it says that it is left out."""
    if changed.get("layout") and "leaves_out" not in changed:
        changed = changed | {"leaves_out": _left_out(changed["layout"])}
    return load_profile(changed["slug"], yaml.safe_dump(changed, allow_unicode=True))


def _left_out(layout: dict[str, Any]) -> list[str]:
    records = [layout["payment"], *(one["fields"] for one in layout.get("following", []))]
    told = {field["value"] for record in records for field in record}
    parts = {"creditor_name": {"creditor_name"}, "remittance_information": {"remittance", "remittance_rest"}}
    return [part for part, fields in parts.items() if not fields & told]


def lira(number: int = 1, **changes: Any) -> Payment:
    """A payment in Turkish lira."""
    values = {"amount": Money(123_450, "TRY"), "creditor_account": IbanAccount(iban=IBANS[(number - 1) % 3])}
    return payment(number, **(values | changes))


def of(*payments: Payment, **changes: Any) -> SubmissionContent:
    """A submission to the bank."""
    values = {"msg_id": MSG_ID, "file_name": f"{MSG_ID}.TOS.txt", "debtor": DEBTOR}
    return submission(*(payments or (lira(),)), **(values | changes))


def golden() -> SubmissionContent:
    """What `outbound/three.txt` holds."""
    return of(
        lira(1, creditor=Party(name="Ayşe Yılmaz"), remittance_information="Geçici iş göremezlik ödeneği"),
        lira(2, creditor=Party(name="Əli İsmayılov"), remittance_information="", amount=Money(99_999, "TRY")),
        lira(
            3,
            creditor=Party(name=" Gülşen Öztürk"),
            remittance_information="Doğum yardımı",
            amount=Money(7_500_000, "TRY"),
        ),
    )


def rendered(content: SubmissionContent, profile: Profile | None = None) -> bytes:
    profile = profile or bank()
    return b"".join(adapter_for(profile).render(content, profile))


def reread(document: bytes, profile: Profile | None = None) -> Reread:
    profile = profile or bank()
    return adapter_for(profile).reread([document], profile)
