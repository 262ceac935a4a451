"""A Kafka broker inside this process: the mock cluster of librdkafka, taken out of the confluent-kafka wheel.

For trying the product out and for tests. It speaks the real protocol over TCP on 127.0.0.1, keeps its logs in memory
(5 MB or 100,000 records a partition, older ones silently go) and loses everything when it stops, so each start is a new
incarnation. What was found about it stands in gateway/docs and in the tests of this package; the parts used are
`rd_kafka_mock_*` of librdkafka's rdkafka_mock.h.
"""

import ctypes
import importlib.util
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gateway.domain.errors import ConfigError

PRODUCE_REQUEST = 0
FETCH_REQUEST = 1
"""API keys of the Kafka protocol, for `fail_requests`."""

_PRODUCER = 0
_BROKER = 1

_POINTER, _TEXT, _INT, _LONG = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int64
_SIGNATURES: Mapping[str, tuple[object, Sequence[object]]] = {
    "rd_kafka_conf_new": (_POINTER, ()),
    "rd_kafka_new": (_POINTER, (_INT, _POINTER, _TEXT, ctypes.c_size_t)),
    "rd_kafka_conf_set": (_INT, (_POINTER, _TEXT, _TEXT, _TEXT, ctypes.c_size_t)),
    "rd_kafka_destroy": (None, (_POINTER,)),
    "rd_kafka_mock_cluster_new": (_POINTER, (_POINTER, _INT)),
    "rd_kafka_mock_cluster_destroy": (None, (_POINTER,)),
    "rd_kafka_mock_cluster_bootstraps": (_TEXT, (_POINTER,)),
    "rd_kafka_mock_topic_create": (_INT, (_POINTER, _TEXT, _INT, _INT)),
    "rd_kafka_mock_partition_delete_records": (_INT, (_POINTER, _TEXT, _INT, _LONG)),
    "rd_kafka_mock_broker_set_down": (_INT, (_POINTER, ctypes.c_int32)),
    "rd_kafka_mock_broker_set_up": (_INT, (_POINTER, ctypes.c_int32)),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        (_POINTER, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(_INT)),
    ),
}


def _library_path() -> Path:
    """Find librdkafka beside the installed confluent_kafka package. Raises ConfigError when the wheel has none."""
    spec = importlib.util.find_spec("confluent_kafka")
    for place in spec.submodule_search_locations or () if spec else ():
        package = Path(place)
        for folder in (package.parent / "confluent_kafka.libs", package / ".dylibs"):
            for found in sorted(folder.glob("librdkafka*")):
                return found
    raise ConfigError("no embedded Kafka here: install confluent-kafka from a wheel, or name bootstrap servers")


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(str(_library_path()))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


class EmbeddedBroker:
    """One in-process broker. `incarnation` is drawn by the caller anew for every start: the logs begin empty."""

    def __init__(self, *, incarnation: str) -> None:
        self.incarnation = incarnation
        self.bootstrap = ""
        self._library: ctypes.CDLL | None = None
        self._handle: int | None = None
        self._cluster: int | None = None

    def start(self, topics: Mapping[str, int]) -> str:
        """Start with these topics and partition counts; return the bootstrap servers. Raises ConfigError."""
        library = self._library = _load()
        reason = ctypes.create_string_buffer(256)
        quiet = library.rd_kafka_conf_new()  # a client without servers would complain on stderr
        library.rd_kafka_conf_set(quiet, b"log_level", b"0", reason, len(reason))
        self._handle = library.rd_kafka_new(_PRODUCER, quiet, reason, len(reason))
        if not self._handle:
            raise ConfigError(f"the embedded Kafka broker does not start: {reason.value.decode()}")
        self._cluster = library.rd_kafka_mock_cluster_new(self._handle, 1)
        for name, partitions in topics.items():
            self._do("topic_create", name.encode(), partitions, 1)
        self.bootstrap = library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        return self.bootstrap

    def stop(self) -> None:
        """End the broker and forget its logs. Idempotent."""
        library, handle, cluster = self._library, self._handle, self._cluster
        self._library = self._handle = self._cluster = None
        if library is not None and cluster is not None:
            library.rd_kafka_mock_cluster_destroy(cluster)
        if library is not None and handle is not None:
            library.rd_kafka_destroy(handle)

    def go_down(self) -> None:
        """Drop every connection and accept none until `come_up`; the logs stay."""
        self._do("broker_set_down", _BROKER)

    def come_up(self) -> None:
        """Accept connections again."""
        self._do("broker_set_up", _BROKER)

    def fail_requests(self, api_key: int, errors: Sequence[int]) -> None:
        """Answer the next requests of a kind with these Kafka error codes, one each, before any is obeyed."""
        library, cluster = self._running()
        library.rd_kafka_mock_push_request_errors_array(cluster, api_key, len(errors), (_INT * len(errors))(*errors))

    def forget_before(self, topic: str, partition: int, offset: int) -> None:
        """Move the start of a partition's log to `offset`, as retention does."""
        self._do("partition_delete_records", topic.encode(), partition, offset)

    def _running(self) -> tuple[ctypes.CDLL, int]:
        if self._library is None or self._cluster is None:
            raise ConfigError("the embedded Kafka broker is not started")
        return self._library, self._cluster

    def _do(self, function: str, *arguments: object) -> None:
        library, cluster = self._running()
        if error := getattr(library, f"rd_kafka_mock_{function}")(cluster, *arguments):
            raise ConfigError(f"the embedded Kafka broker refuses {function}: librdkafka error {error}")

    def __del__(self) -> None:
        # Its threads must not outlive it; at interpreter exit ctypes may be gone already.
        with suppress(Exception):
            self.stop()
