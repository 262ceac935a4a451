"""Hear again: messages that came while their bank's profile could not be used are opened now that it can.

They lie among the dead letters under the rule *bank.disabled*: accounted for like every record, with their bytes, and
believed by nobody. Each is opened as at its first coming; what proves to be no message of that bank stays a dead
letter, under the rule that it breaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.errors import BankUnreachable
from gateway.ports.bus import Record
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.partitions import DISABLED
from gateway.service.receive import Door, Letter, heard, store_message

LETTERS = 50
"""Letters that are looked at in one step."""
HEARD = "bank.heard"
"""The rule of a letter that became a message after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLetter:
    """A record that waits, and where it stood."""

    dead_letter_no: int
    incarnation: str
    topic: str
    partition: int
    offset: int
    value: bytes
    headers: dict[str, str]

    @property
    def record(self) -> Record:
        return Record(key=b"", value=self.value, headers=self.headers, partition=self.partition, offset=self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class HearAgain:
    """Step: open some of what waits. `sources` is what messages name of banks that can be understood."""

    store: Store
    clock: Clock
    door: Door
    sources: Sequence[str]
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        heard, after = False, 0
        while True:
            async with self.store.transaction() as session:
                args = (DISABLED, list(self.sources), after, LETTERS)
                waiting = await session.all(WaitingLetter, "hear_again.waiting", *args)
            for letter in waiting:
                heard |= await self._hear(letter)
            if heard or len(waiting) < LETTERS:
                return heard
            after = waiting[-1].dead_letter_no

    async def _hear(self, waiting: WaitingLetter) -> bool:
        """Open one letter; return False where it must wait on, such as for a file that it refers to."""
        try:
            letter = await self.door(waiting.record)
        except BankUnreachable:
            return False
        async with self.store.transaction() as session:
            rule = letter.broken_rule or HEARD
            if not await session.execute("hear_again.end", waiting.dead_letter_no, DISABLED, rule):
                return True  # another worker was faster
            await self._keep(session, waiting, letter)
        for (bank, state), messages in heard([letter]).items():
            self.meter.count("gateway_bank_messages_total", messages, bank=bank, state=state)
        return True

    async def _keep(self, session: Session, waiting: WaitingLetter, letter: Letter) -> None:
        now, place = self.clock.now(), (waiting.incarnation, waiting.topic, waiting.partition, waiting.offset)
        if letter.broken_rule is None:
            origin: dict[str, object] = {"topic": waiting.topic, "partition": waiting.partition}
            await store_message(session, letter, {**origin, "offset": waiting.offset}, now)
            return
        detail = {"rule": letter.broken_rule, "topic": waiting.topic}
        trouble = Trouble(kind="dead letter", key="/".join(map(str, place)), detail=detail)
        await raise_exceptions(session, now, [trouble])
