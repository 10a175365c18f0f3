"""People at a real Chromium, with JavaScript and without, on two real instances that federate."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from PIL import Image

from tests.live.instance import PASSWORD, Instance, eventually, running_instance

pytest.importorskip("playwright", reason="playwright is not installed: pip install --group dev")

from playwright.async_api import expect

from tests.browser.refusing_host import RefusingHost, refusing_host
from tests.browser.surfing import CHROMIUM, Surfer, chromium, surfing

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.live,
    pytest.mark.xdist_group("live"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; on Debian: apt install chromium"),
]


@dataclass(frozen=True)
class World:
    """Two instances, a server that refuses everything, and a browser."""

    one: Instance
    two: Instance
    refuser: RefusingHost
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Start it all once: two servers and a Chromium take some seconds."""
    folder = tmp_path_factory.mktemp("browser")
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        refuser = await stack.enter_async_context(refusing_host("127.0.0.3"))
        places = []
        for name, address in (("one", "127.0.0.1"), ("two", "127.0.0.2")):
            place = running_instance(folder / name, address, THOUGHTS_REGISTRATION="open")
            places.append(await stack.enter_async_context(place))
        yield World(*places, refuser, browser)


def _portrait() -> bytes:
    with BytesIO() as file:
        Image.new("RGB", (300, 300), (20, 120, 120)).save(file, "PNG")
        return file.getvalue()


async def _sign_in(surfer: Surfer, name: str) -> None:
    await surfer.open("/signin")
    await surfer.fill(User_name=name, Password=PASSWORD)
    await surfer.press("Sign in")


async def _write(surfer: Surfer, text: str, *, audience: str = "Everyone, and it may travel") -> None:
    await surfer.open("/compose")
    await surfer.fill(Your_thought=text)
    await surfer.page.get_by_label("Who can read it").select_option(audience)
    await surfer.press("Post")
    await surfer.sees(text.rpartition(" ")[2])


async def _react(surfer: Surfer, text: str, *names: str) -> None:
    """Press buttons under a thought, one right after the other, and see all of them stay pressed."""
    buttons = [surfer.thought(text).get_by_role("button", name=name) for name in names]
    for button in buttons:
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")
    for button in buttons:
        await expect(button).not_to_have_attribute("aria-busy", "true")
        await expect(button).to_have_attribute("aria-pressed", "true")


async def _become_admin(surfer: Surfer) -> None:
    code = re.findall(r"enter the code (\w+)", surfer.instance.log.read_text())[-1]
    account = {"User_name": "keeper", "E-mail": "keeper@mail.example", "Password": PASSWORD}
    await surfer.open("/first-run")
    await surfer.fill(**{"One-time code": "00000000"}, **account)
    await surfer.press("Begin")
    await expect(surfer.page.get_by_label("One-time code")).to_have_attribute("aria-invalid", "true")
    await surfer.fill(**{"One-time code": code}, Password=PASSWORD)
    await surfer.press("Begin")
    await surfer.sees("This place is yours")
    await surfer.open("/first-run")
    assert surfer.path == "/home", "the page is there once"


async def _join(surfer: Surfer, name: str) -> None:
    await surfer.open("/signup")
    await surfer.fill(User_name="no spaces!", **{"E-mail": f"{name}@mail.example"}, Password=PASSWORD)
    await surfer.press("Join")
    await expect(surfer.page.get_by_label("User name")).to_have_attribute("aria-invalid", "true")
    await expect(surfer.page.get_by_label("E-mail")).to_have_value(f"{name}@mail.example")
    await surfer.fill(User_name=name, Password=PASSWORD)
    await surfer.press("Join")
    await surfer.sees(f"Welcome, @{name}.")
    await surfer.page.get_by_role("button", name="Sign out").locator("visible=true").click()
    await expect(surfer.page.get_by_role("heading", name="A quiet page")).to_be_visible()
    await _sign_in(surfer, name)
    await expect(surfer.page).to_have_url(f"{surfer.instance.origin}/home")


