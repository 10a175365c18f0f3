"""Every template renders, and what all pages promise holds: no inline code, guarded forms, named pictures."""

from __future__ import annotations

import gzip
import math
import re
import runpy
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from web.rendering import environment
from web.view_models import ago, compact, counted, past, soon

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
SAMPLE = runpy.run_path(str(Path(__file__).with_name("sample_views.py")))
PAGES = SAMPLE["PAGES"]
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "path", "rect"}


ENV = environment()


def render(page: str, **more: Any) -> str:
    """Render one of the sample pages, with some of its variables replaced."""
    template, context = PAGES[page]
    return ENV.get_template(template).render({**SAMPLE["GLOBALS"], **context, **more})


class Reader(HTMLParser):
    """Reads a page once: its tags in order, what each form holds, and whether everything is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[tuple[dict[str, str | None], list[str | None]]] = []
        self.open: list[str] = []
        self.nested_forms = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if "label" in self.open:
            facts["in-label"] = ""
        self.tags.append((tag, facts))
        if tag == "form":
            self.nested_forms += "form" in self.open
            self.forms.append((facts, []))
        elif tag in ("input", "button", "select", "textarea") and "form" in self.open:
            self.forms[-1][1].append(facts.get("name"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag, f"</{tag}> closes another element"


READ = {page: Reader(render(page)) for page in PAGES}
every_page = pytest.mark.parametrize("page", PAGES)


def test_every_template_is_shown_by_a_sample_page() -> None:
    shown = {template for template, _ in PAGES.values()}
    pages = {
        name
        for name in ENV.list_templates()
        if name.endswith(".html") and not Path(name).name.startswith("_") and name != "base.html"
    }
    assert pages == shown


def test_every_template_names_its_variables_on_top() -> None:
    for name in ENV.list_templates():
        source = (WEB / "templates" / name).read_text()
        assert source.startswith("{#-"), name


@every_page
def test_markup_is_balanced_and_ids_are_unique(page: str) -> None:
    read = READ[page]
    assert read.open == []
    assert read.nested_forms == 0
    ids = [facts["id"] for _, facts in read.tags if "id" in facts]
    assert len(ids) == len(set(ids))


@every_page
def test_every_post_form_carries_the_csrf_token_and_the_way_back(page: str) -> None:
    for form, names in READ[page].forms:
        if form.get("method") == "post":
            assert "csrf_token" in names
            assert "next" in names
        else:
            assert "csrf_token" not in names


@every_page
def test_nothing_inline_so_that_a_strict_policy_holds(page: str) -> None:
    for tag, facts in READ[page].tags:
        assert tag != "style"
        assert tag != "script" or facts.get("src")
        assert not [name for name in facts if name == "style" or name.startswith("on")]


@every_page
def test_pictures_icons_and_controls_have_names(page: str) -> None:
    read = READ[page]
    labelled = {facts.get("for") for tag, facts in read.tags if tag == "label"}
    for tag, facts in read.tags:
        if tag == "img":
            assert "alt" in facts
        elif tag == "svg":
            assert facts.get("aria-hidden") == "true" or facts.get("aria-label")
        elif tag in ("textarea", "input") and facts.get("type") not in ("hidden", "checkbox"):
            named = "in-label" in facts or facts.get("aria-label") or facts.get("aria-hidden")
            assert named or facts.get("id") in labelled, facts


@every_page
def test_pages_have_one_main_one_first_heading_and_a_way_past_the_navigation(page: str) -> None:
    tags = [tag for tag, _ in READ[page].tags]
    assert tags.count("main") == 1
    assert tags.count("h1") == 1
    assert ("a", {"class": "skip", "href": "#main"}) in READ[page].tags


@every_page
def test_icons_exist_in_the_sprite(page: str) -> None:
    sprite = set(re.findall(r'<symbol id="(\w+)"', (WEB / "static/icons.svg").read_text()))
    used = {str(facts["href"]).partition("#")[2] for tag, facts in READ[page].tags if tag == "use"}
    assert used <= sprite


@every_page
def test_pages_stay_light(page: str) -> None:
    assert len(render(page).encode()) < 100_000


def test_a_thought_costs_few_bytes() -> None:
    twenty = render("home", thoughts=SAMPLE["TIMELINE"][:1] * 20)
    assert len(gzip.compress(twenty.encode())) < 8_000


def test_static_files_keep_their_budget() -> None:
    static = WEB / "static"
    assert len(gzip.compress((static / "thoughts.css").read_bytes())) < 20_000
    assert (static / "thoughts.js").stat().st_size < 15_000
    assert (static / "icons.svg").stat().st_size < 15_000
    assert "url(" not in (static / "thoughts.css").read_text()


def test_names_and_queries_are_escaped_but_content_is_not_twice() -> None:
    home = render("home")
    assert "Bob &amp; Söhne &lt;b&gt;" in home
    assert 'class="mention hashtag"' in home
    assert "<script>" not in render("search-empty")


def test_a_stranger_gets_no_actions() -> None:
    page = render("tag")
    assert "formaction" not in page
    assert "/signin" in page
    assert {form["action"] for form, _ in Reader(page).forms if form.get("method") == "post"} == {"/theme"}


def test_own_thoughts_offer_edit_and_receipt_and_not_mute() -> None:
    page = render("home", thoughts=(SAMPLE["MINE"],))
    assert f'/thoughts/{SAMPLE["MINE"].id}/edit"' in page
    assert "Reached 41 of 43 servers" in page
    assert "/people/" not in page


def test_buttons_lead_back_from_what_is_done_already() -> None:
    page = render("home", thoughts=(SAMPLE["PLAIN"],))
    assert f'formaction="/thoughts/{SAMPLE["PLAIN"].id}/unlike" aria-pressed="true"' in page
    assert f'formaction="/thoughts/{SAMPLE["PLAIN"].id}/boost" aria-pressed="false"' in page


def test_what_was_not_copied_here_is_linked_and_never_embedded() -> None:
    page = render("home", thoughts=(SAMPLE["LINKED"],))
    assert 'src="https://' not in page
    assert '<a href="https://bots.example/1.png"' in page


def test_a_persons_own_style_reaches_only_the_page_that_asks_for_it() -> None:
    on = render("profile")
    assert '<link rel="stylesheet" href="/@alice/style.css">' in on
    theme = on.index('class="person-theme"')
    assert on.index('action="/people/id-alice/follow"') < theme
    assert on.index('formaction="/people/id-alice/block"') < theme
    assert "/@alice/style.css" not in render("home")


def test_refused_text_comes_back_with_the_reason() -> None:
    page = render("compose")
    assert ">\nGood morning</textarea>" in page
    assert "this one has 512" in page
    assert '<option value="tlh" lang="tlh" selected>' in page


def test_theme_is_on_the_root_unless_the_device_decides() -> None:
    assert '<html lang="en">' in render("home")
    assert '<html lang="en" data-theme="dark">' in render("home", theme="dark")


def test_previews_and_alternates_are_announced() -> None:
    page = render("thread")
    assert '<meta property="og:title" content="Alice Marsh">' in page
    assert '<link rel="alternate" type="application/activity+json"' in page
    assert 'type="application/atom+xml" href="/@alice.atom"' in render("profile")


def test_error_page_needs_nothing_but_its_words() -> None:
    page = ENV.get_template("error.html").render(
        status=500,
        title="Something broke",
        explanation="It is not your fault.",
        instance_name="Harbour",
        csrf_token=lambda: "",
        asset=lambda name: f"/static/{name}",
    )
    assert "Something broke" in page


def _luminance(lightness: float, chroma: float, hue: float) -> float:
    """Return the relative luminance of an OKLCH colour (CSS Color 4 §10), clipped to sRGB."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long, middle, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    clip = [min(1.0, max(0.0, value)) for value in (red, green, blue)]
    return 0.2126 * clip[0] + 0.7152 * clip[1] + 0.0722 * clip[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_keep_their_contrast(scheme: int) -> None:
    tokens = {
        name: _luminance(*map(float, pair[scheme].split()))
        for name, *pair in re.findall(
            r"--([\w-]+): light-dark\(oklch\(([^)]+)\), oklch\(([^)]+)\)\)",
            (WEB / "static/thoughts.css").read_text(),
        )
    }

    def contrast(one: str, other: str) -> float:
        dark, light = sorted((tokens[one], tokens[other]))
        return (light + 0.05) / (dark + 0.05)

    for ground in ("surface", "raised", "hover"):
        assert contrast("text", ground) >= 7, ground
        for name in ("muted", "accent", "danger", "warn", "ok"):
            assert contrast(name, ground) >= 4.5, (name, ground)
    assert contrast("faint", "surface") >= 4.5
    assert contrast("accent", "accent-text") >= 4.5
    assert contrast("edge", "surface") >= 3


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(seconds=50), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=6, hours=23), "6 d"),
        (timedelta(days=7), "14 Nov"),
        (timedelta(days=400), "17 Oct 2025"),
        (timedelta(minutes=-11), "in 11 min"),
    ],
)
def test_relative_times(away: timedelta, words: str) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert ago(now - away, now) == words


