"""Two real instances exchange what people say and do: polls, quotes, reactions, mentions, edits and reports."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from storage.database import open_connection
from storage.engines import find_running
from tests.live.instance import PASSWORD, Instance, eventually, running_instance
from tests.media.samples import photograph

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.live, pytest.mark.xdist_group("live"), pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]  # fmt: skip

Pair: TypeAlias = tuple[Instance, Instance]
_ADMIN = "read write follow admin:read admin:write"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Alice's instance, looked after by Mona, and Bob's; Alice and Bob follow each other."""
    folder: Path = tmp_path_factory.mktemp("pair")
    async with running_instance(folder / "a", "127.0.0.1") as a, running_instance(folder / "b", "127.0.0.2") as b:
        a.person("alice")
        a.person("mona", admin=True)
        a.tokens["mona"] = a.command("token", "create", "mona", "--scopes", _ADMIN)
        b.person("bob")
        await _follow(b, "bob", f"@alice@{a.authority}")
        await _follow(a, "alice", f"@bob@{b.authority}")
        yield a, b


async def _follow(follower: Instance, name: str, handle: str) -> None:
    account = await follower.find(name, handle)
    await follower.api(name, "POST", f"/api/v1/accounts/{account['id']}/follow")

    async def follows() -> bool:
        found = await follower.api(name, "GET", "/api/v1/accounts/relationships", params={"id[]": account["id"]})
        return bool(found[0]["following"])

    await eventually(follows, what="the follow was accepted")


async def _arrived(instance: Instance, name: str, uri: str) -> dict[str, Any]:
    async def in_home() -> dict[str, Any] | None:
        page = await instance.api(name, "GET", "/api/v1/timelines/home")
        return next((status for status in page if status["uri"] == uri), None)

    found: dict[str, Any] = await eventually(in_home, what="the thought arrived")
    return found


async def _poll(instance: Instance, name: str, status_id: str) -> dict[str, Any]:
    poll: dict[str, Any] = (await instance.api(name, "GET", f"/api/v1/statuses/{status_id}"))["poll"]
    return poll


async def test_two_instances_exchange_polls(pair: Pair) -> None:
    a, b = pair
    poll = {"options": ["Tea", "Coffee", "Water"], "expires_in": 3600, "multiple": True}
    asked = await a.post("alice", "What to drink?", poll=poll)
    seen = await _arrived(b, "bob", asked["uri"])
    assert [one["title"] for one in seen["poll"]["options"]] == poll["options"]
    assert (seen["poll"]["multiple"], seen["poll"]["voted"]) == (True, False)
    voted = await b.api("bob", "POST", f"/api/v1/polls/{seen['poll']['id']}/votes", json={"choices": [0, 2]})
    assert voted["own_votes"] == [0, 2]

    async def counted() -> bool:
        there = await _poll(a, "alice", asked["id"])
        return [one["votes_count"] for one in there["options"]] == [1, 0, 1] and there["voters_count"] == 1

    await eventually(counted, what="the votes were counted")

    changed = {"status": "What to drink now?", "poll": {**poll, "options": ["Tea", "Coffee"]}}
    await a.api("alice", "PUT", f"/api/v1/statuses/{asked['id']}", json=changed)

    async def begun_anew() -> bool:
        here = await _poll(b, "bob", seen["id"])
        return (len(here["options"]), here["votes_count"], here["voted"]) == (2, 0, False)

    await eventually(begun_anew, what="the edit reset the votes")


