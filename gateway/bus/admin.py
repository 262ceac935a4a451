"""What is asked of a cluster outside the stream of records: who it is, and that topics exist."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(**settings.client())
    try:
        await client.start()
        yield client
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailable(f"Kafka does not answer its administrator: {type(error).__name__}") from error
    finally:
        await client.close()


async def cluster_id(settings: KafkaSettings) -> str:
    """Return the id that a cluster keeps for its life. Raises BusUnavailable."""
    async with _admin(settings) as client:
        return str((await client.describe_cluster())["cluster_id"])


async def create_topics(settings: KafkaSettings, topics: Mapping[str, int], *, replicas: int) -> None:
    """Create the topics (name to partitions) that do not exist yet. Raises BusUnavailable.

    Never compacted: readers insist on logs without gaps. The embedded broker takes its topics at the start instead.
    """
    wanted = [NewTopic(name, partitions, replicas) for name, partitions in topics.items()]
    async with _admin(settings) as client:
        answer = await client.create_topics(wanted)
    for name, code, *_text in answer.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise BusUnavailable(f"topic {name} cannot be created: {for_code(code).__name__}")