def test_counts_are_short_under_icons_and_whole_in_sentences() -> None:
    assert [compact(n) for n in (999, 1000, 1204, 9950, 34_400, 999_960, 5_600_000)] == [
        "999",
        "1k",
        "1.2k",
        "9.9k",
        "34k",
        "1M",
        "5.6M",
    ]
    assert counted(1, "reply", "replies") == "1 reply"
    assert counted(1204, "reply", "replies") == "1,204 replies"


def test_times_inside_sentences() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert [past(now - timedelta(**away), now) for away in ({"seconds": 5}, {"minutes": 5}, {"days": 9})] == [
        "just now",
        "5 min ago",
        "12 Nov",
    ]
    assert [soon(now + timedelta(**away), now) for away in ({"seconds": 5}, {"hours": 2}, {"days": 1})] == [
        "in a moment",
        "at 14:00 UTC",
        "on 22 Nov at 12:00 UTC",
    ]


HOSTILE = "<script>\"&'</script>"
ESCAPED = "&lt;script&gt;&#34;&amp;&#39;&lt;/script&gt;"


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{{ it }}", ESCAPED),
        ('<a title="{{ it }}">', f'<a title="{ESCAPED}">'),
        ("{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(m(it)) }}", f"<b><b>{ESCAPED}</b></b>"),
        ("{% set x %}<b>{{ it }}</b>{% endset %}{{ x }}", f"<b>{ESCAPED}</b>"),
        ("{{ '<b>' ~ it }}", f"&lt;b&gt;{ESCAPED}"),
        ("{{ it|upper }}", ESCAPED.upper().replace("&LT;", "&lt;").replace("&GT;", "&gt;").replace("&AMP;", "&amp;")),
        ("{{ [it]|join }}{{ it|safe }}", ESCAPED + HOSTILE),
        ("{{ 7 }}{{ none }}{{ missing }}", "7None"),
    ],
)  # fmt: skip
def test_everything_printed_is_escaped_once_unless_marked_safe(template: str, printed: str) -> None:
    assert ENV.from_string(template).render(it=HOSTILE) == printed
