"""Apps at a live instance: Mastodon.py goes the way of OAuth, and a person lets it in with a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

pytest.importorskip("playwright", reason="playwright is not installed: pip install --group dev")
pytest.importorskip("mastodon", reason="Mastodon.py is not installed: pip install --group dev")

from mastodon import Mastodon, MastodonIllegalArgumentError, MastodonUnauthorizedError

from tests.browser.surfing import CHROMIUM, Surfer, chromium, surfing
from tests.live.instance import PASSWORD, Instance, running_instance

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.live,
    pytest.mark.xdist_group("live"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; on Debian: apt install chromium"),
]

OOB = "urn:ietf:wg:oauth:2.0:oob"


@dataclass
class Callback:
    """Where an app on somebody's own machine listens for its code; another port is another origin."""

    url: str = ""
    heard: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def code(self, state: str) -> str:
        """Wait for the code, and check that the state came back."""
        async with asyncio.timeout(10):
            answers = parse_qs(urlsplit(await self.heard.get()).query)
        assert answers["state"] == [state]
        return answers["code"][0]


@asynccontextmanager
async def listening() -> AsyncIterator[Callback]:
    """Listen on loopback for the length of a block."""
    callback = Callback()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readline()).decode().split(" ")[1]
        if target.startswith("/done"):
            callback.heard.put_nowait(target)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Thank you</h1>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    callback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/done"
    async with server:
        yield callback


@dataclass(frozen=True)
class World:
    """An instance where ada lives, and a browser."""

    instance: Instance
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Start it all once."""
    folder = tmp_path_factory.mktemp("apps")
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        settings = {"THOUGHTS_REGISTRATION": "open", "THOUGHTS_PASSWORD_GRANT": "on"}
        instance = await stack.enter_async_context(running_instance(folder / "one", **settings))
        instance.person("ada")
        yield World(instance, browser)


async def _register(world: World, redirect_uri: str) -> Mastodon:
    def register() -> Mastodon:
        client_id, secret = Mastodon.create_app(
            "Mastodon.py",
            scopes=["read", "write", "follow"],
            redirect_uris=redirect_uri,
            website="https://mastodonpy.example/",
            api_base_url=world.instance.origin,
        )
        return Mastodon(client_id=client_id, client_secret=secret, api_base_url=world.instance.origin)

    return await asyncio.to_thread(register)


async def _sign_in_on_the_way(surfer: Surfer) -> None:
    """Sign in where the app's request was interrupted for it."""
    assert surfer.path.startswith("/signin")
    await surfer.fill(User_name="ada", Password=PASSWORD)
    await surfer.press("Sign in")
    await surfer.sees("asks to act for you")


@pytest.mark.parametrize("javascript", [True, False])
async def test_mastodon_py_is_let_in_by_redirect(world: World, javascript: bool) -> None:
    async with listening() as callback, surfing(world.browser, world.instance, javascript=javascript) as surfer:
        app = await _register(world, callback.url)
        url = await asyncio.to_thread(
            app.auth_request_url, redirect_uris=callback.url, scopes=["read", "write"], state="s&1", allow_http=True
        )
        await surfer.open(url)
        await _sign_in_on_the_way(surfer)
        await surfer.sees("do everything in your name")
        if javascript:
            assert await surfer.judge() == []
        await surfer.press("Let it in")
        code = await callback.code("s&1")
        await surfer.page.get_by_text("Thank you").wait_for()

        def use() -> None:
            app.log_in(code=code, redirect_uri=callback.url, scopes=["read", "write"], allow_http=True)
            assert app.account_verify_credentials().username == "ada"
            app.log_in(refresh_token=app._refresh_token, scopes=["read", "write"], allow_http=True)
            assert app.account_verify_credentials().username == "ada"
            assert app.app_verify_credentials().name == "Mastodon.py"
            posted = app.status_post("Hello from an app", visibility="unlisted")
            assert posted.application.name == "Mastodon.py"
            assert app.timeline_home()[0].id == posted.id
            app.status_delete(posted)

        await asyncio.to_thread(use)
        await surfer.open("/settings/apps")
        await surfer.sees("Mastodon.py")
        assert await surfer.judge() == []
        await surfer.press("Shut out Mastodon.py")
        await surfer.sees("That app is shut out")
        with pytest.raises(MastodonUnauthorizedError):
            await asyncio.to_thread(app.account_verify_credentials)


