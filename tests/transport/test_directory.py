"""Sending by folder: whole files under final names only, and answers that are true."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest

from gateway.domain.errors import BankUnreachable, ConfigError
from gateway.ports.transport import Arrival, Sent
from gateway.transport import directory
from gateway.transport.directory import DirectoryTransport
from gateway.transport.files import Content
from tests.transport.clocks import StillClock
from tests.transport.conftest import CONTENT, NAME, PIECES, hidden, visible, wire

LATER = 200.0
"""A deadline after the still clock's moment."""


async def test_a_file_appears_whole_under_its_name(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire())
    assert hidden(folder) == [f".{NAME}.1.tmp"]
    assert (folder / "in" / f".{NAME}.1.tmp").stat().st_size == 0
    answer = await transport.send(wire(), PIECES, LATER)
    assert answer.sent is Sent.SENT
    assert answer.evidence == {"file": NAME, "sha256": wire().sha256}
    assert (folder / "in" / NAME).read_bytes() == CONTENT
    assert hidden(folder) == []


async def test_the_boundaries_of_a_try(folder: Path, clock: StillClock) -> None:
    crossed: list[tuple[str, list[str]]] = []
    watched = DirectoryTransport("alfa", folder, clock, boundary=lambda name: crossed.append((name, visible(folder))))
    await watched.prepare(wire())
    assert crossed == []
    await watched.send(wire(), PIECES, LATER)
    assert crossed == [("wire", []), ("wire", []), ("rename", []), ("rename", [NAME])]
    await watched.close()


async def test_without_its_mark_nothing_is_sent(transport: DirectoryTransport, folder: Path) -> None:
    assert (await transport.send(wire(), PIECES, LATER)).sent is Sent.NOT_SENT
    assert visible(folder) == hidden(folder) == []


async def test_a_discarded_mark_is_gone_and_discarding_repeats(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire())
    await transport.discard(wire())
    await transport.discard(wire())
    assert hidden(folder) == []


async def test_a_mark_left_by_an_uncommitted_intent_is_taken_over(transport: DirectoryTransport) -> None:
    await transport.prepare(wire())
    await transport.prepare(wire())
    assert (await transport.send(wire(), PIECES, LATER)).sent is Sent.SENT


async def test_a_mark_that_somebody_writes_to_is_not_taken_over(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire())
    (folder / "in" / f".{NAME}.1.tmp").write_bytes(b"<Doc")
    with pytest.raises(BankUnreachable, match="File exists"):
        await transport.prepare(wire())


async def test_the_deadline_is_looked_at_after_the_writing(folder: Path, clock: StillClock) -> None:
    def slow_bytes() -> Iterator[bytes]:
        yield PIECES[0]
        clock.moment = LATER
        yield from PIECES[1:]

    transport = DirectoryTransport("alfa", folder, clock)
    await transport.prepare(wire())
    assert (await transport.send(wire(), slow_bytes(), LATER)).sent is Sent.NOT_SENT
    assert visible(folder) == []
    await transport.close()


@pytest.mark.parametrize("pieces", [PIECES[:-1], [*PIECES, b" "], [b"y" * len(CONTENT)], []])
async def test_other_bytes_than_those_sealed_never_go_out(
    transport: DirectoryTransport, folder: Path, pieces: list[bytes]
) -> None:
    await transport.prepare(wire())
    answer = await transport.send(wire(), pieces, LATER)
    assert (answer.sent, answer.evidence["cause"]) == (
        Sent.NOT_SENT,
        "the bytes written are not those that were sealed",
    )
    assert visible(folder) == []


