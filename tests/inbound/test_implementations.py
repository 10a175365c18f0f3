"""What the other implementations send is accepted through the real route and can be shown."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from federation.actions import background, emoji_reactions
from federation.actions.poll_drafts import PollDraft
from federation.actions.timelines import show
from storage import entries
from storage.thoughts import Thought
from tests.federation_peer import Peer, Server, Signing
from tests.payloads import gotosocial, lemmy, mastodon, misskey, peertube, pixelfed, pleroma, wordpress
from tests.payloads.mastodon import AS
from tests.remote.fediverse import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def received(server: Server, peer: Peer, activity: dict[str, Any], object_id: str) -> Thought:
    """Deliver an activity to a follower of its sender and return the thought that came of it."""
    await peer.gain_follower(server)
    assert await peer.deliver(server, activity) == ""
    thought = await server.thought(object_id)
    assert thought is not None
    return thought


def media(thought: Thought) -> list[tuple[str, str | None, str]]:
    return [(one["url"], one["media_type"], one["alt"]) for one in thought.attachments]


async def test_mastodon_note(server: Server, remote: Host) -> None:
    peer = Peer.speaking(mastodon, remote)
    create = mastodon.create(remote.origin, peer.name)
    thought = await received(server, peer, create, create["object"]["id"])
    assert (thought.content, thought.visibility, thought.language) == ("<p>Look :blob:</p>", "public", "en")
    assert thought.emojis == [{"shortcode": "blob", "url": f"{remote.origin}/emoji/blob.png"}]
    assert media(thought) == [(f"{remote.origin}/system/c.jpg", "image/jpeg", "A cat")]
    assert await server.rows(
        "SELECT g.name FROM tags g JOIN thought_tags x ON x.tag_id = g.id WHERE x.thought_id = $1", thought.id
    ) == [("cats",)]


async def test_mastodon_poll_is_kept_as_one(server: Server, remote: Host) -> None:
    peer = Peer.speaking(mastodon, remote)
    question = mastodon.question(remote.origin, peer.name)
    thought = await received(
        server, peer, mastodon.wrap("Create", remote.origin, peer.name, question), question["id"]
    )  # fmt: skip
    assert thought.content == "<p>Tea?</p>"
    assert await server.rows("SELECT options, tallies, voters_count FROM polls WHERE thought_id = $1", thought.id) == [
        (["yes", "no <b>"], [2, 0], 2)
    ]


@pytest.mark.parametrize("software", [mastodon, gotosocial])
async def test_vote_is_no_thought(server: Server, remote: Host, software: ModuleType) -> None:
    peer, bob = Peer.speaking(mastodon, remote), await server.person()
    ours = await server.publish(bob)
    if software is mastodon:
        vote = mastodon.vote(
            remote.origin, peer.name, question_id=ours.ap_id, author_id=bob.ap_id, choice="yes"
        )  # fmt: skip
    else:
        vote = gotosocial.votes(
            remote.origin, peer.name, question_id=ours.ap_id, author_id=bob.ap_id, choices=["yes", "no"]
        )  # fmt: skip
    assert "is a vote" in await peer.deliver(server, vote)
    assert await server.value("SELECT count(*) FROM thoughts WHERE reply_to = $1", ours.id) == 0


async def test_votes_are_counted_as_they_are_sent(server: Server, remote: Host) -> None:
    bob = await server.person()
    asked = await server.publish(bob, poll=PollDraft(("yes", "no"), 3600, multiple=True))
    peer, other = Peer.speaking(mastodon, remote), Peer.speaking(mastodon, remote)
    ids = {"question_id": asked.ap_id, "author_id": bob.ap_id}
    assert await peer.deliver(server, mastodon.vote(remote.origin, peer.name, choice="yes", **ids)) == ""
    assert await other.deliver(server, gotosocial.votes(remote.origin, other.name, choices=["yes", "no"], **ids)) == ""
    assert await server.rows("SELECT tallies, voters_count FROM polls WHERE thought_id = $1", asked.id) == [([2, 1], 2)]
    again = {**mastodon.vote(remote.origin, peer.name, choice="yes", **ids), "id": f"{peer.ap_id}#votes/9/activity"}
    assert "second vote" in await peer.deliver(server, again)
    assert await server.value("SELECT count(*) FROM thoughts WHERE reply_to = $1", asked.id) == 0


async def test_votes_in_the_name_of_others_do_not_count(server: Server, remote: Host) -> None:
    bob = await server.person()
    asked = await server.publish(bob, poll=PollDraft(("yes", "no"), 3600))
    peer, victim = Peer.speaking(mastodon, remote), Peer.speaking(mastodon, remote)
    await victim.known(server)
    ids = {"question_id": asked.ap_id, "author_id": bob.ap_id}
    forged = mastodon.vote(remote.origin, victim.name, choice="yes", **ids)
    for body in (forged, {**forged, "actor": peer.ap_id}):
        assert (await peer.post(server, body)).status_code == 403
    await server.drain()
    assert await server.value("SELECT count(*) FROM poll_votes WHERE thought_id = $1", asked.id) == 0


async def test_a_question_is_updated_without_becoming_an_edit(server: Server, remote: Host) -> None:
    peer = Peer.speaking(mastodon, remote)
    question = mastodon.question(remote.origin, peer.name)
    thought = await received(
        server, peer, mastodon.wrap("Create", remote.origin, peer.name, question), question["id"]
    )  # fmt: skip
    question["oneOf"][1]["replies"]["totalItems"] = 7
    update = mastodon.wrap("Update", remote.origin, peer.name, {**question, "votersCount": 9})
    assert await peer.deliver(server, update) == ""
    rows = await server.rows("SELECT tallies, voters_count FROM polls WHERE thought_id = $1", thought.id)
    assert rows == [([2, 7], 9)]
    assert await server.value("SELECT edited_at FROM thoughts WHERE id = $1", thought.id) is None


async def test_mastodon_follow_edit_deletion_and_undo(server: Server, remote: Host) -> None:
    peer, bob = Peer.speaking(mastodon, remote), await server.person()
    follow = mastodon.follow(remote.origin, peer.name, target=bob.ap_id)
    assert await peer.deliver(server, follow) == ""
    for activity in (
        mastodon.create(remote.origin, peer.name, mention=(bob.ap_id, "bob@localhost:8000")),
        mastodon.update(remote.origin, peer.name, content="<p>Edited</p>"),
        mastodon.delete(remote.origin, peer.name),
        mastodon.undo(follow),
    ):
        assert await peer.deliver(server, activity) == ""
    assert await server.value("SELECT count(*) FROM follows WHERE following_id = $1", bob.id) == 0
    assert await server.thought(mastodon.note_id(remote.origin, peer.name)) is None


async def test_gotosocial_key_stub_and_single_values(server: Server, remote: Host) -> None:
    peer = Peer.speaking(gotosocial, remote)
    pem = peer.key.public_key().to_pem()
    remote.put(peer.key_id, gotosocial.key_stub(remote.origin, peer.name, pem=pem))
    create = gotosocial.create(remote.origin, peer.name)
    bob = await server.person()
    # Unknown until now: the stub at the key's address leads to the actor.
    assert await peer.deliver(server, peer.follow(bob)) == ""
    thought = await received(server, peer, create, create["object"]["id"])
    assert (thought.content, thought.visibility, thought.language) == ("<p>Tea, anyone?</p>", "public", "en")
    assert media(thought) == [(f"{remote.origin}/fileserver/t.png", "image/png", "A cup")]
    assert not peer.key_id.count("#")


async def test_gotosocial_collection_of_a_single_value(server: Server, remote: Host) -> None:
    peer = Peer.speaking(gotosocial, remote)
    note = gotosocial.note(remote.origin, peer.name)
    remote.put(note["id"], {"@context": AS, **note})
    remote.put(
        peer.document["featured"],
        {"@context": AS, "id": peer.document["featured"], "type": "OrderedCollection", "orderedItems": note["id"]},
    )
    person = await peer.known(server)
    await background.fill(server.services, person)
    async with server.services.database.connection() as db:
        assert [entry.thought.ap_id for entry in await entries.list_pinned(db, None, person.id)] == [note["id"]]


async def test_misskey_note_without_name_warning_or_language(server: Server, remote: Host) -> None:
    peer = Peer.speaking(misskey, remote)
    create = misskey.create(remote.origin, peer.name, 101)
    thought = await received(server, peer, create, create["object"]["id"])
    assert (thought.content, thought.summary, thought.sensitive) == ("<p>nya</p>", "", True)
    assert media(thought) == [(f"{remote.origin}/files/w.webp", "image/webp", "")]


async def test_misskey_quote_shows_its_text_and_renote_is_a_boost(server: Server, remote: Host) -> None:
    peer, bob = Peer.speaking(misskey, remote), await server.person()
    ours = await server.publish(bob)
    text = f'<p>true<span class="quote-inline"><br><br>RE: <a href="{ours.url}">{ours.url}</a></span></p>'
    create = misskey.create(remote.origin, peer.name, 102, quoted=ours.ap_id, content=text)
    thought = await received(server, peer, create, create["object"]["id"])
    assert f'RE: <a href="{ours.url}"' in thought.content
    renote = peer.activity("Announce", ours.ap_id, id=f"{misskey.note_id(remote.origin, 103)}/activity")
    assert await peer.deliver(server, renote) == ""
    assert await server.notices(bob) == ["reblog"]


@pytest.mark.parametrize("content", ["🎉", ":blobcat:", "👍"])
async def test_misskey_reaction_counts_as_a_like_and_can_be_undone(server: Server, remote: Host, content: str) -> None:
    peer, bob = Peer.speaking(misskey, remote), await server.person()
    ours = await server.publish(bob)
    reaction = misskey.reaction(remote.origin, peer.name, target=ours.ap_id, content=content)
    assert await peer.deliver(server, reaction) == ""
    assert await server.notices(bob) == ["favourite"]
    counts = "SELECT likes_count, reactions_count FROM thoughts WHERE id = $1"
    assert await server.rows(counts, ours.id) == [(1, 1)]
    assert await peer.deliver(server, peer.activity("Undo", reaction)) == ""
    assert await server.rows(counts, ours.id) == [(0, 0)]
    assert await server.notices(bob) == []


async def test_pleroma_note_is_unlisted_and_its_reaction_shown(server: Server, remote: Host) -> None:
    peer, bob = Peer.speaking(pleroma, remote), await server.person()
    create = pleroma.create(remote.origin, peer.name, 104)
    thought = await received(server, peer, create, create["object"]["id"])
    assert (thought.content, thought.visibility) == ("hello<br>world", "unlisted")
    assert media(thought) == [(f"{remote.origin}/media/p.png", "image/png", "alt")]
    assert thought.emojis == [{"shortcode": "blobcat", "url": f"{remote.origin}/e/b.png"}]
    ours = await server.publish(bob)
    react = pleroma.emoji_react(remote.origin, peer.name, target=ours.ap_id, author_id=bob.ap_id)
    for again in (react, {**react, "id": peer.new_id()}):
        await peer.deliver(server, again)
    rows = await server.rows("SELECT name, url FROM emoji_reactions WHERE thought_id = $1", ours.id)
    assert rows == [(f"blobcat@{remote.authority}", f"{remote.origin}/e/b.png")]
    assert await server.value("SELECT likes_count FROM thoughts WHERE id = $1", ours.id) == 0
    assert await server.notices(bob) == ["favourite"]
    assert await peer.deliver(server, peer.activity("Undo", react)) == ""
    assert await server.value("SELECT reactions_count FROM thoughts WHERE id = $1", ours.id) == 0
    assert await server.notices(bob) == []


async def test_reactions_of_others_can_be_joined_but_not_undone(server: Server, remote: Host) -> None:
    peer, other, bob = Peer.speaking(pleroma, remote), Peer.speaking(pleroma, remote), await server.person()
    ours = await server.publish(bob)
    react = pleroma.emoji_react(remote.origin, peer.name, target=ours.ap_id, author_id=bob.ap_id)
    react["id"] = peer.new_id()
    await peer.deliver(server, react)
    await other.known(server)
    forged = {**other.activity("Undo", react["id"]), "id": other.new_id()}
    assert "that we know" in await other.deliver(server, forged)
    await emoji_reactions.react(server.services, await server.person(), ours.id, f"blobcat@{remote.authority}")
    assert await server.value("SELECT reactions_count FROM thoughts WHERE id = $1", ours.id) == 2


@pytest.mark.parametrize("content", ["hello", "🎉🎉", ":unknown:", "<b>"])
async def test_what_is_no_emoji_is_no_reaction(server: Server, remote: Host, content: str) -> None:
    peer, bob = Peer.speaking(pleroma, remote), await server.person()
    ours = await server.publish(bob)
    react = peer.activity("EmojiReact", ours.ap_id, content=content)
    assert "no emoji" in await peer.deliver(server, react)
    assert await server.value("SELECT reactions_count FROM thoughts WHERE id = $1", ours.id) == 0


async def test_pixelfed_pictures(server: Server, remote: Host) -> None:
    peer = Peer.speaking(pixelfed, remote)
    create = pixelfed.create(remote.origin, peer.name)
    thought = await received(server, peer, create, create["object"]["id"])
    assert thought.content == "Sunset"
    assert media(thought) == [(f"{remote.origin}/storage/m/{number}.jpg", "image/jpeg", "") for number in range(2)]


async def test_peertube_video_is_a_titled_link_with_its_film(server: Server, remote: Host) -> None:
    peer = Peer.speaking(peertube, remote)
    create = peertube.create(remote.origin, peer.name)
    thought = await received(server, peer, create, create["object"]["id"])
    assert thought.content.startswith("<p><strong>Cats &lt;live&gt;</strong></p><p>A **film**</p><p>by &lt;me&gt;</p>")
    assert f'<a href="{remote.origin}/w/1"' in thought.content
    assert (thought.url, thought.object_type) == (f"{remote.origin}/w/1", "Video")
    assert media(thought) == [(f"{remote.origin}/hls/720.mp4", "video/mp4", "Cats <live>")]


async def test_peertube_channel_announces_the_video_of_its_account(server: Server, remote: Host) -> None:
    account, channel = Peer.speaking(peertube, remote), Peer.at(remote, type="Group")
    video = peertube.video(remote.origin, account.name, 2)
    remote.put(video["id"], {"@context": AS, **video})
    thought = await received(server, channel, channel.activity("Announce", video["id"]), video["id"])
    assert thought.user_id == (await account.known(server)).id
    assert thought.boosts_count == 1


async def test_wordpress_article_shows_title_abstract_and_link(server: Server, remote: Host) -> None:
    peer = Peer.speaking(wordpress, remote)
    create = wordpress.create(remote.origin)
    how = Signing(scheme="rfc9421")
    assert (await peer.post(server, peer.follow(await server.person()), how)).status_code == 202
    thought = await received(server, peer, create, create["object"]["id"])
    address = f"{remote.origin}/2026/11/on-tea/"
    assert thought.content.startswith("<p><strong>On tea</strong></p><p>Tea is warm.</p>")
    assert f'<a href="{address}"' in thought.content
    assert (thought.summary, thought.sensitive, thought.language) == ("hot drinks", True, "en")
    assert (thought.url, media(thought)) == (address, [(f"{remote.origin}/cup.jpg", "image/jpeg", "A cup")])


async def test_lemmy_community_announces_a_post(server: Server, remote: Host, other: Host) -> None:
    author, community = Peer.speaking(lemmy, other), Peer.speaking(lemmy, remote, group=True)
    create = lemmy.create(other.origin, author.name)
    page = create["object"]
    other.put(page["id"], {"@context": AS, **page})
    # The copy inside the Announce is a claim of the community, and here a forged one.
    inner = {**create, "object": {**page, "content": "<p>Forged</p>"}}
    announce = {**lemmy.announce(remote.origin, inner=inner), "actor": community.ap_id}
    thought = await received(server, community, announce, page["id"])
    assert thought.content.startswith("<p><strong>Cats &amp; &lt;dogs&gt;</strong></p><p>Which?</p>")
    assert '<a href="https://news.example/cats?a=1&amp;b=2"' in thought.content
    assert media(thought) == [(f"{other.origin}/pictrs/c.png", None, "")]
    assert thought.user_id == (await author.known(server)).id
    assert thought.boosts_count == 1


async def test_lemmy_dislikes_and_announced_votes_are_ignored(server: Server, remote: Host) -> None:
    author, community = Peer.speaking(lemmy, remote), Peer.speaking(lemmy, remote, group=True)
    ours = await server.publish(await server.person())
    dislike = lemmy.dislike(remote.origin, author.name, target=ours.ap_id)
    assert "not something we act upon" in await author.deliver(server, dislike)
    remote.put(dislike["id"], dislike)
    await community.gain_follower(server)
    announce = {**lemmy.announce(remote.origin, inner=dislike), "actor": community.ap_id, "id": community.new_id()}
    assert await community.deliver(server, announce) == "boosts nothing that can be shown"
    counts = "SELECT likes_count, boosts_count FROM thoughts WHERE id = $1"
    assert await server.rows(counts, ours.id) == [(0, 0)]


async def test_received_thoughts_can_be_shown(server: Server, remote: Host) -> None:
    peer = Peer.speaking(pixelfed, remote)
    bob = await peer.gain_follower(server)
    create = pixelfed.create(remote.origin, peer.name, 105)
    assert await peer.deliver(server, create) == ""
    async with server.services.database.connection() as db:
        page = await entries.list_home(db, bob.id, entries.Page(limit=5))
        shown = await show(db, bob, page)
    assert [entry.thought.ap_id for entry in shown.entries] == [create["object"]["id"]]
