"""Every message family has a page, and is named wherever families are listed."""

from pathlib import Path

import pytest

from bank_adapters.capabilities import Family

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "gateway" / "docs"
PAGES = {
    Family.ISO20022: ("pain001.md", "camt055.md", "statuses.md", "account-reports.md"),
    Family.REST: ("json-api.md",),
    Family.DELIMITED: ("flat-files.md",),
    Family.FIXED_WIDTH: ("flat-files.md",),
    Family.MT: ("mt.md",),
}
MADE = sorted({page for pages in PAGES.values() for page in pages})


def test_no_family_is_without_a_page() -> None:
    assert PAGES.keys() == set(Family)


@pytest.mark.parametrize("page", MADE)
def test_a_page_says_what_each_version_carries_with_an_example_that_a_test_proves(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert "| --- |" in text
    assert "```" in text
    assert any(page in test.read_text(encoding="utf-8") for test in (ROOT / "tests" / "docs").glob("test_*_page.py"))


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.ISO20022])
def test_whoever_connects_a_bank_is_led_to_its_page(family: Family) -> None:
    text = (DOCS / "connect-a-bank.md").read_text(encoding="utf-8")
    assert f"`{family}`" in text or f"family: {family}`" in text
    assert all(f"({page})" in text for page in PAGES[family])


@pytest.mark.parametrize("page", MADE)
def test_the_readme_leads_to_every_page(page: str) -> None:
    assert f"(gateway/docs/{page})" in (ROOT / "README.md").read_text(encoding="utf-8")
