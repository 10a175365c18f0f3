"""Every route of the slice answers what the contract says, filled with data."""

from __future__ import annotations

import re
from datetime import date
from itertools import cycle
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from quart import Quart

from federation.actions import follows, hosts, site
from federation.actions.receive_thought import receive_thought
from federation.actions.trends import refresh_trends
from federation.protocol.objects import RemoteThought, parse_object
from tests.client_api import announcing, arrangements, expressions, linking
from tests.client_api.announcing import NEVER_THERE, WITHOUT_IDS, announce
from tests.client_api.arrangements import furnish
from tests.client_api.contract import OPERATIONS, problems
from tests.client_api.expressions import express
from tests.client_api.linking import link
from tests.media.samples import picture
from tests.services_fixture import make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

World = dict[str, str]
MISSING = str(uuid4())


@pytest.fixture
async def world(services: Services, ann: App, bob: App, open_app: OpenApp) -> World:
    """Ann and Bob with a thread, boosts, likes, requests, a remote thought with a picture, and their ids."""
    assert ann.person is not None
    await ann.call(
        "PATCH", "/api/v1/accounts/update_credentials",
        json={"display_name": "Ann", "fields_attributes": [{"name": "Home", "value": "https://ann.example"}]},
    )  # fmt: skip
    await bob.post(f"/api/v1/accounts/{ann.id}/follow", notify=True)
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    hello = await ann.publish("Hello @bob, see #things", spoiler_text="greeting", language="en")
    reply = await bob.publish("Well met @ann", in_reply_to_id=hello["id"])
    other = await ann.publish("Something else")
    await bob.post(f"/api/v1/statuses/{hello['id']}/favourite")
    boost = await bob.post(f"/api/v1/statuses/{hello['id']}/reblog")
    await ann.post(f"/api/v1/statuses/{reply['id']}/favourite")
    await ann.post(f"/api/v1/statuses/{reply['id']}/bookmark")
    await ann.post(f"/api/v1/statuses/{hello['id']}/pin")
    await ann.call("PUT", f"/api/v1/statuses/{hello['id']}", json={"status": "Hello again @bob, see #things"})
    carol, dora = await open_app("carol"), await open_app("dora")
    await ann.call("PATCH", "/api/v1/accounts/update_credentials", data={"locked": "true"})
    await carol.post(f"/api/v1/accounts/{ann.id}/follow")
    await dora.post(f"/api/v1/accounts/{ann.id}/follow")
    await ann.post(f"/api/v1/accounts/{dora.id}/block")
    await ann.post(f"/api/v1/accounts/{carol.id}/mute", duration=3600)
    eve = await make_remote_person(
        services, "eve", avatar_url="https://remote.example/eve.png",
        fields=[{"name": "Site", "value": "x", "html": "<b>x</b>", "verified_at": "2026-01-02T03:04:05Z"}],
    )  # fmt: skip
    await follows.follow_person(services, eve, ann.person, ap_id="https://remote.example/follows/1")
    await site.add_rule(services, ann.person, "Be kind.")
    await site.save_text(services, ann.person, "about", "It began with a boat.")
    await site.save_text(services, ann.person, "terms", "Be fair.", effective_on=date(2026, 1, 1))
    await hosts.block_domain(services, "bad.example", "", by=None)
    remote = await receive_thought(services, eve, _remote_thought(eve.ap_id), arriving=False)
    assert remote.thought is not None
    files = {"file": ("a.png", picture(), "image/png")}
    attached = await ann.call("POST", "/api/v1/media", files=files, data={"description": "A square"})
    pictured = await ann.publish("", media_ids=[attached["id"]])
    upload = await ann.call("POST", "/api/v1/media", files=files)
    notifications = await ann.get("/api/v1/notifications")
    own = await furnish(ann, bob, hello) | await express(services, ann, bob)
    own |= await announce(services, ann, bob, hello) | await link(services, ann, bob)
    await ann.call("PATCH", "/api/v2/notifications/policy", json={"for_private_mentions": "filter"})
    for stranger in ("gus", "hal"):
        app = await open_app(stranger)
        await app.call("PATCH", "/api/v1/accounts/update_credentials", json={"discoverable": True})
        await bob.post(f"/api/v1/accounts/{app.id}/follow")
        await app.publish("@ann out of the blue", visibility="direct")
        own["requester" if stranger == "gus" else "other requester"] = app.id
        await app.publish(f"Also about #things, and {own['page']}")
        await app.post(f"/api/v1/statuses/{own['popular']}/favourite")
    await refresh_trends(services)
    own["group"] = (await ann.get("/api/v2/notifications"))["notification_groups"][0]["group_key"]
    return own | {
        "hello": hello["id"], "reply": reply["id"], "other": other["id"], "boost": boost["id"],
        "remote": str(remote.thought.id), "ann": ann.id, "bob": bob.id, "carol": carol.id, "dora": dora.id,
        "eve": str(eve.id), "notification": notifications[0]["id"],
        "pictured": pictured["id"], "upload": upload["id"],
    }  # fmt: skip


