"""What only SFTP has: keys, a kept connection, servers that rename in two steps or let nobody read."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.domain.errors import BankUnreachable, ConfigError
from gateway.ports.transport import Arrival, Sent
from gateway.transport.sftp import SftpTransport
from gateway.transport.sftp_line import REST_SECONDS
from tests.transport.behaviour import harness_sftp
from tests.transport.behaviour.harness import Fault
from tests.transport.behaviour.harness_sftp import FaultyFolder, SshBank, key
from tests.transport.behaviour.worker import LATER, tried
from tests.transport.clocks import StillClock
from tests.transport.conftest import NAME, wire

MARK = f".{NAME}.1.tmp"
BEFORE_RENAME = ["mark", "sync", "open", "write", "sync", "size", "read back"]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[SshBank]:
    with harness_sftp.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
async def transport(bank: SshBank) -> AsyncIterator[SftpTransport]:
    async with working(bank) as opened:
        yield opened


@asynccontextmanager
async def working(bank: SshBank, **access: Any) -> AsyncIterator[SftpTransport]:
    transport = bank.transport(StillClock(), access=bank.access(**access))
    try:
        yield transport
    finally:
        await transport.close()


async def test_a_try_asks_for_this_and_nothing_else(bank: SshBank, transport: SftpTransport) -> None:
    """Written, made to last, its size looked at, read back; then one rename, of which the server says nothing more."""
    assert (await tried(bank, transport)).evidence == {"file": NAME, "sha256": wire().sha256}
    passed = [stage for number, stage in enumerate(bank.plan.passed) if bank.plan.passed[:number][-1:] != [stage]]
    assert [stage for stage in passed if stage != "look"] == [*BEFORE_RENAME, "rename"]
    assert bank.drop.hidden() == []


async def test_the_boundaries_of_a_try(bank: SshBank) -> None:
    crossed: list[tuple[str, int]] = []
    watched = bank.transport(StillClock(), lambda name: crossed.append((name, len(bank.held()))))
    await watched.prepare(wire())
    assert crossed == []
    await watched.send(wire(), [bank.content], LATER)
    assert crossed == [("wire", 0), ("wire", 0), ("rename", 0), ("rename", 1)]
    await watched.close()


@pytest.mark.parametrize("way", [0, 1])
async def test_cut_at_any_byte_of_either_direction(bank: SshBank, way: int) -> None:
    """From the first byte of the connection to the last of the rename's answer."""
    async with working(bank) as worker:
        await tried(bank, worker)
    whole, intent = (bank.proxy.to_bank, bank.proxy.to_us)[way], 1
    (bank.drop.out.parent / "in" / NAME).unlink()
    for part in (*range(0, 100, 10), 96, 97, 98, 99):
        so_far = (bank.proxy.to_bank, bank.proxy.to_us)[way] + whole * part // 100
        bank.network(lambda proxy, at=so_far: proxy.cut_after(way, at))  # type: ignore[misc]
        intent += 1
        async with working(bank) as worker:
            answer = await tried(bank, worker, intent)
        bank.heal()
        held = bank.held()
        assert held == ([bank.content] if answer.sent is Sent.SENT else []) or answer.sent is Sent.UNKNOWN, part
        if answer.sent is Sent.UNKNOWN:
            async with working(bank) as other:
                finding = await other.inquire(wire(intent), [intent])
            assert finding.arrival is (Arrival.ARRIVED if held else Arrival.CANNOT_ARRIVE), part
            assert bank.held() == held
        for path in (bank.drop.out.parent / "in").glob("G1*"):
            path.unlink()


async def test_a_line_that_only_drips_is_given_up_at_the_deadline(bank: SshBank) -> None:
    clock = StillClock()

    def dripping() -> Iterator[bytes]:
        for start in range(0, len(bank.content), 20_000):
            clock.moment += 30
            yield bank.content[start : start + 20_000]

    transport = bank.transport(clock)
    await transport.prepare(wire())
    answer = await transport.send(wire(), dripping(), LATER)
    assert (answer.sent, answer.evidence) == (Sent.NOT_SENT, {"cause": "the deadline passed before the rename"})
    assert bank.plan.passed.count("rename") == 0
    await transport.close()


