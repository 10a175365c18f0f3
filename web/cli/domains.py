"""`thoughts domain`: servers that this one refuses to talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from federation.actions import hosts
from web.cli.session import open_session, run

if TYPE_CHECKING:
    from storage.moderation import DomainBlock


@click.group()
def domain() -> None:
    """Refuse other servers, or talk to them again."""


@domain.command()
@click.argument("name")
@click.option("--reason", default="", help="For the record.")
def block(name: str, reason: str) -> None:
    """Refuse a domain and its subdomains: nothing is sent, nothing is accepted, follows end."""

    async def command() -> str:
        async with open_session() as services:
            return await hosts.block_domain(services, name, reason, by=None)

    click.echo(f"{run(command)} is blocked.")


@domain.command()
@click.argument("name")
def unblock(name: str) -> None:
    """Talk to a domain again."""

    async def command() -> None:
        async with open_session() as services:
            await hosts.unblock_domain(services, name, by=None)

    run(command)
    click.echo(f"{name} is not blocked any more.")


@domain.command("list")
def list_() -> None:
    """List refused domains."""

    async def command() -> list[DomainBlock]:
        found: list[DomainBlock] = []
        async with open_session() as services:
            while page := await hosts.list_domain_blocks(services, after=found[-1].domain if found else ""):
                found += page
        return found

    for one in run(command):
        click.echo(f"{one.domain}\t{one.created_at:%Y-%m-%d}\t{one.reason}")
