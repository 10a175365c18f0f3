"""Content types of remote answers."""

from __future__ import annotations

import pytest

from federation.protocol.negotiation import is_activity_type
from federation.remote.content_types import is_jrd, is_json, is_xrd, one_of

AS_PROFILE = '"https://www.w3.org/ns/activitystreams"'


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        "application/activity+json;charset=utf-8;",
        f"application/ld+json; profile={AS_PROFILE}",
        f"application/ld+json;charset=utf-8;PROFILE={AS_PROFILE}",
        'application/ld+json; profile="http://a.example https://www.w3.org/ns/activitystreams"',
    ],
)
def test_activitypub_types_are_accepted(content_type: str) -> None:
    assert is_activity_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreamsX"',
        'application/ld+json; x="; profile=https://www.w3.org/ns/activitystreams"',
        "text/html; application/activity+json",
        "application/activity+json, text/html",
        "text/html, application/activity+json",
        "application/activity+jsonx",
        "application/activity+json garbage",
        "image/png; profile=application/activity+json",
    ],
)
def test_other_types_are_not_activitypub(content_type: str) -> None:
    assert not is_activity_type(content_type)


def test_discovery_types() -> None:
    assert is_jrd("application/jrd+json; charset=utf-8")
    assert is_jrd("application/json")
    assert not is_jrd("text/html")
    assert is_json('application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"')
    assert not is_json("application/jrd+json")
    assert is_xrd("application/xrd+xml; charset=utf-8")
    assert one_of("image/png")("image/PNG")
    assert not one_of("image/png")("image/svg+xml")
