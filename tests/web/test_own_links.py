"""Mentions and hashtags in what people elsewhere write lead to pages of ours; apps get what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.actions.publish_thought import Draft, publish_thought
from federation.actions.receive_thought import receive_edit
from federation.actions.sessions import create_token
from tests.acting import execute, hear, remote_note
from tests.services_fixture import ORIGIN, Browser, make_person, make_remote_person, sign_in
from workers import periodic

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

SENT = (
    '<p><span class="h-card"><a href="https://other.example/@quin" class="u-url mention">@<span>quin</span></a></span>'
    ' and <a href="http://localhost:8000/users/ada" class="u-url mention">@<span>ada</span></a>'
    ' on <a href="https://remote.example/tags/tea" class="mention hashtag" rel="tag">#<span>tea</span></a>,'
    ' <a href="https://remote.example/page">a page</a></p>'
)
OWN = (
    '<a href="/@quin@other.example" class="u-url mention">',
    '<a href="/@ada" class="u-url mention">',
    '<a href="/tags/tea" class="mention hashtag">',
    '<a href="https://remote.example/page" rel="nofollow noopener" target="_blank">',
)
TAGS = [
    {"type": "Mention", "href": "https://other.example/users/quin", "name": "@quin@other.example"},
    {"type": "Hashtag", "href": "https://remote.example/tags/tea", "name": "#tea"},
]


async def _setting(services: Services) -> tuple[Person, Person]:
    await make_remote_person(services, "quin", "other.example")
    return await make_person(services, "ada"), await make_remote_person(services, "rita")


async def test_pages_lead_to_our_pages_and_the_api_to_the_origin(services: Services, stranger: Browser) -> None:
    ada, rita = await _setting(services)
    thought = await hear(services, rita, SENT, tag=TAGS)
    page = await stranger.page(f"/@rita@remote.example/{thought.id}")
    for link in OWN:
        assert link in page
    token = await create_token(services, ada)
    answer = await stranger.get(f"/api/v1/statuses/{thought.id}", headers={"authorization": f"Bearer {token}"})
    content = answer.json()["content"]
    assert 'href="https://other.example/@quin" class="u-url mention"' in content
    assert 'href="https://remote.example/tags/tea" class="mention hashtag"' in content


async def test_an_edit_brings_its_own_links(services: Services, stranger: Browser) -> None:
    _, rita = await _setting(services)
    thought = await hear(services, rita, "<p>nothing yet</p>")
    edited = remote_note(rita, SENT, id=thought.ap_id, tag=TAGS, updated=services.now().isoformat())
    await receive_edit(services, rita, edited)
    page = await stranger.page(f"/@rita@remote.example/{thought.id}")
    for link in OWN:
        assert link in page


async def test_html_that_is_sanitised_again_gets_its_links_again(services: Services, stranger: Browser) -> None:
    _, rita = await _setting(services)
    thought = await hear(services, rita, SENT, tag=TAGS)
    await execute(services, "UPDATE thoughts SET sanitiser = 0, page_html = NULL WHERE id = $1", thought.id)
    await periodic.sanitise_again(services)
    page = await stranger.page(f"/@rita@remote.example/{thought.id}")
    for link in OWN:
        assert link in page


async def test_what_we_write_ourselves_leads_to_our_pages_too(services: Services, stranger: Browser) -> None:
    ada, _ = await _setting(services)
    await make_person(services, "bob")
    thought = await publish_thought(services, ada, Draft("@quin@other.example and @bob on #tea"))
    page = await stranger.page(f"/@ada/{thought.id}")
    for link in ('"/@quin@other.example"', '"/@bob"', '"/tags/tea"'):
        assert f"<a href={link} " in page
    token = await create_token(services, ada)
    answer = await stranger.get(f"/api/v1/statuses/{thought.id}", headers={"authorization": f"Bearer {token}"})
    assert 'href="https://other.example/@quin" class="u-url mention"' in answer.json()["content"]
    feed = (await stranger.get("/@ada/feed.atom")).text
    assert f"{ORIGIN}/tags/tea" in feed
    assert "https://other.example/@quin" in feed


async def test_bios_and_fields_lead_to_our_pages(services: Services, stranger: Browser) -> None:
    link = (
        '<a href="https://other.example/@quin" class="u-url mention" rel="nofollow noopener" target="_blank">@quin</a>'
    )
    tag = '<a href="https://remote.example/tags/tea" class="hashtag" rel="nofollow noopener tag">#tea</a>'
    fields = [{"name": "Friend", "value": "@quin", "html": link, "verified_at": None}]
    await make_remote_person(services, "rita", bio_html=f"<p>{link} {tag}</p>", fields=fields)
    await sign_in(services, stranger, await make_person(services, "ada"))
    page = await stranger.page("/@rita@remote.example")
    assert page.count('<a href="/@quin@other.example" class="u-url mention">@quin</a>') == 2
    assert '<a href="/tags/tea" class="hashtag">#tea</a>' in page


async def test_a_stranger_is_told_how_to_find_somebody_nobody_knows_yet(stranger: Browser) -> None:
    answer = await stranger.get("/@quin@other.example")
    assert answer.status_code == 404
    assert "Sign in, and their server is asked" in answer.text
