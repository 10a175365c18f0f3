"""Preview cards: read in the background through the guard, once for everybody, and at nobody's cost."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from federation.actions import cards, hosts
from federation.actions.edit_thought import Revision, edit_thought
from federation.actions.receive_thought import receive_edit
from federation.actions.timelines import get_entry
from federation.remote import previews
from federation.settings import AllowedNetwork
from storage import retention
from tests.acting import execute, hear, remote_note, say, scalar
from tests.media.samples import picture
from tests.remote.fediverse import Host, running
from tests.services_fixture import make_person, make_remote_person, make_settings

if TYPE_CHECKING:
    from pathlib import Path

    from federation.services import Services
    from federation.settings import Settings
    from storage.cards import Card
    from storage.people import Person
    from storage.thoughts import Thought

HTML = "text/html; charset=utf-8"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An instance that may reach two loopback addresses of all private ones."""
    return make_settings(
        tmp_path,
        allow_networks=(AllowedNetwork(ip_network("127.0.0.4/32")), AllowedNetwork(ip_network("127.0.0.6/32"))),
    )


@pytest.fixture
async def site() -> AsyncIterator[Host]:
    """A web site that may be read."""
    async with running("127.0.0.4") as host:
        yield host


@pytest.fixture
async def inner() -> AsyncIterator[Host]:
    """A service on the inside, which nobody may be sent to."""
    async with running("127.0.0.5") as host:
        host.put("/", "<title>Secret</title>", HTML)
        yield host


@pytest.fixture
async def ann(services: Services) -> Person:
    """Somebody of ours."""
    return await make_person(services, "ann")


async def read(services: Services) -> None:
    """Let time pass until every link is due, and work them off."""
    await execute(services, "UPDATE links SET due_at = now() WHERE due_at IS NOT NULL AND lease IS NULL")
    await cards.drain(services)


async def card_of(services: Services, thought: Thought) -> Card | None:
    shown = await get_entry(services, None, thought.id)
    link_id = shown.entries[0].thought.link_id
    return shown.cards.get(link_id) if link_id is not None else None


async def read_card(services: Services, author: Person, url: str) -> Card | None:
    thought = await say(services, author, f"Look: {url}")
    await read(services)
    return await card_of(services, thought)


async def test_local_thought_gets_its_card_at_once(services: Services, ann: Person, site: Host) -> None:
    site.put("/a", "<title>Fog</title><meta property=og:image content=/fog.png>", HTML)
    site.put("/fog.png", picture((1280, 640)), "image/png")
    thought = await say(services, ann, f"Look: {site.origin}/a")
    assert await cards.drain(services) == 1
    card = await card_of(services, thought)
    assert card is not None
    assert (card.title, card.type, card.url, card.host) == ("Fog", "link", f"{site.origin}/a", site.authority)
    assert card.image_url == f"{site.origin}/fog.png"
    assert card.blurhash is not None
    assert 0 < card.height < card.width <= 1280
    assert site.count("/fog.png") == 1


async def test_remote_thought_waits_for_a_random_part_of_a_minute(services: Services, site: Host) -> None:
    site.put("/a", "<title>Fog</title>", HTML)
    bob = await make_remote_person(services, "bob")
    thoughts = [await hear(services, bob, f'<p><a href="{site.origin}/a?{n}">x</a></p>') for n in range(20)]
    assert await cards.drain(services) == 0
    waits = await scalar(
        services, "SELECT array_agg(extract(epoch FROM due_at - now()) ORDER BY due_at)::float8[] FROM links"
    )
    assert 0 < waits[0] < waits[-1] <= 60
    assert waits[-1] - waits[0] > 10
    await read(services)
    assert await card_of(services, thoughts[7]) is None
    site.put("/a?7", "<title>Fog</title>", HTML)
    await execute(services, "UPDATE links SET read_at = now() - interval '2 days'")
    again_said = await hear(services, bob, f'<p><a href="{site.origin}/a?7">x</a></p>')
    await read(services)
    for thought in (thoughts[7], again_said):
        found = await card_of(services, thought)
        assert found is not None