async def test_two_instances_exchange_quotes(pair: Pair) -> None:
    a, b = pair
    wise = await a.post("alice", "Wise words")
    seen = await _arrived(b, "bob", wise["uri"])
    assert seen["quote_approval"] == {"automatic": ["public"], "manual": [], "current_user": "automatic"}
    quoting = await b.post("bob", "So true", quoted_status_id=seen["id"])
    assert quoting["quote"]["state"] in ("pending", "accepted")

    async def state(instance: Instance, name: str, status_id: str) -> dict[str, Any]:
        quote: dict[str, Any] = (await instance.api(name, "GET", f"/api/v1/statuses/{status_id}"))["quote"]
        return quote

    async def accepted() -> bool:
        return bool((await state(b, "bob", quoting["id"]))["state"] == "accepted")

    await eventually(accepted, what="the quote was agreed to")
    there = await _arrived(a, "alice", quoting["uri"])

    async def shown() -> bool:
        quote = await state(a, "alice", there["id"])
        return bool(quote["state"] == "accepted" and quote["quoted_status"]["id"] == wise["id"])

    await eventually(shown, what="the quote is shown where it was agreed to")
    notices = await a.api("alice", "GET", "/api/v1/notifications", params={"types[]": "quote"})
    assert [one["status"]["id"] for one in notices] == [there["id"]]
    path = f"/api/v1/statuses/{wise['id']}/quotes"
    assert [one["id"] for one in await a.api("alice", "GET", path)] == [there["id"]]

    await a.api("alice", "POST", f"{path}/{there['id']}/revoke")

    async def revoked() -> bool:
        return bool((await state(b, "bob", quoting["id"])) == {"state": "revoked", "quoted_status": None})

    await eventually(revoked, what="the consent was taken back")

    await a.api(
        "alice", "PUT", f"/api/v1/statuses/{wise['id']}/interaction_policy",
        json={"quote_approval_policy": "nobody"},
    )  # fmt: skip

    async def closed() -> bool:
        status = await b.api("bob", "GET", f"/api/v1/statuses/{seen['id']}")
        return bool(status["quote_approval"]["current_user"] == "denied")

    await eventually(closed, what="the policy arrived")


async def test_two_instances_exchange_collections(pair: Pair) -> None:
    a, b = pair
    a.person("ann")
    b.person("ben")
    for instance, names in ((a, ("alice", "ann")), (b, ("bob", "ben"))):
        for name in names:
            await instance.api(name, "PATCH", "/api/v1/profile", json={"discoverable": True})
    await _follow(b, "ben", f"@alice@{a.authority}")
    await a.api("alice", "POST", "/api/v1/featured_tags", json={"name": "boats"})
    alice = await b.find("ben", f"@alice@{a.authority}")
    bob = await a.find("alice", f"@bob@{b.authority}")
    assert bob["feature_approval"] == {"automatic": ["public"], "manual": [], "current_user": "automatic"}
    ann = await a.find("alice", "@ann")
    wanted = {
        "name": "Good company",
        "discoverable": True,
        "tag_name": "boats",
        "account_ids": [ann["id"], bob["id"]],
    }
    made = (await a.api("alice", "POST", "/api/v1/collections", json=wanted))["collection"]
    assert [item["state"] for item in made["items"]] == ["accepted", "pending"]

    async def agreed() -> bool:
        there = (await a.api("ann", "GET", f"/api/v1/collections/{made['id']}"))["collection"]
        return [item["account_id"] for item in there["items"]] == [ann["id"], bob["id"]]

    await eventually(agreed, what="the one asked agreed")

    async def arrived() -> dict[str, Any] | None:
        found = await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/collections")
        return next((one for one in found["collections"] if one["item_count"] == 2), None)

    seen: dict[str, Any] = await eventually(arrived, what="the collection arrived with both")
    assert (seen["uri"], seen["name"], seen["local"], seen["tag"]["name"]) == (
        made["uri"], "Good company", False, "boats",
    )  # fmt: skip
    shown = await b.api("ben", "GET", f"/api/v1/collections/{seen['id']}")
    assert [one["acct"] for one in shown["accounts"]] == [f"alice@{a.authority}", f"ann@{a.authority}", "bob"]
    notices = await b.api("bob", "GET", "/api/v1/notifications", params={"types[]": "added_to_collection"})
    assert [(one["type"], one["collection"]["id"]) for one in notices] == [("added_to_collection", seen["id"])]

    async def tagged() -> bool:
        return [one["name"] for one in await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/featured_tags")] == [
            "boats"
        ]

    await eventually(tagged, what="the hashtag arrived")

    own = shown["collection"]["items"][1]["id"]
    await b.api("bob", "POST", f"/api/v1/collections/{seen['id']}/items/{own}/revoke")

    async def left() -> bool:
        there = (await a.api("alice", "GET", f"/api/v1/collections/{made['id']}"))["collection"]
        return [item["account_id"] for item in there["items"]] == [ann["id"]]

    await eventually(left, what="the consent was taken back")
    await a.api("alice", "DELETE", f"/api/v1/collections/{made['id']}")

    async def gone() -> bool:
        found = await b.api("ben", "GET", f"/api/v1/accounts/{alice['id']}/collections")
        return bool(found["collections"] == [])

    await eventually(gone, what="the collection is gone")


