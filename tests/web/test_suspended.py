"""Who is suspended is nowhere to be seen, through any door, and comes back when the suspension is lifted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from federation.actions import accounts, profiles, reactions, sessions
from federation.actions.profiles import ProfileForm
from storage.people import Person
from tests.acting import follow, say, scalar
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.thoughts import Thought

    ClientFor = Callable[[Person], Awaitable[Browser]]

ACTIVITY = {"accept": "application/activity+json"}
# In whatever is shown of the one who is suspended.
MARK = "Zebrafish"


@dataclass
class Scene:
    """Somebody with all that a person can have, somebody who looks, and where either is seen."""

    services: Services
    ada: Person
    bob: Person
    own: Thought
    theirs: Thought
    activities: list[UUID]
    token: str


@pytest.fixture
async def scene(services: Services) -> Scene:
    ada, bob = await make_person(services, "zebrafish"), await make_person(services, "bob")
    ada = await profiles.edit_profile(services, ada, ProfileForm(MARK, MARK, discoverable=True, indexable=True))
    await profiles.set_custom_css(services, ada, "p { color: red }")
    await follow(services, ada, bob)
    await follow(services, bob, ada)
    await profiles.set_top_friends(services, bob, [ada])
    own, theirs = await say(services, ada, f"{MARK} #fishes @bob"), await say(services, bob, "Hello #fishes")
    await say(services, ada, f"{MARK} answers", reply_to=theirs.id)
    await say(services, bob, "Yes", reply_to=own.id)
    await reactions.pin_thought(services, ada, own.id)
    await reactions.like_thought(services, ada, theirs.id)
    await reactions.boost_thought(services, ada, theirs.id)
    for react in (reactions.like_thought, reactions.boost_thought, reactions.bookmark_thought):
        await react(services, bob, own.id)
    sent = await scalar(services, "SELECT array_agg(id) FROM activities WHERE user_id = $1 AND public", ada.id)
    return Scene(services, ada, bob, own, theirs, sent, await sessions.create_token(services, bob))


def _documents(scene: Scene) -> list[str]:
    actor = f"/users/{scene.ada.username}"
    note = f"/thoughts/{scene.own.id}"
    return [
        actor, *(f"{actor}/{name}" for name in ("outbox", "followers", "following", "featured")),
        *(f"{actor}/{name}?page=true" for name in ("outbox", "followers", "following")),
        note, f"{note}/replies", f"{note}/replies?page=true",
        f"/.well-known/webfinger?resource=acct:{scene.ada.username}@localhost:8000",
        f"/.well-known/webfinger?resource={scene.ada.ap_id}",
        *(f"/activities/{one}" for one in scene.activities),
    ]  # fmt: skip


def _pages(scene: Scene) -> list[str]:
    profile = f"/@{scene.ada.username}"
    return [
        profile, *(f"{profile}/{name}" for name in ("with_replies", "followers", "following", "style.css")),
        *(f"{profile}{name}" for name in ("/feed.atom", "/feed.rss", ".atom", ".rss")),
        f"{profile}/{scene.own.id}", f"/thoughts/{scene.own.id}",
    ]  # fmt: skip


def _entities(scene: Scene) -> list[str]:
    account, status = f"/api/v1/accounts/{scene.ada.id}", f"/api/v1/statuses/{scene.own.id}"
    return [
        account, *(f"{account}/{name}" for name in ("statuses", "followers", "following")),
        f"/api/v1/accounts/lookup?acct={scene.ada.username}",
        status, *(f"{status}/{name}" for name in ("context", "reblogged_by", "favourited_by", "history")),
    ]  # fmt: skip


def _lists(scene: Scene) -> list[str]:
    return [
        "/home", "/local", "/federated", "/tags/fishes", "/notifications", "/bookmarks", "/likes", "/",
        "/explore", "/explore/people?order=new",
        f"/search?q={MARK}", "/search?q=fishes", "/search", "/@bob", "/@bob/with_replies", "/@bob/followers",
        "/@bob/following", "/@bob/feed.atom", f"/@bob/{scene.theirs.id}",
    ]  # fmt: skip


def _entity_lists(scene: Scene) -> list[str]:
    account, status = f"/api/v1/accounts/{scene.bob.id}", f"/api/v1/statuses/{scene.theirs.id}"
    return [
        *(f"/api/v1/timelines/{name}" for name in ("home", "public", "tag/fishes")), "/api/v1/notifications",
        "/api/v1/bookmarks", "/api/v1/favourites",
        *(f"{account}/{name}" for name in ("statuses", "followers", "following")),
        *(f"{status}/{name}" for name in ("context", "reblogged_by", "favourited_by")),
        f"/api/v2/search?q={MARK}", f"/api/v2/search?q={scene.own.ap_id}&resolve=true",
        f"/api/v2/search?q={scene.ada.ap_id}&resolve=true", f"/api/v1/accounts/search?q={MARK}",
        "/api/v1/endorsements", "/api/v1/directory", "/api/v2/suggestions",
    ]  # fmt: skip


def _document_lists(scene: Scene) -> list[str]:
    return [
        "/users/bob/outbox?page=true", "/users/bob/followers?page=true", "/users/bob/following?page=true",
        f"/thoughts/{scene.theirs.id}/replies?page=true",
    ]  # fmt: skip


async def _seen(scene: Scene, stranger: Browser, bob: Browser) -> set[str]:
    """Return which of the addresses of the one who is suspended, and of lists with them, show something."""
    bearer = {"authorization": f"Bearer {scene.token}"}
    seen = set()
    for paths, browsers, headers in (
        (_documents(scene), [stranger], ACTIVITY),
        (_pages(scene), [stranger, bob], {}),
        (_entities(scene), [stranger], bearer),
    ):
        for path in paths:
            answers = [await browser.get(path, headers=headers) for browser in browsers]
            if any(answer.status_code not in (404, 410) for answer in answers):
                seen.add(path)
            assert all(answer.status_code < 500 for answer in answers), path
    for paths, browser, headers in (
        (_lists(scene), bob, {}), (_entity_lists(scene), stranger, bearer), (_document_lists(scene), stranger, ACTIVITY)
    ):  # fmt: skip
        for path in paths:
            answer = await browser.get(path, headers=headers)
            assert answer.status_code < 500, path
            # What somebody searches for is repeated to them.
            shown = re.sub(r'value="[^"]*"|<title>.*?</title>|<h1 .*?</h1>|“Zebrafish”', "", answer.text)
            if MARK.lower() in shown.lower():
                seen.add(path)
    return seen


async def test_the_suspended_are_seen_nowhere_and_come_back(
    scene: Scene, stranger: Browser, client_for: ClientFor
) -> None:
    bob = await client_for(scene.bob)
    before = await _seen(scene, stranger, bob)
    assert set(_documents(scene)) | set(_pages(scene)) | set(_entities(scene)) <= before
    await accounts.suspend(scene.services, None, scene.ada)
    assert await _seen(scene, stranger, bob) == set()
    await accounts.unsuspend(scene.services, None, scene.ada)
    assert await _seen(scene, stranger, bob) == before