async def test_page_is_read_once_for_everybody(services: Services, ann: Person, site: Host) -> None:
    site.put("/a", "<title>Fog</title>", HTML)
    bob = await make_remote_person(services, "bob")
    thoughts = [
        await say(services, ann, f"{site.origin}/a"),
        await hear(services, bob, f'<a href="{site.origin}/a#part">x</a>'),
        await say(services, ann, f"Again {site.origin}/a"),
    ]
    await asyncio.gather(read(services), read(services))
    thoughts.append(await say(services, ann, f"And again {site.origin}/a"))
    await read(services)
    found = [await card_of(services, thought) for thought in thoughts]
    assert len({card.id for card in found if card is not None}) == 1
    assert None not in found
    assert site.count("/a") == 1


async def test_addresses_of_one_page_share_its_card(services: Services, ann: Person, site: Host) -> None:
    for path in ("/a?from=x", "/a"):
        site.put(path, "<title>Fog</title><link rel=canonical href=/a>", HTML)
    first = await read_card(services, ann, f"{site.origin}/a?from=x")
    second = await read_card(services, ann, f"{site.origin}/a")
    assert first is not None
    assert second is not None
    assert (first.id, first.url) == (second.id, f"{site.origin}/a")


async def test_page_that_only_claims_an_address_changes_nothing_there(
    services: Services, ann: Person, site: Host
) -> None:
    site.put("/evil", "<title>Evil</title><link rel=canonical href=/a>", HTML)
    site.put("/a", "<title>Fog</title>", HTML)
    assert await read_card(services, ann, f"{site.origin}/evil") is not None
    fog = await read_card(services, ann, f"{site.origin}/a")
    assert fog is not None
    assert fog.title == "Fog"
    await execute(services, "UPDATE links SET read_at = now() - interval '1 month'")
    evil = await read_card(services, ann, f"{site.origin}/evil")
    assert evil is not None
    assert (evil.id, evil.title) == (fog.id, "Fog")


async def test_addresses_of_one_page_are_read_at_one_time(services: Services, ann: Person, site: Host) -> None:
    for number in range(8):
        site.put(f"/a?{number}", "<title>Fog</title><link rel=canonical href=/a>", HTML)
    site.put("/a", "<title>Fog</title>", HTML)
    thoughts = [await say(services, ann, f"{site.origin}/a{rest}") for rest in ("", *(f"?{n}" for n in range(7)))]
    assert await cards.drain(services) == 8
    found = [await card_of(services, thought) for thought in thoughts]
    assert len({card.id if card is not None else None for card in found}) == 1
    assert found[0] is not None


async def test_old_card_is_read_again_when_somebody_links_there(services: Services, ann: Person, site: Host) -> None:
    site.put("/a", "<title>Fog</title>", HTML)
    assert await read_card(services, ann, f"{site.origin}/a") is not None
    await execute(services, "UPDATE links SET read_at = now() - interval '15 days'")
    site.put("/a", "<title>Sun</title>", HTML)
    card = await read_card(services, ann, f"{site.origin}/a")
    assert card is not None
    assert card.title == "Sun"
    await execute(services, "UPDATE links SET read_at = now() - interval '15 days'")
    site.answers.clear()
    card = await read_card(services, ann, f"{site.origin}/a")
    assert card is not None
    assert card.title == "Sun"


async def test_edit_changes_the_card_with_the_link(services: Services, ann: Person, site: Host) -> None:
    for name in ("a", "b"):
        site.put(f"/{name}", f"<title>{name}</title>", HTML)
    thought = await say(services, ann, f"{site.origin}/a")
    await read(services)
    await edit_thought(services, ann, thought.id, Revision(f"{site.origin}/b"))
    await read(services)
    card = await card_of(services, thought)
    assert card is not None
    assert card.title == "b"
    await edit_thought(services, ann, thought.id, Revision("nothing"))
    assert await card_of(services, thought) is None