def _remote_thought(author: str) -> RemoteThought:
    parsed = parse_object(_note(author))
    assert isinstance(parsed, RemoteThought)
    return parsed


def _note(author: str) -> dict[str, Any]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://remote.example/notes/1",
        "type": "Note",
        "attributedTo": author,
        "content": "<p>Look</p>",
        "published": "2026-01-01T00:00:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "attachment": [
            {"type": "Document", "mediaType": "image/png", "url": "https://remote.example/cat.png", "name": "A cat",
             "width": 640, "height": 480, "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH"},
        ],
    }  # fmt: skip


# (method, path of the contract, id's name in the world, further parameters, whether a stranger may)
READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/accounts/verify_credentials", "", {}, False),
    ("/api/v1/profile", "", {}, False),
    ("/api/v1/accounts/lookup", "", {"acct": "bob"}, True),
    ("/api/v1/accounts/search", "", {"q": "bob"}, False),
    ("/api/v1/accounts/relationships", "", {"id[]": ["bob", "dora", "carol", "eve"]}, False),
    ("/api/v1/accounts", "", {"id[]": ["bob", "ann"]}, True),
    ("/api/v1/accounts/{id}", "ann", {}, True),
    ("/api/v1/accounts/{id}", "eve", {}, True),
    ("/api/v1/accounts/{id}/statuses", "ann", {}, True),
    ("/api/v1/accounts/{id}/statuses", "bob", {}, True),
    ("/api/v1/accounts/{id}/statuses", "eve", {}, True),
    ("/api/v1/accounts/{id}/statuses", "ann", {"pinned": "true"}, True),
    ("/api/v1/accounts/{id}/statuses", "ann", {"tagged": "things"}, True),
    ("/api/v1/accounts/{id}/followers", "ann", {}, True),
    ("/api/v1/accounts/{id}/following", "ann", {}, True),
    ("/api/v1/follow_requests", "", {}, False),
    ("/api/v1/blocks", "", {}, False),
    ("/api/v1/mutes", "", {}, False),
    ("/api/v1/statuses", "", {"id[]": ["hello", "boost", "remote"]}, True),
    ("/api/v1/media/{id}", "upload", {}, False),
    ("/api/v1/statuses/{id}", "hello", {}, True),
    ("/api/v1/statuses/{id}", "pictured", {}, True),
    ("/api/v1/statuses/{id}", "boost", {}, True),
    ("/api/v1/statuses/{id}", "remote", {}, True),
    ("/api/v1/statuses/{id}/context", "reply", {}, True),
    ("/api/v1/statuses/{id}/context", "boost", {}, True),
    ("/api/v1/statuses/{id}/source", "hello", {}, False),
    ("/api/v1/statuses/{id}/history", "hello", {}, True),
    ("/api/v1/statuses/{id}/favourited_by", "hello", {}, True),
    ("/api/v1/statuses/{id}/reblogged_by", "hello", {}, True),
    ("/api/v1/bookmarks", "", {}, False),
    ("/api/v1/favourites", "", {}, False),
    ("/api/v1/timelines/home", "", {}, False),
    ("/api/v1/timelines/public", "", {}, True),
    ("/api/v1/timelines/public", "", {"local": "true"}, True),
    ("/api/v1/timelines/public", "", {"remote": "true"}, True),
    ("/api/v1/timelines/tag/{hashtag}", "things", {}, True),
    ("/api/v1/notifications", "", {}, False),
    ("/api/v1/notifications/{id}", "notification", {}, False),
    ("/api/v1/notifications/unread_count", "", {}, False),
    *arrangements.READS,
    *linking.READS,
    *expressions.READS,
    *announcing.READS,
    ("/api/v2/search", "", {"q": "hello"}, True),
    ("/api/v2/search", "", {"q": "thing"}, True),
    ("/api/v2/instance", "", {}, True),
    ("/api/v1/instance", "", {}, True),
    ("/api/v1/instance/rules", "", {}, True),
    ("/api/v1/instance/peers", "", {}, True),
    ("/api/v1/instance/activity", "", {}, True),
    ("/api/v1/instance/extended_description", "", {}, True),
    ("/api/v1/instance/privacy_policy", "", {}, True),
    ("/api/v1/instance/terms_of_service", "", {}, True),
    ("/api/v1/instance/terms_of_service/{date}", "2026-01-01", {}, True),
    ("/api/v1/instance/domain_blocks", "", {}, False),
    ("/api/v1/instance/translation_languages", "", {}, True),
    ("/api/v1/custom_emojis", "", {}, True),
    ("/api/v1/preferences", "", {}, False),
]
# Empty although there is something: nothing is translated here, nobody proves who they are.
EMPTY = {"/api/v1/instance/translation_languages", "/api/v1/accounts/{id}/identity_proofs"}

