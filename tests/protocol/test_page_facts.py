"""What pages say of themselves, and what they do not get away with."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from federation.errors import Rejected
from federation.protocol.page_facts import Embed, read_page, web_address

URL = "https://news.example/2026/fog"


def page(head: str, body: str = "") -> str:
    return f"<!doctype html><html lang=en-GB><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"


def meta(**tags: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in tags.items())


def test_plain_page_has_its_title_description_and_language() -> None:
    facts = read_page(page("<title> Fog\n lifts </title><meta name=description content='It&#39;s gone'>"), url=URL)
    assert (facts.title, facts.description, facts.language, facts.url) == ("Fog lifts", "It's gone", "en", URL)
    assert (facts.image_url, facts.player, facts.oembed_url, facts.creator) == (None, None, None, None)


def test_open_graph_goes_before_the_title() -> None:
    head = "<title>Site | Fog</title>" + meta(
        og__title="Fog", og__description="Gone by ten", og__site_name="News", og__locale="de_DE",
        og__image="/fog.jpg", **{"og__image__alt": "A harbour", "article__published_time": "2026-01-02T03:04:05+01:00"},
    ) + '<meta name="fediverse:creator" content="@ann@here.example">'  # fmt: skip
    facts = read_page(page(head), url=URL)
    assert (facts.title, facts.description, facts.provider_name) == ("Fog", "Gone by ten", "News")
    assert (facts.image_url, facts.image_alt) == ("https://news.example/fog.jpg", "A harbour")
    assert facts.published_at == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert (facts.language, facts.creator) == ("de", "@ann@here.example")


def test_json_ld_goes_before_open_graph_wherever_it_stands() -> None:
    article = {
        "@graph": [{"@type": "Organization", "name": "x"}, {
            "@type": ["NewsArticle"], "headline": "Fog &amp; sea", "description": "Gone", "inLanguage": "fr-FR",
            "author": [{"name": "Ann", "url": "/people/ann"}], "publisher": {"name": "Paper", "url": "https://p.example"},
            "datePublished": "2026-01-02T03:04:05Z"}]}  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(article)}</script>'
    facts = read_page(
        page(meta(og__title="no"), f"<script type='application/ld+json'>broken</script>{script}"), url=URL
    )
    assert (facts.title, facts.description, facts.language) == ("Fog & sea", "Gone", "fr")
    assert (facts.author_name, facts.author_url) == ("Ann", "https://news.example/people/ann")
    assert (facts.provider_name, facts.provider_url) == ("Paper", "https://p.example")


@pytest.mark.parametrize(
    ("claim", "believed"),
    [
        ("/2026/fog?page=1#top", "https://news.example/2026/fog?page=1"),
        ("https://other.example/2026/fog", URL),
        ("http://news.example/2026/fog", URL),
        ("https://news.example/", URL),
        ("javascript:alert(1)", URL),
    ],
)
def test_canonical_address_is_believed_at_its_own_origin_alone(claim: str, believed: str) -> None:
    assert read_page(page(f'<link rel="canonical" href="{claim}">'), url=URL).url == believed
    assert read_page(page(meta(og__url=claim)), url=URL).url == believed


def test_player_is_a_secure_address_or_none() -> None:
    def player(url: str) -> Embed | None:
        tags = {"twitter__player": url, "twitter__player__width": "640", "twitter__player__height": "99999999"}
        return read_page(page(meta(**tags)), url=URL).player

    assert player("https://v.example/1") == Embed(url="https://v.example/1", width=640)
    assert player("http://v.example/1") is None
    assert player("data:text/html,x") is None


def test_oembed_is_found_by_its_type() -> None:
    links = '<link rel="alternate" type="application/json+oembed" href="/oembed?u=1">'
    assert read_page(page('<link rel="alternate" type="text/xml+oembed" href="/x">' + links), url=URL).oembed_url == (
        "https://news.example/oembed?u=1"
    )


def test_text_cannot_reach_beyond_itself() -> None:
    head = meta(og__title="A\u202e\u2066\x1b&lt;script&gt;alert(1)&lt;/script&gt;\nB") + meta(
        og__description="x" * 9999
    )
    facts = read_page(page(head), url=URL)
    assert facts.title == "A<script>alert(1)</script> B"
    assert len(facts.description) == 1000
    assert facts.description.endswith("…")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:image/png;base64,x", "file:///etc/passwd", "https://", "ftp://x.example/a",
     "https://user:pw@x.example/", 'https://x.example/"onload=', "https://x.example/" + "a" * 3000, "http://[", ""],
)  # fmt: skip
def test_addresses_are_of_the_web(url: str) -> None:
    assert web_address(url, URL) in (None, URL)
    assert read_page(page(meta(og__image=url.replace('"', "&quot;"))), url=URL).image_url in (None, URL)


def test_page_made_to_hurt_the_parser_is_refused() -> None:
    with pytest.raises(Rejected):
        read_page("".join(f"<b a{n}>" for n in range(2000)) + "<p>" * 2000, url=URL)


@pytest.mark.parametrize(
    "piece", ["<script type=application/ld+json", "application/ld+json>", "<script", "</head", "{["]
)
def test_hostile_page_of_a_megabyte_is_read_quickly(piece: str) -> None:
    hostile = page("<title>x</title>", piece * (1024 * 1024 // len(piece)))
    before = time.perf_counter()
    assert read_page(hostile, url=URL).title == "x"
    assert time.perf_counter() - before < 1
