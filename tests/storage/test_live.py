"""Redis: messages reach subscribers, limits hold across processes, and its absence harms nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as redis

from storage.engines.valkey import program
from storage.errors import LiveUnavailable
from storage.live import Live, Message, RateLimiter


async def test_a_message_reaches_the_subscriber_of_the_same_instance_only(live: Live, redis_url: str) -> None:
    stranger = Live(redis_url, prefix="stranger")
    async with live.subscribe("news", "alarms") as messages, stranger.subscribe("news"):
        assert await stranger.publish("news", b"theirs") == 1
        assert await live.publish("news", b"\xff ours") == 1
        assert await live.publish("alarms", b"too") == 1
        async with asyncio.timeout(5):
            received = [await anext(messages), await anext(messages)]
    assert received == [Message("news", b"\xff ours"), Message("alarms", b"too")]
    await stranger.close()


async def test_the_end_of_the_block_ends_the_subscription(live: Live) -> None:
    async with live.subscribe("news"):
        pass
    assert await live.publish("news", b"") == 0


async def test_the_limit_counts_for_all_processes_and_says_when_to_return(live: Live, redis_url: str) -> None:
    other_process = Live(redis_url, prefix=live.prefix)
    one, two = RateLimiter(live), RateLimiter(other_process)
    assert await one.hit("sign-in", "192.0.2.1", "2/minute") is None
    assert await two.hit("sign-in", "192.0.2.1", "2/minute") is None
    retry_after_s = await one.hit("sign-in", "192.0.2.1", "2/minute")
    assert retry_after_s is not None and 1 <= retry_after_s <= 60
    assert await two.hit("sign-in", "192.0.2.1", "2/minute") is not None
    assert await two.hit("sign-in", "192.0.2.2", "2/minute") is None
    assert await two.hit("post", "192.0.2.1", "2/minute") is None
    await other_process.close()


async def test_every_key_begins_with_the_prefix(live: Live, redis_url: str) -> None:
    await RateLimiter(live).hit("sign-in", "192.0.2.1", "2/minute")
    client = redis.Redis.from_url(redis_url)
    assert [key async for key in client.scan_iter(f"{live.prefix}:*")]
    await client.aclose()


@pytest.fixture(params=["none", "refused", "hanging"])
async def absent(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Live]:
    """A Redis that is not configured, not there, or takes connections and says nothing."""
    silent = socket.create_server(("127.0.0.1", 0))
    urls = {
        "none": None,
        "refused": f"unix://{tmp_path}/nobody",
        "hanging": f"redis://127.0.0.1:{silent.getsockname()[1]}",
    }
    live = Live(urls[request.param], prefix="absent")
    yield live
    await live.close()
    silent.close()


async def test_without_redis_callers_know_soon_and_then_at_once(absent: Live) -> None:
    with pytest.raises(LiveUnavailable):
        await absent.publish("news", b"")
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(LiveUnavailable):
            await absent.ping()
        with pytest.raises(LiveUnavailable):
            async with absent.subscribe("news"):
                pass
    assert time.monotonic() - started < 3  # six time-outs would take six seconds


async def test_without_redis_limits_hold_within_the_process(absent: Live) -> None:
    limiter = RateLimiter(absent)
    assert await limiter.hit("sign-in", "192.0.2.1", "1/hour") is None
    assert await limiter.hit("sign-in", "192.0.2.1", "1/hour") is not None
    assert await limiter.hit("sign-in", "192.0.2.2", "1/hour") is None


@pytest.mark.live
@pytest.mark.xdist_group("live")
async def test_the_master_is_found_through_sentinel(tmp_path: Path) -> None:
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(free.getsockname()[1])
    redis_port, sentinel_port = ports
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {sentinel_port}\nbind 127.0.0.1\ndir {tmp_path}\nsentinel monitor thoughts 127.0.0.1 {redis_port} 1\n"
    )
    quiet = {"stdout": asyncio.subprocess.DEVNULL}
    local = ("--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path))
    servers = [
        await asyncio.create_subprocess_exec(program(), *local, **quiet),
        await asyncio.create_subprocess_exec(program(), str(config), "--sentinel", **quiet),
    ]
    live = Live(f"redis+sentinel://127.0.0.1:{sentinel_port}/thoughts", prefix="sentinel")
    limiter = RateLimiter(live)
    try:
        async with asyncio.timeout(20):
            while not await answers(live):
                await asyncio.sleep(0.1)
        async with live.subscribe("news") as messages:
            assert await live.publish("news", b"found") == 1
            assert (await anext(messages)).data == b"found"
        assert await limiter.hit("post", "a", "1/hour") is None
        assert await limiter.hit("post", "a", "1/hour") is not None
    finally:
        await live.close()
        for server in servers:
            server.terminate()
            await server.wait()


async def answers(live: Live) -> bool:
    try:
        await live.ping()
    except LiveUnavailable:
        return False
    return True


async def test_an_allowance_counts_down_and_is_kept_apart_per_key(live: Live) -> None:
    limiter = RateLimiter(live)
    allowances = [await limiter.spend("api", "ann", limit=2, window_s=3600) for _ in range(3)]
    assert [allowance.remaining for allowance in allowances] == [1, 0, 0]
    assert [allowance.exceeded for allowance in allowances] == [False, False, True]
    assert (await limiter.spend("api", "bob", limit=2, window_s=3600)).remaining == 1


async def test_an_allowance_is_counted_without_redis() -> None:
    limiter = RateLimiter(Live(None, prefix="nowhere"))
    assert [(await limiter.spend("api", "ann", limit=1, window_s=3600)).exceeded for _ in range(2)] == [False, True]
