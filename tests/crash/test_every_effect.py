"""Every effect beyond sending: its worker is killed, or frozen and thawed, on both sides of it; the end is the same.

Chapters (`chapters_*`) are played undisturbed once, so that it is known which effects they
have and where they end. Then a worker is struck at each effect that none before it has covered: a transaction of the
product's code that was not struck yet, or one in which a query changes rows that did not before. A second worker plays
the same chapter after it, and must come to the same end. With GATEWAY_EXHAUSTIVE=1 all effects are struck in all ways.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.store.queries import queries
from tests.crash.chapters_books import BOOKS
from tests.crash.chapters_controls import CONTROLS
from tests.crash.chapters_files import FILES
from tests.crash.chapters_lanes import LANES
from tests.crash.chapters_people import PEOPLE
from tests.crash.chapters_profiles import PROFILES
from tests.crash.chapters_windows import WINDOWS
from tests.crash.effects import TEST, Boundary, Choice, Passed, changes, cover, other_effects, sides, transactions
from tests.crash.test_every_boundary import BY_PROCESSES
from tests.crash.victims import Set, frozen, killed, prepared, undisturbed, watched
from tests.database import Server, apart

pytestmark = pytest.mark.slow

CHAPTERS = {chapter.name: chapter for chapter in (*BOOKS, *CONTROLS, *FILES, *LANES, *PEOPLE, *PROFILES, *WINDOWS)}
EXHAUSTIVE = os.environ.get("GATEWAY_EXHAUSTIVE") == "1"
READS = frozenset(
    {
        "ageing: Ageing.open",
        "balances: Balances.agreements",
        "balances: Balances.all",
        "balances: Balances.on_the_way",
        "balances: Balances.suspense",
        "bank_board: BankBoard.all",
        "casework: Casework.case",
        "casework: Casework.cases",
        "funds: Funds.holds",
        "funds: Funds.needs",
        "gauges: Gauges._read",
        "intake: Intake._terms",
        "limits: Limits.all",
        "look: Look._piece",
        "look: Look.alive",
        "look: Look.batch",
        "look: Look.feed",
        "look: Look.order",
        "look: Look.submission",
        "look: Look.topics",
        "order_events: HearOrders._terms",
        "pauses: Pauses.active",
        "profiles: replacing",
        "relay: Courier.run_once",
        "report: Report.control_sheet",
        "reports: Reports.make",
        "restart: Restart.stopped",
        "send: Send._asked_to_wait",
        "send: Send._look_when",
        "send: Send._pieces",
        "stops: Stops.all",
        "stops: Stops.caught",
        "stops: Stops.of",
        "stops: SweepStops.run_once #1",
    }
)
"""Transactions that change nothing."""
ELSEWHERE = {
    "lanes: declare": "every start of a worker runs it; what is there stays",
    "lanes.declare": "every start of a worker runs it; what is there stays",
    "windows: declare": "every start of a worker runs it; what waits for the hours that are configured stays",
    "windows.bring_forward": "the first start after hours were changed runs it, and the next finds it done",
    "receive.give_up_surplus": "needs workers that live side by side: tests/workers",
    "sftp: rename": "tests/transport/behaviour ends and freezes the sender there, before a real SSH server",
    "sftp: wire": "likewise",
    "sftp_control: control": "likewise",
    "sftp_pickup: put away": "likewise",
    "send: Send._unclaim": "a worker that lost every race runs it; what it does not give back ends by itself",
    "send.late": "what a thawed worker leaves: every one that is frozen on the wire runs it",
}
"""What no undisturbed play passes, and where it is struck instead."""
Run = Callable[[Set, Boundary, Any], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A prepared chapter, what it passes undisturbed and where it ends, and what is to be struck of it."""

    made: Set
    passed: Sequence[Passed]
    state: Any
    chosen: Sequence[Choice]

    def strikes(self, run: Run) -> list[Boundary]:
        """Where to strike: a fresh site on both sides, another effect of it where that way of ending is felt most."""
        if EXHAUSTIVE:
            return [b for site, time in sides(self.passed) for b in _both(Choice(site, time, fresh=True))]
        own = {run is killed: "after", run is frozen: "before"}[True]
        return [b for c in self.chosen for b in _both(c) if c.fresh or b.side == own]


def _both(choice: Choice) -> tuple[Boundary, Boundary]:
    return choice.before, choice.after


@pytest.fixture(scope="module")
def script(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Part]]:
    """All chapters, prepared and played once; each leaves to the next what is not covered yet."""
    parts: dict[str, Part] = {}
    folder, already = tmp_path_factory.mktemp("chapters"), {TEST, *BY_PROCESSES}

    async def prepare() -> None:
        for name, chapter in CHAPTERS.items():
            made = await prepared(postgres, chapter, folder)
            passed, state = await undisturbed(made)
            parts[name] = Part(made=made, passed=passed, state=state, chosen=cover(passed, already))

    with watched():
        apart(prepare())
        yield parts


@pytest.mark.parametrize("run", [killed, frozen])
@pytest.mark.parametrize("name", CHAPTERS)
async def test_the_end_is_the_same(script: Mapping[str, Part], name: str, run: Run) -> None:
    part = script[name]
    faults = [f"{at}: {fault}" for at in part.strikes(run) for fault in await run(part.made, at, part.state)]
    await part.made.drop()
    assert not faults, "\n".join(faults)


def test_every_effect_of_the_product_is_struck(script: Mapping[str, Part]) -> None:
    """Whoever adds a transaction, or a query that changes rows, adds an act that passes it."""
    struck = {effect for part in script.values() for p in part.passed for effect in {p.boundary.site, *p.writes}}
    sites = {*transactions().values(), *other_effects()}
    writes = {query for query in queries() if changes(query)}
    missing = (sites | writes) - READS - struck - BY_PROCESSES - ELSEWHERE.keys()
    assert not missing, f"no run strikes {sorted(missing)}"
    needless = (READS | ELSEWHERE.keys()) - sites - writes
    assert not needless, f"there is no need to name {sorted(needless)}"


def test_what_is_said_to_read_changes_nothing(script: Mapping[str, Part]) -> None:
    writing = {p.boundary.site for part in script.values() for p in part.passed if p.writes}
    assert READS & writing == set()
