"""The pages of collections: made, filled, looked at, left, by forms alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions import collections, featuring, profiles
from federation.actions.collections import CollectionForm
from federation.actions.profiles import ProfileForm
from tests.acting import again, follow
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


async def _findable(services: Services, name: str) -> Person:
    return await profiles.edit_profile(
        services, await make_person(services, name), ProfileForm(name.title(), "", feature_policy="public")
    )


async def test_a_collection_is_made_filled_shown_and_deleted(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada, bob = await _findable(services, "ada"), await _findable(services, "bob")
    client = await client_for(ada)
    form = {"name": "Fog & sea", "description": "Worth <reading>", "tag_name": "#boats", "discoverable": "1"}
    edit = (await client.post("/collections", form)).headers["location"]
    people = edit.replace("/edit", "/people")
    assert (await client.post(people, {"handle": "@bob"})).headers["location"] == edit
    assert "@bob" in await client.page(edit)
    shown = await stranger.page("/@ada/collections")
    assert "Fog &amp; sea" in shown
    assert "Worth &lt;reading&gt;" in shown
    path = f"/@ada/collections/{edit.split('/')[2]}"
    assert f'href="{path}"' in shown
    page = await stranger.page(path)
    assert "@bob" in page
    assert 'href="/tags/boats"' in page
    assert f'href="{edit}"' not in page
    saved = await client.post(edit, {"name": "Fog"})
    assert saved.headers["location"] == path
    assert path not in await stranger.page("/@ada/collections")
    assert "not on your profile" in await client.page("/@ada/collections")
    shelf = await collections.get_collections_of(services, ada, ada, limit=1)
    (items,) = shelf.items.values()
    await client.post(f"{people}/remove", {"item_id": str(items[0].id)})
    assert "@bob" not in await stranger.page(path)
    await client.post(edit.replace("/edit", "/delete"))
    assert (await stranger.get(path)).status_code == 404
    assert "Your page" not in await client.page("/@ada/collections")
    assert await again(services, bob)


async def test_whoever_is_in_a_collection_hears_of_it_and_leaves(services: Services, client_for: ClientFor) -> None:
    ada, bob = await _findable(services, "ada"), await _findable(services, "bob")
    form = CollectionForm("Good company", discoverable=True)
    shelf = await collections.make_collection(services, ada, form, [bob.id])
    found = shelf.collections[0]
    client, path = await client_for(bob), f"/@ada/collections/{found.id}"
    notices = await client.page("/notifications")
    assert "put you in a collection" in notices
    assert f'href="{path}"' in notices
    assert path in await client.page("/@bob/collections")
    page = await client.page(path)
    assert "You are in this collection" in page
    await client.post(f"/collections/{found.id}/leave", {"item_id": str(shelf.items[found.id][0].id)})
    assert "You are in this collection" not in await client.page(path)
    assert path not in await client.page("/@bob/collections")
    ada_page = await client_for(ada)
    answer = await ada_page.post(f"/collections/{found.id}/people", {"handle": "@bob"})
    assert answer.status_code == 422
    assert "does not want to be in collections" in answer.text


async def test_what_is_wrong_is_said_beside_the_field(services: Services, client_for: ClientFor) -> None:
    ada, bob = await _findable(services, "ada"), await _findable(services, "bob")
    shelf = await collections.make_collection(services, ada, CollectionForm("One"), [bob.id])
    client, base = await client_for(ada), f"/collections/{shelf.collections[0].id}"
    for form, words in (
        ({"name": ""}, "needs a name"), ({"name": "x" * 41}, "40 characters"),
        ({"name": "x", "tag_name": "a b"}, "not a hashtag"),
        ({"name": "x", "description": "x" * 101}, "100 characters"),
    ):  # fmt: skip
        for path in ("/collections", f"{base}/edit"):
            answer = await client.post(path, form)
            assert answer.status_code == 422
            assert words in answer.text
    for typed, words in (("@@", "not a handle"), ("@nobody", "nobody called"), ("@bob", "already")):
        answer = await client.post(f"{base}/people", {"handle": typed})
        assert answer.status_code == 422
        assert words in answer.text


async def test_collections_of_others_are_closed(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada, bob = await _findable(services, "ada"), await _findable(services, "bob")
    shelf = await collections.make_collection(services, bob, CollectionForm("Private"), [bob.id])
    base, item = f"/collections/{shelf.collections[0].id}", shelf.items[shelf.collections[0].id][0]
    client = await client_for(ada)
    assert (await client.get(f"{base}/edit")).status_code == 403
    for path in ("edit", "delete", "people", "people/remove", "leave"):
        form = {"name": "Mine", "handle": "@ada", "item_id": str(item.id)}
        assert (await client.post(f"{base}/{path}", form)).status_code == 403
    for path in ("/collections/new", f"{base}/edit"):
        assert (await stranger.get(path)).status_code in (302, 303, 401)
    present = await collections.get_collections_of(services, bob, bob, limit=9)
    assert [(one.name, len(present.items[one.id])) for one in present.collections] == [("Private", 1)]


async def test_somebody_is_put_into_collections_from_their_page(services: Services, client_for: ClientFor) -> None:
    ada, bob = await _findable(services, "ada"), await _findable(services, "bob")
    eve = await make_remote_person(services, "eve", feature_policy=2)
    shelf = await collections.make_collection(services, ada, CollectionForm("Good company"))
    client, base = await client_for(ada), f"/collections/{shelf.collections[0].id}"
    choose = f"/people/{bob.id}/collections"
    assert f'href="{choose}"' in await client.page("/@bob")
    assert ">Add<" in await client.page(choose)
    back = await client.post(f"{base}/people", {"handle": "@bob", "next": choose})
    assert back.headers["location"] == choose
    assert ">Remove<" in await client.page(choose)
    await client.post(f"{base}/people", {"handle": f"@{eve.handle}"})
    assert "was asked" in await client.page(f"/people/{eve.id}/collections")
    shy = await make_remote_person(services, "shy")
    assert "does not want to be in collections" in await client.page(f"/people/{shy.id}/collections")


async def test_who_may_feature_somebody_is_a_setting(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    client = await client_for(ada)
    assert '<option value="nobody" selected>' in await client.page("/settings/profile")
    await client.post("/settings/profile", {"display_name": "Ada", "feature_policy": "followers"})
    assert '<option value="followers" selected>' in await client.page("/settings/profile")
    allowed = await featuring.permissions_to_feature(services, bob, [await again(services, ada)])
    assert allowed[ada.id] == "denied"
    await follow(services, bob, ada)
    allowed = await featuring.permissions_to_feature(services, bob, [await again(services, ada)])
    assert allowed[ada.id] == "automatic"
    answer = await client.post("/settings/profile", {"display_name": "Ada", "feature_policy": "martians"})
    assert answer.status_code == 422


async def test_a_page_has_its_document(services: Services, stranger: Browser) -> None:
    ada = await _findable(services, "ada")
    shelf = await collections.make_collection(services, ada, CollectionForm("One", discoverable=True))
    found = shelf.collections[0]
    json = {"accept": "application/activity+json"}
    answer = await stranger.get(f"/@ada/collections/{found.id}", headers=json)
    assert (answer.status_code, answer.headers["location"]) == (302, found.ap_id)
    answer = await stranger.get(f"/collections/{found.id}", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (302, found.url)
