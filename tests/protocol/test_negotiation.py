"""Who asks for ActivityPub, and what counts as it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.protocol.negotiation import is_activity_type, wants_activity

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.mark.parametrize(
    "accept",
    [
        "application/activity+json, application/ld+json",
        f"{LD}, application/activity+json",
        f"{LD}, application/activity+json, text/html;q=0.1",
        f"{LD},application/activity+json",
        f"application/activity+json, {LD}",
        LD,
        "Application/Activity+JSON",
        "application/ld+json",
        "application/json",
        "application/json, text/html;q=0.9",
        "text/html, application/activity+json;q=0.5",
    ],
)
def test_servers_get_activitypub(accept: str) -> None:
    assert wants_activity(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "text/html, application/json;q=0.9",
        "text/html, application/json",
        "application/activity+json;q=0, text/html",
        "application/json;q=0",
        'text/html; x=", application/activity+json"',
        "image/*",
    ],
)
def test_people_get_pages(accept: str) -> None:
    assert not wants_activity(accept)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "application/activity+json; charset=utf-8",
        "Application/Activity+Json;charset=UTF-8",
        LD,
        'application/ld+json;profile="https://www.w3.org/ns/activitystreams";charset=utf-8',
        'application/ld+json; profile="https://x.example https://www.w3.org/ns/activitystreams"',
        "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
    ],
)
def test_activitypub_content_types(content_type: str) -> None:
    assert is_activity_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams.evil"',
        'text/html; x="application/activity+json"',
        "image/png",
        "application/activity+jsonx",
    ],
)
def test_other_content_types(content_type: str) -> None:
    assert not is_activity_type(content_type)


@settings(deadline=None)
@given(st.text() | st.text('"\\,;=q0.1 /ax', max_size=200))
def test_any_header_is_judged(header: str) -> None:
    assert wants_activity(header) in (True, False)
    assert is_activity_type(header) in (True, False)
