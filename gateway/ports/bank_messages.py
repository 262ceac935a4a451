"""Where everything goes that a bank says, whatever door it came through."""

from typing import Protocol


class BankMessages(Protocol):
    """Puts messages on the topic of the banks under each bank's own signature."""

    async def publish(self, bank: str, content: bytes, channel: str) -> None:
        """Return when the message is acknowledged; a large one then lies safe where the record refers to.

        The caller has authenticated that `bank` said it; `channel` tells by which door. Raises BusUnavailable: it may
        be there then, and publishing it again does no harm.
        """
        ...
