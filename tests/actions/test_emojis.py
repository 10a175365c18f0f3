"""Custom emojis: written here, sent out, seen in what others send, copied."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from federation.actions import emojis
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.poll_drafts import PollDraft
from federation.actions.profiles import ProfileForm, edit_profile
from federation.errors import Conflict, Invalid, NotFound
from federation.services import Services
from storage.people import Person
from tests.acting import hear, say, scalar, sent
from tests.services_fixture import make_person, make_remote_person


def picture(colour: str = "red") -> bytes:
    """Return a small picture."""
    out = BytesIO()
    Image.new("RGB", (200, 100), colour).save(out, "PNG")
    return out.getvalue()


async def _admin(services: Services) -> Person:
    return await make_person(services, "root", role="admin")


async def test_an_emoji_is_kept_with_what_it_was_written_in(services: Services) -> None:
    admin, ada = await _admin(services), await make_person(services, "ada")
    blob = await emojis.add_emoji(services, admin, shortcode=":blob:", category="Blobs", data=picture())
    await emojis.add_emoji(services, admin, shortcode="cat", category="", data=picture("blue"))
    thought = await say(
        services, ada, "Hi :blob: and :dog: not:blob:", summary=":cat:", poll=PollDraft((":cat:", "x"), 300)
    )
    assert sorted(one["shortcode"] for one in thought.emojis) == ["blob", "cat"]
    tags = {one["name"]: one for one in (await sent(services))[-1].document["object"]["tag"]}
    assert sorted(tags) == [":blob:", ":cat:"]
    assert tags[":blob:"]["type"] == "Emoji"
    assert tags[":blob:"]["icon"]["url"] == blob.url
    assert tags[":blob:"]["id"] == f"{services.settings.origin}/emojis/blob"
    assert "updated" in tags[":blob:"]
    edited = await edit_thought(services, ada, thought.id, Revision("Hi :cat:"))
    assert [one["shortcode"] for one in edited.emojis] == ["cat"]


async def test_profiles_carry_their_emojis(services: Services) -> None:
    admin, ada = await _admin(services), await make_person(services, "ada")
    for name in ("one", "two", "three"):
        await emojis.add_emoji(services, admin, shortcode=name, category="", data=picture())
    form = ProfileForm("Ada :one:", "I :two:", fields=[("Pet", ":three:")])
    person = await edit_profile(services, ada, form)
    assert {one["shortcode"] for one in person.emojis} == {"one", "two", "three"}
    assert {one["name"] for one in (await sent(services))[-1].document["object"]["tag"]} == {
        ":one:",
        ":two:",
        ":three:",
    }


async def test_a_disabled_emoji_cannot_be_written_and_stays_where_it_was(services: Services) -> None:
    admin, ada = await _admin(services), await make_person(services, "ada")
    blob = await emojis.add_emoji(services, admin, shortcode="blob", category="", data=picture())
    before = await say(services, ada, ":blob:")
    await emojis.change_emoji(services, admin, blob.id, category="", visible_in_picker=True, enabled=False)
    assert (await say(services, ada, ":blob:")).emojis == []
    assert await emojis.list_enabled(services) == []
    assert await scalar(services, "SELECT emojis FROM thoughts WHERE id = $1", before.id) == before.emojis
    with pytest.raises(NotFound):
        await emojis.get_emoji_document(services, "blob")
    await emojis.delete_emoji(services, admin, blob.id)
    assert await emojis.list_emojis(services, limit=10) == []


@pytest.mark.parametrize("shortcode", ["a", "", "with space", "é" * 3, "x" * 65, "a-b", "<b>"])
async def test_odd_shortcodes_are_refused(services: Services, shortcode: str) -> None:
    admin = await _admin(services)
    with pytest.raises(Invalid):
        await emojis.add_emoji(services, admin, shortcode=shortcode, category="", data=picture())


async def test_what_is_no_picture_or_taken_is_refused(services: Services) -> None:
    admin = await _admin(services)
    for data in (b"", b"<svg onload='alert(1)'/>", b"GIF89a"):
        with pytest.raises(Invalid):
            await emojis.add_emoji(services, admin, shortcode="blob", category="", data=data)
    await emojis.add_emoji(services, admin, shortcode="blob", category="", data=picture())
    with pytest.raises(Conflict):
        await emojis.add_emoji(services, admin, shortcode="blob", category="", data=picture("blue"))
    assert await scalar(services, "SELECT count(*) FROM audit_log WHERE action = 'add emoji'") == 1


async def test_emojis_of_others_are_kept_known_to_the_proxy_and_to_the_admin(services: Services) -> None:
    rita = await make_remote_person(services, "rita")
    tag = [{"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://remote.example/b.png"}}]
    thought = await hear(services, rita, "<p>:blob:</p>", tag=tag)
    assert thought.emojis == [{"shortcode": "blob", "url": "https://remote.example/b.png"}]
    assert await scalar(services, "SELECT url FROM proxied_media") == "https://remote.example/b.png"
    seen = await emojis.list_remote_emojis(services, limit=10)
    assert [(one.host, one.shortcode, one.taken) for one in seen] == [("remote.example", "blob", False)]
    assert await emojis.list_remote_emojis(services, host="other.example", limit=10) == []
    with pytest.raises(NotFound):
        await emojis.copy_emoji(services, await _admin(services), "remote.example", "cat")
