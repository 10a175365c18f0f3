"""Search: people, thoughts by words and by part, what is pasted, and nothing that was not meant."""

from __future__ import annotations

import pytest

from federation.actions import accounts, search
from federation.actions.search import Found
from federation.services import Services
from storage.entries import Page
from storage.people import Person
from tests.acting import PAGE, execute, follow, hear, ids, say
from tests.services_fixture import make_person, make_remote_person


async def _find(services: Services, viewer: Person | None, text: str, **options: object) -> Found:
    page = options.pop("page", PAGE)
    return await search.search_everything(services, viewer, text, page, resolve=False, **options)  # type: ignore[arg-type]


async def _people(services: Services, viewer: Person | None, text: str) -> list[str]:
    return [person.username for person in (await _find(services, viewer, text)).people]


async def test_people_are_found_by_any_part_best_first(services: Services) -> None:
    for name in ("ada", "adamant", "granada", "bob"):
        await make_person(services, name)
    await execute(services, "UPDATE users SET display_name = 'Countess of Granada' WHERE username = 'bob'")
    assert await _people(services, None, "ADA") == ["ada", "adamant", *await _rest(services)]
    assert await _people(services, None, "@ada") == await _people(services, None, "ada")
    assert await _people(services, None, "countess") == ["bob"]
    assert await _people(services, None, "instance") == []


async def _rest(services: Services) -> list[str]:
    return [name for name in await _people(services, None, "ada") if name not in ("ada", "adamant")]


async def test_a_short_text_begins_a_username(services: Services) -> None:
    for name in ("ada", "Adele", "bad", "b_d"):
        await make_person(services, name)
    assert set(await _people(services, None, "Ad")) == {"ada", "Adele"}
    assert await _people(services, None, "b_") == ["b_d"]
    assert set(await _people(services, None, "b")) == {"bad", "b_d"}


async def test_the_suspended_and_the_unknown_are_not_found(services: Services) -> None:
    ada = await make_person(services, "ada")
    await accounts.suspend(services, None, ada)
    assert await _people(services, None, "ada") == []
    assert (await _find(services, None, "  ")).people == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("winter", True), ("WINTER garden", True), ("garden winter", True), ("interga", False), ("inter", True),
        ('"winter garden"', True), ('"garden winter"', False), ("winter -garden", False), ("summer", False),
        ("100%", True), ("1__%", False), ("%%%", False), ("a\\b", True), ("\\", False), ("wi", False), ("a'b", True),
    ],
)  # fmt: skip
async def test_thoughts_are_found_by_words_and_by_part(services: Services, text: str, found: bool) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "The winter garden, 100% a\\b a'b")
    assert ids((await _find(services, ada, text)).shown) == ([thought.id] if found else [])


async def test_a_hashtag_finds_what_carries_it_and_nobody(services: Services) -> None:
    fog = await make_person(services, "fog")
    carrying = [await say(services, fog, text) for text in ("In #Fog", "#fog at night")]
    await say(services, fog, "No tag: fog, and #fog_bank, #foggy")
    found = await _find(services, fog, "#FOG")
    assert ids(found.shown) == [thought.id for thought in reversed(carrying)]
    assert (found.people, found.tags) == ([], ["fog", "fog_bank", "foggy"])
    assert ids((await _find(services, None, "#fog")).shown) == []


async def test_a_word_in_the_content_warning_is_found(services: Services) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "inside", summary="spoiler")
    assert ids((await _find(services, ada, "spoiler")).shown) == [thought.id]


async def test_only_the_willing_are_found_by_strangers(services: Services) -> None:
    ada, bob = [await make_person(services, name) for name in ("ada", "bob")]
    rita = await make_remote_person(services, "rita")
    shy = await make_remote_person(services, "shy", "shy.example", indexable=False)
    await say(services, ada, "winter")
    theirs = await hear(services, rita, "<p>winter</p>")
    await hear(services, shy, "<p>winter</p>")
    await hear(services, rita, "<p>winter</p>", to=["https://remote.example/users/rita/followers"])
    assert ids((await _find(services, bob, "winter")).shown) == [theirs.id]
    await follow(services, bob, ada)
    assert ids((await _find(services, bob, "winter")).shown) == [theirs.id]
    assert ids((await _find(services, None, "winter")).shown) == []


async def test_rare_words_are_found_beyond_the_newest_and_pages_go_on(services: Services) -> None:
    ada = await make_person(services, "ada")
    old = [await say(services, ada, f"winter {number}") for number in range(3)]
    await execute(
        services,
        """WITH made AS (INSERT INTO thoughts (user_id, content, plain, visibility, ap_id, url)
            SELECT $1, 'x', 'filler', 'public', 'https://x.example/' || n, '' FROM generate_series(1, 1100) n
            RETURNING id)
        INSERT INTO entries (id, user_id, thought_id, kind) SELECT id, $1, id, 'thought' FROM made""",
        ada.id,
    )
    new = await say(services, ada, "winter again")
    everything = [new.id, *(thought.id for thought in reversed(old))]
    assert ids((await _find(services, ada, "winter")).shown) == everything
    first = await _find(services, ada, "winter", page=Page(limit=2))
    assert ids(first.shown) == everything[:2]
    rest = await _find(services, ada, "winter", page=Page(limit=2, older_than=everything[1]))
    assert ids(rest.shown) == everything[2:]


async def test_addresses_find_what_they_name(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    own, theirs = await say(services, ada), await hear(services, rita)
    for address in (ada.ap_id, ada.profile_url):
        assert [one.id for one in (await _find(services, ada, address)).people] == [ada.id], address
    assert [one.id for one in (await _find(services, ada, rita.ap_id)).people] == [rita.id]
    for thought in (own, theirs):
        for address in (thought.ap_id, thought.url):
            assert ids((await _find(services, None, address)).shown) == [thought.id], address


@pytest.mark.parametrize("state", ["suspended", "pending", "deleted"])
async def test_the_address_of_somebody_who_is_not_here_finds_nobody(services: Services, state: str) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    await execute(services, "UPDATE users SET state = $1 WHERE username IN ('ada', 'rita')", state)
    for address in (ada.ap_id, ada.profile_url, rita.ap_id, f"@ada@{services.settings.account_domain}"):
        assert (await _find(services, None, address)).people == [], address


async def test_hashtags_are_found_by_their_start_and_kinds_are_chosen(services: Services) -> None:
    ada = await make_person(services, "ada")
    await say(services, ada, "#winter #wintry #summer")
    assert (await _find(services, ada, "#wint")).tags == ["winter", "wintry"]
    assert (await _find(services, ada, "wi_t")).tags == []
    only = await _find(services, ada, "wint", kinds=frozenset({"hashtags"}))
    assert (only.people, ids(only.shown), only.tags) == ([], [], ["winter", "wintry"])
