"""What a person here types, and the HTML that is stored and sent: links, mentions, hashtags, paragraphs.

Resolving a mention may ask another server, so it happens between two calls: `find_mentions` names the
handles, the caller looks them up, `render_source` writes those that were found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import chain
from typing import Final
from urllib.parse import quote

from linkify_it import LinkifyIt

from federation.protocol.handles import Handle
from federation.protocol.sanitise import paragraphs, safe_link

MAX_TAGS: Final = 100
MAX_TAG_CHARS: Final = 100
# What a link counts, however long it is: Mastodon's figure, which apps rely on.
LINK_CHARS: Final = 23
_MAX_COUNTED_LINK: Final = 2048  # longer ones count in full
_MAX_CLUSTER: Final = 16
_SHOWN_LINK_CHARS: Final = 30
_REL: Final = "nofollow noopener"

_CODE: Final = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MENTION: Final = re.compile(
    r"(?<![\w@/=])@(?:"
    r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
    r"@(?:\[[0-9A-Fa-f:.]+\]|\w(?:[\w.-]*\w)?)(?::[0-9]{1,5}(?![0-9]))?"
    # A name of ours has neither dot nor hyphen: `@ann.lee` is somebody else, `@ann...` is ann.
    r"|[A-Za-z0-9_]{1,32}(?![A-Za-z0-9_@])(?![.-][A-Za-z0-9_]))"
)
_TAG_START: Final = re.compile(r"(?<![\w/)&=#])#")
_TAG_JOINERS: Final = frozenset("·・\u200c")  # middle dots, zero-width non-joiner: within a hashtag only
_LINK_PREFIX: Final = re.compile(r"https?://(?:www\.)?|xmpp:", re.IGNORECASE)
_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag: `name` is its identity, `display` its letters as first typed."""

    name: str
    display: str


@dataclass(frozen=True, slots=True)
class MentionTarget:
    """Whom a handle turned out to be: the page of their profile and their handle."""

    url: str
    handle: Handle


@dataclass(frozen=True, slots=True)
class _Entity:
    """A stretch of the source that means something: exactly one of the three is set."""

    start: int
    end: int
    url: str = ""
    mention: Handle | None = None
    tag: Tag | None = None


def _make_linkifier() -> LinkifyIt:
    linkifier = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    for unwanted in ("ftp:", "//", "mailto:"):
        linkifier.add(unwanted, None)
    linkifier.add("gemini:", "http:")
    linkifier.add("xmpp:", {"validate": re.compile(r"^[^\s@<>/?#]{1,255}@[^\s<>]{0,255}[\w/]")})
    linkifier.add("magnet:", {"validate": re.compile(r"^\?[^\s<>\"']{0,2000}[\w/&=]")})
    return linkifier


_LINKIFIER: Final = _make_linkifier()


def normalise_source(source: str) -> str:
    """Return typed text as it is stored: NFC, line feeds only, no control characters, no blank ends."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", source).translate(_CONTROLS).strip()


def normalise_tag(name: str) -> str | None:
    """Return the identity of a hashtag given with or without #, from anywhere; None when it is not one."""
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.removeprefix("#")).casefold())
    valid = 0 < _tag_length(name) == len(name) <= MAX_TAG_CHARS
    return name if valid else None


def tag_url(origin: str, name: str) -> str:
    """Return the page of a hashtag on this server."""
    return f"{origin}/tags/{quote(name, safe='')}"


def find_mentions(source: str) -> list[Handle]:
    """Return the handles mentioned, each once, in order; none from links, e-mail addresses or code."""
    return list(dict.fromkeys(e.mention for e in _entities(normalise_source(source)) if e.mention is not None))


def find_links(source: str) -> list[str]:
    """Return the addresses linked to, each once, in order; none from code."""
    return list(dict.fromkeys(entity.url for entity in _entities(normalise_source(source)) if entity.url))


