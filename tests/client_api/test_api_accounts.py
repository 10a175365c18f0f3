"""Accounts, relationships, notifications and search through the API."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from tests.services_fixture import make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

UPDATE = "/api/v1/accounts/update_credentials"


async def test_a_profile_changes_only_where_it_is_named(ann: App) -> None:
    await ann.call("PATCH", UPDATE, json={"display_name": "Ann", "note": "Hi #all", "discoverable": True})
    form = {"fields_attributes[0][name]": "Home", "fields_attributes[0][value]": "https://ann.example", "locked": "1"}
    me = await ann.call("PATCH", UPDATE, data=form)
    assert (me["display_name"], me["locked"], me["discoverable"]) == ("Ann", True, True)
    assert me["source"]["note"] == "Hi #all"
    assert "<a " in me["note"]
    assert me["source"]["fields"][0]["value"] == "https://ann.example"
    assert 'rel="me' in me["fields"][0]["value"]
    cleared = await ann.call("PATCH", UPDATE, json={"fields_attributes": [{"name": "", "value": ""}]})
    assert cleared["fields"] == []


async def test_a_profile_that_breaks_a_rule_is_422_and_stays(ann: App) -> None:
    for body in (
        {"display_name": "x" * 51}, {"note": "x" * 161}, {"fields_attributes": [{"name": "a"}]},
        {"fields_attributes": "x"}, {"source": "x"}, {"display_name": ["x"]}, {"locked": "perhaps"},
        {"fields_attributes": [{"name": str(n), "value": "v"} for n in range(5)]},
    ):  # fmt: skip
        await ann.call("PATCH", UPDATE, json=body, expected=422)
    assert (await ann.get("/api/v1/accounts/verify_credentials"))["display_name"] == ""


async def test_pictures_are_uploaded_as_files(ann: App) -> None:
    out = BytesIO()
    Image.new("RGB", (20, 20), "#336699").save(out, "PNG")
    files = {"avatar": ("a.png", out.getvalue(), "image/png"), "display_name": (None, "Ann")}
    me = await ann.call("PATCH", UPDATE, files=files)
    assert me["display_name"] == "Ann"
    assert me["avatar"].startswith("http://localhost:8000/media/")
    assert (await ann.client.get(me["avatar"])).headers["content-type"] == "image/webp"
    await ann.call("PATCH", UPDATE, files={"avatar": ("a.png", b"no picture", "image/png")}, expected=422)


async def test_pictures_of_remote_people_come_from_us(ann: App, services: Services) -> None:
    eve = await make_remote_person(
        services, "eve", avatar_url="https://remote.example/a.png", header_url="https://remote.example/h.png"
    )
    account = await ann.get(f"/api/v1/accounts/{eve.id}")
    assert account["acct"] == "eve@remote.example"
    for name in ("avatar", "avatar_static", "header", "header_static"):
        assert account[name].startswith("http://localhost:8000/proxy/")


async def test_lookup_finds_handles_and_asks_nobody(ann: App, nobody: App, services: Services) -> None:
    await make_remote_person(services, "eve")
    for acct, found in (("ann", "ann"), ("@ann@localhost:8000", "ann"), ("EVE@remote.example", "eve@remote.example")):
        assert (await nobody.get("/api/v1/accounts/lookup", acct=acct))["acct"] == found
    for acct in ("", "nobody", "x@unknown.example", "a b", "instance.actor"):
        await ann.get("/api/v1/accounts/lookup", acct=acct, expected=404)


async def test_a_follow_and_its_options(ann: App, bob: App) -> None:
    follow = f"/api/v1/accounts/{bob.id}/follow"
    related = await ann.post(follow)
    assert (related["following"], related["showing_reblogs"], related["notifying"]) == (True, True, False)
    related = await ann.call("POST", follow, data={"reblogs": "false", "notify": "true"})
    assert (related["showing_reblogs"], related["notifying"]) == (False, True)
    assert (await ann.post(follow))["notifying"]
    assert (await bob.get("/api/v1/accounts/relationships", **{"id[]": ann.id}))[0]["followed_by"]
    assert (await bob.post(f"/api/v1/accounts/{ann.id}/remove_from_followers"))["followed_by"] is False
    assert (await ann.get("/api/v1/accounts/relationships", id=bob.id))[0]["following"] is False


async def test_following_oneself_or_a_blocker_is_refused(ann: App, bob: App) -> None:
    await ann.post(f"/api/v1/accounts/{ann.id}/follow", expected=422)
    await bob.post(f"/api/v1/accounts/{ann.id}/block")
    await ann.post(f"/api/v1/accounts/{bob.id}/follow", expected=403)


async def test_a_request_is_authorised_or_rejected(ann: App, bob: App, open_app: OpenApp) -> None:
    carol = await open_app("carol")
    await ann.call("PATCH", UPDATE, json={"locked": True})
    for app in (bob, carol):
        assert (await app.post(f"/api/v1/accounts/{ann.id}/follow"))["requested"]
    assert (await ann.get("/api/v1/accounts/verify_credentials"))["source"]["follow_requests_count"] == 2
    assert (await ann.post(f"/api/v1/follow_requests/{bob.id}/authorize"))["followed_by"]
    assert (await ann.post(f"/api/v1/follow_requests/{carol.id}/reject"))["followed_by"] is False
    assert await ann.get("/api/v1/follow_requests") == []
    assert [one["id"] for one in await ann.get(f"/api/v1/accounts/{ann.id}/followers")] == [bob.id]


async def test_relationships_come_in_the_order_asked_for_and_only_for_people(ann: App, bob: App) -> None:
    unknown = "01890000-0000-7000-8000-000000000000"
    found = await ann.get("/api/v1/accounts/relationships", **{"id[]": [bob.id, unknown, "x", ann.id]})
    assert [one["id"] for one in found] == [bob.id, ann.id]


async def test_a_mute_ends_and_hides(ann: App, bob: App) -> None:
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    await bob.publish("Loud")
    muted = await ann.post(f"/api/v1/accounts/{bob.id}/mute", duration=60, notifications=False)
    assert (muted["muting"], muted["muting_notifications"]) == (True, False)
    assert muted["muting_expires_at"] == (await ann.get("/api/v1/mutes"))[0]["mute_expires_at"] is not None
    assert await ann.get("/api/v1/timelines/home") == []
    assert (await ann.post(f"/api/v1/accounts/{bob.id}/unmute"))["muting"] is False
    assert len(await ann.get("/api/v1/timelines/home")) == 1


async def test_the_blocked_do_not_see_the_blockers_thoughts(ann: App, bob: App) -> None:
    thought = await ann.publish("Hello")
    await ann.post(f"/api/v1/accounts/{bob.id}/block")
    assert await bob.get(f"/api/v1/accounts/{ann.id}/statuses") == []
    await bob.get(f"/api/v1/statuses/{thought['id']}", expected=404)
    assert [one["id"] for one in await ann.get("/api/v1/blocks")] == [bob.id]


async def test_an_accounts_thoughts_are_filtered(ann: App, bob: App) -> None:
    plain = await ann.publish("Plain #tagged")
    theirs = await bob.publish("Theirs")
    reply = await ann.publish("Reply", in_reply_to_id=theirs["id"])
    boost = await ann.post(f"/api/v1/statuses/{theirs['id']}/reblog")
    await ann.post(f"/api/v1/statuses/{plain['id']}/pin")

    async def ids(**params: str) -> list[str]:
        return [one["id"] for one in await bob.get(f"/api/v1/accounts/{ann.id}/statuses", **params)]

    assert await ids() == [boost["id"], reply["id"], plain["id"]]
    assert await ids(exclude_replies="true") == [boost["id"], plain["id"]]
    assert await ids(exclude_reblogs="true") == [reply["id"], plain["id"]]
    assert await ids(pinned="true") == [plain["id"]]
    assert await ids(tagged="TAGGED") == [plain["id"]]
    assert await ids(only_media="true") == []


async def test_notifications_are_picked_by_type_and_person(ann: App, bob: App, open_app: OpenApp) -> None:
    carol = await open_app("carol")
    thought = await ann.publish("Hello")
    await bob.post(f"/api/v1/accounts/{ann.id}/follow")
    await bob.post(f"/api/v1/statuses/{thought['id']}/favourite")
    await carol.post(f"/api/v1/statuses/{thought['id']}/reblog")

    async def types(**params: object) -> list[str]:
        return [one["type"] for one in await ann.get("/api/v1/notifications", **params)]

    assert await types() == ["reblog", "favourite", "follow"]
    assert await types(**{"types[]": ["follow", "reblog"]}) == ["reblog", "follow"]
    assert await types(**{"exclude_types[]": ["reblog"]}) == ["favourite", "follow"]
    assert await types(account_id=bob.id) == ["favourite", "follow"]
    assert await types(account_id="nobody") == []
    assert await ann.get("/api/v1/notifications/unread_count") == {"count": 3}
    one = (await ann.get("/api/v1/notifications"))[0]
    assert one["group_key"].startswith(f"reblog-{thought['id']}-")
    await bob.get(f"/api/v1/notifications/{one['id']}", expected=404)
    await bob.post(f"/api/v1/notifications/{one['id']}/dismiss", expected=404)
    assert await types() == ["reblog", "favourite", "follow"]
    await ann.post(f"/api/v1/notifications/{one['id']}/dismiss")
    assert await types() == ["favourite", "follow"]
    await ann.post("/api/v1/notifications/clear")
    assert await types() == []


async def test_search_finds_by_kind(ann: App, bob: App, nobody: App, services: Services) -> None:
    eve = await make_remote_person(services, "eve")
    thought = await ann.publish("Needle #needles")
    found = await ann.get("/api/v2/search", q="needle")
    assert [one["id"] for one in found["statuses"]] == [thought["id"]]
    assert [one["name"] for one in found["hashtags"]] == ["needles"]
    only = await ann.get("/api/v2/search", q="needle", type="hashtags")
    assert (only["statuses"], len(only["hashtags"])) == ([], 1)
    for query in ("@eve@remote.example", eve.ap_id):
        assert [one["id"] for one in (await ann.get("/api/v2/search", q=query))["accounts"]] == [str(eve.id)]
        assert (await ann.get("/api/v2/search", q=query, type="statuses"))["accounts"] == []
    assert (await ann.get("/api/v2/search", q=thought["uri"]))["statuses"][0]["id"] == thought["id"]
    await ann.get("/api/v2/search", expected=422)
    await ann.get("/api/v2/search", q="x", type="songs", expected=422)
    await nobody.get("/api/v2/search", q="x", resolve="true", expected=401)
    assert [one["acct"] for one in await ann.get("/api/v1/accounts/search", q="bo")] == ["bob"]
    assert await ann.get("/api/v1/accounts/search", q="bo", following="true") == []


async def test_the_remote_and_local_parts_of_a_tag(ann: App, nobody: App) -> None:
    thought = await ann.publish("#here")
    for params, ids in (({}, [thought["id"]]), ({"local": "1"}, [thought["id"]]), ({"remote": "1"}, [])):
        assert [one["id"] for one in await nobody.get("/api/v1/timelines/tag/HERE", **params)] == ids
    await nobody.get("/api/v1/timelines/tag/%23", expected=404)
