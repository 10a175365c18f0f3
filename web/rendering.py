"""Pages from templates. The environment is a plain one: Jinja's async mode costs 0.45 ms a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import orjson
from quart import Response, g, request

from web import flashes
from web.assets import asset
from web.current import settings, viewer
from web.presenting.people import person_view
from web.security import csrf_token, read_cookie
from web.view_models import FILTERS

TEMPLATES = Path(__file__).with_name("templates")
THEMES = ("auto", "light", "dark")


@cache
def environment() -> jinja2.Environment:
    """Return the templates with their filters, everything escaped that is not marked safe."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False, cache_size=-1
    )
    env.filters.update(FILTERS)
    env.globals["asset"] = asset
    return env


def theme() -> str:
    """Return the colours this browser asked for."""
    chosen = read_cookie("theme")
    return chosen if chosen in THEMES else "auto"


def render(template: str, *, current: str = "", http_status: int = 200, **context: Any) -> Response:
    """Render a page for the viewer; `current` is its place in the navigation (base.html lists them)."""
    who = viewer()
    page = (
        environment()
        .get_template(template)
        .render(
            viewer=person_view(who) if who else None,
            viewer_is_admin=who is not None and who.role == "admin",
            instance_name=settings().account_domain,
            local_domain=settings().account_domain,
            registration=settings().registration.value,
            csrf_token=csrf_token,
            theme=theme(),
            unread_count=g.get("unread_count", 0),
            flashes=flashes.take(),
            current=current,
            path=own_path(),
            **context,
        )
    )
    return Response(page, status=http_status, content_type="text/html; charset=utf-8")


def own_path() -> str:
    """Return where a form of this page leads back to: the page itself, when it can be asked for again."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def json_response(body: Any, *, status: int = 200, content_type: str = "application/json") -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(body), status=status, content_type=content_type)
