"""A live instance for the clients of others, and people who use Mastodon.py there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from mastodon import Mastodon

from tests.clients.judging import Judged
from tests.live.instance import PASSWORD, Instance, running_instance

SCOPES = ["read", "write", "follow", "push"]


@dataclass
class Town:
    """An instance where anybody may sign up, and the keys of an app there."""

    instance: Instance
    keys: tuple[str, str]

    def app(self, token: str | None = None) -> Judged:
        """Return a Mastodon.py with somebody's token, or with the app's keys only."""
        client_id, secret = self.keys
        return Judged(client_id, secret, access_token=token, api_base_url=self.instance.origin)

    @property
    def warden(self) -> Judged:
        """Return the admin's Mastodon.py."""
        return self.app(self.instance.tokens["warden"])

    def newcomer(self, name: str) -> Judged:
        """Sign up under a name like this and return the new person's Mastodon.py."""
        name = f"{name}_{secrets.token_hex(3)}"
        app = self.app()
        return self.app(app.create_account(name, PASSWORD, f"{name}@mail.example", agreement=True, scopes=SCOPES))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Start it once for all tests here."""
    folder = tmp_path_factory.mktemp("town")
    settings = {"THOUGHTS_REGISTRATION": "open", "THOUGHTS_PASSWORD_GRANT": "on"}
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        instance = runner.run(stack.enter_async_context(running_instance(folder / "one", **settings)))
        try:
            instance.person("warden", admin=True)
            scopes = " ".join([*SCOPES, "admin:read", "admin:write"])
            instance.tokens["warden"] = instance.command("token", "create", "warden", "--scopes", scopes)
            keys = Mastodon.create_app("Town", scopes=SCOPES, api_base_url=instance.origin, website="https://a.example")
            yield Town(instance, keys)
        finally:
            runner.run(stack.aclose())


NewPerson: TypeAlias = Callable[[str], Judged]


@pytest.fixture
def newcomer(town: Town) -> NewPerson:
    """Signs people up."""
    return town.newcomer


@pytest.fixture
def ada(town: Town) -> Judged:
    """Ada's Mastodon.py."""
    return town.newcomer("ada")


@pytest.fixture
def bob(town: Town) -> Judged:
    """Bob's Mastodon.py."""
    return town.newcomer("bob")
