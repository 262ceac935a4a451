"""What an API says it does not know proves nothing about what it was sent as another customer of the bank."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import ConfigError
from gateway.ports.transport import Arrival, Sent
from gateway.runtime.connecting_https import credential
from gateway.runtime.material_tls import certificate, pem_pair, store
from tests.scenario import Scene, later, opened, payments
from tests.sending.transport import Scripted

Change = Callable[[Path], None]


def token(text: str) -> Change:
    return lambda folder: store([(folder / "kilo-token", text.encode())])


def papers(name: str, ca: str = "oscar sandbox CA") -> Change:
    """Show a certificate made anew, on this name, by a CA of this name."""

    def change(folder: Path) -> None:
        chain, key = pem_pair(certificate(name, certificate(ca, None)))
        store([(folder / "oscar-client-certificate", chain), (folder / "oscar-client-key", key)])

    return change


async def doubted(url: str, root: Path, bank: str) -> None:
    """Leave one submission of a bank unknown."""
    async with opened(url, root, banks=[bank]) as scene:
        scene.use_transport(bank, Scripted(answers=[Sent.UNKNOWN]))
        await scene.sealed(payments([1], bank))
        await scene.run("send", bank)
        assert await scene.states() == ["unknown"]


async def asked(url: str, root: Path, bank: str, said: Arrival, hours: int = 1) -> list[str]:
    """Let a worker that starts some hours later ask three times; the bank answers always alike."""
    async with opened(url, root, banks=[bank], worker="w2", at=later(hours * 3_600)) as scene:
        scene.use_transport(bank, Scripted(findings=[said]))
        for _ in range(3):
            await scene.run("inquire", bank)
            scene.clock.advance(1_000)
        return await scene.states()


@pytest.mark.parametrize(
    ("bank", "change", "end"),
    [
        ("kilo", token("of another customer"), "unknown"),
        ("oscar", papers("another department"), "unknown"),
        ("oscar", papers("payments gateway", "another CA"), "unknown"),
        ("oscar", papers("payments gateway"), "not sent"),
        ("kilo", lambda _: None, "not sent"),
    ],
    ids=["another token", "another subject", "another issuer", "a certificate renewed", "nothing changed"],
)
async def test_a_bank_is_believed_about_what_it_was_sent_as_the_same_customer(
    database_url: str, tmp_path: Path, bank: str, change: Change, end: str
) -> None:
    await doubted(database_url, tmp_path, bank)
    change(tmp_path / "secrets")
    assert await asked(database_url, tmp_path, bank, Arrival.SAYS_UNKNOWN) == [end]


async def test_that_it_has_it_is_proof_whoever_asks(database_url: str, tmp_path: Path) -> None:
    await doubted(database_url, tmp_path, "kilo")
    token("of another customer")(tmp_path / "secrets")
    assert await asked(database_url, tmp_path, "kilo", Arrival.ARRIVED) == ["delivered"]


async def test_with_the_old_token_put_back_it_is_believed_again(database_url: str, tmp_path: Path) -> None:
    await doubted(database_url, tmp_path, "kilo")
    before = (tmp_path / "secrets" / "kilo-token").read_text()
    token("of another customer")(tmp_path / "secrets")
    assert await asked(database_url, tmp_path, "kilo", Arrival.SAYS_UNKNOWN) == ["unknown"]
    token(before)(tmp_path / "secrets")
    assert await asked(database_url, tmp_path, "kilo", Arrival.SAYS_UNKNOWN, hours=2) == ["not sent"]


async def test_one_open_try_as_somebody_else_is_enough(database_url: str, tmp_path: Path) -> None:
    """Sealed as one, tried as another, and the first asks: the doubt is about the try."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        await scene.sealed(payments([1], "kilo"))
    before = (tmp_path / "secrets" / "kilo-token").read_text()
    token("of another customer")(tmp_path / "secrets")
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        scene.use_transport("kilo", Scripted(answers=[Sent.UNKNOWN]))
        await scene.run("send", "kilo")
        assert await scene.states() == ["unknown"]  # what was sealed before goes out with the new token
    token(before)(tmp_path / "secrets")
    assert await asked(database_url, tmp_path, "kilo", Arrival.SAYS_UNKNOWN) == ["unknown"]


async def test_a_token_is_the_one_that_stood_at_the_start(database_url: str, tmp_path: Path) -> None:
    """Else a try would be written down as one customer's and be made as another's."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        before = await _token_of(scene)
        token("of another customer")(tmp_path / "secrets")
        assert await _token_of(scene) == before


async def _token_of(scene: Scene) -> str:
    return await scene.gateway.banks["kilo"].transport._token()  # type: ignore[attr-defined,no-any-return]


def test_no_secret_can_be_read_off_a_credential() -> None:
    made, _ = pem_pair(certificate("payments gateway", certificate("CA", None)))
    told = credential("kilo", b"a token", made)
    assert "a token" not in told
    assert "payments" not in told
    assert credential("kilo", None, None) == ""


def test_a_token_cannot_be_guessed_from_its_digest_nor_compared_with_another_banks() -> None:
    """The expected value was made by `openssl kdf ... SCRYPT`, salt and costs as adr/0009 says."""
    told = credential("kilo", b"winter2026", None)
    assert told == "token 8dba92b131ee4430ac5c92ca23c5b2c4"
    assert credential("lima", b"winter2026", None) != told
    assert hashlib.sha256(b"winter2026").hexdigest()[:16] not in told


async def test_the_digest_is_made_once_for_a_connection(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a moment by design: no try may pay for it."""
    made = []

    def counted(*args: Any, **costs: Any) -> bytes:
        made.append(args)
        return scrypt(*args, **costs)

    scrypt = hashlib.scrypt
    monkeypatch.setattr(hashlib, "scrypt", counted)
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        scene.use_transport("kilo", Scripted())
        await scene.sealed(payments(range(5), "kilo"))
        await scene.until_idle("send", "kilo")
        assert await scene.states() == ["delivered"] * 5
    assert len(made) == 1


def test_a_certificate_that_is_none_is_named_without_its_content() -> None:
    with pytest.raises(ConfigError, match=r"bank kilo: transport\.mutual_tls") as caught:
        credential("kilo", None, b"SECRET")
    assert "SECRET" not in str(caught.value)
