"""`python -m bench inbox|deliver|timeline|streaming|api|against`: one JSON line on stdout, progress on stderr."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from bench import against, api, deliver, inbox, streaming, timeline


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Measure a server of our own on this machine."""


@main.command("inbox")
@click.option("--count", default=500, help="Activities per round.")
@click.option("--rounds", default=5)
@click.option("--concurrency", default=16, help="Connections at once.")
@click.option("--senders", default=20, help="People who send, each at a host of their own.")
def inbox_command(count: int, rounds: int, concurrency: int, senders: int) -> None:
    """Peers deliver notes that mention one of ours."""
    _run(inbox.run(count=count, rounds=rounds, concurrency=concurrency, senders=senders))


@main.command("deliver")
@click.option("--hosts", default=500, help="Distinct hosts with one follower each.")
@click.option("--rounds", default=5)
@click.option("--thoughts", default=4, help="Thoughts per round, to known hosts or beside hanging ones.")
@click.option("--hanging", default=0.0, help="Share of the hosts that never answers, such as 0.3.")
@click.option("--outage", default=0.0, help="Seconds that a host is away instead, such as 60 or 300.")
def deliver_command(hosts: int, rounds: int, thoughts: int, hanging: float, outage: float) -> None:
    """One of ours posts to followers at many hosts."""
    _run(deliver.run(hosts=hosts, rounds=rounds, thoughts=thoughts, hanging=hanging, away_s=outage))


@main.command("timeline")
@click.option("--followees", default=1000)
@click.option("--entries", default=50_000, help="Entries of the home timeline; 1000000 is the promise.")
@click.option("--count", default=200, help="Requests per round.")
@click.option("--rounds", default=5)
def timeline_command(followees: int, entries: int, count: int, rounds: int) -> None:
    """Somebody who follows many opens their home page."""
    _run(timeline.run(followees=followees, entries=entries, count=count, rounds=rounds))


@main.command("streaming")
@click.option("--connections", default=1000, help="WebSockets, each offering to compress.")
@click.option("--events", default=5, help="Thoughts that all of them hear.")
def streaming_command(connections: int, events: int) -> None:
    """Many apps listen, and now and then something happens."""
    _run(streaming.run(connections=connections, events=events))


@main.command("api")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=Path(".bench"), help="Kept between runs."
)
@click.option("--thoughts", default=1_000_000, help="How many are stored; the first run writes them.")
@click.option("--only", multiple=True, help="Ask for this alone, such as home; may be repeated.")
@click.option("--count", default=200, help="Requests per round.")
@click.option("--rounds", default=5)
@click.option("--rate", default=100, help="Requests a second, arriving steadily.")
@click.option("--seconds", default=20, help="How long they do; 0 leaves this out.")
def api_command(data: Path, thoughts: int, only: tuple[str, ...], **load: int) -> None:
    """Apps ask for timelines, threads, notifications and people."""
    _run(api.run(data=data, thoughts=thoughts, only=only, load=api.Load(**load)))


@main.command("against", context_settings={"ignore_unknown_options": True})
@click.argument("commit")
@click.argument("benchmark", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--times", default=5, help="How often each of both runs.")
def against_command(commit: str, benchmark: tuple[str, ...], times: int) -> None:
    """Run a benchmark at another commit and here by turns: against v1.0 inbox --rounds 1."""
    _run(against.run(commit=commit, rounds=times, benchmark=benchmark))


def _run(benchmark: Coroutine[Any, Any, None]) -> None:
    """Run a benchmark; Ctrl-C and SIGTERM stop it and its server."""

    async def interruptible() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await benchmark

    try:
        asyncio.run(interruptible())
    except asyncio.CancelledError:
        sys.exit(130)


if __name__ == "__main__":
    main()
