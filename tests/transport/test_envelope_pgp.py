"""OpenPGP against GnuPG, and what Sequoia alone would have let pass."""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pysequoia
import pytest

from gateway.domain.errors import ConfigError, WrappingFailed
from gateway.transport.envelope_pgp import PgpWrapping
from tests.transport.keys import NOW, certificate, pgp, pgp_key, program, run

CONTENT = b"<Document>512.40</Document>\r\n"


@dataclass(frozen=True, slots=True)
class GnuPG:
    """A bank that uses GnuPG: it made its key itself and has our public one."""

    command: tuple[str, ...]

    def run(self, *arguments: str, content: bytes = b"") -> bytes:
        return run(*self.command, *arguments, content=content)

    def to_us(self, *options: str, content: bytes = CONTENT) -> bytes:
        who = ("--recipient", certificate("gateway").fingerprint, "--local-user", "bank@example.org")
        return self.run(*who, *options, "--encrypt", "--sign", content=content)

    def wrapping(self) -> PgpWrapping:
        """The envelope as we see it."""
        return PgpWrapping.of(bank_key=self.run("--export", "bank@example.org"), own_key=bytes(pgp_key("gateway")))


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GnuPG]:
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    fixed = ("--homedir", str(home), "--batch", "--quiet", "--trust-model", "always", "--passphrase", "")
    bank = GnuPG((program("gpg"), *fixed, "--pinentry-mode", "loopback"))
    bank.run("--quick-gen-key", "bank@example.org", "rsa2048", "sign,encr", "never")
    bank.run("--import", content=bytes(certificate("gateway")))
    yield bank
    run(program("gpgconf"), "--homedir", str(home), "--kill", "gpg-agent")


def refused(wrapping: PgpWrapping, content: bytes, at: datetime = NOW) -> str:
    with pytest.raises(WrappingFailed) as error:
        wrapping.unwrap(content, at)
    return error.value.rule


def test_gnupg_opens_what_we_wrap_and_knows_our_signature(gpg: GnuPG) -> None:
    """It knows RFC 4880 only: what a key does not say it can read must not be used for it."""
    wire = gpg.wrapping().wrap(CONTENT, NOW)
    status = gpg.run("--status-fd", "1", "--output", "-", "--decrypt", content=wire)
    assert CONTENT in status
    assert b"GOODSIG" in status
    assert certificate("gateway").fingerprint.upper().encode() in status


@pytest.mark.parametrize("options", [(), ("--armor",)])
def test_we_open_what_gnupg_wraps_without_compression(gpg: GnuPG, options: tuple[str, ...]) -> None:
    wire = gpg.to_us("--compress-algo", "none", *options)
    assert gpg.wrapping().unwrap(wire, NOW) == CONTENT


def test_compressed_content_is_refused(gpg: GnuPG) -> None:
    assert refused(gpg.wrapping(), gpg.to_us("--compress-algo", "zip")) == "envelope.form"


