"""The Mastodon client API: JSON for apps with bearer tokens; cookies mean nothing here."""

from __future__ import annotations

from quart import Blueprint

blueprint = Blueprint("client_api", __name__)
