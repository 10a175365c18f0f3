"""`thoughts user` and `thoughts token`: people and the tokens of their apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from federation.actions import accounts, people, sessions
from federation.actions.accounts import SignUp
from federation.actions.scopes import DEFAULT_SCOPES
from federation.protocol.handles import Handle
from web.cli.session import open_session, run

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person


async def _person(services: Services, name: str) -> Person:
    return await people.get_any_person(services, Handle.parse(name) or Handle(name))


@click.group()
def user() -> None:
    """Make, change and remove accounts."""


@user.command()
@click.argument("name")
@click.option("--email", required=True, help="E-mail address.")
@click.option("--password", required=True, help="At least 8 characters.", prompt=True, hide_input=True)
@click.option("--admin", is_flag=True, help="Let them administer this server.")
def create(name: str, email: str, password: str, *, admin: bool) -> None:
    """Make an account, whatever the registration setting says."""

    async def command() -> Person:
        async with open_session() as services:
            return await accounts.create_account(services, SignUp(name, email, password), admin=admin)

    person = run(command)
    click.echo(f"{person.handle} can sign in at {person.profile_url.rpartition('/@')[0]}/signin")


@user.command()
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="The new password.")
def password(name: str, password: str) -> None:
    """Set somebody's password and end their sessions."""

    async def command() -> None:
        async with open_session() as services:
            await accounts.set_password(services, await _person(services, name), password)

    run(command)
    click.echo(f"{name} has a new password; their sessions have ended.")


@user.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Lift a suspension.")
def suspend(name: str, *, undo: bool) -> None:
    """Hide somebody, local or remote (alice@example.org), with everything of theirs."""

    async def command() -> None:
        async with open_session() as services:
            person = await _person(services, name)
            await (accounts.unsuspend if undo else accounts.suspend)(services, None, person)

    run(command)
    click.echo(f"{name} is {'active again' if undo else 'suspended'}.")


@user.command()
@click.argument("name")
def approve(name: str) -> None:
    """Let in somebody who waits for approval."""

    async def command() -> None:
        async with open_session() as services:
            await accounts.approve(services, None, await _person(services, name))

    run(command)
    click.echo(f"{name} can sign in now.")


@user.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, *, yes: bool) -> None:
    """Delete an account for good; other servers are told."""
    if not yes:
        click.confirm(f"Delete {name} and everything they wrote, here and elsewhere?", abort=True)

    async def command() -> None:
        async with open_session() as services:
            await accounts.delete_account(services, await _person(services, name))

    run(command)
    click.echo(f"{name} is deleted; the name stays reserved.")


@click.group()
def token() -> None:
    """Make bearer tokens for apps."""


@token.command("create")
@click.argument("name")
@click.option("--scopes", default=" ".join(DEFAULT_SCOPES), show_default=True, help="What the app may do.")
def create_token(name: str, scopes: str) -> None:
    """Print a new bearer token of somebody's, and nothing else."""

    async def command() -> str:
        async with open_session() as services:
            return await sessions.create_token(services, await _person(services, name), scopes.split())

    click.echo(run(command))