@pytest.mark.parametrize("stage", ["open", "write", "read back"])
async def test_a_bank_that_keeps_us_waiting_past_the_deadline_has_failed(bank: SshBank, stage: str) -> None:
    bank.go_wrong(stage, Fault.STALLED)
    async with working(bank) as worker:
        answer = await tried(bank, worker, deadline=StillClock().moment + 0.2)
    assert (answer.sent, answer.unreachable, bank.held()) == (Sent.NOT_SENT, True, [])
    assert answer.evidence == {"cause": "the bank was too slow: the deadline passed before the rename"}


async def test_a_slow_line_delivers_all_the_same(bank: SshBank, transport: SftpTransport) -> None:
    bank.network(lambda proxy: setattr(proxy, "pause_seconds", 0.01))
    assert (await tried(bank, transport)).sent is Sent.SENT
    assert bank.held() == [bank.content]


async def test_the_evidence_of_another_host_key_is_its_fingerprint(bank: SshBank) -> None:
    bank.other_identity()
    async with working(bank) as stranger:
        with pytest.raises(BankUnreachable, match="the host key is not a pinned one: SHA256:"):
            await stranger.prepare(wire())
        answer = await stranger.send(wire(), [bank.content], LATER)
    assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)
    assert key("somebody else").get_fingerprint() in answer.evidence["cause"]


async def test_a_host_key_of_another_algorithm_is_another_key(bank: SshBank) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key()
    bank.secrets["theirs"] = other
    async with working(bank) as worker:
        with pytest.raises(BankUnreachable, match="the host key is not a pinned one"):
            await worker.probe()


async def test_any_of_several_pinned_keys_will_do(bank: SshBank) -> None:
    """A bank that announces its next key: both are pinned while it changes."""
    bank.secrets["theirs"] = key("somebody else").export_public_key() + bank.secrets["theirs"]
    async with working(bank) as worker:
        await worker.probe()


async def test_a_bank_that_does_not_know_our_key_is_unreachable(bank: SshBank) -> None:
    bank.secrets["ours"] = key("nobody's").export_private_key()
    async with working(bank) as worker:
        with pytest.raises(BankUnreachable, match="does not accept our key"):
            await worker.probe()
        answer = await worker.send(wire(), [bank.content], LATER)
        assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)


async def test_secrets_that_are_no_keys_are_named_not_told(bank: SshBank) -> None:
    bank.secrets["ours"] = b"hunter2"
    async with working(bank) as worker:
        with pytest.raises(ConfigError, match="secrets theirs, ours: no SSH keys") as refused:
            worker.check()
        with pytest.raises(BankUnreachable, match="secrets theirs, ours: no SSH keys"):  # it ends no process
            await worker.probe()
    assert "hunter2" not in str(refused.value)


async def test_one_connection_is_kept_and_made_again(bank: SshBank) -> None:
    clock = StillClock()
    transport = bank.transport(clock)
    await asyncio.gather(*(transport.probe() for _ in range(5)))
    assert (await tried(bank, transport)).sent is Sent.SENT
    assert bank.proxy.connections == 1
    bank.network(lambda proxy: proxy.cut_all())
    clock.moment += REST_SECONDS
    await transport.prepare(wire(2))
    assert bank.proxy.connections == 2
    await transport.close()


async def test_a_line_that_died_while_nobody_looked_fails_no_try(bank: SshBank) -> None:
    """A bank that forgets idle connections answers nothing on them any more: that is found out before the try."""
    clock = StillClock()
    bank.hurry()
    transport = bank.transport(clock)
    await transport.probe()
    bank.network(lambda proxy: proxy.stall_all())
    clock.moment += REST_SECONDS
    assert (await tried(bank, transport)).sent is Sent.SENT
    await transport.close()


