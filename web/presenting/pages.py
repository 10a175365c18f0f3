"""Pages that thoughts link to, from rows to what templates show."""

from __future__ import annotations

from federation.media.urls import MediaUrls
from storage.cards import Card
from web.view_models import PageView, PersonView


def page_view(card: Card, author: PersonView | None, urls: MediaUrls) -> PageView:
    """Return what is shown of a page; `author`, whom it names, when they name its site as well."""
    author = author if card.author_agrees else None
    return PageView(
        url=card.url,
        host=card.host.removeprefix("www."),
        title=card.title,
        description=card.description,
        lang=card.language or "",
        kind=card.type,
        image_url=urls.copy(card.image_url) if card.image_url else None,
        width=card.width,
        height=card.height,
        blurhash=card.blurhash or "",
        byline="" if author is not None else card.author_name,
        author=author,
    )
