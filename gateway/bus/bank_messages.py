"""Publishing what banks say: signed with the key of the bank's edge, a large message by reference."""

from collections.abc import Mapping

from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import INLINE_LIMIT, bank_message
from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import BANK_MESSAGES, Producer
from gateway.ports.clock import Clock


class SignedMessages:
    """The port `gateway.ports.bank_messages` over Kafka; `keys` holds the edge's key of every bank, by slug."""

    def __init__(self, producer: Producer, keys: Mapping[str, bytes], claims: ClaimFolder, clock: Clock) -> None:
        self._producer = producer
        self._keys = keys
        self._claims = claims
        self._clock = clock

    async def publish(self, bank: str, content: bytes, channel: str) -> None:
        """See the port."""
        try:
            reference = await self._claims.leave(bank, content) if len(content) > INLINE_LIMIT else ""
        except OSError as error:
            raise BusUnavailable(f"the claims folder cannot be written: {error.strerror}") from error
        record = bank_message(
            BANK_MESSAGES,
            bank,
            content,
            channel=channel,
            counter=1,
            at=self._clock.now(),
            key=self._keys[bank],
            reference=reference,
        )
        await self._producer.publish(BANK_MESSAGES, [record])
