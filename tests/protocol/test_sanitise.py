"""Nothing but the allow-list comes out of the sanitiser, whatever goes in."""

import re
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from federation.protocol import sanitise as module
from federation.protocol.sanitise import (
    DEGRADED,
    ELEMENTS,
    LINK_SCHEMES,
    MAX_HTML_CHARS,
    plain_text,
    sanitise,
    sanitise_html,
    text_to_html,
)

ALLOWED_ATTRIBUTES = {
    "a": {"lang", "href", "rel", "class", "translate", "target"},
    "span": {"lang", "class", "translate"},
    "p": {"lang", "class"},
    "ol": {"lang", "start", "reversed"},
    "li": {"lang", "value"},
}
CLASS = re.compile(r"(h|p|u|dt|e)-[A-Za-z0-9_-]+|mention|hashtag|ellipsis|invisible|quote-inline")


def assert_safe(html: str) -> None:
    """Read `html` as a browser would and hold every node against the list, written here a second time."""
    root = LexborHTMLParser(html, is_fragment=True).root
    nodes = [root] if root else []
    while nodes:
        node = nodes.pop()
        if node.next:
            nodes.append(node.next)
        if node.first_child:
            nodes.append(node.first_child)
        assert not node.is_comment_node
        if not node.is_element_node:
            continue
        assert node.tag in ELEMENTS
        for name, value in node.attributes.items():
            assert name in ALLOWED_ATTRIBUTES.get(node.tag, {"lang"})
            if name == "class":
                assert all(CLASS.fullmatch(word) for word in (value or "").split())
        if node.tag == "a":
            href = node.attributes["href"] or ""
            assert href.split(":")[0].lower() in LINK_SCHEMES
            assert not re.search(r"[\s<>\"'`]", href)
            assert (node.attributes["rel"] or "").startswith("nofollow noopener")
            assert node.attributes["target"] == "_blank"


ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    "<script\n>alert(1)</script\n>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script>alert(1)",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '<img """><script>alert(1)</script>">',
    "<p onclick=alert(1) style='background:url(javascript:alert(1))' id=x>x</p>",
    "<p/onmouseover=alert(1)>x",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate href=#x attributeName=href values=javascript:alert(1) /><a id=x>x</a></svg>",
    "<svg><foreignObject><p><script>alert(1)</script></p></foreignObject></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><mi><style></mi><img src=x onerror=alert(1)></style></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<title><a title='</title><img src=x onerror=alert(1)>'>x",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe><p title='</iframe><img src=x onerror=alert(1)>'>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<base href=https://evil.example/><a href=/x>x</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<form action=https://evil.example><form><input name=password><button formaction=javascript:alert(1)>x",
    "<form><div></form><div><form>x",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<a href='https://x.example' style='position:fixed;inset:0' onclick=alert(1)>x</a>",
    "<a href='https://x.example' target=_self rel=opener>x</a>",
    "<span class='mention modal-backdrop'>x</span>",
    "<p><table><td><a href='https://a.example'><p><a href='https://b.example'>x</table>",
    "<a href='https://a.example'><svg><a href='https://b.example'>x</a></svg></a>",
    "<select><option><style></option></select><img src=x onerror=alert(1)></style></select>",
    "<b><p><b><p><i><p></b></i>x",
    "<ruby><rt><rp><script>alert(1)</script>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ud800<p title=\udfff>",
]
BAD_LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    "java&#10;script:alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A&#x61vascript:alert(1)",
    "javascript\x00:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://x.example/1",
    "view-source:https://x.example",
    "mailto:a@b.example",
    "//evil.example",
    "/settings/delete",
    "?x",
    "#x",
    "",
    "https:evil",
    "https:/evil",
    "https://",
    "https:\\\\evil.example",
    "https://[",
    "x:https://x.example",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_comes_out_harmless(attack: str) -> None:
    for html in (attack, f"<p>before {attack} after</p>", f"<blockquote><span>{attack}"):
        assert_safe(sanitise_html(html))


@pytest.mark.parametrize("href", BAD_LINKS)
def test_link_outside_the_schemes_becomes_its_text(href: str) -> None:
    result = sanitise_html(f'<p><a href="{href}">click <b>me</b></a></p>')
    assert result == "<p>click <b>me</b></p>"


@pytest.mark.parametrize(
    "href",
    [
        "https://x.example/a?b=1",
        "HTTP://x.example",
        "xmpp:a@b.example",
        "magnet:?xt=urn:btih:abc",
        "gemini://x.example/",
    ],
)
def test_link_within_the_schemes_stays(href: str) -> None:
    result = sanitise_html(f'<a href="{href}">x</a>')
    assert result == f'<a href="{href}" rel="nofollow noopener" target="_blank">x</a>'


