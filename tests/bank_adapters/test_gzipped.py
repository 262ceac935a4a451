"""A gzip holds one message, is unpacked within bounds, and is whole to its end, or it is refused with its rule."""

import gzip
from dataclasses import replace

import pytest

from bank_adapters.iso20022 import archive, detect
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement
from tests.bank_adapters.material import bytes_in_pieces, statements
from tests.bank_adapters.test_wrappings import BANK, GOOD, STATEMENT, changed, rule_of

ZIPPED = gzip.compress(STATEMENT, mtime=0)


@pytest.mark.parametrize("size", [1 << 20, 5])
def test_a_gzip_holds_one_message(size: int) -> None:
    told = list(detect.read(bytes_in_pieces(ZIPPED, size), BANK))
    plain = list(detect.read([STATEMENT], BANK))
    assert [replace(one, path=one.path.removeprefix("/member[1]")) for one in told if isinstance(one, Observation)] == [
        one for one in plain if isinstance(one, Observation)
    ]
    assert [one for one in told if isinstance(one, Statement)] == [one for one in plain if isinstance(one, Statement)]


@pytest.mark.parametrize(
    ("packed", "rule"),
    [
        pytest.param(gzip.compress(STATEMENT + (b"<!--" + b" " * 10_000 + b"-->") * 2_000), "archive.ratio", id="bomb"),
        pytest.param(gzip.compress(GOOD), "archive.nested", id="a zip inside"),
        pytest.param(gzip.compress(ZIPPED), "archive.nested", id="a gzip inside"),
        pytest.param(ZIPPED + ZIPPED, "archive.malformed", id="two"),
        pytest.param(ZIPPED + b"\0", "archive.malformed", id="something behind it"),
        pytest.param(changed(ZIPPED, len(ZIPPED) - 8, b"\0\0\0\0"), "archive.malformed", id="wrong checksum"),
        pytest.param(changed(ZIPPED, len(ZIPPED) - 4, b"\1\0\0\0"), "archive.malformed", id="wrong size"),
        pytest.param(changed(ZIPPED, 2, b"\7"), "archive.malformed", id="another method"),
        pytest.param(gzip.compress(b""), "message.unknown", id="empty"),
    ],
)
def test_gzips_that_are_not_a_message_are_refused(packed: bytes, rule: str) -> None:
    for size in (1 << 20, 11):
        pieces = list(bytes_in_pieces(packed, size))
        found, path = rule_of(b"", lambda _, told=pieces: list(detect.read(told, BANK)))  # type: ignore[misc]
        assert found == rule
        assert path.startswith("/member[1]")
        assert path.count("member") == 1


def test_a_gzip_that_is_cut_off_anywhere_is_refused() -> None:
    for at in range(3, len(ZIPPED)):
        assert rule_of(ZIPPED[:at], lambda content: list(detect.read([content], BANK)))[0] == "archive.malformed"


def test_a_gzip_is_unpacked_in_small_pieces_up_to_what_a_message_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"".join(b"%d" % (n**7) for n in range(100_000)))
    (member,) = archive.members([packed])
    assert max(map(len, member.pieces)) <= 64 * 1024
    monkeypatch.setattr(archive, "MEMBER_MAX", len(STATEMENT) - 1)
    assert rule_of(ZIPPED, statements) == ("archive.size", "/member[1]")