# Pages of a search go by their offset, for Mastodon too; nobody has more than five friends on top.
WITHOUT_LINKS = {"/api/v2/search", "/api/v1/endorsements", "/api/v1/accounts/{id}/endorsements"}

# What changes something, in an order in which each finds what it needs: path, id's name in the world, body.
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    *arrangements.WRITES,
    *expressions.WRITES,
    *announcing.WRITES,
    ("PATCH", "/api/v1/accounts/update_credentials", "", {"note": "Hi"}),
    ("PATCH", "/api/v1/profile", "", {"note": "Ho", "show_media": False}),
    ("DELETE", "/api/v1/profile/avatar", "", {}),
    ("DELETE", "/api/v1/profile/header", "", {}),
    ("POST", "/api/v1/accounts/{id}/follow", "bob", {"reblogs": False}),
    ("POST", "/api/v1/accounts/{id}/unfollow", "bob", {}),
    ("POST", "/api/v1/accounts/{id}/block", "bob", {}),
    ("POST", "/api/v1/accounts/{id}/unblock", "dora", {}),
    ("POST", "/api/v1/accounts/{id}/mute", "bob", {"notifications": False}),
    ("POST", "/api/v1/accounts/{id}/unmute", "carol", {}),
    ("POST", "/api/v1/accounts/{id}/remove_from_followers", "bob", {}),
    ("POST", "/api/v1/follow_requests/{account_id}/authorize", "carol", {}),
    ("POST", "/api/v1/follow_requests/{account_id}/reject", "carol", {}),
    ("PUT", "/api/v1/media/{id}", "upload", {"description": "A square", "focus": "0.5,-0.25"}),
    ("DELETE", "/api/v1/media/{id}", "upload", {}),
    ("POST", "/api/v1/statuses", "", {"status": "New"}),
    ("PUT", "/api/v1/statuses/{id}", "hello", {"status": "Newer"}),
    *(
        ("POST", f"/api/v1/statuses/{{id}}/{verb}", "hello", {})
        for verb in ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin")
    ),
    ("DELETE", "/api/v1/statuses/{id}", "hello", {}),
    ("POST", "/api/v1/notifications/{id}/dismiss", "notification", {}),
    ("POST", "/api/v1/notifications/clear", "", {}),
]
# Walked where apps are (test_oauth.py, test_registration.py): they need tokens of another kind, or none.
# Of the scope push alone, and walked in test_api_push.py.
OF_PUSH = {(method, "/api/v1/push/subscription") for method in ("GET", "POST", "PUT", "DELETE")}
# Names in its body whom it is about, and is walked in test_api_reports.py.
OF_REPORTS = {("POST", "/api/v1/reports")}
OF_APPS = {
    ("POST", "/api/v1/apps"),
    ("GET", "/api/v1/apps/verify_credentials"),
    ("POST", "/api/v1/accounts"),
    ("POST", "/api/v1/emails/confirmations"),
}
# Tried in test_api_house.py: the one wants an address of ours, the other the contract does not know.
OF_THE_HOUSE = {("GET", "/api/oembed"), ("GET", "/api/v1/instance/languages")}
# An older name, tried in test_api_trends.py.
ALIASES = {("GET", "/api/v1/trends")}
# The reference leaves the shape of preferences open, and forgets that filters were a list: Mastodon's is.
REALLY = {"/api/v1/preferences": "Preferences", "/api/v1/filters": "[V1Filter]"} | announcing.REALLY
# What the reference calls by names of their own: one thing, or a list, under its name.
WRAPPED = {
    ("GET", "/api/v1/accounts/{account_id}/collections"): ("collections", "[Collection]"),
    ("GET", "/api/v1/accounts/{account_id}/in_collections"): ("collections", "[Collection]"),
    ("POST", "/api/v1/collections"): ("collection", "Collection"),
    ("PATCH", "/api/v1/collections/{id}"): ("collection", "Collection"),
    ("POST", "/api/v1/collections/{collection_id}/items"): ("collection_item", "CollectionItem"),
}
# Files come as multipart bodies.
UPLOADS = [("POST", "/api/v1/media"), ("POST", "/api/v2/media")]
OFF = {(method, path) for method, path, _ in NEVER_THERE}
ROUTES = [("GET", path) for path, *_ in READS] + [(method, path) for method, path, *_ in WRITES] + UPLOADS


