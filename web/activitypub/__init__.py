"""What other servers ask of us: WebFinger, actors, objects, inboxes."""

from __future__ import annotations

from quart import Blueprint

blueprint = Blueprint("activitypub", __name__)
