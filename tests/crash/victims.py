"""A worker that is killed or frozen at a boundary, in a thread of its own with an event loop of its own.

For the database a thread that stands still and a process that stands still are one: its transactions stay open, its
locks are held. Killed, it never goes on while anybody looks, and the server ends its sessions as it does when a
socket closes. Nothing of it runs after the blow, no `except`, no `finally`. What a thread cannot show, the
descriptors, files and sockets of a process that is gone, is struck in real processes (`runs`).
"""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bank_adapters.registry import LoadedProfiles
from gateway.domain.errors import StoreDown
from gateway.ports.boundary import Boundary as Mark
from gateway.ports.boundary import unbounded
from gateway.runtime.configuration import Configuration, configuration_of
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.settings import Settings, load_settings
from gateway.store.postgres import GONE
from tests.crash.effects import Blow, Boundary, Passed, session_of
from tests.crash.end_state import broken, differences, end_state
from tests.crash.play import Chapter, Outside, Play
from tests.database import TEMPLATE, Server, run_sql
from tests.orders import ROOT
from tests.scenario import MORNING, Scene, opened

LEASES_OVER = timedelta(minutes=10)
SMALL = 3
"""Observations of a chunk, so that small messages have several."""
PATIENCE_SECONDS = 120
"""Only so that a run that hangs ends."""
_numbers = count(1)

SESSIONS_END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
"""What the server does when the process at the other end of a socket is gone."""
OPEN_ONES = " AND state LIKE 'idle in transaction%'"
"""What `idle_in_transaction_session_timeout` ends, without the wait."""


ENDS = (StoreDown, *GONE)
"""What ends a process whose database went away; whoever supervises it starts it again."""


class Killed(BaseException):
    """Ends the thread of a worker that is long dead to everybody else."""


@dataclass(slots=True)
class Standstill:
    """Where a victim stands until it is thawed; the dead one is let go when nobody looks any more."""

    reached: threading.Event = field(default_factory=threading.Event)
    thawed: threading.Event = field(default_factory=threading.Event)
    dead: bool = False

    def __call__(self) -> None:
        self.reached.set()
        self.thawed.wait(PATIENCE_SECONDS)
        if self.dead:
            raise Killed


@cache
def _settings() -> Settings:
    """The settings as they ship."""
    return load_settings(ROOT / "config")


def _settings_for(_config: Path, **overrides: Any) -> Settings:
    return _settings().model_copy(update=overrides)


_configurations: dict[tuple[str, ...], Configuration] = {}


