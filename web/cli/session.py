"""What commands work with: the engines of a running server, or ones of their own for as long as they run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import click

from federation.actions.instance import settle_instance
from federation.errors import ThoughtsError
from federation.services import Services, open_services
from federation.settings import Settings, load_settings
from storage.engines import use_engines
from storage.errors import StorageError
from storage.migrations import migrate

Result = TypeVar("Result")


@asynccontextmanager
async def open_engines() -> AsyncIterator[Settings]:
    """Read the settings and fill in where the engines listen, starting those that nobody runs."""
    settings = load_settings()
    if settings.database_url and settings.redis_url:
        yield settings
        return
    async with use_engines(
        settings.data, postgres=not settings.database_url, valkey=not settings.redis_url
    ) as engines:  # fmt: skip
        yield replace(
            settings,
            database_url=settings.database_url or engines.database_url,
            redis_url=settings.redis_url or engines.redis_url,
        )


@asynccontextmanager
async def open_session() -> AsyncIterator[Services]:
    """Give a command its services, on a database that is migrated."""
    async with open_engines() as settings:
        await migrate(settings.database_url or "")
        async with open_services(settings, settle_instance, application_name="thoughts command") as services:
            yield services


def run(command: Callable[[], Awaitable[Result]]) -> Result:
    """Run a command; what goes wrong on purpose becomes one line on stderr and exit status 1."""

    async def awaited() -> Result:
        return await command()

    try:
        return asyncio.run(awaited())
    except (ThoughtsError, StorageError) as exc:
        raise click.ClickException(str(exc)) from exc
