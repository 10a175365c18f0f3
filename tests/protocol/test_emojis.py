"""Shortcodes are found where somebody meant them, and pictures stand only in text."""

from __future__ import annotations

import pytest

from federation.protocol.emojis import find_shortcodes, with_pictures

BLOB = (
    '<picture><source srcset="/s/1" media="(prefers-reduced-motion: reduce)">'
    '<img class="emoji" src="/p/1" alt=":blob:" title=":blob:" width="20" height="20" loading="lazy"></picture>'
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (":blob:", ["blob"]),
        ("a :blob: b :cat_2:, :blob:", ["blob", "cat_2"]),
        ("no:blob: :blob:no 12:30:45 ::blob:: :a: http://x:80:90", []),
        ("(:blob:)\n:cat:", ["blob", "cat"]),
        ("", []),
    ],
)
def test_shortcodes_stand_alone(text: str, found: list[str]) -> None:
    assert find_shortcodes(text) == found


def test_pictures_take_the_place_of_shortcodes_in_text_only() -> None:
    html = '<p>:blob: <a href="https://x.example/:blob:" title="a > :blob:">:blob:</a> :other:</p>'
    assert with_pictures(html, {"blob": ("/p/1", "/s/1")}) == (
        f'<p>{BLOB} <a href="https://x.example/:blob:" title="a > :blob:">{BLOB}</a> :other:</p>'
    )


def test_the_longest_shortcode_counts_and_neighbours_do_not_matter() -> None:
    shown = with_pictures(":blob::blob_cat:", {"blob": ("/p/1", "/s/1"), "blob_cat": ("/p/2", "/s/2")})
    assert shown.startswith(BLOB)
    assert 'src="/p/2"' in shown
    assert shown.count("<img") == 2


def test_what_a_server_chose_cannot_leave_the_attribute() -> None:
    assert with_pictures(":a.b:", {"a.b": ('"><script>', '"><script>')}).count("<script") == 0
    assert with_pictures(":axb:", {"a.b": ("/p/1", "/s/1")}) == ":axb:"
    assert with_pictures("nothing", {}) == "nothing"
