"""`thoughts failed`: dead letters from the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from federation.actions import dead_letters
from federation.errors import Invalid
from storage.failed_events import Filter
from web.cli.session import open_session, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from federation.actions.dead_letters import Letters
    from federation.services import Services
    from storage.activities import Activity
    from storage.failed_events import FailedEvent


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--host", default="", help="Only of this host, such as example.org."),
        click.option("--kind", default="", type=click.Choice(["", "delivery", "inbox", "fetch", "mail"])),
        click.option("--error", default="", help="Only of this error class."),
        click.option("--older-than-days", type=int, default=None, help="Only those that died longer ago."),
    ):
        function = option(function)
    return function


def _which(services: Services, host: str, kind: str, error: str, older_than_days: int | None) -> Filter:
    older = services.now() - timedelta(days=older_than_days) if older_than_days is not None else None
    return Filter(host=host, kind=kind, error_class=error, older_than=older)


@click.group()
def failed() -> None:
    """Look at, retry and discard dead letters."""


@failed.command("list")
@_filters
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(host: str, kind: str, error: str, older_than_days: int | None, *, as_json: bool) -> None:
    """List open dead letters, newest first (50 at most)."""

    async def command() -> Letters:
        async with open_session() as services:
            return await dead_letters.list_letters(services, _which(services, host, kind, error, older_than_days))

    letters = run(command)
    if as_json:
        for event in letters.events:
            click.echo(json.dumps(_as_json(event)))
        return
    table = Table("id", "died", "host", "what", "error", "status")
    for event in letters.events:
        died = event.died_at.strftime("%Y-%m-%d %H:%M")
        table.add_row(str(event.id), died, event.host, event.subject, event.error_class, str(event.last_status or ""))
    Console().print(table)
    click.echo(f"{letters.total} open.")


@failed.command()
@click.argument("event_id", type=click.UUID)
def show(event_id: UUID) -> None:
    """Look inside a dead letter: every attempt, the last answer, the activity."""

    async def command() -> tuple[FailedEvent, Activity | None]:
        async with open_session() as services:
            return await dead_letters.get_letter(services, event_id)

    event, activity = run(command)
    document = _as_json(event) | {"answer": event.answer, "attempts": event.attempts}
    if activity is not None and activity.payload is not None:
        document["activity"] = json.loads(activity.payload)
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _acting(
    verb: str, done: str, one: Callable[..., Awaitable[object]], matching: Callable[..., Awaitable[int]]
) -> click.Command:
    """Make the command that does the same to the letters named, or to all that match."""

    @_filters
    def act(
        event_ids: tuple[UUID, ...], host: str, kind: str, error: str, older_than_days: int | None, *, every: bool
    ) -> None:
        async def command() -> int:
            async with open_session() as services:
                which = _which(services, host, kind, error, older_than_days)
                if event_ids:
                    for event_id in event_ids:
                        await one(services, event_id, by=None)
                    return len(event_ids)
                if which == Filter() and not every:
                    raise Invalid("Say which: ids, a filter such as --host example.org, or --all.")
                return await matching(services, which, by=None)

        click.echo(f"{run(command)} {done}.")

    act = click.option("--all", "every", is_flag=True, help="All that match the filters.")(act)
    act = click.argument("event_ids", type=click.UUID, nargs=-1)(act)
    return click.command(
        verb.partition(" ")[0].lower(),
        help=f"{verb}: those named, or with --all (or a filter) all that match.",
    )(act)


failed.add_command(_acting("Retry dead letters", "retried", dead_letters.retry_letter, dead_letters.retry_matching))
failed.add_command(
    _acting(
        "Discard dead letters for good", "discarded", dead_letters.discard_letter, dead_letters.discard_matching
    )
)  # fmt: skip


def _as_json(event: FailedEvent) -> dict[str, object]:
    return {
        "id": str(event.id),
        "kind": event.kind,
        "host": event.host,
        "subject": event.subject,
        "error_class": event.error_class,
        "last_status": event.last_status,
        "died_at": event.died_at.isoformat(),
        "resolution": event.resolution,
    }