async def test_a_poll_ends_on_both_sides(pair: Pair) -> None:
    a, b = pair
    asked = await a.post("alice", "Which day?", poll={"options": ["Monday", "Friday"], "expires_in": 300})
    seen = await _arrived(b, "bob", asked["uri"])
    await b.api("bob", "POST", f"/api/v1/polls/{seen['poll']['id']}/votes", json={"choices": [1]})

    async def counted() -> bool:
        return bool((await _poll(a, "alice", asked["id"]))["votes_count"] == 1)

    await eventually(counted, what="the vote was counted")
    for instance in pair:
        await _pass_five_minutes(instance)

    async def told(instance: Instance, name: str, status_id: str) -> bool:
        notices = await instance.api(name, "GET", "/api/v1/notifications", params={"types[]": "poll"})
        return any(one["status"]["id"] == status_id and one["status"]["poll"]["expired"] for one in notices)

    await eventually(lambda: told(a, "alice", asked["id"]), what="the author was told", timeout_s=90)
    await eventually(lambda: told(b, "bob", seen["id"]), what="the voter was told", timeout_s=90)
    late = await b.client.post(
        f"{b.origin}/api/v1/polls/{seen['poll']['id']}/votes", json={"choices": [0]},
        headers={"Authorization": f"Bearer {b.tokens['bob']}"},
    )  # fmt: skip
    assert late.status_code == 422
    assert [one["votes_count"] for one in (await _poll(b, "bob", seen["id"]))["options"]] == [0, 1]


async def _pass_five_minutes(instance: Instance) -> None:
    """Let every poll be five minutes older."""
    engines = find_running(instance.data)
    assert engines is not None and engines.database_url is not None
    db = await open_connection(engines.database_url)
    try:
        await db.execute("UPDATE polls SET expires_at = expires_at - interval '5 minutes'")
    finally:
        await db.close()


async def test_pictures_change_their_words_and_their_order_on_the_other_side(pair: Pair) -> None:
    a, b = pair
    ids = []
    for words in ("One", "Two"):
        size = (320, 240) if words == "One" else (240, 320)
        media = await a.api(
            "alice", "POST", "/api/v1/media", files={"file": ("x", photograph(size))}, data={"description": words}
        )
        ids.append(media["id"])
    sent = await a.post("alice", "Look", media_ids=ids)
    seen = await _arrived(b, "bob", sent["uri"])
    assert [one["description"] for one in seen["media_attachments"]] == ["One", "Two"]
    attributes = [{"id": ids[0], "description": "A round thing", "focus": "0.5,0.5"}]
    await a.api(
        "alice", "PUT", f"/api/v1/statuses/{sent['id']}",
        json={"status": "Look here", "media_ids": ids[::-1], "media_attributes": attributes},
    )  # fmt: skip

    async def changed() -> bool:
        status = await b.api("bob", "GET", f"/api/v1/statuses/{seen['id']}")
        return [one["description"] for one in status["media_attachments"]] == ["Two", "A round thing"]

    await eventually(changed, what="the new words and order arrived")
    history = await b.api("bob", "GET", f"/api/v1/statuses/{seen['id']}/history")
    assert [re.sub("<.*?>", "", version["content"]) for version in history] == ["Look", "Look here"]
    assert [one["description"] for one in history[0]["media_attachments"]] == ["One", "Two"]


