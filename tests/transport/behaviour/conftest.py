"""The suite runs every test on every kind of transport; a test of faults runs once for each that the kind can have."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.transport.behaviour import harness_directory, harness_https, harness_sftp
from tests.transport.behaviour.harness import Bank, Fault, Kind, alone
from tests.transport.clocks import StillClock

KINDS = (
    harness_directory.KIND,
    harness_directory.CONTROLLED,
    harness_sftp.KIND,
    harness_sftp.CONTROLLED,
    harness_https.KIND,
)
SILENT = (Fault.SWALLOWED, Fault.STALLED)


def pytest_configure(config: pytest.Config) -> None:
    """Name what tests of the suite are marked with."""
    config.addinivalue_line("markers", "kinds(name): only kinds of transport of which this is true")
    config.addinivalue_line("markers", "inquiry: the faults of an inquiry, not of a try")
    config.addinivalue_line("markers", "doubtful: stages from the point of no return on")
    config.addinivalue_line("markers", "only(fault): this fault alone, at every stage")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test the kinds, or the kinds with each fault or boundary, that its arguments and marks ask for."""
    names, marked = set(metafunc.fixturenames), metafunc.definition.get_closest_marker
    if "kind" not in names:
        return
    wanted = marked("kinds")
    kinds = [kind for kind in KINDS if wanted is None or getattr(kind, wanted.args[0])]
    if "fault" in names:
        only = marked("only")
        cases = [
            (kind, stage, fault)
            for kind in kinds
            for stage, faults in (kind.inquiry_faults if marked("inquiry") else kind.faults).items()
            for fault in faults
            if (only is None or fault in only.args) and not (marked("doubtful") and stage in kind.certain)
        ]
        ids = [f"{kind}-{stage}-{fault}" for kind, stage, fault in cases]
        metafunc.parametrize(("kind", "stage", "fault"), cases, ids=ids)
    elif "number" in names:
        pairs = [(kind, number) for kind in kinds for number in range(1, kind.boundaries - kind.done + 1)]
        metafunc.parametrize(("kind", "number"), pairs, ids=[f"{kind}-{number}" for kind, number in pairs])
    else:
        metafunc.parametrize("kind", kinds, ids=str)


@pytest.fixture(autouse=True)
async def nobody_left() -> AsyncIterator[None]:
    """End a test's loop when the last connection of it is closed: TLS says goodbye, or hears that the bank is gone."""
    yield
    await alone()


@pytest.fixture
def bank(kind: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bank]:
    with kind.opened(tmp_path) as opened:
        if "fault" in request.fixturenames and request.getfixturevalue("fault") in SILENT:
            opened.hurry()
        yield opened


@pytest.fixture
def clock() -> StillClock:
    return StillClock()
