"""`against`: another commit and the working tree by turns, the same benchmark each, and how they compare."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from bench.measure import report, say

# Beyond it the difference is mended or explained.
MOST_RATIO = 1.15


async def run(*, commit: str, rounds: int, benchmark: Sequence[str]) -> None:
    """Run a benchmark (its name and options) so often at both; print the median of every cost and the ratios."""
    here = Path(__file__).parent.parent
    found: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    with _worktree(here, commit) as before:
        for number in range(rounds):
            # Whatever slows the machine down meanwhile meets either of them first as often.
            trees = [("before", before), ("now", here)]
            for name, tree in trees if number % 2 == 0 else trees[::-1]:
                costs = dict(_costs(await _run(tree, benchmark)))
                found[name].append(costs)
                say(f"round {number + 1} of {rounds}, {name}: {costs}")
    before_ms, now_ms = (_medians(found[name]) for name in ("before", "now"))
    ratios = {name: round(now_ms[name] / before_ms[name], 3) for name in before_ms if name in now_ms}
    figures = {"benchmark": list(benchmark), "commit": commit, "rounds": rounds, "before": before_ms, "now": now_ms}
    within = all(ratio <= MOST_RATIO for ratio in ratios.values())
    report("against", {**figures, "ratio": ratios, "most_ratio": MOST_RATIO, "within": within})


@contextmanager
def _worktree(here: Path, commit: str) -> Iterator[Path]:
    """Check a commit out beside the working tree for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="thoughts-before-") as folder:
        tree = Path(folder) / "tree"
        _git(here, "worktree", "add", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git(here, "worktree", "remove", "--force", str(tree))


def _git(here: Path, *arguments: str) -> None:
    subprocess.run(("git", "-C", str(here), *arguments), check=True, capture_output=True)


async def _run(tree: Path, benchmark: Sequence[str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", *benchmark),
        cwd=tree,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"{' '.join(benchmark)} in {tree}: {err.decode()[-2000:]}")
    figures: dict[str, Any] = orjson.loads(out)
    return figures


def _costs(figures: dict[str, Any], where: str = "") -> Iterator[tuple[str, float]]:
    """Find every total of CPU milliseconds, by the path that leads there."""
    for name, value in figures.items():
        if name == "cpu_ms":
            yield where or "cpu_ms", value["total"]
        elif isinstance(value, dict):
            yield from _costs(value, f"{where}.{name}".lstrip("."))


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in rounds), 3) for name in rounds[0]}
