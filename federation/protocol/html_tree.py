"""HTML written elsewhere as a flat stream of its tree, at a cost that its writer cannot choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

# What neither PostgreSQL nor a reader wants; \r would come back as \n from the next parser.
CONTROLS: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127)) | {13: "\n"}

# Gone with everything inside: program text, raw text, drawings.
_DROPPED: Final = frozenset(
    {"script", "style", "template", "noscript", "iframe", "noembed", "noframes", "svg", "title"}
)
_MAX_TAGS: Final = 10_000
# An unclosed formatting element is opened again in every following paragraph, so a few kilobytes can ask for
# millions of nodes. Equal ones count three times at most (HTML §13.2.4.3): those with attributes do the harm.
_FORMATTING_WITH_ATTRIBUTES: Final = re.compile(
    r"<(?:b|big|code|em|font|i|s|small|strike|strong|tt|u)[\s/]", re.IGNORECASE
)
_PLAIN_FORMATTING_NODES: Final = 36
_MAX_REOPENED_NODES: Final = 400_000


def has_sane_shape(html: str) -> bool:
    """Say whether the tree of `html` stays in proportion to its length, whatever was meant by it."""
    tags = html.count("<")
    if tags > _MAX_TAGS:
        return False
    reopened = _PLAIN_FORMATTING_NODES + len(_FORMATTING_WITH_ATTRIBUTES.findall(html))
    return tags * reopened <= _MAX_REOPENED_NODES


def walk(html: str) -> Iterator[tuple[str, LexborNode | None, str]]:
    """Yield the tree in document order: ("p", node, ""), ("", None, text), ("/p", None, ""); no recursion.

    What is never for reading (scripts, styles, drawings) is left out; a formula comes as its text.
    """
    source = html.encode("utf-8", "replace")
    parser = LexborHTMLParser(source, is_fragment=True)
    stack: list[LexborNode | str] = [parser.root] if parser.root is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node, None, ""
            continue
        if node.next is not None:
            stack.append(node.next)
        if node.is_text_node:
            yield "", None, (node.text_content or "").translate(CONTROLS)
        elif node.is_element_node:
            tag = (node.tag or "").lower()
            if tag in _DROPPED:
                continue
            if tag == "math" and (formula := _formula(node)) is not None:
                yield "", None, formula
                continue
            yield tag, node, ""
            stack.append("/" + tag)
            if node.first_child is not None:
                stack.append(node.first_child)


def _formula(math: LexborNode) -> str | None:
    """Return what stands for a formula: its TeX between dollars, else its plain annotation (FEP-dc88)."""
    semantics = next((child for child in _children(math) if child.tag == "semantics"), None)
    if semantics is None:
        return None
    texts = {
        child.attributes.get("encoding"): child.text().translate(CONTROLS).strip()
        for child in _children(semantics)
        if child.tag == "annotation"
    }
    if tex := texts.get("application/x-tex"):
        fence = "$$" if math.attributes.get("display") == "block" else "$"
        return f"{fence}{tex}{fence}"
    return texts.get("text/plain")


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
