"""Suggestions, the directory, and the policy for people whom the admins limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.site import turn_switch
from federation.actions.trends import refresh_trends
from tests.acting import execute
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp


async def _findable(open_app: OpenApp, name: str) -> App:
    app = await open_app(name)
    await app.call("PATCH", "/api/v1/accounts/update_credentials", json={"discoverable": True})
    return app


async def test_friends_of_friends_come_first_and_dismissed_ones_no_more(ann: App, bob: App, open_app: OpenApp) -> None:
    near, liked, shy = await _findable(open_app, "near"), await _findable(open_app, "liked"), await open_app("shy")
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    for target in (near, shy, ann):
        await bob.post(f"/api/v1/accounts/{target.id}/follow")
    for fan in (near, shy):
        await fan.post(f"/api/v1/accounts/{liked.id}/follow")
    found = await ann.get("/api/v2/suggestions")
    assert [(one["account"]["id"], one["sources"]) for one in found] == [
        (near.id, ["friends_of_friends"]), (liked.id, ["most_followed"]),
    ]  # fmt: skip
    await ann.call("DELETE", f"/api/v1/suggestions/{near.id}")
    await ann.post(f"/api/v1/accounts/{liked.id}/block")
    assert await ann.get("/api/v1/suggestions") == []


async def test_authors_of_what_trends_are_suggested_while_trends_are_shown(
    services: Services, ann: App, open_app: OpenApp
) -> None:
    loud, shy = await _findable(open_app, "loud"), await open_app("shy")
    for author in (loud, shy):
        said = await author.publish("wise words")
        for number in range(3):
            fan = await open_app(f"{author.id[-4:]}{number}")
            await fan.post(f"/api/v1/statuses/{said['id']}/favourite")
    await refresh_trends(services)
    [found] = await ann.get("/api/v2/suggestions")
    assert (found["account"]["id"], found["source"], found["sources"]) == (loud.id, "global", ["most_interactions"])
    admin = await make_person(services, "root", role="admin")
    await turn_switch(services, admin, "trends", is_on=False)
    assert await ann.get("/api/v2/suggestions") == []


async def test_directory_lists_those_who_agreed_by_age_or_by_their_last_word(
    services: Services, open_app: OpenApp, nobody: App
) -> None:
    first, second = await _findable(open_app, "first"), await _findable(open_app, "second")
    await open_app("shy")
    far = await make_remote_person(services, "far")
    await first.publish("I spoke last")
    local = await nobody.get("/api/v1/directory", local="true")
    assert [one["id"] for one in local] == [first.id, second.id]
    newest = await nobody.get("/api/v1/directory", order="new")
    assert [one["id"] for one in newest] == [str(far.id), second.id, first.id]
    assert [one["id"] for one in await nobody.get("/api/v1/directory")] == [first.id]
    assert [one["id"] for one in await nobody.get("/api/v1/directory", order="new", offset=1, limit=1)] == [second.id]
    await nobody.get("/api/v1/directory", expected=422, order="loudest")


async def test_policy_keeps_apart_whom_the_admins_limited(services: Services, ann: App, bob: App) -> None:
    await ann.call("PATCH", "/api/v2/notifications/policy", json={"for_limited_accounts": "filter"})
    await bob.publish("@ann hi")
    assert len(await ann.get("/api/v1/notifications")) == 1
    await execute(services, "UPDATE users SET silenced = true WHERE username = 'bob'")
    await bob.publish("@ann hi again")
    assert len(await ann.get("/api/v1/notifications")) == 1
    assert [one["id"] for one in await ann.get("/api/v1/notifications/requests")] == [bob.id]
