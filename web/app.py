"""The application that Hypercorn serves: every door of the house, behind the same guards."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

from quart import Quart, Request

from federation.actions.instance import cookie_secret
from federation.media.formats import MAX_VIDEO_BYTES
from federation.services import Services
from web import (
    activitypub,
    admin,
    assets,
    client_api,
    documentation,
    errors,
    feeds,
    flashes,
    health,
    media,
    oauth,
    pages,
    security,
    shut_out,
    streaming,
)
from web.bodies import WholeBodies
from web.current import SERVICES, SETTINGS
from web.form_bodies import WholeForms

if TYPE_CHECKING:
    from federation.settings import Settings

MAX_FORM_BYTES = 1024 * 1024
MAX_PORTRAITS_BYTES = 10 * 1024 * 1024
# The largest video, and room for what else a form says.
MAX_UPLOAD_BYTES = MAX_VIDEO_BYTES + MAX_FORM_BYTES
_UPLOAD_WITHIN_S = 15 * 60
# Whoever sends to these is known before the body is read.
_UPLOADS = re.compile(r"/api/v[12]/media(/[^/]+)?|/compose|/thoughts/[^/]+/edit")
_PORTRAITS = ("/settings/profile", "/api/v1/accounts/update_credentials", "/api/v1/profile")


class BoundedRequest(Request):
    """A request whose body may be large only where files are uploaded, and whose forms are whole."""

    form_data_parser_class = WholeForms

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        path: str = args[2] if len(args) > 2 else kwargs["path"]
        most = MAX_PORTRAITS_BYTES if path in _PORTRAITS else MAX_FORM_BYTES
        most = MAX_UPLOAD_BYTES if _UPLOADS.fullmatch(path) else most
        super().__init__(*args, **{**kwargs, "max_content_length": most})
        # Both bound what waits to be parsed, of files too: more comes at once than is parsed at once.
        self.max_content_length = self.max_form_memory_size = most
        if most == MAX_UPLOAD_BYTES:
            self.body_timeout = _UPLOAD_WITHIN_S


class Application(Quart):
    """Quart with our request; templates are rendered by `web.rendering`, static files by `web.assets`."""

    request_class = BoundedRequest


def create_app(settings: Settings, services: Services | AbstractAsyncContextManager[Services]) -> Application:
    """Put the application together.

    `services` are opened and closed with the application's lifespan when they come as a context manager;
    ready ones stay the caller's.
    """
    app = Application("web", static_folder=None, template_folder=None)
    app.config[SETTINGS] = settings
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_BYTES
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.strict_slashes = False

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            opened = services if isinstance(services, Services) else await stack.enter_async_context(services)
            app.extensions[SERVICES] = opened
            app.config[security.SIGNING_KEY] = await cookie_secret(opened)
            await stack.enter_async_context(app.extensions[streaming.STREAMS].running(opened))
            yield

    # After-request functions run last registered first.
    health.install(app)
    shut_out.install(app)
    security.guard(app)
    flashes.install(app)
    errors.install(app)
    for blueprint in (
        assets.blueprint,
        health.blueprint,
        media.blueprint,
        client_api.blueprint,
        documentation.blueprint,
        feeds.blueprint,
        admin.blueprint,
        *pages.BLUEPRINTS,
        *oauth.BLUEPRINTS,
    ):
        app.register_blueprint(blueprint)
    app.asgi_app = WholeBodies(app.asgi_app)  # type: ignore[method-assign]
    activitypub.install(app)
    streaming.install(app)
    return app
