"""The pages about what is written in ISO 20022: their examples are rendered again, their tables name every key."""

import re
from pathlib import Path

import pytest
import yaml

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.iso20022.camt055 import REASONS
from bank_adapters.profile.pain001 import VERSIONS, InitiatingParty, Pain001, PaymentType
from gateway.domain.identity import end_to_end_id, uetr
from gateway.service.press import Signed, press
from tests.bank_adapters.material import file_bank_parts, profile_of, submission
from tests.bank_adapters.test_camt055 import bank, cancelled, request, written

DOCS = Path(__file__).parents[2] / "gateway" / "docs"
PAGE = (DOCS / "pain001.md").read_text(encoding="utf-8")
CANCELLING = (DOCS / "camt055.md").read_text(encoding="utf-8")
SOURCE = "BENEFITS"


def blocks(page: str, kind: str) -> list[str]:
    """The blocks of a kind on a page, in their order."""
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


def one_line(shown: str) -> bytes:
    """A document as it is sent: pages break and indent it between elements."""
    return "".join(line.strip() for line in shown.splitlines()).encode()


def test_the_order_gives_the_bytes() -> None:
    (order,), (keys,), (shown,) = blocks(PAGE, "json"), blocks(PAGE, "yaml"), blocks(PAGE, "xml")
    profile = profile_of(file_bank_parts() | yaml.safe_load(keys))
    name = end_to_end_id(SOURCE, "CHILD-000001", 1)
    member = Signed(end_to_end_id=name, generation=1, uetr=uetr(name), source=SOURCE, document=order.strip().encode())
    header = submission(payments=())
    pressed = press(Iso20022Adapter(), profile, header, [member], {"CHILD_BENEFIT": "BECH"})
    assert b"".join(pressed.pieces) == one_line(shown)


def test_the_cancellation_is_the_one_that_is_shown() -> None:
    (shown,) = blocks(CANCELLING, "xml")
    assert written(request(cancelled(1)), bank()) == one_line(shown)


@pytest.mark.parametrize("key", [*Pain001.model_fields, *PaymentType.model_fields, *VERSIONS])
def test_every_habit_and_version_is_told(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_every_reason_is_told() -> None:
    assert all(f"`{code}`" in CANCELLING for code in REASONS)
    assert InitiatingParty.model_fields.keys() == {"id", "scheme", "issuer"}
