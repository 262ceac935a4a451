"""The page's example is read as the page says."""

import re
from pathlib import Path

from tests.bank_adapters.material import observations

PAGE = Path(__file__).parents[2] / "gateway" / "docs" / "account-reports.md"


def test_the_example_says_what_the_page_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    example, _, after = page.partition("```xml\n")[2].partition("```")
    (told,) = observations(example.encode())
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \|", after.partition("## Why")[0], re.MULTILINE)
    said = {name: value for name, value in rows if name != "field"}
    assert len(said) == 11
    assert {name: str(getattr(told, name)) for name in said} == said
