"""Verified links: a profile field is verified when the page it links to links back with rel="me"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

import structlog

from federation.actions.acting import acting
from federation.actions.profiles import is_unverified, send_update
from federation.errors import ThoughtsError
from federation.remote.content_types import one_of
from federation.remote.pages import linked_with
from storage import people
from storage.people import Person

if TYPE_CHECKING:
    from federation.services import Services

log = structlog.get_logger(__name__)

MAX_PAGE_BYTES = 1024 * 1024
PAGE_TIMEOUT_S = 15.0


async def verify_links(services: Services, person: Person) -> None:
    """Read the pages that a local person's fields link to, and mark those that link back."""
    if person.is_remote:
        return
    verified = [await _verified(services, person, field) for field in person.fields]
    if verified == person.fields:
        return
    async with acting(services, person) as db:
        present = await people.find_person(db, person.id)
        # Changed meanwhile: that change has asked for a check of its own.
        if present is None or present.fields != person.fields:
            return
        await people.UPDATE_FIELDS.run(db, person.id, verified)
        changed = await people.find_person(db, person.id)
        if changed is not None:
            await send_update(db, services, changed)
    services.wake()


async def _verified(services: Services, person: Person, field: dict[str, Any]) -> dict[str, Any]:
    if not is_unverified(field):
        return field
    try:
        page = await services.network.fetch(
            field["value"],
            accept="text/html, application/xhtml+xml;q=0.9",
            allowed_types=one_of("text/html", "application/xhtml+xml"),
            max_bytes=MAX_PAGE_BYTES,
            timeout_s=PAGE_TIMEOUT_S,
        )
        links = [urljoin(page.url, node.attributes.get("href") or "") for node in linked_with(page, rel="me")]
    except (ThoughtsError, ValueError) as exc:
        log.info("link not verified", url=field["value"], reason=str(exc))
        return field
    ours = {person.profile_url, person.ap_id}
    if not any(urldefrag(link).url in ours for link in links):
        return field
    return {**field, "verified_at": services.now().isoformat()}
