"""The door of the bank-message topic: signature, digest, claim check, and the messages in an archive."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from bank_adapters.iso20022 import archive
from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import open_bank_message, source_of
from gateway.domain.errors import BankUnreachable, Unreadable
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.envelope import EnvelopeRefused
from gateway.service.partitions import DISABLED
from gateway.service.receive import Door, Enclosed, Letter

MAY_STILL_COME = "claim.missing"


def bank_door(keys: Mapping[str, bytes], claims: ClaimFolder, disabled: Collection[str] = ()) -> Door:
    """Make the door; `keys` holds the edge key of every bank by slug.

    The profile of one that is `disabled` cannot be used: what claims to come from it cannot be judged, so it waits.
    """
    closed = frozenset(map(source_of, disabled))

    async def open_letter(record: Record) -> Letter:
        if record.headers.get("ce_source") in closed:
            return Letter(broken_rule=DISABLED)
        envelope = open_bank_message(BANK_MESSAGES, record, keys)
        if isinstance(envelope, EnvelopeRefused):
            return Letter(broken_rule=envelope.code)
        try:
            content = await claims.read(envelope) if envelope.reference else envelope.message
        except OSError as error:
            raise BankUnreachable(f"a bank's claims folder cannot be read: {error.strerror}") from error
        if not isinstance(content, EnvelopeRefused):
            inside = await asyncio.to_thread(enclosed, content) if archive.begins_like_archive(content) else ()
            return Letter(bank=envelope.bank, content=content, channel=envelope.channel, enclosed=inside)
        if content.code == MAY_STILL_COME:
            raise BankUnreachable("a message was announced whose file is not there")
        return Letter(broken_rule=content.code)

    return open_letter


def enclosed(content: bytes) -> Sequence[Enclosed]:
    """Return the messages of an archive, unpacked to the end of each once; none of one that is not sound throughout.

    Nothing is kept of them but digest and size. What is not sound stays one message: its reader names the rule.
    """
    try:
        return [_enclosed(one) for one in archive.members([content])]
    except Unreadable:
        return ()


def _enclosed(member: archive.Member) -> Enclosed:
    digest, size = sha256(), 0
    for piece in member.pieces:
        digest.update(piece)
        size += len(piece)
    return Enclosed(number=member.number, digest=digest.digest(), size=size, pieces=member.pieces)
