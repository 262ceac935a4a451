"""The page about JSON APIs: its order gives its request, its message is read as it says, its tables name every key."""

import re
from pathlib import Path

import pytest

from bank_adapters.rest import messages
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.observation import Observation
from gateway.service.press import Signed, press
from tests.bank_adapters.material import api_bank, submission
from tests.docs.test_pain001_page import SOURCE, blocks

PAGE = (Path(__file__).parents[2] / "gateway" / "docs" / "json-api.md").read_text(encoding="utf-8")
ORDER, MESSAGE = blocks(PAGE, "json")


def test_the_order_gives_the_request() -> None:
    (shown,) = blocks(PAGE, "http")
    adapter, key = JsonApiAdapter(), "G1KILO260921S00001"
    name = end_to_end_id(SOURCE, "SICK-000001", 1)
    member = Signed(end_to_end_id=name, generation=1, uetr=uetr(name), source=SOURCE, document=ORDER.strip().encode())
    pressed = press(adapter, api_bank(), submission(payments=(), msg_id=key), [member], {"SICK_PAY": "SSBE"})
    request = adapter.submit_request(b"".join(pressed.pieces), api_bank(), key)
    headers = "".join(f"{header}: {value}\n" for header, value in sorted(request.headers.items()))
    assert f"{request.method} {request.path}\n{headers}\n{request.body.decode()}\n" == shown


def test_the_message_is_read_as_the_page_says() -> None:
    (told,) = JsonApiAdapter().read([MESSAGE.encode()], api_bank())
    assert isinstance(told, Observation)
    table = PAGE.partition("<!-- example -->")[2].partition("<!-- end of example -->")[0]
    said = {name: value for name, value in re.findall(r"^\| (\w+) \| (.+) \|$", table, re.MULTILINE) if name != "field"}
    assert len(said) == 9
    assert {name: str(getattr(told, name)) for name in said} == said


@pytest.mark.parametrize("key", sorted(messages._ALL_KEYS | {"collection", "identification", "ultimateCreditor"}))
def test_every_key_is_told(key: str) -> None:
    assert f"`{key}`" in PAGE
