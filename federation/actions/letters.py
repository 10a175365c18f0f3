"""Letters to our people: sent by workers, tried again for a day, with links that work once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from federation.actions.passwords import hash_secret, make_secret
from federation.errors import Permanent, RemoteError
from federation.remote.mail import Mail, mail_host, send_mail
from storage import mails, people
from storage.mails import Letter

if TYPE_CHECKING:
    from uuid import UUID

    from federation.services import Services
    from federation.settings import Settings

log = structlog.get_logger()

_BATCH = 8
_LEASE = timedelta(minutes=5)
_PAUSES_S = (60, 300, 1800, 7200, 6 * 3600, 12 * 3600)


@dataclass(frozen=True, slots=True)
class _Text:
    subject: str
    text: str


# {place} is our name, {name} theirs, {link} opens something of ours.
_TEXTS: Mapping[str, _Text] = {
    "confirmation": _Text(
        "Is this your address?",
        "Hello {name},\n\nsomebody, probably you, signed up at {place} with this address. If it was you, open\n\n"
        "{link}\n\nwithin two days. If not, do nothing, and you will not hear from us again.\n",
    ),
    "new_address": _Text(
        "Is this your new address?",
        "Hello {name},\n\nyou asked us at {place} to write to this address from now on. If that is right, open\n\n"
        "{link}\n\nwithin two days. If it was not you, do nothing: nothing changes.\n",
    ),
    "password_reset": _Text(
        "A new password",
        "Hello {name},\n\nsomebody, probably you, forgot the password for {place}. To choose a new one, open\n\n"
        "{link}\n\nwithin six hours. It signs you out everywhere, and shuts out every app. If it was not you, do "
        "nothing: the old password stays.\n",
    ),
    "unposted": _Text(
        "A thought of yours waits",
        "Hello {name},\n\na thought that you scheduled at {place} could not be posted. To see why, and to post it "
        "after all, open\n\n{link}\n",
    ),
    "approval": _Text(
        "You are in",
        "Hello {name},\n\nyour account at {place} is open. Welcome! Sign in at\n\n{link}\n",
    ),
}
_PAGES: Mapping[str, str] = {
    "confirmation": "/confirm?token={token}",
    "new_address": "/confirm?token={token}",
    "password_reset": "/password/new?token={token}",
    "approval": "/signin",
    "unposted": "/scheduled",
}


def are_sent(settings: Settings) -> bool:
    """Tell whether this server writes letters at all."""
    return settings.smtp_url is not None


async def drain(services: Services) -> int:
    """Send every letter that is due; return how many that were."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await mails.claim(db, lease=lease, lease_for=_LEASE, limit=_BATCH)
        if not batch:
            return count
        count += len(batch)
        async with asyncio.TaskGroup() as tasks:
            for letter in batch:
                tasks.create_task(_send(services, letter, lease))


async def _send(services: Services, letter: Letter, lease: UUID) -> None:
    """Send one letter. After a crash in between it goes out again, and only its newest link works."""
    token = make_secret()
    async with services.database.transaction() as db:
        person = await people.find_person(db, letter.user_id)
        if person is None or not await mails.set_token(db, letter.id, lease, hash_secret(token)):
            return
    text, origin = _TEXTS[letter.kind], services.settings.origin
    words = text.text.format(
        name=person.name, place=services.settings.account_domain, link=origin + _PAGES[letter.kind].format(token=token)
    )
    try:
        await send_mail(services.settings, Mail(letter.address, text.subject, words))
    except RemoteError as exc:
        await _trouble(services, letter, lease, exc)
        return
    async with services.database.transaction() as db:
        await mails.mark_sent(db, letter.id, lease)


async def _trouble(services: Services, letter: Letter, lease: UUID, error: RemoteError) -> None:
    now = services.now()
    log.warning("mail.failed", kind=letter.kind, attempts=letter.attempts + 1, error=error.message)
    attempt = {"at": now.isoformat(), "status": error.status, "error": error.message}
    async with services.database.transaction() as db:
        if letter.attempts < len(_PAUSES_S) and not isinstance(error, Permanent):
            due_at = now + timedelta(seconds=_PAUSES_S[letter.attempts])
            await mails.mark_retry(db, letter.id, lease, due_at, attempt)
        else:
            error_class = "refused" if isinstance(error, Permanent) else "unreachable"
            await mails.mark_dead(
                db, letter.id, lease, host=mail_host(services.settings), error_class=error_class, attempt=attempt
            )
