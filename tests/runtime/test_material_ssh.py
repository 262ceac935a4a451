"""SSH keys of a sandbox: both halves fit each other, and what is there stays."""

from pathlib import Path

import asyncssh
import pytest

from bank_adapters.registry import load_profile
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import unbounded
from gateway.runtime.clock import SystemClock
from gateway.runtime.connecting import connect_bank
from gateway.runtime.keys import Secrets
from gateway.runtime.material import make_material
from gateway.runtime.material_ssh import sandbox_ssh
from gateway.runtime.serve import sandbox_banks
from gateway.runtime.settings import load_settings
from gateway.sandbox import SshDoor

CONFIG = Path(__file__).parents[2] / "config"
PROFILE = load_profile("charlie", (CONFIG / "banks" / "charlie.yaml").read_text(encoding="utf-8"))


def test_each_side_knows_the_other(tmp_path: Path) -> None:
    make_material([PROFILE], tmp_path)
    access = sandbox_ssh([PROFILE], tmp_path)["charlie"]
    pinned, own = (tmp_path / name for name in ("charlie-ssh-host-keys", "charlie-ssh-key"))
    host = asyncssh.import_private_key(access.host_key).export_public_key()
    assert asyncssh.import_public_key(pinned.read_bytes()) == asyncssh.import_public_key(host)
    ours = asyncssh.import_private_key(own.read_bytes()).export_public_key()
    assert asyncssh.import_public_key(access.authorized_keys) == asyncssh.import_public_key(ours)
    assert access.username == "gateway"
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}


def test_what_is_there_stays(tmp_path: Path) -> None:
    make_material([PROFILE], tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    make_material([PROFILE], tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


async def test_a_bank_is_found_where_the_settings_say(tmp_path: Path) -> None:
    make_material([PROFILE], tmp_path / "secrets")
    door = SshDoor(tmp_path / "bank", sandbox_ssh([PROFILE], tmp_path / "secrets")["charlie"])
    await door.start()
    settings = load_settings(CONFIG, data_dir=tmp_path, bank_urls={"charlie": door.url})
    bank = connect_bank(PROFILE, settings, Secrets(tmp_path / "secrets", make=False), SystemClock(), unbounded)
    await bank.transport.probe()
    await bank.transport.close()
    await door.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:22", "sftp://127.0.0.1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    make_material([PROFILE], tmp_path / "secrets")
    settings = load_settings(CONFIG, data_dir=tmp_path, bank_urls={"charlie": url})
    with pytest.raises(ConfigError, match=r"bank_urls\.charlie"):
        connect_bank(PROFILE, settings, Secrets(tmp_path / "secrets", make=False), SystemClock(), unbounded)


def test_an_address_without_a_host_is_refused_when_settings_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bank_urls\.charlie"):
        load_settings(CONFIG, data_dir=tmp_path, bank_urls={"charlie": "127.0.0.1:22"})


def test_a_bank_whose_profile_is_broken_listens_nowhere() -> None:
    """Nobody knows where it is expected, nor whom to let in; the others are there."""
    banks = {bank.slug: bank for bank in sandbox_banks(CONFIG, [PROFILE], 7)}
    assert len(banks) == 15  # all but the two with an API
    assert {slug: bank.ssh.port for slug, bank in banks.items() if bank.ssh} == {"charlie": 18202}


def test_in_production_keys_are_never_made(tmp_path: Path) -> None:
    settings = load_settings(CONFIG, data_dir=tmp_path)
    with pytest.raises(ConfigError, match="charlie-ssh-host-keys"):
        connect_bank(PROFILE, settings, Secrets(tmp_path / "secrets", make=False), SystemClock(), unbounded)
