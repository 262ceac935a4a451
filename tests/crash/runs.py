"""One run: a worker is killed or frozen at a boundary, another finishes the day, and the promises are checked."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gateway.bus.embedded import EmbeddedBroker
from tests.crash import worker
from tests.crash.effects import Boundary, Passed
from tests.crash.promises import broken
from tests.crash.world import Stage, World, started_broker
from tests.database import run_sql
from tests.scenario import Scene

AT_ONCE = 3
"""Runs side by side: while one waits for its processes another works."""
LOOK_EVERY = 0.004
NEVER = "it was never passed"
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.crash.worker"])

END_IDLE_TRANSACTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"""
"""What `idle_in_transaction_session_timeout` does to a frozen worker's sessions, without the wait."""
LEASES = "{owner,epoch,leased_by,lease_until,late_evidence}"
"""Columns in which a worker that was thawed may leave a trace: leases that ran out, and evidence."""


@dataclass(slots=True)
class Child:
    """A worker process and our end of its pipe."""

    process: ForkServerProcess
    pipe: Connection
    passed: list[Passed] = field(default_factory=list)
    told: bool = False

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def frozen(self) -> bool:
        with suppress(FileNotFoundError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    async def play(self, world: World, *, until_frozen: bool = False) -> None:
        """Answer what the worker asks until it has ended, or stands still."""
        while self.process.is_alive() and not (until_frozen and self.frozen()):
            await self._answer(world)
            await asyncio.sleep(LOOK_EVERY)
        await self._answer(world)

    async def _answer(self, world: World) -> None:
        with suppress(EOFError, ConnectionResetError):
            while self.pipe.poll():
                said = self.pipe.recv()
                if isinstance(said, list):
                    self.passed, self.told = said, True
                    return
                await world.banks_answer()
                self.pipe.send(worker.BANKS_ANSWERED)


@asynccontextmanager
async def started(world: World) -> AsyncIterator[Child]:
    ours, theirs = _context.Pipe()
    process = _context.Process(target=worker.main, args=(world.part, theirs))
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        yield Child(process, ours)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()
        ours.close()


async def counted(stage: Stage, broker: EmbeddedBroker) -> list[Passed]:
    """The boundaries that a worker passes whom nothing happens; its own work must keep every promise."""
    async with stage.world(broker) as world:
        async with started(world) as child:
            await child.play(world)
            passed = child.passed
        async with world.finished() as scene:
            assert await broken(scene, world.street) == []
    return passed


async def killed(stage: Stage, broker: EmbeddedBroker, at: Boundary) -> list[str]:
    """Kill at a boundary, let another worker finish; return the promises that do not hold.

    The banks take what lies there before anybody asks: what was renamed is gone and its name proves nothing.
    """
    async with stage.world(broker, at=at, signal=signal.SIGKILL) as world:
        async with started(world) as child:
            await child.play(world)
            if child.told:
                return [NEVER]
        await world.banks_answer()
        async with world.finished() as scene:
            return await broken(scene, world.street)


async def frozen(stage: Stage, broker: EmbeddedBroker, at: Boundary) -> list[str]:
    """Freeze at a boundary, let another worker finish, thaw; return the promises that do not hold.

    Here the banks are slow: the other worker asks first, and finds the names as the frozen one left them.
    """
    async with stage.world(broker, at=at, signal=signal.SIGSTOP) as world, started(world) as child:
        await child.play(world, until_frozen=True)
        if not child.process.is_alive():
            return [NEVER]
        await run_sql(world.part.url, END_IDLE_TRANSACTIONS)
        async with world.finished() as scene:
            found = await broken(scene, world.street)
            before = await _everything(scene)
            os.kill(child.pid, signal.SIGCONT)
            await child.play(world)
            await world.banks_answer()
            after = await _everything(scene)
            found += [f"the thawed worker changed {name}" for name in before if before[name] != after[name]]
            found += [f"after thawing: {fault}" for fault in await broken(scene, world.street)]
            if child.process.exitcode:
                found.append(f"the thawed worker ended with {child.process.exitcode}")
            return found


async def _everything(scene: Scene) -> dict[str, str]:
    """A digest of every table, without leases and evidence; `worker` says who lives."""
    tables = await scene.column(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'worker' ORDER BY 1"
    )
    return {
        table: await scene.value(
            f"SELECT md5(coalesce(string_agg(row, '' ORDER BY row), '')) "  # noqa: S608 - a table of our own
            f"FROM (SELECT (to_jsonb(t) - '{LEASES}'::text[])::text AS row FROM {table} t) rows"
        )
        for table in tables
    }


Run = Callable[[Stage, EmbeddedBroker, Boundary], Awaitable[list[str]]]


async def at_every(
    stage: Stage, brokers: Sequence[EmbeddedBroker], boundaries: Sequence[Boundary], run: Run
) -> list[str]:
    """Do a run for every boundary; return what went wrong, by boundary."""
    free: asyncio.Queue[EmbeddedBroker] = asyncio.Queue()
    for broker in brokers:
        free.put_nowait(broker)

    async def one(at: Boundary) -> list[str]:
        broker = await free.get()
        try:
            found = await run(stage, broker, at)
        finally:
            free.put_nowait(broker)
        return [f"{at}: {fault}" for fault in found]

    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(one(at)) for at in boundaries]
    return [fault for done in runs for fault in done.result()]


@asynccontextmanager
async def brokers_running() -> AsyncIterator[list[EmbeddedBroker]]:
    brokers = [await asyncio.to_thread(started_broker, number) for number in range(AT_ONCE)]
    try:
        yield brokers
    finally:
        for broker in brokers:
            broker.stop()
