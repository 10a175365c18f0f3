"""What people type: what is found in it, how long it is, and which HTML it becomes."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.protocol.handles import Handle
from federation.protocol.sanitise import plain_text, sanitise
from federation.protocol.text import (
    MAX_TAGS,
    MentionTarget,
    Tag,
    count_characters,
    find_mentions,
    find_tags,
    normalise_source,
    normalise_tag,
    render_bio,
    render_field,
    render_source,
)

ORIGIN = "https://thoughts.example"
BOB = Handle("bob")
REMOTE_BOB = Handle("bob", "remote.example")
PEOPLE = {
    BOB: MentionTarget("https://thoughts.example/@bob", BOB),
    REMOTE_BOB: MentionTarget("https://remote.example/@bob", REMOTE_BOB),
}


def render(source: str) -> str:
    return render_source(source, PEOPLE, origin=ORIGIN)


def test_mentions_are_found_in_order_and_once() -> None:
    source = "@bob (@Bob@Remote.Example) @a@127.0.0.2:8000, @a@[::1]:8000! @BOB @b@x.example: .@ann @ann..."
    assert find_mentions(source) == [
        BOB,
        REMOTE_BOB,
        Handle("a", "127.0.0.2:8000"),
        Handle("a", "[::1]:8000"),
        Handle("b", "x.example"),
        Handle("ann"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "https://x.example/@bob",
        "https://x.example/?to=@bob",
        "bob@x.example",
        "mail bob.smith@x.example now",
        "`@bob`",
        "```\n@bob\n```",
        "@@bob",
        "a/@bob",
        "@bob-smith",
        "@bob.smith",
        "@" + "b" * 33,
        "@ bob",
        "xmpp:me@bob.example",
    ],
)
def test_mentions_are_not_found_in_addresses_links_and_code(source: str) -> None:
    assert find_mentions(source) == []


def test_unclosed_backtick_is_not_code() -> None:
    assert find_mentions("`@bob\n`@ann") == [BOB, Handle("ann")]


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("#Cats (#cats) #CATS.", [Tag("cats", "Cats")]),
        (
            "#日本語 #हिन्दी #straße",
            [Tag("日本語", "日本語"), Tag("हिन्दी", "हिन्दी"), Tag("strasse", "straße")],
        ),
        ("#a·b· #a_b #a-b", [Tag("a·b", "a·b"), Tag("a_b", "a_b"), Tag("a", "a")]),
        ("#ｆｕｌｌ", [Tag("full", "ｆｕｌｌ")]),
        ("#2026 #2026a #_ #1️⃣ # #·a", [Tag("2026a", "2026a")]),
        ("a#b /#c &#39; ##d x=#e https://x.example/#f `#g`", []),
        ("#" + "x" * 101, []),
    ],
)
def test_hashtags(source: str, tags: list[Tag]) -> None:
    assert find_tags(source) == tags


def test_a_hundred_hashtags_count_and_the_rest_is_text() -> None:
    source = " ".join(f"#t{n}" for n in range(MAX_TAGS + 5))
    assert len(find_tags(source)) == MAX_TAGS
    assert render(source).count("<a ") == MAX_TAGS


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("#Cats", "cats"),
        ("cats", "cats"),
        ("", None),
        ("#", None),
        ("a b", None),
        ("a/b", None),
        ("123", None),
        ("ͺa", None),
    ],
)
def test_tag_names_from_anywhere(given_name: str, name: str | None) -> None:
    assert normalise_tag(given_name) == name


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("", 0),
        ("  hello\r\nworld  ", 11),
        ("see https://x.example/" + "a" * 200, 4 + 23),
        ("https://x.example", 23),
        ("@bob@very-long-host-name.example hi", 7),
        ("@bob hi", 7),
        ("e\u0301", 1),
        ("👍🏽", 1),
        ("👨‍👩‍👧‍👦", 1),
        ("🇩🇪🇫🇷", 2),
        ("❤️", 1),
        ("1️⃣", 1),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
        ("日本語", 3),
    ],
)
def test_length_counts_what_a_reader_sees(source: str, count: int) -> None:
    assert count_characters(source) == count


def test_length_cannot_be_cheated() -> None:
    assert count_characters("a" + "\u0316" * 1600) > 90
    assert count_characters("\u200d" * 1600) >= 100
    assert count_characters("https://x.example/" + "a" * 5000) > 5000


def test_mention_hashtag_and_link_as_mastodon_writes_them() -> None:
    assert render("@bob") == (
        '<p><span class="h-card" translate="no"><a href="https://thoughts.example/@bob" '
        'class="u-url mention">@<span>bob</span></a></span></p>'
    )
    assert render("#Cats") == (
        '<p><a href="https://thoughts.example/tags/cats" class="mention hashtag" rel="tag">#<span>Cats</span></a></p>'
    )
    assert render("https://www.x.example/abcdefghijklmnopqrstuvwxyz?a=1&b") == (
        '<p><a href="https://www.x.example/abcdefghijklmnopqrstuvwxyz?a=1&amp;b" rel="nofollow noopener" '
        'target="_blank" translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">x.example/abcdefghijklmnopqrst</span>'
        '<span class="invisible">uvwxyz?a=1&amp;b</span></a></p>'
    )


def test_short_link_has_no_ellipsis() -> None:
    assert '<span class="invisible">https://</span>x.example/a</a>' in render("https://x.example/a")


def test_unresolved_mention_stays_text() -> None:
    assert render("hi @nobody@x.example") == "<p>hi @nobody@x.example</p>"


def test_names_that_two_share_are_shown_with_their_host() -> None:
    html = render("@bob @bob@remote.example")
    assert "@<span>bob@remote.example</span>" in html
    assert "@<span>bob</span>" in html
    assert "@<span>bob</span>" in render("@bob@remote.example")


def test_paragraphs_and_line_breaks() -> None:
    assert render("a\nb\r\n\r\n\n  \nc  \n") == "<p>a<br>b</p><p>c</p>"
    assert render(" \n ") == ""


def test_markup_is_text() -> None:
    assert render("<b onclick='x'>&amp;</b>") == "<p>&lt;b onclick='x'&gt;&amp;amp;&lt;/b&gt;</p>"
    assert render('https://x.example/"onmouseover="alert(1)').count("onmouseover=") <= 2
    assert '"onmouseover' not in render('https://x.example/"onmouseover="alert(1)"').split(">")[1]


@pytest.mark.parametrize(
    "source", ["javascript:alert(1)", "data:text/html,x", "//x.example", "ftp://x.example", "x.example"]
)
def test_other_schemes_are_not_linked(source: str) -> None:
    assert "<a" not in render(source)


@pytest.mark.parametrize(
    "url", ["xmpp:a@b.example", "magnet:?xt=urn:btih:abc", "gemini://x.example/", "http://127.0.0.2:8000/@a"]
)
def test_schemes_that_are_linked(url: str) -> None:
    assert f'href="{url}"' in render(f"see {url}, ok")


def test_bio_links_and_tags_but_mentions_nobody() -> None:
    html = render_bio("I am @bob\n#cats https://x.example", origin=ORIGIN)
    assert html.startswith("<p>I am @bob<br><a href")
    assert html.count("<a ") == 2


def test_field_is_one_line_whose_links_can_be_verified() -> None:
    html = render_field("https://x.example/me\n<b>")
    assert html.startswith('<a href="https://x.example/me" rel="me nofollow noopener" target="_blank"')
    assert html.endswith("</a> &lt;b&gt;")


def test_source_is_stored_normalised() -> None:
    assert normalise_source(" e\u0301\r\na\x00\rb\ud800 ") == "é\na\nb?"


@pytest.mark.parametrize(
    "source",
    [
        "#" * 5000,
        "@a" * 2500,
        "@a@a " * 1000,
        "`" * 5000,
        "https://" * 600,
        "@a@" + "b." * 2400,
        "\n \n" * 1600,
    ],
)
def test_cost_is_bounded(source: str) -> None:
    started = time.process_time()
    render(source)
    count_characters(source)
    assert time.process_time() - started < 2


PIECES = st.sampled_from(
    [
        "@bob",
        "@bob@remote.example",
        "#cats",
        "https://x.example/a?b",
        "<b>",
        "&",
        "`",
        "\n",
        "\n\n",
        " ",
        "(",
        ".",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=15).map("".join))
def test_what_we_write_passes_the_sanitiser_of_others(source: str) -> None:
    html = render(source)
    result = sanitise(html)
    assert not result.degraded
    assert plain_text(result.html) == plain_text(html)
    assert plain_text(html).replace("@remote.example", "").split() == (
        normalise_source(source).replace("@remote.example", "").split()
    )
