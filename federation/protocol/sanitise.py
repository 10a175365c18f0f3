"""The one seam through which HTML written elsewhere enters: allow-list in, safe HTML or plain text out."""

from __future__ import annotations

import html as entities
import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import nh3
from bleach.sanitizer import Cleaner
from selectolax.lexbor import LexborNode

from federation.protocol.html_tree import CONTROLS, has_sane_shape, walk

# Stored beside sanitised text: rows of an older version are sanitised again. Raise it with each change here.
SANITISER_VERSION: Final = 1
MAX_HTML_CHARS: Final = 100_000

# How often text was kept instead of HTML in this process, by reason: "size", "shape" or "disagreement".
DEGRADED: Final[Counter[str]] = Counter()

ELEMENTS: Final = frozenset(
    "p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp".split()  # noqa: SIM905
)
LINK_SCHEMES: Final = frozenset({"http", "https", "xmpp", "magnet", "gemini"})
# `target` is ours, never the sender's: the tree pass writes it.
_ATTRIBUTES: Final = {
    "a": {"lang", "href", "rel", "class", "translate", "target"},
    "span": {"lang", "class", "translate"},
    "p": {"lang", "class"},
    "ol": {"lang", "start", "reversed"},
    "li": {"lang", "value"},
} | {name: {"lang"} for name in ELEMENTS - {"a", "span", "p", "ol", "li"}}
_CLASS: Final = re.compile(r"(?:(?:h|p|u|dt|e)-[A-Za-z0-9_-]{1,60}|mention|hashtag|ellipsis|invisible|quote-inline)")
_KEPT_RELS: Final = ("tag", "me")
_FORCED_REL: Final = "nofollow noopener"
_VALUES: Final = {
    "lang": re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,5}"),
    "translate": re.compile(r"no"),
    "start": re.compile(r"-?[0-9]{1,9}"),
    "value": re.compile(r"-?[0-9]{1,9}"),
}

_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Unwrapped, but the words on both sides must not grow together.
_BLOCKS: Final = frozenset(
    """address article aside center dd details dialog div dl dt fieldset figcaption figure footer form
    header hgroup hr legend main menu nav optgroup option search section select summary table tbody td
    textarea tfoot th thead tr""".split()  # noqa: SIM905
)
_PARAGRAPHS: Final = _HEADINGS | {"p", "blockquote", "pre", "ul", "ol"}

_MAX_DEPTH: Final = 32  # of allowed elements in each other; deeper ones are unwrapped
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_LINE_ENDS: Final = re.compile(r"(?<![ \t])[ \t]*\n")
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n)+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_TAG: Final = re.compile(r"<[^<>]*>")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNSAFE_IN_URL: Final = re.compile(r"[\s\"'<>`\\^{|}]")


@dataclass(frozen=True, slots=True)
class Sanitised:
    """Safe HTML; `degraded` when formatting had to be given up and only the text was kept."""

    html: str
    degraded: bool = False


class _PerThread(threading.local):
    """A bleach cleaner per thread: its parser keeps state."""

    def __init__(self) -> None:
        self.cleaner = Cleaner(tags=ELEMENTS, attributes=_is_allowed_attribute, protocols=LINK_SCHEMES, strip=True)


def sanitise_html(html: str) -> str:
    """Return `html` with nothing but what is allowed for remote content; never raises."""
    return sanitise(html).html


def sanitise(html: str) -> Sanitised:
    """Clean remote HTML by a rewrite of its tree, then bleach; nh3 has to agree, else only the text is kept.

    Headings become strong paragraphs, formulas their TeX (FEP-dc88), unknown elements their text. Links open
    outside and pass nothing on. Cost and nesting are bounded whatever the input; idempotent.
    """
    if len(html) > MAX_HTML_CHARS:
        return _degrade(html, "size")
    if not has_sane_shape(html):
        return _degrade(html, "shape")
    rewritten = _rewrite(html)
    if "<" not in rewritten:
        # Text alone: there is nothing that the two checkers could disagree about.
        return Sanitised(rewritten)
    cleaned: str = _per_thread.cleaner.clean(rewritten)
    checked = _CHECKER.clean(cleaned)
    # The two write a no-break space differently, and that is the one difference they may have.
    if checked.replace("&nbsp;", "\xa0") != cleaned:
        return _degrade(html, "disagreement")
    return Sanitised(cleaned)


def plain_text(html: str) -> str:
    """Return what `html` says, line by line: for search, notifications and excerpts.

    Shortened links come out whole; what is invisible outside a link is left out.
    """
    html = html[:MAX_HTML_CHARS]
    if "<" not in html:
        return _tidy(entities.unescape(html))
    if not has_sane_shape(html):
        return _tidy(entities.unescape(_TAG.sub(" ", html)))
    out: list[str] = []
    hidden = links = pres = 0
    hides: list[bool] = []
    for tag, node, data in walk(html):
        if not tag:
            text = data if pres else _SPACES.sub(" ", data)
            if not pres and (not out or out[-1].endswith("\n")):
                text = text.lstrip(" ")
            if text and not hidden:
                out.append(text)
            continue
        name = tag.removeprefix("/")
        if name in _PARAGRAPHS:
            out.append("\n\n")
        elif tag in {"br", "/li", "/tr"}:
            out.append("\n")
        elif name in _BLOCKS and out and not out[-1][-1].isspace():
            out.append("\n" if name in {"div", "hr"} else " ")
        step = 1 if node is not None else -1
        links += step * (name == "a")
        pres += step * (name == "pre")
        if node is not None:
            hides.append(name == "span" and not links and "invisible" in _words(node.attributes.get("class")))
            hidden += hides[-1]
        else:
            hidden -= hides.pop()
    return _tidy("".join(out))


