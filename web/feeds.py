"""RSS and Atom feeds of what a person says in public."""

from __future__ import annotations

from quart import Blueprint

blueprint = Blueprint("feeds", __name__)
