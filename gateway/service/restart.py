"""Starting a partition again that had stopped for an operator: where it stood, or behind records that nobody can read.

Going back is refused: an offset is accounted for once. A topic that was made anew is another life of its log and needs
another name of the cluster (`kafka.incarnation`), not lower offsets.
"""

from dataclasses import dataclass

from gateway.domain.errors import NotFound, Refused
from gateway.ports.clock import Clock
from gateway.ports.store import Store
from gateway.service.exceptions import end_exceptions
from gateway.service.partitions import STOPPED, stopped_key


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedPartition:
    """A partition that is read no further from `next_offset`, and why."""

    incarnation: str
    topic: str
    partition: int
    next_offset: int
    epoch: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """See what stopped, and start it."""

    store: Store
    clock: Clock

    async def stopped(self) -> list[StoppedPartition]:
        """Return every partition that waits for an operator."""
        async with self.store.transaction() as session:
            return await session.all(StoppedPartition, "receive.stopped")

    async def start(
        self, *, incarnation: str, topic: str, partition: int, by: str, offset: int | None = None
    ) -> StoppedPartition:
        """Let it be read on from where it stood, or from `offset`; return it as it stood. Its exception is closed.

        Records that are passed over count for ever as dead ones without a letter. Raises NotFound for a partition that
        is not stopped, Refused for an offset that lies behind.
        """
        now = self.clock.now()
        async with self.store.transaction() as session:
            row = await session.one(StoppedPartition, "receive.lock_stopped", incarnation, topic, partition)
            if row is None:
                raise NotFound("no such partition is stopped")
            onward = row.next_offset if offset is None else offset
            if onward < row.next_offset:
                raise Refused.one("/offset", "offset.behind", f"it was read up to {row.next_offset} already")
            await session.execute("receive.start", incarnation, topic, partition, onward)
            how = "started"
            if passed := onward - row.next_offset:
                how, where = "records passed over", (incarnation, topic, partition, row.next_offset, onward - 1)
                await session.execute("receive.account", *where, 0, 0, passed, now)
            key = stopped_key(incarnation, topic, partition, row.epoch)
            await end_exceptions(session, now, kind=STOPPED, keys=[key], how=how, by=by)
        return row
