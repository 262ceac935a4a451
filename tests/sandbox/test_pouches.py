"""The banks' side of envelopes and mailboxes: two readers of one standard, and a bank that takes nothing in plain."""

from pathlib import Path

import pysequoia
import pytest

from gateway.ports.wrapping import Wrapping
from gateway.sandbox import Books, CmsPouch, Edge, FileBank, Mailbox, PgpPouch, Pouch
from gateway.sandbox.books import Answer
from tests.sandbox.material import LATER, NOW, File, Seen, bank, drop, open_bank
from tests.sandbox.test_edge import KEY, Tape, fill
from tests.transport.keys import certificate, cms, pgp, pgp_key, rsa

CONTENT = b"<Document>" + b"x" * 70_000 + b"</Document>"
PGP = PgpPouch(key=str(pgp_key("bank")).encode(), peer=str(certificate("gateway")).encode())
CMS = CmsPouch(key=rsa("bank")[0], certificate=rsa("bank")[1], peer=rsa("gateway")[1])
kinds = pytest.mark.parametrize(
    ("pouch", "ours"), [(PGP, pgp("gateway", "bank")), (CMS, cms("gateway", "bank"))], ids=["pgp", "cms"]
)
STRANGERS = (pgp("stranger", "bank"), cms("stranger", "bank"))


@kinds
@pytest.mark.parametrize("content", [CONTENT, b"", b"\r\n\0"], ids=["document", "nothing", "bytes"])
def test_gateway_and_bank_open_each_others_envelopes(pouch: Pouch, ours: Wrapping, content: bytes) -> None:
    assert pouch.opened(ours.wrap(content, NOW)) == content
    assert ours.unwrap(pouch.closed(content), NOW) == content


@kinds
def test_a_bank_opens_nothing_else(pouch: Pouch, ours: Wrapping) -> None:
    wire = ours.wrap(CONTENT, NOW)
    strangers = [stranger.wrap(CONTENT, NOW) for stranger in STRANGERS]
    for other in (b"", CONTENT, wire[:-1], wire[:300], *strangers, pouch.closed(CONTENT)):
        with pytest.raises(ValueError, match=r"\w"):
            pouch.opened(other)


def test_a_bank_opens_nothing_that_is_signed_and_not_encrypted() -> None:
    with pytest.raises(ValueError, match="not encrypted"):
        PGP.opened(pysequoia.sign(pgp_key("gateway").signer(), CONTENT, armor=False))


def _worked(root: Path, content: bytes, pouch: Pouch | None) -> tuple[list[Answer], list[dict[str, object]]]:
    open_bank(root).close()
    here = FileBank(bank(), root, pouch)
    drop(root, "alfa", "a.xml", content)
    assert here.collect(NOW)
    said, booked = here.books.due(LATER, 100), list(here.books.export())
    here.close()
    return said, booked


@kinds
def test_what_is_in_the_envelope_is_booked_as_if_it_had_come_without(
    tmp_path: Path, pouch: Pouch, ours: Wrapping
) -> None:
    plain = _worked(tmp_path / "plain", File().bytes(), None)
    wrapped = _worked(tmp_path / "wrapped", ours.wrap(File().bytes(), NOW), pouch)
    assert plain == wrapped
    assert (tmp_path / "wrapped" / "alfa" / "opened" / "a.xml").read_bytes() == File().bytes()


@kinds
def test_what_comes_in_plain_or_from_a_stranger_is_not_booked(tmp_path: Path, pouch: Pouch, ours: Wrapping) -> None:
    del ours
    strangers = [stranger.wrap(File().bytes(), NOW) for stranger in STRANGERS]
    for number, content in enumerate((File().bytes(), *strangers)):
        said, booked = _worked(tmp_path / str(number), content, pouch)
        assert booked == []
        assert [Seen(answer.content).one("GrpSts") for answer in said] == ["RJCT"]


async def test_a_bank_with_a_mailbox_leaves_files_and_publishes_nothing(tmp_path: Path) -> None:
    books, tape = Books(tmp_path / "alfa" / "books.sqlite"), Tape()
    fill(books, b"one", b"two", b"one")
    folder, outbox = tmp_path / "alfa" / "out", tmp_path / "inbound"
    edge = Edge(key=KEY, root=tmp_path, publisher=tape, outbox=outbox, mailboxes={"alfa": Mailbox(folder)})
    assert not edge.waiting()
    assert await edge.deliver("alfa", books, NOW)
    assert not await edge.deliver("alfa", books, NOW)
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert left == {"M0.1.xml": b"one", "M1.1.xml": b"two", "M0.2.xml": b"one"}
    assert tape.kept == []
    assert {path.read_bytes() for path in (outbox / "alfa").iterdir()} == {b"one", b"two"}
    assert edge.waiting()
    for name in left:
        (folder / name).rename(folder / f".{name}")
    assert not edge.waiting()


@kinds
async def test_a_bank_with_an_envelope_leaves_its_messages_in_it(tmp_path: Path, pouch: Pouch, ours: Wrapping) -> None:
    books = Books(tmp_path / "alfa" / "books.sqlite")
    fill(books, CONTENT)
    mailboxes = {"alfa": Mailbox(tmp_path / "alfa" / "out", pouch)}
    edge = Edge(key=KEY, root=tmp_path, publisher=Tape(), outbox=tmp_path / "inbound", mailboxes=mailboxes)
    await edge.deliver("alfa", books, NOW)
    (left,) = (tmp_path / "alfa" / "out").iterdir()
    assert ours.unwrap(left.read_bytes(), NOW) == CONTENT
    (kept,) = (tmp_path / "inbound" / "alfa").iterdir()
    assert kept.read_bytes() == CONTENT
