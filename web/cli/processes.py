"""`thoughts serve`, `web` and `worker`: processes that stay until they are told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import click

from federation.actions.instance import first_run_code, settle_instance
from federation.settings import Settings, load_settings
from storage.database import Database
from storage.engines import start_engines
from storage.migrations import migrate
from web.cli.session import open_engines, run
from web.supervisor import check_bind, programs, supervise


@click.command()
def serve() -> None:
    """Run web and workers, and PostgreSQL and Redis too where no URL is given. Ctrl-C stops all of it."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    run(_serve)


@click.command()
def web() -> None:
    """Run web alone, on the engines of a running server or of DATABASE_URL and REDIS_URL."""
    run(_web)


@click.command()
def worker() -> None:
    """Run workers alone, on the engines of a running server or of DATABASE_URL and REDIS_URL."""
    run(_worker)


async def _serve() -> None:
    async with _own_engines() as settings:
        check_bind(settings)
        _invite_admin(settings, await _prepare(settings))
        await supervise(settings, programs(settings), announce=True)


async def _web() -> None:
    async with open_engines() as settings:
        check_bind(settings)
        _invite_admin(settings, await _prepare(settings))
        await supervise(settings, programs(settings, worker=False), announce=True)


async def _worker() -> None:
    async with open_engines() as settings:
        await _prepare(settings)
        await supervise(settings, programs(settings, web=False), announce=False)


@asynccontextmanager
async def _own_engines() -> AsyncIterator[Settings]:
    """Run the engines that no URL is given for, and keep them alive."""
    settings = load_settings()
    if settings.database_url and settings.redis_url:
        yield settings
        return
    own = start_engines(settings.data, postgres=not settings.database_url, valkey=not settings.redis_url)
    async with own as engines:
        # No TaskGroup: it would wrap the one error that a person is to read.
        watching = asyncio.create_task(engines.watch())
        try:
            yield replace(
                settings,
                database_url=settings.database_url or engines.database_url,
                redis_url=settings.redis_url or engines.redis_url,
            )
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def _prepare(settings: Settings) -> str | None:
    """Migrate, and refuse settings that contradict the database, before any process starts over and over.

    Return the code with which the first admin is made in the browser, None once there is one.
    """
    url = settings.database_url or ""
    await migrate(url)
    database = await Database.connect(url, max_size=2)
    try:
        await settle_instance(database, settings)
        return await first_run_code(database)
    finally:
        await database.close()


def _invite_admin(settings: Settings, code: str | None) -> None:
    if code is not None:
        click.echo(f"Nobody administers this server yet: open {settings.origin}/first-run", err=True)
        click.echo(f"and enter the code {code} (or: thoughts user create NAME --email E --admin).", err=True)
