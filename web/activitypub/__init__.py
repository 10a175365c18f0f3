"""The door for other servers: discovery, actors, objects, collections and inboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.activitypub.discovery import blueprint as discovery
from web.activitypub.documents import blueprint as documents
from web.activitypub.inbox import InboxDoor

if TYPE_CHECKING:
    from quart import Quart

__all__ = ["install"]


def install(app: Quart) -> None:
    """Add the routes to an application, and the inboxes in front of it."""
    app.register_blueprint(discovery)
    app.register_blueprint(documents)
    app.asgi_app = InboxDoor(app.asgi_app, app)  # type: ignore[method-assign]
