"""Profiles: what may be said, who is told, friends, styles and lists of people."""

from __future__ import annotations

import pytest

from federation.actions import accounts, follows, profiles
from federation.actions.profiles import ProfileForm
from federation.errors import Invalid
from federation.services import Services
from tests.acting import PUBLIC, again, execute, follow, sent
from tests.services_fixture import make_person, make_remote_person


async def test_an_edit_is_stored_clean_and_told_to_followers(services: Services) -> None:
    ada = await make_person(services, "ada")
    form = ProfileForm(" Ada  Lovelace ", "<b>bio</b> https://ada.example", fields=[("Site", "https://ada.example")],
                       locked=True, indexable=True)  # fmt: skip
    changed = await profiles.edit_profile(services, ada, form)
    assert (changed.display_name, changed.locked, changed.indexable, changed.discoverable) == (
        "Ada Lovelace", True, True, False,
    )  # fmt: skip
    assert "&lt;b&gt;" in changed.bio_html
    assert changed.fields[0]["name"] == "Site"
    assert "<a " in changed.fields[0]["html"]
    update = (await sent(services))[-1]
    assert (update.type, update.to_followers, update.inboxes) == ("Update", True, [])
    assert (update.document["object"]["id"], update.document["object"]["name"]) == (ada.ap_id, "Ada Lovelace")
    assert update.document["to"] == [PUBLIC]


@pytest.mark.parametrize(
    "form",
    [
        ProfileForm("x" * 51, ""),
        ProfileForm("", "x" * 161),
        ProfileForm("", "", fields=[("Site", "")]),
        ProfileForm("", "", fields=[("", "https://x.example")]),
        ProfileForm("", "", fields=[("n" * 256, "v")]),
        ProfileForm("", "", fields=[("a", "b")] * 5),
    ],
)
async def test_what_does_not_fit_is_refused(services: Services, form: ProfileForm) -> None:
    ada = await make_person(services, "ada")
    with pytest.raises(Invalid):
        await profiles.edit_profile(services, ada, form)
    assert (await again(services, ada)).updated_at == ada.updated_at
    assert await sent(services) == []


async def test_empty_fields_are_left_out(services: Services) -> None:
    ada = await make_person(services, "ada")
    changed = await profiles.edit_profile(services, ada, ProfileForm("", "", fields=[("", ""), ("a", "b"), (" ", "")]))
    assert [(one["name"], one["value"]) for one in changed.fields] == [("a", "b")]


async def test_a_verified_link_stays_so_while_it_is_the_same(services: Services) -> None:
    ada = await make_person(services, "ada")
    url = "https://ada.example"
    await profiles.edit_profile(services, ada, ProfileForm("", "", fields=[("Site", url)]))
    await execute(services, """UPDATE users SET fields = jsonb_set(fields, '{0,verified_at}', '"2026-01-01"')
                  WHERE username = 'ada'""")  # fmt: skip
    ada = await again(services, ada)
    ada = await profiles.edit_profile(services, ada, ProfileForm("", "", fields=[("Home", url)]))
    assert ada.fields[0]["verified_at"] == "2026-01-01"
    ada = await profiles.edit_profile(services, ada, ProfileForm("", "", fields=[("Home", f"{url}/other")]))
    assert ada.fields[0]["verified_at"] is None


async def test_top_friends_are_people_one_follows_in_order(services: Services) -> None:
    ada = await make_person(services, "ada")
    friends = [await make_person(services, f"f{number}") for number in range(6)]
    for friend in friends:
        await follow(services, ada, friend)
    await profiles.set_top_friends(services, ada, friends[4::-1])
    await profiles.set_top_friends(services, ada, friends[:5])
    assert [one.id for one in await profiles.list_top_friends(services, ada)] == [one.id for one in friends[:5]]
    stranger = await make_person(services, "stranger")
    for wrong in (friends, [friends[0], friends[0]], [ada], [stranger]):
        with pytest.raises(Invalid):
            await profiles.set_top_friends(services, ada, wrong)
    await accounts.suspend(services, None, friends[0])
    assert [one.id for one in await profiles.list_top_friends(services, ada)] == [one.id for one in friends[1:5]]


async def test_a_style_is_sanitised_and_its_source_kept(services: Services) -> None:
    ada = await make_person(services, "ada")
    source = "h1 { color: red; background: url(https://evil.example/) }"
    await profiles.set_custom_css(services, ada, source)
    stored = await profiles.get_custom_css(services, ada)
    assert stored.custom_css_source == source
    assert "url" not in stored.custom_css
    assert "red" in stored.custom_css


async def test_lists_of_people_are_paged_newest_first(services: Services) -> None:
    star = await make_person(services, "star")
    fans = [await make_person(services, f"fan{number}") for number in range(5)]
    for fan in fans:
        await follow(services, fan, star)
    await accounts.suspend(services, None, fans[2])
    names, cursor = [], None
    for _ in range(3):
        page = await profiles.list_connected(services, None, star, "followers", before=cursor, limit=2)
        names.append([one.username for one in page.people])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == [["fan4", "fan3"], ["fan1", "fan0"]]
    following = await profiles.list_connected(services, None, fans[0], "following", before=None)
    assert [one.username for one in following.people] == ["star"]


async def test_requests_are_not_listed_as_followers(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await follows.follow_person(services, ada, rita)
    assert (await profiles.list_connected(services, None, ada, "following", before=None)).people == []
