"""CPU time of a server's whole process tree, by component, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPONENTS = ("web", "worker", "postgresql", "redis", "supervisor")
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    cpu_ms: float


def cpu_ms(root: int) -> dict[str, float]:
    """Return the CPU milliseconds that each component under a process has used so far.

    The time of children that have ended and were waited for counts, as part of whoever waited.
    """
    used = dict.fromkeys(COMPONENTS, 0.0)
    for component, process in _tree(root):
        used[component] += process.cpu_ms
    return used


def component_pids(root: int, component: str) -> list[int]:
    """Return the processes of one component under a process."""
    return [process.pid for name, process in _tree(root) if name == component]


def _tree(root: int) -> Iterator[tuple[str, _Process]]:
    """Walk the processes from `root` on, each with its component."""
    children: dict[int, list[_Process]] = {}
    for process in _processes():
        children.setdefault(process.parent, []).append(process)
        if process.pid == root:
            children.setdefault(-1, []).append(process)
    waiting = [(process, "supervisor") for process in children.get(-1, [])]
    while waiting:
        process, inherited = waiting.pop()
        component = _component(process) or inherited
        yield component, process
        waiting += [(child, component) for child in children.get(process.pid, [])]


def _processes() -> Iterator[_Process]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # The name stands in parentheses and may contain any of them; see proc(5) for the fields behind it.
            name = stat[stat.index("(") + 1 : stat.rindex(")")]
            fields = stat[stat.rindex(")") + 2 :].split()
            yield _Process(int(folder.name), int(fields[1]), name, sum(map(int, fields[11:15])) * _TICK_MS)


def _component(process: _Process) -> str | None:
    if process.name.startswith("postgres"):
        return "postgresql"
    if process.name.startswith(("valkey", "redis")):
        return "redis"
    try:
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    module = arguments[arguments.index(b"-m") + 1] if b"-m" in arguments[:-1] else b""
    return {b"web": "web", b"workers": "worker"}.get(module)
