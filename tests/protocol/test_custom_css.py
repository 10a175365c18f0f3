"""Custom CSS stays within its vocabulary and its container, however it is written."""

import re
import time
from typing import Any

import pytest
import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.protocol.css_vocabulary import CONTAINER_PROPERTIES, FUNCTIONS, PROPERTIES
from federation.protocol.custom_css import MAX_CSS_BYTES, sanitise_css

FORBIDDEN_TYPES = {"url", "at-keyword", "unicode-range", "error", "[] block", "{} block"}


def assert_value_is_safe(tokens: list[Any]) -> None:
    for token in tokens:
        assert token.type not in FORBIDDEN_TYPES
        if token.type == "function":
            assert token.lower_name in FUNCTIONS
            assert token.lower_name != "url"
            assert_value_is_safe(token.arguments)
        elif token.type == "() block":
            assert_value_is_safe(token.content)


def assert_rule_is_safe(rule: Any) -> None:
    assert rule.type == "qualified-rule"
    prelude = tinycss2.serialize(rule.prelude).strip()
    for selector in prelude.split(", "):
        assert re.match(r"\.person-theme($|(?![\w-])(?! *[+~]))", selector), selector
    alone = any(re.fullmatch(r"\.person-theme(?:[.:][^ :]+)*", selector) for selector in prelude.split(", "))
    for declaration in tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True):
        assert declaration.type == "declaration"
        if not declaration.name.startswith("--"):
            assert declaration.name in (CONTAINER_PROPERTIES if alone else PROPERTIES)
        assert_value_is_safe(declaration.value)
        if declaration.name == "position":
            assert tinycss2.serialize(declaration.value).strip().lower() in {"static", "relative"}


def assert_safe(css: str) -> None:
    """Parse what is served once more and hold every token against the lists."""
    assert "<" not in css
    assert len(css) <= MAX_CSS_BYTES
    for rule in tinycss2.parse_stylesheet(css, skip_whitespace=True):
        if rule.type == "at-rule":
            assert rule.lower_at_keyword == "media"
            for inner in tinycss2.parse_rule_list(rule.content, skip_whitespace=True):
                assert_rule_is_safe(inner)
        else:
            assert_rule_is_safe(rule)


def test_ordinary_style_sheet_is_kept() -> None:
    result = sanitise_css(
        """/* mine */ body { background: linear-gradient(#fff, rgb(0 0 0 / 50%)); --accent: #c0ffee }
        a:hover, .card > h2::before { color: var(--accent, red) !important; content: "→" }
        li:nth-child(2n+1) { margin: calc(1px + 2em) -3px }
        @media (max-width: 600px) and (prefers-color-scheme: dark) {
            p { font: 16px/1.5 "Comic Sans", serif }
        }"""
    )
    assert result.dropped == ()
    assert result.css == (
        ".person-theme { background: linear-gradient(#fff, rgb(0 0 0 / 50%)); --accent: #c0ffee; }\n"
        ".person-theme a:hover, .person-theme .card > h2::before "
        '{ color: var(--accent, red) !important; content: "→"; }\n'
        ".person-theme li:nth-child(2n+1) { margin: calc(1px + 2em) -3px; }\n"
        "@media (max-width: 600px) and (prefers-color-scheme: dark) "
        '{ .person-theme p { font: 16px / 1.5 "Comic Sans", serif; } }\n'
    )


