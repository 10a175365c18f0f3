"""PreviewCard and its authors."""

from __future__ import annotations

from typing import Any

from storage.cards import Card
from storage.people import Person
from web.client_api.entities.accounts import account
from web.client_api.entities.site import Site, moment


def preview_card(site: Site, card: Card, author: Person | None, viewer: Person | None) -> dict[str, Any]:
    """Write what is shown of a page; `author` is whom it names, shown when they name its site as well."""
    agreed = author if card.author_agrees and author is not None and author.state == "active" else None
    name, url = card.author_name, card.author_url
    if agreed is not None:
        name, url = agreed.display_name or agreed.username, agreed.profile_url
    written: dict[str, Any] = {
        "url": card.url,
        "title": card.title,
        "description": card.description,
        "language": card.language,
        "type": card.type,
        "author_name": name,
        "author_url": url,
        "provider_name": card.provider_name,
        "provider_url": card.provider_url,
        "html": card.html,
        "width": card.width,
        "height": card.height,
        "image": site.media.copy(card.image_url) if card.image_url else None,
        "image_description": card.image_alt,
        "embed_url": card.embed_url,
        "blurhash": card.blurhash,
        "published_at": moment(card.published_at) if card.published_at else None,
        "authors": [],
    }
    if name or url:
        shown = account(site, agreed) if agreed is not None else None
        written["authors"] = [{"name": name, "url": url, "account": shown}]
    if viewer is not None:
        written["missing_attribution"] = card.author_id == viewer.id and not card.author_agrees
    return written
