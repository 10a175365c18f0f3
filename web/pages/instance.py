"""About this place, and its colours."""

from __future__ import annotations

from importlib.metadata import metadata, version

from quart import Blueprint, Response

from federation.actions import overview
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
    found = await overview.get_about(services())
    return render(
        "about.html",
        current="about",
        description="",
        rules=(),
        admins=tuple(person_view(admin) for admin in found.admins),
        people=found.summary.people,
        thoughts=found.summary.thoughts,
        hosts=found.summary.hosts,
        version=version("thoughts"),
        source_url=_source_url(),
        max_chars=settings().max_chars,
    )


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
