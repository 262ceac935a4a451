"""Control files over SFTP: ready before their file is renamed, renamed after it, by the sender or by an inquiry."""

from collections.abc import Iterable
from contextlib import suppress

from asyncssh import SFTPError

from gateway.ports.boundary import Boundary
from gateway.ports.clock import Clock
from gateway.ports.transport import Answer, Arrival, Finding, Wire
from gateway.transport import sftp_files as files
from gateway.transport.files import Content
from gateway.transport.marks import is_ours, judged, plain, temporary_name, with_control, without_control
from gateway.transport.sftp_line import LineError, Session


class Controls:
    """The control files of one bank; adr/0013 says when one may be put. What a server does not answer is LineError."""

    def __init__(self, folder: str, clock: Clock, boundary: Boundary) -> None:
        """Take the folder that the bank collects from."""
        self._folder = folder
        self._clock = clock
        self._boundary = boundary

    async def follow(self, session: Session, control: Wire, sent: Answer, deadline: float) -> Answer:
        """Rename the control file, now that its file is there; past the deadline it is left to an inquiry."""
        self._boundary("control")
        cause = await self._rename(session, control, deadline)
        if cause:
            found = await self._look(session, control)
            if found is None or not is_ours(found, control):
                return without_control(sent, cause, found)
            await self.drop(session, control, [control.intent])
        self._boundary("control")
        return with_control(sent, control)

    async def _rename(self, session: Session, control: Wire, deadline: float) -> str:
        """Rename what is ready before `deadline`; return why that was not done, empty where it was."""
        if self._clock.monotonic() >= deadline:
            return "the deadline passed before its rename"
        mark = self._path(temporary_name(control, control.intent))
        try:
            await files.rename_new(session, mark, self._path(plain(control.name)))
        except SFTPError as error:
            return f"the bank refuses: {type(error).__name__.removeprefix('SFTP')}"
        return ""

    async def drop(self, session: Session, control: Wire | None, intents: Iterable[int]) -> None:
        """Remove what these intents left ready and nobody needs any more."""
        names = [] if control is None else [self._path(temporary_name(control, intent)) for intent in intents]
        for name in names:
            with suppress(LineError, SFTPError):
                await files.remove(session, name)

    async def completed(
        self, session: Session, control: Wire, finding: Finding, intents: Iterable[int], ready: Iterable[int]
    ) -> Finding:
        """Put the control file that one of the `ready` left, whose file is there or was (adr/0013)."""
        if finding.arrival is Arrival.CANNOT_ARRIVE:
            await self.drop(session, control, intents)
            return finding
        put = False
        for intent in ready:
            put = put or await self._put(session, control, intent)
        return judged(finding, await self._look(session, control), control, put=put)

    async def _put(self, session: Session, control: Wire, intent: int) -> bool:
        """Rename what a try left ready; say whether we did."""
        mark = self._path(temporary_name(control, intent))
        left = await files.content_of(session, mark, control.size)
        if left is None or not is_ours(left, control):
            return False
        self._boundary("control")
        try:
            await files.rename_new(session, mark, self._path(plain(control.name)))
        except SFTPError:
            return False
        self._boundary("control")
        return True

    async def _look(self, session: Session, control: Wire) -> Content | None:
        return await files.content_of(session, self._path(plain(control.name)), control.size)

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