async def test_edit_of_a_remote_thought_changes_its_card(services: Services, site: Host) -> None:
    site.put("/b", "<title>b</title>", HTML)
    bob = await make_remote_person(services, "bob")
    thought = await hear(services, bob, f'<a href="{site.origin}/a">x</a>')
    later = remote_note(bob, f'<a href="{site.origin}/b">x</a>', id=thought.ap_id, updated="2099-01-01T00:00:00Z")
    assert (await receive_edit(services, bob, later)).ignored == ""
    await read(services)
    card = await card_of(services, thought)
    assert card is not None
    assert card.title == "b"


async def test_people_quotes_files_and_our_own_pages_are_not_read(services: Services, ann: Person, site: Host) -> None:
    bob = await make_remote_person(services, "bob", host=site.authority, ap_id=f"{site.origin}/users/bob")
    quoted = await hear(services, bob, id=f"{site.origin}/notes/1")
    cat = {"type": "Document", "mediaType": "image/png", "url": f"{site.origin}/cat.png"}
    tag = {"type": "Mention", "href": bob.ap_id}
    text = f'<a href="{bob.ap_id}">Bob</a> <a href="{site.origin}/cat.png">cat</a> <a href="{quoted.ap_id}">RE</a>'
    await hear(services, bob, text, tag=[tag], attachment=[cat], quote=quoted.ap_id)
    await say(services, ann, f"{services.settings.origin}/@ann")
    assert await scalar(services, "SELECT count(*) FROM links") == 0


async def test_failed_page_costs_the_thought_nothing(services: Services, ann: Person, site: Host) -> None:
    site.fail("/broken", 500)
    assert await read_card(services, ann, f"{site.origin}/broken") is None
    for _ in range(4):
        await read(services)
    assert site.count("/broken") == 3
    assert await scalar(services, "SELECT count(*) FROM links WHERE due_at IS NOT NULL") == 0
    assert await read_card(services, ann, f"{site.origin}/broken") is None
    assert site.count("/broken") == 3
    assert await scalar(services, "SELECT count(*) FROM failed_events") == 0


async def test_late_worker_changes_nothing(services: Services, ann: Person, site: Host) -> None:
    site.put("/a", "<title>Fog</title>", HTML)
    thought = await say(services, ann, f"{site.origin}/a")
    answers = site.hang("/a")
    late = asyncio.create_task(cards.drain(services))
    while not site.count("/a"):
        await asyncio.sleep(0.01)
    await execute(services, "UPDATE links SET due_at = now(), lease = NULL")
    answers.set()
    await late
    assert site.count("/a") == 2
    assert await card_of(services, thought) is not None


async def test_video_and_photo_come_from_oembed(services: Services, ann: Person, site: Host) -> None:
    frame = '<iframe src="https://v.example/1" width="560" height="315"></iframe>'
    for kind, facts in (
        ("video", {"html": f"<b>{frame}</b>", "author_name": "Vera", "provider_name": "V"}),
        ("photo", {"url": "/photo.png", "width": 640, "height": 480}),
    ):
        link = f"<link rel=alternate type=application/json+oembed href=/oembed?{kind}>"
        site.put(f"/{kind}", f"<title>{kind}</title>{link}", HTML)
        site.put(f"/oembed?{kind}", {"type": kind, "version": "1.0"} | facts, "application/json")
    site.put("/photo.png", picture((640, 480)), "image/png")
    video = await read_card(services, ann, f"{site.origin}/video")
    assert video is not None
    assert (video.type, video.width, video.height, video.author_name) == ("video", 560, 315, "Vera")
    assert video.html.startswith('<iframe src="https://v.example/1" width="560" height="315" sandbox=')
    photo = await read_card(services, ann, f"{site.origin}/photo")
    assert photo is not None
    assert (photo.type, photo.html, photo.width, photo.height) == ("photo", "", 640, 480)
    assert photo.embed_url == photo.image_url == f"{site.origin}/photo.png"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Тест</title>".encode("windows-1251"), "text/html; charset=windows-1251"),
        ('<meta charset="windows-1251"><title>Тест</title>'.encode("windows-1251"), "text/html"),
        ("<title>Тест</title>".encode("utf-16"), "text/html"),
        ("<title>Тест</title>".encode(), "text/html; charset=nonsense"),
        ("<title>Тест</title>".encode(), "application/xhtml+xml"),
    ],
)
async def test_page_is_read_in_its_own_encoding(
    services: Services, ann: Person, site: Host, body: bytes, content_type: str
) -> None:
    site.put("/a", body, content_type)
    card = await read_card(services, ann, f"{site.origin}/a")
    assert card is not None
    assert card.title == "Тест"


