"""`deliver`: what a delivery costs, how hanging hosts slow down others, and how soon a backlog is delivered."""

from __future__ import annotations

from typing import Any

from bench.measure import cost, latency_ms, measured, report, say
from bench.outage import measure_outage
from bench.peers import listening
from bench.posts import Posts
from bench.server import running_server
from federation.actions.hosts import pause_host

TARGET_MS = 2.5
# Healthy hosts may wait so many times as long while others hang.
MOST_RATIO = 1.2


async def run(*, hosts: int, rounds: int, thoughts: int, hanging: float, away_s: float) -> None:
    """Measure, and print the result."""
    async with running_server() as server, listening() as peers:
        posts = Posts(server, peers)
        if away_s:
            figures = await measure_outage(posts, seconds=away_s)
        elif hanging:
            figures = await _hanging(posts, hosts=hosts, share=hanging, rounds=rounds, thoughts=thoughts)
        else:
            figures = await _cost(posts, hosts=hosts, rounds=rounds, thoughts=thoughts)
    report("deliver", figures)


async def _cost(posts: Posts, *, hosts: int, rounds: int, thoughts: int) -> dict[str, Any]:
    """Measure first deliveries to hosts without any history, each round to other ones; then to known hosts."""
    pid = posts.server.pid
    cold, warm = [], []
    for number in range(rounds):
        author = await posts.author(hosts)
        with measured(pid, hosts, f"unknown hosts, round {number + 1} of {rounds}") as one:
            await posts.deliver(author, 1)
        cold.append(one)
    for number in range(rounds):
        with measured(pid, hosts * thoughts, f"known hosts, round {number + 1} of {rounds}") as one:
            await posts.deliver(author, thoughts)
        warm.append(one)
    return {"target_cpu_ms": TARGET_MS, "hosts": hosts, "cold": cost(cold), "warm": cost(warm)}


async def _hanging(posts: Posts, *, hosts: int, share: float, rounds: int, thoughts: int) -> dict[str, Any]:
    """Compare how long healthy hosts wait, none of them known, while others beside them hang, answer, or do not exist.

    Every round has fresh hosts. The ratio is to the run in which the others answer: it has as much to send.
    """
    healthy_hosts = round(hosts * (1 - share))
    measured_s: dict[str, list[float]] = {"alone": [], "beside_answering": [], "beside_hanging": []}
    for number in range(rounds):
        for beside, found_s in measured_s.items():
            total = healthy_hosts if beside == "alone" else hosts
            author = await posts.author(total)
            # Spread evenly among the others, since the order of the rows is that of the names.
            healthy = [author.hosts[place * total // healthy_hosts] for place in range(healthy_hosts)]
            others = set(author.hosts) - set(healthy)
            if beside == "beside_hanging":
                posts.peers.hanging |= others
            for _ in range(thoughts):
                found_s.extend(await posts.latencies_s(author, healthy))
            say(f"round {number + 1} of {rounds}, {beside.replace('_', ' ')}: {latency_ms(found_s)} ms so far")
            # The next round has hanging hosts of its own, and does not pay for giving up on these.
            hanging_hosts = others & posts.peers.hanging
            for host in hanging_hosts:
                await pause_host(posts.server.services, host, by=None)
            await posts.until_given_up(hanging_hosts)
            await posts.until_written(author, set(author.hosts) - posts.peers.hanging)
    found = {beside: latency_ms(found_s) for beside, found_s in measured_s.items()}
    before, during = found["beside_answering"], found["beside_hanging"]
    ratio = {name: round(during[name] / before[name], 3) for name in before}
    return {
        "hosts": hosts,
        "hanging": hosts - healthy_hosts,
        "thoughts": thoughts,
        "rounds": rounds,
        "latency_ms": found | {"ratio": ratio},
        "most_ratio": MOST_RATIO,
        "within": all(one <= MOST_RATIO for one in ratio.values()),
    }
