"""The application that Hypercorn serves: every door of the house, behind the same guards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

from quart import Quart, Request

from federation.actions.instance import cookie_secret
from federation.services import Services
from web import (
    activitypub,
    admin,
    assets,
    client_api,
    errors,
    feeds,
    flashes,
    health,
    oauth,
    pages,
    security,
    streaming,
)
from web.bodies import WholeBodies
from web.current import SERVICES, SETTINGS

if TYPE_CHECKING:
    from federation.settings import Settings

MAX_FORM_BYTES = 1024 * 1024
MAX_UPLOAD_BYTES = 10 * 1024 * 1024
UPLOAD_PATHS = ("/settings/profile", "/api/v1/media", "/api/v2/media", "/api/v1/accounts/update_credentials")


class BoundedRequest(Request):
    """A request whose body may be large only where files are uploaded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        path: str = args[2] if len(args) > 2 else kwargs["path"]
        kwargs["max_content_length"] = MAX_UPLOAD_BYTES if path in UPLOAD_PATHS else MAX_FORM_BYTES
        super().__init__(*args, **kwargs)


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
    security.guard(app)
    flashes.install(app)
    errors.install(app)
    for blueprint in (
        assets.blueprint,
        health.blueprint,
        client_api.blueprint,
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
