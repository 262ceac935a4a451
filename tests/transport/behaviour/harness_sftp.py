"""A bank with an SSH server under test: the sandbox's own door, with faults at every request, behind the proxy."""

import asyncio
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

import asyncssh

from bank_adapters.profile import SftpTransport as SftpAccess
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Beside
from gateway.sandbox.ssh import BankFolder, SshAccess, SshDoor
from gateway.transport.sftp import SftpTransport
from tests.transport.behaviour.drop import FileBank
from tests.transport.behaviour.elsewhere import Elsewhere, elsewhere
from tests.transport.behaviour.harness import Fault, Kind
from tests.transport.behaviour.plan import Plan
from tests.transport.behaviour.proxy import Proxy
from tests.transport.clocks import StillClock
from tests.transport.conftest import CONTROL

QUIET_SECONDS, PATIENT_SECONDS = 0.25, 5


@cache
def key(name: str) -> asyncssh.SSHKey:
    """One key pair a name and test run."""
    return asyncssh.generate_private_key("ssh-ed25519", comment=name)


class FaultyFolder(BankFolder):
    """Serves the folder, but for what the plan says."""

    def __init__(
        self, channel: asyncssh.SSHServerChannel[bytes], folder: Path, plan: Plan, proxy: Proxy, files: ExitStack
    ) -> None:
        super().__init__(channel, chroot=os.fsencode(folder))
        self._files = files
        self._plan = plan
        self._proxy = proxy
        self._kept: int | None = None

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & asyncssh.FXF_EXCL:
            return await self._at("mark", self._opened, path, pflags, attrs)
        return await self._at("open" if path.endswith(b".tmp") else "read", self._opened, path, pflags, attrs)

    def _opened(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        # asyncssh leaves a file open whose connection is cut off while a request for it is served.
        return self._files.enter_context(closing(cast("IO[bytes]", super().open(path, pflags, attrs))))

    async def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        kept = len(data) if self._kept is None else max(0, self._kept - offset)
        if kept < len(data):
            return await _done(super().write, file_obj, offset, data[:kept])
        return await self._at("write", super().write, file_obj, offset, data)

    async def fsync(self, file_obj: object) -> None:
        await self._at("sync", super().fsync, file_obj)

    async def lstat(self, path: bytes) -> Any:
        return await self._at("size" if path.endswith(b".tmp") else "look", super().lstat, path)

    async def read(self, file_obj: object, offset: int, size: int) -> Any:
        return await self._at("read back", super().read, file_obj, offset, size)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:  # type: ignore[override]
        stages = {b".void": "withdraw", b".ok": "control"}
        await self._at(
            stages.get(Path(os.fsdecode(newpath)).suffix.encode(), "rename"), super().rename, oldpath, newpath
        )

    async def _at(self, stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        self._plan.passed.append(stage)
        fault = self._plan.take(stage)
        if fault is None:
            return await _done(work, *arguments)
        if fault in {Fault.REFUSED, Fault.NO_SPACE, Fault.CUT_BEFORE}:
            if fault is Fault.CUT_BEFORE:
                self._proxy.cut_all()
            raise asyncssh.SFTPFailure("no space left" if fault is Fault.NO_SPACE else "refused")
        if fault is Fault.TRUNCATED:
            file_obj, offset, data = arguments
            self._kept = offset + len(data) // 2  # and of this file nothing beyond it
            return await _done(work, file_obj, offset, data[: len(data) // 2])
        if fault is Fault.STALLED:
            self._proxy.stall_all()
            await asyncio.get_running_loop().run_in_executor(None, self._plan.healed.wait)
        done = await _done(work, *arguments)
        if fault is Fault.LIED:
            if stage == "mark":
                done.close()
            raise asyncssh.SFTPFailure("refused")
        if fault is Fault.CUT_AFTER:
            self._proxy.cut_all()
        if fault is Fault.SWALLOWED:
            self._proxy.swallow_all()
        return done


async def _done(work: Callable[..., Any], *arguments: Any) -> Any:
    result = work(*arguments)
    return await result if inspect.isawaitable(result) else result


class FaultyDoor(SshDoor):
    """The sandbox's door, with a folder that misbehaves."""

    def __init__(self, folder: Path, host_key: str, serve: Callable[[Any], FaultyFolder]) -> None:
        host, own = key(host_key).export_private_key(), key("ours").export_public_key()
        super().__init__(folder, SshAccess(username="gateway", host_key=host, authorized_keys=own))
        self._serve = serve

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def served(self, channel: asyncssh.SSHServerChannel[bytes]) -> BankFolder:
        return self._serve(channel)


class SshBank(FileBank):
    """A bank with an SSH server."""

    def __init__(self, folder: Path, place: Elsewhere, control: Beside | None = None) -> None:
        super().__init__(folder, control)
        self._place = place
        self._quiet: float = PATIENT_SECONDS
        self.files = ExitStack()
        self.proxy = Proxy(0)
        self._doors = {
            name: FaultyDoor(
                folder, name, lambda channel: FaultyFolder(channel, folder, self.plan, self.proxy, self.files)
            )
            for name in ("bank", "somebody else")
        }
        self.secrets = {"theirs": key("bank").export_public_key(), "ours": key("ours").export_private_key()}

    async def start(self) -> None:
        await self._doors["bank"].start()
        self.proxy.bank_port = self._doors["bank"].port
        await self.proxy.start()

    async def close(self) -> None:
        await self.proxy.close()
        for door in self._doors.values():
            await door.close()

    def network(self, change: Callable[[Proxy], None]) -> None:
        async def there() -> None:
            change(self.proxy)

        self._place.run(there())

    def access(self, **changes: Any) -> SftpAccess:
        access = SftpAccess(
            kind="sftp",
            host="127.0.0.1",
            port=self.proxy.port,
            username="gateway",
            private_key_secret="ours",
            host_keys_secret="theirs",
            rename_is_atomic=True,
        )
        limits, self._quiet = {"idle_seconds": self._quiet, "connect_seconds": PATIENT_SECONDS}, PATIENT_SECONDS
        return access.model_copy(update={**limits, **changes})

    def transport(
        self, clock: StillClock, boundary: Boundary = unbounded, *, access: SftpAccess | None = None, **more: Any
    ) -> SftpTransport:
        ways: dict[str, Any] = {"secret": self.secrets.__getitem__, "sleep": _at_once, "settled_seconds": 0, **more}
        return SftpTransport("alfa", access or self.access(), clock, boundary=boundary, **ways)

    def hurry(self) -> None:
        self._quiet = QUIET_SECONDS

    def down(self) -> None:
        def refuse(proxy: Proxy) -> None:
            proxy.refusing = True
            proxy.cut_all()

        self.network(refuse)

    def other_identity(self) -> None:
        other = self._doors["somebody else"]
        self._place.run(other.start())

        def turn(proxy: Proxy) -> None:
            proxy.bank_port = other.port
            proxy.cut_all()

        self.network(turn)

    def heal(self) -> None:
        self.plan.heal()

        def back(proxy: Proxy) -> None:
            proxy.bank_port = self._doors["bank"].port
            proxy.heal()

        self.network(back)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


@contextmanager
def opened(folder: Path, control: Beside | None = None) -> Iterator[SshBank]:
    with ExitStack() as files, elsewhere() as place:
        bank = SshBank(folder, place, control)
        files.enter_context(bank.files)
        place.run(bank.start())
        try:
            yield bank
        finally:
            bank.plan.heal()
            place.run(bank.close())


_LINE = (Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.SWALLOWED, Fault.STALLED)

KIND: Kind = Kind(
    name="sftp",
    opened=opened,
    faults={
        "mark": (Fault.REFUSED, Fault.LIED, Fault.NO_SPACE, *_LINE),
        "open": (Fault.REFUSED, *_LINE),
        "write": (Fault.REFUSED, Fault.NO_SPACE, Fault.TRUNCATED, *_LINE),
        "sync": (Fault.REFUSED, Fault.NO_SPACE, *_LINE),
        "size": (Fault.REFUSED, *_LINE),
        "read back": (Fault.REFUSED, *_LINE),
        "rename": (Fault.REFUSED, Fault.LIED, *_LINE),
    },
    certain=frozenset({"mark", "open", "write", "sync", "size", "read back"}),
    proves=True,
    network=True,
    boundaries=4,
    done=1,
    identity=True,
    inquiry_faults={
        "withdraw": (Fault.REFUSED, Fault.LIED, *_LINE),
        "look": (Fault.REFUSED, *_LINE),
    },
)

CONTROLLED: Kind = replace(
    KIND,
    name="sftp and control file",
    opened=lambda folder: opened(folder, CONTROL),
    faults={
        **dict.fromkeys(sorted(KIND.certain), (Fault.REFUSED, Fault.CUT_AFTER)),
        "rename": KIND.faults["rename"],
        "control": (Fault.REFUSED, Fault.LIED, *_LINE),
    },
    boundaries=8,
    done=3,
    controlled=True,
)
"""Faults strike the control file, which is written first; how each ends is told from the kind without one."""