async def _speak(surfer: Surfer) -> None:
    """Post with everything the composer offers, then answer oneself."""
    await surfer.open("/compose")
    await surfer.fill(Your_thought="Der Hafen liegt im Nebel. #hafen")
    await surfer.page.locator("summary", has_text="Content warning").click()
    await surfer.fill(What_should_readers_know_first="Weather")
    await surfer.page.get_by_label("Who can read it").select_option("Everyone, but kept out of public timelines")
    await surfer.page.locator("summary", has_text="Language and quoting").click()
    await surfer.page.get_by_label("Language").select_option("de")
    await surfer.press("Post")
    posted = surfer.thought("Weather")
    await expect(posted.locator(".prose")).to_be_hidden()
    await posted.get_by_text("Weather").click()
    await expect(posted.locator(".prose[lang=de]")).to_contain_text("Der Hafen liegt im Nebel")
    await expect(posted.get_by_label("Quiet public")).to_be_visible()
    await posted.get_by_role("link", name="Reply").click()
    await surfer.fill(Your_answer="And now it lifts.")
    await surfer.press("Answer")
    await surfer.sees("And now it lifts.")


async def _meet(surfer: Surfer, other: Instance) -> None:
    """Find somebody on the other server by their handle, follow them, and read what they write next."""
    handle = f"penpal@{other.authority}"
    await surfer.open("/search")
    await surfer.page.locator("main").get_by_role("searchbox").fill(f"@{handle}")
    await surfer.page.keyboard.press("Enter")
    await surfer.press("Follow penpal")
    await surfer.waits_for(f"/@{handle}", "Following")
    name = surfer.page.url.removeprefix(surfer.instance.origin)
    assert name == f"/@{handle}"
    await other.post("penpal", "Greetings from the other side")
    await surfer.waits_for("/home", "Greetings from the other side")
    await _react(surfer, "Greetings", "Like", "Boost", "Bookmark")
    for kind in ("favourite", "reblog", "follow"):
        await eventually(lambda kind=kind: _notice(other, kind), what=f"the {kind} arrived")
    await surfer.open("/bookmarks")
    await surfer.sees("Greetings from the other side")


async def _notice(other: Instance, kind: str) -> bool:
    notices = await other.api("penpal", "GET", "/api/v1/notifications")
    return any(notice["type"] == kind for notice in notices)


async def _rewrite(surfer: Surfer) -> None:
    """Edit a thought, find the earlier version, delete it."""
    await _write(surfer, "The fog lifts at nien")
    await surfer.choose(surfer.thought("at nien"), "Edit")
    await surfer.fill(Your_thought="The fog lifts at nine")
    await surfer.press("Save")
    await surfer.sees("The fog lifts at nine")
    thought = surfer.thought("at nine")
    await thought.get_by_role("link").locator("time").first.click()
    await surfer.sees("edited")
    await surfer.choose(surfer.thought("at nine"), "Edit")
    await surfer.follow_link("Earlier versions")
    await expect(surfer.page.locator(".versions .prose")).to_have_text(
        ["The fog lifts at nine", "The fog lifts at nien"]
    )
    await surfer.follow_link("Back to the thought")
    gone = surfer.path
    await surfer.choose(surfer.thought("at nine"), "Delete …", "Delete this thought")
    await surfer.sees("Deleted")
    assert await surfer.open(gone) == 410
    await surfer.sees("gone")