def _configuration(config: Path, settings: Settings, loaded: LoadedProfiles) -> Configuration:
    """Join a set of banks once: every copy of a chapter has the same files."""
    banks = tuple(sorted(loaded.profiles))
    if banks not in _configurations:
        _configurations[banks] = configuration_of(config, settings, loaded)
    return _configurations[banks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """A chapter's beginning, prepared once: a database and a folder to be copied, and what stands in the topics."""

    server: Server
    chapter: Chapter
    database: str
    root: Path
    outside: Outside
    begins: datetime
    notes: dict[str, Any]
    copies: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def copied(self) -> AsyncIterator["Copy"]:
        number = next(_numbers)
        name, root = f"{self.database}_{number}", self.root.parent / f"{self.database}_{number}"
        await run_sql(self.server.admin_url, f"CREATE DATABASE {name} TEMPLATE {self.database}")
        await asyncio.to_thread(shutil.copytree, self.root, root)
        try:
            yield Copy(of=self, url=self.server.url_of(name), root=root, outside=self.outside.copied())
        finally:
            self.copies.append(name)
            await asyncio.to_thread(shutil.rmtree, root)

    async def drop(self) -> None:
        """Drop the copies, all at once: the first drop writes out what is dirty, the others find nothing to write."""
        await run_sql(self.server.admin_url, *(f"DROP DATABASE {name} WITH (FORCE)" for name in self.copies))
        self.copies.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One run's own copy."""

    of: Set
    url: str
    root: Path
    outside: Outside

    @asynccontextmanager
    async def play(self, *, mark: Mark = unbounded, second: bool = False) -> AsyncIterator[Play]:
        """Open a worker; the second one's clock is ahead by more than every lease."""
        begins = self.of.begins + (LEASES_OVER if second else timedelta())
        chapter = self.of.chapter
        worker = "second" if second else "first"
        async with opened(self.url, self.root, banks=chapter.banks, at=begins, worker=worker, boundary=mark) as scene:
            chapter.equip(scene)
            yield Play(
                scene=scene,
                outside=self.outside,
                begins=begins,
                boundary=mark,
                second=second,
                notes=dict(self.of.notes),
                keys=SandboxKeys(self.root / "keys"),
            )

    @asynccontextmanager
    async def finished(self) -> AsyncIterator[Scene]:
        """Let a second worker play the chapter from its beginning."""
        async with self.play(second=True) as play:
            await self.of.chapter.acts(play)
            await play.leave()
            yield play.scene


class Victim(threading.Thread):
    """Plays a chapter until it is struck."""

    def __init__(self, copy: Copy, at: Boundary | None) -> None:
        super().__init__(name="victim", daemon=True)
        self.stands = Standstill()
        self.blow = Blow(at, self.stands)
        self.error: BaseException | None = None
        self._copy = copy

    def run(self) -> None:
        try:
            asyncio.run(self._play())
        except BaseException as error:  # noqa: BLE001 - told to who waits for it
            self.error = error
        finally:
            self.stands.reached.set()

    async def _play(self) -> None:
        async with self._copy.play(mark=self.blow) as play:
            await self._copy.of.chapter.acts(play)
            await play.leave()

    async def struck(self) -> bool:
        """Wait until it stands still or has ended; return whether it was struck."""
        await asyncio.to_thread(self.stands.reached.wait, PATIENCE_SECONDS)
        if not self.blow.struck and self.error is not None:
            raise self.error
        return self.blow.struck

    async def end(self, *, dead: bool) -> None:
        self.stands.dead = dead
        self.stands.thawed.set()
        await asyncio.to_thread(self.join, PATIENCE_SECONDS)
        assert not self.is_alive(), "the victim goes on for ever"
        if self.error is not None and not dead and not isinstance(self.error, ENDS):
            raise self.error


async def prepared(server: Server, chapter: Chapter, folder: Path) -> Set:
    """Prepare a chapter once; its database lasts as long as the server."""
    database = f"chapter_{next(_numbers)}"
    root, outside, notes = folder / database, Outside(), dict[str, Any]()
    await run_sql(server.admin_url, f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    async with opened(server.url_of(database), root, banks=chapter.banks) as scene:
        chapter.equip(scene)
        keys = SandboxKeys(root / "keys")
        play = Play(scene=scene, outside=outside, begins=MORNING, notes=notes, keys=keys)
        await chapter.prepare(play)
        await play.leave()
        begins = scene.clock.at
    parts: dict[str, Any] = {"server": server, "chapter": chapter, "database": database, "root": root}
    return Set(**parts, outside=outside, begins=begins, notes=notes)


@contextmanager
def watched() -> Iterator[None]:
    """Let sessions note what they write, and files of configuration be read once, while the context lasts."""
    with ExitStack() as stack:
        stack.enter_context(patch("gateway.store.postgres.PostgresSession", session_of))
        stack.enter_context(patch("gateway.runtime.assembly.configuration_of", _configuration))
        stack.enter_context(patch("gateway.runtime.partners.configuration_of", _configuration))
        stack.enter_context(patch("tests.scenario.load_settings", _settings_for))
        for step in ("read", "apply", "settle"):
            stack.enter_context(patch(f"gateway.service.{step}.CHUNK", SMALL))
        yield


async def undisturbed(of: Set) -> tuple[list[Passed], dict[str, Any]]:
    """Play a chapter once, and again by another worker who must find nothing to do; return what was passed."""
    async with of.copied() as copy:
        victim = Victim(copy, None)
        victim.start()
        assert not await victim.struck()
        await victim.end(dead=False)
        async with copy.play(second=True) as play:
            state, faults = await end_state(play.scene), await broken(play.scene)
            assert not faults, "\n".join(faults)
            await of.chapter.acts(play)
            await play.leave()
            changed = differences(state, await end_state(play.scene))
            assert not changed, "\n".join(changed)
        return victim.blow.passed, state


async def killed(of: Set, at: Boundary, state: dict[str, Any]) -> list[str]:
    """Kill at a boundary, let another worker finish; return what is not as it must be."""
    async with of.copied() as copy:
        victim = Victim(copy, at)
        victim.start()
        if not await victim.struck():
            return ["it was never passed"]
        try:
            await run_sql(copy.url, SESSIONS_END)
            async with copy.finished() as scene:
                return differences(state, await end_state(scene)) + await broken(scene)
        finally:
            await victim.end(dead=True)


async def frozen(of: Set, at: Boundary, state: dict[str, Any]) -> list[str]:
    """Freeze at a boundary, let another worker finish, thaw; return what is not as it must be."""
    async with of.copied() as copy:
        victim = Victim(copy, at)
        victim.start()
        if not await victim.struck():
            return ["it was never passed"]
        thawed = False
        try:
            await run_sql(copy.url, SESSIONS_END + OPEN_ONES)
            async with copy.finished() as scene:
                found = differences(state, await end_state(scene)) + await broken(scene)
                thawed = True
                await victim.end(dead=False)
                found += [f"thawed: {fault}" for fault in differences(state, await end_state(scene))]
                return found + [f"thawed: {fault}" for fault in await broken(scene)]
        finally:
            if not thawed:
                with suppress(BaseException):
                    await victim.end(dead=True)