def _filled(path: str, name: str, world: World) -> str:
    """Put ids into a path: `name` names one for each place, or one for all of them."""
    names = cycle(name.split(" / "))
    return re.sub(r"{[^}]*}", lambda _: world.get(one := next(names), one), path)


def _problems(method: str, path: str, answer: Any, place: str) -> list[str]:
    if (wrapped := WRAPPED.get((method, path))) is not None:
        name, kind = wrapped
        unwrapped = answer.get(name) if list(answer) == [name] else None
        return problems(kind, unwrapped, place) if unwrapped else [f"{place} has no {name}"]
    really = REALLY.get(path) if method == "GET" else None
    return problems(really or OPERATIONS[method, path]["answer"], answer, place)


def _query(params: dict[str, Any], world: World) -> dict[str, Any]:
    """Put ids and addresses into parameters."""
    named = {"id[]": lambda value: [world[one] for one in value], "url": lambda value: world[value]}
    return {key: named[key](value) if key in named else value for key, value in params.items()}


async def test_reading_answers_as_the_contract_says(world: World, ann: App, nobody: App) -> None:
    wrong: list[str] = []
    for path, name, params, for_all in READS:
        query = _query(params, world)
        for app in (ann, nobody) if for_all else (ann,):
            answer = await app.get(_filled(path, name, world), **query)
            wrong += _problems("GET", path, answer, f"{path} {name} {params}")
            if path not in EMPTY and not answer:
                wrong.append(f"{path} {name} {params} is empty")
    assert not wrong, "\n".join(wrong)


async def test_every_list_that_is_read_by_pages_has_links(world: World, ann: App) -> None:
    wrong = []
    for path, name, params, _ in READS:
        paged = "query:max_id" in OPERATIONS["GET", path]["parameters"] and path not in WITHOUT_LINKS
        if not paged or params.keys() & {"pinned", "limit"}:
            continue
        asked = _query(params, world)
        answer = await ann.client.get(_filled(path, name, world), params={"limit": 1, **asked})
        link = answer.headers.get("link", "")
        # Lists of people lead back by since_id, as Mastodon's do.
        if 'rel="prev"' not in link or not ("min_id=" in link or "since_id=" in link) or "limit=1" not in link:
            wrong.append(f"{path} {name} {params}: {link!r}")
        whole = await ann.get(_filled(path, name, world), **asked)
        if isinstance(whole, list) and len(whole) > 1 and ('rel="next"' not in link or "max_id=" not in link):
            wrong.append(f"{path} {name} {params} has {len(whole)}, and no next: {link!r}")
    assert not wrong, "\n".join(wrong)


async def test_writing_answers_as_the_contract_says(world: World, ann: App) -> None:
    for method, path, name, body in WRITES:
        named = {key: world[value] for key, value in body.items() if key.endswith("_id")}
        answer = await ann.call(method, _filled(path, name, world), json=body | named)
        assert _problems(method, path, answer, f"{method} {path}") == []


