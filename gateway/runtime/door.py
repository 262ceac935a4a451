"""The door of the bank-message topic: signature, digest, claim check."""

from collections.abc import Mapping

from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import open_bank_message
from gateway.domain.errors import BankUnreachable
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.envelope import EnvelopeRefused
from gateway.service.receive import Door, Letter

MAY_STILL_COME = "claim.missing"


def bank_door(keys: Mapping[str, bytes], claims: ClaimFolder) -> Door:
    """Make the door; `keys` holds the edge key of every bank by slug."""

    async def open_letter(record: Record) -> Letter:
        envelope = open_bank_message(BANK_MESSAGES, record, keys)
        if isinstance(envelope, EnvelopeRefused):
            return Letter(broken_rule=envelope.code)
        try:
            content = await claims.read(envelope) if envelope.reference else envelope.message
        except OSError as error:
            raise BankUnreachable(f"a bank's claims folder cannot be read: {error.strerror}") from error
        if not isinstance(content, EnvelopeRefused):
            return Letter(bank=envelope.bank, content=content, channel=envelope.channel)
        if content.code == MAY_STILL_COME:
            raise BankUnreachable("a message was announced whose file is not there")
        return Letter(broken_rule=content.code)

    return open_letter
