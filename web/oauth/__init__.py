"""OAuth 2: the page on which people let apps in, and the endpoints where apps get their tokens."""

from __future__ import annotations

from web.oauth.authorize import blueprint as pages
from web.oauth.tokens import blueprint as endpoints

BLUEPRINTS = (pages, endpoints)
