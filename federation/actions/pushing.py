"""Web Push: apps subscribe a token, and workers tell them of notifications through their push service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson
import structlog

from federation.actions.notices import get_notification
from federation.errors import Invalid, NotFound, RemoteError, Temporary, ThoughtsError
from federation.media.urls import proxied_path
from federation.protocol import web_push
from federation.protocol.sanitise import plain_text
from federation.remote.targets import parse_target
from storage import moderation, people, pushes
from storage.pushes import Push, Subscription

if TYPE_CHECKING:
    from federation.actions.notices import Notices
    from federation.services import Services
    from storage.people import Person

log = structlog.get_logger(__name__)

ALERTS: Final = (
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote",
    "quoted_update", "admin.sign_up", "admin.report", "added_to_collection", "collection_update",
)  # fmt: skip
POLICIES: Final = ("all", "followed", "follower", "none")
_MAX_ENDPOINT: Final = 2048
_SECRET: Final = "vapid"  # noqa: S105 - its name
_BATCH: Final = 32
_LEASE: Final = timedelta(minutes=2)
_PAUSES_S: Final = (10, 60, 300, 1800, 7200)
_TTL_S: Final = 48 * 3600
_VALID_S: Final = 12 * 3600
# Of whom or what a notification tells.
TITLES: Final = {
    "mention": "{name} mentioned you",
    "status": "{name} just posted",
    "reblog": "{name} boosted your thought",
    "follow": "{name} follows you",
    "follow_request": "{name} asks to follow you",
    "favourite": "{name} likes your thought",
    "poll": "A poll of {name} has ended",
    "update": "{name} edited a thought",
    "quote": "{name} quoted you",
    "quoted_update": "{name} edited a thought that you quoted",
    "admin.sign_up": "{name} signed up",
    "admin.report": "{name} sent a report",
    "moderation_warning": "A moderator of this server warned you",
    "added_to_collection": "{name} put you in a collection",
    "collection_update": "{name} changed a collection that you are in",
}
_MAX_BODY_CHARS: Final = 140


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an app subscribes: its endpoint and keys, and of what it wants to be told."""

    endpoint: str
    p256dh: str
    auth: str
    standard: bool
    alerts: Sequence[str]
    policy: str


async def server_key(services: Services) -> str:
    """Return the public key that apps subscribe with; made once for the instance."""
    return web_push.to_base64(web_push.public_key(await _key(services)))


async def _key(services: Services) -> bytes:
    async with services.database.connection() as db:
        found = await moderation.find_secret(db, _SECRET)
        return found or await moderation.settle_secret(db, _SECRET, web_push.make_key())


async def subscribe(services: Services, person: Person, token_id: UUID, token: str, wanted: Wanted) -> Subscription:
    """Subscribe a token, in place of what it subscribed before; raise `Invalid` for what cannot be pushed to."""
    subscriber = web_push.read_subscriber(wanted.p256dh, wanted.auth)
    _check_endpoint(services, wanted.endpoint)
    _check(wanted.alerts, wanted.policy)
    sealed = web_push.seal(await _key(services), token, token_id.bytes)
    async with services.database.transaction() as db:
        return await pushes.put_subscription(
            db, token_id, person.id, wanted.endpoint, (subscriber.p256dh, subscriber.auth),
            standard=wanted.standard, sealed_token=sealed, alerts=wanted.alerts, policy=wanted.policy,
        )  # fmt: skip


async def change_subscription(
    services: Services, token_id: UUID, alerts: Sequence[str] | None, policy: str | None
) -> Subscription:
    """Change of what a token's subscription tells; what is None stays. Raises `NotFound` when there is none."""
    _check(alerts or (), policy or "all")
    async with services.database.transaction() as db:
        found = await pushes.change_subscription(db, token_id, alerts, policy)
    if found is None:
        raise NotFound("There is no subscription.")
    return found


async def get_subscription(services: Services, token_id: UUID) -> Subscription:
    """Return a token's subscription, or raise `NotFound`."""
    async with services.database.connection() as db:
        found = await pushes.find_subscription(db, token_id)
    if found is None:
        raise NotFound("There is no subscription.")
    return found


async def unsubscribe(services: Services, token_id: UUID) -> None:
    """End a token's subscription, if there is one."""
    async with services.database.transaction() as db:
        await pushes.delete_of_token(db, token_id)


def _check_endpoint(services: Services, endpoint: str) -> None:
    try:
        target = parse_target(endpoint)
    except ThoughtsError as exc:
        raise Invalid("The endpoint is not a URL.", field="subscription") from exc
    if len(endpoint) > _MAX_ENDPOINT or (target.plain and not services.settings.allow_networks):
        raise Invalid("The endpoint must be an https URL.", field="subscription")


