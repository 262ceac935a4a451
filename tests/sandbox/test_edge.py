import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.sandbox import Books, Edge, Envelope
from gateway.sandbox.books import Queued, Request
from gateway.sandbox.judge import Outcome
from tests.sandbox.material import LATER, NOW

KEY = b"a key of the edge"
TOPIC = "gateway.bank-messages.v1"


class Tape:
    """A publisher that keeps what it is given, and fails when told to: before or after it kept it."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.lose_acknowledgement = False

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        assert topic == TOPIC
        self.kept += envelopes
        if self.lose_acknowledgement:
            raise ConnectionError


def fill(books: Books, *contents: bytes) -> None:
    request = Request(source="a", digest="0" * 64, msg_id=None, received_at=NOW, outcome=Outcome.ACCEPTED)
    names = [f"M{number}" for number, _ in enumerate(dict.fromkeys(contents))]
    by_content = dict(zip(dict.fromkeys(contents), names, strict=True))
    queued = [Queued(name=by_content[content], suffix="xml", content=content, due=NOW) for content in contents]
    books.record(request, [], [], queued)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path / "alfa" / "books.sqlite")


def headers(envelope: Envelope) -> dict[str, str]:
    return {name: text.decode() for name, text in envelope.headers}


async def test_a_message_is_wrapped_and_signed_as_agreed(tmp_path: Path, tape: Tape, books: Books) -> None:
    fill(books, b"hello")
    edge = Edge(key=KEY, root=tmp_path, publisher=tape)
    assert await edge.deliver("alfa", books, NOW)
    (envelope,) = tape.kept
    # sha256sum of "hello", from coreutils.
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    text = f"{TOPIC}\n/banks/alfa\n{digest}-1\n{digest}"
    assert (envelope.key, envelope.value) == (b"alfa", b"hello")
    assert headers(envelope) == {
        "ce_specversion": "1.0",
        "ce_type": "gateway.bank-message.v1",
        "ce_source": "/banks/alfa",
        "ce_id": f"{digest}-1",
        "ce_time": "2026-09-21T06:00:00Z",
        "ce_digest": digest,
        "ce_channel": "bank-edge",
        "ce_signature": hmac.digest(KEY, text.encode(), "sha256").hex(),
    }
    books.close()


async def test_a_large_message_goes_by_reference(tmp_path: Path, tape: Tape, books: Books) -> None:
    at_the_limit, over = b"x" * 65_536, b"y" * 65_537
    fill(books, at_the_limit, over)
    await Edge(key=KEY, root=tmp_path, publisher=tape).deliver("alfa", books, NOW)
    small, large = tape.kept
    assert (small.value, "ce_dataref" in headers(small)) == (at_the_limit, False)
    assert large.value == b""
    name = headers(large)["ce_dataref"]
    claim = tmp_path / "alfa" / "claims" / name
    assert claim.read_bytes() == over
    assert name == headers(large)["ce_digest"] == hashlib.sha256(over).hexdigest()
    assert [path.name for path in claim.parent.iterdir()] == [name]
    books.close()


async def test_a_lost_acknowledgement_publishes_the_same_again(tmp_path: Path, tape: Tape, books: Books) -> None:
    fill(books, b"hello", b"z" * 70_000)
    edge = Edge(key=KEY, root=tmp_path, publisher=tape)
    tape.lose_acknowledgement = True
    with pytest.raises(ConnectionError):
        await edge.deliver("alfa", books, NOW)
    tape.lose_acknowledgement = False
    assert await edge.deliver("alfa", books, LATER)
    assert tape.kept[:2] == tape.kept[2:]
    assert not await edge.deliver("alfa", books, LATER)
    books.close()


async def test_a_repeated_message_has_an_id_of_its_own(tmp_path: Path, tape: Tape, books: Books) -> None:
    fill(books, b"hello", b"hello")
    await Edge(key=KEY, root=tmp_path, publisher=tape).deliver("alfa", books, NOW)
    first, second = (headers(envelope) for envelope in tape.kept)
    assert (first["ce_digest"], first["ce_id"] != second["ce_id"]) == (second["ce_digest"], True)
    books.close()


async def test_everything_said_is_kept_when_asked(tmp_path: Path, tape: Tape, books: Books) -> None:
    fill(books, b"hello", b"hello", b"bye")
    edge = Edge(key=KEY, root=tmp_path, publisher=tape, outbox=tmp_path / "said")
    await edge.deliver("alfa", books, NOW)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "said" / "alfa").iterdir()}
    assert kept == {"M0.xml": b"hello", "M0.2.xml": b"hello", "M1.xml": b"bye"}
    books.close()


async def test_no_more_than_the_limit_at_once(tmp_path: Path, tape: Tape, books: Books) -> None:
    fill(books, b"1", b"2", b"3")
    edge = Edge(key=KEY, root=tmp_path, publisher=tape)
    assert await edge.deliver("alfa", books, NOW, limit=2)
    assert [envelope.value for envelope in tape.kept] == [b"1", b"2"]
    books.close()
