"""What people prefer: how thoughts start out, what a profile shows, and what it keeps to itself."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from federation.actions.documents import get_actor
from tests.acting import follow, scalar, sent
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App

UPDATE = "/api/v1/accounts/update_credentials"
PROFILE = "/api/v1/profile"
ClientFor = Callable[["Person"], Awaitable[Browser]]


def picture(colour: str = "teal") -> bytes:
    with BytesIO() as file:
        Image.new("RGB", (40, 40), colour).save(file, "PNG")
        return file.getvalue()


async def test_thoughts_start_out_as_their_author_prefers(ann: App) -> None:
    form = {"source[privacy]": "private", "source[sensitive]": "true", "source[language]": "de"}
    me = await ann.call("PATCH", UPDATE, data=form)
    assert {name: me["source"][name] for name in ("privacy", "sensitive", "language")} == {
        "privacy": "private", "sensitive": True, "language": "de",
    }  # fmt: skip
    told = await ann.get("/api/v1/preferences")
    assert told["posting:default:visibility"] == "private"
    assert told["posting:default:sensitive"] is True
    assert told["posting:default:language"] == "de"
    plain = await ann.publish("Hallo")
    assert (plain["visibility"], plain["sensitive"], plain["language"]) == ("private", True, "de")
    said = await ann.publish("Hi", visibility="unlisted", sensitive=False, language="en")
    assert (said["visibility"], said["sensitive"], said["language"]) == ("unlisted", False, "en")


async def test_who_may_quote_is_a_preference_too(ann: App, client_for: ClientFor) -> None:
    assert ann.person is not None
    first = await ann.publish("As ever")
    me = await ann.call("PATCH", UPDATE, json={"source": {"quote_policy": "followers"}})
    assert me["source"]["quote_policy"] == "followers"
    assert (await ann.get("/api/v1/preferences"))["posting:default:quote_policy"] == "followers"
    assert (await ann.publish("Now"))["quote_approval"]["automatic"] == ["followers"]
    assert (await ann.publish("Once", quote_approval_policy="nobody"))["quote_approval"]["automatic"] == []
    changed = await ann.call("PUT", f"/api/v1/statuses/{first['id']}/interaction_policy", json={})
    assert changed["quote_approval"]["automatic"] == ["followers"]
    browser = await client_for(ann.person)
    await browser.post("/settings/writing", {"visibility": "public", "quote_policy": "nobody"})
    assert (await ann.publish("Later"))["quote_approval"]["automatic"] == []
    assert '<option value="nobody" selected>' in await browser.page("/settings/writing")


async def test_the_page_starts_out_like_that_too(ann: App, client_for: ClientFor) -> None:
    assert ann.person is not None
    browser = await client_for(ann.person)
    form = {"visibility": "followers", "lang": "cy", "sensitive": "1"}
    assert (await browser.post("/settings/writing", form)).status_code == 303
    for path in ("/home", "/compose", "/share?text=x"):
        page = await browser.page(path)
        assert '<option value="followers" selected>' in page
        assert '<option value="cy" lang="cy" selected>' in page
    assert (await browser.post("/settings/writing", {"visibility": "everyone"})).status_code == 422
    assert (await ann.get("/api/v1/preferences"))["posting:default:visibility"] == "private"


@pytest.mark.parametrize(
    "body",
    [
        {"source": {"privacy": "secret"}},
        {"source": {"language": "not a language"}},
        {"source": {"quote_policy": "sometimes"}},
        {"source": {"sensitive": "perhaps"}},
        {"attribution_domains": ["no domain"]},
        {"attribution_domains": ["x.example"] * 101},
        {"avatar": "data:image/png;base64,!!"},
        {"avatar": "data:text/html;base64,PGI+"},
        {"avatar": {"x": 1}},
        {"note": "x" * 161},
    ],
)
async def test_one_wrong_thing_changes_nothing_at_all(ann: App, services: Services, body: dict[str, Any]) -> None:
    right = {"display_name": "New", "bot": True, "show_media": False, "header": _data_url(picture())}
    await ann.call("PATCH", PROFILE, json=right | body, expected=422)
    assert await scalar(services, "SELECT count(*) FROM preferences") == 0
    me = await ann.get(PROFILE)
    assert (me["display_name"], me["bot"], me["header"]) == ("", False, None)


def _data_url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


async def test_a_profile_shows_what_was_typed_and_null_where_there_is_no_picture(ann: App) -> None:
    me = await ann.call(
        "PATCH", PROFILE,
        json={"note": "Hi #all", "bot": True, "show_featured": False, "hide_collections": True,
              "attribution_domains": ["https://Blog.Example/about", "news.example"]},
    )  # fmt: skip
    assert (me["note"], me["bot"], me["show_featured"], me["hide_collections"]) == ("Hi #all", True, False, True)
    assert me["attribution_domains"] == ["blog.example", "news.example"]
    assert me["avatar"] is None
    assert (await ann.call("PATCH", PROFILE, data={"attribution_domains[]": ""}))["attribution_domains"] == []
    assert (await ann.call("PATCH", UPDATE, json={"display_name": "Ann"}))["bot"] is True


async def test_pictures_come_as_files_or_text_and_go_again(ann: App) -> None:
    files = {"avatar": ("me.png", picture(), "image/png")}
    me = await ann.call("PATCH", UPDATE, data={"avatar_description": "Teal"}, files=files)
    assert "/media/" in me["avatar"]
    assert me["avatar_description"] == "Teal"
    me = await ann.call("PATCH", UPDATE, json={"header": _data_url(picture("red")), "avatar_description": "A square"})
    assert "/media/" in me["header"]
    assert me["avatar_description"] == "A square"
    assert (await ann.call("DELETE", "/api/v1/profile/avatar"))["avatar"].endswith("/static/avatar.png")
    assert (await ann.call("DELETE", "/api/v1/profile/header"))["header"].endswith("/static/missing.png")
    assert (await ann.get(PROFILE))["avatar"] is None


async def test_hidden_connections_are_shown_to_their_owner_alone(
    ann: App, bob: App, nobody: App, services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    assert ann.person is not None and bob.person is not None
    await follow(services, bob.person, ann.person)
    await ann.call("PATCH", UPDATE, json={"hide_collections": True})
    path = f"/api/v1/accounts/{ann.id}/followers"
    assert await bob.get(path) == await nobody.get(path) == []
    assert [one["id"] for one in await ann.get(path)] == [bob.id]
    assert (await nobody.get(f"/api/v1/accounts/{ann.id}"))["hide_collections"] is True
    assert "@bob" not in (await stranger.page("/@ann/followers")).partition("<main")[2]
    own = await client_for(ann.person)
    assert "@bob" in (await own.page("/@ann/followers")).partition("<main")[2]
    activity = {"headers": {"accept": "application/activity+json"}}
    head = (await stranger.get("/users/ann/followers", **activity)).json()
    assert head["totalItems"] == 1
    assert "first" not in head
    assert (await stranger.get("/users/ann/followers?page=true", **activity)).status_code == 404


async def test_sites_that_one_writes_for_are_told_to_other_servers(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    form = {"visibility": "public", "sites": "news.example\nhttps://Blog.example/about"}
    assert (await browser.post("/settings/writing", form)).status_code == 303
    sites = ["news.example", "blog.example"]
    assert "news.example\nblog.example</textarea>" in await browser.page("/settings/writing")
    assert (await get_actor(services, "ada"))["attributionDomains"] == sites
    (update,) = await sent(services)
    assert (update.type, update.to_followers, update.document["object"]["attributionDomains"]) == (
        "Update", True, sites,
    )  # fmt: skip
    await browser.post("/settings/writing", form)
    assert len(await sent(services)) == 1, "nothing changed, nobody is told"
    answer = await browser.post("/settings/writing", form | {"sites": "no site"})
    assert answer.status_code == 422
    assert "is not a domain" in answer.text
    assert "no site</textarea>" in answer.text
    await browser.post("/settings/writing", form | {"sites": ""})
    assert "attributionDomains" not in await get_actor(services, "ada")
