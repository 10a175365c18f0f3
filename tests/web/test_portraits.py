"""The demo's people have faces: drawn from the name, and taken by the same door as uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from federation.actions.pictures import change_picture
from tests.services_fixture import Browser, make_person
from web.cli.portraits import header, portrait

if TYPE_CHECKING:
    from federation.services import Services


@pytest.mark.parametrize("draw", [portrait, header])
def test_a_name_always_gives_the_same_picture_and_another_name_another(draw: object) -> None:
    assert callable(draw)
    assert draw("ada") == draw("ada")
    assert draw("ada") != draw("grace")


async def test_portraits_and_headers_are_served_as_uploads_are(services: Services, stranger: Browser) -> None:
    person = await make_person(services, "painted")
    for which, draw in (("avatar", portrait), ("header", header)):
        person = await change_picture(services, person, which, draw("painted"))
    for url in (person.avatar_url, person.header_url):
        assert url is not None
        answer = await stranger.get(url)
        assert (answer.status_code, answer.headers["content-type"].partition("/")[0]) == (200, "image")
        assert url in await stranger.page("/@painted")