async def test_uploading_answers_as_the_contract_says(ann: App, nobody: App) -> None:
    files = {"file": ("a.png", picture(), "image/png")}
    for (method, path), status in zip(UPLOADS, (200, 202), strict=True):
        answer = await ann.call(method, path, expected=status, files=files)
        assert problems(OPERATIONS[method, path]["answer"], answer, f"{method} {path}") == []
        await nobody.call(method, path, expected=401, files=files)


async def test_what_is_switched_off_is_404_for_those_who_may_ask(
    world: World, ann: App, nobody: App, open_app: OpenApp
) -> None:
    pushing = await open_app(ann.person, scopes="push")
    for method, path, name in NEVER_THERE:
        where = _filled(path, name, world)
        assert (await ann.call(method, where, expected=404))["error"] == "Record not found"
        await nobody.call(method, where, expected=401)
        await pushing.call(method, where, expected=403)
        [scope] = OPERATIONS[method, path]["scopes"]
        await (await open_app(ann.person, scopes=scope)).call(method, where, expected=404)


async def test_strangers_get_401_where_the_contract_wants_a_token(world: World, nobody: App) -> None:
    for method, path, name, body in WRITES:
        answer = await nobody.call(method, _filled(path, name, world), expected=401, json=body)
        assert answer == {"error": "The access token is invalid"}
    for path, name, _, for_all in READS:
        if not for_all:
            await nobody.get(_filled(path, name, world), expected=401)


async def test_every_scoped_route_refuses_other_scopes(world: World, open_app: OpenApp, ann: App) -> None:
    pushing = await open_app(ann.person, scopes="push")
    for method, path, name in [("GET", path, name) for path, name, *_ in READS] + [w[:3] for w in WRITES]:
        if OPERATIONS[method, path]["scopes"]:
            answer = await pushing.call(method, _filled(path, name, world), expected=403, json={})
            assert answer == {"error": "This action is outside the authorized scopes"}


async def test_every_scoped_route_takes_the_scope_of_the_contract(world: World, open_app: OpenApp, ann: App) -> None:
    apps: dict[str, App] = {}
    for path, name, params, _ in READS:
        for scope in OPERATIONS["GET", path]["scopes"] or []:
            if scope not in apps:
                apps[scope] = await open_app(ann.person, scopes=scope)
            query = _query(params, world)
            await apps[scope].get(_filled(path, name, world), **query)


async def test_ids_that_are_unknown_or_malformed_are_404(world: World, ann: App) -> None:
    for method, path in sorted(set(ROUTES)):
        if (
            "{" not in path
            or "{hashtag}" in path
            or "/v1/tags/" in path
            or path.endswith("/dismiss")
            or path in WITHOUT_IDS
        ):
            continue
        for bad in (MISSING, "1", "x" * 300, "00000000-0000-0000-0000-00000000000g"):
            answer = await ann.call(method, _filled(path, bad, {}), expected=404, json={"status": "x"})
            assert answer["error"] == "Record not found"


def test_the_walk_covers_every_route_there_is(app: Quart) -> None:
    from_rules = {
        (method, re.sub(r"<[^>]*>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("client_api.")
        and not rule.endpoint.endswith(".unknown")
        and not rule.endpoint.startswith("client_api.admin_api.")  # the reference leaves it out: test_api_admin.py
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert from_rules == {
        (method, re.sub(r"{[^}]*}", "{}", path))
        for method, path in {*ROUTES, *OF_APPS, *OF_THE_HOUSE, *OF_PUSH, *OF_REPORTS, *ALIASES, *OFF}
    }


def test_the_contract_knows_the_whole_api() -> None:
    assert len(OPERATIONS) == 210


def test_the_checker_sees_what_is_wrong() -> None:
    assert problems("Field", {"name": "a", "value": 1}) == ["Field.value is no string: 1"]
    assert problems("Field", {"name": "a"}) == ["Field.value is missing"]
    assert problems("[Tag]", {}) == ["[Tag] is no list: {}"]
    assert problems("datetime", "2026-01-01T00:00:00Z") == ["datetime is no datetime: '2026-01-01T00:00:00Z'"]
    assert problems("StatusVisibilityEnum", "followers") != []
    assert problems("Quote|ShallowQuote?", None) == []
