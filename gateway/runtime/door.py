"""The door of the bank-message topic: signature, digest, claim check."""

from collections.abc import Collection, Mapping

from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import open_bank_message, source_of
from gateway.domain.errors import BankUnreachable
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.envelope import EnvelopeRefused
from gateway.service.partitions import DISABLED
from gateway.service.receive import Door, Letter

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
            return Letter(bank=envelope.bank, content=content, channel=envelope.channel)
        if content.code == MAY_STILL_COME:
            raise BankUnreachable("a message was announced whose file is not there")
        return Letter(broken_rule=content.code)

    return open_letter
