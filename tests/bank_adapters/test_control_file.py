"""The control file beside a flat file: what it says was read back from the file's bytes."""

from hashlib import sha256
from typing import Any

import pytest

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Companion, CompanionAdapter
from gateway.domain.errors import CannotRender
from tests.bank_adapters.delimited import rendered, reread
from tests.bank_adapters.fixed_width import FILE_NAME, GOLDEN, bank, golden, plain_bank

DIGEST = sha256(GOLDEN.read_bytes()).hexdigest()


def companions(profile: Profile) -> list[Companion]:
    adapter, document = adapter_for(profile), rendered(golden(), profile)
    assert isinstance(adapter, CompanionAdapter)
    return list(adapter.companions(golden(), reread(document, profile), profile))


def controlled(**control: Any) -> Profile:
    return bank(control_file={"name": "{file_name}.ok", **control})


@pytest.mark.parametrize(
    ("control", "name", "content"),
    [
        ({}, f"{FILE_NAME}.ok", ""),
        ({"name": "{stem}.ctl", "lines": [[{"value": "sha256"}]]}, "TOS260921_1_00001.ctl", f"{DIGEST}\r\n"),
        (
            {"delimiter": ";", "lines": [[{"value": "file_name"}, {"value": "bytes"}], [{"value": "msg_id"}]]},
            f"{FILE_NAME}.ok",
            f"{FILE_NAME};{len(GOLDEN.read_bytes())}\r\nG1TOROS260921S00001\r\n",
        ),
        (
            {
                "lines": [
                    [
                        {"value": "constant", "text": "C", "width": 2},
                        {"value": "count", "width": 6},
                        {"value": "sum", "decimal_sign": ",", "width": 12},
                        {"value": "currency", "width": 4, "align": "right"},
                    ]
                ]
            },
            f"{FILE_NAME}.ok",
            "C 000003000077234,49 TRY\r\n",
        ),
    ],
)
def test_it_is_written_as_the_layout_says(control: dict[str, Any], name: str, content: str) -> None:
    (one,) = companions(controlled(**control))
    assert (one.name, one.content) == (name, content.encode())


def test_a_bank_that_wants_none_gets_none() -> None:
    assert companions(plain_bank()) == []


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(CannotRender, match="control file"):
        companions(controlled(lines=[[{"value": "bytes", "width": 2}]]))
