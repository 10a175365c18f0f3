"""A thread that is longer than a page."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from tests.acting import execute, say, scalar
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services


async def test_every_answer_of_a_long_thread_can_be_reached(services: Services, stranger: Browser) -> None:
    ada = await make_person(services, "ada_of_many")
    root = await say(services, ada, "root")
    await execute(
        services,
        """INSERT INTO thoughts (id, user_id, content, sanitiser, visibility, ap_id, url, reply_to, created_at)
        SELECT uuid7(now() - (1000 - n) * interval '1 second'), $2, 'answer', 1,
            CASE WHEN n % 100 = 0 THEN 'followers' ELSE 'public' END, 'https://x.example/' || n, 'https://x.example/',
            $1, now() FROM generate_series(1, 601) AS n""",
        root.id,
        ada.id,
    )
    first = await scalar(services, "SELECT id FROM thoughts WHERE ap_id = 'https://x.example/1'")
    await say(services, ada, "below the first", reply_to=first)
    await execute(services, "UPDATE thoughts SET replies_count = 601 WHERE id = $1", root.id)
    seen: list[str] = []
    path, pages = f"/@{ada.username}/{root.id}", 0
    while path:
        page = await stranger.page(path)
        pages += 1
        seen += re.findall(r'id="t-([0-9a-f-]+)"', page)
        following = re.search(r'href="([^"]+)" rel="next">More answers', page)
        path = unescape(following[1]) if following else ""
        if pages == 1:
            assert f'<a href="/@{ada.username}/{first}">Continue with 1 more reply</a>' in page
    assert pages == 3
    assert len(set(seen) - {str(root.id)}) == 601 - 6
