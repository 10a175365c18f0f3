"""`thoughts migrate`: apply the schema, or show where it stands."""

from __future__ import annotations

import click

from storage import migrations
from web.cli.session import open_engines, run


@click.command()
@click.option("--status", is_flag=True, help="Only show which migrations are applied.")
def migrate(*, status: bool) -> None:
    """Apply what the database is missing; safe to repeat, and while another process does the same."""
    run(_show if status else _apply)


async def _apply() -> None:
    async with open_engines() as settings:
        applied = await migrations.migrate(settings.database_url or "")
    for migration in applied:
        click.echo(f"applied {migration.name}")
    if not applied:
        click.echo("nothing to apply")


async def _show() -> None:
    async with open_engines() as settings:
        known = await migrations.migration_status(settings.database_url or "")
    for status in known:
        when = f"{status.applied_at:%Y-%m-%d %H:%M:%S}" if status.applied_at else "pending"
        click.echo(f"{status.name}  {when}{'  CHANGED SINCE' if status.changed else ''}")
