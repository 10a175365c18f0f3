"""Take the pictures of the README: `make demo` in one terminal, `.venv/bin/python docs/screenshots.py` in another."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import async_playwright

ONE, TWO = "http://127.0.0.1:8001", "http://127.0.0.2:8002"
PASSWORD = "a demo password"  # noqa: S105 - the demo prints it
FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1280, 840
NAMES = [["127.0.0.1:8001", "quay.example"], ["127.0.0.2:8002", "tea.example"]]


@dataclass(frozen=True)
class Face:
    """Somebody of the demo, with the colours of their portrait: sky above, sky below, sun, hill."""

    origin: str
    username: str
    name: str
    bio: str
    colours: tuple[str, str, str, str]

    @property
    def handle(self) -> str:
        """How others write to them."""
        return f"@{self.username}@{self.origin.partition('://')[2]}"


ADA = Face(
    ONE, "ada", "Ada", "Counts things that have not been built yet.", ("#20304f", "#d98a6a", "#ffe3b0", "#182238")
)
GRACE = Face(ONE, "grace", "Grace", "Compiles by candlelight.", ("#f6d6a8", "#e98d6b", "#fff6dc", "#7b3f4c"))
NOOR = Face(TWO, "noor", "Noor نور", "Telescopes, mostly at night.", ("#0b1030", "#39437e", "#f4f1d0", "#070a1d"))
ALAN = Face(TWO, "alan", "Alan", "Runs far, thinks farther.", ("#bfe3d6", "#6fae9a", "#fdf8e4", "#2e6455"))
HEDY = Face(TWO, "hedy", "Hedy", "Hops between frequencies.", ("#f3c6d3", "#b56a91", "#fff0e0", "#5b2a55"))
TOMAS = Face(TWO, "tomas", "Tomás", "Bread, and what goes on it.", ("#fbe7b2", "#e8b04f", "#ffffff", "#8a5a1c"))
MEI = Face(TWO, "mei", "Mei", "Slow trains, strong tea.", ("#cfe0f5", "#87a9d8", "#ffffff", "#35527f"))
FACES = (ADA, GRACE, NOOR, ALAN, HEDY, TOMAS, MEI)

# Who says what, oldest first; minutes before the picture is taken.
STORY: tuple[tuple[Face, int, str, str], ...] = (
    (ALAN, 260, "", "Twenty-five kilometres along the river. Somewhere after the second bridge the proof fell into "
     "place. Nothing to write on, so I told it to the herons. #running"),
    (TOMAS, 190, "Food, very close up", "Three days of rye starter, one burnt crust, no regrets. #baking"),
    (ADA, 96, "", "Moved our little server to a machine the size of a sandwich today. It has been talking to the "
     "rest of the world ever since, and nobody noticed. That is the whole idea. #selfhosting"),
    (MEI, 41, "", "The 6:12 stops for four minutes at a station without a village. Today someone got off, and waved to "
     "all of us. #trains"),
    (NOOR, 12, "", "Saturn stood so sharp tonight that the neighbours queued at the telescope. A seven-year-old looked "
     "for a long time and asked: “Who put the ring on?” #astronomy"),
)  # fmt: skip


def draw_portrait(face: Face) -> bytes:
    """Draw a small landscape in somebody's colours."""
    above, below, sun, hill = face.colours
    size = 480
    picture = Image.composite(
        Image.new("RGB", (size, size), above), Image.new("RGB", (size, size), below),
        Image.linear_gradient("L").resize((size, size)).transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    )  # fmt: skip
    draw, number = ImageDraw.Draw(picture), sum(face.username.encode())
    left, radius = 90 + number % 190, 62 + number % 40
    draw.ellipse((left, 110, left + 2 * radius, 110 + 2 * radius), fill=sun)
    draw.ellipse((-260, 300 + number % 40, 330, 900), fill=hill)
    draw.ellipse((160, 330 - number % 50, 800, 940), fill=hill)
    with BytesIO() as file:
        picture.filter(ImageFilter.GaussianBlur(1.2)).save(file, "PNG")
        return file.getvalue()


