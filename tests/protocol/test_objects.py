"""Objects as every server sends them, read as thoughts."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given

from federation.errors import Invalid
from federation.protocol.addressing import PUBLIC, Visibility
from federation.protocol.attachments import Attachment, attachment, duration
from federation.protocol.documents import AS, normalise, parse_document
from federation.protocol.objects import Poll, PollOption, Quote, RemoteThought, Tombstone, Vote, parse_object
from federation.protocol.tags import Emoji, Mention, emojis, hashtags, quote_links
from tests.payloads import gotosocial, lemmy, mastodon, misskey, peertube, pixelfed, pleroma, wordpress
from tests.payloads.anything import documents, patient

THERE = "https://remote.example"
ALICE = mastodon.actor_id(THERE)
US = "https://thoughts.example/users/us"


def read(document: dict[str, Any], **changes: Any) -> RemoteThought:
    body = orjson.dumps({"@context": AS, **document, **changes})
    thought = parse_object(parse_document(body, limit=1_000_000))
    assert isinstance(thought, RemoteThought)
    return thought


def test_mastodon_note() -> None:
    thought = read(mastodon.note(THERE, mention=(US, "us@thoughts.example")))
    assert thought.id == f"{ALICE}/statuses/1"
    assert thought.attributed_to == ALICE
    assert thought.url == f"{THERE}/@alice/1"
    assert thought.content_html == "<p>Look :blob:</p>"
    assert thought.summary is None
    assert thought.published == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert thought.visibility(f"{ALICE}/followers") is Visibility.PUBLIC
    assert thought.mentions == (Mention(US, "@us@thoughts.example"),)
    assert thought.hashtags == ("cats",)
    assert thought.emojis == (Emoji("blob", f"{THERE}/emoji/blob.png"),)
    assert thought.attachments == (
        Attachment(
            f"{THERE}/system/c.jpg",
            "image/jpeg",
            kind="image",
            alt="A cat",
            width=1200,
            height=800,
            blurhash="UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
            focal=(0.0, 0.3),
        ),
    )
    assert thought.language == "en"
    assert (thought.likes_count, thought.shares_count) == (3, 1)
    assert thought.replies == f"{ALICE}/statuses/1/replies"
    assert (thought.poll, thought.vote, thought.quote) == (None, None, None)


def test_mastodon_question_lists_its_options() -> None:
    thought = read(mastodon.question(THERE))
    assert thought.content_html == "<p>Tea?</p>"
    assert thought.poll == Poll(
        (PollOption("yes", 2), PollOption("no <b>", 0)),
        multiple=False,
        ends_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        closed=False,
        voters_count=2,
    )


@pytest.mark.parametrize("closed", [True, "true", "2026-11-22T10:00:00Z"])
def test_polls_close_by_flag_or_date(closed: Any) -> None:
    poll = read(mastodon.question(THERE), closed=closed).poll
    assert poll is not None
    assert poll.closed


def test_poll_with_any_of_is_multiple_choice() -> None:
    question = mastodon.question(THERE)
    poll = read(question, anyOf=question.pop("oneOf")).poll
    assert poll is not None
    assert poll.multiple


def test_votes_are_recognised() -> None:
    question = "https://thoughts.example/thoughts/1"
    create = mastodon.vote(THERE, "alice", question_id=question, author_id=US, choice="yes")
    assert read(create["object"]).vote == Vote("yes", question)
    assert read(create["object"], content="<p>no vote</p>").vote is None
    assert read(create["object"], inReplyTo=None).vote is None


def test_gotosocial_note_with_single_values() -> None:
    thought = read(gotosocial.note(THERE))
    assert thought.hashtags == ("tea",)
    assert [item.alt for item in thought.attachments] == ["A cup"]
    assert thought.visibility(f"{gotosocial.actor_id(THERE)}/followers") is Visibility.PUBLIC
    assert thought.published == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert thought.summary is None


def test_pleroma_note() -> None:
    thought = read(pleroma.note(THERE, quoted="https://other.example/objects/1"))
    assert thought.visibility(f"{pleroma.actor_id(THERE)}/followers") is Visibility.UNLISTED
    assert thought.context == thought.conversation == f"{THERE}/contexts/6a1f"
    assert thought.emojis == (Emoji("blobcat", f"{THERE}/e/b.png"),)
    assert thought.attachments[0].url == f"{THERE}/media/p.png"
    assert thought.quote == Quote(("https://other.example/objects/1",), None, legacy=True)


def test_misskey_note() -> None:
    thought = read(misskey.note(THERE, quoted="https://other.example/notes/1"))
    assert thought.summary is None
    assert thought.sensitive
    assert thought.attachments[0].sensitive
    assert thought.url == thought.id
    assert thought.quote == Quote(("https://other.example/notes/1",), None, legacy=True)


def test_lemmy_page_shows_title_text_and_links() -> None:
    thought = read(lemmy.page(THERE))
    assert thought.content_html == (
        "<p><strong>Cats &amp; &lt;dogs&gt;</strong></p><p>Which?</p>\n"
        '<p><a href="https://news.example/cats?a=1&amp;b=2">https://news.example/cats?a=1&amp;b=2</a></p>'
        f'<p><a href="{THERE}/post/1">{THERE}/post/1</a></p>'
    )
    assert thought.group == f"{THERE}/c/cats"
    assert [item.url for item in thought.attachments] == [f"{THERE}/pictrs/c.png"]
    assert thought.summary is None


def test_pixelfed_note_with_pictures() -> None:
    thought = read(pixelfed.note(THERE))
    assert [item.url for item in thought.attachments] == [f"{THERE}/storage/m/{n}.jpg" for n in range(2)]
    assert thought.attachments[0].blurhash is None


def test_peertube_video() -> None:
    thought = read(peertube.video(THERE))
    assert thought.attributed_to == peertube.actor_id(THERE)
    assert thought.url == f"{THERE}/w/1"
    assert thought.content_html == (
        "<p><strong>Cats &lt;live&gt;</strong></p><p>A **film**</p><p>by &lt;me&gt;</p>"
        f'<p><a href="{THERE}/w/1">{THERE}/w/1</a></p>'
    )
    (video,) = thought.attachments
    assert (video.url, video.media_type, video.duration_s) == (f"{THERE}/hls/720.mp4", "video/mp4", 90.0)
    assert video.preview_url == f"{THERE}/lazy-static/t.jpg"


def test_wordpress_article_shows_its_summary_and_its_warning() -> None:
    thought = read(wordpress.article(THERE))
    assert thought.content_html == (
        "<p><strong>On tea</strong></p><p>Tea is warm.</p>"
        f'<p><a href="{THERE}/2026/11/on-tea/">{THERE}/2026/11/on-tea/</a></p>'
    )
    assert thought.summary == "hot drinks"
    assert thought.id == f"{THERE}/?p=1"


def test_unknown_types_show_what_they_have() -> None:
    thought = read(
        {
            "id": f"{THERE}/books/1",
            "type": "x:Review",
            "attributedTo": ALICE,
            "name": "A book",
            "content": "<p>Good</p>",
        }
    )
    assert thought.content_html.startswith("<p><strong>A book</strong></p><p>Good</p><p><a href=")


def test_titles_and_links_cannot_carry_markup() -> None:
    thought = read(lemmy.page(THERE), name='<script>"x"</script>', url=f'{THERE}/"><script>')
    assert "<script>" not in thought.content_html


def test_content_warning_is_plain_text() -> None:
    assert read(mastodon.note(THERE), summary=" cats ").summary == "cats"
    for empty in ("", " ", "\u200b", "\u200b\ufeff "):
        assert read(mastodon.note(THERE), summary=empty).summary is None


def test_content_falls_back_to_the_content_map() -> None:
    thought = read(mastodon.note(THERE), content=None, contentMap={"de": "<p>Hallo</p>", "en": "<p>Hi</p>"})
    assert (thought.content_html, thought.language) == ("<p>Hallo</p>", "de")


def test_language_is_the_one_whose_text_is_the_content() -> None:
    thought = read(mastodon.note(THERE), content="<p>Hi</p>", contentMap={"de": "<p>Hallo</p>", "en": "<p>Hi</p>"})
    assert thought.language == "en"
    for odd in ("und", "<x>", "", "x" * 50):
        assert read(mastodon.note(THERE), contentMap={odd: "x"}).language is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{THERE}/page", f"{THERE}/page"),
        ({"type": "Link", "href": f"{THERE}/page", "mediaType": "text/html"}, f"{THERE}/page"),
        (
            [
                {"type": "Link", "href": f"{THERE}/v.mp4", "mediaType": "video/mp4"},
                {"type": "Link", "href": f"{THERE}/page", "mediaType": "text/html; charset=utf-8"},
            ],
            f"{THERE}/page",
        ),
        ([{"type": "Link", "href": f"{THERE}/v.mp4", "mediaType": "video/mp4"}], mastodon.note_id(THERE)),
        ("javascript:alert(1)", mastodon.note_id(THERE)),
        (["data:text/html,x", "https://other.example/page"], "https://other.example/page"),
        (None, mastodon.note_id(THERE)),
    ],
)
def test_page_url_is_chosen_and_its_scheme_checked(url: Any, expected: str) -> None:
    assert read(mastodon.note(THERE), url=url).url == expected


def test_quotes_in_mastodons_order() -> None:
    keys = ("quote", "_misskey_quote", "quoteUrl", "quoteUri", "quoteURL")
    urls = {key: f"https://other.example/{key}" for key in reversed(keys)}
    thought = read(mastodon.note(THERE), **urls, quoteAuthorization="https://other.example/stamp")
    assert thought.quote == Quote(
        tuple(f"https://other.example/{key}" for key in keys), "https://other.example/stamp", legacy=False
    )


@pytest.mark.parametrize(
    "media_type",
    ["application/activity+json", 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'],
)
def test_object_links_are_quotes_when_they_say_so(media_type: str) -> None:
    link = {"type": "Link", "mediaType": media_type, "href": "https://other.example/1"}
    assert quote_links([{**link, "name": "RE: https://other.example/1"}]) == ("https://other.example/1",)
    assert quote_links({**link, "rel": "https://misskey-hub.net/ns#_misskey_quote"}) == ("https://other.example/1",)
    assert quote_links([{**link, "name": "see"}, {**link, "mediaType": "text/html", "name": "RE: x"}]) == ()


def test_addressing_of_the_activity_stands_in() -> None:
    note = normalise({"@context": AS, **mastodon.note(THERE), "to": None, "cc": None})
    thought = parse_object(note, to=(PUBLIC,), cc=(US,))
    assert isinstance(thought, RemoteThought)
    assert (thought.to, thought.cc) == ((PUBLIC,), (US,))


def test_tombstone() -> None:
    document = {
        "@context": AS,
        "id": f"{THERE}/1",
        "type": "Tombstone",
        "formerType": "Note",
        "deleted": "2026-11-21T10:00:00Z",
    }
    assert parse_object(normalise(document)) == Tombstone(f"{THERE}/1", "Note", datetime(2026, 11, 21, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": "javascript:x"},
        {"type": None},
        {"type": "Person"},
        {"type": "Create"},
        {"type": ["Note", "Person"]},
        {"type": "OrderedCollection"},
        {"attributedTo": None},
        {"attributedTo": "https://evil.example/users/eve"},
        {"attributedTo": "https://remote.example:8443/users/alice"},
    ],
)
def test_what_is_no_thought_is_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read(mastodon.note(THERE), **changes)


def test_lists_are_bounded() -> None:
    picture = {"type": "Image", "url": f"{THERE}/x.png"}
    tag = [{"type": "Hashtag", "name": f"#t{number}"} for number in range(5000)]
    thought = read(mastodon.note(THERE), attachment=[picture] * 100, tag=tag)
    assert len(thought.attachments) == 16
    assert len(thought.hashtags) == 512


def test_link_attachments_are_no_media() -> None:
    assert read(mastodon.note(THERE), attachment={"type": "Link", "href": f"{THERE}/x"}).attachments == ()


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("blurhash", "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH"),
        ("blurhash", "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5N", None),
        ("blurhash", "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5N<", None),
        ("blurhash", "~" * 166, None),
        ("blurhash", 7, None),
        ("focal", [0.5, -1], (0.5, -1)),
        ("focal", [0.5, 2], None),
        ("focal", [0.5], None),
        ("focal", ["a", "b"], None),
        ("width", -3, None),
        ("width", "wide", None),
    ],
)
def test_picture_details_are_checked(field: str, value: Any, expected: Any) -> None:
    name = {"focal": "focalPoint"}.get(field, field)
    found = attachment({"type": "Image", "url": f"{THERE}/x.png", name: value})
    assert found is not None
    assert getattr(found, field) == expected


def test_media_need_an_acceptable_address() -> None:
    assert attachment({"type": "Image", "url": "file:///etc/passwd"}) is None
    assert attachment({"type": "Image"}) is None


def test_alt_text_is_cut() -> None:
    found = attachment({"type": "Image", "url": f"{THERE}/x.png", "name": "x" * 20_000})
    assert found is not None
    assert len(found.alt or "") == 10_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("PT1H2M3.5S", 3723.5),
        ("P1DT1S", 86401.0),
        (12.5, 12.5),
        ("PT", None),
        ("1:30", None),
        ("P9999D", None),
        (-1, None),
    ],
)
def test_durations(value: Any, expected: float | None) -> None:
    assert duration(value) == expected


def test_equal_hashtags_count_once() -> None:
    assert hashtags([{"type": "Hashtag", "name": "#A"}, {"type": "as:Hashtag"}, {"type": "Hashtag", "name": "a"}]) == (
        "a",
    )


def test_emojis_need_a_name_and_an_acceptable_picture() -> None:
    good = {"type": "Emoji", "name": ":a:", "icon": {"url": f"{THERE}/a.png"}}
    assert emojis([good, {**good, "name": ":<b>:"}, {**good, "name": ":c:", "icon": {"url": "data:x"}}]) == (
        Emoji("a", f"{THERE}/a.png"),
    )


NAMES = (
    "id type attributedTo content contentMap summary name url inReplyTo to cc tag attachment oneOf anyOf "
    "closed endTime votersCount quote likes shares replies context icon image href mediaType published "
    "focalPoint blurhash totalItems duration width mediaType first"
)


@patient
@given(documents(NAMES, "Note", "Question", "Page", "Video", "Link", "Emoji", "Hashtag", "Mention", "Image", "en"))
def test_any_json_is_a_thought_or_invalid(document: dict[str, Any]) -> None:
    for changes in ({}, {"id": f"{THERE}/1", "attributedTo": ALICE}):
        try:
            thought = parse_object(normalise({**document, **changes}))
        except Invalid:
            continue
        assert thought.id