async def test_connecting_is_tried_three_times(bank: SshBank) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    transport = bank.transport(StillClock(), sleep=nap)
    bank.down()
    with pytest.raises(BankUnreachable, match="not connected"):
        await transport.probe()
    assert naps == [0.2, 0.4]
    await transport.close()


async def test_a_mark_is_asked_for_once(bank: SshBank) -> None:
    """A request that is repeated might be carried out after the rename, and prove a falsehood then (adr/0002)."""
    bank.hurry()
    bank.go_wrong("mark", Fault.SWALLOWED)
    async with working(bank) as worker:
        with pytest.raises(BankUnreachable):
            await worker.prepare(wire())
    assert bank.plan.passed.count("mark") == 1


async def test_the_next_intent_clears_earlier_marks_of_its_file_only(bank: SshBank, transport: SftpTransport) -> None:
    other = wire(1, name="G1ALFA260921S00002.pain001.xml")
    for one in (wire(1), other):
        await transport.prepare(one)
        await transport.inquire(one, [1])
    await transport.prepare(wire(3))
    await transport.prepare(wire(2))
    assert bank.drop.hidden() == [f".{NAME}.2.tmp", f".{NAME}.3.tmp", f".{other.name}.1.void"]


async def test_a_withdrawn_file_keeps_no_payment(bank: SshBank, transport: SftpTransport) -> None:
    await transport.prepare(wire())
    assert (await transport.send(wire(), [bank.content, b"?"], LATER)).sent is Sent.NOT_SENT
    assert bank.drop.hidden() == [f".{NAME}.1.void"]
    assert (bank.drop.out.parent / "in" / f".{NAME}.1.void").stat().st_size == 0


@pytest.mark.parametrize("written", [True, False])
async def test_a_server_of_two_steps_proves_nothing_of_a_whole_file(bank: SshBank, *, written: bool) -> None:
    """As OpenSSH: stopped between its two steps it shows both names, and the bank may have collected one of them."""
    folder = bank.drop.out.parent / "in"
    (folder / MARK).write_bytes(bank.content if written else bank.content[:-1])
    if written:
        os.link(folder / MARK, folder / NAME)
        bank.collect()
    async with working(bank, rename_is_atomic=False) as worker:
        for _ in range(2):
            finding = await worker.inquire(wire(), [1])
            assert finding.arrival is (Arrival.CANNOT_TELL if written else Arrival.CANNOT_ARRIVE)
    assert bank.held() == ([bank.content] if written else [])


