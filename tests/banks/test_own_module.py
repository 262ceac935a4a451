"""A bank that is peculiar in one rule: one small Python file beside its profile, and nothing else is edited."""

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import bank_adapters.banks
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, load_profiles, unsupported
from gateway.domain.errors import ConfigError, SealMismatch
from tests.bank_adapters.delimited import golden, parts, profile_of, rendered, reread
from tests.bank_adapters.material import FILE_BANK
from tests.docs.test_flat_files_page import blocks

(MODULE,) = blocks("python")
"""Kizilirmak ends its files with 97 less the remainder of the sum by 97: the example of gateway/docs/flat-files.md."""


@pytest.fixture
def banks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are found as if they lay in bank_adapters/banks."""
    monkeypatch.setattr(bank_adapters.banks, "__path__", [*bank_adapters.banks.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("bank_adapters.banks."):
            del sys.modules[name]
            delattr(bank_adapters.banks, name.rpartition(".")[2])


def changed() -> dict[str, Any]:
    """The profile of a bank that has a module of its own."""
    profile = parts() | {"slug": "kizilirmak", "adapter": "kizilirmak", "bank_codes": {"TR": ["00998"]}}
    profile["layout"]["trailer"].append({"value": "own", "name": "check"})
    return profile


def peculiar(banks: Path) -> Profile:
    (banks / "kizilirmak.py").write_text(MODULE, encoding="utf-8")
    return profile_of(changed())


def test_its_own_value_is_written_and_checked(banks: Path) -> None:
    profile = peculiar(banks)
    document = rendered(golden(), profile)
    # 7723449 = 97 * 79623 + 18, and 97 - 18 = 79
    assert document.endswith(b"S|000003|0000000077234,49|300000000016|79\r\n")
    assert reread(document, profile).count == 3
    with pytest.raises(SealMismatch, match=r"line 5, field 5 \(own\)"):
        reread(document.replace(b"|79\r\n", b"|78\r\n"), profile)


def test_it_travels_between_processes(banks: Path) -> None:
    adapter = adapter_for(peculiar(banks))
    assert type(pickle.loads(pickle.dumps(adapter))) is type(adapter)  # noqa: S301 - our own bytes
    assert unsupported(profile_of(changed()).family, type(adapter)) == []


BASE = "from bank_adapters.families import FlatBankAdapter\n"


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (None, "there is no bank_adapters/banks/kizilirmak.py; write it, or leave adapter out"),
        ("", "offers no class ADAPTER; write ADAPTER = <its adapter class>"),
        ("ADAPTER = 1", "offers no class ADAPTER"),
        ("import a_module_that_is_nowhere", "cannot be imported: ModuleNotFoundError"),
        ("def (", "cannot be imported: SyntaxError"),
        ("raise RuntimeError('no')", "cannot be imported: RuntimeError: no"),
        ("class ADAPTER: pass", "disagree about refusals, render, reread, read; derive it from the family's"),
        (f"{BASE}class ADAPTER(FlatBankAdapter):\n    inquiry_request = 1", "disagree about inquiry_request"),
        (f"{BASE}class ADAPTER(FlatBankAdapter):\n    def __init__(self, a): pass", "TypeError"),
        (f"{BASE}def made():\n    class A(FlatBankAdapter): pass\n    return A\nADAPTER = made()", "at the top"),
    ],
)
def test_a_module_that_cannot_be_used_disables_that_one_bank_and_says_what_to_write(
    banks: Path, module: str | None, told: str
) -> None:
    if module is not None:
        (banks / "kizilirmak.py").write_text(module, encoding="utf-8")
    loaded = load_profiles({"alfa": FILE_BANK, "kizilirmak": yaml.safe_dump(changed(), allow_unicode=True)})
    assert set(loaded.profiles) == {"alfa"}
    ((stem, error),) = loaded.broken
    assert (stem, told in error) == ("kizilirmak", True), error


def test_a_profile_of_another_name_than_its_file_is_refused(banks: Path) -> None:
    (banks / "kizilirmak.py").write_text(MODULE, encoding="utf-8")
    ((_, error),) = load_profiles({"firat": yaml.safe_dump(changed(), allow_unicode=True)}).broken
    assert "slug: is 'kizilirmak' but the file is named 'firat'" in error


def test_an_adapter_may_serve_two_banks(banks: Path) -> None:
    profile = peculiar(banks)
    other = profile_of(changed() | {"slug": "firat"})
    assert type(adapter_for(other)) is type(adapter_for(profile))


def test_the_name_of_a_module_is_a_name_and_no_path(banks: Path) -> None:
    del banks
    with pytest.raises(ConfigError, match="adapter"):
        profile_of(changed() | {"adapter": "../kizilirmak"})
