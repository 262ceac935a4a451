"""What processes have used: CPU time and peak memory of whole process trees, read from Linux's /proc.

Reference: proc_pid_stat(5) and proc_pid_status(5). CPU time is counted by the kernel in ticks of usually 10 ms, so only
differences over seconds mean something.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST_TIME, _AFTER_TIMES = 1, 11, 15
"""Places behind the command name in /proc/<pid>/stat: ppid; utime, stime, cutime and cstime."""


def cpu_seconds(root: int) -> float:
    """Return the CPU seconds that `root` and everything under it have used; children that ended count at who waited."""
    fields = _stats()
    ticks = (sum(map(int, fields[pid][_FIRST_TIME:_AFTER_TIMES])) for pid in _tree(root, fields))
    return sum(ticks) / _TICKS


def peak_mib(root: int) -> float:
    """Return the sum of the peak resident memory (VmHWM) of `root` and what runs under it, in MiB."""
    return sum(_status_kib(pid, "VmHWM") for pid in _tree(root, _stats())) / 1024


def forget_peak() -> None:
    """Let the peak memory of this process begin anew (proc_pid_clear_refs(5), value 5)."""
    (_PROC / "self" / "clear_refs").write_text("5", encoding="ascii")


def resident_mib(root: int) -> float:
    """Return the resident memory (VmRSS) of `root` and what runs under it now, in MiB."""
    return sum(_status_kib(pid, "VmRSS") for pid in _tree(root, _stats())) / 1024


def _stats() -> dict[int, list[str]]:
    """Return the fields of /proc/<pid>/stat that follow the command name, by pid."""
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            text = _read(folder / "stat")
            if text:  # a process may end while we look
                found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def _tree(root: int, fields: dict[int, list[str]]) -> Iterator[int]:
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, values in fields.items():
        children[int(values[_PARENT])].append(pid)
    waiting = [root] if root in fields else []
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children[pid]


def _status_kib(pid: int, name: str) -> int:
    for line in _read(_PROC / str(pid) / "status").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
