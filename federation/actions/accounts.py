"""Accounts of our own people: sign up, approve, change the password, suspend, delete."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from federation.actions import letters
from federation.actions.acting import acting
from federation.actions.gates import check_sign_up
from federation.actions.instance import make_keys, use_first_run_code
from federation.actions.outgoing import Audience, send
from federation.actions.passwords import check_password_rules, hash_password, verify_password
from federation.errors import Conflict, Forbidden, Invalid, NotFound
from federation.protocol.handles import is_local_username
from federation.settings import Registration
from storage import (
    access,
    activities,
    apps,
    deliveries,
    endings,
    logins,
    mails,
    media,
    moderation,
    notifications,
    people,
    preferences,
    pushes,
    thoughts,
    tokens,
)
from storage.people import NewPerson, Person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.access import Invite
    from storage.database import Connection

# Names that a page, an actor or a person would mistake for something official.
RESERVED_NAMES = frozenset(
    {
        "about", "abuse", "account", "accounts", "actor", "admin", "administrator", "api", "app", "apps", "auth",
        "everyone", "first_run", "help", "home", "hostmaster", "inbox", "instance", "local", "login", "logout",
        "mail", "me", "media", "moderator", "nobody", "noreply", "notifications", "oauth", "outbox", "postmaster",
        "proxy", "root", "security", "settings", "signin", "signup", "static", "support", "system", "thoughts",
        "webmaster",
    }
)  # fmt: skip
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+|[^@\s]{1,64}@localhost")
MAX_REASON_CHARS = 500
INVITE_LASTS = timedelta(days=14)
_MAIL_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody fills in to get an account."""

    username: str
    email: str
    password: str
    invite: str = ""
    reason: str = ""
    app_id: UUID | None = None
    address: str = ""


async def sign_up(services: Services, form: SignUp) -> Person:
    """Make an account as the registration setting allows.

    It is `pending` while an admin must approve it, or, where mail is sent, its e-mail address is not confirmed.
    Raises `Forbidden` when registration is closed or the invite is not good, `Invalid` or `Conflict` naming the field.
    """
    registration = services.settings.registration
    if registration is Registration.CLOSED:
        raise Forbidden("Sign-up is closed here. Ask the admin for an account.")
    if registration is Registration.INVITE and not form.invite.strip():
        raise Forbidden("You need an invite to sign up here. Ask somebody who has an account.")
    invite = form.invite.strip() if registration is Registration.INVITE else None
    suspicious = await check_sign_up(services, form.email, form.address)
    approval = registration is Registration.APPROVAL or suspicious
    return await _make_account(
        services, form, invite=invite, needs_approval=approval, needs_confirmation=letters.are_sent(services.settings)
    )


async def create_account(services: Services, form: SignUp, *, admin: bool = False) -> Person:
    """Make an account whatever the registration setting says: for admins and the command line."""
    return await _make_account(services, form, role="admin" if admin else "user")


async def make_first_admin(services: Services, form: SignUp, code: str) -> Person:
    """Make the first account, an admin, for the one-time code that the server printed.

    Raises `Invalid` for a wrong or used code, and then no account is left behind.
    """
    person = await _make_account(services, form, needs_approval=True)
    if await use_first_run_code(services, person, code):
        async with services.database.connection() as db:
            return await people.PERSON_BY_ID.one(db, person.id)
    async with services.database.transaction() as db:
        await endings.DELETE_PENDING.run(db, person.id)
    raise Invalid("That is not the code. The server printed it in its terminal when it started.", field="code")


async def _make_account(
    services: Services,
    form: SignUp,
    *,
    role: str = "user",
    invite: str | None = None,
    needs_approval: bool = False,
    needs_confirmation: bool = False,
) -> Person:
    username, email = form.username.strip(), form.email.strip()
    check_username(username)
    check_email(email)
    check_password_rules(form.password, username=username)
    password_hash = await hash_password(form.password)
    keys = await make_keys()
    urls = services.urls
    new = NewPerson(
        username=username,
        email=email,
        password_hash=password_hash,
        state="pending" if needs_approval or needs_confirmation else "active",
        role=role,
        ap_id=urls.actor(username),
        inbox_url=urls.inbox(username),
        profile_url=urls.profile(username),
        needs_approval=needs_approval,
        needs_confirmation=needs_confirmation,
        created_by_app=form.app_id,
    )
    async with services.database.transaction() as db:
        if invite is not None and not await access.use_invite(db, invite):
            raise Forbidden("This invite does not exist, is used up or has expired. Ask for a new one.")
        person = await people.insert_local(db, new)
        if person is None:
            await _say_what_is_taken(db, username)
            raise Conflict("An account with this e-mail address exists already. Sign in instead?", field="email")
        await people.insert_actor_keys(db, person.id, keys)
        if person.state == "active":
            await notifications.notify_moderators(db, "admin.sign_up", person.id)
        if needs_approval and form.reason.strip():
            await people.UPDATE_SIGN_UP_REASON.run(db, person.id, form.reason.strip()[:MAX_REASON_CHARS])
        if needs_confirmation:
            await mails.request(db, person.id, "confirmation", email)
    services.wake()
    return person


