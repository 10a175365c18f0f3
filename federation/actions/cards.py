"""Preview cards: which link of a thought gets one, and reading its page in the background, once for everybody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

from federation.actions.people import local_part
from federation.errors import Temporary, ThoughtsError
from federation.protocol.handles import Handle
from federation.protocol.oembed import write_frame
from federation.protocol.page_facts import Embed
from federation.protocol.page_links import first_link
from federation.remote.discovery import resolve_handle
from federation.remote.previews import Preview, read_preview
from federation.remote.proxy import Looks, read_card_picture
from federation.remote.targets import LONGEST_URL, authority, parse_target
from storage import cards, people
from storage.cards import Card, Link, NewCard
from storage.errors import DatabaseUnavailable
from storage.news import ThoughtEdited, tell

if TYPE_CHECKING:
    from federation.protocol.own_links import Named
    from federation.services import Services
    from storage.database import Connection
    from storage.people import Person

log = structlog.get_logger(__name__)

BATCH = 8
LEASE = timedelta(minutes=2)
READ_TIMEOUT_S = 60
# Whoever is down for a day has no card.
PAUSES = (timedelta(minutes=2), timedelta(hours=1))
# Thoughts of others reach all their readers' servers at once: those must not come to the page at once.
SPREAD_S = 60.0


async def ask_for_card(
    db: Connection,
    services: Services,
    html: str,
    *,
    named: Iterable[Named] = (),
    besides: Iterable[str] = (),
    soon: bool = False,
) -> UUID | None:
    """Return the link of a thought's text that shall have a card, and ask for its page to be read; None without one.

    `named` are the people whom it names, `besides` what else is no page: what it quotes, what it attaches. Without
    `soon` the page is read within a random minute.
    """
    if "<a " not in html:
        return None
    others = {url for one in named for url in (one.ap_id, one.profile_url)}.union(besides)
    found = first_link(html, besides=others, origin=services.settings.origin)
    if found is None:
        return None
    url = _normal(found)
    if url is None:
        return None
    delay_s = 0.0 if soon else random.uniform(1.0, SPREAD_S)  # noqa: S311
    return await cards.ask(db, url, within=timedelta(seconds=delay_s))


def _normal(url: str) -> str | None:
    """Return an address as it is asked for; None for what is none, or too long to be kept."""
    try:
        normal = parse_target(url).url
    except ThoughtsError:
        return None
    return normal if len(normal) <= LONGEST_URL else None


async def drain(services: Services) -> int:
    """Read every page that is due; return how many those were."""
    count = 0
    while True:
        lease = uuid4()
        async with services.database.transaction() as db:
            batch = await cards.claim(db, lease=lease, lease_for=LEASE, limit=BATCH)
        if not batch:
            return count
        count += len(batch)
        async with asyncio.TaskGroup() as tasks:
            for link in batch:
                tasks.create_task(_work_on(services, link, lease))


async def _work_on(services: Services, link: Link, lease: UUID) -> None:
    """Read one page; whatever goes wrong, there is no card, and nothing else happens. Raises for the database alone."""
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            card = await _read(services, link)
        await _keep(services, link, lease, card)
        return
    except (Temporary, TimeoutError) as exc:
        if link.attempts <= len(PAUSES):
            async with services.database.transaction() as db:
                await cards.put_off(db, link.id, lease, PAUSES[link.attempts - 1])
            return
        log.info("card.given_up", url=link.url, reason=str(exc))
    except ThoughtsError as exc:
        log.info("card.refused", url=link.url, reason=exc.message)
    except DatabaseUnavailable:
        raise
    except Exception:  # the process edge: one bad page must not stop the others
        log.exception("card.crash", url=link.url)
    await _keep(services, link, lease, None)


async def _keep(services: Services, link: Link, lease: UUID, card: NewCard | None) -> None:
    """Note what came of a link, and tell those who look at thoughts that carry it."""
    async with services.database.transaction() as db:
        card_id = await cards.save_card(db, card) if card is not None else None
        if not await cards.mark_read(db, link.id, lease, card_id) or card_id is None:
            return
        for thought_id in await cards.list_newest_thoughts(db, link.id):
            tell(db, ThoughtEdited(thought_id))


async def _read(services: Services, link: Link) -> NewCard | None:
    """Read a page and what it shows; None for one that does not even have a title."""
    preview = await read_preview(services.network, link.url)
    facts, oembed = preview.facts, preview.oembed
    title = facts.title or (oembed.title if oembed is not None else "")
    if not title:
        return None
    url = _normal(facts.url) or preview.url
    async with services.database.connection() as db:
        before = await cards.find_card(db, url)
    kind, frame, width, height = _shape(preview)
    image_url, looks = await _picture(services, preview, before)
    if kind == "link":
        width, height = looks.width, looks.height
    author = await _author(services, facts.creator)
    return NewCard(
        url=url,
        host=parse_target(url).authority,
        first_hand=url == preview.url,
        type=kind,
        title=title,
        description=facts.description,
        language=facts.language,
        author_name=facts.author_name or (oembed.author_name if oembed is not None else ""),
        author_url=facts.author_url or (oembed.author_url if oembed is not None else ""),
        author_id=author.id if author is not None else None,
        provider_name=facts.provider_name or (oembed.provider_name if oembed is not None else ""),
        provider_url=facts.provider_url or (oembed.provider_url if oembed is not None else ""),
        html=write_frame(frame, origin=services.settings.origin) if frame is not None else "",
        embed_url=(oembed.photo_url if oembed is not None else None) or facts.embed_url,
        width=width,
        height=height,
        image_url=image_url,
        image_alt=facts.image_alt if image_url is not None else "",
        blurhash=looks.blurhash,
        published_at=facts.published_at,
    )


def _shape(preview: Preview) -> tuple[str, Embed | None, int, int]:
    """Return a card's type, what plays in it, and its sides: as oEmbed says, else as the page does."""
    oembed, player = preview.oembed, preview.facts.player
    if oembed is not None and oembed.type == "photo":
        return "photo", None, oembed.width, oembed.height
    if oembed is not None and oembed.player is not None:
        frame = oembed.player
        return "video", frame, frame.width or oembed.width, frame.height or oembed.height
    if player is not None:
        return "video", player, player.width, player.height
    return "link", None, 0, 0


async def _picture(services: Services, preview: Preview, before: Card | None) -> tuple[str | None, Looks]:
    """Return where the card's picture lies and what it looks like; one that cannot be shown is left out."""
    oembed = preview.oembed
    named = (oembed.photo_url if oembed is not None else None) or preview.facts.image_url
    url = named or (oembed.thumbnail_url if oembed is not None else None)
    if url is None:
        return None, Looks()
    looks = await read_card_picture(services.reader, services.blobs, url, authority(preview.url))
    if looks is None:
        return None, Looks()
    if before is not None and before.image_url == url and not looks.width:
        sides = (before.width, before.height) if before.type == "link" else (0, 0)
        looks = Looks(*sides, before.blurhash)
    return url, looks


async def _author(services: Services, claimed: str | None) -> Person | None:
    """Find whom a page names as its author, asking their server when we do not know them."""
    handle = Handle.parse(claimed) if claimed is not None else None
    if handle is None or handle.host is None:
        return None
    domain = local_part(services, handle)
    async with services.database.connection() as db:
        person = await people.find_by_handle(db, handle.username, domain)
    if person is None and domain is not None:
        try:
            person = await resolve_handle(services.reader, handle)
        except ThoughtsError as exc:
            log.info("card.unknown_author", author=str(handle), reason=exc.message)
    return person if person is not None and person.state == "active" else None