def test_script_and_style_content_is_removed_and_unknown_elements_leave_their_text() -> None:
    html = "<div>one</div><script>two</script><style>three</style><blink>four</blink><svg>five</svg>"
    assert sanitise_html(html) == "one four"


def test_headings_become_strong_paragraphs() -> None:
    assert sanitise_html("<h1>Title <em>x</em></h1><p>y</p>") == "<p><strong>Title <em>x</em></strong></p><p>y</p>"


@pytest.mark.parametrize(
    ("attribute", "encoding", "shown"),
    [
        ("", "application/x-tex", "$a&lt;b$"),
        (" display=block", "application/x-tex", "$$a&lt;b$$"),
        ("", "text/plain", "a&lt;b"),
    ],
)
def test_formula_becomes_its_annotation(attribute: str, encoding: str, shown: str) -> None:
    annotation = f'<annotation encoding="{encoding}">a&lt;b</annotation>'
    html = f"<math{attribute}><semantics><mi>a</mi>{annotation}</semantics></math>"
    assert sanitise_html(f"<p>{html}</p>") == f"<p>{shown}</p>"


def test_formula_without_annotation_leaves_its_letters() -> None:
    assert sanitise_html("<math><mi>x</mi><mo>+</mo><mi>y</mi></math>") == "x+y"


def test_only_known_classes_and_harmless_attributes_stay() -> None:
    html = '<span class="h-card u-x evil mention toot" lang="de" translate="yes" id="x">a</span>'
    assert sanitise_html(html) == '<span class="h-card u-x mention" lang="de">a</span>'
    html = '<ol start="3" reversed type="a"><li value="7" class="mention">a</li></ol>'
    assert sanitise_html(html) == '<ol start="3" reversed=""><li value="7">a</li></ol>'
    assert sanitise_html('<p lang="x onclick" class="evil">a</p>') == "<p>a</p>"


def test_rel_is_forced_and_keeps_tag_and_me() -> None:
    html = '<a href="https://x.example/tags/cats" class="mention hashtag" rel="me opener tag">#cats</a>'
    assert 'rel="nofollow noopener tag me"' in sanitise_html(html)


def test_note_as_mastodon_writes_it_keeps_its_form() -> None:
    link = 'rel="nofollow noopener" target="_blank"'
    html = (
        '<p><span class="h-card" translate="no"><a href="https://x.example/@bob" class="u-url mention" '
        f'{link}>@<span>bob</span></a></span> a &amp; b<br>c</p><p class="quote-inline">RE: '
        f'<a href="https://x.example/1" {link}><span class="invisible">https://</span>x.example/1</a></p>'
    )
    assert sanitise_html(html) == html


def test_text_that_looks_like_markup_stays_text() -> None:
    assert sanitise_html("a &lt;b&gt; &amp;lt; 1 < 2 &nbsp;.") == "a &lt;b&gt; &amp;lt; 1 &lt; 2 \xa0."


def test_preformatted_lines_keep_their_indentation() -> None:
    assert sanitise_html("<pre>\n\n  a\n    b</pre>") == "<pre>  a\n    b</pre>"


def test_words_of_unwrapped_blocks_stay_apart() -> None:
    assert sanitise_html("<table><tr><td>a</td><td>b</td></tr></table>") == "a b"


def test_second_opinion_that_differs_keeps_only_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stricter:
        def clean(self, html: str) -> str:
            return html.replace("<b>", "")

    monkeypatch.setattr(module, "_CHECKER", Stricter())
    before = DEGRADED["disagreement"]
    result = sanitise("<p>a <b>c</b><br>d</p>")
    assert result.degraded
    assert result.html == "<p>a c<br>d</p>"
    assert DEGRADED["disagreement"] == before + 1


def test_each_layer_alone_removes_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = '<p>x</p><script>alert(1)</script><a href="javascript:alert(1)" onclick="alert(1)">y</a>'
    monkeypatch.setattr(module, "_rewrite", lambda html: html)
    assert "<script" not in sanitise_html(hostile)
    assert "onclick" not in sanitise_html(hostile)

    class Blind:
        def clean(self, html: str) -> str:
            return html

    monkeypatch.setattr(module._per_thread, "cleaner", Blind())
    result = sanitise(hostile)
    assert result.degraded
    assert_safe(result.html)