async def test_mastodon_py_is_let_in_by_a_code_that_is_copied(world: World) -> None:
    async with surfing(world.browser, world.instance) as surfer:
        app = await _register(world, OOB)
        await surfer.open(await asyncio.to_thread(app.auth_request_url, scopes=["read"], allow_http=True))
        await _sign_in_on_the_way(surfer)
        await surfer.press("Let it in")
        await surfer.sees("Copy this code")
        assert await surfer.judge() == []
        code = await surfer.page.locator("main code").inner_text()

        def use() -> None:
            token = app.log_in(code=code, scopes=["read"], allow_http=True)
            assert app.me().username == "ada"
            app.revoke_access_token(allow_http=True)
            again = Mastodon(access_token=token, api_base_url=world.instance.origin)
            with pytest.raises(MastodonUnauthorizedError):
                again.account_verify_credentials()

        await asyncio.to_thread(use)


async def test_a_redirect_to_a_native_app_is_not_blocked_by_our_policy(world: World) -> None:
    """Nobody here opens ivory: links; Chromium must get as far as to find that out."""
    async with surfing(world.browser, world.instance) as surfer:
        app = await _register(world, "ivory://accept")
        url = await asyncio.to_thread(
            app.auth_request_url, redirect_uris="ivory://accept", scopes=["read"], allow_http=True
        )
        await surfer.open(url)
        await _sign_in_on_the_way(surfer)
        asked: list[str] = []
        surfer.page.on("console", lambda message: asked.append(message.text))
        surfer.page.on("request", lambda request: asked.append(request.url))
        async with surfer.page.expect_event("requestfailed", lambda request: request.url.startswith("ivory://")):
            await surfer.press("Let it in")
        assert any(text.startswith("ivory://accept?code=") for text in asked)
        assert not [text for text in asked if "form-action" in text or "Content Security Policy" in text]
        surfer.troubles[:] = [trouble for trouble in surfer.troubles if "ivory://" not in trouble]


async def test_somebody_who_refuses_comes_back_without_a_code(world: World) -> None:
    async with listening() as callback, surfing(world.browser, world.instance, javascript=False) as surfer:
        app = await _register(world, callback.url)
        url = await asyncio.to_thread(
            app.auth_request_url,
            redirect_uris=callback.url,
            scopes=["read"],
            state="s",
            force_login=True,
            allow_http=True,
        )
        await surfer.open(url)
        await _sign_in_on_the_way(surfer)
        await surfer.press("Somebody else")
        await _sign_in_on_the_way(surfer)
        await surfer.press("Do not")
        async with asyncio.timeout(10):
            answers = parse_qs(urlsplit(await callback.heard.get()).query)
        assert answers["error"] == ["access_denied"]
        assert "code" not in answers


async def test_mastodon_py_logs_in_by_password_and_makes_an_account(world: World) -> None:
    app = await _register(world, OOB)

    def use() -> None:
        app.log_in("ada@mail.example", PASSWORD, scopes=["read", "write"], allow_http=True)
        assert app.account_verify_credentials().acct == "ada"
        with pytest.raises(MastodonIllegalArgumentError):
            app.log_in("ada@mail.example", "wrong", scopes=["read"], allow_http=True)
        token = app.create_account(
            "newcomer", PASSWORD, "newcomer@mail.example", agreement=True, scopes=["read", "write"]
        )
        newcomer = Mastodon(access_token=token, api_base_url=world.instance.origin)
        assert newcomer.account_verify_credentials().username == "newcomer"
        assert newcomer.status_post("My first thought").content == "<p>My first thought</p>"

    await asyncio.to_thread(use)
