"""Envelope keys of a sandbox: both halves, made once, and made anew together."""

from pathlib import Path

import pytest

from bank_adapters.profile import Profile
from gateway.domain.errors import ConfigError
from gateway.runtime.configuration import read_profiles
from gateway.runtime.envelopes import wrapping_of
from gateway.runtime.keys import Secrets
from gateway.runtime.material_envelope import make_envelope
from gateway.runtime.material_tls import bank_side
from gateway.runtime.sandbox_files import sandbox_mailboxes, sandbox_pouches
from tests.orders import ROOT
from tests.transport.keys import NOW

PROFILES = read_profiles(ROOT / "config").profiles


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def fit(profile: Profile, folder: Path) -> bool:
    """Whether what we wrap is opened at the bank, and back."""
    wrapping, pouch = (
        wrapping_of(profile, Secrets(folder, make=False)),
        sandbox_pouches([profile], folder)[profile.slug],
    )
    assert wrapping is not None
    return pouch.opened(wrapping.wrap(b"x", NOW)) == b"x" == wrapping.unwrap(pouch.closed(b"x"), NOW)


@pytest.mark.parametrize("slug", ["golf", "juliett"])
def test_both_halves_fit_and_stay_as_they_are(tmp_path: Path, slug: str) -> None:
    make_envelope(PROFILES[slug], tmp_path)
    made = files(tmp_path)
    assert fit(PROFILES[slug], tmp_path)
    make_envelope(PROFILES[slug], tmp_path)
    assert files(tmp_path) == made


def test_a_half_that_is_missing_is_not_made_alone(tmp_path: Path) -> None:
    make_envelope(PROFILES["golf"], tmp_path)
    (bank_side(tmp_path, "golf") / "envelope-key").unlink()
    make_envelope(PROFILES["golf"], tmp_path)
    assert fit(PROFILES["golf"], tmp_path)


def test_a_bank_without_an_envelope_needs_no_keys(tmp_path: Path) -> None:
    make_envelope(PROFILES["alfa"], tmp_path)
    assert files(tmp_path) == {}
    assert wrapping_of(PROFILES["alfa"], Secrets(tmp_path, make=False)) is None


def test_keys_that_are_not_there_are_a_mistake_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="golf-pgp-own-key"):
        wrapping_of(PROFILES["golf"], Secrets(tmp_path, make=False))


def test_banks_that_leave_files_have_a_mailbox(tmp_path: Path) -> None:
    found = sandbox_mailboxes(PROFILES.values(), tmp_path, {})
    assert sorted(found) == ["golf", "hotel", "india", "juliett"]
