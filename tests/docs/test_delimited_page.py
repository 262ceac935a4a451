"""The page about delimited files: its layout makes its file, its reply can be read, its module is used by a test."""

import re
from pathlib import Path

import yaml

from bank_adapters.registry import adapter_for
from tests.bank_adapters.delimited import bank, golden, rendered

PAGE = Path(__file__).parents[2] / "gateway" / "docs" / "delimited.md"


def blocks(kind: str) -> list[str]:
    """The blocks of a kind on the page, in their order."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_layout_gives_the_file_and_the_reply_is_read() -> None:
    profile = bank(**yaml.safe_load(blocks("yaml")[0])["layout"])
    file, reply = blocks("text")
    assert rendered(golden(), profile).decode("cp1254").replace("\r\n", "\n") == file
    assert len(list(adapter_for(profile).read([reply.encode()], profile))) == 4


def test_every_field_of_a_layout_is_told() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ("end_to_end_id", "creditor_iban", "creditor_bank_code", "creditor_number", "line_number", "own"):
        assert f"`{name}`" in page
