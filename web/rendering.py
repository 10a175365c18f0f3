"""Pages from templates, without what a page of twenty thoughts need not pay for.

Jinja's async mode costs 0.45 ms a page, and `markupsafe.escape`, a thousand times a page, makes a `Markup` of each
piece before it is joined with the others.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import orjson
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]
from quart import Response, request

from web import flashes
from web.assets import asset
from web.current import settings, signed_in
from web.presenting.people import person_view
from web.security import csrf_token, read_cookie
from web.view_models import FILTERS

TEMPLATES = Path(__file__).with_name("templates")
THEMES = ("auto", "light", "dark")


class _LightGenerator(CodeGenerator):
    """Writes templates that escape as always, by `_LightEnvironment.escaped`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class _LightEnvironment(jinja2.Environment):
    code_generator_class = _LightGenerator

    @staticmethod
    def escaped(value: object) -> str:
        """Return what is printed, escaped unless marked safe, for joining with the rest of the page."""
        if type(value) is str:
            safe: str = _escape_inner(value)
            return safe
        return value if type(value) is Markup else escape(value)


@cache
def icon(name: str) -> Markup:
    """Return an icon of the sprite; as a filter of a constant (`"bell"|icon`) it costs nothing: Jinja folds it."""
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>').format(asset("icons.svg"), name)


@cache
def environment() -> jinja2.Environment:
    """Return the templates with their filters, everything escaped that is not marked safe."""
    env = _LightEnvironment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False, cache_size=-1
    )
    env.filters.update(FILTERS, icon=icon)
    env.globals["asset"] = asset
    return env


def theme() -> str:
    """Return the colours this browser asked for."""
    chosen = read_cookie("theme")
    return chosen if chosen in THEMES else "auto"


def render(template: str, *, current: str = "", http_status: int = 200, **context: Any) -> Response:
    """Render a page for the viewer; `current` is its place in the navigation (base.html lists them)."""
    session = signed_in()
    who = session.person if session else None
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
            unread_count=session.waiting.unread if session else 0,
            unposted=session.unposted if session else False,
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
