"""The pages of those with the keys."""

from __future__ import annotations

from quart import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
