"""Selectors of custom profile CSS: read by token, written anew so that none reaches out of the container."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from federation.protocol import css_vocabulary as vocabulary

IDENT: Final = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]{0,63}")
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
_NTH: Final = re.compile(r"even|odd|[+-]?[0-9]{0,4}n(?: ?[+-] ?[0-9]{1,4})?|[+-]?[0-9]{1,4}", re.IGNORECASE)
_COMBINATORS: Final = frozenset({">", "+", "~"})
# tinycss2 has no types: its nodes are Any where style sheets are read, and nowhere else.
Node = Any


class Refused(Exception):
    """A piece of CSS is outside the vocabulary; the text says why."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector as it is served, and whether it means the container itself."""

    text: str
    is_container: bool


def read_selector(tokens: list[Node], container: str) -> Selector:
    """Return a selector that matches inside the container only, or the container itself.

    `body`, `html` and `:root` mean the container. There are type, class and universal selectors and the
    pseudo-classes of the vocabulary; no attributes, ids, `:has` or `:visited`: with those a style sheet can
    spy.
    """
    compounds: list[str] = []
    combinators: list[str] = []
    at = 0
    while True:
        compound, at = _read_compound(tokens, at, container)
        compounds.append(compound)
        combinator = " "
        while at < len(tokens) and (tokens[at].type == "whitespace" or literal(tokens[at]) in _COMBINATORS):
            if tokens[at].type != "whitespace":
                if combinator != " ":
                    raise Refused("two combinators in a row")
                combinator = str(tokens[at].value)
            at += 1
        if at == len(tokens):
            if combinator != " ":
                raise Refused("it ends with a combinator")
            break
        combinators.append(combinator)
    if any("::" in compound for compound in compounds[:-1]):
        raise Refused("nothing can follow a pseudo-element")
    own = re.match(re.escape(container) + r"(?![A-Za-z0-9_-])", compounds[0])
    if own and combinators and combinators[0] in {"+", "~"}:
        raise Refused("what stands beside the profile is out of reach")
    text = compounds[0] if own else f"{container} {compounds[0]}"
    for combinator, compound in zip(combinators, compounds[1:], strict=True):
        text += f" {compound}" if combinator == " " else f" {combinator} {compound}"
    return Selector(text, is_container=bool(own) and len(compounds) == 1 and "::" not in text)


def _read_compound(tokens: list[Node], at: int, container: str) -> tuple[str, int]:
    text = ""
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.type == "whitespace" or literal(token) in _COMBINATORS:
            break
        if "::" in text:
            raise Refused("nothing can follow a pseudo-element")
        if token.type == "ident" and not text and _TYPE.fullmatch(token.value):
            text = container if token.lower_value in {"body", "html"} else str(token.lower_value)
        elif literal(token) == "*" and not text:
            text = "*"
        elif literal(token) == "." and following is not None and following.type == "ident":
            if not IDENT.fullmatch(following.value):
                raise Refused("a class is named with letters, digits and hyphens")
            text += f".{following.value}"
            at += 1
        elif literal(token) == ":" and following is not None:
            is_element = literal(following) == ":"
            at += 2 if is_element else 1
            name = tokens[at] if at < len(tokens) else None
            text = _add_pseudo(text, name, container, is_element=is_element)
        else:
            raise Refused(f"“{quote([token])}” is not possible in a selector")
        at += 1
    if not text:
        raise Refused("it is empty or begins with a combinator")
    return text, at


def _add_pseudo(text: str, token: Node | None, container: str, *, is_element: bool) -> str:
    if token is not None and token.type == "ident":
        name = str(token.lower_value)
        if name in vocabulary.PSEUDO_ELEMENTS and (is_element or name in {"before", "after"}):
            return f"{text}::{name}"
        if not is_element and name in vocabulary.PSEUDO_CLASSES:
            return f"{text}:{name}"
        if not is_element and name == "root" and not text:
            return container
        raise Refused(f":{clip(name)} is not possible here")
    if token is not None and token.type == "function" and not is_element:
        name = str(token.lower_name)
        flat = all(part.type in {"ident", "number", "dimension", "whitespace", "literal"} for part in token.arguments)
        count = " ".join("".join(part.serialize() for part in token.arguments).split()) if flat else ""
        if name in vocabulary.COUNTING_PSEUDO_CLASSES and _NTH.fullmatch(count):
            return f"{text}:{name}({count.lower()})"
        raise Refused(f":{clip(name)}() is not possible here")
    raise Refused("a colon without a name")


def literal(token: Node) -> str:
    """Return the punctuation that a token is, or nothing."""
    return str(token.value) if token.type == "literal" else ""


def split_commas(tokens: Iterable[Node]) -> list[list[Node]]:
    """Return the parts between commas, without white space around them."""
    parts: list[list[Node]] = [[]]
    for token in tokens:
        if literal(token) == ",":
            parts.append([])
        elif token.type != "whitespace" or parts[-1]:
            parts[-1].append(token)
    for part in parts:
        while part and part[-1].type == "whitespace":
            part.pop()
    return parts


def quote(tokens: Iterable[Node]) -> str:
    """Return the beginning of what was typed, without going into brackets."""
    words: list[str] = []
    for token in list(tokens)[:20]:
        if token.type == "function":
            words.append(f"{token.name}(…)")
        elif token.type.endswith(" block"):
            words.append(f"{token.type[0]}…{token.type[1]}")
        else:
            words.append(token.kind[:1] if token.type == "error" else token.serialize())
    return clip("".join(words).strip())


def clip(text: str) -> str:
    """Return text short enough for one line of a report."""
    return text if len(text) <= 60 else text[:59] + "…"