async def test_author_is_shown_when_they_name_the_site(services: Services, ann: Person, site: Host) -> None:
    creator = f'<meta name="fediverse:creator" content="@ann@{services.settings.account_domain}">'
    site.put("/a", f"<title>Fog</title>{creator}", HTML)
    card = await read_card(services, ann, f"{site.origin}/a")
    assert card is not None
    assert (card.author_id, card.author_agrees) == (ann.id, False)
    await execute(
        services,
        "INSERT INTO preferences (user_id, attribution_domains) VALUES ($1, ARRAY[$2])", ann.id, site.authority,
    )  # fmt: skip
    await execute(services, "UPDATE links SET read_at = now() - interval '15 days'")
    card = await read_card(services, ann, f"{site.origin}/a")
    assert card is not None
    assert card.author_agrees


class TestSafety:
    """What the worker must not be led to do."""

    @pytest.mark.parametrize(
        "url", ["https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://localhost/"]
    )
    async def test_private_addresses_are_not_read(self, services: Services, ann: Person, url: str) -> None:
        assert await read_card(services, ann, url) is None
        assert await scalar(services, "SELECT count(*) FROM preview_cards") == 0

    async def test_inner_service_is_not_read(self, services: Services, ann: Person, inner: Host) -> None:
        assert await read_card(services, ann, f"{inner.origin}/") is None
        assert inner.asked == []

    async def test_redirect_to_an_inner_service_is_not_followed(
        self, services: Services, ann: Person, site: Host, inner: Host
    ) -> None:
        site.redirect("/a", f"{inner.origin}/")
        assert await read_card(services, ann, f"{site.origin}/a") is None
        assert site.count("/a") == 1
        assert inner.asked == []

    async def test_pictures_and_oembed_answers_of_inner_services_are_not_read(
        self, services: Services, ann: Person, site: Host, inner: Host
    ) -> None:
        head = f"""<meta property=og:image content="{inner.origin}/i.png">
            <link rel=alternate type=application/json+oembed href="{inner.origin}/o">"""
        site.put("/a", f"<title>Fog</title>{head}", HTML)
        card = await read_card(services, ann, f"{site.origin}/a")
        assert card is not None
        assert card.image_url is None
        assert inner.asked == []

    async def test_refused_hosts_are_never_asked(self, services: Services, ann: Person, site: Host) -> None:
        async with running("127.0.0.6") as other:
            other.put("/a", "<title>Fog</title>", HTML)
            other.put("/i.png", picture(), "image/png")
            site.redirect("/away", f"{other.origin}/a")
            site.put("/near", f'<title>Fog</title><meta property=og:image content="{other.origin}/i.png">', HTML)
            root = await make_person(services, "root", role="admin")
            await hosts.block_domain(services, "127.0.0.6", "", by=root)
            assert await read_card(services, ann, f"{other.origin}/a") is None
            assert await read_card(services, ann, f"{site.origin}/away") is None
            near = await read_card(services, ann, f"{site.origin}/near")
            assert near is not None
            assert near.image_url is None
            assert other.asked == []

    async def test_of_a_huge_page_the_beginning_is_read(self, services: Services, ann: Person, site: Host) -> None:
        bomb = b"<title>Fog</title></head>" + b" " * (64 * previews.MAX_PAGE_BYTES)
        site.put("/a", gzip.compress(bomb), HTML, **{"Content-Encoding": "gzip"})
        card = await read_card(services, ann, f"{site.origin}/a")
        assert card is not None
        assert card.title == "Fog"
        site.put("/late", b" " * previews.MAX_PAGE_BYTES + b"<title>Fog</title>", HTML)
        assert await read_card(services, ann, f"{site.origin}/late") is None

    async def test_huge_oembed_answer_is_not_read(self, services: Services, ann: Person, site: Host) -> None:
        site.put("/a", "<title>Fog</title><link rel=alternate type=application/json+oembed href=/o>", HTML)
        site.put("/o", {"type": "link", "author_name": "Ann", "x": "x" * previews.MAX_OEMBED_BYTES}, "application/json")
        card = await read_card(services, ann, f"{site.origin}/a")
        assert card is not None
        assert card.author_name == ""

    async def test_slow_page_is_given_up(
        self, services: Services, ann: Person, site: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(previews, "PAGE_TIMEOUT_S", 0.2)
        answers = site.hang("/a")
        async with asyncio.timeout(5):
            assert await read_card(services, ann, f"{site.origin}/a") is None
        answers.set()
        assert await scalar(services, "SELECT due_at > now() FROM links")

    @pytest.mark.parametrize("content_type", ["application/pdf", "text/plain", "image/svg+xml", "application/json", ""])
    async def test_other_documents_than_pages_are_not_read(
        self, services: Services, ann: Person, site: Host, content_type: str
    ) -> None:
        site.put("/a", "<title>Fog</title>", content_type)
        assert await read_card(services, ann, f"{site.origin}/a") is None

    async def test_hostile_page_leaves_text_and_web_addresses_alone(
        self, services: Services, ann: Person, site: Host
    ) -> None:
        head = """<meta property=og:title content="&lt;img src=x onerror=alert(1)&gt;\u202eFog">
            <meta property=og:description content="&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;">
            <meta property=og:image content="javascript:alert(1)"><meta name=twitter:player content="data:text/html,x">
            <script type="application/ld+json">{"@type":"Article","author":{"name":"A","url":"javascript:alert(1)"},
            "publisher":{"name":"P","url":"data:text/html,x"}}</script>
            <link rel=canonical href="javascript:alert(1)">"""
        site.put("/a", head, HTML)
        card = await read_card(services, ann, f"{site.origin}/a")
        assert card is not None
        assert (card.title, card.url) == ("<img src=x onerror=alert(1)>Fog", f"{site.origin}/a")
        assert (card.image_url, card.html, card.author_url, card.provider_url, card.embed_url) == (None, "", "", "", "")

    async def test_page_that_would_hurt_the_parser_gets_no_card(
        self, services: Services, ann: Person, site: Host
    ) -> None:
        site.put("/a", "<title>x</title>" + "".join(f"<b a{n}>" for n in range(2000)) + "<p>" * 2000, HTML)
        assert await read_card(services, ann, f"{site.origin}/a") is None

    async def test_picture_that_is_none_is_left_out(self, services: Services, ann: Person, site: Host) -> None:
        site.put("/a", "<title>Fog</title><meta property=og:image content=/fog.svg>", HTML)
        site.put("/fog.svg", "<svg onload=alert(1)>", "image/png")
        card = await read_card(services, ann, f"{site.origin}/a")
        assert card is not None
        assert (card.image_url, card.width, card.blurhash) == (None, 0, None)


async def test_unused_links_and_cards_go_with_their_pictures(services: Services, ann: Person, site: Host) -> None:
    site.put("/a", "<title>Fog</title><meta property=og:image content=/fog.png>", HTML)
    site.put("/fog.png", picture(), "image/png")
    assert await read_card(services, ann, f"{site.origin}/a") is not None

    async def sweep() -> list[int]:
        async with services.database.transaction() as db:
            return [await retention.run_batch(db, name, limit=10) for name in ("unused links", "unused preview cards")]

    await execute(services, "UPDATE links SET read_at = now() - interval '31 days'")
    await execute(services, "UPDATE preview_cards SET updated_at = now() - interval '31 days'")
    assert await sweep() == [0, 0]
    await execute(services, "DELETE FROM thoughts")
    assert await sweep() == [1, 1]
    gone = "SELECT used_at = to_timestamp(0) FROM proxied_media WHERE url = $1"
    assert await scalar(services, gone, f"{site.origin}/fog.png")
