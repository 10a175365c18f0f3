"""`thoughts demo`: two instances on this machine whose people follow each other across the wire."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from federation.actions import (
    accounts,
    background,
    follows,
    people,
    pictures,
    profiles,
    publish_thought,
    reactions,
    timelines,
)
from federation.actions.accounts import SignUp
from federation.actions.instance import settle_instance
from federation.actions.profiles import ProfileForm
from federation.actions.publish_thought import Draft
from federation.errors import Conflict
from federation.protocol.handles import Handle
from federation.services import Services, open_services
from federation.settings import load_settings
from storage.engines import use_engines
from storage.entries import Page
from storage.people import Person
from web.cli.portraits import header, portrait
from web.cli.session import run

PASSWORD = "a demo password"  # noqa: S105 - printed for whoever runs the demo
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody who lives in the demo, and what they have said."""

    username: str
    name: str
    bio: str
    thoughts: tuple[str, ...]


@dataclass
class Site:
    """One of the two instances."""

    name: str
    address: str
    port: int
    data: Path
    characters: tuple[Character, ...]
    process: Process | None = field(default=None)

    @property
    def origin(self) -> str:
        """Where people open it."""
        return f"http://{self.address}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings it runs with."""
        own = {
            "THOUGHTS_ORIGIN": self.origin,
            "THOUGHTS_BIND": f"{self.address}:{self.port}",
            "THOUGHTS_DATA": str(self.data),
            "THOUGHTS_ALLOW_NETWORKS": "127.0.0.0/8, ::1/128",
            "THOUGHTS_REGISTRATION": "open",
        }
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        return inherited | own


ONE = (
    Character("ada", "Ada", "Counts things that have not been built yet. #mathematics", (
        "The engine weaves algebraic patterns, just as the loom weaves flowers and leaves. #mathematics",
        "Note to self: a good footnote outlives the book.",
    )),
    Character("grace", "Grace", "Compiles by candlelight.", (
        "Found the bug. It had wings. #debugging",
        "A ship in port is safe, but that is not what ships are for.",
    )),
)  # fmt: skip
TWO = (
    Character("alan", "Alan", "Runs far, thinks farther. #running", (
        "We can only see a short distance ahead, but we can see plenty there that needs to be done.",
        "Long run along the river today. 25 km, one idea. #running",
    )),
    Character("hedy", "Hedy", "Hops between frequencies. #radio", (
        "All creative people want to do the unexpected. #radio",
    )),
)  # fmt: skip


@click.command()
@click.option("--only", type=click.Choice(["1", "2"]), help="Run one of the two alone, without filling it.")
def demo(only: str | None) -> None:
    """Run two small instances that federate with each other, to look around in."""
    run(lambda: _demo(only))


async def _demo(only: str | None) -> None:
    sites = _sites(load_settings().data.with_name("demo-data"))
    chosen = [site for number, site in zip("12", sites, strict=True) if only in (None, number)]
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await asyncio.gather(*(_start(site) for site in chosen))
        if only is None and not stopped.is_set():
            click.echo("Filling both with people who follow each other …", err=True)
            await _fill(sites)
        _explain(chosen)
        await _obey(chosen, stopped)
    finally:
        await asyncio.gather(*(_stop(site) for site in chosen))


def _sites(folder: Path) -> list[Site]:
    second = "127.0.0.2"
    try:
        with socket.socket() as probe:
            probe.bind((second, 0))
    except OSError:
        second = "127.0.0.1"  # a system with one loopback address: two ports of it
    return [Site("1", "127.0.0.1", 8001, folder / "one", ONE), Site("2", second, 8002, folder / "two", TWO)]


async def _start(site: Site) -> None:
    """Start an instance and wait until it answers."""
    site.process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web.cli", "serve",
        env=site.environment, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, start_new_session=True,
    )  # fmt: skip
    assert site.process.stdout is not None  # noqa: S101 - it is a pipe
    while line := await site.process.stdout.readline():
        if line.startswith(b"ready "):
            return
    raise Conflict(f"Instance {site.name} did not start; what it said stands above.")


