"""Reading one partition by `assign`, `seek` and `getmany`, and trusting nothing else of the client.

aiokafka can move its position past a record that it never handed out (#1173), hand out the next batch after an error
(#1046) and hang silently after an offset out of range (#718). So the position is the caller's, every error ends the
reader, offsets must follow each other without a gap, and long silence is checked against the ends of the log.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, OffsetOutOfRangeError

from gateway.bus.closing import ended
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable, Unreadable
from gateway.ports.bus import OffsetGone, Record


class KafkaReader:
    """One partition. Not for several tasks at a time."""

    def __init__(self, settings: KafkaSettings, topic: str, partition: int) -> None:
        self._settings = settings
        self._where = TopicPartition(topic, partition)
        self._client: Any = None
        self._position = -1
        self._silent = 0.0
        self._finished = False

    async def fetch(self, offset: int, *, max_records: int, timeout_seconds: float) -> list[Record]:
        """Return the records from `offset` on, without a gap.

        Raises OffsetGone, BusUnavailable or, for a record that cannot be decoded and for a gap (a compacted topic, a
        producer with transactions), Unreadable; all are final.
        """
        async with self._final_errors(offset):
            client = await self._opened()
            self._seek(client, offset)
            # A cancelled call leaves no position behind: the next one seeks again.
            self._position = -1
            answer = await client.getmany(
                self._where, timeout_ms=round(timeout_seconds * 1000), max_records=max_records
            )
            messages = answer.get(self._where, [])
            self._check_order(messages, offset)
            await self._check_silence(client, offset, timeout_seconds, heard=bool(messages))
            self._position = offset + len(messages)
            return [_record(message) for message in messages]

    async def high_watermark(self) -> int:
        """Return the offset after the last record. Raises BusUnavailable, which is final."""
        async with self._final_errors(-1):
            client = await self._opened()
            return int((await self._ask(client.end_offsets([self._where])))[self._where])

    async def close(self) -> None:
        """Stop, waiting at most `stop_patience` (aiokafka #773: stopping can freeze)."""
        self._finished = True
        client, self._client = self._client, None
        if client is not None and not await ended(client.stop(), self._settings.stop_patience):
            await ended(client._client.close(), self._settings.stop_patience)  # noqa: SLF001 - stop() did not get there

    @asynccontextmanager
    async def _final_errors(self, offset: int) -> AsyncIterator[None]:
        try:
            yield
        except OffsetOutOfRangeError as error:
            self._finished = True
            raise OffsetGone(f"{self._named()} does not hold offset {offset}") from error
        except (OffsetGone, BusUnavailable, Unreadable):
            self._finished = True
            raise
        except (UnicodeDecodeError, CorruptRecordException) as error:  # it comes again for ever: a person must look
            self._finished = True
            raise Unreadable("record.malformed", self._named(), "the client cannot decode a record") from error
        except Exception as error:
            self._finished = True
            raise BusUnavailable(f"{self._named()} at offset {offset}: {type(error).__name__}") from error

    async def _opened(self) -> Any:
        if self._finished:
            raise BusUnavailable(f"the reader of {self._named()} is finished; make another")
        if self._client is None:
            client = AIOKafkaConsumer(
                **self._settings.client(),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                fetch_max_wait_ms=round(self._settings.fetch_wait * 1000),
                max_partition_fetch_bytes=self._settings.fetch_bytes,
            )
            self._client = client  # from here on close() has something to stop
            await client.start()
        return self._client

    def _seek(self, client: Any, offset: int) -> None:
        if not client.assignment():
            # No await between these two: an assigned partition without a position is an error to the client.
            client.assign([self._where])
        if offset != self._position:
            client.seek(self._where, offset)

    def _check_order(self, messages: Sequence[Any], offset: int) -> None:
        for expected, message in enumerate(messages, start=offset):
            if message.offset != expected:  # another client may do better; a log that has gaps needs a person
                text = f"offset {message.offset} came where {expected} was due"
                raise Unreadable("record.gap", self._named(), text)

    async def _check_silence(self, client: Any, offset: int, waited: float, *, heard: bool) -> None:
        """After `stall` seconds without a record make sure that there is none. The seconds are those asked for."""
        self._silent = 0.0 if heard else self._silent + waited
        if self._silent < self._settings.stall:
            return
        self._silent = 0.0
        first = (await self._ask(client.beginning_offsets([self._where])))[self._where]
        end = (await self._ask(client.end_offsets([self._where])))[self._where]
        if not first <= offset <= end:
            raise OffsetGone(f"{self._named()} holds {first} to {end}, not {offset}")
        if offset < end:
            raise BusUnavailable(f"{self._named()} holds {end - offset} records that the client does not hand out")

    async def _ask(self, question: Any) -> Any:
        async with asyncio.timeout(self._settings.publish_patience):
            return await question

    def _named(self) -> str:
        return f"partition {self._where.partition} of {self._where.topic}"


def _record(message: Any) -> Record:
    return Record(
        key=message.key or b"",
        value=message.value or b"",
        headers={_text(name.encode()): _text(value or b"") for name, value in message.headers},
        partition=message.partition,
        offset=message.offset,
    )


def _text(value: bytes) -> str:
    """Read a header, of whoever wrote it, as text that PostgreSQL can keep: it has no place for NUL."""
    return value.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
