"""The pytest plugin: idle unless asked, one test for every bank and check, readable names."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.orders import ROOT

pytest_plugins = ["pytester"]
PLUGIN = ("-p", "bank_adapters.contract.plugin", "-p", "no:cacheprovider", "-p", "no:asyncio")
SUITE = "from bank_adapters.contract.suite import test_bank\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder with one sound bank and one whose profile cannot be read."""
    banks = tmp_path / "config" / "banks"
    banks.mkdir(parents=True)
    text = (ROOT / "config" / "banks" / "kilo.yaml").read_text(encoding="utf-8")
    (banks / "kilo.yaml").write_text(text, encoding="utf-8")
    (banks / "lima.yaml").write_text("slug: lima\n", encoding="utf-8")
    shutil.copytree(ROOT / "config" / "evidence" / "kilo", tmp_path / "config" / "evidence" / "kilo")
    return tmp_path / "config"


def test_it_is_the_one_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"bank_adapters.contract.plugin": "bank_adapters.contract.plugin"}


def test_loading_it_imports_nothing_of_the_suite() -> None:
    said = "import sys, bank_adapters.contract.plugin; print(sorted(m for m in sys.modules if m[:5] == 'bank_'))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, cwd=ROOT, text=True)
    loaded = ["bank_adapters", "bank_adapters.contract", "bank_adapters.contract.plugin"]
    assert done.stdout.strip() == str(loaded)


def test_it_leaves_other_tests_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own():\n    pass\n")
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)


def test_a_bank_and_a_theme_can_be_chosen(pytester: pytest.Pytester, config: Path) -> None:
    pytester.makepyfile(SUITE)
    run = pytester.runpytest_inprocess(*PLUGIN, "--bank-config", str(config), "-k", "kilo and limits", "-v")
    run.assert_outcomes(passed=11, deselected=run.parseoutcomes()["deselected"])
    run.stdout.fnmatch_lines(["*test_bank?kilo-limits.most-payments? PASSED*"])


def test_a_profile_that_cannot_be_read_fails(pytester: pytest.Pytester, config: Path) -> None:
    pytester.makepyfile(SUITE)
    run = pytester.runpytest_inprocess(*PLUGIN, "--bank-config", str(config), "-k", "lima")
    run.assert_outcomes(failed=1, deselected=run.parseoutcomes()["deselected"])
    run.stdout.fnmatch_lines(["*lima: the profile cannot be used*"])


def test_missing_evidence_fails_and_says_what_to_do(pytester: pytest.Pytester, config: Path) -> None:
    shutil.rmtree(config / "evidence")
    pytester.makepyfile(f"{SUITE}BANK_CONFIG = {str(config)!r}\n")
    run = pytester.runpytest_inprocess(*PLUGIN, "-k", "kilo and tier")
    run.assert_outcomes(failed=1, deselected=run.parseoutcomes()["deselected"])
    run.stdout.fnmatch_lines(["*write tier: draft, or add what is missing*"])


def test_the_folder_may_be_named_in_the_configuration(pytester: pytest.Pytester, config: Path) -> None:
    pytester.makeini(f"[pytest]\nbank_config = {config}\n")
    pytester.makepyfile(SUITE)
    run = pytester.runpytest_inprocess(*PLUGIN, "-k", "kilo and statuses.only")
    run.assert_outcomes(passed=1, deselected=run.parseoutcomes()["deselected"])


def test_asking_without_naming_a_folder_is_an_error(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(SUITE)
    run = pytester.runpytest_inprocess(*PLUGIN)
    run.stdout.fnmatch_lines(["*say which banks to examine: --bank-config DIR*"])
    empty = pytester.runpytest_inprocess(*PLUGIN, "--bank-config", str(tmp_path))
    empty.stdout.fnmatch_lines(["*no profiles in*"])
