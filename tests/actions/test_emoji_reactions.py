"""Emoji reactions: what counts as one, what others are told, and what is taken back."""

from __future__ import annotations

import pytest

from federation.actions import blocks, emoji_reactions, emojis, notices, reactions, timelines
from federation.errors import Invalid, NotFound
from federation.protocol.emojis import is_emoji
from federation.services import Services
from storage.emoji_reactions import Tally
from storage.people import Person
from storage.thoughts import Thought
from tests.acting import PAGE, hear, say, scalar, sent, told
from tests.actions.test_emojis import picture
from tests.services_fixture import make_person, make_remote_person


async def _tallies(services: Services, viewer: Person, thought: Thought) -> list[tuple[str, int, bool]]:
    shown = await timelines.get_entry(services, viewer, thought.id)
    found: list[Tally] = shown.reactions.get(thought.id, [])
    return [(one.name, one.count, one.mine) for one in found]


@pytest.mark.parametrize("text", ["🎉", "❤️", "❤", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "⭐"])
def test_emojis_are_known(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text", ["", "a", "1", "🎉🎉", "hello", "🎉a", "<", " ", "é", "漢", ":x:", "🎉" + "\u200d🎉" * 40]
)
def test_what_is_no_emoji(text: str) -> None:
    assert not is_emoji(text)


async def test_reactions_are_counted_by_emoji(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await say(services, ada)
    for person, name in ((bob, "🎉"), (bob, "🎉"), (bob, "👀"), (ada, "🎉")):
        await emoji_reactions.react(services, person, thought.id, name)
    assert await _tallies(services, bob, thought) == [("🎉", 2, True), ("👀", 1, True)]
    assert await told(services, ada) == [("favourite", "bob", thought.id)]
    page = await notices.get_notifications(services, ada, PAGE)
    assert page.reactions[thought.id, bob.id].name == "👀"
    await emoji_reactions.unreact(services, bob, thought.id, "🎉")
    assert await told(services, ada) == [("favourite", "bob", thought.id)]
    await emoji_reactions.unreact(services, bob, thought.id, "👀")
    assert await told(services, ada) == []
    assert await _tallies(services, bob, thought) == [("🎉", 1, False)]
    assert await scalar(services, "SELECT reactions_count FROM thoughts WHERE id = $1", thought.id) == 1
    assert await sent(services) == (await sent(services))[:1]


async def test_a_reaction_is_sent_and_taken_back(services: Services) -> None:
    bob, rita = await make_person(services, "bob"), await make_remote_person(services, "rita")
    root = await make_person(services, "root", role="admin")
    blob = await emojis.add_emoji(services, root, shortcode="blob", category="", data=picture())
    thought = await hear(services, rita)
    await emoji_reactions.react(services, bob, thought.id, "🎉")
    await emoji_reactions.react(services, bob, thought.id, ":blob:")
    plain, custom = await sent(services)
    assert (plain.type, plain.inboxes) == ("EmojiReact", [rita.inbox_url])
    assert (plain.document["content"], plain.document["object"]) == ("🎉", thought.ap_id)
    assert "tag" not in plain.document
    assert custom.document["content"] == custom.document["_misskey_reaction"] == ":blob:"
    assert [tag["icon"]["url"] for tag in custom.document["tag"]] == [blob.url]
    await emoji_reactions.unreact(services, bob, thought.id, "blob")
    undo = (await sent(services))[-1]
    assert undo.type == "Undo"
    assert undo.document["object"] == {key: value for key, value in custom.document.items() if key != "@context"}


async def test_what_is_no_emoji_or_not_ours_to_see_is_refused(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought, private = await say(services, ada), await say(services, ada, visibility="followers")
    for name in ("", "hello", ":none:", "none@remote.example", "🎉🎉"):
        with pytest.raises(Invalid):
            await emoji_reactions.react(services, bob, thought.id, name)
    with pytest.raises(NotFound):
        await emoji_reactions.react(services, bob, private.id, "🎉")
    with pytest.raises(NotFound):
        await emoji_reactions.list_reactors(services, bob, private.id)
    await blocks.block_person(services, ada, bob)
    with pytest.raises(NotFound):
        await emoji_reactions.react(services, bob, thought.id, "🎉")
    assert await scalar(services, "SELECT count(*) FROM emoji_reactions") == 0


async def test_a_like_keeps_its_notification_when_the_reaction_goes(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await say(services, ada)
    await reactions.like_thought(services, bob, thought.id)
    await emoji_reactions.react(services, bob, thought.id, "🎉")
    await emoji_reactions.unreact(services, bob, thought.id, "🎉")
    assert await told(services, ada) == [("favourite", "bob", thought.id)]


async def test_nobody_reacts_without_end(services: Services) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    thought = await say(services, ada)
    for number in range(emoji_reactions.MOST_EACH + 3):
        await emoji_reactions.react(services, bob, thought.id, chr(0x1F400 + number))
    assert await scalar(services, "SELECT count(*) FROM emoji_reactions") == emoji_reactions.MOST_EACH
    assert await scalar(services, "SELECT reactions_count FROM thoughts") == emoji_reactions.MOST_EACH
