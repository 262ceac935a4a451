"""A reference reaches one plain file in its own bank's folder, whole and as signed, or nothing at all."""

import hashlib
import os
from pathlib import Path

import pytest

from gateway.bus.claims import ClaimFolder
from gateway.ports.envelope import BankEnvelope, EnvelopeRefused


def envelope(reference: str, message: bytes, *, bank: str = "alfa") -> BankEnvelope:
    digest = hashlib.sha256(message).hexdigest()
    return BankEnvelope(
        id=f"{digest}-1", bank=bank, channel="bank-edge", digest=digest, message=b"", reference=reference
    )


@pytest.fixture
def folder(tmp_path: Path) -> ClaimFolder:
    (tmp_path / "alfa" / "claims").mkdir(parents=True)
    (tmp_path / "beta" / "claims").mkdir(parents=True)
    (tmp_path / "alfa" / "claims" / "camt.xml").write_bytes(b"a statement")
    (tmp_path / "secret.xml").write_bytes(b"a secret")
    return ClaimFolder(tmp_path, limit=1000)


async def code_of(folder: ClaimFolder, wanted: BankEnvelope) -> str:
    answer = await folder.read(wanted)
    assert isinstance(answer, EnvelopeRefused)
    return answer.code


async def test_the_file_is_read(folder: ClaimFolder) -> None:
    assert await folder.read(envelope("camt.xml", b"a statement")) == b"a statement"


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.xml",
        "/etc/passwd",
        "..",
        ".",
        ".hidden",
        "a/b",
        "a\\b",
        "a\0b",
        "x" * 201,
        "\N{FULLWIDTH FULL STOP}a",
    ],
)
async def test_nothing_outside_the_folder_can_be_named(folder: ClaimFolder, reference: str) -> None:
    assert await code_of(folder, envelope(reference, b"a secret")) == "claim.name"


async def test_a_link_is_not_followed(folder: ClaimFolder, tmp_path: Path) -> None:
    (tmp_path / "alfa" / "claims" / "link.xml").symlink_to(tmp_path / "secret.xml")
    with pytest.raises(OSError, match="symbolic links"):
        await folder.read(envelope("link.xml", b"a secret"))


async def test_a_pipe_is_no_file(folder: ClaimFolder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alfa" / "claims" / "pipe.xml")
    assert await code_of(folder, envelope("pipe.xml", b"")) == "claim.name"


async def test_another_banks_file_is_not_there(folder: ClaimFolder) -> None:
    assert await code_of(folder, envelope("camt.xml", b"a statement", bank="beta")) == "claim.missing"


async def test_other_content_is_refused(folder: ClaimFolder) -> None:
    assert await code_of(folder, envelope("camt.xml", b"another statement")) == "claim.digest"


@pytest.mark.parametrize(("size", "allowed"), [(1000, True), (1001, False)])
async def test_the_limit_holds_to_the_byte(folder: ClaimFolder, tmp_path: Path, size: int, *, allowed: bool) -> None:
    content = b"x" * size
    (tmp_path / "alfa" / "claims" / "large.xml").write_bytes(content)
    wanted = envelope("large.xml", content)
    if allowed:
        assert await folder.read(wanted) == content
    else:
        assert await code_of(folder, wanted) == "claim.size"


async def test_what_is_left_for_the_topic_lasts_bytes_and_name(
    folder: ClaimFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.partition(".")[0])

    monkeypatch.setattr(os, "fsync", noting)
    reference = await folder.leave("alfa", b"a long message")
    assert synced == ["", "claims"], "the draft, whose name is hidden, then the folder"
    assert (tmp_path / "alfa" / "claims" / reference).read_bytes() == b"a long message"
