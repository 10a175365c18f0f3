"""Posting, editing, deleting, reacting; who sees what on every page; nothing typed becomes markup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions.blocks import block_person
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.follows import follow_person
from federation.actions.poll_drafts import PollDraft
from federation.actions.profiles import ProfileForm, edit_profile
from federation.actions.publish_thought import Draft, publish_thought
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def ada(services: Services) -> Person:
    """Who writes."""
    return await make_person(services, "ada")


@pytest.fixture
async def bob(services: Services) -> Person:
    """Who reads."""
    return await make_person(services, "bob")


async def _only_thought(services: Services, person: Person) -> str:
    async with services.database.connection() as db:
        return str(await db.fetchval("SELECT id FROM thoughts WHERE user_id = $1 ORDER BY id DESC LIMIT 1", person.id))


async def test_thought_is_posted_and_one_is_back_where_one_was(client_for: ClientFor, ada: Person) -> None:
    client = await client_for(ada)
    answer = await client.post("/compose", {"source": "Hello", "visibility": "public", "next": "/local"})
    assert answer.headers["location"] == "/local"
    page = await client.page("/local")
    assert "Your thought is out." in page
    assert "<p>Hello</p>" in page


async def test_refused_text_comes_back_with_everything_that_was_chosen(client_for: ClientFor, ada: Person) -> None:
    client = await client_for(ada)
    form = {"source": "x" * 501, "summary": "", "visibility": "followers", "lang": "de", "next": "/home"}
    answer = await client.post("/compose", form)
    assert answer.status_code == 422
    assert "1 character too long" in answer.text
    assert "x" * 501 in answer.text
    assert '<option value="followers" selected>' in answer.text
    assert '<option value="de" lang="de" selected>' in answer.text


async def test_answer_begins_with_its_people_and_is_as_private(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    await make_person(services, "eve")
    letter = await publish_thought(services, ada, Draft("@bob @eve hush", visibility="direct", summary="Secret"))
    page = await (await client_for(bob)).page(f"/compose?reply_to={letter.id}")
    assert "\n@ada @eve </textarea>" in page
    assert '<option value="direct" selected>' in page
    assert 'value="Secret"' in page


async def test_edit_keeps_the_earlier_version(services: Services, client_for: ClientFor, ada: Person) -> None:
    client = await client_for(ada)
    thought = await publish_thought(services, ada, Draft("Good mroning"))
    path = f"/thoughts/{thought.id}/edit"
    assert "\nGood mroning</textarea>" in await client.page(path)
    assert (await client.post(path, {"source": ""})).status_code == 422
    answer = await client.post(path, {"source": "Good morning", "next": f"/@ada/{thought.id}"})
    assert "Good morning" in await client.page(answer.headers["location"])
    assert "<p>Good mroning</p>" in await client.page(f"/thoughts/{thought.id}/history")


async def test_only_the_author_edits_and_deletes(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    thought = await publish_thought(services, ada, Draft("Mine"))
    client = await client_for(bob)
    assert (await client.get(f"/thoughts/{thought.id}/edit")).status_code == 403
    for verb, form in (("edit", {"source": "Yours"}), ("delete", {}), ("redraft", {}), ("pin", {})):
        assert (await client.post(f"/thoughts/{thought.id}/{verb}", form)).status_code == 403
    assert "<p>Mine</p>" in await client.page("/@ada")


async def test_deleted_thought_leads_home_from_its_own_page(
    services: Services, client_for: ClientFor, ada: Person, stranger: Browser
) -> None:
    thought = await publish_thought(services, ada, Draft("Oops"))
    client = await client_for(ada)
    answer = await client.post(f"/thoughts/{thought.id}/delete", {"next": f"/@ada/{thought.id}#t-{thought.id}"})
    assert answer.headers["location"] == "/home"
    assert (await stranger.get(f"/@ada/{thought.id}")).status_code == 410


async def test_what_is_deleted_to_be_written_anew_is_all_in_the_composer(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, stranger: Browser
) -> None:
    asked = await publish_thought(services, bob, Draft("What is for tea?"))
    poll = PollDraft(("Scones", "Toast"), expires_in_s=3600)
    thought = await publish_thought(
        services, ada, Draft("Ooops", reply_to=asked.id, summary="Food", visibility="unlisted", poll=poll)
    )
    page = (await (await client_for(ada)).post(f"/thoughts/{thought.id}/redraft")).text
    for kept in (
        "Ooops</textarea>", 'name="summary" value="Food"', f'name="reply_to" value="{asked.id}"',
        'value="unlisted" selected', 'value="Scones"', "What is for tea?",
    ):  # fmt: skip
        assert kept in page
    assert "poll_edited" not in page
    assert (await stranger.get(f"/@ada/{thought.id}")).status_code == 410


async def test_history_shows_each_version_to_those_who_may_read_it(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, stranger: Browser
) -> None:
    thought = await publish_thought(services, ada, Draft("Good mroning", summary="Early"))
    await edit_thought(services, ada, thought.id, Revision("Good morning"))
    assert f'href="/thoughts/{thought.id}/history"' in await stranger.page(f"/@ada/{thought.id}")
    page = await stranger.page(f"/thoughts/{thought.id}/history")
    assert page.index("<p>Good morning</p>") < page.index("Early") < page.index("<p>Good mroning</p>")
    secret = await publish_thought(services, ada, Draft("Secret", visibility="followers"))
    for reader in (stranger, await client_for(bob)):
        assert (await reader.get(f"/thoughts/{secret.id}/history")).status_code == 404


@pytest.mark.parametrize("verb", ["like", "boost", "bookmark"])
async def test_reactions_go_on_and_off(
    verb: str, services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    thought = await publish_thought(services, ada, Draft("Nice"))
    client = await client_for(bob)
    back = f"/@ada#t-{thought.id}"
    assert (await client.post(f"/thoughts/{thought.id}/{verb}", {"next": back})).headers["location"] == back
    assert f'formaction="/thoughts/{thought.id}/un{verb}"' in await client.page("/@ada")
    await client.post(f"/thoughts/{thought.id}/un{verb}")
    assert f'formaction="/thoughts/{thought.id}/{verb}"' in await client.page("/@ada")


async def test_follow_block_and_mute_from_the_profile(client_for: ClientFor, ada: Person, bob: Person) -> None:
    client = await client_for(bob)
    for verb, words in (
        ("follow", "Following"), ("mute", "You mute @ada"), ("unmute", "Following"),
        ("unfollow", "Follow ada"), ("block", "You block @ada"), ("unblock", "Follow ada"),
    ):  # fmt: skip
        answer = await client.post(f"/people/{ada.id}/{verb}", {"next": "/@ada"})
        assert answer.headers["location"] == "/@ada"
        assert words in await client.page("/@ada"), verb


async def test_locked_account_decides_about_its_followers(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    await edit_profile(services, ada, ProfileForm("", "", locked=True))
    reader, owner = await client_for(bob), await client_for(ada)
    await reader.post(f"/people/{ada.id}/follow")
    assert "Requested" in await reader.page("/@ada")
    assert "1 person asks" in await owner.page("/notifications")
    assert f"/people/{bob.id}/accept-follow" in await owner.page("/follow-requests")
    await owner.post(f"/people/{bob.id}/accept-follow")
    assert "Following" in await reader.page("/@ada")
    await owner.post(f"/people/{bob.id}/remove-follower")
    assert "Ask to follow" in await reader.page("/@ada")


READERS = {
    "public": {"stranger", "reader", "follower", "named"},
    "unlisted": {"stranger", "reader", "follower", "named"},
    "followers": {"follower", "named"},
    "direct": {"named"},
}


@pytest.mark.parametrize("visibility", READERS)
async def test_each_thought_is_shown_to_its_audience_alone_on_every_page(
    visibility: str, services: Services, client_for: ClientFor, stranger: Browser, ada: Person
) -> None:
    people = {name: await make_person(services, name) for name in ("reader", "follower", "named")}
    await follow_person(services, people["follower"], ada)
    thought = await publish_thought(services, ada, Draft("@named a quokka smiles #roo", visibility=visibility))
    pages = [
        f"/@ada/{thought.id}", "/@ada", "/@ada/with_replies", "/home", "/local", "/federated", "/tags/roo",
        "/search?q=quokka", "/notifications", "/@ada/feed.atom", "/@ada.rss", f"/compose?reply_to={thought.id}",
        f"/thoughts/{thought.id}/edit", f"/thoughts/{thought.id}/delivery",
    ]  # fmt: skip
    browsers = {"stranger": stranger, **{name: await client_for(person) for name, person in people.items()}}
    for name, browser in browsers.items():
        seen = [path for path in pages if "smiles" in (await browser.get(path)).text]
        if name in READERS[visibility]:
            assert pages[:2] == seen[:2], name
        else:
            assert seen == [], name
        assert ("/local" in seen) == (visibility == "public"), name


async def test_blocked_person_sees_nothing_of_who_blocks_them(
    services: Services, client_for: ClientFor, ada: Person, bob: Person
) -> None:
    thought = await publish_thought(services, ada, Draft("quokka"))
    await block_person(services, ada, bob)
    client = await client_for(bob)
    assert (await client.get(f"/@ada/{thought.id}")).status_code == 404
    for path in ("/@ada", "/local", "/federated", "/home"):
        assert "quokka" not in await client.page(path)
    assert (await client.post(f"/people/{ada.id}/follow")).status_code == 403
    assert (await client.post("/compose", {"source": "hi", "reply_to": str(thought.id)})).status_code == 404


NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


async def test_nothing_typed_becomes_markup(
    services: Services, client_for: ClientFor, ada: Person, bob: Person, stranger: Browser
) -> None:
    form = ProfileForm(NASTY[:50], NASTY, fields=[(NASTY, NASTY), ("link", "javascript:alert(1)")])
    await edit_profile(services, ada, form)
    thought = await publish_thought(services, ada, Draft(f"{NASTY} @bob", summary=NASTY, visibility="public"))
    client = await client_for(bob)
    pages = [
        "/@ada", f"/@ada/{thought.id}", "/local", "/notifications", f"/compose?reply_to={thought.id}",
        "/explore/people?order=new",
        f"/search?q={NASTY}", f"/compose?mention={NASTY}", f"/share?text={NASTY}", "/@ada/followers",
        "/@ada/feed.atom", "/@ada.rss", f"/signin?next=/{NASTY}", f"/signup?invite={NASTY}",
    ]  # fmt: skip
    for browser in (client, stranger):
        for path in pages:
            page = (await browser.get(path)).text.lower()
            assert "<script>" not in page, path
            assert "<img src=x" not in page, path
            assert 'href="javascript:' not in page, path
