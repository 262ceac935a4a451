"""A Prometheus of a test's own, that scrapes one gateway and evaluates the alert rules."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from math import isnan
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from tests.promtool import ROOT, binary

RULES = ROOT / "grafana" / "alerts" / "rules.yaml"
_READY_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_EVALUATED_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A running server. Times are Unix time."""

    port: int

    def ask(self, path: str, **parameters: str | float) -> Any:
        """Call its HTTP API; return the data. Raises AssertionError with its answer to a wrong question."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def shown(self, expr: str, start: float, end: float) -> list[dict[str, str]]:
        """Return the labels of every series that shows a number somewhere between two times."""
        data = self.ask("query_range", query=expr, start=start, end=end, step=max((end - start) / 60, 1))
        return [s["metric"] for s in data["result"] if any(not isnan(float(value)) for _, value in s["values"])]

    def evaluated(self) -> list[dict[str, Any]]:
        """Return the rules once each group has had its turn: a short run may end before."""
        until = time.monotonic() + _EVALUATED_SECONDS
        while True:
            rules = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
            if time.monotonic() > until or all(rule["health"] != "unknown" for rule in rules):
                return rules
            time.sleep(_LOOK_SECONDS)

    def scraped(self) -> tuple[float, float]:
        """Return when it first and last got an answer."""
        now = time.time()
        data = self.ask("query", query='up{job="payments-gateway"}[1h]', time=now)
        times = [at for series in data["result"] for at, value in series["values"] if value == "1"]
        assert times, "it never got an answer"
        return min(times), max(times)


def free_ports(number: int) -> list[int]:
    """Return ports of this machine that nobody listens on now."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def scraping(target: int, port: int, folder: Path, *, rules: Sequence[Path] = (RULES,)) -> Iterator[Prometheus]:
    """Run Prometheus on `port`, scraping the gateway on `target` every second, while the context lasts."""
    program, settings = binary("prometheus"), folder / "prometheus.yml"
    job = {"job_name": "payments-gateway", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    seconds = {"scrape_interval": "1s", "evaluation_interval": "5s"}
    document = {"global": seconds, "rule_files": [str(file) for file in rules], "scrape_configs": [job]}
    settings.write_text(yaml.safe_dump(document), encoding="utf-8")
    command = [program, f"--config.file={settings}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield _ready(process, Prometheus(port=port))
        finally:
            process.terminate()


def _ready(process: subprocess.Popen[bytes], server: Prometheus) -> Prometheus:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            server.ask("query", query="1")
        except (OSError, HTTPException, ValueError, AssertionError):
            time.sleep(_LOOK_SECONDS)
        else:
            return server
    raise AssertionError("Prometheus did not start")
