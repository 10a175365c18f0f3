"""Quotes through the API: as Mastodon 4.5 shows and takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.acting import PUBLIC, hear
from tests.client_api.contract import problems
from tests.services_fixture import make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp


async def test_a_quote_is_shown_with_what_it_quotes(ann: App, bob: App, nobody: App) -> None:
    wise = await ann.publish("Wise")
    quoting = await bob.publish("So true", quoted_status_id=wise["id"])
    assert quoting["quote"]["state"] == "accepted"
    assert quoting["quote"]["quoted_status"]["id"] == wise["id"]
    assert quoting["quote"]["quoted_status"]["account"]["id"] == ann.id
    further = await ann.publish("And so on", quoted_status_id=quoting["id"])
    shallow = (await nobody.get(f"/api/v1/statuses/{further['id']}"))["quote"]["quoted_status"]["quote"]
    assert shallow == {"state": "accepted", "quoted_status_id": wise["id"]}
    assert (await ann.get(f"/api/v1/statuses/{wise['id']}"))["quotes_count"] == 1
    notification = (await ann.get("/api/v1/notifications", **{"types[]": "quote"}))[0]
    assert (notification["type"], notification["status"]["id"]) == ("quote", quoting["id"])
    boost = await ann.post(f"/api/v1/statuses/{quoting['id']}/reblog")
    assert boost["quote"] is None
    assert boost["reblog"]["quote"]["quoted_status"]["id"] == wise["id"]
    found = await ann.get(f"/api/v1/statuses/{wise['id']}/quotes")
    assert [one["id"] for one in found] == [quoting["id"]]


async def test_policies_are_shown_as_they_are_for_the_viewer(services: Services, ann: App, bob: App) -> None:
    thought = await ann.publish("Mine", quote_approval_policy="followers")
    approval = thought["quote_approval"]
    assert approval == {"automatic": ["followers"], "manual": [], "current_user": "automatic"}
    path = f"/api/v1/statuses/{thought['id']}"
    assert (await bob.get(path))["quote_approval"]["current_user"] == "denied"
    await bob.post("/api/v1/statuses", expected=404, status="x", quoted_status_id=thought["id"])
    await bob.post(f"/api/v1/accounts/{ann.id}/follow")
    assert (await bob.get(path))["quote_approval"]["current_user"] == "automatic"
    await bob.call("PUT", f"{path}/interaction_policy", expected=403, json={"quote_approval_policy": "public"})
    changed = await ann.call("PUT", f"{path}/interaction_policy", json={"quote_approval_policy": "nobody"})
    assert changed["quote_approval"]["automatic"] == []
    edited = await ann.call("PUT", path, json={"status": "Mine still", "quote_approval_policy": "public"})
    assert edited["quote_approval"]["automatic"] == ["public"]
    rita = await make_remote_person(services, "rita")
    policy = {"canQuote": {"manualApproval": [PUBLIC], "automaticApproval": "https://elsewhere.example/friends"}}
    theirs = await hear(services, rita, interactionPolicy=policy)
    approval = (await ann.get(f"/api/v1/statuses/{theirs.id}"))["quote_approval"]
    assert approval == {"automatic": ["unsupported_policy"], "manual": ["public"], "current_user": "manual"}


async def test_consent_is_taken_back_by_the_quoted_author_alone(ann: App, bob: App, open_app: OpenApp) -> None:
    wise = await ann.publish("Wise")
    quoting = await bob.publish("So true", quoted_status_id=wise["id"])
    path = f"/api/v1/statuses/{wise['id']}/quotes/{quoting['id']}/revoke"
    await bob.post(path, expected=403)
    await (await open_app("eve")).post(path, expected=403)
    revoked = await ann.post(path)
    assert (revoked["id"], revoked["quote"]) == (quoting["id"], {"state": "revoked", "quoted_status": None})
    assert await ann.get(f"/api/v1/statuses/{wise['id']}/quotes") == []
    other = await ann.publish("Other")
    await ann.post(f"/api/v1/statuses/{other['id']}/quotes/{quoting['id']}/revoke", expected=404)


async def test_what_cannot_be_quoted_is_refused(ann: App, bob: App) -> None:
    private = await ann.publish("Private", visibility="private")
    bad: list[tuple[int, dict[str, Any]]] = [
        (404, {"quoted_status_id": private["id"]}),
        (404, {"quoted_status_id": "nonsense"}),
        (404, {"quoted_status_id": {"id": 1}}),
        (422, {"quote_approval_policy": "everyone"}),
    ]
    for status, body in bad:
        await bob.post("/api/v1/statuses", expected=status, status="x", **body)
    assert await bob.get(f"/api/v1/accounts/{bob.id}/statuses") == []
    own = await ann.publish("Quoting", quoted_status_id=private["id"])
    assert own["visibility"] == "private"


async def test_an_old_kind_of_quote_is_an_ordinary_link(services: Services, ann: App) -> None:
    rita = await make_remote_person(services, "rita")
    quoted = await ann.publish("Wise")
    content = f'<p>So true</p><p class="quote-inline">RE: <a href="{quoted["url"]}">it</a></p>'
    legacy = await hear(services, rita, content, quoteUrl=quoted["uri"])
    status = await ann.get(f"/api/v1/statuses/{legacy.id}")
    assert status["quote"] is None
    assert "quote-inline" in status["content"]
    asked = await hear(services, rita, content, quote=quoted["uri"])
    assert (await ann.get(f"/api/v1/statuses/{asked.id}"))["quote"] == {"state": "pending", "quoted_status": None}


async def test_every_version_says_what_is_quoted_and_to_whom_it_is_shown(ann: App, bob: App, nobody: App) -> None:
    quoted = await bob.publish("Quote me")
    quoting = await ann.publish("Indeed", quoted_status_id=quoted["id"])
    await ann.call("PUT", f"/api/v1/statuses/{quoting['id']}", json={"status": "Indeed!"})
    for app in (ann, nobody):
        versions = await app.get(f"/api/v1/statuses/{quoting['id']}/history")
        assert [one["quote"]["quoted_status"]["id"] for one in versions] == [quoted["id"]] * 2
        assert not problems("[StatusEdit]", versions)
    await bob.post(f"/api/v1/accounts/{ann.id}/block")
    versions = await ann.get(f"/api/v1/statuses/{quoting['id']}/history")
    assert [one["quote"]["quoted_status"] for one in versions] == [None] * 2
    assert "quote" not in (await bob.get(f"/api/v1/statuses/{quoted['id']}/history"))[0]