async def test_a_rename_that_was_asked_for_is_unknown_whatever_comes_of_it(
    bank: SshBank, transport: SftpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = asyncssh.SFTPClient.rename

    async def then_stumble(self: asyncssh.SFTPClient, old: str, new: str) -> None:
        await renamed(self, old, new)
        if str(new).endswith(NAME):
            raise ValueError

    monkeypatch.setattr(asyncssh.SFTPClient, "rename", then_stumble)
    assert (await tried(bank, transport)).sent is Sent.UNKNOWN
    assert bank.held() == [bank.content]


async def test_overtaken_between_the_two_steps_of_a_rename_is_unknown(
    bank: SshBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank has taken the file by its new name, an inquiry the old one: so the server finds nothing to remove."""
    renamed = FaultyFolder.rename

    async def in_two_steps(self: FaultyFolder, oldpath: bytes, newpath: bytes) -> None:
        if newpath.endswith(b".void"):
            return await renamed(self, oldpath, newpath)
        bank.put(bank.content)
        bank.collect()
        (bank.drop.out.parent / "in" / MARK).rename(bank.drop.out.parent / "in" / f".{NAME}.1.void")
        raise asyncssh.SFTPNoSuchFile("no such file")

    monkeypatch.setattr(FaultyFolder, "rename", in_two_steps)
    async with working(bank, rename_is_atomic=False) as worker:
        assert (await tried(bank, worker)).sent is Sent.UNKNOWN
    assert bank.held() == [bank.content]


@pytest.mark.parametrize(
    ("fault", "sent"), [(None, Sent.SENT), (Fault.TRUNCATED, Sent.NOT_SENT), (Fault.CUT_AFTER, Sent.UNKNOWN)]
)
async def test_where_nobody_may_read_the_size_must_do(
    bank: SshBank, monkeypatch: pytest.MonkeyPatch, fault: Fault | None, sent: Sent
) -> None:
    opened = FaultyFolder.open

    async def write_only(self: FaultyFolder, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & asyncssh.FXF_READ:
            raise asyncssh.SFTPPermissionDenied("a letter box")
        return await opened(self, path, pflags, attrs)

    monkeypatch.setattr(FaultyFolder, "open", write_only)
    if fault is not None:
        bank.go_wrong("rename" if fault is Fault.CUT_AFTER else "write", fault)
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is sent
        if sent is not Sent.NOT_SENT:
            finding = await worker.inquire(wire(), [1])
            assert finding.arrival is Arrival.ARRIVED
            assert finding.evidence["final name"] == f"{len(bank.content)} bytes, sha256 not readable"
    assert bank.held() == ([] if sent is Sent.NOT_SENT else [bank.content])


async def test_a_server_that_keeps_other_bytes_is_found_out(bank: SshBank, monkeypatch: pytest.MonkeyPatch) -> None:
    written = FaultyFolder.write

    async def garbled(self: FaultyFolder, file_obj: object, offset: int, data: bytes) -> Any:
        return await written(self, file_obj, offset, data.replace(b"x", b"y"))

    monkeypatch.setattr(FaultyFolder, "write", garbled)
    async with working(bank) as worker:
        answer = await tried(bank, worker)
    assert answer.evidence == {"cause": "the bank gives back other bytes than it was given"}
    assert (answer.sent, bank.held()) == (Sent.NOT_SENT, [])


async def test_bytes_that_cannot_be_had_are_not_sent_and_not_told(bank: SshBank, transport: SftpTransport) -> None:
    def broken() -> Iterator[bytes]:
        yield bank.content[:10]
        raise ValueError("Maria Muster, DE02120300000000202051")

    await transport.prepare(wire())
    answer = await transport.send(wire(), broken(), LATER)
    assert (answer.sent, answer.evidence) == (Sent.NOT_SENT, {"cause": "ValueError"})


@pytest.mark.parametrize("name", ["../x.xml", "a/b.xml", ".hidden", "", "x" * 201, "\N{DEGREE SIGN}"])
async def test_a_name_that_is_no_plain_file_name_is_refused(transport: SftpTransport, name: str) -> None:
    with pytest.raises(ConfigError):
        await transport.prepare(wire(name=name))


async def test_a_name_that_is_not_utf_8_is_a_name_like_any_other(bank: SshBank, transport: SftpTransport) -> None:
    """Whoever may leave files for us could stop us from hearing the bank, and end the line under a rename."""
    bank.drop.leave(os.fsdecode(b"devoluci\xf3n.xml"), b"strange")
    bank.drop.leave("plain.xml", b"plain")
    bank.drop.put(os.fsdecode(b"\xf3"), b"theirs")
    assert {delivery.content async for delivery in transport.collect()} == {b"plain", b"strange"}
    assert (await tried(bank, transport)).sent is Sent.SENT
    for name in [delivery.name async for delivery in transport.collect()]:
        await transport.acknowledge(name)
    assert [delivery async for delivery in transport.collect()] == []


async def test_closing_does_not_wait_for_a_bank_that_hangs(bank: SshBank) -> None:
    async with working(bank) as worker:
        bank.network(lambda proxy: proxy.stall_all())
        probing = asyncio.create_task(worker.probe())
        await asyncio.sleep(0)
        await worker.close()
        with pytest.raises(BankUnreachable):
            await probing