async def _stop(site: Site) -> None:
    process, site.process = site.process, None
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _fill(sites: list[Site]) -> None:
    async with asyncio.timeout(PATIENCE_S * 2):
        async with _services(sites[0]) as one, _services(sites[1]) as two:
            residents = [await _settle(services, site) for services, site in ((one, sites[0]), (two, sites[1]))]
            for services, people_here, there in ((one, residents[0], sites[1]), (two, residents[1], sites[0])):
                for person in people_here:
                    await _follow_all(services, person, there)
            await _talk(one, residents[0][0])


@asynccontextmanager
async def _services(site: Site) -> AsyncIterator[Services]:
    """Open the services of a running instance."""
    settings = load_settings(site.environment)
    async with use_engines(settings.data, postgres=True, valkey=True) as engines:
        found = replace(settings, database_url=engines.database_url, redis_url=engines.redis_url)
        async with open_services(found, settle_instance, application_name="thoughts demo", connections=4) as services:
            yield services


async def _settle(services: Services, site: Site) -> list[Person]:
    """Make an instance's people, once, and let them say what they have to say."""
    settled = []
    for character in site.characters:
        form = SignUp(character.username, f"{character.username}@mail.example", PASSWORD)
        try:
            person = await accounts.create_account(services, form, admin=character is site.characters[0])
        except Conflict:  # the demo ran before
            settled.append(await people.get_person(services, Handle(character.username)))
            continue
        profile = ProfileForm(character.name, character.bio, discoverable=True, indexable=True)
        person = await profiles.edit_profile(services, person, profile)
        for which, draw in (("avatar", portrait), ("header", header)):
            picture = await asyncio.to_thread(draw, character.username)
            person = await pictures.change_picture(services, person, which, picture)
        settled.append(person)
        for text in character.thoughts:
            await publish_thought.publish_thought(services, person, Draft(text, language="en"))
    return settled


async def _follow_all(services: Services, person: Person, there: Site) -> None:
    """Follow everybody on the other instance, found as a person would find them: by handle."""
    for character in there.characters:
        handle = Handle(character.username, f"{there.address}:{there.port}")
        target = await people.get_person(services, handle, viewer=person)
        await follows.follow_person(services, person, target)
        await background.fill(services, target)


async def _talk(services: Services, person: Person) -> None:
    """Like and answer the newest thought from elsewhere, once it has come."""
    page = await timelines.get_public(services, person, Page(limit=40), local=False)
    for entry in page.entries:
        author = page.people[entry.thought.user_id]
        if author.is_remote and entry.thought.replies_count == 0:
            await reactions.like_thought(services, person, entry.thought.id)
            answer = Draft(f"@{author.handle} I like how you put that.", language="en", reply_to=entry.thought.id)
            await publish_thought.publish_thought(services, person, answer)
            return


def _explain(sites: list[Site]) -> None:
    for site in sites:
        names = " or ".join(character.username for character in site.characters)
        click.echo(f"Instance {site.name}: {site.origin}  sign in as {names}, password: {PASSWORD}")
    click.echo("Type an instance's number and Enter to stop it, and again to start it. Ctrl-C ends the demo.")


async def _obey(sites: list[Site], stopped: asyncio.Event) -> None:
    """Stop and start instances as told on stdin, until the demo is to end."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        line = sys.stdin.readline()
        if line:
            lines.put_nowait(line.strip())
        else:
            loop.remove_reader(sys.stdin)

    with suppress(OSError, ValueError):  # no terminal to listen to
        loop.add_reader(sys.stdin, read)
    while not stopped.is_set():
        waits = [asyncio.ensure_future(lines.get()), asyncio.ensure_future(stopped.wait())]
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        if waits[0] not in done:
            return
        for site in sites:
            if site.name == waits[0].result():
                await _toggle(site)


async def _toggle(site: Site) -> None:
    if site.process is None:
        await _start(site)
        click.echo(f"Instance {site.name} runs again: {site.origin}")
    else:
        await _stop(site)
        click.echo(f"Instance {site.name} is stopped; what is sent to it waits.")
