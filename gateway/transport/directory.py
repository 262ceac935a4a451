"""A bank that collects files from a folder: a temporary name, then one rename that cannot overwrite.

Everything rests on one equivalence: *the temporary name of an intent exists exactly as long as its file has neither
been renamed to the final name nor been withdrawn by us.* `prepare` makes the name before the intent is committed,
`send` never creates it, and both ways it can end are single renames of which the kernel lets one win (adr/0002).

    .<file>.<intent>.tmp   --send-->      <file>                  the bank may take it
    .<file>.<intent>.tmp   --withdraw-->  .<file>.<intent>.void   proof that this intent can never reach the bank

A control file has a temporary name of its own under the same intent. It is wholly written before the file is renamed,
and renamed after it: by the sender, or by an inquiry that finds the file there; one of the two renames wins (adr/0013).
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from gateway.domain.errors import BankUnreachable
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.clock import Clock
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire
from gateway.transport.files import (
    Content,
    content_of,
    create_empty,
    existing,
    rename_new,
    sync_folder,
    write_all,
)
from gateway.transport.marks import (
    GONE,
    WITHDRAWN,
    GaveUpError,
    NameTakenError,
    control_of,
    intent_of,
    is_ours,
    judged,
    not_sent,
    plain,
    putting,
    temporary_name,
    told,
    with_control,
    without_control,
)
from gateway.transport.pickup import Pickup
from gateway.transport.settling import SETTLED_SECONDS, Settling

T = TypeVar("T")


class DirectoryTransport:
    """One bank's folder: `<folder>/in` is what the bank collects, `<folder>/out` what it leaves for us."""

    def __init__(
        self,
        bank: str,
        folder: Path,
        clock: Clock,
        *,
        boundary: Boundary = unbounded,
        remove_picked_up: bool = False,
        settled_seconds: float = SETTLED_SECONDS,
    ) -> None:
        """Take the bank's folder; a file picked up is archived or removed; see `settling` for `settled_seconds`."""
        self._in = folder / "in"
        settling = Settling(clock, settled_seconds)
        self._pickup = Pickup(folder / "out", settling, boundary=boundary, remove=remove_picked_up)
        self._clock = clock
        self._boundary = boundary
        # Threads of its own: a mount that hangs must not hold up the other banks.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"folder-{bank}")

    async def prepare(self, wire: Wire) -> None:
        """Create the empty temporary name of this intent, durably. Raises BankUnreachable."""
        await self._in_thread(self._prepare, wire)

    async def discard(self, wire: Wire) -> None:
        """Remove the temporary name of an intent that was not committed. Raises BankUnreachable."""
        await self._in_thread(self._discard, wire)

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Write, check, and rename before `deadline`; see the port."""
        return await self._run(self._send, wire, pieces, deadline)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Withdraw the temporary names of `intents`, then look at the final name; see the port."""
        return await self._run(self._inquire, wire, intents)

    async def probe(self) -> None:
        """List the folder. Raises BankUnreachable."""
        await self._in_thread(os.listdir, self._in)

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        """Yield the whole files of the pick-up folder, oldest first. Raises BankUnreachable."""
        for name, stamp in await self._in_thread(self._pickup.places):
            if (name, stamp) in known:
                yield Delivery(name=name, content=b"", stamp=stamp, known=True)
                continue
            delivery = await self._in_thread(self._pickup.read, name)
            if delivery is not None:
                yield delivery

    async def acknowledge(self, name: str) -> None:
        """Move a delivery into the archive, or remove it, unless the bank has changed it. Raises BankUnreachable."""
        await self._in_thread(self._pickup.put_away, name)

    async def close(self) -> None:
        """Let go of the threads without waiting for a hanging mount."""
        self._threads.shutdown(wait=False)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args))

    async def _in_thread(self, work: Callable[..., T], *args: object) -> T:
        try:
            return await self._run(work, *args)
        except OSError as error:
            raise BankUnreachable(f"the bank's folder fails: {_cause(error)}") from error

    def _temporary(self, wire: Wire, intent: int) -> Path:
        return self._in / temporary_name(wire, intent)

    def _prepare(self, wire: Wire) -> None:
        control = control_of(wire)
        if control is not None:
            self._clear_controls(control)
            self._mark(control)
        self._mark(wire)

    def _clear_controls(self, control: Wire) -> None:
        """Remove what earlier intents left ready: their files never went out, or this one would not begin."""
        for left in self._in.glob(f".{control.name}.*.tmp"):
            if (intent_of(control, left.name) or control.intent) < control.intent:
                left.unlink(missing_ok=True)

    def _mark(self, wire: Wire) -> None:
        temporary = self._temporary(wire, wire.intent)
        for proof in self._in.glob(f".{wire.name}.*.void"):
            # Of earlier intents: what they prove is committed, or this would not begin. A worker that thaws after its
            # claim has ended comes here behind a later one, whose proof nobody may have read yet.
            if (intent_of(wire, proof.name) or wire.intent) < wire.intent:
                proof.unlink(missing_ok=True)
        try:
            create_empty(temporary)
        except FileExistsError:
            # Left by a transaction of the same number that never committed; one that did has moved a byte or is gone.
            if temporary.lstat().st_size:
                raise
            sync_folder(self._in)

    def _discard(self, wire: Wire) -> None:
        self._temporary(wire, wire.intent).unlink(missing_ok=True)
        self._drop(control_of(wire), [wire.intent])
        sync_folder(self._in)

    def _send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        temporary, control = self._temporary(wire, wire.intent), control_of(wire)
        try:
            if control is not None and wire.control is not None:
                self._make_ready(temporary, control, wire.control.content)
            self._write(temporary, wire, pieces)
        except FileNotFoundError:
            answer = not_sent("the temporary name was withdrawn before the rename")
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing has been renamed
            answer = self._gave_up(temporary, _cause(error), alarm=isinstance(error, NameTakenError))
        else:
            answer = self._rename(temporary, wire, deadline)
        if answer.sent is Sent.NOT_SENT:
            self._drop(control, [wire.intent])
        return answer if control is None or answer.sent is not Sent.SENT else self._follow(control, answer, deadline)

    def _make_ready(self, temporary: Path, control: Wire, content: bytes) -> None:
        """Write the control file under its temporary name, unless another one stands there already."""
        try:
            self._write(self._temporary(control, control.intent), control, [content])
        except FileNotFoundError:
            if not temporary.exists():  # an inquiry took both away
                raise
            raise GaveUpError("the temporary name of the control file is gone") from None
        found = _look(self._in / plain(control.name))
        if found is not None and not (isinstance(found, Content) and is_ours(found, control)):
            raise NameTakenError("another control file stands under our name")

    def _follow(self, control: Wire, sent: Answer, deadline: float) -> Answer:
        """Rename the control file, now that its file is there.

        Past the deadline it is left to an inquiry, which asks only about what the bank has not answered to meanwhile.
        """
        final = self._in / plain(control.name)
        self._boundary("control")
        try:
            self._rename_in_time(self._temporary(control, control.intent), final, deadline)
        except (OSError, GaveUpError) as error:
            found = _look(final)
            if not (isinstance(found, Content) and is_ours(found, control)):
                return without_control(sent, _cause(error), found)
            self._drop(control, [control.intent])
        self._boundary("control")
        try:
            sync_folder(self._in)
        except OSError as error:
            return without_control(sent, f"renamed, then {_cause(error)}", None)
        return with_control(sent, control)

    def _rename_in_time(self, temporary: Path, final: Path, deadline: float) -> None:
        if self._clock.monotonic() >= deadline:
            raise GaveUpError("the deadline passed before its rename")
        rename_new(temporary, final)

    def _drop(self, control: Wire | None, intents: Iterable[int]) -> None:
        """Remove what these intents left ready, whose files never go out."""
        names = [] if control is None else [self._temporary(control, intent) for intent in intents]
        for name in names:
            with suppress(OSError):
                name.unlink()

    def _write(self, temporary: Path, wire: Wire, pieces: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with existing(temporary) as descriptor:
            self._boundary("wire")
            for piece in pieces:
                write_all(descriptor, piece)
                digest.update(piece)
            os.fsync(descriptor)
            self._boundary("wire")
            size = os.fstat(descriptor).st_size
        if (size, digest.hexdigest()) != (wire.size, wire.sha256):
            raise GaveUpError("the bytes written are not those that were sealed")

    def _rename(self, temporary: Path, wire: Wire, deadline: float) -> Answer:
        final = self._in / wire.name
        self._boundary("rename")
        if self._clock.monotonic() >= deadline:
            return self._gave_up(temporary, "the deadline passed before the rename")
        try:
            rename_new(temporary, final)
        except FileNotFoundError:
            return not_sent("the temporary name was withdrawn before the rename")
        except FileExistsError:
            return self._already_there(temporary, final, wire)
        except OSError as error:
            return self._gave_up(temporary, _cause(error), renaming=True)
        self._boundary("rename")
        try:
            sync_folder(self._in)
        except OSError as error:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": f"renamed, then {_cause(error)}"})
        return Answer(sent=Sent.SENT, evidence={"file": wire.name, "sha256": wire.sha256})

    def _gave_up(self, temporary: Path, cause: str, *, renaming: bool = False, alarm: bool = False) -> Answer:
        """Answer NOT_SENT once the temporary name is gone: nobody but this call could have renamed it.

        If it was `renaming` that failed, only our own withdrawal proves that it did not happen after all.
        """
        try:
            withdrawn = self._withdraw(temporary)
        except OSError as error:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": f"{cause}, then {_cause(error)}"}, unreachable=True)
        if renaming and not withdrawn:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": f"{cause}; the temporary name is gone"})
        return replace(not_sent(cause), alarm=alarm)

    def _already_there(self, temporary: Path, final: Path, wire: Wire) -> Answer:
        found = _look(final)
        if isinstance(found, Content) and is_ours(found, wire):
            with suppress(OSError):
                temporary.unlink()
            return Answer(sent=Sent.SENT, evidence={"file": wire.name, "sha256": wire.sha256, "was": "already there"})
        return Answer(sent=Sent.UNKNOWN, evidence={"cause": "the final name is taken", **told(found)})

    def _inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        # First make sure that nothing can appear any more, then look: the other order could miss a rename in between.
        proved: dict[int, str] = {}
        for intent in intents:
            try:
                withdrawn = self._withdraw(self._temporary(wire, intent))
                proved[intent] = WITHDRAWN if withdrawn else GONE
            except OSError as error:
                proved[intent] = _cause(error)
        found = _look(self._in / wire.name)
        evidence = {f"intent {intent}": said for intent, said in proved.items()} | told(found)
        finding = Finding(arrival=_arrival(wire, proved, found), evidence=evidence)
        control = control_of(wire)
        return finding if control is None else self._completed(control, finding, proved, putting(wire, proved, found))

    def _completed(self, control: Wire, finding: Finding, intents: Iterable[int], ready: Iterable[int]) -> Finding:
        """Put the control file that one of the `ready` left, whose file is there or was (adr/0013)."""
        if finding.arrival is Arrival.CANNOT_ARRIVE:
            self._drop(control, intents)
            return finding
        put = any(self._put(control, intent) for intent in ready)
        return judged(finding, _look(self._in / plain(control.name)), control, put=put)

    def _put(self, control: Wire, intent: int) -> bool:
        """Rename what a try left ready; say whether we did. It was never there before: its temporary name was."""
        temporary = self._temporary(control, intent)
        left = _look(temporary)
        if not (isinstance(left, Content) and is_ours(left, control)):
            return False
        self._boundary("control")
        try:
            rename_new(temporary, self._in / plain(control.name))
        except OSError:
            return False
        self._boundary("control")
        with suppress(OSError):
            sync_folder(self._in)
        return True

    def _withdraw(self, temporary: Path) -> bool:
        """Take the temporary name away for good; say whether we did, now or in an earlier call that died."""
        proof = temporary.with_suffix(".void")
        try:
            rename_new(temporary, proof)
        except FileNotFoundError:
            if not proof.exists():
                return False
        os.truncate(proof, 0)  # no payment is left lying about; what a thawed writer still writes stays hidden
        sync_folder(self._in)
        return True


def _arrival(wire: Wire, proved: Mapping[int, str], found: Content | str | None) -> Arrival:
    if isinstance(found, Content) and is_ours(found, wire):
        return Arrival.ARRIVED
    nothing_left = proved and set(proved.values()) == {WITHDRAWN} and found is None
    return Arrival.CANNOT_ARRIVE if nothing_left else Arrival.CANNOT_TELL


def _look(path: Path) -> Content | str | None:
    """Return what a name holds, None without such a name, or why it cannot be read."""
    try:
        return content_of(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _cause(error)


def _cause(error: Exception) -> str:
    """Say what went wrong without anything that a message might hold of a payment."""
    if isinstance(error, GaveUpError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
