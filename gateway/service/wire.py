"""What goes over the wire where a bank wants an envelope: made once, at sealing, and kept.

The plain bytes stay what is sealed, read again and digested; the wrapped ones are only what the bank receives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.ports.store import Session
from gateway.service.banks import Bank, Workshop
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