async def test_bytes_that_cannot_be_had_are_not_sent_and_not_told(transport: DirectoryTransport, folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield PIECES[0]
        raise ValueError("Maria Muster, DE02120300000000202051")

    await transport.prepare(wire())
    answer = await transport.send(wire(), broken(), LATER)
    assert (answer.sent, answer.evidence) == (Sent.NOT_SENT, {"cause": "ValueError"})
    assert visible(folder) == []


async def test_the_same_file_already_there_is_sent(transport: DirectoryTransport, folder: Path) -> None:
    (folder / "in" / NAME).write_bytes(CONTENT)
    await transport.prepare(wire())
    answer = await transport.send(wire(), PIECES, LATER)
    assert (answer.sent, answer.evidence["was"]) == (Sent.SENT, "already there")
    assert hidden(folder) == []


async def test_another_file_of_that_name_is_never_overwritten(transport: DirectoryTransport, folder: Path) -> None:
    (folder / "in" / NAME).write_bytes(b"another")
    await transport.prepare(wire())
    answer = await transport.send(wire(), PIECES, LATER)
    assert answer.sent is Sent.UNKNOWN
    # sha256sum of the seven letters
    other = "ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5"
    assert answer.evidence == {"cause": "the final name is taken", "final name": f"7 bytes, sha256 {other}"}
    assert (folder / "in" / NAME).read_bytes() == b"another"
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_TELL


def test_a_full_disk_is_not_sent(folder: Path) -> None:
    """RLIMIT_FSIZE stands for the full disk: write(2) fails in the middle with EFBIG."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.transport.sender", str(folder), "SIGKILL", "99", "60"],
        capture_output=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert b'"sent": "not sent", "cause": "File too large"' in told.stdout
    assert visible(folder) == []
    assert [path.stat().st_size for path in (folder / "in").iterdir()] == [0]


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system of its own needs root: ENOSPC is not tried")
def test_a_file_system_without_room_is_not_sent(folder: Path) -> None:
    script = 'mount -t tmpfs -o size=64k none "$1/in" && exec "$2" -m tests.transport.sender "$1" SIGKILL 99 60'
    told = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(folder), sys.executable], capture_output=True, check=True
    )
    assert b'"sent": "not sent", "cause": "No space left on device"' in told.stdout


async def test_a_folder_that_is_gone_is_unreachable(transport: DirectoryTransport, folder: Path) -> None:
    await transport.probe()
    await transport.prepare(wire())
    (folder / "in").rename(folder / "elsewhere")
    for attempt in (transport.probe(), transport.prepare(wire(2)), transport.discard(wire())):
        with pytest.raises(BankUnreachable, match="No such file"):
            await attempt
    assert (await transport.send(wire(), PIECES, LATER)).sent is Sent.NOT_SENT
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_TELL


@pytest.mark.parametrize(
    "name", ["../x.xml", "a/b.xml", ".hidden", "", "x" * 201, "\N{DEGREE SIGN}", "a*", "a?", "a[b]"]
)
async def test_a_name_that_is_no_plain_file_name_is_refused(transport: DirectoryTransport, name: str) -> None:
    with pytest.raises(ConfigError):
        await transport.prepare(wire(name=name))


async def test_the_proofs_of_a_file_whose_name_goes_on_are_its_own(transport: DirectoryTransport, folder: Path) -> None:
    longer = wire(1, name="a.xml.2")
    await transport.prepare(longer)
    assert (await transport.inquire(longer, [1])).arrival is Arrival.CANNOT_ARRIVE
    for name in ("a", "a.xml"):
        await transport.prepare(wire(9, name=name))
    assert ".a.xml.2.1.void" in hidden(folder)


async def test_what_the_bank_has_collected_nobody_can_tell(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire())
    await transport.send(wire(), PIECES, LATER)
    (folder / "in" / NAME).unlink()
    finding = await transport.inquire(wire(), [1])
    assert finding.arrival is Arrival.CANNOT_TELL
    assert finding.evidence == {"intent 1": "gone", "final name": "not there"}


async def test_a_withdrawn_mark_proves_it_and_stops_the_sender(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire())
    finding = await transport.inquire(wire(), [1])
    assert finding.arrival is Arrival.CANNOT_ARRIVE
    assert finding.evidence == {"intent 1": "withdrawn", "final name": "not there"}
    assert (await transport.send(wire(), PIECES, LATER)).sent is Sent.NOT_SENT
    assert visible(folder) == []


async def test_a_sender_overtaken_between_two_pieces_says_not_sent(transport: DirectoryTransport, folder: Path) -> None:
    def overtaken() -> Iterator[bytes]:
        yield PIECES[0]
        assert transport._inquire(wire(), [1]).arrival is Arrival.CANNOT_ARRIVE
        transport._prepare(wire(2))
        yield from PIECES[1:]

    await transport.prepare(wire())
    assert (await transport.send(wire(), overtaken(), LATER)).sent is Sent.NOT_SENT
    assert (visible(folder), hidden(folder)) == ([], [f".{NAME}.2.tmp"])


@pytest.mark.parametrize(("renamed", "sent"), [(False, Sent.NOT_SENT), (True, Sent.UNKNOWN)])
async def test_a_rename_that_fails_is_believed_only_with_proof(
    transport: DirectoryTransport, monkeypatch: pytest.MonkeyPatch, *, renamed: bool, sent: Sent
) -> None:
    """As over a network: the error says nothing about what the server did."""

    def failing(source: Path, target: Path) -> None:
        if target.name != NAME or renamed:
            source.rename(target)
        if target.name == NAME:
            raise OSError(errno.EIO, "Input/output error")

    await transport.prepare(wire())
    monkeypatch.setattr(directory, "rename_new", failing)
    assert (await transport.send(wire(), PIECES, LATER)).sent is sent


async def test_a_rename_that_may_not_last_is_unknown(
    transport: DirectoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    await transport.prepare(wire())
    monkeypatch.setattr(directory, "sync_folder", failing)
    assert (await transport.send(wire(), PIECES, LATER)).sent is Sent.UNKNOWN


async def test_the_next_intent_clears_old_proofs_and_arrives(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire(1))
    await transport.inquire(wire(1), [1])
    assert hidden(folder) == [f".{NAME}.1.void"]
    await transport.prepare(wire(2))
    assert hidden(folder) == [f".{NAME}.2.tmp"]
    assert (await transport.send(wire(2), PIECES, LATER)).sent is Sent.SENT


async def test_a_worker_that_thaws_leaves_the_proof_of_a_later_intent(
    transport: DirectoryTransport, folder: Path
) -> None:
    """Its claim has ended; whoever inquired about the later intent may have died before it was committed."""
    await transport.prepare(wire(intent=2))
    await transport.inquire(wire(intent=2), [2])
    await transport.prepare(wire(intent=1))
    await transport.discard(wire(intent=1))
    assert (await transport.inquire(wire(intent=2), [2])).arrival is Arrival.CANNOT_ARRIVE


async def test_proofs_of_another_file_stay(transport: DirectoryTransport, folder: Path) -> None:
    await transport.prepare(wire(1))
    await transport.inquire(wire(1), [1])
    await transport.prepare(wire(1, name="G1ALFA260921S00002.pain001.xml"))
    assert f".{NAME}.1.void" in hidden(folder)


async def test_a_try_that_gave_up_leaves_its_proof_for_a_worker_that_died(
    transport: DirectoryTransport,
) -> None:
    await transport.prepare(wire())
    assert (await transport.send(wire(), [], LATER)).sent is Sent.NOT_SENT
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_ARRIVE


async def test_the_final_name_is_looked_at_only_after_every_mark_is_gone(
    transport: DirectoryTransport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other order would miss a rename in between."""
    seen: list[list[str]] = []
    look = directory._look

    def watching(path: Path) -> Content | str | None:
        seen.append(hidden(folder))
        return look(path)

    await transport.prepare(wire(1))
    await transport.prepare(wire(2))
    monkeypatch.setattr(directory, "_look", watching)
    await transport.inquire(wire(2), [1, 2])
    assert seen == [[f".{NAME}.1.void", f".{NAME}.2.void"]]


async def test_names_and_bytes_are_made_to_last(
    transport: DirectoryTransport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    async def made_to_last(step: Awaitable[object]) -> list[str]:
        synced.clear()
        await step
        return list(synced)

    monkeypatch.setattr(os, "fsync", noting)
    mark = f".{NAME}.1.tmp"
    assert await made_to_last(transport.prepare(wire())) == [mark, "in"]
    assert await made_to_last(transport.send(wire(), PIECES, LATER)) == [mark, "in"]
    await transport.prepare(wire(2))
    assert await made_to_last(transport.inquire(wire(2), [2])) == ["in"]
    assert await made_to_last(transport.discard(wire(2))) == ["in"]
