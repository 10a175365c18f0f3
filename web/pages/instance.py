"""About this place, the colours, and the pictures it serves."""

from __future__ import annotations

from importlib.metadata import metadata, version

from quart import Blueprint, Response, request, send_file

from federation.actions import overview, pictures
from federation.errors import NotFound
from federation.remote.pictures import PictureFile
from web.current import services, settings
from web.forms import go_back, typed
from web.presenting.people import person_view
from web.rendering import THEMES, render
from web.security import set_cookie

blueprint = Blueprint("instance", __name__)

_PICTURE_TYPES = frozenset({"image/webp", "image/png", "image/jpeg", "image/gif", "image/avif"})
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


@blueprint.get("/media/<content_hash>")
async def media(content_hash: str) -> Response:
    """Serve an uploaded picture."""
    return await _picture(await pictures.get_upload(services(), content_hash))


@blueprint.get("/proxy/<key>")
async def proxy(key: str) -> Response:
    """Serve a remote person's picture from our copy, so that nobody else learns who looks at it."""
    return await _picture(await pictures.get_proxied(services(), key))


async def _picture(file: PictureFile) -> Response:
    if file.content_type not in _PICTURE_TYPES:
        raise NotFound("There is no such picture.")
    response = await send_file(file.path, mimetype=file.content_type, add_etags=False, conditional=False)
    response.set_etag(file.content_hash)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S if request.path.startswith('/media/') else 86400}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
