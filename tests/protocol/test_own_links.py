"""Mentions and hashtags of a text lead to our own pages; every other link is left alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from federation.protocol.own_links import with_own_links
from federation.protocol.sanitise import sanitise_html

OURS = "https://ours.example"


@dataclass(frozen=True)
class Person:
    username: str
    domain: str | None
    ap_id: str
    profile_url: str


RITA = Person("Rita", "rita.example", "https://social.rita.example/users/1", "https://social.rita.example/@Rita")
ADA = Person("ada", None, f"{OURS}/users/ada", f"{OURS}/@ada")


def lead(html: str, *named: Person, tags: tuple[str, ...] = ()) -> str:
    return with_own_links(sanitise_html(html), named, tags, origin=OURS)


@pytest.mark.parametrize("href", [RITA.ap_id, RITA.profile_url])
def test_a_known_person_is_led_to_whatever_address_the_link_names(href: str) -> None:
    html = f'<p><span class="h-card"><a href="{href}" class="u-url mention">@<span>Rita</span></a></span> hi</p>'
    assert lead(html, RITA) == (
        '<p><span class="h-card"><a href="/@Rita@rita.example" class="u-url mention">@<span>Rita</span></a></span>'
        " hi</p>"
    )


@pytest.mark.parametrize("href", [f"{OURS}/@ada", f"{OURS}/users/ada"])
@pytest.mark.parametrize("named", [(), (ADA,)])
def test_people_of_ours_are_led_to_by_their_name_alone(href: str, named: tuple[Person, ...]) -> None:
    html = f'<a href="{href}" class="u-url mention">@<span>ada</span></a>'
    assert lead(html, *named) == '<a href="/@ada" class="u-url mention">@<span>ada</span></a>'


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("https://m.example/@bob", "@<span>bob</span>"),
        ("https://m.example/users/bob", "@bob@m.example"),
        ("https://M.example/@Bob", "@bob"),
    ],
)
def test_somebody_unknown_is_led_to_when_text_and_address_agree(href: str, text: str) -> None:
    found = lead(f'<a href="{href}" class="mention">{text}</a>')
    assert found.lower().startswith('<a href="/@bob@m.example" class="mention">')


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://evil.example/@bob" class="mention">@bob@m.example</a>',
        '<a href="https://m.example/@mallory" class="mention">@bob</a>',
        '<a href="https://m.example/@bob">@bob</a>',
        '<a href="https://m.example/@bob/1" class="mention">@bob</a>',
        '<a href="https://m.example/elsewhere">A page</a>',
        '<a href="https://m.example/notes#top">#top</a>',
        '<a href="https://m.example/tags/1" class="hashtag">#1</a>',
    ],
)
def test_every_other_link_leads_where_it_led(link: str) -> None:
    assert lead(link, RITA, ADA) == sanitise_html(link)


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://m.example/tags/Tea" class="mention hashtag" rel="tag">#<span>Tea</span></a>',
        '<a href="https://m.example/tag/tea" rel="tag">#Tea</a>',
        '<a href="https://m.example/t/tea">#Tea</a>',
    ],
)
def test_hashtags_lead_to_our_page_of_them(link: str) -> None:
    found = lead(link, tags=("tea",))
    assert found.startswith('<a href="/tags/tea"')
    assert "_blank" not in found
    assert "nofollow" not in found


def test_a_hashtag_of_any_script_is_quoted() -> None:
    link = '<a href="https://m.example/tags/x" class="hashtag">#日本</a>'
    assert lead(link) == '<a href="/tags/%E6%97%A5%E6%9C%AC" class="hashtag">#日本</a>'


def test_what_surrounds_a_link_and_the_links_beside_it_stay() -> None:
    html = (
        '<p lang="en">1 &lt; 2 <a href="https://a.example/">one</a> '
        '<a href="https://m.example/@bob" class="mention">@bob</a> <a href="https://b.example/">two</a></p>'
    )
    clean = sanitise_html(html)
    before, rest = clean.split('<a href="https://m.example')
    assert lead(html) == (before + '<a href="/@bob@m.example" class="mention">@bob</a>' + rest.partition("@bob</a>")[2])


def test_doing_it_twice_changes_nothing_more() -> None:
    once = lead('<a href="https://m.example/@bob" class="mention">@bob</a> <a href="https://m.example/t/x">#x</a>')
    assert with_own_links(once, origin=OURS) == once