class Visitor:
    """Somebody who fills in the forms of the pages."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.client = httpx.AsyncClient(base_url=face.origin, follow_redirects=True, timeout=30)

    async def send(self, page: str, action: str, fields: dict[str, str], **files: tuple[str, bytes, str]) -> str:
        """Open a page for its token, then send one of its forms."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', (await self.client.get(page)).text)
        if not found:
            raise SystemExit(f"{self.face.origin}{page} has no form. Does `make demo` run?")
        answer = await self.client.post(action, data=fields | {"csrf_token": found[1]}, files=files or None)
        if answer.status_code >= 400 and action != "/signup":
            raise SystemExit(f"{action} answered {answer.status_code}")
        return answer.text

    async def enter(self) -> None:
        """Sign up, or in when the demo made the account already; then put up a portrait."""
        name = self.face.username
        fields = {"username": name, "email": f"{name}@mail.example", "password": PASSWORD}
        await self.send("/signup", "/signup", fields)
        await self.send("/signin", "/signin", {"name": name, "password": PASSWORD, "next": "/home"})
        profile = {"display_name": self.face.name, "bio": self.face.bio, "discoverable": "1", "indexable": "1"}
        portrait = ("portrait.png", draw_portrait(self.face), "image/png")
        await self.send("/settings/profile", "/settings/profile", profile, avatar=portrait)

    async def press(self, page: str, action: str, **fields: str) -> None:
        """Press a button that stands on a page, found by a pattern."""
        text = (await self.client.get(page)).text
        if found := re.search(action, text):
            await self.send(page, found[0], {"next": page, **fields})

    async def see(self, page: str, pattern: str) -> str:
        """Wait until a page shows something, and return it."""
        async with asyncio.timeout(40):
            while not (found := re.search(pattern, (await self.client.get(page)).text, re.DOTALL)):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        return found[0]


async def tell(visitors: dict[Face, Visitor]) -> None:
    """Let everybody follow everybody, say their lines and like each other's."""
    for visitor in visitors.values():
        for face in visitors:
            if face is not visitor.face:
                page = f"/search?q={face.handle}"
                await visitor.press(page, r"/people/[0-9a-f-]{36}/follow(?=\")")
    reader = visitors[ADA]
    for face in visitors:
        if face is not ADA:
            await reader.see(f"/@{face.username if face.origin == ONE else face.handle[1:]}", "Unfollow")
    for face, _, warning, text in STORY:
        words = text[:24]
        if words not in (await visitors[face].client.get(f"/@{face.username}")).text:
            await visitors[face].send(
                "/compose", "/compose", {"source": text, "summary": warning, "visibility": "public", "lang": "en"}
            )
            await asyncio.sleep(1.1)  # peers learn the time of a thought in whole seconds
        for visitor in visitors.values():
            page = await visitor.see("/home", f"<article(?:(?!</article>).)*{re.escape(words)}.*?</article>")
            like = re.search(r"/thoughts/[0-9a-f-]{36}/like(?=\")", page)
            if like and (len(visitor.face.name) + len(words.split())) % 3:
                await visitor.send("/home", like[0], {"next": "/home"})
    await asyncio.sleep(2)  # likes travel


# The story is told within a minute, on addresses of this machine; the picture shows it as it would have happened.
_AS_IN_LIFE = """([story, names]) => {
  for (const article of document.querySelectorAll("article.thought")) {
    const line = story.find(([words]) => article.textContent.includes(words));
    if (!line) { article.remove(); continue; }
    article.querySelector("time").textContent = line[1] < 60 ? `${line[1]} min` : `${Math.floor(line[1] / 60)} h`;
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    for (const [address, name] of names) texts.currentNode.data = texts.currentNode.data.replaceAll(address, name);
}"""


async def photograph(scheme: str, file: Path) -> None:
    """Take one picture of Ada's home timeline."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
        page = await context.new_page()
        await page.goto(f"{ONE}/signin")
        await page.fill("#f-name", ADA.username)
        await page.fill("#f-password", PASSWORD)
        await page.click("main .button.ink")
        await page.wait_for_load_state("networkidle")
        story = [[text[:24], minutes] for _, minutes, _, text in STORY]
        await page.evaluate(_AS_IN_LIFE, [story, NAMES])
        await page.evaluate("document.activeElement.blur()")
        with BytesIO(await page.screenshot()) as raw:
            Image.open(raw).convert("P", palette=Image.Palette.ADAPTIVE, colors=255).save(file, optimize=True)
        await browser.close()


async def main() -> None:
    """Fill the demo, then take the pictures in both colour schemes."""
    visitors = {face: Visitor(face) for face in FACES}
    for visitor in visitors.values():
        await visitor.enter()
    await tell(visitors)
    for visitor in visitors.values():
        await visitor.client.aclose()
    await photograph("light", FOLDER / "screenshot.png")
    await photograph("dark", FOLDER / "screenshot-dark.png")


if __name__ == "__main__":
    asyncio.run(main())
