"""Apache Kafka itself on this machine: one node in KRaft mode, from Maven coordinates, for tests and measurements.

Needs Java 17 and Maven. The jars are fetched once into a cache folder. A node keeps its data folder over `kill` and
`start`, as a server keeps its disk over a loss of power.
"""

import secrets
import shutil
import signal
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from pathlib import Path

from gateway.domain.errors import ConfigError

VERSION = "4.1.1"
_START_SECONDS = 60.0
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def missing() -> str:
    """Return what this machine lacks to run Apache Kafka; empty when nothing."""
    return ", ".join(tool for tool in ("java", "mvn") if shutil.which(tool) is None)


def fetch_jars(cache: Path) -> Path:
    """Return the folder of the broker's jars, fetching them the first time. Raises ConfigError."""
    cache = cache.resolve()  # commands run elsewhere
    jars = cache / f"kafka-{VERSION}"
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "pom.xml").write_text(_POM)
    arriving = cache / f"arriving-{secrets.token_hex(4)}"
    _run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={arriving}"], cache)
    try:
        arriving.rename(jars)
    except OSError:  # somebody else was faster
        shutil.rmtree(arriving)
    return jars


class ApacheKafka:
    """One node with its data in `folder`. `bootstrap` is known from the beginning and stays over restarts."""

    def __init__(self, jars: Path, folder: Path) -> None:
        self._classpath = f"{jars}/*"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port, controller = _free_ports()
        self.bootstrap = f"127.0.0.1:{self._port}"
        self._properties = folder / "server.properties"
        folder.mkdir(parents=True, exist_ok=True)
        text = _PROPERTIES.format(broker=self._port, controller=controller, data=folder / "data")
        self._properties.write_text(text)
        # The leading zeros keep the id from beginning with "-", which the tool would take for an option.
        cluster = urlsafe_b64encode(bytes(2) + secrets.token_bytes(14)).rstrip(b"=").decode()
        _run([*self._java("kafka.tools.StorageTool"), "format", "-t", cluster, "-c", str(self._properties)], folder)

    version = VERSION

    @property
    def pid(self) -> int:
        """The process of the running node. Raises ConfigError when it does not run."""
        if self._process is None:
            raise ConfigError("Apache Kafka is not started")
        return self._process.pid

    def start(self) -> None:
        """Start the node and wait until it listens. Raises ConfigError when it ends or takes a minute."""
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [*self._java("kafka.Kafka"), str(self._properties)], stdout=log, stderr=log, cwd=self._folder
            )
        give_up = time.monotonic() + _START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise ConfigError(f"Apache Kafka does not start; see {self._folder / 'log.txt'}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End the node as a loss of power would (SIGKILL). Idempotent."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill the node and start it again on the same data and ports."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the node in good order. Idempotent."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait()

    def _java(self, program: str) -> list[str]:
        return ["java", "-Xmx512m", "-cp", self._classpath, program]

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - our own command line
    if done.returncode:
        told = (done.stderr + done.stdout).decode(errors="replace").strip()[-500:]
        raise ConfigError(f"{command[0]} failed with status {done.returncode}: {told}")


def _free_ports() -> tuple[int, int]:
    """Return two ports that are free now; both are held while they are chosen."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
