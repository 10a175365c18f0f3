"""Rounds of operations with their cost, and the one line that tells what came out."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from rich.console import Console

from bench.cpu import COMPONENTS, cpu_ms

progress_console = Console(stderr=True)


def say(text: str) -> None:
    """Tell on stderr what is going on."""
    progress_console.print(text, highlight=False)


@dataclass(slots=True)
class Round:
    """What a number of operations took; the cost is filled in at the end of `measured`."""

    operations: int
    seconds: float = 0.0
    cpu_ms: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_ms_each(self) -> dict[str, float]:
        """CPU milliseconds of each component per operation, and their sum."""
        each = {name: used / self.operations for name, used in self.cpu_ms.items()}
        return {"total": sum(each.values()), **each}


@contextmanager
def measured(pid: int, operations: int, label: str) -> Iterator[Round]:
    """Measure what the server below `pid` spends on the operations of the block."""
    one = Round(operations)
    before, began = cpu_ms(pid), time.perf_counter()
    yield one
    one.seconds = time.perf_counter() - began
    after = cpu_ms(pid)
    one.cpu_ms = {name: after[name] - before[name] for name in COMPONENTS}
    say(f"{label}: {one.operations / one.seconds:.0f}/s, {one.cpu_ms_each['total']:.2f} ms of CPU each")


def cost(rounds: Sequence[Round]) -> dict[str, Any]:
    """Summarise rounds by their medians."""
    return {
        "rounds": len(rounds),
        "operations_per_round": rounds[0].operations,
        "per_second": round(statistics.median(one.operations / one.seconds for one in rounds), 1),
        "cpu_ms": {
            name: round(statistics.median(one.cpu_ms_each[name] for one in rounds), 3)
            for name in ("total", *COMPONENTS)
        },
    }


def latency_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of some durations in milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000, 1) for p in (50, 95, 99)}


def report(name: str, figures: Mapping[str, Any]) -> None:
    """Print the result: one line of JSON on stdout."""
    machine = {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    sys.stdout.write(orjson.dumps({"bench": name, **figures, "machine": machine}).decode() + "\n")
    sys.stdout.flush()
