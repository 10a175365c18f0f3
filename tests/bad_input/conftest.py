"""A filled instance that finds nobody by a made-up name, and everybody who calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.bad_input.undoing import Nowhere, contents
from tests.bad_input.values import Named
from tests.client_api.conftest import ann, bob, nobody, open_app  # noqa: F401
from tests.client_api.test_api_contract import World, world  # noqa: F401
from tests.services_fixture import open_test_services

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from federation.settings import Settings
    from storage.database import Database
    from storage.live import Live
    from tests.client_api.conftest import App, OpenApp


@pytest.fixture
async def services(settings: Settings, fresh_database: Database, live: Live) -> AsyncIterator[Services]:
    """Services that find nobody by a made-up name."""
    async with open_test_services(settings, fresh_database, live, resolver=Nowhere()) as services:
        yield services


@dataclass
class Filled:
    """The application with everything in it: ids by name, apps that call by what is good or bad about them."""

    services: Services
    app: Quart
    world: World
    callers: dict[str, App]
    untouched: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """What there are ids of, in an order that is always the same."""
        return tuple(sorted(self.world))

    def named(self, value: Any) -> Any:
        """Put ids where names are."""
        if isinstance(value, Named):
            return self.world[value.name]
        if isinstance(value, list):
            return [self.named(one) for one in value]
        if isinstance(value, dict):
            return {key: self.named(one) for key, one in value.items()}
        return value


@pytest.fixture
async def filled(
    services: Services,
    app: Quart,
    world: World,  # noqa: F811
    ann: App,  # noqa: F811
    bob: App,  # noqa: F811
    nobody: App,  # noqa: F811
    open_app: OpenApp,  # noqa: F811
) -> Filled:
    """Everything there is, and everybody who calls."""
    everything = "read write follow push profile"
    registered = await nobody.post(
        "/api/v1/apps", client_name="Ivory", redirect_uris="https://ivory.example", scopes=everything
    )
    credentials = {"client_id": registered["client_id"], "client_secret": registered["client_secret"]}
    of_app = await nobody.post("/oauth/token", grant_type="client_credentials", scope="read write", **credentials)
    assert ann.person is not None
    async with services.database.connection() as db:
        root_id = await db.fetchval("SELECT id FROM users WHERE username = 'root'")
    callers = {
        "ann": await open_app(ann.person, scopes=everything), "bob": bob, "nobody": nobody,
        "root": await open_app(
            replace(ann.person, id=root_id, username="root"), scopes=f"{everything} admin:read admin:write"
        ),
        "app": await open_app(None), "garbage": await open_app(None), "revoked": await open_app(ann.person),
    }  # fmt: skip
    callers["app"].client.headers["Authorization"] = f"Bearer {of_app['access_token']}"
    callers["garbage"].client.headers["Authorization"] = "Bearer \xff\0 garbage"
    async with services.database.transaction() as db:
        latest = await db.fetchval("SELECT id FROM access_tokens ORDER BY created_at DESC LIMIT 1")
        await db.execute("UPDATE access_tokens SET revoked_at = now() WHERE id = $1", latest)
    for one in callers.values():
        await one.client.get("/api/v1/accounts/verify_credentials")
    async with services.database.connection() as db:
        untouched = await contents(db)
    return Filled(services, app, world | {"root": str(root_id)}, callers, untouched)