def find_tags(source: str) -> list[Tag]:
    """Return the first hundred hashtags, each once, in order."""
    tags: dict[str, Tag] = {}
    for entity in _entities(normalise_source(source)):
        if entity.tag is not None and len(tags) < MAX_TAGS:
            tags.setdefault(entity.tag.name, entity.tag)
    return list(tags.values())


def excess(length: int, most: int) -> str:
    """Say by how much a text is too long."""
    return "1 character" if length == most + 1 else f"{length - most} characters"


def count_characters(source: str) -> int:
    """Return the length as Mastodon counts it.

    A link is 23, a remote mention its local part, a letter with its marks or a composed emoji one.
    """
    source = normalise_source(source)
    pieces: list[str] = []
    at = 0
    for entity in _entities(source):
        if entity.url:
            pieces += (
                source[at : entity.start],
                "x" * (LINK_CHARS if len(entity.url) <= _MAX_COUNTED_LINK else len(entity.url)),
            )
        elif entity.mention is not None:
            pieces += source[at : entity.start], f"@{entity.mention.username}"
        else:
            continue
        at = entity.end
    return count_graphemes("".join([*pieces, source[at:]]))


def render_source(source: str, mentions: Mapping[Handle, MentionTarget], *, origin: str) -> str:
    """Return the HTML of a thought as Mastodon writes it; handles that `mentions` does not know stay text.

    Names that two of the mentioned share are shown with their host.
    """
    source = normalise_source(source)
    found = list(_entities(source))
    tags = {tag.name for tag in find_tags(source)}
    people = {entity.mention: mentions.get(entity.mention) for entity in found if entity.mention is not None}
    targets = {target.handle for target in people.values() if target is not None}
    names = [handle.username.lower() for handle in targets]

    def write(entity: _Entity) -> str | None:
        if entity.url:
            return _write_link(entity.url, rel=_REL)
        if entity.tag is not None:
            return _write_tag(entity.tag, origin) if entity.tag.name in tags else None
        target = people[entity.mention] if entity.mention is not None else None
        if target is None:
            return None
        shared = names.count(target.handle.username.lower()) > 1
        return _write_mention(target, with_host=shared)

    return paragraphs(_replace(source, found, write))


def render_bio(source: str, *, origin: str) -> str:
    """Return the HTML of a bio: links and hashtags; handles stay text, so that nobody is notified."""
    return render_source(source, {}, origin=origin)


def render_field(value: str) -> str:
    """Return the HTML of a profile field's value: one line, its links marked `rel="me"` for verification."""
    line = " ".join(normalise_source(value).split())
    return _replace(line, _entities(line), lambda entity: entity.url and _write_link(entity.url, rel=f"me {_REL}"))


def _entities(source: str) -> Iterator[_Entity]:
    """Yield links, mentions and hashtags in order, none inside another and none inside code."""
    found = [_Entity(code.start(), code.end()) for code in _CODE.finditer(source)]
    links = [_Entity(link.index, link.last_index, url=link.text) for link in _LINKIFIER.match(source) or []]
    found = _without_overlap(chain(found, (link for link in links if safe_link(link.url))))
    names = chain(_scan_mentions(source), _scan_tags(source))
    return (entity for entity in _without_overlap(chain(found, names)) if entity.url or entity.mention or entity.tag)


def _without_overlap(entities: Iterator[_Entity] | chain[_Entity]) -> list[_Entity]:
    kept: list[_Entity] = []
    for entity in sorted(entities, key=lambda entity: entity.start):
        if not kept or entity.start >= kept[-1].end:
            kept.append(entity)
    return kept


def _scan_mentions(source: str) -> Iterator[_Entity]:
    for match in _MENTION.finditer(source):
        handle = Handle.parse(match[0])
        if handle is not None:
            yield _Entity(match.start(), match.end(), mention=handle)


