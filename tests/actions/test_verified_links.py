"""A profile field is verified when the page it links to links back with rel="me"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation.actions import background
from federation.actions.profiles import ProfileForm, edit_profile
from storage import people
from tests.remote.fediverse import Host, running
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from federation.services import Services
    from storage.people import Person


@pytest.fixture
async def site() -> AsyncIterator[Host]:
    """A web site of the person's."""
    async with running("127.0.0.4") as host:
        yield host


async def _verified(services: Services, person: Person) -> list[bool]:
    await background.drain(services)
    async with services.database.connection() as db:
        found = await people.find_person(db, person.id)
    assert found is not None
    return [bool(field["verified_at"]) for field in found.fields]


async def test_link_back_verifies_and_none_does_not(services: Services, site: Host) -> None:
    alice = await make_person(services, "alice")
    site.put("/mine", f'<p>Me: <a rel="nofollow me" href="{alice.profile_url}">here</a>', "text/html")
    site.put("/other", f'<a href="{alice.profile_url}">not me</a>', "text/html")
    fields = [("Site", f"{site.origin}/mine"), ("Other", f"{site.origin}/other"), ("Motto", "Be kind")]
    await edit_profile(services, alice, ProfileForm("Alice", "", fields))
    assert await _verified(services, alice) == [True, False, False]


async def test_verification_survives_edits_of_other_things(services: Services, site: Host) -> None:
    alice = await make_person(services, "alice")
    site.put("/mine", f'<link rel="me" href="{alice.ap_id}">', "text/html")
    form = ProfileForm("Alice", "", [("Site", f"{site.origin}/mine")])
    changed = await edit_profile(services, alice, form)
    assert await _verified(services, alice) == [True]
    async with services.database.connection() as db:
        changed = await people.find_person(db, alice.id) or changed
    site.answers.clear()
    await edit_profile(services, changed, ProfileForm("Alice B.", "", [("Home", f"{site.origin}/mine")]))
    assert await _verified(services, alice) == [True]


async def test_page_that_would_hurt_the_parser_is_not_read(services: Services, site: Host) -> None:
    alice = await make_person(services, "alice")
    bomb = "<p>" + "".join(f"<b a{n}>" for n in range(2000)) + "<p>" * 2000
    site.put("/bomb", f'{bomb}<a rel="me" href="{alice.profile_url}">', "text/html")
    await edit_profile(services, alice, ProfileForm("Alice", "", [("Site", f"{site.origin}/bomb")]))
    assert await _verified(services, alice) == [False]
