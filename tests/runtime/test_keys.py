from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.domain.errors import ConfigError
from gateway.runtime.keys import SandboxKeys, Secrets


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: Secrets(tmp_path, make=True).read("bank-edge"), range(64)))
        keys = {key.jwk["x"] for key in threads.map(lambda _: SandboxKeys(tmp_path).public("SSI"), range(64))}
    assert len(secrets) == 1
    assert len(keys) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["SSI.json", "bank-edge"]
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_secret_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="secret bank-edge: cannot read"):
        Secrets(tmp_path, make=False).read("bank-edge")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_secret_is_none(tmp_path: Path) -> None:
    (tmp_path / "bank-edge").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        Secrets(tmp_path, make=False).read("bank-edge")
