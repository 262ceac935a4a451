"""`gateway bench`: measures the product and says what was measured, on what, and what it is to be held against."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from gateway.bench import entries, https, lanes, life, matching, sftp, transports
from gateway.bench.children import running
from gateway.bench.life import BANKS, Lives
from gateway.bench.place import cores, place
from gateway.bench.rows import Row, show
from gateway.domain.errors import ConfigError

ORDERS, QUICK_ORDERS = 20_000, 2_000
MATCHES, QUICK_MATCHES = 100_000, 5_000
WRITTEN, EXPORTED = 500_000, 20_000
"""Payments of the file that is measured, and of sepaxml's, whose own validation fails above 66,000."""
REJECTS = 100_000
"""Payments that the status report rejects."""
BOOKINGS, PEER_BOOKINGS = 100_000, 5_000
"""Entries of the notification that is measured, and of pyiso20022's, which reads 100,000 in a minute."""
RECORDS = 200_000
"""Records of the fixed-width files that are measured."""
ENTRIES = 1_000
"""Entries a message of the minimal bank."""
PRODUCT = ("gateway", "PostgreSQL", "Kafka")
STAGES = ("intake", "cut", "seal", "send", "receive", "read", "apply", "relay")
MIB_TO_REACH = "< 64 MiB"
WIDTH = 160
"""Columns of the table where no terminal says how many it has."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """One run: how much, and what it ran on."""

    config: Path
    orders: int
    quick: bool
    matches: int = QUICK_MATCHES
    ran_on: dict[str, str] = field(default_factory=dict)

    @property
    def sample(self) -> int:
        """Payments or entries in a measurement without a database."""
        return 5_000 if self.quick else 50_000


async def lives(bench: Bench) -> AsyncIterator[Row]:
    """Measure whole lives."""
    async with place(bench.config, BANKS, ENTRIES) as there:
        bench.ran_on |= {"machine": there.machine, "broker": there.broker.name}
        load = await life.load_for(there)
        try:
            staged = await life.stage_by_stage(load, bench.orders, "S")
            await there.gateway.ask(do="run")
            first = await life.all_in(load, bench.orders, "A")
            second = await life.all_in(load, bench.orders, "B")
        finally:
            await life.unload(load)
    for row in (*_throughput(first, second), *_stages(staged), *_database(staged), *_memory(first, second)):
        yield row


def _throughput(first: Lives, second: Lives) -> Sequence[Row]:
    cpu = (first.micros(*PRODUCT) + second.micros(*PRODUCT)) / 2
    bank = (first.micros("bank") + second.micros("bank")) / 2
    best = max(first, second, key=Lives.per_second)
    how = f"{first.orders:,} lives twice, REST to outcome event in Kafka, banks and load on the same cores"
    split = ", ".join(f"{who} {(first.micros(who) + second.micros(who)) / 2:.0f}" for who in PRODUCT)
    return (
        Row(what="life, all in", measured=best.per_second(), unit="/s", reach="5,000/s", how=f"{how}; the better"),
        Row(
            what="life, CPU of gateway + PostgreSQL + Kafka",
            measured=cpu,
            unit="us",
            reach="200 us",
            how=f"all loops running: {split}; the banks {bank:.0f} beside it",
        ),
        Row(
            what="life, by that CPU on 2 cores",
            measured=2e6 / cpu,
            unit="/s",
            reach="10,000/s",
            how="two cores' microseconds over those of a life",
        ),
    )


def _stages(staged: Lives) -> Sequence[Row]:
    def row(stage: str) -> Row:
        split = ", ".join(f"{who} {staged.micros(who, stage=stage):.0f}" for who in PRODUCT)
        used = staged.micros(*PRODUCT, stage=stage)
        return Row(what=f"  stage {stage}", measured=used, unit="us", how=split)

    return [row(stage) for stage in STAGES]


def _database(staged: Lives) -> Sequence[Row]:
    stored, logged = staged.bytes_stored / staged.orders, staged.bytes_logged / staged.orders
    used, how = staged.micros("PostgreSQL"), "stage by stage"
    return (
        Row(what="PostgreSQL, CPU a payment", measured=used, unit="us", reach="< 90 us", how=how),
        Row(
            what="PostgreSQL, bytes a payment", measured=stored, unit="B", reach="< 2 kB", how="growth of the database"
        ),
        Row(what="PostgreSQL, log a payment", measured=logged, unit="B", how="write-ahead log"),
    )


def _memory(first: Lives, second: Lives) -> Sequence[Row]:
    how = f"VmHWM after {first.orders:,} more lives: {first.peak_mib:.0f} MiB, after as many again"
    return (Row(what="gateway, peak memory", measured=second.peak_mib, unit="MiB", reach="< 512 MiB, flat", how=how),)


async def formats(bench: Bench) -> AsyncIterator[Row]:
    """Measure the message families in processes of their own."""
    async for row in _writing(bench):
        yield row
    async for row in _statuses(bench):
        yield row
    async for row in _columns(bench):
        yield row
    async for row in _entries(bench):
        yield row


async def _entries(bench: Bench) -> AsyncIterator[Row]:
    """Measure a notification of many bookings, beside pyiso20022 where it is installed and beside the bare tree."""
    count, less = (5_000, 500) if bench.quick else (BOOKINGS, PEER_BOOKINGS)
    read, tree = await _format("camt054", count), await _format("lxml_tree", count)
    tenth = await _format("camt054", count // 10)
    if entries.peer_is_here():
        peer = await _format("pyiso20022", less)
        rate, of, beside = _rate(peer), entries.PEER, f"; the baseline reads {less:,} in {peer['peak_mib']:.0f} MiB"
    else:
        rate, of, beside = None, "", f"; NO BASELINE: {entries.PEER} IS NOT INSTALLED (pip install .[dev])"
    how = f"{count:,} entries; CPU of a process{beside}"
    yield Row(
        what="camt.054 read", measured=_rate(read), unit="/s", reach="45,000/s", baseline=rate, baseline_of=of, how=how
    )
    how = "the same; every field is asked of one tree, nothing is checked"
    yield Row(
        what="  beside a bare tree", measured=_rate(read), unit="/s", baseline=_rate(tree), baseline_of="lxml", how=how
    )
    yield _its_memory(read, tree, "lxml tree", f"entries {tenth['peak_mib']:.0f} MiB")


async def _columns(bench: Bench) -> AsyncIterator[Row]:
    """Measure fixed-width files both ways, beside the same columns in plain Python, which checks nothing."""
    count = 5_000 if bench.quick else RECORDS
    plain, slices = await _format("plain_write", count), await _format("plain_slices", count)
    for what, name, beside, of in (
        ("fixed width, write", "fixed_write", plain, "str.format"),
        ("fixed width, read back before a seal", "fixed_reread", slices, "slices"),
        ("fixed width, replies", "fixed_answers", slices, "slices"),
    ):
        told = await _format(name, count)
        yield Row(
            what=what,
            measured=_rate(told),
            unit="/s",
            reach="150,000/s",
            baseline=_rate(beside),
            baseline_of=f"{of}, nothing checked",
            how=f"{count:,} records in files of 5,000; CPU of a process, {told['peak_mib']:.0f} MiB",
        )


async def _statuses(bench: Bench) -> AsyncIterator[Row]:
    """Measure a report that rejects every payment, and the same bytes as a tree."""
    count = 5_000 if bench.quick else REJECTS
    read, tree = await _format("pain002", count), await _format("pain002_tree", count)
    less = await _format("pain002", count // 10)
    yield Row(
        what="pain.002 read",
        measured=_rate(read),
        unit="/s",
        reach="45,000/s",
        baseline=_rate(tree),
        baseline_of="lxml tree",
        how=f"{count:,} rejects; CPU of a process",
    )
    yield _its_memory(read, tree, "lxml tree", f"rejects {less['peak_mib']:.0f} MiB")


async def _writing(bench: Bench) -> AsyncIterator[Row]:
    """Measure one large file, without what making its payments takes; sepaxml's is smaller, for it takes no larger."""
    count, less = (5_000, 5_000) if bench.quick else (WRITTEN, EXPORTED)
    written, alone = await _format("pain001", count), await _format("payments_alone", count)
    exported, tenth = await _format("sepaxml_export", less), await _format("pain001", count // 10)
    yield Row(
        what="pain.001 write + schema + re-read",
        measured=written["done"] / (written["seconds"] - alone["seconds"]),
        unit="/s",
        reach="55,000/s",
        baseline=_rate(exported),
        baseline_of="sepaxml's validated export",
        how=f"one file of {count:,}, the baseline's of {less:,}; CPU of a process, less making the payments",
    )
    yield _its_memory(written, exported, "sepaxml's", f"payments {tenth['peak_mib']:.0f} MiB")


def _its_memory(told: Mapping[str, float], baseline: Mapping[str, float], baseline_of: str, tenth: str) -> Row:
    return Row(
        what="  its memory",
        measured=told["peak_mib"],
        unit="MiB",
        reach=f"{MIB_TO_REACH}, flat",
        baseline=baseline["peak_mib"],
        baseline_of=baseline_of,
        how=f"whole process; for a tenth of the {tenth}",
    )


async def intake(bench: Bench) -> AsyncIterator[Row]:
    """Measure what reading an order line costs, without the database."""
    parts = {
        "lines": "order line, all",
        "parsing": "  strict JSON",
        "canonicals": "  RFC 8785",
        "rules": "  every rule",
    }
    for name, what in parts.items():
        told = await _format(name, min(bench.sample, 20_000))
        yield Row(what=what, measured=1e6 / _rate(told), unit="us", how="CPU of a process, no database")


async def applying(bench: Bench) -> AsyncIterator[Row]:
    """Measure Apply alone: one message of bookings against as many open attempts."""
    took = await matching.applied(bench.config, bench.matches)
    gateway, postgres = (s / took.matches * 1e6 for s in (took.gateway_seconds, took.postgres_seconds))
    how = f"one camt.054 of {took.matches:,} entries, outcomes told and ledger posted; --matches 1000000 for a million"
    yield Row(
        what="matches, one worker",
        measured=took.per_second,
        unit="/s",
        reach="20,000/s",
        baseline=took.one_by_one_per_second,
        baseline_of="entry by entry",
        how=f"{how}; CPU: gateway {gateway:.0f} us, PostgreSQL {postgres:.0f} us",
    )
    how = f"whole process at the end; after a quarter {took.quarter_mib:.0f} MiB, peak {took.peak_mib:.0f} MiB"
    yield Row(what="  its memory", measured=took.end_mib, unit="MiB", reach="flat", how=how)


async def wire(bench: Bench) -> AsyncIterator[Row]:
    """Measure the transports."""
    number = 100 if bench.quick else 1_000
    files, requests = await transports.directory(number), await transports.api(number)
    how = f"{transports.FILE_BYTES // 1024} KiB, one by one, fsync and rename; {files.micros:.0f} us CPU each"
    yield Row(what="directory sends", measured=files.per_second, unit="/s", how=how)
    how = f"{transports.AT_ONCE} at once to the sandbox's API bank; {requests.micros:.0f} us of our CPU each"
    yield Row(what="API requests", measured=requests.per_second, unit="/s", how=how)


async def encrypted(bench: Bench) -> AsyncIterator[Row]:
    """Measure what TLS, both certificates, a token and a signature add to a request."""
    took = await https.cost(bench.config, 100 if bench.quick else 2_000)
    full, plain = took.full, took.plain
    how = "one after the other, connection kept: TLS, both certificates, token, ES256 over the body"
    baseline = "aiohttp's post over plain HTTP"
    yield Row(
        what="HTTPS request, our CPU",
        measured=full.micros,
        unit="us",
        baseline=plain.micros,
        baseline_of=baseline,
        how=how,
    )
    yield Row(
        what="HTTPS request, wall clock",
        measured=full.seconds / full.sends * 1e6,
        unit="us",
        baseline=plain.seconds / plain.sends * 1e6,
        baseline_of=baseline,
        how="the same; the sandbox bank verifies, books and answers meanwhile",
    )


async def sending(bench: Bench) -> AsyncIterator[Row]:
    """Measure lanes: a bank by request from sealing to recorded answers, and an outage of two banks of seventeen."""
    number = 200 if bench.quick else 2_000
    requests = await lanes.through_an_api(bench.config, number)
    moment = f"{lanes.ANSWER_SECONDS * 1e3:.0f} ms"
    yield Row(
        what="payments to one bank by request",
        measured=requests.per_second,
        unit="/s",
        how=f"{number:,} sealed, promised, sent and recorded; a stub answers after {moment}",
    )
    number = 40 if bench.quick else 400
    well, out = await lanes.outage(bench.config, number)
    yield Row(
        what="15 lanes beside two banks that are out",
        measured=out.per_second,
        unit="/s",
        reach="> 0.9x",
        baseline=well.per_second,
        baseline_of="all 17 well",
        how=f"{number:,} payments a bank; {lanes.HANGS} answers nothing for ever, {lanes.REFUSES} refuses",
    )


async def over_ssh(bench: Bench) -> AsyncIterator[Row]:
    """Measure what sending over SFTP costs with everything that makes it sure, against a bare upload."""
    for size, number in ((16 << 20, 2 if bench.quick else 8), (transports.FILE_BYTES, 20 if bench.quick else 500)):
        ours, put = await sftp.rates(number, size)
        large = size > transports.FILE_BYTES
        how = f"{number} files of {size >> 10:,} KiB, one after the other to the sandbox's SSH server"
        yield Row(
            what="SFTP throughput" if large else "SFTP sends",
            measured=ours.mebibytes if large else ours.per_second,
            unit="MiB/s" if large else "/s",
            baseline=put.mebibytes if large else put.per_second,
            baseline_of="asyncssh put",
            how=f"{how}: mark, write, fsync, size, read back, rename; the baseline writes under the final name",
        )


async def _format(name: str, count: int) -> dict[str, float]:
    async with running("formats", name, str(count)) as child:
        return child.ready


def _rate(told: Mapping[str, float]) -> float:
    return told["done"] / told["seconds"]


GROUPS: Mapping[str, Callable[[Bench], AsyncIterator[Row]]] = {
    "life": lives,
    "formats": formats,
    "intake": intake,
    "matching": applying,
    "transport": wire,
    "https": encrypted,
    "lanes": sending,
    "sftp": over_ssh,
}


async def measure(bench: Bench, groups: Sequence[str], tell: Callable[[str], object]) -> list[Row]:
    """Run these groups of measurements. Raises ConfigError for a group that does not exist."""
    if unknown := set(groups) - GROUPS.keys():
        raise ConfigError(f"nothing to measure is called {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    rows: list[Row] = []
    for group in groups:
        tell(f"measuring {group} ...")
        rows += [row async for row in GROUPS[group](bench)]
    return rows


def bench(
    *,
    orders: int = ORDERS,
    matches: int = MATCHES,
    quick: bool = False,
    only: list[str] | None = None,
    as_json: bool = False,
    config: Path = Path("config"),
) -> None:
    """Measure, then print the table, or one JSON object. Nothing is asserted: a wall clock proves nothing."""
    orders, matches = (min(orders, QUICK_ORDERS), min(matches, QUICK_MATCHES)) if quick else (orders, matches)
    run = Bench(config=config, orders=orders, quick=quick, matches=matches)
    run.ran_on |= {"machine": cores()}
    console = Console(stderr=as_json)
    if not console.is_terminal:
        console = Console(stderr=as_json, width=WIDTH)
    rows = asyncio.run(measure(run, only or list(GROUPS), console.print))
    if as_json:
        print(json.dumps({**run.ran_on, "orders": run.orders, "rows": [row.as_object() for row in rows]}))
        return
    title = "\n".join(f"{what}: {text}" for what, text in run.ran_on.items())
    show(title, rows, console)
