"""Two runs of the same day for all tests that look at what a run shows; the second one is watched by Prometheus."""

from collections.abc import Iterator

import pytest

from tests.demo.playing import Played, played
from tests.prometheus import Prometheus, free_ports, scraping
from tests.promtool import binary, find


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run whose result is one JSON object."""
    return played(tmp_path_factory.mktemp("first"), "json")


@pytest.fixture(scope="session")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Prometheus | None]]:
    """The port that Prometheus scrapes, and Prometheus where it can be had."""
    target, port = free_ports(2)
    if find("prometheus") is None:
        yield target, None
        return
    with scraping(target, port, tmp_path_factory.mktemp("prometheus")) as server:
        yield target, server


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory, watcher: tuple[int, Prometheus | None]) -> Played:
    """The same again, for a person to read."""
    return played(tmp_path_factory.mktemp("second"), "report", metrics_port=watcher[0])


@pytest.fixture(scope="session")
def watched(second: Played, watcher: tuple[int, Prometheus | None]) -> Prometheus:
    """Prometheus, after it scraped a run from its beginning to its end."""
    _, server = watcher
    if server is None:
        binary("prometheus")
    assert server is not None
    assert second.code == 0, second.stderr
    return server
