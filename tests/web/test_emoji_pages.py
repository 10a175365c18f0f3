"""Custom emojis on pages: shown as pictures with their names, and looked after by admins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from federation.actions.emojis import add_emoji, delete_emoji
from federation.actions.files import sweep_files
from federation.actions.profiles import ProfileForm, edit_profile
from federation.media.urls import proxied_path
from storage import emojis
from tests.acting import execute, hear, keep_copy, say, scalar
from tests.actions.test_emojis import picture
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]
URL = "https://remote.example/b.png"


@pytest.fixture
async def root(services: Services) -> Person:
    """An admin."""
    return await make_person(services, "root", role="admin")


async def test_emojis_are_shown_as_pictures_everywhere(services: Services, root: Person, stranger: Browser) -> None:
    ada = await make_person(services, "ada")
    blob = await add_emoji(services, root, shortcode="blob", category="", data=picture())
    await edit_profile(services, ada, ProfileForm("Ada :blob: <i>", "bio :blob:", fields=[(":blob: label", ":blob:")]))
    thought = await say(services, ada, "text :blob:", summary="warned :blob:")
    shown = (
        f'<picture><source srcset="{blob.url}/still" media="(prefers-reduced-motion: reduce)">'
        f'<img class="emoji" src="{blob.url}" alt=":blob:" title=":blob:"'
    )
    page = await stranger.page(f"/@ada/{thought.id}")
    for place in (f"Ada {shown}", f"warned {shown}", f"text {shown}"):
        assert place in page
    assert "<i>" not in page
    profile = await stranger.page("/@ada")
    for place in (f"Ada {shown}", f"bio {shown}", f"<dt>{shown}", f"<dd>{shown}"):
        assert place in profile


async def test_emojis_of_others_are_shown_through_the_proxy(services: Services, client_for: ClientFor) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    tag = [{"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": URL}}]
    thought = await hear(services, rita, '<p title="x">:blob: <a href="https://x.example/:blob:">l</a></p>', tag=tag)
    page = await (await client_for(ada)).page(f"/@rita@remote.example/{thought.id}")
    assert f'<img class="emoji" src="{proxied_path(URL)}" alt=":blob:"' in page
    assert 'href="https://x.example/:blob:"' in page
    assert URL not in page


async def _upload(browser: Browser, data: bytes, **form: Any) -> Any:
    return await browser.post("/admin/emojis", form, files={"picture": ("blob.png", data, "image/png")})


async def test_an_admin_adds_changes_and_deletes(services: Services, root: Person, client_for: ClientFor) -> None:
    browser = await client_for(root)
    answer = await _upload(browser, picture(), shortcode="blob", category="Blobs")
    assert answer.status_code == 303
    page = await browser.page("/admin/emojis")
    assert ":blob: can be written now." in page
    assert 'value="Blobs"' in page
    emoji_id = await scalar(services, "SELECT id FROM custom_emojis")
    await browser.post(f"/admin/emojis/{emoji_id}", {"category": "Others", "visible": "1"})
    assert await scalar(services, "SELECT (category, enabled, visible_in_picker) FROM custom_emojis") == (
        "Others", False, True,
    )  # fmt: skip
    await browser.post(f"/admin/emojis/{emoji_id}", {"action": "delete"})
    assert await scalar(services, "SELECT count(*) FROM custom_emojis") == 0
    assert "No emojis yet" in await browser.page("/admin/emojis")


async def test_refused_uploads_say_why(root: Person, client_for: ClientFor) -> None:
    browser = await client_for(root)
    answer = await _upload(browser, b"<svg/>", shortcode="blob", category="kept")
    assert answer.status_code == 422
    assert "Pictures can be" in answer.text
    assert 'value="kept"' in answer.text
    assert (await _upload(browser, picture(), shortcode="b-b")).status_code == 422
    await _upload(browser, picture(), shortcode="blob")
    assert "already" in (await _upload(browser, picture(), shortcode="blob")).text


async def test_an_admin_copies_what_was_seen_elsewhere(services: Services, root: Person, client_for: ClientFor) -> None:
    await keep_copy(services, URL, picture("green"), "image/png")
    async with services.database.transaction() as db:
        await emojis.note_remote(db, "remote.example", {"blob": URL})
    browser = await client_for(root)
    assert "Copy blob of remote.example" in await browser.page("/admin/emojis/copy?q=blo")
    await browser.post("/admin/emojis/copy", {"host": "remote.example", "shortcode": "blob"})
    page = await browser.page("/admin/emojis/copy")
    assert ":blob: can be written now." in page
    assert "We have one of this name" in page
    assert await scalar(services, "SELECT copied_from FROM custom_emojis WHERE shortcode = 'blob'") == "remote.example"
    url = await scalar(services, "SELECT url FROM custom_emojis")
    assert (await browser.get(url)).headers["content-type"] == "image/webp"


async def test_only_admins_look_after_emojis(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada = await client_for(await make_person(services, "ada"))
    for path in ("/admin/emojis", "/admin/emojis/copy"):
        assert (await ada.get(path)).status_code == 403
        assert (await stranger.get(path)).status_code in (302, 303, 401, 403)
    assert (await _upload(ada, picture(), shortcode="blob")).status_code == 403
    assert (await ada.post("/admin/emojis/copy", {"host": "x", "shortcode": "y"})).status_code == 403
    assert await scalar(services, "SELECT count(*) FROM custom_emojis") == 0


async def test_an_emoji_has_a_document_of_its_own(services: Services, root: Person, stranger: Browser) -> None:
    blob = await add_emoji(services, root, shortcode="blob", category="", data=picture())
    answer = await stranger.get("/emojis/blob", headers={"accept": "application/activity+json"})
    assert answer.headers["content-type"].startswith("application/activity+json")
    document = answer.json()
    assert (document["id"], document["name"]) == (f"{services.settings.origin}/emojis/blob", ":blob:")
    assert document["icon"]["url"] == blob.url
    assert (await stranger.get("/emojis/none")).status_code == 404


async def test_a_deleted_emoji_keeps_its_picture_where_it_was_written(
    services: Services, root: Person, stranger: Browser
) -> None:
    blob = await add_emoji(services, root, shortcode="blob", category="", data=picture())
    await delete_emoji(services, root, blob.id)
    await execute(services, "UPDATE media_files SET touched_at = now() - interval '1 hour'")
    await sweep_files(services)
    assert (await stranger.get(blob.url)).status_code == 200


async def test_the_composer_offers_emojis_to_write(services: Services, root: Person, client_for: ClientFor) -> None:
    await add_emoji(services, root, shortcode="blob", category="Sea", data=picture())
    hidden = await add_emoji(services, root, shortcode="secret", category="", data=picture())
    await execute(services, "UPDATE custom_emojis SET visible_in_picker = false WHERE id = $1", hidden.id)
    browser = await client_for(await make_person(services, "ada"))
    assert 'name="emojis"' in await browser.page("/home")
    for page in (
        await browser.page("/compose"),
        (await browser.post("/compose", {"source": "Hi", "emojis": "1", "next": "/home"})).text,
    ):
        assert 'value=":blob:" formnovalidate aria-label="blob"' in page
        assert "<h3>Sea</h3>" in page
        assert ":secret:" not in page


async def test_a_chosen_emoji_is_written_without_losing_anything(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    form = {"source": "Hi", "summary": "cw", "visibility": "followers", "poll_option": ["a", "b"]}
    answer = await browser.post("/compose", {**form, "emoji": ":blob:"})
    assert answer.status_code == 200
    assert "Hi :blob:</textarea>" in answer.text
    for kept in ('value="cw"', '<option value="followers" selected>', 'value="b"'):
        assert kept in answer.text
    thought = await say(services, ada, "Before")
    answer = await browser.post(f"/thoughts/{thought.id}/edit", {"source": "After ", "emoji": "🎉"})
    assert "After 🎉</textarea>" in answer.text
    assert await scalar(services, "SELECT array_agg(source) FROM thoughts") == ["Before"]
