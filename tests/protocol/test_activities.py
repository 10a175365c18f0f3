"""Activities: every type and the authority that can be told from the document alone."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.activities import (
    ACTIVITY_TYPES,
    Accept,
    Activity,
    Add,
    Announce,
    Block,
    Create,
    Delete,
    Flag,
    Follow,
    Like,
    Move,
    Reaction,
    Reject,
    Remove,
    Undo,
    Unknown,
    Update,
    authority_problem,
    parse_activity,
)
from federation.protocol.addressing import PUBLIC
from federation.protocol.documents import AS, normalise, parse_document
from federation.protocol.tags import Emoji
from tests.payloads import gotosocial, lemmy, mastodon, misskey, peertube, pleroma, wordpress
from tests.payloads.anything import documents, patient

HERE, THERE = "https://thoughts.example", "https://remote.example"
US = f"{HERE}/users/us"
ALICE = mastodon.actor_id(THERE)


def read(document: dict[str, Any]) -> Activity:
    return parse_activity(parse_document(orjson.dumps(document), limit=1_000_000))


def test_follow() -> None:
    activity = read(mastodon.follow(THERE, "alice", target=US))
    assert isinstance(activity, Follow)
    assert (activity.actor, activity.object) == (ALICE, US)


def test_follow_of_a_relay_is_public() -> None:
    activity = read({**mastodon.follow(THERE, "alice", target="as:Public")})
    assert isinstance(activity, Follow)
    assert activity.object == PUBLIC


@pytest.mark.parametrize(("kind", "cls"), [("Accept", Accept), ("Reject", Reject)])
def test_answers_embed_or_name_the_follow(kind: str, cls: type[Accept] | type[Reject]) -> None:
    follow = mastodon.follow(HERE, "us", target=ALICE)
    embedded = read(mastodon.answer(kind, THERE, "alice", follow=follow))
    assert isinstance(embedded, cls)
    assert embedded.object.id == follow["id"]
    assert (embedded.object.type, embedded.object.actor, embedded.object.object) == ("Follow", US, ALICE)
    bare = read({**mastodon.answer(kind, THERE, "alice", follow=follow), "object": follow["id"]})
    assert isinstance(bare, cls)
    assert (bare.object.id, bare.object.type) == (follow["id"], None)


def test_accept_may_carry_a_stamp() -> None:
    follow = mastodon.follow(HERE, "us", target=ALICE)
    activity = read({**mastodon.answer("Accept", THERE, "alice", follow=follow), "result": f"{THERE}/stamps/1"})
    assert isinstance(activity, Accept)
    assert activity.result == f"{THERE}/stamps/1"


def test_undo_shows_what_it_undoes() -> None:
    like = mastodon.like(THERE, "alice", target=f"{HERE}/thoughts/1")
    activity = read(mastodon.undo(like))
    assert isinstance(activity, Undo)
    assert (activity.object.id, activity.object.type) == (like["id"], "Like")
    assert (activity.object.actor, activity.object.object) == (ALICE, f"{HERE}/thoughts/1")


def test_create_embeds_its_object() -> None:
    activity = read(mastodon.create(THERE, mention=(US, "us@thoughts.example")))
    assert isinstance(activity, Create)
    (item,) = activity.objects
    assert (item.id, item.type, item.actor) == (mastodon.note_id(THERE), "Note", ALICE)
    assert item.document is not None
    assert item.document["content"] == "<p>Look :blob:</p>"
    assert activity.to == (PUBLIC,)
    assert activity.cc == (f"{ALICE}/followers", US)
    assert activity.published == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_create_may_name_its_object_only() -> None:
    activity = read({**mastodon.create(THERE), "object": mastodon.note_id(THERE)})
    assert isinstance(activity, Create)
    assert activity.objects[0].id == mastodon.note_id(THERE)
    assert activity.objects[0].document is None


def test_gotosocial_votes_come_as_a_list() -> None:
    question = f"{HERE}/thoughts/1"
    activity = read(gotosocial.votes(THERE, "gina", question_id=question, author_id=US, choices=["yes", "no"]))
    assert isinstance(activity, Create)
    assert len(activity.objects) == 2


def test_update_of_note_and_of_actor() -> None:
    note, actor = read(mastodon.update(THERE)), read(mastodon.update_actor(THERE))
    assert isinstance(note, Update)
    assert isinstance(actor, Update)
    assert (note.object.type, actor.object.type, actor.object.id) == ("Note", "Person", ALICE)


def test_delete_of_tombstone_and_of_actor() -> None:
    note, actor = read(mastodon.delete(THERE)), read(mastodon.delete_actor(THERE))
    assert isinstance(note, Delete)
    assert isinstance(actor, Delete)
    assert (note.object.id, note.object.type) == (mastodon.note_id(THERE), "Tombstone")
    assert actor.object.id == ALICE


def test_plain_like_has_no_reaction() -> None:
    activity = read(mastodon.like(THERE, "alice", target=f"{HERE}/thoughts/1"))
    assert isinstance(activity, Like)
    assert activity.reaction is None


def test_misskey_reacts_with_a_like() -> None:
    plain = read(misskey.reaction(THERE, "neko", target=f"{HERE}/thoughts/1"))
    custom = read(misskey.reaction(THERE, "neko", target=f"{HERE}/thoughts/1", content=":nya:"))
    assert isinstance(plain, Like)
    assert isinstance(custom, Like)
    assert plain.reaction == Reaction("🎉", None)
    assert custom.reaction == Reaction(":nya:", Emoji("nya", f"{THERE}/files/e.png"))


def test_pleroma_reacts_with_emojis_that_have_neither_id_nor_colons() -> None:
    activity = read(pleroma.emoji_react(THERE, "akko", target=f"{HERE}/thoughts/1", author_id=US))
    assert isinstance(activity, Like)
    assert activity.type == "EmojiReact"
    assert activity.reaction == Reaction(":blobcat:", Emoji("blobcat", f"{THERE}/e/b.png"))


def test_announce_names_what_it_boosts() -> None:
    activity = read(mastodon.announce(THERE, "alice", target=f"{HERE}/thoughts/1", author_id=US))
    assert isinstance(activity, Announce)
    assert activity.object.id == f"{HERE}/thoughts/1"


@pytest.mark.parametrize(
    ("to", "cc", "visibility"),
    [
        ([PUBLIC], [f"{THERE}/followers"], "public"),
        ([f"{THERE}/followers"], ["as:Public"], "unlisted"),
        ([f"{THERE}/followers"], [US], "followers"),
        ([US], [], "followers"),
        ([], [], "public"),
    ],
)
def test_announce_tells_who_may_see_it(to: list[str], cc: list[str], visibility: str) -> None:
    boost = mastodon.announce(THERE, "alice", target=f"{HERE}/thoughts/1", author_id=US)
    activity = read({**boost, "to": to, "cc": cc})
    assert isinstance(activity, Announce)
    assert activity.visibility == visibility


def test_lemmy_announces_activities() -> None:
    activity = read(lemmy.announce(THERE, inner=lemmy.create("https://other.example")))
    assert isinstance(activity, Announce)
    assert activity.object.type == "Create"
    assert activity.object.id == "https://other.example/activities/create/1"
    assert activity.object.actor == lemmy.actor_id("https://other.example")


def test_block_flag_and_move() -> None:
    block = read(mastodon.block(THERE, "alice", target=US))
    flag = read(mastodon.flag(THERE, reported=[US, f"{HERE}/thoughts/1", "junk"], content="x" * 6000))
    move = read(mastodon.move(THERE, "alice", target="https://new.example/users/alice"))
    assert isinstance(block, Block)
    assert isinstance(flag, Flag)
    assert isinstance(move, Move)
    assert block.object == US
    assert flag.objects == (US, f"{HERE}/thoughts/1")
    assert len(flag.content) == 5000
    assert (move.object, move.target) == (ALICE, "https://new.example/users/alice")


@pytest.mark.parametrize(("kind", "cls"), [("Add", Add), ("Remove", Remove)])
def test_pins_come_without_an_id(kind: str, cls: type[Add] | type[Remove]) -> None:
    activity = read(mastodon.pin(kind, THERE, "alice"))
    assert isinstance(activity, cls)
    assert activity.id is None
    assert activity.target == f"{ALICE}/collections/featured"


def test_unknown_types_are_told_apart() -> None:
    activity = read(lemmy.dislike(THERE, "lem", target=f"{HERE}/thoughts/1"))
    assert isinstance(activity, Unknown)
    assert activity.type == "Dislike"


def test_known_type_among_several_is_chosen() -> None:
    activity = read({**mastodon.follow(THERE, "alice", target=US), "type": ["x:Subscribe", "as:Follow"]})
    assert isinstance(activity, Follow)


@pytest.mark.parametrize("kind", sorted(ACTIVITY_TYPES - {"Add", "Remove"}))
def test_activities_need_an_id(kind: str) -> None:
    with pytest.raises(Invalid, match="has no id"):
        read({"@context": AS, "type": kind, "actor": ALICE, "object": US, "target": US})


@pytest.mark.parametrize("kind", sorted(ACTIVITY_TYPES))
@pytest.mark.parametrize("thing", [None, {}, [], 7, "", "javascript:x", {"id": "javascript:x"}])
def test_activities_need_an_object(kind: str, thing: Any) -> None:
    document = {
        "@context": AS,
        "id": f"{THERE}/1",
        "type": kind,
        "actor": ALICE,
        "object": thing,
        "target": US,
    }
    try:
        activity = read(document)
    except Invalid:
        return
    # Containers may hold things without an id; what is allowed of those is decided by authority.
    assert isinstance(activity, Create | Accept | Reject | Undo | Add | Remove)
    assert isinstance(thing, dict)


@pytest.mark.parametrize("actor", [None, 7, "alice", "https://a.example@b.example/x", {}])
def test_activities_need_an_actor(actor: Any) -> None:
    with pytest.raises(Invalid):
        read({**mastodon.follow(THERE, "alice", target=US), "actor": actor})


def test_audience_is_bounded() -> None:
    many = [f"https://a.example/{number}" for number in range(5000)]
    activity = read({**mastodon.follow(THERE, "alice", target=US), "to": many})
    assert len(activity.to) == 256


@pytest.mark.parametrize(
    "document",
    [
        mastodon.create(THERE),
        mastodon.update(THERE),
        mastodon.update_actor(THERE),
        mastodon.delete(THERE),
        mastodon.delete_actor(THERE),
        mastodon.follow(THERE, "alice", target=US),
        mastodon.answer("Accept", THERE, "alice", follow=mastodon.follow(HERE, "us", target=ALICE)),
        mastodon.undo(mastodon.follow(THERE, "alice", target=US)),
        mastodon.like(THERE, "alice", target=f"{HERE}/thoughts/1"),
        mastodon.announce(THERE, "alice", target=f"{HERE}/thoughts/1", author_id=US),
        mastodon.block(THERE, "alice", target=US),
        mastodon.flag(THERE, reported=[US]),
        mastodon.move(THERE, "alice", target="https://new.example/users/alice"),
        mastodon.pin("Add", THERE, "alice"),
        gotosocial.create(THERE),
        gotosocial.votes(THERE, "gina", question_id=f"{HERE}/thoughts/1", author_id=US, choices=["a", "b"]),
        pleroma.create(THERE),
        misskey.create(THERE),
        lemmy.create(THERE),
        lemmy.announce(THERE, inner=lemmy.create("https://other.example")),
        peertube.create(THERE),
        wordpress.create(THERE),
    ],
    ids=lambda document: f"{document['type']}-{document['actor']}",
)
def test_honest_activities_have_authority(document: dict[str, Any]) -> None:
    assert authority_problem(read(document), document["actor"]) is None


def _with_object(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**document, "object": {**document["object"], **changes}}


EVE = "https://evil.example/users/eve"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({**mastodon.create(THERE), "actor": US}, "not who signed"),
        ({**mastodon.create(THERE), "actor": f"{THERE}/users/Alice"}, "not who signed"),
        ({**mastodon.create(THERE), "id": "https://evil.example/1"}, "activity's id"),
        ({**mastodon.create(THERE), "id": "https://remote.example:8443/1"}, "activity's id"),
        (_with_object(mastodon.create(THERE), id="https://evil.example/1"), "object's id"),
        (_with_object(mastodon.create(THERE), id=None), "object's id"),
        (_with_object(mastodon.create(THERE), attributedTo=f"{THERE}/users/other"), "somebody else"),
        (_with_object(mastodon.create(THERE), attributedTo=EVE), "somebody else"),
        (_with_object(mastodon.create(THERE), attributedTo=None), "somebody else"),
        ({**mastodon.create(THERE), "object": "https://evil.example/1"}, "object's id"),
        (
            {
                **mastodon.create(THERE),
                "object": [mastodon.note(THERE), mastodon.note("https://evil.example")],
            },
            "object's id",
        ),
        (_with_object(mastodon.update(THERE), attributedTo=f"{THERE}/users/other"), "somebody else"),
        ({**mastodon.update_actor(THERE), "object": mastodon.actor(THERE, "other")}, "only itself"),
        ({**mastodon.delete(THERE), "object": "https://evil.example/1"}, "withdrawn is not"),
        (_with_object(mastodon.delete(THERE), attributedTo=f"{THERE}/users/other"), "belongs to"),
        (
            _with_object(mastodon.undo(mastodon.follow(THERE, "alice", target=US)), actor=f"{THERE}/users/other"),
            "belongs to",
        ),
        (
            _with_object(mastodon.undo(mastodon.follow(THERE, "alice", target=US)), id="https://evil.example/1"),
            "withdrawn is not",
        ),
        (
            mastodon.answer("Accept", THERE, "alice", follow=mastodon.follow(HERE, "us", target=EVE)),
            "Only the followed",
        ),
        (
            mastodon.answer("Reject", THERE, "alice", follow=mastodon.follow(HERE, "us", target=EVE)),
            "Only the followed",
        ),
        ({**mastodon.move(THERE, "alice", target=EVE), "object": EVE}, "move only itself"),
        ({**mastodon.pin("Add", THERE, "alice"), "target": f"{EVE}/featured"}, "collection"),
        ({**mastodon.pin("Remove", THERE, "alice"), "target": f"{EVE}/featured"}, "collection"),
    ],
)
def test_forgeries_have_no_authority(document: dict[str, Any], problem: str) -> None:
    found = authority_problem(read(document), ALICE)
    assert found is not None
    assert problem in found


NAMES = "id type actor object target to cc audience content tag attributedTo published result"


@patient
@given(documents(NAMES, *sorted(ACTIVITY_TYPES), "Note", "Person", PUBLIC, US))
def test_any_json_is_an_activity_or_invalid(document: dict[str, Any]) -> None:
    try:
        activity = parse_activity(normalise(document))
    except Invalid:
        return
    assert authority_problem(activity, ALICE) is None or activity.actor
