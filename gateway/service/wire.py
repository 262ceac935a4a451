"""What goes over the wire beside or instead of what is sealed: an envelope, a control file. Made once, and kept.

The plain bytes stay what is sealed, read again and digested; the wrapped ones are only what the bank receives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bank_adapters.profile.layout import control_rule
from bank_adapters.spi import Companion
from gateway.ports.store import Session
from gateway.ports.transport import Beside
from gateway.service.banks import Bank, Workshop
from gateway.service.exceptions import Trouble
from gateway.service.press import PIECE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """Wrapped bytes, and what they were wrapped for."""

    recipient: str
    content: bytes


async def wrapped(workshop: Workshop, bank: Bank, pieces: Iterable[bytes], at: datetime) -> Wrapped | None:
    """Wrap the bytes of a submission; None for a bank without an envelope. Raises WrappingFailed."""
    if bank.wrapping is None:
        return None
    content = await workshop.run(bank.wrapping.wrap, b"".join(pieces), at)
    return Wrapped(recipient=bank.recipient, content=content)


async def store_wrapped(session: Session, bank: str, submission_no: int, wire: Wrapped) -> None:
    """Store what will be sent, beside what was sealed."""
    size, digest = len(wire.content), sha256(wire.content).digest()
    await session.execute("wire.wrapped", submission_no, bank, wire.recipient, size, digest)
    pieces = [(submission_no, n, wire.content[at : at + PIECE]) for n, at in enumerate(range(0, size, PIECE))]
    await session.copy("submission_wire_bytes", ("submission_no", "piece_no", "piece"), pieces)


async def store_control(session: Session, bank: Bank, submission_no: int, control: Companion) -> None:
    """Store the control file of a submission, under the rule that it was written by."""
    named = (bank.slug, control_rule(bank.profile.layout), control.name)
    await session.execute("wire.control", submission_no, *named, control.content)


def beside(name: str | None, content: bytes | None) -> Beside | None:
    """Return the control file as the transport takes it, of what is stored."""
    return None if name is None or content is None else Beside(name=name, content=content)


def another_control(bank: str, submission_no: int) -> Trouble:
    """Say that something else stands under the name of a control file: nobody overwrites it, a person must look."""
    return Trouble(kind="control file differs", key=str(submission_no), bank=bank, submission_no=submission_no)