async def _say_what_is_taken(db: Connection, username: str) -> None:
    if await people.find_by_handle(db, username, None) is not None:
        raise Conflict(f"The username {username} is taken. Try another one.", field="username")


def check_username(username: str) -> None:
    """Raise `Invalid` in words for a username that cannot be had."""
    if not is_local_username(username):
        raise Invalid(
            "A username has 1 to 32 letters, digits and underscores, such as ada_lovelace.", field="username"
        )  # fmt: skip
    if username.lower() in RESERVED_NAMES:
        raise Invalid(
            f"The username {username} is reserved. Try another one.", field="username", code="ERR_RESERVED"
        )  # fmt: skip


def check_email(email: str) -> None:
    """Raise `Invalid` for what cannot be an e-mail address."""
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Invalid("This does not look like an e-mail address.", field="email")


async def change_password(services: Services, person: Person, *, old: str, new: str, session_id: UUID | None) -> None:
    """Change one's own password; every other session ends."""
    async with services.database.connection() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
    if credentials is None or not await verify_password(credentials.password_hash, old):
        raise Invalid("The present password is not right.", field="old_password")
    await set_password(services, person, new, keep_session=session_id)


async def set_password(services: Services, person: Person, password: str, *, keep_session: UUID | None = None) -> None:
    """Set a password without knowing the old one: for the command line and after `change_password`."""
    check_password_rules(password, username=person.username)
    password_hash = await hash_password(password)
    async with services.database.transaction() as db:
        if not await logins.UPDATE_PASSWORD.run(db, person.id, password_hash):
            raise NotFound("This account was deleted.")
        await access.delete_sessions(db, person.id, but=keep_session)


async def get_email(services: Services, person: Person) -> str:
    """Return a person's own e-mail address."""
    async with services.database.connection() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
    return (credentials.email or "") if credentials is not None else ""


async def change_email(services: Services, person: Person, email: str, *, password: str) -> bool:
    """Change one's own e-mail address; asks for the password. Raises `Invalid`.

    Where mail is sent, a link goes to the new address first, and the old one stays until it is opened: False.
    """
    email = email.strip()
    check_email(email)
    async with services.database.connection() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
    if credentials is None or not await verify_password(credentials.password_hash, password):
        raise Invalid("The password is not right.", field="password")
    async with acting(services, person) as db:
        if letters.are_sent(services.settings) and email != credentials.email:
            taken = await logins.EMAIL_IS_TAKEN.one(db, person.id, email)
            await mails.request(db, person.id, "new_address", email, pause=_MAIL_PAUSE)
        else:
            taken = not await logins.UPDATE_EMAIL.run(db, person.id, email)
        if taken:
            raise Invalid("Another account has this e-mail address.", field="email")
    services.wake()
    return not letters.are_sent(services.settings) or email == credentials.email


async def approve(services: Services, admin: Person | None, person: Person) -> None:
    """Let a pending account in; an e-mail address that is not confirmed yet still must be.

    For an account that waits for nothing but that, the admin's word takes the place of the letter.
    """
    async with services.database.transaction() as db:
        approved = await people.APPROVE.first(db, person.id)
        if approved is None:
            raise Conflict(f"{person.handle} does not wait for approval.")
        await people.UPDATE_SIGN_UP_REASON.run(db, person.id, "")
        await moderation.insert_audit(db, _id_of(admin), "approve", person.handle)
        if approved.state == "active":
            await notifications.notify_moderators(db, "admin.sign_up", person.id)
        credentials = await logins.CREDENTIALS_BY_ID.one(db, person.id)
        if approved.state == "active" and credentials.email and letters.are_sent(services.settings):
            await mails.request(db, person.id, "approval", credentials.email)
    services.wake()


async def reject(services: Services, admin: Person | None, person: Person) -> None:
    """Turn a pending account away; its name becomes free again."""
    async with services.database.transaction() as db:
        if not await endings.DELETE_PENDING.run(db, person.id):
            raise Conflict(f"{person.handle} does not wait for approval.")
        await moderation.insert_audit(db, _id_of(admin), "reject", person.handle)


