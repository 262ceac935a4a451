"""The pages about banks stay true: the walk is walked, the matrix and the reference are written anew and compared."""

import shutil
from pathlib import Path

import pytest
import yaml

from bank_adapters.capabilities import Tier
from bank_adapters.certificate import proved
from bank_adapters.registry import load_profile
from gateway.runtime.bank_pages import banks_page, profile_page
from gateway.runtime.configuration import read_profiles
from tests.docs.walk import walked
from tests.orders import ROOT

DOCS = ROOT / "gateway" / "docs"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the walk begins: a configuration as it ships."""
    folder = tmp_path_factory.mktemp("walk")
    shutil.copytree(ROOT / "config", folder / "config")
    return folder


def test_every_command_of_the_walk_prints_what_the_page_says(place: Path) -> None:
    page = (DOCS / "connect-a-bank.md").read_text(encoding="utf-8")
    assert walked(page, place) == page, "write it: python -m tests.docs.walk"
    text = (place / "config" / "banks" / "romeo.yaml").read_text(encoding="utf-8")
    profile = load_profile("romeo", text)
    assert proved(place / "config" / "evidence" / "romeo", profile).tier is Tier.CERTIFIED
    made = {path.relative_to(place).parts[:3] for path in place.rglob("*") if path.is_file() and "romeo" in str(path)}
    assert made == {("config", "banks", "romeo.yaml"), ("config", "evidence", "romeo")}, "nothing else is edited"


def test_the_matrix_is_fresh() -> None:
    page = (DOCS / "banks.md").read_text(encoding="utf-8")
    profiles = read_profiles(ROOT / "config").profiles.values()
    assert page == banks_page(profiles), "write it: gateway bank table --markdown > gateway/docs/banks.md"


def test_the_reference_is_fresh_and_names_every_key() -> None:
    page = (DOCS / "profile.md").read_text(encoding="utf-8")
    assert page == profile_page(), "write it: gateway bank keys > gateway/docs/profile.md"
    kilo = yaml.safe_load((ROOT / "config" / "banks" / "kilo.yaml").read_text(encoding="utf-8"))
    assert all(f"`{key}`" in page for key in kilo)
