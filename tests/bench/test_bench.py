"""Each benchmark starts a server of its own, and prints one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

_ROOT = Path(__file__).parents[2]
_COMPONENTS = {"total", "web", "worker", "postgresql", "redis", "supervisor"}


async def bench(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", *arguments),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    lines = out.splitlines()
    assert len(lines) == 1
    result: dict[str, Any] = json.loads(lines[0])
    assert result["bench"] == arguments[0]
    return result


async def test_streaming_tells_what_connections_cost() -> None:
    result = await bench("streaming", "--connections", "60", "--events", "2")
    assert result["mb_more_idle"] < 60 * 0.15, "a thousand may take 150 MB"
    assert result["all_reached_ms"]["p95"] > 0


async def test_inbox_tells_what_an_activity_costs() -> None:
    result = await bench("inbox", "--count", "20", "--rounds", "2", "--senders", "3")
    assert result["cpu_ms"].keys() == _COMPONENTS
    assert result["cpu_ms"]["total"] > 0
    assert result["operations_per_round"] == 20


async def test_deliver_tells_what_a_delivery_costs() -> None:
    result = await bench("deliver", "--hosts", "20", "--rounds", "2", "--thoughts", "2")
    assert result["cold"]["operations_per_round"] == 20
    assert result["warm"]["operations_per_round"] == 40
    assert result["warm"]["cpu_ms"]["worker"] > 0


async def test_deliver_tells_how_long_healthy_hosts_wait_beside_hanging_ones() -> None:
    result = await bench("deliver", "--hosts", "20", "--rounds", "1", "--thoughts", "1", "--hanging", "0.3")
    assert result["hanging"] == 6
    assert result["latency_ms"]["beside_hanging"]["p95"] > 0


async def test_deliver_tells_when_a_host_that_was_away_has_its_backlog() -> None:
    result = await bench("deliver", "--outage", "2")
    assert result["backlog"] > 0
    assert result["delivered_after_retry_now_s"] <= result["delivered_after_s"]


async def test_timeline_tells_what_a_home_page_costs() -> None:
    result = await bench("timeline", "--followees", "50", "--entries", "200", "--count", "8", "--rounds", "1")
    assert result["html"]["concurrency_1"]["cpu_ms"]["web"] > 0
    assert result["html"]["concurrency_8"]["latency_ms"]["p95"] > 0


async def test_api_fills_a_database_once_and_tells_what_its_answers_cost(tmp_path: Path) -> None:
    asked = ("--data", str(tmp_path), "--thoughts", "3000", "--count", "8", "--rounds", "1", "--only", "home")
    first = await bench("api", *asked, "--seconds", "1", "--rate", "20")
    assert first["home"]["open_loop"]["operations_per_round"] == 20
    assert first["home"]["concurrency_8"]["latency_ms"]["p99"] > 0
    again = await bench("api", *asked, "--seconds", "0")
    assert again["home"]["bytes"] == first["home"]["bytes"], "what was filled is kept"