async def suspend(services: Services, admin: Person | None, person: Person) -> None:
    """Hide a person and everything of theirs; a local one is signed out everywhere, and what waits is not sent."""
    if person.actor_type == "Application" and not person.is_remote:
        raise NotFound("Only people can be suspended.")
    async with services.database.transaction() as db:
        await _keep_an_admin(db, person)
        if await people.change_state(db, person.id, was="active", to="suspended") is None:
            raise Conflict(f"{person.handle} is not active.")
        await access.delete_sessions(db, person.id)
        await deliveries.discard_of(db, person.id)
        await moderation.insert_audit(db, _id_of(admin), "suspend", person.handle)


async def unsuspend(services: Services, admin: Person | None, person: Person) -> None:
    """Undo a suspension."""
    async with services.database.transaction() as db:
        if await people.change_state(db, person.id, was="suspended", to="active") is None:
            raise Conflict(f"{person.handle} is not suspended.")
        await moderation.insert_audit(db, _id_of(admin), "unsuspend", person.handle)


async def delete_own_account(services: Services, person: Person, *, password: str) -> None:
    """Delete one's own account for good; asks for the password."""
    async with services.database.connection() as db:
        credentials = await logins.CREDENTIALS_BY_ID.first(db, person.id)
    if credentials is None or not await verify_password(credentials.password_hash, password):
        raise Invalid("The password is not right.", field="password")
    await delete_account(services, person)


async def delete_account(services: Services, person: Person, *, by: Person | None = None) -> None:
    """Delete a local account: everyone who may hold something of it is told, then all of it goes.

    The name stays reserved; actor and WebFinger answer 410; the keys stay to sign what is still to be delivered.
    """
    if person.is_remote or person.actor_type == "Application":
        raise NotFound("Only our own people can be deleted.")
    async with services.database.transaction() as db:
        await _keep_an_admin(db, person)
        await endings.lock_touched(db, person.id)
        inboxes = await activities.list_inboxes_reached_by(db, person.id)
        await forget_person(db, person)
        await access.delete_all(db, person.id)
        await tokens.delete_all(db, person.id)
        await apps.delete_codes(db, person.id)
        await mails.delete_all(db, person.id)
        await preferences.DELETE.run(db, person.id)
        await pushes.delete_all(db, person.id)
        await send(
            db,
            services,
            person,
            "Delete",
            lambda ap_id: services.render.delete_person(ap_id, person.ap_id),
            ordering_key=person.ap_id,
            audience=Audience(inboxes=inboxes),
            public=True,
        )
        if not await endings.ERASE_PERSON.run(db, person.id):
            raise NotFound("This account was deleted before.")
        if by is not None:
            await moderation.insert_audit(db, by.id, "delete", person.handle)
    services.wake()


async def _keep_an_admin(db: Connection, person: Person) -> None:
    """Raise `Conflict` when this is the only admin: nobody could administer the server any more."""
    if person.role == "admin" and await people.is_last_admin(db, person.id):
        raise Conflict(
            f"{person.handle} is the only admin of this server. "
            "Make another one first: thoughts user create NAME --email ADDRESS --admin"
        )


async def forget_person(db: Connection, person: Person) -> None:
    """Delete what a person wrote and did, and count it down for the others; after `endings.lock_touched`."""
    await endings.forget_deeds(db, person.id)
    await thoughts.delete_all_of(db, person.id, person.ap_id)
    await media.DELETE_ALL_OF.run(db, person.id)


async def make_invite(services: Services, person: Person, *, max_uses: int = 1, lasts: timedelta = INVITE_LASTS) -> str:
    """Make an invite code that works for a while."""
    if services.settings.registration is not Registration.INVITE:
        raise Forbidden("Invites are not needed here.")
    if not 1 <= max_uses <= 100:
        raise Invalid("An invite is good for 1 to 100 people.", field="max_uses")
    if not timedelta(0) < lasts <= timedelta(days=90):
        raise Invalid("An invite lasts for 1 to 90 days.", field="days")
    code = secrets.token_urlsafe(9)
    async with acting(services, person) as db:
        await access.insert_invite(db, code, person.id, max_uses=max_uses, lasts=lasts)
    return code


async def list_invites(services: Services, person: Person) -> list[Invite]:
    """List the invites that a person made."""
    async with services.database.connection() as db:
        return await access.list_invites(db, person.id)


async def revoke_invite(services: Services, person: Person, invite_id: UUID) -> None:
    """Make one of a person's invites worthless; `NotFound` when it is not theirs."""
    async with services.database.transaction() as db:
        if not await access.delete_invite(db, person.id, invite_id):
            raise NotFound("There is no such invite.")


def _id_of(person: Person | None) -> UUID | None:
    return None if person is None else person.id