@pytest.mark.parametrize(
    "css",
    [
        '@import "https://evil.example/x.css";',
        "@import url(//evil.example);",
        "@\\69mport url(//evil.example);",
        '@charset "utf-7";',
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@font-face { font-family: x; src: url(//evil.example) }",
        "@keyframes x { from { color: red } }",
        "@supports (color: red) { a { color: red } }",
        "@layer x { a { color: red } }",
        "@media (min-resolution: 2dppx) { a { color: red } }",
        "@media (color: url(//evil.example)) { a { color: red } }",
        "@media print { @import url(x); }",
        "a[href^='https'] { color: red }",
        "input[value$=a] { color: red }",
        "#report { color: red }",
        "a:visited { color: red }",
        ":has(a) { color: red }",
        ":not(a) { color: red }",
        ":host { color: red }",
        "svg|a { color: red }",
        "&:hover { color: red }",
        "+ nav { color: red }",
        "> a { color: red }",
        "body + nav { color: red }",
        "body ~ nav { color: red }",
        ".person-theme ~ .report { color: red }",
        ":root + nav { color: red }",
        "a > > b { color: red }",
        "a::before b { color: red }",
        "a::before:hover { color: red }",
        "a:nth-child(+) { color: red }",
        "a:nth-child() { color: red }",
        ": { color: red } :: { color: red } . { color: red }",
        "a\\{b { color: red }",
        "a { background: url(//evil.example) }",
        "a { background: URL('//evil.example') }",
        "a { background: u\\72l(//evil.example) }",
        "a { background: \\75 rl('//evil.example') }",
        "a { background: ur/**/l(x) }",
        "a { background: image-set('//evil.example' 1x) }",
        "a { background: -webkit-image-set('//evil.example' 1x) }",
        "a { background: image('//evil.example') }",
        "a { background: src('//evil.example') }",
        "a { background: cross-fade(url(x), url(y)) }",
        "a { background: element(#x) }",
        "a { background: paint(x) }",
        "a { --x: url(//evil.example) }",
        "a { --x: { color: red } }",
        "a { --\\7d: red }",
        "a { width: expression(alert(1)) }",
        "a { width: e\\78pression(alert(1)) }",
        "a { width: env(safe-area-inset-top) }",
        "a { behavior: url(x.htc) }",
        "a { -moz-binding: url(x) }",
        "a { content: attr(href) }",
        "a { content: url(x) }",
        "a { content: '</style><script>' }",
        "a { content: '\\3c/style>' }",
        "a { content: counter(x) }",
        "a { position: fixed }",
        "a { position: sticky }",
        "a { position: absolute }",
        "a { position: F\\49xed }",
        "a { position: var(--x) }",
        "a { z-index: 11 }",
        "a { z-index: -1 }",
        "a { z-index: var(--x) }",
        "a { all: unset }",
        "a { contain: none }",
        "a { isolation: auto }",
        "a { pointer-events: none }",
        "a { animation: x 1s }",
        "a { cursor: url(x), auto }",
        "a { filter: blur(5000px) }",
        "a { filter: var(--x) }",
        "a { width: 1e30px }",
        "a { width: 5evil }",
        "a { color: [red] }",
        "a { color: red; }; b",
        "a { color }",
        "a { color: }",
        "a { : red }",
        "<!-- a { color: url(x) } -->",
        "body { display: contents }",
        "html { position: relative }",
        ":root { margin-top: -500px }",
        "body { transform: scale(5) }",
        "body { box-shadow: 0 0 0 5000px red }",
        "body:hover { outline: 5000px solid }",
        ".person-theme { overflow: visible }",
        ".person-theme.x { width: 5000px }",
        "@media print { body { display: none } }",
        "a, body { transform: scale(5) }",
    ],
)
def test_dangerous_css_is_dropped_and_named(css: str) -> None:
    result = sanitise_css(css)
    assert_safe(result.css)
    assert result.dropped
    assert not re.search("evil|url|fixed|expression|attr|contents|5000|scale", result.css, re.IGNORECASE)


def test_what_is_next_to_something_dangerous_stays() -> None:
    result = sanitise_css("a, #x { color: red; position: fixed } @import 'x'; b { color: blue }")
    assert result.css == ".person-theme a { color: red; }\n.person-theme b { color: blue; }\n"
    assert len(result.dropped) == 3
    assert "position: only static, relative are possible" in result.dropped


def test_escapes_are_resolved_before_the_check() -> None:
    assert sanitise_css("\\61 { c\\6f lor: \\72 ed }").css == ".person-theme a { color: red; }\n"


def test_container_keeps_what_paints_inside_it() -> None:
    assert sanitise_css("body { color: red; padding: 3px; --x: 1 }").css == (
        ".person-theme { color: red; padding: 3px; --x: 1; }\n"
    )
    assert sanitise_css("body::after { position: relative; content: 'x' }").dropped == ()


def test_container_can_have_another_name() -> None:
    assert sanitise_css("a { color: red }", container=".p-1").css == ".p-1 a { color: red; }\n"


@pytest.mark.parametrize(
    "css",
    [
        "a{color:" + "(" * 16_000,
        "{" * 16_000,
        "[" * 16_000,
        "a{color:" + "calc(" * 3_000,
        "a{width:" + "9" * 16_000 + "}",
        "a," * 8_000 + "b{color:red}",
        "a{" + "color:red;" * 1_600 + "}",
        "a{" + "x;" * 8_000 + "}",
        "\\" * 16_000,
        "@" * 16_000,
        "/*" * 8_000,
        "url(" * 4_000,
        "\x00\ud800{\x00:\udfff}",
        "é" * MAX_CSS_BYTES,
    ],
)
def test_abuse_is_answered_quickly_and_without_error(css: str) -> None:
    started = time.process_time()
    result = sanitise_css(css)
    assert time.process_time() - started < 3
    assert_safe(result.css)
    assert len(result.dropped) <= 50
    assert all(len(line) < 200 for line in result.dropped)


def test_too_long_a_style_sheet_is_refused_and_the_result_is_as_short() -> None:
    assert sanitise_css(" " * (MAX_CSS_BYTES + 1)) == sanitise_css("x" * (MAX_CSS_BYTES + 1))
    grown = sanitise_css("a{color:red}" * 1_300)
    assert len(grown.css) <= MAX_CSS_BYTES
    assert "everything after" in grown.dropped[0]
    assert sanitise_css(grown.css).css == grown.css


WORDS = [
    "a", ".x", "body", ".person-theme", ":root", "*", ">", "+", "~", ",", " ", "{", "}", "(", ")", "[",
    "]", ":", "::", ";", "@media", "@import", "screen", "and", "(min-width: 3px)", "color", "position",
    "fixed", "--x", "var(--x)", "red", "url(x)", "url(", "'", "\"", "\\", "\\75", "u+1", "/*", "*/",
    "<!--", "-->", "</style>", "calc(", "1px", "1e3", "-", "#fff", "!important", "content", "before",
    "hover", "nth-child(", "2n", "u", "+1", "display", "\n", "%", "=", "|",
]  # fmt: skip
RULES = st.sampled_from(
    [
        "a{color:red}",
        "body{--x:1px}",
        "@media print{.x{margin:0}}",
        ".x>b{content:'a'}",
        "a{position:fixed;top:1px}",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | RULES | st.text(max_size=3), max_size=40).map("".join))
def test_token_soup_is_safe_and_idempotent(soup: str) -> None:
    for css in (
        soup,
        f"a{{{soup}}}",
        f"{soup}{{color:red}}",
        f"a{{--x:{soup};color:{soup}}}",
        f"@media {soup}{{a{{color:red}}}}",
    ):
        result = sanitise_css(css)
        assert_safe(result.css)
        assert sanitise_css(result.css).css == result.css