def test_a_small_file_that_unpacks_to_a_large_one_fills_no_memory(gpg: GnuPG) -> None:
    bomb = gpg.to_us("--compress-algo", "zlib", content=bytes(64 << 20))
    assert len(bomb) < 1 << 20
    wrapping = replace(gpg.wrapping(), limit=1 << 20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert refused(wrapping, bomb) == "envelope.size"
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before


def test_what_is_signed_but_not_encrypted_is_refused() -> None:
    """Sequoia's decryption takes it."""
    for armor in (False, True):
        signed = pysequoia.sign(pgp_key("bank").signer(), CONTENT, armor=armor)
        assert refused(pgp("gateway", "bank"), signed) == "envelope.encrypted"


def test_what_is_encrypted_but_not_signed_is_refused() -> None:
    unsigned = pysequoia.encrypt(CONTENT, recipients=[certificate("gateway")], armor=False)
    assert refused(pgp("gateway", "bank"), unsigned) == "envelope.signature"


def test_a_signature_inside_the_content_is_not_one_of_the_envelope() -> None:
    inner = pysequoia.sign(pgp_key("bank").signer(), CONTENT, armor=False)
    wire = pysequoia.encrypt(inner, recipients=[certificate("gateway")], armor=False)
    assert refused(pgp("gateway", "bank"), wire) == "envelope.signature"


def test_what_is_encrypted_to_a_passphrase_is_refused() -> None:
    wire = pysequoia.encrypt(CONTENT, passwords=["secret"], signer=pgp_key("bank").signer(), armor=False)
    assert refused(pgp("gateway", "bank"), wire) == "envelope.encrypted"


def test_armored_nonsense_is_refused() -> None:
    for rest in (b"", b"\n\n", b"\n\n=", b"\n\n\xff\xff\xff\xff", b"\nVersion: x\n\nAAAA\n-----END PGP MESSAGE-----\n"):
        assert refused(pgp("gateway", "bank"), b"-----BEGIN PGP MESSAGE-----" + rest) == "envelope.encrypted"


def test_a_key_that_has_ended_is_used_no_more_either_way() -> None:
    """Sequoia itself would still encrypt to it."""
    now = datetime.now(UTC)
    ending = pysequoia.Tsk.generate("ends in a minute", validity_seconds=120)
    wrapping = PgpWrapping.of(bank_key=bytes(ending.extract_certificate()), own_key=bytes(pgp_key("gateway")))
    wire = pysequoia.encrypt(CONTENT, recipients=[certificate("gateway")], signer=ending.signer(), armor=False)
    assert wrapping.unwrap(wire, now) == CONTENT
    after = now + timedelta(minutes=3)
    assert refused(wrapping, wire, after) == "envelope.key"
    with pytest.raises(WrappingFailed, match=r"envelope\.key"):
        wrapping.wrap(CONTENT, after)


def test_a_key_that_was_revoked_is_used_no_more() -> None:
    bank = pysequoia.Tsk.generate("revoked")
    public = bank.extract_certificate()
    wire = pysequoia.encrypt(CONTENT, recipients=[certificate("gateway")], signer=bank.signer(), armor=False)
    revoked = bytes(public) + bytes(public.revoke(bank.certifier()))
    wrapping = PgpWrapping.of(bank_key=revoked, own_key=bytes(pgp_key("gateway")))
    assert refused(wrapping, wire) == "envelope.key"


def test_a_signature_made_after_the_end_of_its_key_is_refused() -> None:
    """Keys are made as of a minute ago: this one ends in a second, its signer is kept."""
    ending = pysequoia.Tsk.generate("ends", validity_seconds=61)
    signer, public = ending.signer(), ending.extract_certificate()
    while datetime.now(UTC) <= (public.expiration or NOW):
        time.sleep(0.1)
    wire = pysequoia.encrypt(CONTENT, recipients=[certificate("gateway")], signer=signer, armor=False)
    wrapping = PgpWrapping.of(bank_key=bytes(public), own_key=bytes(pgp_key("gateway")))
    assert refused(wrapping, wire, NOW - timedelta(days=999)) == "envelope.signature"


@pytest.mark.parametrize(
    ("bank_key", "own_key"),
    [
        (b"junk", bytes(pgp_key("gateway"))),
        (bytes(certificate("bank")), b"junk"),
        (bytes(certificate("bank")), bytes(certificate("gateway"))),
        (bytes(pgp_key("bank")), bytes(pgp_key("gateway"))),
        (bytes(certificate("gateway")), bytes(pgp_key("gateway"))),
        (b"", b""),
    ],
    ids=["no bank key", "no own key", "own key is public", "bank key is private", "one key for both", "nothing"],
)
def test_keys_that_do_not_do_are_refused_at_the_start(bank_key: bytes, own_key: bytes) -> None:
    with pytest.raises(ConfigError) as error:
        PgpWrapping.of(bank_key=bank_key, own_key=own_key)
    assert "BEGIN" not in str(error.value)
