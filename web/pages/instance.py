"""About this place, and its colours."""

from __future__ import annotations

from importlib.metadata import metadata, version

from quart import Blueprint, Response

from federation.actions import overview, site
from federation.actions.site import Text
from federation.errors import NotFound
from web.current import services, settings
from web.forms import go_back, typed
from web.presenting.people import person_view
from web.rendering import THEMES, render
from web.security import set_cookie

blueprint = Blueprint("instance", __name__)

_YEAR_S = 365 * 24 * 3600


@blueprint.get("/about")
async def about() -> Response:
    """Say what this place is, who looks after it, and what happens to what one writes."""
    found, house = await overview.get_about(services()), await site.get_house(services())
    story = await site.get_text(services(), "about")
    return render(
        "about.html",
        current="about",
        description="" if house.description == site.default_description(services()) else house.description,
        story=story.html if story else "",
        rules=tuple(rule.text for rule in house.rules),
        admins=tuple(person_view(admin) for admin in found.admins),
        people=found.summary.people,
        thoughts=found.summary.thoughts,
        hosts=found.summary.hosts,
        version=version("thoughts"),
        source_url=_source_url(),
        max_chars=settings().max_chars,
    )


@blueprint.get("/privacy")
async def privacy() -> Response:
    """Say what becomes of what people give away."""
    return _text(await site.get_text(services(), "privacy"), "Privacy")


@blueprint.get("/terms")
async def terms() -> Response:
    """Show the terms in force."""
    return _text(await site.get_terms(services()), "Terms of service")


def _text(text: Text | None, heading: str) -> Response:
    if text is None:
        raise NotFound("There is no such text.")
    return render("text.html", current="about", heading=heading, html=text.html, updated_at=text.updated_at)


def _source_url() -> str:
    """Return where the source lies, as the package says."""
    urls = (line.partition(", ") for line in metadata("thoughts").get_all("Project-URL") or ())
    return next((url for label, _, url in urls if label in ("Source", "Repository")), "")


@blueprint.post("/theme")
async def theme() -> Response:
    """Keep this browser's colours."""
    chosen = (await typed()).get("theme")
    response = await go_back("/")
    if chosen in THEMES:
        set_cookie(response, "theme", chosen, max_age_s=_YEAR_S)
    return response
