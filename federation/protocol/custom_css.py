"""Custom profile CSS: parsed, held against the allowed vocabulary, written anew under one container."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import tinycss2

from federation.protocol import css_vocabulary as vocabulary
from federation.protocol.css_selectors import (
    IDENT,
    Node,
    Refused,
    Selector,
    clip,
    literal,
    quote,
    read_selector,
    split_commas,
)

MAX_CSS_BYTES: Final = 16 * 1024
CONTAINER: Final = ".person-theme"

_MAX_DEPTH: Final = 6
_MAX_DROPPED: Final = 50
_CUSTOM_PROPERTY: Final = re.compile(r"--[A-Za-z0-9_-]{1,62}")
_COLOUR: Final = re.compile(r"[0-9A-Fa-f]{3,8}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?")
_UNQUOTABLE: Final = re.compile(r"[<\\\x00-\x1f\x7f]")
# tinycss2 makes integers of them, and Python refuses those over 4,300 digits.
_LONG_NUMBER: Final = re.compile(r"[0-9]{100}")
_MEDIA: Final = re.compile(
    r"(?:(?:only |not )?(?:screen|all|print)(?: and \([^()]*\))*|\([^()]*\)(?: and \([^()]*\))*)"
)


@dataclass(frozen=True, slots=True)
class CleanCss:
    """What is served, and in words what was left out of what was typed."""

    css: str
    dropped: tuple[str, ...]


@dataclass(slots=True)
class _Report:
    """What was left out so far, each thing once, a bounded number of them."""

    lines: dict[str, None] = field(default_factory=dict)

    def add(self, line: str) -> None:
        if len(self.lines) < _MAX_DROPPED:
            self.lines[line] = None


def sanitise_css(css: str, *, container: str = CONTAINER) -> CleanCss:
    """Return `css` with allowed rules only, each under `container` (a class selector); never raises.

    Nothing loads, leaves its box or reaches outside the container: that one must be a block with `contain:
    paint` and `isolation: isolate`, and cannot be moved or resized from here. The result holds no `<`; it
    comes out as it is when it goes in.
    """
    css = css.encode("utf-8", "replace").decode()
    if len(css.encode()) > MAX_CSS_BYTES:
        return CleanCss("", (f"everything: it is longer than {MAX_CSS_BYTES // 1024} kB",))
    if _LONG_NUMBER.search(css):
        return CleanCss("", ("everything: one of its numbers has more than a hundred digits",))
    report = _Report()
    out: list[str] = []
    size = 0
    for node in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        write = _write_media if node.type == "at-rule" else _write_rule
        rule = write(node, container, report)
        if not rule:
            continue
        size += len(rule) + 1
        if size > MAX_CSS_BYTES:
            report.add(f"everything after “{rule[:60]}”: written out, it is longer than {MAX_CSS_BYTES // 1024} kB")
            break
        out.append(rule + "\n")
    return CleanCss("".join(out), tuple(report.lines))


def _write_media(node: Node, container: str, report: _Report) -> str:
    if node.lower_at_keyword != "media" or node.content is None:
        report.add(f"@{clip(node.at_keyword)}: only @media is possible")
        return ""
    try:
        condition = ", ".join(_media_query(part) for part in split_commas(node.prelude))
    except Refused as refused:
        report.add(f"@media {quote(node.prelude)}: {refused}")
        return ""
    inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
    rules = [_write_rule(child, container, report) for child in inner]
    body = " ".join(rule for rule in rules if rule)
    return f"@media {condition} {{ {body} }}" if body else ""


def _write_rule(node: Node, container: str, report: _Report) -> str:
    if node.type == "at-rule":
        report.add(f"@{clip(node.at_keyword)} inside another rule")
        return ""
    if node.type != "qualified-rule":
        report.add("text that is not CSS")
        return ""
    selectors: list[Selector] = []
    for part in split_commas(node.prelude):
        try:
            selectors.append(read_selector(part, container))
        except Refused as refused:
            report.add(f"selector “{quote(part)}”: {refused}")
    if not selectors:
        return ""
    on_container = any(selector.is_container for selector in selectors)
    declarations = []
    for child in tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True):
        if child.type != "declaration":
            report.add("a rule inside a rule" if child.type != "error" else "text that is not CSS")
            continue
        try:
            declarations.append(_write_declaration(child, on_container=on_container))
        except Refused as refused:
            report.add(f"{clip(child.name)}: {refused}")
    if not declarations:
        return ""
    names = ", ".join(dict.fromkeys(selector.text for selector in selectors))
    return f"{names} {{ {' '.join(declarations)} }}"


def _write_declaration(node: Node, *, on_container: bool) -> str:
    important = " !important" if node.important else ""
    if node.name.startswith("--"):
        if not _CUSTOM_PROPERTY.fullmatch(node.name):
            raise Refused("a custom property is named with letters, digits and hyphens")
        return f"{node.name}: {_write_value(node.value)}{important};"
    name: str = node.lower_name
    if name not in vocabulary.PROPERTIES:
        raise Refused("this property is not possible here")
    if on_container and name not in vocabulary.CONTAINER_PROPERTIES:
        raise Refused("this property is possible on what stands in the profile, not on the profile itself")
    closed = vocabulary.KEYWORDS.get(name)
    largest = vocabulary.LARGEST.get(name)
    # What stands behind a variable is not known here, so it may not stand where the value matters.
    value = _write_value(
        node.value, largest=largest or vocabulary.LARGEST_NUMBER, variables=closed is None and largest is None
    )
    if closed is not None and value.lower() not in closed:
        raise Refused(f"only {', '.join(sorted(closed, key=lambda word: (len(word), word)))} are possible")
    return f"{name}: {value}{important};"


def _write_value(
    tokens: Iterable[Node],
    *,
    largest: int = vocabulary.LARGEST_NUMBER,
    variables: bool = True,
    depth: int = 0,
) -> str:
    """Return a value written anew from its tokens, one space between them; escapes are resolved before."""
    if depth > _MAX_DEPTH:
        raise Refused("too many brackets in each other")
    parts: list[str] = []
    for token in tokens:
        if token.type == "whitespace":
            continue
        if token.type == "function":
            name: str = token.lower_name
            if name not in vocabulary.FUNCTIONS or (name == "var" and not variables):
                raise Refused(f"{clip(name)}() is not possible here")
            inner = _write_value(token.arguments, largest=largest, variables=variables, depth=depth + 1)
            if name == "var" and not _CUSTOM_PROPERTY.fullmatch(inner.split(",")[0]):
                raise Refused("var() takes a custom property")
            parts.append(f"{name}({inner})")
        elif token.type == "() block":
            inner = _write_value(token.content, largest=largest, variables=variables, depth=depth + 1)
            parts.append(f"({inner})")
        elif literal(token) == "," and parts:
            parts[-1] += ","
        else:
            parts.append(_write_token(token, largest))
    if not parts:
        raise Refused("it has no value")
    return " ".join(parts)


def _write_token(token: Node, largest: int) -> str:
    kind: str = token.type
    if kind == "ident":
        if IDENT.fullmatch(token.value) or _CUSTOM_PROPERTY.fullmatch(token.value):
            return str(token.value)
    elif kind in {"number", "percentage", "dimension"}:
        if not abs(token.value) <= largest:
            raise Refused(f"numbers end at {largest}")
        unit: str = token.lower_unit if kind == "dimension" else "%" if kind == "percentage" else ""
        if (kind != "dimension" or unit in vocabulary.UNITS) and _NUMBER.fullmatch(token.representation):
            return f"{token.representation}{unit}"
    elif kind == "hash":
        if _COLOUR.fullmatch(token.value):
            return f"#{token.value}"
    elif kind == "string":
        text: str = token.value
        if len(text) <= 200 and not _UNQUOTABLE.search(text):
            return '"' + text.replace('"', '\\"') + '"'
    elif kind == "literal" and token.value in {"/", "+", "-", "*"}:
        return str(token.value)
    elif kind == "url":
        raise Refused("url() is not possible here")
    raise Refused(f"“{quote([token])}” is not possible here")


def _media_query(tokens: list[Node]) -> str:
    words: list[str] = []
    for token in tokens:
        if token.type == "ident":
            words.append(str(token.lower_value))
        elif token.type == "() block":
            words.append(_media_feature([inner for inner in token.content if inner.type != "whitespace"]))
        elif token.type != "whitespace":
            raise Refused("this condition is not possible here")
    query = " ".join(words)
    if not _MEDIA.fullmatch(query):
        raise Refused("this condition is not possible here")
    return query


def _media_feature(tokens: list[Node]) -> str:
    if len(tokens) == 3 and tokens[0].type == "ident" and literal(tokens[1]) == ":":
        name, value = str(tokens[0].lower_value), tokens[2]
        if value.type == "ident" and value.lower_value in vocabulary.MEDIA_FEATURES.get(name, ()):
            return f"({name}: {value.lower_value})"
        if value.type in {"dimension", "number"} and name in vocabulary.MEDIA_LENGTHS:
            return f"({name}: {_write_token(value, vocabulary.LARGEST_NUMBER)})"
    raise Refused("only width, height, orientation and the viewer's preferences can be asked for")
