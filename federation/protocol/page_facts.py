"""What a web page says of itself: OpenGraph, Twitter's tags, JSON-LD, and the plain old title."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from federation.errors import Rejected
from federation.protocol.documents import as_list, timestamp
from federation.protocol.html_tree import CONTROLS, has_sane_shape

MAX_TITLE: Final = 500
MAX_DESCRIPTION: Final = 1000
MAX_NAME: Final = 200
MAX_URL: Final = 2048
MAX_SIDE: Final = 16_384

# A page whose head never ends is read so far.
_MAX_HEAD: Final = 256 * 1024
_MOST_TAGS: Final = 1000
_END_OF_HEAD: Final = re.compile(r"</head[\s>]|<body[\s>]", re.IGNORECASE)
_STRUCTURED: Final = "application/ld+json"
_MAX_STRUCTURED: Final = 65_536
_MOST_STRUCTURED: Final = 5
_ARTICLES: Final = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "TechArticle", "SocialMediaPosting", "WebPage"}
)
# Letters that would turn round what stands beside them: overrides and isolates of direction.
_TURNING: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_OEMBED: Final = frozenset({"application/json+oembed", "text/json+oembed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """Something to be shown in a frame of its own: an https address, never markup."""

    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page says: plain text without markup, and http addresses. `url` is where it says it is."""

    url: str
    title: str = ""
    description: str = ""
    language: str | None = None
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""
    provider_url: str = ""
    image_url: str | None = None
    image_alt: str = ""
    embed_url: str = ""
    player: Embed | None = None
    published_at: datetime | None = None
    creator: str | None = None
    """The handle that it names as its author's, still to be confirmed by them."""
    oembed_url: str | None = None


def read_page(html: str, *, url: str) -> PageFacts:
    """Read a page that came from `url`. Only its head is parsed; raises `Rejected` for one made to hurt the parser."""
    end = _END_OF_HEAD.search(html)
    head = html[: end.start() if end is not None else _MAX_HEAD]
    if not has_sane_shape(head):
        raise Rejected("The page is too deeply nested to be read.")
    tree = LexborHTMLParser(head)
    tags, article = _Tags.of(tree), _article(html)
    publisher = _first(article.get("publisher"))
    author = _first(article.get("author"))
    player = web_address(tags.get("twitter:player"), url)
    return PageFacts(
        url=_canonical(tree, tags, url),
        title=(
            clean(article.get("headline"), MAX_TITLE)
            or clean(tags.get("og:title", "twitter:title"), MAX_TITLE)
            or clean(_title(tree), MAX_TITLE)
        ),
        description=(
            clean(article.get("description"), MAX_DESCRIPTION)
            or clean(tags.get("og:description", "description", "twitter:description"), MAX_DESCRIPTION)
        ),
        language=_language(article.get("inLanguage"), tags.get("og:locale"), _language_of(tree)),
        author_name=clean(author.get("name"), MAX_NAME) or _name(tags.get("og:author", "article:author", "author")),
        author_url=web_address(author.get("url"), url) or web_address(tags.get("article:author"), url) or "",
        provider_name=(
            clean(publisher.get("name"), MAX_NAME) or clean(tags.get("og:site_name", "application-name"), MAX_NAME)
        ),
        provider_url=web_address(publisher.get("url"), url) or "",
        image_url=web_address(tags.get("og:image:secure_url", "og:image", "og:image:url", "twitter:image"), url),
        image_alt=clean(tags.get("og:image:alt", "twitter:image:alt"), MAX_DESCRIPTION),
        embed_url=web_address(tags.get("twitter:player:stream"), url) or "",
        player=_player(player, tags),
        published_at=timestamp(article.get("datePublished")) or timestamp(tags.get("article:published_time")),
        creator=clean(tags.get("fediverse:creator"), MAX_NAME) or None,
        oembed_url=_oembed(tree, url),
    )