def _check(alerts: Sequence[str], policy: str) -> None:
    if policy not in POLICIES:
        raise Invalid(f"The policy is one of {', '.join(POLICIES)}.", field="policy")
    if not set(alerts) <= set(ALERTS):
        raise Invalid("There is no such alert.", field="alerts")


async def drain(services: Services) -> int:
    """Send every push that is due; return how many that were."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await pushes.claim(db, lease=lease, lease_for=_LEASE, limit=_BATCH)
        if not batch:
            return count
        count += len(batch)
        key = await _key(services)
        async with asyncio.TaskGroup() as tasks:
            for push in batch:
                tasks.create_task(_push(services, key, push, lease))


async def _push(services: Services, key: bytes, push: Push, lease: UUID) -> None:
    """Send one push. After a crash in between it goes out again: apps know notifications by their id."""
    async with services.database.connection() as db:
        subscription = await pushes.find_live(db, push.subscription_id)
        viewer = await people.find_person(db, subscription.user_id) if subscription is not None else None
    if subscription is None or viewer is None:
        await _end(services, push)
        return
    try:
        notices = await get_notification(services, viewer, push.notification_id)
    except NotFound:
        await _done(services, push, lease)
        return
    encrypted = web_push.encrypt(
        _payload(services, key, subscription, notices),
        web_push.Subscriber(subscription.p256dh, subscription.auth),
        standard=subscription.standard,
    )
    try:
        posted = await services.network.post(
            subscription.endpoint,
            body=encrypted.body,
            headers=_signed(services, key, subscription.endpoint, encrypted.headers),
        )
        status = posted.status
    except Temporary:
        status = 503
    except RemoteError as exc:
        # Where it leads we do not go.
        log.info("push.refused", endpoint=urlsplit(subscription.endpoint).netloc, reason=exc.message)
        await _end(services, push)
        return
    if status < 300:
        await _done(services, push, lease)
    elif 400 <= status < 500 and status not in (408, 425, 429):
        log.info("push.ended", endpoint=urlsplit(subscription.endpoint).netloc, status=status)
        await _end(services, push)
    else:
        await _retry(services, push, lease)


def _signed(services: Services, key: bytes, endpoint: str, headers: dict[str, str]) -> dict[str, str]:
    parts, settings = urlsplit(endpoint), services.settings
    return web_push.authorise(
        headers | {
            "content-type": "application/octet-stream",
            "ttl": str(_TTL_S),
            "urgency": "normal",
        },
        key=key,
        audience=f"{parts.scheme}://{parts.netloc}",
        subject=f"mailto:{settings.mail_from}" if settings.mail_from else settings.origin,
        expires_at=int(services.now().timestamp()) + _VALID_S,
    )  # fmt: skip


def _payload(services: Services, key: bytes, subscription: Subscription, notices: Notices) -> bytes:
    """Write what the app is told: enough to show it, and to find the rest."""
    notification = notices.notifications[0]
    actor = notices.people[notification.actor_id]
    origin = services.settings.origin
    avatar = actor.avatar_url or "/static/avatar.png"
    icon = proxied_path(avatar) if actor.is_remote and actor.avatar_url else avatar
    thought = notices.shown.entries[0].thought if notices.shown.entries else None
    text = (thought.summary or plain_text(thought.content)) if thought is not None else actor.bio
    return orjson.dumps(
        {
            "access_token": web_push.unseal(key, subscription.sealed_token, subscription.token_id.bytes),
            "preferred_locale": "en",
            "notification_id": str(notification.id),
            "notification_type": notification.type,
            "icon": origin + icon if icon.startswith("/") else icon,
            "title": TITLES.get(notification.type, "{name}").format(name=actor.name[:80]),
            "body": text if len(text) <= _MAX_BODY_CHARS else text[: _MAX_BODY_CHARS - 1] + "…",
        }
    )


async def _done(services: Services, push: Push, lease: UUID) -> None:
    async with services.database.transaction() as db:
        await pushes.mark_done(db, push.id, lease)


async def _end(services: Services, push: Push) -> None:
    async with services.database.transaction() as db:
        await pushes.delete_subscription(db, push.subscription_id)


async def _retry(services: Services, push: Push, lease: UUID) -> None:
    if push.attempts >= len(_PAUSES_S):
        await _done(services, push, lease)
        return
    due_at = services.now() + timedelta(seconds=_PAUSES_S[push.attempts])
    async with services.database.transaction() as db:
        await pushes.mark_retry(db, push.id, lease, due_at)
