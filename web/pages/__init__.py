"""The pages for people: server-rendered, whole without JavaScript."""

from __future__ import annotations

from quart import Blueprint

blueprint = Blueprint("pages", __name__)