@pytest.mark.parametrize(
    "html",
    [
        "<blockquote>" * 9_000 + "x",
        "<div>" * 9_000 + "x",
        "<b>" * 9_000 + "x",
        "<ul><li>" * 4_900,
        "<a href=https://x.example>" * 3_800,
        "<p>" + "".join(f"<b a{i}>" for i in range(1000)) + "<p>x" * 1000,
        "<b><p>" * 2500 + "</b>" * 2500,
        "<table><td>" * 4_900,
        "<" * 100_000,
        "<!--" * 25_000,
        '<a href="' * 11_000,
        "<p>" * 200_000,
    ],
)
def test_cost_and_depth_are_bounded(html: str) -> None:
    started = time.process_time()
    result = sanitise_html(html)
    plain_text(html)
    # Half a second on the slowest machine seen; unbounded, several of these take minutes or gigabytes.
    assert time.process_time() - started < 5
    assert_safe(result)
    depth = deepest = 0
    for tag in re.findall(r"</?[a-z]+", result.replace("<br>", "")):
        depth += -1 if tag.startswith("</") else 1
        deepest = max(deepest, depth)
    assert deepest <= 40


def test_too_long_input_is_cut_to_text() -> None:
    before = DEGRADED["size"]
    result = sanitise("<p><b>" + "x" * MAX_HTML_CHARS)
    assert result.degraded
    assert DEGRADED["size"] == before + 1
    assert re.fullmatch(r"<p>x+</p>", result.html)
    assert len(result.html) <= MAX_HTML_CHARS + 7


def test_elements_that_would_be_reopened_without_end_are_not_even_parsed() -> None:
    before = DEGRADED["shape"]
    result = sanitise("<p>" + "".join(f"<b a{i}>" for i in range(1000)) + "<p>x" * 1000)
    assert result.degraded
    assert DEGRADED["shape"] == before + 1


def test_long_article_keeps_its_formatting() -> None:
    paragraph = '<p>a <strong>b</strong> <em class="x">c</em> <a href="https://x.example">d</a></p>'
    result = sanitise(paragraph * 200)
    assert not result.degraded
    assert result.html.count("<strong>") == 200


def test_threads_do_not_share_a_cleaner() -> None:
    cleaners = {id(module._per_thread.cleaner)}
    results: list[str] = []

    def work() -> None:
        cleaners.add(id(module._per_thread.cleaner))
        results.append(sanitise_html("<p>a<script>b</script></p>"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(cleaners) == 2
    assert results == ["<p>a</p>"]


TAGS = [
    *sorted(ELEMENTS), "script", "style", "svg", "math", "table", "td", "form", "template", "noscript", "h2",
    "div", "textarea", "select", "option", "iframe", "mglyph", "mtext", "annotation-xml", "foreignObject",
    "xmp",     "title",
]  # fmt: skip
VALUES = [
    "javascript:alert(1)",
    'https://x.example/?a=1&b="<>',
    "mention evil",
    "no",
    "3",
    "</p>",
    "--><b>",
    "me tag",
]
NAMES = [
    "href",
    "class",
    "onclick",
    "style",
    "lang",
    "rel",
    "target",
    "translate",
    "start",
    "value",
    "xlink:href",
]
ATTRIBUTE = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=8)).map(
    lambda pair: f" {pair[0]}='{pair[1]}'"
)
OPENING = st.tuples(st.sampled_from(TAGS), st.lists(ATTRIBUTE, max_size=3)).map(lambda t: f"<{t[0]}{''.join(t[1])}>")
SOUP = st.lists(
    OPENING
    | st.sampled_from(TAGS).map(lambda tag: f"</{tag}>")
    | st.sampled_from(["<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&amp;", "<", "'", '"', "\n", "x", "&nbsp;", "\x00"])
    | st.text(max_size=6),
    max_size=30,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(SOUP)
def test_tag_soup_comes_out_safe_and_stays_as_it_is(soup: str) -> None:
    result = sanitise(soup)
    assert_safe(result.html)
    if not result.degraded:
        assert sanitise(result.html).html == result.html
    plain_text(soup)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_text_survives_the_way_through_html(text: str) -> None:
    shown = plain_text(text_to_html(text))
    assert shown.split() == re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text.replace("\r", "\n")).split()


def test_plain_text_breaks_lines_where_html_does() -> None:
    html = "<p>one<br>two</p><p>three\n  four</p><ul><li>five</li><li>six</li></ul><div>seven</div>eight"
    assert plain_text(html) == "one\ntwo\n\nthree four\n\nfive\nsix\n\nseven\neight"


def test_plain_text_writes_links_out_and_leaves_hidden_text_away() -> None:
    html = (
        '<p>see <a href="https://x.example/long"><span class="invisible">https://</span>'
        '<span class="ellipsis">x.example/</span><span class="invisible">long</span></a>'
        '<span class="invisible">spam</span>!</p>'
    )
    assert plain_text(html) == "see https://x.example/long!"


def test_plain_text_reads_entities_and_drops_scripts() -> None:
    assert plain_text("a &amp; b &lt;i&gt;<script>c</script>") == "a & b <i>"
    assert plain_text("a &amp; b") == "a & b"
    assert plain_text("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>") == "漢(kan)"
