"""Profile, pictures, style, top friends; and what the admin pages do."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from federation.actions.follows import follow_person
from storage import failed_events
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def ada(services: Services) -> Person:
    """Whose settings these are."""
    return await make_person(services, "ada")


@pytest.fixture
async def client(client_for: ClientFor, ada: Person) -> Browser:
    """Ada's browser."""
    return await client_for(ada)


def picture(size: tuple[int, int] = (64, 64), kind: str = "PNG", **options: Any) -> bytes:
    """Return a picture's bytes."""
    out = io.BytesIO()
    Image.new("RGB", size, (200, 120, 60)).save(out, kind, **options)
    return out.getvalue()


def bomb() -> bytes:
    """Return a small PNG that says it has 2.5 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


async def test_profile_is_saved_and_shown(client: Browser, stranger: Browser) -> None:
    form = {
        "display_name": "Ada Marsh", "bio": "Writes about #fog", "field_name_1": "Web",
        "field_value_1": "https://marsh.example", "locked": "1", "bot": "1", "discoverable": "1",
    }  # fmt: skip
    assert (await client.post("/settings/profile", form)).status_code == 303
    page = await stranger.page("/@ada")
    assert "Ada Marsh" in page
    assert 'href="https://marsh.example"' in page
    assert '<span class="tag">bot</span>' in page
    assert 'name="locked" value="1" checked' in await client.page("/settings/profile")
    assert "Ada Marsh" in await stranger.page("/explore/people?order=new")


async def test_refused_profile_keeps_what_was_typed(client: Browser) -> None:
    answer = await client.post("/settings/profile", {"display_name": "Ada", "bio": "x" * 161, "field_name_1": "Web"})
    assert answer.status_code == 422
    assert "1 character too long" in answer.text
    assert 'value="Web"' in answer.text


async def test_uploaded_picture_is_written_anew_and_served_apart(client: Browser, stranger: Browser) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = picture((900, 600), "JPEG", exif=exif)
    answer = await client.post("/settings/profile", {}, files={"avatar": ("me.svg", data, "image/svg+xml")})
    assert answer.status_code == 303
    page = await stranger.page("/@ada")
    address = page.partition('class="portrait" src="')[2].partition('"')[0]
    assert f'<meta property="og:image" content="{address}">' in page
    served = await stranger.get(address)
    assert served.headers["content-type"] == "image/webp"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert b"secret place" not in served.content
    assert max(Image.open(io.BytesIO(served.content)).size) == 400
    await client.post("/settings/profile", {"remove_avatar": "1"})
    assert address not in await stranger.page("/@ada")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "PNG, JPEG"),
        (b"<html><script>alert(1)</script>", "PNG, JPEG"),
        (picture()[:60], "damaged"),
        (bomb(), "too large"),
        (picture() + b"\0" * (5 * 1024 * 1024), "larger than 5 MB"),
    ],
    ids=["svg", "html", "cut", "bomb", "large"],
)
async def test_what_is_no_harmless_picture_is_refused(data: bytes, words: str, client: Browser, ada: Person) -> None:
    form = {"display_name": "Somebody else"}
    answer = await client.post("/settings/profile", form, files={"avatar": ("x.png", data, "image/png")})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Somebody else" not in await client.page("/@ada"), "all of the form is saved, or nothing"


async def test_upload_beyond_the_limit_is_cut_off(client: Browser) -> None:
    data = b"\0" * (10 * 1024 * 1024 + 1)
    answer = await client.post("/settings/profile", {}, files={"avatar": ("x.png", data, "image/png")})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/media/x", "/media/../app.py", "/proxy/zz", "/proxy/00", f"/media/{'0' * 64}"])
async def test_unknown_pictures_are_not_there(path: str, stranger: Browser) -> None:
    assert (await stranger.get(path)).status_code == 404


async def test_pictures_of_remote_people_come_through_the_proxy_alone(
    services: Services, client: Browser, ada: Person
) -> None:
    far = await make_remote_person(services, "far", avatar_url="https://remote.example/a.png")
    await follow_person(services, ada, far)
    page = await client.page("/@far@remote.example")
    assert "https://remote.example/a.png" not in page
    assert 'src="/proxy/' in page


async def test_style_is_served_sanitised_and_can_be_switched_off(client: Browser, stranger: Browser) -> None:
    css = ".person-name { color: teal; position: fixed } .person-bio { background: url(https://x.example/a.png) }"
    answer = await client.post("/settings/appearance", {"custom_css": css, "show_custom_css": "1"})
    assert "url()" in answer.text
    page = await stranger.page("/@ada")
    address = page.partition('<link rel="stylesheet" href="/@ada/style.css')[2].partition('"')[0]
    served = await stranger.get(f"/@ada/style.css{address}")
    assert served.headers["content-type"].startswith("text/css")
    assert ".person-theme .person-name" in served.text
    assert "teal" in served.text
    for refused in ("url(", "fixed", "x.example"):
        assert refused not in served.text
    assert "/@ada/style.css" not in await stranger.page("/@ada?css=off")
    await client.post("/settings/appearance", {"custom_css": ".person-name { color: teal }"})
    assert "/@ada/style.css" not in await client.page("/@ada")
    assert "/@ada/style.css" in await client.page("/@ada?css=on")


async def test_theme_is_kept_in_the_browser(stranger: Browser) -> None:
    assert (await stranger.post("/theme", {"theme": "dark", "next": "/about"})).headers["location"] == "/about"
    assert 'data-theme="dark"' in await stranger.page("/about")
    await stranger.post("/theme", {"theme": '"><script>'})
    assert 'data-theme="dark"' in await stranger.page("/about")


async def test_top_friends_are_people_one_follows(
    services: Services, client: Browser, ada: Person, stranger: Browser
) -> None:
    bob = await make_person(services, "bob")
    unknown = await client.post("/settings/top-friends", {"friend_1": "@bob", "friend_2": "@nobody"})
    assert "We could not find @nobody." in unknown.text
    assert "Follow bob first" in (await client.post("/settings/top-friends", {"friend_1": "@bob"})).text
    await follow_person(services, ada, bob)
    assert (await client.post("/settings/top-friends", {"friend_1": "@bob"})).status_code == 303
    assert 'class="top-friends"' in await stranger.page("/@ada")


async def test_blocked_and_muted_people_are_listed(services: Services, client: Browser) -> None:
    bob, eve = await make_person(services, "bob"), await make_person(services, "eve")
    await client.post(f"/people/{bob.id}/block")
    await client.post(f"/people/{eve.id}/mute")
    page = await client.page("/settings/blocks")
    assert f"/people/{bob.id}/unblock" in page
    assert f"/people/{eve.id}/unmute" in page


# --- Admin -----------------------------------------------------------------------------------------


@pytest.fixture
async def admin(services: Services, client_for: ClientFor) -> Browser:
    """An admin's browser."""
    return await client_for(await make_person(services, "root", role="admin"))


