"""Apps that speak for people, at the composed application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest

from federation.actions import sessions
from tests.services_fixture import ORIGIN, make_person

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from storage.people import Person


@dataclass
class App:
    """An app with a person's token, or without one."""

    client: httpx.AsyncClient
    person: Person | None = None

    @property
    def id(self) -> str:
        """The person's id."""
        assert self.person is not None
        return str(self.person.id)

    async def call(self, method: str, path: str, *, expected: int = 200, **options: Any) -> Any:
        """Call a route, expecting a status, and return its JSON."""
        answer = await self.client.request(method, path, **options)
        assert answer.status_code == expected, (method, path, answer.status_code, answer.text[:500])
        return answer.json()

    async def get(self, path: str, *, expected: int = 200, **params: Any) -> Any:
        """GET a route with query parameters and return its JSON."""
        return await self.call("GET", path, expected=expected, params=params)

    async def post(self, path: str, *, expected: int = 200, **body: Any) -> Any:
        """POST JSON to a route and return its JSON."""
        return await self.call("POST", path, expected=expected, json=body)

    async def publish(self, text: str, **body: Any) -> dict[str, Any]:
        """Publish a thought and return its Status."""
        status: dict[str, Any] = await self.post("/api/v1/statuses", **{"status": text} | body)
        return status


ADMIN_SCOPES = "admin:read admin:write read write"
OpenApp: TypeAlias = Callable[..., Awaitable[App]]


@pytest.fixture
async def open_app(app: Quart, services: Services) -> AsyncIterator[OpenApp]:
    """Opens an app: `await open_app("ann")` for a new person, a `Person` for a known one, None for a stranger."""
    opened: list[httpx.AsyncClient] = []

    async def open_for(who: str | Person | None, *, scopes: str = "read write follow") -> App:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        opened.append(client)
        if who is None:
            return App(client)
        person = await make_person(services, who) if isinstance(who, str) else who
        token = await sessions.create_token(services, person, scopes.split())
        client.headers["Authorization"] = f"Bearer {token}"
        return App(client, person)

    yield open_for
    for client in opened:
        await client.aclose()


@pytest.fixture
async def ann(open_app: OpenApp) -> App:
    """Ann's app."""
    return await open_app("ann")


@pytest.fixture
async def bob(open_app: OpenApp) -> App:
    """Bob's app."""
    return await open_app("bob")


@pytest.fixture
async def boss(services: Services, open_app: OpenApp) -> App:
    """An admin's app."""
    return await open_app(await make_person(services, "boss", role="admin"), scopes=ADMIN_SCOPES)


@pytest.fixture
async def mod(services: Services, open_app: OpenApp) -> App:
    """A moderator's app."""
    return await open_app(await make_person(services, "mod", role="moderator"), scopes=ADMIN_SCOPES)


@pytest.fixture
async def nobody(open_app: OpenApp) -> App:
    """An app without a token."""
    return await open_app(None)
