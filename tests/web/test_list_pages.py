"""The pages of lists: made, filled, read, changed, deleted, by forms alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions import lists
from federation.actions.lists import ListForm
from tests.acting import follow, say
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


async def test_list_is_made_filled_read_and_deleted(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    await follow(services, ada, bob)
    client = await client_for(ada)
    edit = (await client.post("/lists", {"title": "Fog & sea", "replies_policy": "none"})).headers["location"]
    assert "Fog &amp; sea" in await client.page("/lists")
    assert (await client.post(edit.replace("/edit", "/members"), {"handle": "@bob"})).headers["location"] == edit
    await say(services, bob, "A thought for the list")
    path = edit.removesuffix("/edit")
    assert "A thought for the list" in await client.page(path)
    assert "@bob" in await client.page(edit)
    saved = await client.post(edit, {"title": "Fog", "replies_policy": "list", "exclusive": "1"})
    assert saved.status_code == 303
    assert "A thought for the list" not in await client.page("/home")
    await client.post(f"{path}/members/remove", {"person_id": str(bob.id)})
    assert "A thought for the list" not in await client.page(path)
    await client.post(f"{path}/delete")
    assert (await client.get(path)).status_code == 404


async def test_who_cannot_be_listed_is_said_beside_the_field(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    one = await lists.make_list(services, ada, ListForm("Friends"))
    client = await client_for(ada)
    for typed, words in (("@bob", "only put those on a list"), ("@@", "not a handle"), ("@nobody", "nobody called")):
        answer = await client.post(f"/lists/{one.id}/members", {"handle": typed})
        assert answer.status_code == 422
        assert words in answer.text
    await follow(services, ada, bob)
    await lists.add_to_list(services, ada, one.id, [bob.id])
    assert "on this list already" in (await client.post(f"/lists/{one.id}/members", {"handle": "@bob"})).text
    assert (await client.post("/lists", {"title": ""})).status_code == 422
    assert (await client.post(f"/lists/{one.id}/edit", {"title": ""})).status_code == 422


async def test_somebodys_lists_are_chosen_on_one_page(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    await follow(services, ada, bob)
    first, second = [await lists.make_list(services, ada, ListForm(title)) for title in ("One", "Two")]
    await lists.add_to_list(services, ada, first.id, [bob.id])
    client = await client_for(ada)
    assert f'value="{first.id}" checked' in await client.page(f"/people/{bob.id}/lists")
    await client.post(f"/people/{bob.id}/lists", {"list": [str(second.id)]})
    assert [one.id for one in await lists.get_lists_with(services, ada, bob)] == [second.id]


async def test_lists_of_others_are_closed(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    theirs = await lists.make_list(services, bob, ListForm("Private"))
    client = await client_for(ada)
    for path in (f"/lists/{theirs.id}", f"/lists/{theirs.id}/edit"):
        assert (await client.get(path)).status_code == 404
    for path in ("edit", "delete", "members", "members/remove"):
        form = {"title": "Mine", "handle": "@ada", "person_id": str(ada.id)}
        assert (await client.post(f"/lists/{theirs.id}/{path}", form)).status_code == 404
    assert (await stranger.get("/lists")).status_code in (302, 303, 401)
    assert [one.title for one in await lists.get_lists(services, bob)] == ["Private"]
