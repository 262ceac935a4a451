"""What a sandbox makes for banks with an API: two halves that fit, made once, by whoever comes first."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey

from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from gateway.runtime.material_tls import bank_side, make_tls
from tests.orders import ROOT

OURS = ("oscar-ca", "oscar-client-certificate", "oscar-client-key", "oscar-signing-key")
THEIRS = ("server.pem", "server-key.pem", "clients.pem", "signing.json")


def profile(slug: str = "oscar") -> Profile:
    return load_profile(slug, (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))


def everything(folder: Path) -> dict[str, bytes]:
    side = bank_side(folder, "oscar")
    return {p.name: p.read_bytes() for p in (*(folder / n for n in OURS), *(side / n for n in THEIRS))}


def fits(made: dict[str, bytes]) -> bool:
    ca = x509.load_pem_x509_certificate(made["oscar-ca"])
    for certificate, key in (("server.pem", "server-key.pem"), ("oscar-client-certificate", "oscar-client-key")):
        loaded = x509.load_pem_x509_certificate(made[certificate])
        loaded.verify_directly_issued_by(ca)
        if load_pem_private_key(made[key], None).public_key() != loaded.public_key():
            return False
    public = ECKey.import_key(made["oscar-signing-key"]).as_dict(private=False)
    return made["clients.pem"] == made["oscar-ca"] and json.loads(made["signing.json"]).items() <= public.items()


def test_both_halves_fit_and_stay(tmp_path: Path) -> None:
    make_tls(profile(), tmp_path)
    made = everything(tmp_path)
    assert fits(made)
    make_tls(profile(), tmp_path)
    assert everything(tmp_path) == made


def test_only_we_may_read_them(tmp_path: Path) -> None:
    make_tls(profile(), tmp_path)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert modes == {0o600}


@pytest.mark.parametrize("lost", [*OURS, *(f"oscar-side/{name}" for name in THEIRS)])
def test_whatever_is_lost_both_halves_fit_again(tmp_path: Path, lost: str) -> None:
    make_tls(profile(), tmp_path)
    (tmp_path / lost).unlink()
    make_tls(profile(), tmp_path)
    assert fits(everything(tmp_path))


def test_many_that_make_it_at_once_make_one(tmp_path: Path) -> None:
    bank = profile()
    with ThreadPoolExecutor(8) as crowd:
        for done in [crowd.submit(make_tls, bank, tmp_path) for _ in range(8)]:
            done.result()
    assert fits(everything(tmp_path))


def test_no_key_that_could_certify_another_is_kept(tmp_path: Path) -> None:
    make_tls(profile(), tmp_path)
    ca = x509.load_pem_x509_certificate((tmp_path / "oscar-ca").read_bytes()).public_key()
    keys = [p for p in tmp_path.rglob("*") if p.is_file() and b"PRIVATE KEY" in p.read_bytes()]
    assert len(keys) == 3
    assert all(load_pem_private_key(p.read_bytes(), None).public_key() != ca for p in keys)


def test_a_bank_gets_what_its_profile_names_and_no_more(tmp_path: Path) -> None:
    make_tls(profile("kilo"), tmp_path)
    make_tls(profile("alfa"), tmp_path)
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} - {".material.lock"}
    assert files == {"kilo-ca", *(f"kilo-side/{name}" for name in THEIRS[:3])}
