"""A bank that takes files over SFTP. The same equivalence as in a folder (adr/0002), with a server in between.

*The temporary name of an intent exists exactly as long as its file has neither been renamed to the final name nor been
withdrawn by us.* Two things are different over a network:

* A request whose answer is lost may still be carried out, even much later, when the server comes to it. So no request
  that changes anything is ever repeated, a mark is created once under a number that is never drawn again, and a rename
  that was not answered is UNKNOWN until an inquiry has withdrawn the temporary name: the server lets one of two renames
  win, and the late one finds nothing.
* A server may rename in two steps, as OpenSSH does: it links the new name, then removes the old. A server that stops
  in between shows both, and the temporary name proves nothing about a file that was wholly written. Unless the profile
  says `rename_is_atomic`, such a file is CANNOT TELL.

A control file goes as in a folder (adr/0013): ready before the file's rename, renamed after it, by the sender or an
inquiry. Its rename may come late too; then it finds nothing to rename.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace

import asyncssh
from asyncssh import SFTPError

from bank_adapters.profile import SftpTransport as SftpAccess
from gateway.domain.errors import BankUnreachable
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.clock import Clock
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire
from gateway.transport import sftp_files as files
from gateway.transport.files import Content
from gateway.transport.marks import (
    GONE,
    WITHDRAWN,
    GaveUpError,
    NameTakenError,
    control_of,
    intent_of,
    is_ours,
    not_sent,
    plain,
    putting,
    temporary_name,
    told,
    void_name,
)
from gateway.transport.retrying import Sleep
from gateway.transport.settling import SETTLED_SECONDS, Settling
from gateway.transport.sftp_control import Controls
from gateway.transport.sftp_line import BrokenLineError, LineError, Secret, Session, SftpLine
from gateway.transport.sftp_pickup import RemotePickup

_PERHAPS = "withdrawn, but wholly written before"
"""Evidence of an intent whose rename a server of two steps may have begun."""


@dataclass(slots=True)
class _Crossing:
    """One try on its way to the point of no return."""

    wire: Wire
    deadline: float
    begun: bool = False
    """The rename was asked for: from here on only its answer, or an inquiry, can tell."""


class SftpTransport:
    """One bank's SSH server: `folder_in` is what the bank collects, `folder_out` what it leaves for us.

    `secret` reads the keys that the profile names; `sleep` waits between tries to connect; `address` (host, port)
    replaces that of the profile. A file picked up is archived or removed;
    see `settling` for `settled_seconds`.
    """

    def __init__(
        self,
        bank: str,
        access: SftpAccess,
        clock: Clock,
        *,
        secret: Secret,
        sleep: Sleep,
        boundary: Boundary = unbounded,
        remove_picked_up: bool = False,
        settled_seconds: float = SETTLED_SECONDS,
        address: tuple[str, int] | None = None,
    ) -> None:
        self._bank = bank
        self._access = access
        self._clock = clock
        self._boundary = boundary
        self._controls = Controls(access.folder_in, clock, boundary)
        self._line = SftpLine(access, clock, secret=secret, sleep=sleep, address=address)
        settling = Settling(clock, settled_seconds)
        self._pickup = RemotePickup(self._line, access.folder_out, settling, boundary=boundary, remove=remove_picked_up)

    def check(self) -> None:
        """Read the keys that the profile names, before anything depends on them. Raises ConfigError."""
        self._line.check()

    async def prepare(self, wire: Wire) -> None:
        """Create the empty temporary name of this intent. Raises BankUnreachable.

        It is asked for once: were it asked for again, the first request might be carried out after the rename.
        """
        control = control_of(wire)
        async with self._reaching() as session:
            await self._clear(session, wire, control)
            if control is not None:
                await self._mark(session, control)
            await self._mark(session, wire)

    async def discard(self, wire: Wire) -> None:
        """Remove the temporary name of an intent that was not committed. Raises BankUnreachable."""
        async with self._reaching() as session:
            await files.remove(session, self._path(temporary_name(wire, wire.intent)))
            await self._controls.drop(session, control_of(wire), [wire.intent])

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Write, check, and rename before `deadline`; see the port."""
        crossing = _Crossing(wire=wire, deadline=deadline)
        try:
            async with self._line.session() as session:
                return await self._send(session, crossing, pieces)
        except Exception as error:  # noqa: BLE001 - whatever it was, what counts is whether the rename was asked for
            if crossing.begun:
                return _unknown(f"the rename was asked for, then {_cause(error)}", unreachable=True)
            return not_sent(_cause(error), unreachable=isinstance(error, LineError))

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Withdraw the temporary names of `intents`, then look at the final name; see the port."""
        # First make sure that nothing can appear any more, then look: the other order could miss a rename in between.
        proved: dict[int, str] = {}
        try:
            async with self._line.session() as session:
                for intent in intents:
                    proved[intent] = await self._withdraw(session, wire, intent)
                found = await self._look(session, wire)
                evidence = {**_proofs(proved), **told(found)}
                finding = Finding(arrival=_arrival(wire, proved, found), evidence=evidence)
                control = control_of(wire)
                if control is None:
                    return finding
                return await self._controls.completed(session, control, finding, proved, putting(wire, proved, found))
        except (LineError, SFTPError) as error:
            return Finding(arrival=Arrival.CANNOT_TELL, evidence={**_proofs(proved), "cause": _cause(error)})

    async def probe(self) -> None:
        """Connect and look at the folder. Raises BankUnreachable."""
        async with self._reaching() as session:
            await session.ask(session.sftp.stat(self._access.folder_in))

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        """Yield the whole files of the pick-up folder, oldest first. Raises BankUnreachable."""
        with self._told():
            places = await self._pickup.places()
        for name, stamp in places:
            if (name, stamp) in known:
                yield Delivery(name=name, content=b"", stamp=stamp, known=True)
                continue
            with self._told():
                delivery = await self._pickup.read(name)
            if delivery is not None:
                yield delivery

    async def acknowledge(self, name: str) -> None:
        """Archive or remove a delivery, unless the bank has changed it since it was read. Raises BankUnreachable."""
        with self._told():
            await self._pickup.put_away(name)

    async def close(self) -> None:
        """End the connection without waiting for a server that hangs."""
        await self._line.close()

    def _path(self, name: str) -> str:
        return f"{self._access.folder_in}/{name}"

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[Session]:
        with self._told():
            async with self._line.session() as session:
                yield session

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (LineError, SFTPError, GaveUpError) as error:
            raise BankUnreachable(f"bank {self._bank}: {_cause(error)}") from error

    async def _mark(self, session: Session, wire: Wire) -> None:
        mark = self._path(temporary_name(wire, wire.intent))
        try:
            await files.create_empty(session, mark)
        except SFTPError:
            # Left by a transaction of the same number that never committed; one that did has moved a byte.
            if await files.size_of(session, mark) != 0:
                raise

    async def _clear(self, session: Session, wire: Wire, control: Wire | None) -> None:
        """Remove marks of earlier intents of this file: what they prove is committed, or this one would not begin."""
        if wire.first:
            return  # a look at the whole folder less
        with suppress(SFTPError):  # a bank may not let us list; then they stay
            # Bytes: of a name that is not UTF-8 the library would make a broken line.
            for found in await session.ask(session.sftp.listdir(self._access.folder_in.encode())):
                name = os.fsdecode(found)
                intents = [intent_of(one, name) for one in (wire, control) if one is not None]
                if any(intent is not None and intent < wire.intent for intent in intents):
                    await files.remove(session, self._path(name))

    async def _send(self, session: Session, crossing: _Crossing, pieces: Iterable[bytes]) -> Answer:
        control = control_of(crossing.wire)
        answer = await self._send_file(session, crossing, pieces)
        if control is None:
            return answer
        if answer.sent is Sent.NOT_SENT:
            await self._controls.drop(session, control, [control.intent])
        if answer.sent is not Sent.SENT:
            return answer
        return await self._controls.follow(session, control, answer, crossing.deadline)

    async def _send_file(self, session: Session, crossing: _Crossing, pieces: Iterable[bytes]) -> Answer:
        wire = crossing.wire
        try:
            await self._write_in_time(session, crossing, pieces)
            refused = await self._rename(session, crossing)
        except LineError:
            raise
        except asyncssh.SFTPNoSuchFile:
            return not_sent("the temporary name was withdrawn before the rename")
        except Exception as error:
            if crossing.begun:
                raise
            # Whatever it was: nobody but this call could rename, and it will not.
            with suppress(LineError, SFTPError):
                await self._withdraw(session, wire, wire.intent)
            return replace(not_sent(_cause(error)), alarm=isinstance(error, NameTakenError))
        if refused is not None:
            return await self._refused(session, wire, refused)
        return Answer(sent=Sent.SENT, evidence={"file": wire.name, "sha256": wire.sha256})

    async def _write_in_time(self, session: Session, crossing: _Crossing, pieces: Iterable[bytes]) -> None:
        """Write until the deadline: a server that keeps us waiting for longer has failed, however patient we are."""
        self._check(crossing)
        try:
            async with asyncio.timeout(crossing.deadline - self._clock.monotonic()):
                await self._make_ready(session, crossing)
                await self._write(session, crossing, pieces)
        except TimeoutError as error:
            raise BrokenLineError("the bank was too slow: the deadline passed before the rename") from error

    async def _write(self, session: Session, crossing: _Crossing, pieces: Iterable[bytes]) -> None:
        """Write and check the temporary file. Raises SFTPError, LineError, GaveUpError, and what `pieces` raises."""
        await self._write_checked(session, crossing.wire, self._in_time(crossing, pieces))

    async def _make_ready(self, session: Session, crossing: _Crossing) -> None:
        """Write the control file under its temporary name, unless another one stands there. Raises as `_write` does."""
        wire, control = crossing.wire, control_of(crossing.wire)
        if control is None or wire.control is None:
            return
        try:
            await self._write_checked(session, control, [wire.control.content])
        except asyncssh.SFTPNoSuchFile:
            raise GaveUpError("the temporary name of the control file is gone") from None
        found = await self._look(session, control)
        if found is not None and not is_ours(found, control):
            raise NameTakenError("another control file stands under our name")

    async def _write_checked(self, session: Session, wire: Wire, pieces: Iterable[bytes]) -> None:
        mark = self._path(temporary_name(wire, wire.intent))
        async with files.for_writing(session, mark) as (file, readable):
            self._boundary("wire")
            given = await files.write_all(session, file, pieces)
            self._boundary("wire")
            if given != wire.sha256:
                raise GaveUpError("the bytes written are not those that were sealed")
            if await files.size_of(session, mark) != wire.size:
                raise GaveUpError("the bank has not kept all bytes")
            if readable and await files.digest_of(session, file, wire.size) != wire.sha256:
                raise GaveUpError("the bank gives back other bytes than it was given")
            await session.ask(file.close())  # some servers tell of a full disk only now

    def _in_time(self, crossing: _Crossing, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass pieces on until the deadline: a line that only drips is given up."""
        for piece in pieces:
            self._check(crossing)
            yield piece

    def _check(self, crossing: _Crossing) -> None:
        if self._clock.monotonic() >= crossing.deadline:
            raise GaveUpError("the deadline passed before the rename")

    async def _rename(self, session: Session, crossing: _Crossing) -> SFTPError | None:
        """Cross the point of no return. Return the error with which the server refuses; raises LineError unanswered."""
        try:
            await session.ask(self._cross(session, crossing))
        except SFTPError as error:
            if not crossing.begun:
                raise
            return error
        self._boundary("rename")
        return None

    async def _cross(self, session: Session, crossing: _Crossing) -> None:
        wire = crossing.wire
        mark, final = self._path(temporary_name(wire, wire.intent)), self._path(wire.name)
        self._boundary("rename")
        self._check(crossing)
        if session.end:
            raise BrokenLineError(session.end)
        # Nothing is awaited between the look at the clock and the request.
        crossing.begun = True
        await session.sftp.rename(mark, final)

    async def _refused(self, session: Session, wire: Wire, error: SFTPError) -> Answer:
        """Answer when the server refused the rename: only what is there proves that it did not happen after all."""
        found = await self._look(session, wire)
        if found is not None and is_ours(found, wire):
            with suppress(LineError, SFTPError):
                await files.remove(session, self._path(temporary_name(wire, wire.intent)))
            return Answer(sent=Sent.SENT, evidence={"file": wire.name, "sha256": found.sha256, "was": "already there"})
        if found is not None:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": "the final name is taken", **told(found)})
        said = await self._withdraw(session, wire, wire.intent)
        # Overtaken by an inquiry between the two steps of a server, a rename is refused that the bank may have seen.
        if said == GONE or (said == _PERHAPS and isinstance(error, asyncssh.SFTPNoSuchFile)):
            return _unknown(f"{_cause(error)}; the temporary name is gone")
        return not_sent(_cause(error))

    async def _look(self, session: Session, wire: Wire) -> Content | None:
        return await files.content_of(session, self._path(plain(wire.name)), wire.size)

    async def _withdraw(self, session: Session, wire: Wire, intent: int) -> str:
        """Take the temporary name away for good; say whether we did, now or in an earlier call that died."""
        mark, proof = self._path(temporary_name(wire, intent)), self._path(void_name(wire, intent))
        with suppress(asyncssh.SFTPNoSuchFile):
            await files.rename_new(session, mark, proof)
        size = await files.size_of(session, proof)
        if size is None:
            return GONE
        if size == wire.size and not self._access.rename_is_atomic:
            return _PERHAPS
        if size:
            with suppress(SFTPError):  # no payment is left lying about; what a thawed writer still writes stays hidden
                await session.ask(session.sftp.truncate(proof, 0))
        return WITHDRAWN


def _arrival(wire: Wire, proved: Mapping[int, str], found: Content | None) -> Arrival:
    if _PERHAPS in proved.values():
        return Arrival.CANNOT_TELL
    if found is not None:
        return Arrival.ARRIVED if is_ours(found, wire) else Arrival.CANNOT_TELL
    nothing_left = proved and set(proved.values()) == {WITHDRAWN}
    return Arrival.CANNOT_ARRIVE if nothing_left else Arrival.CANNOT_TELL


def _proofs(proved: Mapping[int, str]) -> dict[str, str]:
    return {f"intent {intent}": said for intent, said in proved.items()}


def _unknown(cause: str, *, unreachable: bool = False) -> Answer:
    return Answer(sent=Sent.UNKNOWN, evidence={"cause": cause}, unreachable=unreachable)


def _cause(error: Exception) -> str:
    """Say what went wrong without anything that a message might hold of a payment."""
    if isinstance(error, (GaveUpError, LineError)):
        return str(error)
    if isinstance(error, SFTPError):
        return f"the bank refuses: {type(error).__name__.removeprefix('SFTP')}"
    return type(error).__name__