async def _dress_up(surfer: Surfer, other: Instance) -> None:
    """Fill in the profile, its picture, its style and its friends; make a key."""
    await surfer.open("/settings/profile")
    await surfer.fill(Name="Ada of the Harbour", About_you="Counts ships. #hafen")
    await surfer.fill(**{"Label of line 1": "Home", "Text of line 1": "by the sea"})
    portrait = {"name": "me.png", "mimeType": "image/png", "buffer": _portrait()}
    await surfer.page.locator("#f-avatar").set_input_files(portrait)
    await surfer.press("Save the profile")
    await surfer.open("/settings/appearance")
    await surfer.page.locator("#f-custom_css").fill(
        ".person-name { color: rgb(200, 0, 100); background: url(http://tracker.example/) }"
    )
    await surfer.press("Save the style")
    await surfer.sees("Saved, except for")
    await surfer.open("/settings/top-friends")
    await surfer.fill(Friend_1=f"@penpal@{other.authority}")
    await surfer.press("Save the order")
    await surfer.open("/@ada")
    name = surfer.page.get_by_role("heading", name="Ada of the Harbour")
    await expect(name).to_have_css("color", "rgb(200, 0, 100)")
    portrait_now = surfer.page.get_by_role("img", name="Portrait of Ada")
    await expect(portrait_now).to_have_attribute("src", re.compile("/media/"))
    assert await portrait_now.evaluate("image => image.naturalWidth") > 0
    await expect(surfer.page.locator(".top-friends li")).to_have_count(1)
    await surfer.sees("by the sea")
    await surfer.follow_link("Show it plain")
    await expect(name).not_to_have_css("color", "rgb(200, 0, 100)")
    await surfer.open("/settings/api-keys")
    await surfer.page.get_by_label("What is it for?").fill("Weather bot")
    await surfer.press("Make a key")
    key = await surfer.page.locator(".fresh-key code").inner_text()
    answer = await surfer.instance.client.get(
        f"{surfer.instance.origin}/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.json()["username"] == "ada"
    await surfer.open("/settings/api-keys")
    assert key not in await surfer.page.content(), "a key is shown once"
    await surfer.press("Revoke Weather bot")
    await surfer.sees("No keys yet")


async def _wait_for_a_sleeper(surfer: Surfer, keeper: Surfer, other: Instance) -> None:
    """Write while the other server is away; read why it waits; let an admin send it when the server is back."""
    await other.stop()
    await _write(surfer, "Is anybody there?")
    await surfer.thought("Is anybody there?").locator("time").click()
    report = f"/thoughts/{surfer.path.rpartition('/')[2]}/delivery"
    await surfer.waits_for(report, "cannot be reached")
    await surfer.sees("We try again")
    await keeper.open("/admin/federation")
    row = keeper.page.get_by_role("row").filter(has_text=other.authority)
    await expect(row).to_contain_text("Does not answer")
    await other.start()
    await keeper.press("Retry now", within=row)
    await surfer.waits_for(report, "It reached every server.")

    async def arrived() -> bool:
        home = await other.api("penpal", "GET", "/api/v1/timelines/home")
        return any("Is anybody there?" in status["content"] for status in home)

    await eventually(arrived, what="what was written to a sleeping server arrived")


async def _revive(surfer: Surfer, keeper: Surfer, refuser: RefusingHost) -> None:
    """Write to a server that refuses; find the dead letter, look inside, send it again, see it resolved."""
    refuser.status, refuser.taken = 403, []
    await _write(surfer, f"{refuser.handle} a letter for you", audience="Only the people you mention")
    await keeper.waits_for("/admin/failed", refuser.authority)
    await keeper.page.get_by_role("table").get_by_role("link").first.click()
    await keeper.sees("refused it")
    await keeper.sees("We do not take letters from you.")
    await keeper.page.get_by_text("Show the activity").click()
    await keeper.sees("a letter for you")
    letter = keeper.path
    refuser.status = 202
    await keeper.press("Try again now")
    await keeper.waits_for(letter, "etried by keeper")
    await eventually(lambda: _taken(refuser), what="the revived letter arrived")
    assert b"a letter for you" in refuser.taken[0]
    await keeper.open("/admin/failed")
    await keeper.sees("Nothing has failed")
    await keeper.open("/admin/audit")
    await keeper.sees("keeper")


async def _taken(refuser: RefusingHost) -> bool:
    return bool(refuser.taken)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_newcomers_and_admins_do_everything(world: World, javascript: bool) -> None:
    home, other = (world.one, world.two) if javascript else (world.two, world.one)
    other.person("penpal")
    async with (
        surfing(world.browser, home, javascript=javascript) as keeper,
        surfing(world.browser, home, javascript=javascript) as ada,
    ):
        await _become_admin(keeper)
        await _join(ada, "ada")
        await _speak(ada)
        await _meet(ada, other)
        await other.find("penpal", f"@ada@{home.authority}")
        await _follow_back(other, home)
        await _rewrite(ada)
        await _dress_up(ada, other)
        await _wait_for_a_sleeper(ada, keeper, other)
        await _revive(ada, keeper, world.refuser)


async def _follow_back(other: Instance, home: Instance) -> None:
    account = await other.find("penpal", f"@ada@{home.authority}")
    await other.api("penpal", "POST", f"/api/v1/accounts/{account['id']}/follow")

    async def follows() -> bool:
        found = await other.api("penpal", "GET", "/api/v1/accounts/relationships", params={"id[]": account["id"]})
        return bool(found[0]["following"])

    await eventually(follows, what="the pen pal follows ada")


async def test_home_says_how_much_is_new(world: World) -> None:
    world.one.person("reader")
    async with surfing(world.browser, world.one) as reader:
        await _sign_in(reader, "reader")
        async with reader.page.expect_response("**/home/stream"):
            await reader.open("/home")
        bar = reader.page.locator("[data-stream]")
        await expect(bar).to_be_hidden()
        await world.one.post("reader", "From my phone")
        await expect(bar).to_have_text("1 new thought")
        await world.one.post("reader", "And again")
        await expect(bar).to_have_text("2 new thoughts")
        await bar.get_by_role("link").click()
        await reader.sees("And again")


async def test_a_keyboard_is_enough(world: World) -> None:
    world.one.person("kim")
    async with surfing(world.browser, world.one) as kim:
        await _sign_in(kim, "kim")
        await kim.open("/home")
        await kim.page.keyboard.press("Tab")
        assert await _focused(kim) == "Skip to the content"
        await kim.page.keyboard.press("Enter")
        assert await kim.page.evaluate("document.activeElement.id") == "main"
        await kim.open("/home")
        stops = [await _next_stop(kim) for _ in range(18)]
        wanted = ["Skip to the content", "Home", "Notifications", "Explore", "New thought", "Sign out"]
        assert [stop for stop in stops if stop in wanted] == wanted, "the order of the eyes"
        await kim.page.get_by_label("Your thought").focus()
        await kim.page.keyboard.type("Typed and sent without a mouse")
        await kim.page.keyboard.press("Control+Enter")
        await kim.sees("Your thought is out.")
        more = kim.thought("without a mouse").locator("summary[aria-label=More]")
        await more.focus()
        await kim.page.keyboard.press("Enter")
        await expect(kim.thought("without a mouse").get_by_role("link", name="Edit")).to_be_visible()
        await kim.page.keyboard.press("Escape")
        await expect(kim.thought("without a mouse").get_by_role("link", name="Edit")).to_be_hidden()
        await expect(more).to_be_focused()


async def _focused(surfer: Surfer) -> str:
    """Return the name of what has the focus, and make sure that one can see that it has."""
    name, outline = await surfer.page.evaluate(
        """() => {
          const element = document.activeElement;
          return [element.ariaLabel || element.innerText.trim() || element.placeholder || element.name,
            getComputedStyle(element).outlineStyle];
        }"""
    )
    assert outline != "none" or name == "Your thought", f"{name} has the focus, but does not look so"
    return str(name)


async def _next_stop(surfer: Surfer) -> str:
    await surfer.page.keyboard.press("Tab")
    return await _focused(surfer)


_EVERYWHERE = (
    "/", "/home", "/local", "/federated", "/explore", "/explore/tags", "/explore/people", "/search",
    "/search?q=fog", "/about", "/signin", "/signup", "/compose",
    "/notifications", "/bookmarks", "/follow-requests", "/tags/hafen", "/settings/profile", "/settings/appearance",
    "/settings/top-friends", "/settings/account", "/settings/sessions", "/settings/api-keys", "/settings/blocks",
    "/settings/filters", "/settings/apps", "/lists", "/tags", "/likes",
    "/admin", "/admin/federation", "/admin/failed", "/admin/failed?state=resolved", "/admin/people", "/admin/domains",
    "/admin/audit", "/nothing/here",
)  # fmt: skip
_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=[?&]q=)[^&]*|(?<=before=)[^&]*|(?<=next=)[^&]*")


