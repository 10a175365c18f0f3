"""A real Chromium, a person in front of it, and what must never happen on any page."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Request, Response

    from tests.live.instance import Instance

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDTHS = (320, 700, 1100, 1600)

# Whatever can be pressed or filled in and has no name that a screen reader could say; ids that occur twice; pictures
# without alt; headings that are missing.
_UNKIND = """() => {
  const found = [];
  const seen = element => element.checkVisibility({ visibilityProperty: true });
  const said = element => [
    element.getAttribute("aria-label"), element.title, element.placeholder, element.innerText,
    ...[...(element.labels ?? [])].map(label => label.innerText || label.textContent),
    ...[...element.querySelectorAll("img[alt], [aria-label]")].map(one => one.alt || one.ariaLabel),
    ...(element.getAttribute("aria-labelledby") ?? "").split(" ").map(id => document.getElementById(id)?.innerText),
  ].some(words => words?.trim());
  for (const element of document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary"
  )) if (seen(element) && !element.closest("[aria-hidden=true]") && !said(element)) found.push(`no name: ${element.outerHTML.slice(0, 120)}`);
  for (const image of document.querySelectorAll("img:not([alt])")) found.push(`no alt: ${image.src}`);
  const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push(`twice: #${id}`);
  for (const thought of document.querySelectorAll(".thought")) {
    const parts = [...thought.children].filter(part => seen(part) && !part.matches(".face"));
    const tops = parts.map(part => part.getBoundingClientRect().top);
    if (tops.some((top, at) => top < tops[at - 1])) found.push(`out of order: ${thought.innerText.slice(0, 60)}`);
  }
  if (document.querySelectorAll("h1").length !== 1) found.push(`${document.querySelectorAll("h1").length} h1`);
  return found;
}"""  # noqa: E501

# What is wider than the window, from the outermost element that is to blame.
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const wide = [...document.body.querySelectorAll("*")].filter(
    element => element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll, .sr"));
  return (wide[0] ?? document.body).outerHTML.slice(0, 160);
}"""


@dataclass
class Surfer:
    """Somebody with a browser window of their own, at one instance."""

    instance: Instance
    page: Page
    javascript: bool
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen for what a person would not see but a developer would be ashamed of."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(f"{self.page.url}: script error {error}"))
        self.page.on("requestfailed", self._lose)
        self.page.on("response", self._receive)

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium repeats the status of a refused page here; the statuses are judged in _receive.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.troubles.append(f"{self.page.url}: {message.text}")

    def _lose(self, request: Request) -> None:
        # A click that leaves the page ends what was still on its way.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{self.page.url}: {request.url} failed, {request.failure}")

    def _receive(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.troubles.append(f"{self.page.url}: {response.url} answered {response.status}")
        elif response.status >= 500:
            self.troubles.append(f"{response.url} answered {response.status}")

    async def open(self, path: str) -> int:
        """Go to an address of the instance; return the status."""
        answer = await self.page.goto(path if "://" in path else f"{self.instance.origin}{path}")
        assert answer is not None
        return answer.status

    @property
    def path(self) -> str:
        """Where the browser stands."""
        return self.page.url.removeprefix(self.instance.origin)

    async def fill(self, **fields: str) -> None:
        """Fill in what the labels name; `_` stands for a space."""
        for label, value in fields.items():
            await self.page.locator("main").get_by_label(label.replace("_", " ")).fill(value)

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        """Press a button of the page's content by its whole name."""
        await (within or self.page.locator("main")).get_by_role("button", name=name, exact=True).click()

    async def follow_link(self, name: str, *, within: Locator | None = None) -> None:
        """Follow a link of the page's content by its name."""
        await (within or self.page.locator("main")).get_by_role("link", name=name).first.click()

    def thought(self, text: str) -> Locator:
        """The thought with these words."""
        return self.page.get_by_role("article").filter(has_text=text).first

    async def choose(self, thought: Locator, *names: str) -> None:
        """Open a thought's menu and press what it offers, level by level."""
        await thought.locator("summary[aria-label=More]").click()
        for name in names:
            await thought.locator(".menu").get_by_text(name, exact=True).click()

    async def sees(self, text: str) -> None:
        """Expect words somewhere in the content."""
        await expect(self.page.locator("main")).to_contain_text(text)

    async def waits_for(self, path: str, text: str, *, timeout_s: float = 30.0) -> None:
        """Reload a page until it shows the words, as somebody does who waits for news."""
        async with asyncio.timeout(timeout_s):
            while True:
                await self.open(path)
                if text in await self.page.locator("main").inner_text():
                    return
                await asyncio.sleep(0.3)

    async def judge(self) -> list[str]:
        """Return what is wrong with how the page is made: names, ids, headings, and its width on every screen."""
        found = [f"{self.path}: {trouble}" for trouble in await self.page.evaluate(_UNKIND)]
        for width in WIDTHS:
            await self.page.set_viewport_size({"width": width, "height": 800})
            if wide := await self.page.evaluate(_TOO_WIDE):
                found.append(f"{self.path}: wider than {width} px: {wide}")
        return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def surfing(
    browser: Browser, instance: Instance, *, javascript: bool = True, **options: Any
) -> AsyncIterator[Surfer]:
    """Open a window with cookies of its own; at the end nothing may have gone wrong in it."""
    context = await browser.new_context(
        java_script_enabled=javascript, viewport={"width": 1280, "height": 900}, locale="en-GB", **options
    )
    context.set_default_timeout(10_000)
    surfer = Surfer(instance, await context.new_page(), javascript)
    yield surfer
    await context.close()
    if surfer.troubles:
        pytest.fail("\n".join(dict.fromkeys(surfer.troubles)))
