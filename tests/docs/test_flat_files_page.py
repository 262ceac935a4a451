"""The page about flat files: its layouts make its files, its reply can be read, its module is used by a test."""

import re
from dataclasses import replace
from pathlib import Path

import yaml

from bank_adapters.profile.schema import every_key
from bank_adapters.registry import adapter_for
from tests.bank_adapters import fixed_width
from tests.bank_adapters.delimited import bank, golden, rendered

PAGE = Path(__file__).parents[2] / "gateway" / "docs" / "flat-files.md"


def blocks(kind: str) -> list[str]:
    """The blocks of a kind on the page, in their order."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_layout_gives_the_file_and_the_reply_is_read() -> None:
    profile = bank(**yaml.safe_load(blocks("yaml")[0])["layout"])
    file, _, reply = blocks("text")
    assert rendered(golden(), profile).decode("cp1254").replace("\r\n", "\n") == file
    assert len(list(adapter_for(profile).read([reply.encode()], profile))) == 4


def test_the_fixed_width_layout_gives_its_file() -> None:
    profile = fixed_width.record(**yaml.safe_load(blocks("yaml")[1])["layout"], alphabet="cp1254-upper")
    payments = [replace(one, ultimate_creditor=None) for one in fixed_width.golden().payments]
    document = rendered(fixed_width.of(*payments), profile)
    assert document.decode("cp1254").replace("\r\n", "\n") == blocks("text")[1]
    assert adapter_for(profile).reread([document], profile).count == 3


def test_every_field_of_a_layout_is_told() -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {path.removeprefix("layout.") for path, _ in every_key() if path.startswith("layout.")}
    told = {key for key in keys if "." not in key} - {"encoding", "header", "payment", "trailer", "replies"}
    for name in told | {
        "end_to_end_id",
        "creditor_iban",
        "creditor_bank_code",
        "creditor_number",
        "creditor_id",
        "own",
    }:
        assert f"`{name}`" in page or f"`{name}:" in page, name