async def test_emoji_reactions_are_seen_on_both_sides_and_taken_back(pair: Pair) -> None:
    a, b = pair
    said = await a.post("alice", "We did it")
    seen = await _arrived(b, "bob", said["uri"])
    async with httpx.AsyncClient(base_url=b.origin, headers={"Origin": b.origin}, timeout=20) as browser:
        await _sign_in(browser, "bob")
        await _press(browser, f"/thoughts/{seen['id']}/react", emoji="🎉")

        async def reactions(instance: Instance, name: str, status_id: str) -> list[tuple[str, int]]:
            status = await instance.api(name, "GET", f"/api/v1/statuses/{status_id}")
            return [(one["name"], one["count"]) for one in status.get("reactions", [])]

        async def arrived() -> bool:
            return await reactions(a, "alice", said["id"]) == [("🎉", 1)]

        await eventually(arrived, what="the reaction arrived")
        assert await reactions(b, "bob", seen["id"]) == [("🎉", 1)]
        await _press(browser, f"/thoughts/{seen['id']}/unreact", emoji="🎉")

        async def taken_back() -> bool:
            return await reactions(a, "alice", said["id"]) == []

        await eventually(taken_back, what="the reaction was taken back")


async def _sign_in(browser: httpx.AsyncClient, name: str) -> None:
    answer = await _press(browser, "/signin", name=name, password=PASSWORD)
    assert answer.headers["location"] != "/signin"


