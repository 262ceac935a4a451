"""A record that the Kafka client itself cannot decode."""

from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException

from gateway.bus.reader import KafkaReader
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import Unreadable


class _Client:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def assignment(self) -> set[Any]:
        return {1}

    def seek(self, *_: Any) -> None:
        pass

    async def getmany(self, *_: Any, **__: Any) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), CorruptRecordException()])
async def test_a_record_that_cannot_be_decoded_counts_against_its_offset(error: Exception) -> None:
    """BusUnavailable would be waited out for ever, and nobody told."""
    reader = KafkaReader(KafkaSettings(bootstrap="127.0.0.1:9"), "topic", 0)
    reader._client = _Client(error)
    with pytest.raises(Unreadable):
        await reader.fetch(5, max_records=1, timeout_seconds=0)
