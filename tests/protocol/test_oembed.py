"""oEmbed answers: nothing of their markup survives but where one frame leads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from federation.errors import Rejected
from federation.protocol.oembed import OEmbed, parse_oembed, write_frame
from federation.protocol.page_facts import Embed

URL = "https://v.example/oembed?u=1"
ORIGIN = "https://here.example"


def parsed(**facts: Any) -> OEmbed:
    return parse_oembed(json.dumps({"version": "1.0"} | facts).encode(), url=URL)


def test_photo_and_link_are_read() -> None:
    photo = parsed(type="photo", url="/p.jpg", width=640, height="480", title="P", author_name="Ann")
    assert (photo.photo_url, photo.width, photo.height) == ("https://v.example/p.jpg", 640, 480)
    link = parsed(type="link", provider_name="V", author_url="javascript:alert(1)", thumbnail_url="/t.jpg")
    assert (link.provider_name, link.author_url, link.thumbnail_url) == ("V", "", "https://v.example/t.jpg")


def test_video_keeps_where_its_one_frame_leads() -> None:
    markup = """<div onclick="x()"><script>alert(1)</script><iframe width=560 height="315" onload="alert(1)"
        src="https://v.example/embed/1?a=1&amp;b=2" srcdoc="<script>alert(2)</script>" allow="camera"></iframe></div>"""
    video = parsed(type="video", html=markup)
    assert video.player == Embed(url="https://v.example/embed/1?a=1&b=2", width=560, height=315)
    written = write_frame(video.player, origin=ORIGIN)
    assert written.startswith('<iframe src="https://v.example/embed/1?a=1&amp;b=2" width="560" height="315" sandbox="')
    assert "allow-top-navigation" not in written
    for bad in ("script", "onload", "onclick", "srcdoc", "camera", "div"):
        assert bad not in written.replace("allow-scripts", "")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<iframe src="http://v.example/1"></iframe>',
        '<iframe src="javascript:alert(1)"></iframe>',
        '<iframe src="data:text/html,x"></iframe>',
        '<iframe srcdoc="<b>x"></iframe>',
        '<iframe src="https://a.example/"></iframe><iframe src="https://b.example/"></iframe>',
        '<iframe src="https://a.example/"></iframe>' + "x" * 10_000,
        None,
        7,
    ],
)
def test_video_without_one_secure_frame_is_refused(html: Any) -> None:
    with pytest.raises(Rejected):
        parsed(type="video", html=html)


def test_frame_at_our_own_origin_is_not_written() -> None:
    assert write_frame(Embed(url="https://HERE.example/x"), origin=ORIGIN) == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"type": "rich", "html": "x"}', b'{"type": "photo"}', b'{"type": []}']
)
def test_what_shows_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        parse_oembed(body, url=URL)