async def _press(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Send a form with the token that every page's forms carry."""
    found = _CSRF.search((await browser.get("/signin" if path == "/signin" else "/about")).text)
    assert found is not None
    answer = await browser.post(path, data={"csrf_token": found[1], **form})
    assert answer.status_code == 303, (answer.status_code, answer.text[-500:])
    return answer


async def test_a_report_is_forwarded_to_those_who_look_after_the_other_side(pair: Pair) -> None:
    a, b = pair
    rude = await a.post("alice", "Something rude")
    seen = await _arrived(b, "bob", rude["uri"])
    made = await b.api(
        "bob", "POST", "/api/v1/reports",
        json={
            "account_id": seen["account"]["id"], "status_ids": [seen["id"]], "comment": "That hurts", "forward": True,
            "category": "violation",
        },
    )  # fmt: skip
    assert made["forwarded"] is True

    async def told() -> dict[str, Any] | None:
        notices = await a.api("mona", "GET", "/api/v1/notifications", params={"types[]": "admin.report"})
        return next((one for one in notices if one["report"]["comment"] == "That hurts"), None)

    notice = await eventually(told, what="the report arrived")
    assert notice["report"]["target_account"]["acct"] == "alice"
    report = await a.api("mona", "GET", f"/api/v1/admin/reports/{notice['report']['id']}")
    assert [one["uri"] for one in report["statuses"]] == [rude["uri"]]
    # The other side learns which server complains, not who.
    assert report["account"]["domain"] == b.authority
    assert report["account"]["username"] != "bob" and "bob" not in json.dumps(report)
    resolved = await a.api("mona", "POST", f"/api/v1/admin/reports/{report['id']}/resolve")
    assert resolved["action_taken"] is True
    kept_here = await b.api(
        "bob", "POST", "/api/v1/reports", json={"account_id": seen["account"]["id"], "comment": "Only for ours"}
    )
    assert kept_here["forwarded"] is False
    await b.post("bob", "After the report", visibility="public")
    notices = await a.api("mona", "GET", "/api/v1/notifications", params={"types[]": "admin.report"})
    assert all(one["report"]["comment"] != "Only for ours" for one in notices)


async def test_a_mention_from_the_other_side_is_heard_at_once(pair: Pair) -> None:
    a, b = pair
    async with aclosing(_events(a, "alice", "/api/v1/streaming/user")) as events:
        heard: dict[str, Any] = {}
        assert await anext(events) == (":)", None)
        mention = await b.post("bob", f"@alice@{a.authority} are you there?")
        async with asyncio.timeout(30):
            async for kind, payload in events:
                if kind in ("update", "notification"):
                    status = payload["status"] if kind == "notification" else payload
                    if status["uri"] == mention["uri"]:
                        heard[kind] = payload
                if len(heard) == 2:
                    break
        assert heard["notification"]["type"] == "mention"
        assert heard["notification"]["account"]["acct"] == f"bob@{b.authority}"
        await b.api("bob", "PUT", f"/api/v1/statuses/{mention['id']}", json={"status": f"@alice@{a.authority} hello?"})
        async with asyncio.timeout(30):
            async for kind, payload in events:
                if kind == "status.update" and payload["uri"] == mention["uri"]:
                    assert "hello?" in payload["content"]
                    break
        await b.api("bob", "DELETE", f"/api/v1/statuses/{mention['id']}")
        async with asyncio.timeout(30):
            async for kind, payload in events:
                if kind == "delete" and payload == heard["update"]["id"]:
                    break


async def _events(instance: Instance, name: str, path: str) -> AsyncIterator[tuple[str, Any]]:
    """Listen to a stream of Server-Sent Events."""
    headers = {"Authorization": f"Bearer {instance.tokens[name]}"}
    async with instance.client.stream("GET", f"{instance.origin}{path}", headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        kind = ""
        async for line in answer.aiter_lines():
            if line == ":)":
                yield line, None
            elif line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                text = line.removeprefix("data: ")
                yield kind, text if kind == "delete" else json.loads(text)


async def test_many_likes_from_the_other_side_are_groups_that_pages_do_not_tear(pair: Pair) -> None:
    a, b = pair
    first, second = await a.post("alice", "First song"), await a.post("alice", "Second song")
    likers = [f"fan{number}" for number in range(4)]
    for name in likers:
        b.tokens[name] = await _signed_up(b, name)
    for name in likers:
        for status in (first, second):
            found = await b.api(
                name, "GET", "/api/v2/search", params={"q": status["uri"], "resolve": "true", "type": "statuses"}
            )
            await b.api(name, "POST", f"/api/v1/statuses/{found['statuses'][0]['id']}/favourite")

    async def liked() -> bool:
        statuses = [await a.api("alice", "GET", f"/api/v1/statuses/{one['id']}") for one in (first, second)]
        return [one["favourites_count"] for one in statuses] == [4, 4]

    await eventually(liked, what="all likes arrived")
    pages: list[list[dict[str, Any]]] = []
    url = f"{a.origin}/api/v2/notifications?limit=1&types[]=favourite"
    headers = {"Authorization": f"Bearer {a.tokens['alice']}"}
    while url and len(pages) < 20:
        answer = await a.client.get(url, headers=headers)
        assert answer.status_code == 200
        found = answer.json()["notification_groups"]
        if not found:
            break
        pages.append(found)
        url = answer.links.get("next", {}).get("url", "")
    told: dict[str, set[str]] = {first["id"]: set(), second["id"]: set()}
    keys: dict[str, str] = {}
    for page in pages:
        for group in page:
            if group["status_id"] in told:
                told[group["status_id"]].update(group["sample_account_ids"])
                keys[group["group_key"]] = group["status_id"]
    # Likes of both came in turn: a group goes on over several pages, and nobody is lost between them.
    assert [len(people) for people in told.values()] == [4, 4]
    assert sorted(keys.values()) == sorted(told)
    for key in keys:
        accounts = await a.api("alice", "GET", f"/api/v2/notifications/{key}/accounts")
        assert sorted(one["acct"] for one in accounts) == [f"{name}@{b.authority}" for name in likers]


async def _signed_up(instance: Instance, name: str) -> str:
    """Make an account through an app, as open registration allows, and return its token."""
    client, origin = instance.client, instance.origin
    app = {"client_name": "Fans", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"}
    registered = (await client.post(f"{origin}/api/v1/apps", json=app)).json()
    credentials = {key: registered[key] for key in ("client_id", "client_secret")}
    asked = {"grant_type": "client_credentials", "scope": "read write", **credentials}
    token = (await client.post(f"{origin}/oauth/token", json=asked)).json()["access_token"]
    form = {
        "username": name, "email": f"{name}@mail.example", "password": PASSWORD, "agreement": True, "locale": "en",
    }  # fmt: skip
    made = await client.post(f"{origin}/api/v1/accounts", json=form, headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 200, made.text
    found: str = made.json()["access_token"]
    return found
