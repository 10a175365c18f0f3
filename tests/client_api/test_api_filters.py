"""Filters through both versions of the client API, and what they say of statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.client_api.conftest import App

FILTERS = "/api/v2/filters"


async def _fog(app: App, **more: Any) -> Any:
    body = {"title": "Fog", "context": ["home"], "keywords_attributes": [{"keyword": "fog", "whole_word": True}]}
    return await app.post(FILTERS, **body | more)


async def test_filter_is_made_from_a_form_changed_in_part_and_deleted(ann: App) -> None:
    form = {
        "title": "Fog", "context[]": ["home", "public"], "filter_action": "hide", "expires_in": "3600",
        "keywords_attributes[][keyword]": ["fog", "sea"],
    }  # fmt: skip
    made = await ann.call("POST", FILTERS, data=form)
    assert [one["keyword"] for one in made["keywords"]] == ["fog", "sea"]
    assert made["expires_at"] is not None
    path = f"{FILTERS}/{made['id']}"
    first, second = made["keywords"]
    changes = [{"id": first["id"], "_destroy": True}, {"id": second["id"], "whole_word": False}, {"keyword": "mist"}]
    changed = await ann.call("PUT", path, json={"title": "Weather", "keywords_attributes": changes})
    assert changed["context"] == ["home", "public"]
    assert changed["expires_at"] == made["expires_at"]
    words = [(one["keyword"], one["whole_word"]) for one in changed["keywords"]]
    assert words == [("sea", False), ("mist", True)]
    assert (await ann.call("PUT", path, json={"expires_in": None}))["expires_at"] is None
    await ann.call("DELETE", path)
    assert await ann.get(FILTERS) == []


async def test_statuses_of_others_say_which_filters_they_fall_under(ann: App, bob: App) -> None:
    made = await _fog(ann, filter_action="blur")
    theirs, own = await bob.publish("So much Fog here"), await ann.publish("fog")
    other = await bob.publish("foghorn")
    shown = await ann.get(f"/api/v1/statuses/{theirs['id']}")
    expected = {key: made[key] for key in ("id", "title", "context", "expires_at", "filter_action")}
    assert shown["filtered"] == [{"filter": expected, "keyword_matches": ["Fog"], "status_matches": None}]
    for status in (own, other):
        assert (await ann.get(f"/api/v1/statuses/{status['id']}"))["filtered"] == []
    assert (await bob.get(f"/api/v1/statuses/{theirs['id']}"))["filtered"] == []
    keyword = made["keywords"][0]["id"]
    await ann.call("PUT", f"{FILTERS}/keywords/{keyword}", json={"keyword": "mist"})
    assert (await ann.get(f"/api/v1/statuses/{theirs['id']}"))["filtered"] == []


async def test_filter_names_single_statuses(ann: App, bob: App) -> None:
    made = await _fog(ann, keywords_attributes=[])
    status = await bob.publish("Nothing special")
    boost = await ann.post(f"/api/v1/statuses/{status['id']}/reblog")
    named = await ann.post(f"{FILTERS}/{made['id']}/statuses", status_id=boost["id"])
    assert named["status_id"] == status["id"]
    filtered = (await ann.get(f"/api/v1/statuses/{status['id']}"))["filtered"]
    assert [(one["keyword_matches"], one["status_matches"]) for one in filtered] == [(None, [status["id"]])]
    assert await ann.get(f"{FILTERS}/{made['id']}/statuses") == [named]
    await ann.call("DELETE", f"{FILTERS}/statuses/{named['id']}")
    assert (await ann.get(f"/api/v1/statuses/{status['id']}"))["filtered"] == []


async def test_older_api_counts_every_keyword_as_a_filter(ann: App) -> None:
    made = await ann.post("/api/v1/filters", phrase="fog", context=["home"], irreversible=True, whole_word=True)
    assert (made["phrase"], made["irreversible"], made["whole_word"]) == ("fog", True, True)
    assert (await ann.get(FILTERS))[0]["filter_action"] == "hide"
    path = f"/api/v1/filters/{made['id']}"
    changed = await ann.call("PUT", path, json={"phrase": "mist", "context": ["thread"], "irreversible": False})
    assert (changed["phrase"], changed["context"], changed["irreversible"]) == ("mist", ["thread"], False)
    own = (await ann.get(FILTERS))[0]
    await ann.post(f"{FILTERS}/{own['id']}/keywords", keyword="sea")
    await ann.call("PUT", path, expected=422, json={"context": ["home"]})
    assert [one["phrase"] for one in await ann.get("/api/v1/filters")] == ["mist", "sea"]
    for one in await ann.get("/api/v1/filters"):
        await ann.call("DELETE", f"/api/v1/filters/{one['id']}")
    assert await ann.get(FILTERS) == []


async def test_bad_filters_change_nothing(ann: App) -> None:
    for body in (
        {}, {"title": "x"}, {"title": "x", "context": []}, {"title": "x", "context": ["everywhere"]},
        {"title": " ", "context": ["home"]}, {"title": "x" * 256, "context": ["home"]},
        {"title": "x", "context": ["home"], "filter_action": "burn"},
        {"title": "x", "context": ["home"], "expires_in": "soon"},
        {"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": " "}]},
        {"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": "x" * 600}]},
        {"title": "x", "context": ["home"], "keywords_attributes": "fog"},
    ):  # fmt: skip
        await ann.post(FILTERS, expected=422, **body)
    await ann.post("/api/v1/filters", expected=422, phrase="", context=["home"])
    assert await ann.get(FILTERS) == []


async def test_filters_belong_to_their_owner(ann: App, bob: App) -> None:
    made = await _fog(bob)
    keyword = made["keywords"][0]["id"]
    status = await bob.publish("fog")
    named = await bob.post(f"{FILTERS}/{made['id']}/statuses", status_id=status["id"])
    body = {"title": "mine", "keyword": "mine", "phrase": "mine", "status_id": status["id"], "context": ["home"]}
    for method, path in (
        *((method, f"{FILTERS}/{made['id']}") for method in ("GET", "PUT", "DELETE")),
        *(
            (method, f"{FILTERS}/{made['id']}/{part}")
            for method in ("GET", "POST")
            for part in ("keywords", "statuses")
        ),
        *((method, f"{FILTERS}/keywords/{keyword}") for method in ("GET", "PUT", "DELETE")),
        *((method, f"{FILTERS}/statuses/{named['id']}") for method in ("GET", "DELETE")),
        *((method, f"/api/v1/filters/{keyword}") for method in ("GET", "PUT", "DELETE")),
    ):
        await ann.call(method, path, expected=404, json=body)
    own = await _fog(ann)
    stolen = [{"id": keyword, "keyword": "mine"}]
    await ann.call("PUT", f"{FILTERS}/{own['id']}", expected=404, json={"keywords_attributes": stolen})
    letter = await bob.publish("for nobody", visibility="direct")
    await ann.post(f"{FILTERS}/{own['id']}/statuses", expected=404, status_id=letter["id"])
    assert (await bob.get(FILTERS))[0]["keywords"] == made["keywords"]
