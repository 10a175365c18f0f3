"""E-mail addresses: whose they are, and what one can do with them who forgot the password."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from federation.actions import letters
from federation.actions.accounts import check_email
from federation.actions.passwords import check_password_rules, hash_password, hash_secret
from federation.errors import Conflict, Forbidden, NotFound
from storage import access, apps, logins, mails, notifications, people, tokens
from storage.logins import Credentials
from storage.mails import Link
from storage.people import Person

if TYPE_CHECKING:
    from uuid import UUID

    from federation.services import Services

_CONFIRMING = ["confirmation", "new_address"]
_CONFIRM_WITHIN = timedelta(days=2)
_RESET_WITHIN = timedelta(hours=6)
_PAUSE = timedelta(minutes=10)
_WORN_OUT = "This link has been used, or is too old. Ask for a new one."


async def find_confirmation(services: Services, token: str) -> Link:
    """Return what a link would confirm; `NotFound` when it is worn out."""
    async with services.database.connection() as db:
        link = await mails.find_link(db, hash_secret(token), _CONFIRMING, lasts=_CONFIRM_WITHIN)
    if link is None:
        raise NotFound(_WORN_OUT)
    return link


async def confirm_address(services: Services, token: str) -> Person:
    """Take an address for somebody's own, who opened the link sent there; who waited for that alone is let in."""
    async with services.database.transaction() as db:
        link = await mails.use_link(db, hash_secret(token), _CONFIRMING, lasts=_CONFIRM_WITHIN)
        if link is None:
            raise NotFound(_WORN_OUT)
        if link.kind == "confirmation":
            confirmed = await people.CONFIRM.first(db, link.user_id, link.address)
            if confirmed is not None and confirmed.state == "active":
                await notifications.notify_moderators(db, "admin.sign_up", confirmed.id)
        else:
            if not await logins.UPDATE_EMAIL.run(db, link.user_id, link.address):
                raise Conflict("Another account has this e-mail address by now.")
            confirmed = await people.find_person(db, link.user_id)
    if confirmed is None:
        raise NotFound(_WORN_OUT)
    return confirmed


async def send_confirmation_again(
    services: Services, person: Person, *, app_id: UUID | None, email: str | None
) -> None:
    """Send the confirmation once more, to another address if one is given: for the app that made the account.

    Raises `Forbidden` in the words that apps know, `Invalid` or `Conflict` for an address that cannot be had.
    """
    async with services.database.transaction() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
        if credentials is None or app_id is None or credentials.created_by_app != app_id:
            raise Forbidden("This method is only available to the application the user originally signed-up with")
        if not credentials.needs_confirmation:
            raise Forbidden("This method is only available while the e-mail is awaiting confirmation")
        address = credentials.email or ""
        if email is not None and email.strip() != address:
            address = email.strip()
            check_email(address)
            if not await logins.UPDATE_EMAIL.run(db, person.id, address):
                raise Conflict("Another account has this e-mail address.", field="email")
        await mails.request(db, person.id, "confirmation", address)
    services.wake()


async def remind(services: Services, credentials: Credentials) -> None:
    """Send the confirmation once more to somebody who tried to sign in without it, now and then."""
    async with services.database.transaction() as db:
        await mails.request(db, credentials.id, "confirmation", credentials.email or "", pause=_PAUSE)
    services.wake()


async def request_password_reset(services: Services, email: str) -> None:
    """Send a link for choosing a new password, if anybody has this address; nobody learns whether."""
    if not letters.are_sent(services.settings):
        raise Forbidden("This server sends no mail. Ask the admin for a new password.")
    check_email(email.strip())
    async with services.database.transaction() as db:
        credentials = await logins.find_credentials(db, email.strip())
        if credentials is not None and credentials.email and credentials.state in ("active", "pending"):
            await mails.request(db, credentials.id, "password_reset", credentials.email, pause=_PAUSE)
    services.wake()


async def find_password_reset(services: Services, token: str) -> Person:
    """Return whose password a link would change; `NotFound` when it is worn out."""
    async with services.database.connection() as db:
        link = await mails.find_link(db, hash_secret(token), ["password_reset"], lasts=_RESET_WITHIN)
        person = await people.find_person(db, link.user_id) if link is not None else None
    if person is None:
        raise NotFound(_WORN_OUT)
    return person


async def reset_password(services: Services, token: str, password: str) -> Person:
    """Change the password of whoever opened the link sent to them; whoever else was in is out, apps too.

    Raises `Invalid` for a password that will not do, and then the link still works.
    """
    person = await find_password_reset(services, token)
    check_password_rules(password, username=person.username)
    password_hash = await hash_password(password)
    async with services.database.transaction() as db:
        link = await mails.use_link(db, hash_secret(token), ["password_reset"], lasts=_RESET_WITHIN)
        if link is None:
            raise NotFound(_WORN_OUT)
        await logins.UPDATE_PASSWORD.run(db, person.id, password_hash)
        await access.delete_sessions(db, person.id)
        await tokens.revoke_all(db, person.id)
        await apps.delete_codes(db, person.id)
    return person