def clean(value: Any, most: int) -> str:
    """Return text of others as one line that cannot reach beyond itself, at most so long; all else is no text."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * most].translate(CONTROLS).translate(_TURNING).split())
    line = line.encode("utf-8", "replace").decode()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def web_address(value: Any, base: str) -> str | None:
    """Return an address relative to `base` as a whole one; None for what is not plainly http or https."""
    if not isinstance(value, str) or not (value := value.strip()) or len(value) > MAX_URL:
        return None
    try:
        joined = urljoin(base, value)
        parts = urlsplit(joined)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    if not named or len(joined) > MAX_URL or re.search(r"[\s\x00-\x1f\x7f\"'<>`\\]", joined):
        return None
    return joined


def side(value: Any) -> int:
    """Return a width or height; 0 for what is none."""
    text = str(value).strip().removesuffix("px") if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MAX_SIDE else 0


@dataclass(frozen=True, slots=True)
class _Tags:
    """The meta elements of a page by name; the first of each counts."""

    found: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: LexborHTMLParser) -> _Tags:
        found: dict[str, str] = {}
        for node in tree.css("meta[content]")[:_MOST_TAGS]:
            content = (node.attributes.get("content") or "").strip()
            for attribute in ("property", "name"):
                name = (node.attributes.get(attribute) or "").strip().lower()
                if name and content:
                    found.setdefault(name, content)
        return cls(found)

    def get(self, *names: str) -> str | None:
        return next((self.found[name] for name in names if name in self.found), None)


def _title(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("title")
    return node.text() if node is not None else None


def _language_of(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("html")
    return node.attributes.get("lang") if node is not None else None


def _language(*claims: Any) -> str | None:
    for claim in claims:
        found = _LANGUAGE.match(claim.lower()) if isinstance(claim, str) else None
        if found is not None and not claim[found.end() :][:1].isalpha():
            return found[0]
    return None


def _name(value: str | None) -> str:
    # Facebook wants the author's page here.
    return "" if value is None or value.startswith(("http://", "https://")) else clean(value, MAX_NAME)


def _links(tree: LexborHTMLParser) -> Iterator[tuple[list[str], LexborNode]]:
    for node in tree.css("link[rel][href]")[:_MOST_TAGS]:
        yield (node.attributes.get("rel") or "").lower().split(), node


def _canonical(tree: LexborHTMLParser, tags: _Tags, url: str) -> str:
    """Return where the page says that it is: believed of addresses at its own origin alone."""
    claims = [node.attributes.get("href") for rel, node in _links(tree) if "canonical" in rel]
    claimed = web_address(next(iter(claims), None) or tags.get("og:url"), url)
    if claimed is None:
        return url
    there, here = urlsplit(claimed), urlsplit(url)
    if (there.scheme, there.netloc.lower()) != (here.scheme, here.netloc.lower()):
        return url
    # Some say of every page that it is their first one.
    if there.path in ("", "/") and here.path not in ("", "/"):
        return url
    return there._replace(fragment="").geturl()


def _oembed(tree: LexborHTMLParser, url: str) -> str | None:
    for rel, node in _links(tree):
        kind = (node.attributes.get("type") or "").strip().lower()
        if "alternate" in rel and kind in _OEMBED:
            return web_address(node.attributes.get("href"), url)
    return None


def _player(url: str | None, tags: _Tags) -> Embed | None:
    if url is None or not url.startswith("https://"):
        return None
    return Embed(
        url=url, width=side(tags.get("twitter:player:width")), height=side(tags.get("twitter:player:height"))
    )  # fmt: skip


def _article(html: str) -> dict[str, Any]:
    """Return the page's own JSON-LD description of its article, its texts unescaped; nothing when it has none."""
    for written in _structured(html):
        try:
            document = json.loads(written, strict=False)
        except (ValueError, RecursionError):
            continue
        graph = document.get("@graph") if isinstance(document, dict) else None
        for item in [*as_list(document), *as_list(graph)][:50]:
            if isinstance(item, dict) and not _ARTICLES.isdisjoint(
                kind for kind in as_list(item.get("@type")) if isinstance(kind, str)
            ):
                return _unescaped(item)
    return {}


def _structured(html: str) -> Iterator[str]:
    """Yield the first few JSON-LD scripts; found without a pattern that a page could make slow."""
    at = 0
    for _ in range(_MOST_STRUCTURED):
        if (at := html.find(_STRUCTURED, at)) < 0:
            return
        start = html.find(">", at, at + 300) + 1
        end = html.find("</script", start, start + _MAX_STRUCTURED) if start else -1
        if end > 0:
            yield html[start:end]
        at = max(at + len(_STRUCTURED), end)


def _unescaped(item: dict[str, Any]) -> dict[str, Any]:
    return {name: unescape(value) if isinstance(value, str) else value for name, value in item.items()}


def _first(value: Any) -> dict[str, Any]:
    """Return who or what a property names: the first of several, a bare name as one."""
    found = next(iter(as_list(value)), None)
    if isinstance(found, str):
        return {"name": unescape(found)}
    return _unescaped(found) if isinstance(found, dict) else {}