async def test_every_page_is_well_made_on_every_screen(world: World) -> None:
    """Walk from page to page as an admin and as a stranger; of pages that differ only by an id, one is enough."""
    world.one.person("warden", admin=True)
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    await world.one.post("warden", f"{word}{word} https://long.example/{'path/' * 30} 🌊 مرحبا بالعالم")
    await world.one.post("warden", "Behind a warning", spoiler_text=word, visibility="unlisted")
    asked = await world.one.post("warden", "Fog or sun?", poll={"options": ["Fog", word[:50]], "expires_in": 86400})
    await world.one.api("warden", "POST", "/api/v1/lists", json={"title": word})
    found: list[str] = []
    for scheme, name in (("light", "warden"), ("dark", "")):
        async with surfing(world.browser, world.one, color_scheme=scheme) as surfer:
            if name:
                await _sign_in(surfer, name)
                await surfer.open(f"/thoughts/{asked['id']}/react")
                await surfer.press("👍")
            waiting, met = list(_EVERYWHERE), set()
            while waiting and len(met) < 90:
                path = waiting.pop(0)
                kind = _NUMBERS.sub("…", path)
                if kind in met:
                    continue
                met.add(kind)
                await surfer.open(path)
                found += await surfer.judge()
                waiting += await surfer.page.evaluate(
                    """() => [...document.querySelectorAll("a[href]")].filter(
                      a => a.origin === location.origin && a.getAttribute("href")[0] !== "#"
                        && !/\\.(atom|rss)$|^\\/(proxy|media)\\//.test(a.pathname)).map(a => a.pathname + a.search)"""
                )
            assert len(met) > (32 if name else 12), sorted(met)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_pictures_are_attached_described_and_shown(world: World, javascript: bool) -> None:
    name = f"painter{int(javascript)}"
    world.one.person(name)
    async with surfing(world.browser, world.one, javascript=javascript) as painter:
        await _sign_in(painter, name)
        await painter.open("/compose")
        await painter.fill(Your_thought="Look what I made")
        if not javascript:
            await painter.page.locator("summary[title='Pictures, video, sound']").click()
        chosen = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": _portrait()} for n in (1, 2)]
        await painter.page.locator("#files").set_input_files(chosen)  # type: ignore[arg-type]
        if not javascript:
            await painter.press("Attach")
        cards = painter.page.locator("[data-cards] fieldset")
        await expect(cards).to_have_count(2)
        await cards.nth(0).get_by_label("What is in the picture?").fill("A teal square")
        await cards.nth(1).get_by_role("button", name="Remove picture 2").click()
        await expect(cards).to_have_count(1)
        await expect(cards.nth(0).get_by_label("What is in the picture?")).to_have_value("A teal square")
        await cards.nth(0).get_by_label("Keep in view").select_option("The top")
        await painter.press("Post")
        await painter.open("/home")
        shown = painter.thought("Look what I made").locator("figure")
        await expect(shown).to_have_count(1)
        await expect(shown.locator("img")).to_have_attribute("alt", "A teal square")
        await expect(shown).to_have_class("y1")
        await shown.get_by_text("ALT").click()
        await expect(shown.get_by_text("A teal square")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_an_emoji_and_a_time_are_chosen_by_keyboard(world: World, javascript: bool) -> None:
    name = f"planner{int(javascript)}"
    world.one.person(name)
    async with surfing(world.browser, world.one, javascript=javascript, timezone_id="Asia/Kathmandu") as planner:
        await _sign_in(planner, name)
        await planner.open("/home")
        await planner.fill(Your_thought="Tomorrow then")
        await planner.page.locator("summary[title=Emojis]").focus()
        await planner.page.keyboard.press("Enter")
        if javascript:
            await planner.page.get_by_label("Find an emoji").fill("🎉")
            await planner.page.keyboard.press("Enter")
        else:
            await planner.press("Show the emojis")
            await planner.page.get_by_role("button", name="🎉").press("Enter")
        text = planner.page.get_by_label("Your thought")
        await expect(text).to_have_value(re.compile("Tomorrow then 🎉"))
        if javascript:
            await planner.page.get_by_label("Find an emoji").press("Escape")
            await expect(text).to_be_focused()
        await planner.page.locator("summary[title='Post later']").click()
        await planner.page.get_by_label("Post it at").fill("2029-01-31T12:00")
        zone = planner.page.get_by_label("Time zone")
        if javascript:
            await expect(zone).to_be_hidden()
        else:
            await zone.select_option("UTC+5:45")
        await planner.press("Schedule" if javascript else "Post")
        await planner.sees("31 January 2029 at 12:00" if javascript else "31 Jan 2029, 06:15 UTC")
        (kept,) = await world.one.api(name, "GET", "/api/v1/scheduled_statuses")
        assert kept["scheduled_at"] == "2029-01-31T06:15:00.000Z"
        await planner.page.get_by_role("link", name="Edit").click()
        shown = "2029-01-31T12:00" if javascript else "2029-01-31T06:15"
        await expect(planner.page.get_by_label("Post it at")).to_have_value(shown)
