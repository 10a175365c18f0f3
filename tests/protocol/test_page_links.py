"""Which link of a thought gets a card."""

from __future__ import annotations

import pytest

from federation.protocol.page_links import first_link
from federation.protocol.sanitise import sanitise_html
from federation.protocol.text import render_source

ORIGIN = "https://here.example"
PAGE = "https://news.example/a?b=1&c=2"


def found(html: str, *besides: str) -> str | None:
    return first_link(sanitise_html(html), besides=besides, origin=ORIGIN)


def test_first_plain_link_counts_whoever_wrote_it() -> None:
    assert (
        first_link(render_source(f"See {PAGE} and https://b.example", {}, origin=ORIGIN), besides=(), origin=ORIGIN)
        == PAGE
    )
    assert found(f'<p><a href="{PAGE.replace("&", "&amp;")}">x</a> <a href="https://b.example">y</a></p>') == PAGE


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://b.example/@bob" class="u-url mention">@bob</a>',
        '<a href="https://b.example/tags/fog" class="mention hashtag" rel="tag">#fog</a>',
        '<a href="https://b.example/tags/fog" rel="tag">#fog</a>',
        '<span class="quote-inline">RE: <a href="https://b.example/1"><span class="invisible">h</span></a></span>',
        '<p class="quote-inline">RE: <a href="https://b.example/1">https://b.example/1</a></p>',
        '<a href="https://here.example/@ann/1">ours</a>',
        '<a href="https://here.example">ours</a>',
        '<a href="magnet:?xt=1">no page</a>',
        '<a href="javascript:alert(1)">no page</a>',
        "no link",
    ],
)
def test_what_is_no_page_elsewhere_gets_none(link: str) -> None:
    assert found(f"<p>{link}</p>") is None
    assert found(f'<p>{link}</p><p><a href="{PAGE}">x</a></p>') == PAGE


def test_people_quotes_and_files_that_are_known_get_none() -> None:
    assert found('<p><a href="https://b.example/@bob">Bob</a></p>', "https://b.example/@bob") is None


def test_own_origin_is_no_prefix_of_others() -> None:
    assert found('<a href="https://here.example.org/">x</a>') == "https://here.example.org/"
