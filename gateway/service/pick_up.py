"""Pick-up: what a bank has left for us goes to Kafka, and is put away at the bank once it is stored with us.

One turn publishes a file, a later one finds its message in the inbox and lets the bank's side archive or remove it.
A crash in between publishes it once more, which the inbox takes for the same. What cannot be opened or is not proved
to be the bank's is neither published nor put away: it lies there until a person has looked.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.domain.errors import BankUnreachable, WrappingFailed
from gateway.ports.bank_messages import BankMessages
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Store
from gateway.ports.transport import Delivery, Place
from gateway.service.banks import Bank, Workshop
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions
from gateway.service.readings import seconds_since

CHANNEL = "pick-up"
REFUSED = "pick-up refused"
AGAIN = timedelta(minutes=15)
"""When a file is published once more whose message has not been stored since."""
_TIMELY = "envelope.key"
"""The refusal that time alone may end."""


@dataclass(slots=True, kw_only=True)
class _Lying:
    """A file that lies at the bank: since when we know it, the digest of what it holds, the rule that it breaks."""

    since: datetime
    message: bytes = b""
    refused: str = ""


@dataclass(slots=True, kw_only=True)
class PickUp:
    """Step: look once at what one bank has left. One worker at a time holds the bank's lease."""

    store: Store
    clock: Clock
    bank: Bank
    messages: BankMessages
    workshop: Workshop
    worker: str
    lease: timedelta
    meter: Meter = no_meter
    _lying: dict[bytes, _Lying] = field(default_factory=dict, init=False)
    """By the digest of their bytes as they lie there."""
    _refused: dict[Place, bytes] = field(default_factory=dict, init=False)
    """Digests of files that are refused, and not read again while they lie there as they are."""
    _published: dict[bytes, datetime] = field(default_factory=dict, init=False)
    """When we published a message last that we have not found stored yet."""
    _blind_since: datetime | None = field(default=None, init=False)
    """Since when no look has got to its end."""

    async def run_once(self) -> bool:
        if not await self._leased():
            self._lying.clear()
            self._refused.clear()
            self._published.clear()
            self._blind_since = None
            self.meter.show("gateway_pick_up_oldest_seconds", None, bank=self.bank.slug)
            return False
        try:
            busy = await self._look()
            self._blind_since = None
        except BankUnreachable as error:  # it is looked at again in its time, not at once
            self.meter.count("gateway_step_failures_total", 1, step="pick up", error=type(error).__name__)
            self._blind_since = self._blind_since or self.clock.now()
            busy = False
        self._show_oldest()
        return busy

    async def leave(self) -> None:
        """Let another worker look at once: this one ends in good order."""
        async with self.store.transaction() as session:
            await session.execute("pick_up.leave", self.bank.slug, self.worker)

    def _show_oldest(self) -> None:
        """Show since when something may lie there: what we know of, or what no look has got to."""
        since = [file.since for file in self._lying.values()]
        since += [self._blind_since] if self._blind_since else []
        age = seconds_since(min(since, default=None), self.clock.now())
        self.meter.show("gateway_pick_up_oldest_seconds", age, bank=self.bank.slug)

    async def _leased(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            return bool(await session.execute("pick_up.lease", self.bank.slug, self.worker, now, now + self.lease))

    async def _look(self) -> bool:
        """Go through what lies there, oldest first; return whether anything was published."""
        seen: set[bytes] = set()
        places: set[Place] = set()
        busy = False
        async for delivery in self.bank.transport.collect(self._refused.keys()):
            place = (delivery.name, delivery.stamp)
            digest = self._refused[place] if delivery.known else sha256(delivery.content).digest()
            seen.add(digest)
            places.add(place)
            if delivery.known:
                continue
            busy |= await self._take(delivery, digest)
            if self._lying[digest].refused not in {"", _TIMELY}:
                self._refused[place] = digest
        self._lying = {digest: file for digest, file in self._lying.items() if digest in seen}
        self._refused = {place: digest for place, digest in self._refused.items() if place in places}
        return busy

    async def _take(self, delivery: Delivery, digest: bytes) -> bool:
        """Publish a file, or put it away once its message is stored; return whether it was published.

        Putting away is not worth another look at once: what then lies there still does so in spite of it.
        """
        file = self._lying.setdefault(digest, _Lying(since=self.clock.now()))
        content = None if file.message else await self._opened(delivery.content, digest, file)
        if not file.message:
            return False
        if await self._stored(digest, file):
            await self.bank.transport.acknowledge(delivery.name)
            self._count("put away")
            self._published.pop(file.message, None)
            return False
        if self._told(file.message):
            return False
        if content is None:
            content = await self._opened(delivery.content, digest, file)
        return content is not None and await self._publish(content, file.message)

    def _told(self, message: bytes) -> bool:
        at = self._published.get(message)
        return at is not None and self.clock.now() < at + AGAIN

    async def _publish(self, content: bytes, message: bytes) -> bool:
        await self.messages.publish(self.bank.slug, content, CHANNEL)
        self._published[message] = self.clock.now()
        self._count("published")
        return True

    async def _opened(self, content: bytes, digest: bytes, file: _Lying) -> bytes | None:
        """Return what the file holds, None for one that is refused; the first time a person is told."""
        wrapping = self.bank.wrapping
        if wrapping is None:
            file.message = digest
            return content
        if file.refused not in {"", _TIMELY}:
            return None
        try:
            opened: bytes = await self.workshop.run(wrapping.unwrap, content, self.clock.now())
        except WrappingFailed as error:
            await self._refuse(digest, file, error)
            return None
        file.message = sha256(opened).digest()
        return opened

    async def _refuse(self, digest: bytes, file: _Lying, error: WrappingFailed) -> None:
        if file.refused == error.rule:
            return
        trouble = Trouble(kind=REFUSED, key=self._key(digest), bank=self.bank.slug, detail={"why": str(error)})
        async with self.store.transaction() as session:
            await raise_exceptions(session, self.clock.now(), [trouble])
        file.refused = error.rule
        self._count("refused")

    async def _stored(self, digest: bytes, file: _Lying) -> bool:
        """Whether the message is committed with us; what was told of its file is over then."""
        async with self.store.transaction() as session:
            told = file.message in self._published
            if not await session.value("pick_up.stored", self.bank.slug, file.message, told):
                return False
            if self.bank.wrapping is not None:
                keys = [self._key(digest)]
                await end_exceptions(session, self.clock.now(), kind=REFUSED, keys=keys, how="evidence", by="machine")
            return True

    def _key(self, digest: bytes) -> str:
        return f"{self.bank.slug}/{digest.hex()}"

    def _count(self, state: str) -> None:
        self.meter.count("gateway_pick_up_files_total", 1, bank=self.bank.slug, state=state)
