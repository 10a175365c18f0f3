"""The pages of lists: made, filled, read, changed, deleted, by forms alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions import lists, people
from federation.actions.lists import ListForm
from federation.actions.reactions import like_thought
from tests.acting import follow, say
from tests.services_fixture import Browser, make_person, make_remote_person

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
    assert f'value="{first.id}" checked' in await client.page(f"/people/{bob.id}/reading")
    await client.post(f"/people/{bob.id}/reading", {"list": [str(second.id)]})
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


async def test_how_one_reads_somebody_is_saved_with_the_lists(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    client = await client_for(ada)
    assert (await client.post(f"/people/{bob.id}/reading", {"notify": "1"})).status_code == 404
    await follow(services, ada, bob)
    await client.post(f"/people/{bob.id}/reading", {"notify": "1", "languages": "en, de"})
    relation = await people.get_relation(services, ada, bob)
    assert (relation.show_boosts, relation.notify, relation.languages) == (False, True, ["en", "de"])
    answer = await client.post(f"/people/{bob.id}/reading", {"show_boosts": "1", "languages": "en !"})
    assert answer.status_code == 422
    assert 'value="en !"' in answer.text
    assert not (await people.get_relation(services, ada, bob)).show_boosts


async def test_mute_for_a_while_note_and_top_friend_by_forms(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    client = await client_for(ada)
    await client.post(f"/people/{bob.id}/mute", {"hours": "24", "keep_notifications": "1"})
    relation = await people.get_relation(services, ada, bob)
    assert relation.muting_expires_at is not None
    assert not relation.muting_notifications
    assert "until" in await client.page("/settings/blocks")
    await client.post(f"/people/{bob.id}/note", {"note": "from the <b>boats</b>"})
    assert "from the &lt;b&gt;boats" in await client.page("/@bob")
    answer = await client.post(f"/people/{bob.id}/add-top-friend")
    assert answer.status_code == 303
    assert not (await people.get_relation(services, ada, bob)).endorsed
    await follow(services, ada, bob)
    await client.post(f"/people/{bob.id}/add-top-friend")
    assert (await people.get_relation(services, ada, bob)).endorsed


async def test_thread_is_muted_from_the_menu_of_a_thought(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada)
    client = await client_for(ada)
    await client.post(f"/thoughts/{thought.id}/mute-thread")
    assert f"/thoughts/{thought.id}/unmute-thread" in await client.page("/home")


async def test_likes_have_a_page_that_pages(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    said = [await say(services, bob, f"number-{number}.") for number in range(22)]
    for thought in reversed(said):
        await like_thought(services, ada, thought.id)
    client = await client_for(ada)
    page = await client.page("/likes")
    assert "number-0." in page
    assert "number-20." not in page
    older = re.search(r'href="(/likes\?before=[^"]+)"', page)
    assert older is not None
    assert "number-21." in await client.page(older[1])


async def test_tag_is_followed_and_shown_on_the_profile_from_its_page(
    services: Services, client_for: ClientFor, stranger: Browser
) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    await say(services, ada, "So much #fog")
    client = await client_for(ada)
    await client.post("/tags/fog/follow")
    await say(services, bob, "Dense #fog here")
    assert "Dense" in await client.page("/home")
    assert "#fog" in await client.page("/tags")
    await client.post("/tags/fog/feature")
    assert "So much" in await stranger.page("/@ada/tagged/fog")
    assert "/@ada/tagged/fog" in await stranger.page("/@ada")
    await client.post("/tags/fog/unfollow")
    assert "Dense" not in await client.page("/home")


async def test_server_is_blocked_from_settings(services: Services, client_for: ClientFor) -> None:
    ada, far = await make_person(services, "ada"), await make_remote_person(services, "far")
    await follow(services, ada, far)
    client = await client_for(ada)
    assert (await client.post("/settings/blocks/domains", {"domain": "no host"})).status_code == 422
    await client.post("/settings/blocks/domains", {"domain": "remote.example"})
    assert "remote.example" in await client.page("/settings/blocks")
    assert "You block all of remote.example" in await client.page("/@far@remote.example")
    await client.post("/settings/blocks/domains/remove", {"domain": "remote.example"})
    assert not (await people.get_relation(services, ada, far)).domain_blocking


async def test_direct_thoughts_have_a_page_and_are_read_by_opening_them(
    services: Services, client_for: ClientFor
) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    letter = await say(services, bob, "@ada psst", visibility="direct")
    client = await client_for(ada)
    assert "talk unread" in await client.page("/direct")
    await client.page(f"/@bob/{letter.id}")
    page = await client.page("/direct")
    assert "psst" in page
    assert "talk unread" not in page
    row = re.search(r"/direct/([0-9a-f-]{36})/forget", page)
    assert row is not None
    assert (await (await client_for(bob)).post(f"/direct/{row[1]}/forget")).status_code == 404
    await client.post(f"/direct/{row[1]}/forget")
    assert "psst" not in await client.page("/direct")


async def test_what_the_rules_keep_apart_is_let_through_by_a_button(services: Services, client_for: ClientFor) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    client = await client_for(ada)
    await client.post("/settings/notifications", {"for_not_following": "filter", "for_new_accounts": "nonsense"})
    await client.post("/settings/notifications", {"for_not_following": "filter"})
    await say(services, bob, "@ada hello there")
    assert "hello there" not in await client.page("/notifications")
    assert "hello there" in await client.page("/notifications/requests")
    await client.post(f"/notifications/requests/{bob.id}/accept")
    assert "hello there" in await client.page("/notifications")
