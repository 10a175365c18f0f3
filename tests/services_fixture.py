"""Services over real engines, people to act with, and browsers that look at the composed application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import httpx

from federation.actions import sessions
from federation.actions.instance import instance_actor, make_keys, settle_instance
from federation.actions.passwords import hash_password
from federation.media.urls import MediaUrls
from federation.protocol.ids import Urls
from federation.remote.keyring import Keyring
from federation.remote.network import NetworkClient
from federation.remote.reader import Reader
from federation.render import Renderer
from federation.services import Services, refusals_of, utc_now
from federation.settings import AllowedNetwork, Registration, Settings
from storage import people
from storage.blob_stores import open_blobs
from storage.live import RateLimiter
from storage.news import NewsRoom
from storage.people import ActorKeys, NewPerson, Person, RemoteProfile
from storage.remote_actors import NewRemoteActor, upsert_remote_actor
from web.security import cookie_name

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.abc import AbstractResolver
    from quart import Quart

    from storage.database import Database
    from storage.live import Live

PASSWORD = "correct horse battery"
ORIGIN = "http://localhost:8000"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def make_settings(data: Path, **changes: Any) -> Settings:
    """Return the settings of a test instance: open registration, loopback reachable, no rate limits."""
    settings = Settings(
        origin=ORIGIN,
        account_domain="localhost:8000",
        data=data,
        allow_networks=(AllowedNetwork(ip_network("127.0.0.0/8")),),
        registration=Registration.OPEN,
        rate_limits=False,
    )
    return replace(settings, **changes)


@asynccontextmanager
async def open_test_services(
    settings: Settings, database: Database, live: Live, *, resolver: AbstractResolver | None = None
) -> AsyncIterator[Services]:
    """Open services over a database and Redis of the caller's; nobody listens to `wake`."""
    await _spare_keys(database, settings)
    actor_id = await settle_instance(database, settings)
    keyring = Keyring(database)
    urls = Urls(settings.origin)
    network_client = NetworkClient(settings, refuses=refusals_of(database), resolver=resolver)
    async with network_client as network, NewsRoom(live) as database.publish:
        signer = (await keyring.signing_key(actor_id)).signer(utc_now)
        yield Services(
            settings=settings,
            urls=urls,
            render=Renderer(urls, settings.account_domain, MediaUrls(settings.media_base)),
            database=database,
            live=live,
            limiter=RateLimiter(live),
            network=network,
            keyring=keyring,
            reader=Reader(network, database, urls, settings.account_domain, signer, utc_now),
            blobs=open_blobs(settings.media_url, settings.data),
            wake=lambda: None,
            instance_actor_id=actor_id,
        )


async def _spare_keys(database: Database, settings: Settings) -> None:
    """Give the instance actor the keys that everybody has here: making new ones takes a tenth of a second."""
    _, keys = await asyncio.to_thread(_credentials)
    async with database.transaction() as db:
        actor = await people.insert_local(db, instance_actor(settings.origin))
        if actor is not None:
            await people.insert_actor_keys(db, actor.id, keys)


@cache
def _credentials() -> tuple[str, ActorKeys]:
    """Make one password hash and one pair of keys for everybody: making them takes 150 ms."""

    async def make() -> tuple[str, ActorKeys]:
        return await hash_password(PASSWORD), await make_keys()

    with asyncio.Runner() as runner:
        return runner.run(make())


async def make_person(services: Services, username: str, *, role: str = "user", state: str = "active") -> Person:
    """Make one of our people, whose password is PASSWORD."""
    password_hash, keys = await asyncio.to_thread(_credentials)
    urls = services.urls
    new = NewPerson(
        username=username,
        email=f"{username}@mail.example",
        password_hash=password_hash,
        state=state,
        role=role,
        ap_id=urls.actor(username),
        inbox_url=urls.inbox(username),
        profile_url=urls.profile(username),
    )
    async with services.database.transaction() as db:
        person = await people.insert_local(db, new)
        assert person is not None
        await people.insert_actor_keys(db, person.id, keys)
    return person


async def make_remote_person(services: Services, username: str, host: str = "remote.example", **facts: Any) -> Person:
    """Make somebody known from another server, with an inbox there."""
    ap_id = f"https://{host}/users/{username}"
    profile = RemoteProfile(
        **{
            "username": username, "domain": host, "display_name": username.title(), "bio": "", "bio_html": "",
            "sanitiser": 1, "fields": [], "avatar_url": None, "avatar_alt": "", "header_url": None, "header_alt": "",
            "actor_type": "Person", "locked": False, "discoverable": True, "indexable": True, "ap_id": ap_id,
            "inbox_url": f"{ap_id}/inbox", "profile_url": f"https://{host}/@{username}", "created_at": None,
        }
        | facts
    )  # fmt: skip
    async with services.database.transaction() as db:
        person = await people.upsert_remote(db, profile)
        assert person is not None
        actor = NewRemoteActor(
            user_id=person.id, ap_url=ap_id, username=username, display_name=person.display_name,
            avatar_url=person.avatar_url, host=host, inbox_url=person.inbox_url, shared_inbox_url=None,
            outbox_url=None, followers_url=None, following_url=None, featured_url=None, moved_to=None,
            also_known_as=[],
        )  # fmt: skip
        await upsert_remote_actor(db, actor, [])
    return person


@dataclass
class Browser:
    """A browser at the composed application: keeps cookies, does not follow redirects, fills in CSRF tokens."""

    client: httpx.AsyncClient
    _token: str = field(default="", init=False)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, **options)

    async def page(self, path: str) -> str:
        """Open a page that must be there and return its HTML."""
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer.text

    async def token(self) -> str:
        """Return a token as the forms of any page carry it."""
        found = _TOKEN.search((await self.client.get("/about")).text)
        assert found is not None
        return found[1]

    async def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Send a form of ours, as a browser does."""
        form = {"csrf_token": await self.token(), **(data or {})}
        headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin", **options.pop("headers", {})}
        return await self.client.post(path, data=form, headers=headers, **options)


def browser(app: Quart, **options: Any) -> Browser:
    """Return a browser of a stranger."""
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 40000))  # type: ignore[arg-type]
    return Browser(httpx.AsyncClient(transport=transport, base_url=ORIGIN, **options))


async def sign_in(services: Services, visitor: Browser, person: Person) -> Browser:
    """Give a browser a session of a person."""
    secret = await sessions.start_session(services, person, address="127.0.0.1", user_agent="test")
    visitor.client.cookies.set(cookie_name(services.settings, "session"), secret)
    return visitor