def _scan_tags(source: str) -> Iterator[_Entity]:
    for match in _TAG_START.finditer(source):
        display = source[match.end() : match.end() + _tag_length(source[match.end() :][: MAX_TAG_CHARS + 1])]
        name = normalise_tag(display)
        if name is not None:
            yield _Entity(match.start(), match.end() + len(display), tag=Tag(name, display))


def _tag_length(text: str) -> int:
    """Return how many characters at the start of `text` make the name of a hashtag.

    Letters of any script with their marks, digits, underscores, joiners between them; not digits alone.
    """
    end = telling = 0
    for index, char in enumerate(text):
        category = unicodedata.category(char)
        if category[0] == "L" or category == "Nd" or char == "_":
            end = index + 1
            telling += category != "Nd"
        elif index == 0 or (char not in _TAG_JOINERS and not _is_letter_mark(char, category)):
            break
        elif char not in _TAG_JOINERS:
            end = index + 1
    return end if telling and text[:end].strip("_") else 0


def _is_letter_mark(char: str, category: str) -> bool:
    # Variation selectors and keycaps dress up emoji, not letters.
    return category[0] == "M" and not ("\ufe00" <= char <= "\ufe0f" or char == "\u20e3")


def _replace(source: str, entities: list[_Entity] | Iterator[_Entity], write: Callable[[_Entity], str | None]) -> str:
    """Return the source escaped, with what `write` makes of the entities that it does not leave as text."""
    out: list[str] = []
    at = 0
    for entity in entities:
        written = write(entity)
        if written:
            out += escape(source[at : entity.start], quote=False), written
            at = entity.end
    return "".join([*out, escape(source[at:], quote=False)])


def _write_link(url: str, *, rel: str) -> str:
    prefix_match = _LINK_PREFIX.match(url)
    prefix = prefix_match[0] if prefix_match else ""
    shown, rest = url[len(prefix) :][:_SHOWN_LINK_CHARS], url[len(prefix) + _SHOWN_LINK_CHARS :]
    parts = (("invisible", prefix), ("ellipsis" if rest else "", shown), ("invisible", rest))
    label = "".join(
        f'<span class="{name}">{escape(part, quote=False)}</span>' if name else escape(part, quote=False)
        for name, part in parts
        if part
    )
    href = escape(safe_link(url) or "")
    return f'<a href="{href}" rel="{rel}" target="_blank" translate="no">{label}</a>'


def _write_mention(target: MentionTarget, *, with_host: bool) -> str:
    name = escape(target.handle.acct if with_host else target.handle.username)
    return (
        f'<span class="h-card" translate="no"><a href="{escape(target.url)}" class="u-url mention">'
        f"@<span>{name}</span></a></span>"
    )


def _write_tag(tag: Tag, origin: str) -> str:
    href = escape(tag_url(origin, tag.name))
    return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{escape(tag.display)}</span></a>'


def count_graphemes(text: str) -> int:
    """Return the number of characters a reader sees: near Unicode's grapheme clusters, without their tables.

    Marks, joiners, variation selectors, skin tones and flag tags extend what precedes; a symbol after a
    zero-width joiner belongs to it; regional indicators count in pairs. A cluster that grows beyond what any
    script needs counts again, so that nobody hides a book behind one letter.
    """
    count = regionals = 0
    size = _MAX_CLUSTER
    previous = ""
    for char in text:
        category = unicodedata.category(char)
        regionals = regionals + 1 if "\U0001f1e6" <= char <= "\U0001f1ff" else 0
        extends = (
            category[0] == "M"
            or char in "\u200c\u200d"
            or "\U0001f3fb" <= char <= "\U0001f3ff"
            or "\U000e0020" <= char <= "\U000e007f"
            or (previous == "\u200d" and category == "So")
            or (regionals > 0 and regionals % 2 == 0)
        )
        if extends and size < _MAX_CLUSTER:
            size += 1
        else:
            count += 1
            size = 1
        previous = char
    return count