ADMIN_PAGES = ["", "/federation", "/failed", "/people", "/domains", "/audit"]


@pytest.mark.parametrize("page", ADMIN_PAGES)
async def test_admin_pages_are_for_admins(page: str, client: Browser, stranger: Browser, admin: Browser) -> None:
    await admin.page(f"/admin{page}")
    assert (await client.get(f"/admin{page}")).status_code == 403
    assert (await stranger.get(f"/admin{page}")).headers["location"].startswith("/signin?next=/admin")


@pytest.mark.parametrize("path", ["/admin/federation", "/admin/failed", "/admin/domains", "/admin/domains/unblock"])
async def test_admin_forms_are_for_admins(path: str, client: Browser, stranger: Browser) -> None:
    form = {"domain": "evil.example", "host": "evil.example", "action": "pause"}
    assert (await client.post(path, form)).status_code == 403
    assert (await stranger.post(path, form)).headers["location"] == "/signin"


async def test_nobody_lets_themselves_in_or_others_out(client: Browser, ada: Person) -> None:
    for verb in ("approve", "reject", "suspend", "unsuspend"):
        assert (await client.post(f"/admin/people/{ada.id}/{verb}")).status_code == 403


async def test_blocked_domain_is_listed_and_can_be_let_in_again(admin: Browser) -> None:
    assert (await admin.post("/admin/domains", {"domain": "not a domain"})).status_code == 422
    await admin.post("/admin/domains", {"domain": "Spam.Example", "reason": "Spam"})
    assert "<b>spam.example</b>" in await admin.page("/admin/domains")
    await admin.post("/admin/domains/unblock", {"domain": "spam.example"})
    page = await admin.page("/admin/domains")
    assert "<b>spam.example</b>" not in page
    assert "block domain" in await admin.page("/admin/audit")