def text_to_html(text: str) -> str:
    """Return plain text as paragraphs and line breaks, everything else escaped."""
    return paragraphs(entities.escape(text, quote=False))


def paragraphs(escaped: str) -> str:
    """Return escaped text as `<p>` per block of lines and `<br>` per line."""
    blocks = (block.strip("\n") for block in _BLANK_LINES.split(escaped))
    return "".join(f"<p>{block.replace(chr(10), '<br>')}</p>" for block in blocks if block.strip())


def safe_link(href: str | None) -> str | None:
    """Return an address with one of our schemes and, where it needs one, a host; all else quoted, or None."""
    # Browsers drop these before they read the scheme, so `java\nscript:` has to be read the same way here.
    href = (href or "").translate({9: None, 10: None, 13: None}).translate(CONTROLS).strip()
    scheme = _SCHEME.match(href)
    if scheme is None or scheme[1].lower() not in LINK_SCHEMES:
        return None
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if scheme[1].lower() in {"http", "https", "gemini"} and not parts.netloc:
        return None
    return _UNSAFE_IN_URL.sub(lambda found: quote(found[0]), href)


def _degrade(html: str, reason: str) -> Sanitised:
    DEGRADED[reason] += 1
    return Sanitised(text_to_html(plain_text(html)), degraded=True)


def _rewrite(html: str) -> str:
    """Write the tree anew with allowed elements only, each closed, each attribute checked."""
    out: list[str] = []
    closers: list[str] = []
    depth = links = 0
    for tag, node, data in walk(html):
        if not tag:
            # Parsers swallow a line feed after <pre>; one left here would go at the next reading.
            if text := data.lstrip("\n") if out and out[-1] == "<pre>" else data:
                out.append(entities.escape(text, quote=False))
        elif node is None:
            closer = closers.pop()
            depth -= bool(closer)
            links -= closer == "</a>"
            if closer:
                out.append(closer)
            elif tag[1:] in _BLOCKS:
                _keep_apart(out)
        else:
            opener, closer = _open(tag, node, in_link=links > 0) if depth < _MAX_DEPTH else ("", "")
            depth += bool(closer)
            links += closer == "</a>"
            closers.append(closer)
            if opener:
                out.append(opener)
            elif tag in _BLOCKS:
                _keep_apart(out)
    return "".join(out).strip()


def _open(tag: str, node: LexborNode, *, in_link: bool) -> tuple[str, str]:
    """Return how an element begins and ends in the rewritten text: both empty when only its content stays."""
    if tag == "br":
        return "<br>", ""
    if tag in _HEADINGS:
        return "<p><strong>", "</strong></p>"
    if tag not in ELEMENTS:
        return "", ""
    attributes = node.attributes
    if not attributes and tag != "a":
        return f"<{tag}>", f"</{tag}>"
    kept = [
        f' {name}="{value}"'
        for name, given in attributes.items()
        if name != "href" and (value := _attribute(tag, name, given or "")) is not None
    ]
    if tag == "a":
        href = None if in_link else safe_link(attributes.get("href"))
        if href is None:
            return "", ""
        rel = [token for token in _KEPT_RELS if token in _words(attributes.get("rel"))]
        kept = [
            f' href="{entities.escape(href)}"',
            *kept,
            f' rel="{" ".join([_FORCED_REL, *rel])}" target="_blank"',
        ]
    return f"<{tag}{''.join(kept)}>", f"</{tag}>"


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value under which an attribute other than href and rel may stay."""
    if name in {"rel", "target"} or name not in _ATTRIBUTES[tag]:
        return None
    if name == "class":
        return " ".join(word for word in _words(value) if _CLASS.fullmatch(word)) or None
    if name == "reversed":
        return ""
    return value if _VALUES[name].fullmatch(value) else None


def _is_allowed_attribute(tag: str, name: str, value: str) -> bool:
    """Say whether bleach may keep an attribute: the same rules as the rewrite, read from the other end."""
    if tag == "a" and name == "href":
        return safe_link(value) is not None
    if tag == "a" and name == "rel":
        return value.startswith(_FORCED_REL)
    if tag == "a" and name == "target":
        return value == "_blank"
    return tag in ELEMENTS and _attribute(tag, name, value) == value


def _words(value: str | None) -> list[str]:
    return value.split() if value else []


def _keep_apart(out: list[str]) -> None:
    if out and not out[-1][-1].isspace():
        out.append(" ")


def _tidy(text: str) -> str:
    text = text.translate(CONTROLS).encode("utf-8", "replace").decode()
    return _EMPTY_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text)).strip()


_per_thread: Final = _PerThread()
_CHECKER: Final = nh3.Cleaner(
    tags=set(ELEMENTS),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    url_schemes=set(LINK_SCHEMES),
    link_rel=None,
)