async def test_host_is_paused_and_resumed(services: Services, admin: Browser) -> None:
    async with services.database.connection() as db:
        await db.execute("INSERT INTO instances (host, down_since) VALUES ('slow.example', now())")
    assert "Does not answer" in await admin.page("/admin/federation?state=troubled")
    await admin.post("/admin/federation", {"host": "slow.example", "action": "pause"})
    assert "slow.example" in await admin.page("/admin/federation?state=paused")
    await admin.post("/admin/federation", {"host": "slow.example", "action": "resume"})
    assert "slow.example" not in (await admin.page("/admin/federation?state=paused")).partition("<table")[2]
    await admin.post("/admin/federation", {"host": "slow.example", "action": "retry"})
    assert "slow.example" in await admin.page("/admin/federation?state=well")
    assert (await admin.post("/admin/federation", {"host": "x.example", "action": "pause"})).status_code == 404


async def _dead_letters(services: Services, count: int, host: str = "gone.example") -> list[str]:
    async with services.database.connection() as db:
        rows = await db.fetch(
            """INSERT INTO failed_events (kind, source_id, host, subject, error_class, last_status, answer, attempts)
            SELECT 'fetch', uuid7(now()), $2, 'Read actor ' || n, 'timeout', 504, '<h1>504</h1>',
                '[{"at": "2026-11-20T10:00:00+00:00", "status": 504, "error": "answered 504"}]'
            FROM generate_series(1, $1::int) n RETURNING id""",
            count,
            host,
        )
    return [str(row["id"]) for row in rows]


async def _open(services: Services) -> int:
    async with services.database.connection() as db:
        return await failed_events.count_failed_events(db, failed_events.Filter())


async def test_dead_letter_is_looked_into_retried_once_and_audited(services: Services, admin: Browser) -> None:
    (letter,) = await _dead_letters(services, 1)
    page = await admin.page(f"/admin/failed/{letter}")
    assert "&lt;h1&gt;504&lt;/h1&gt;" in page
    assert "gone.example does not answer in time." in page
    await admin.post("/admin/failed", {"ids": letter, "action": "retry"})
    assert "Retried by root" in await admin.page(f"/admin/failed/{letter}")
    await admin.post("/admin/failed", {"ids": letter, "action": "retry", "next": "/admin/failed"})
    assert "Nothing was left to do." in await admin.page("/admin/failed")
    assert (await admin.page("/admin/audit")).count("dead letter retried") == 1


async def test_chosen_and_matching_dead_letters_are_discarded(services: Services, admin: Browser) -> None:
    letters = await _dead_letters(services, 3)
    await _dead_letters(services, 2, "other.example")
    await admin.post("/admin/failed", {"ids": letters[:2], "action": "discard"})
    assert await _open(services) == 3
    await admin.post("/admin/failed", {"host": "other.example", "action": "discard-matching"})
    assert await _open(services) == 1
    assert "A profile on gone.example could not be read" in await admin.page("/admin/failed?state=resolved")
    await admin.post("/admin/failed", {"action": "retry-matching"})
    assert await _open(services) == 0


async def test_dead_letters_are_filtered_and_paged(services: Services, admin: Browser) -> None:
    await _dead_letters(services, 55)
    await _dead_letters(services, 1, "other.example")
    page = await admin.page("/admin/failed?host=gone.example&kind=fetch&error=timeout")
    assert "55 match" in page
    assert "other.example" not in page
    older = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert (await admin.page(older)).count('name="ids"') == 5
    assert "Nothing matches" in await admin.page("/admin/failed?age=month")
