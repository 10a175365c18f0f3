"""A small world of view models that shows every state the templates know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from web import view_models as v
from web.presenting.reports import CaseView

NOW = datetime.now(UTC)


def before(**units: float) -> datetime:
    """Return a moment that lies this far back."""
    return NOW - timedelta(**units)


def person(username: str, name: str = "", host: str = "", **facts: Any) -> v.PersonView:
    """Return someone; without a host they live here."""
    handle = f"{username}@{host}" if host else username
    return v.PersonView(
        id=f"id-{username}",
        username=username,
        handle=handle,
        host=host,
        name=name or username,
        avatar_url=f"/static/{facts.pop('picture', 'avatar.svg')}",
        profile_url=f"/@{handle}",
        is_local=not host,
        **facts,
    )


ALICE = person("alice", "Alice Marsh", picture="p1.png")
BOB = person("bob", "Bob & Söhne <b>", "example.social", picture="p2.png")
CHIARA = person("chiara", "Chiara", "fedi.example.org", locked=True, picture="p3.png")
ROBOT = person("tides", "Tide tables of the North Sea", "bots.example", bot=True, picture="p4.png")
LONG = person(
    "a_very_long_user_name_that_goes_on",
    "Donaudampfschifffahrtsgesellschaftskapitän Maximilian",
    "a-rather-long-server-name.example.community",
    picture="p5.png",
)
EVE = person("eve", "Eve Okafor", picture="p6.png")
PEOPLE = (ALICE, BOB, CHIARA, ROBOT, LONG, EVE)

_serial = iter(range(1, 10_000))


def thought(author: v.PersonView, html: str, **facts: Any) -> v.ThoughtView:
    """Return a thought of `author` with an id of its own."""
    number = f"0190{next(_serial):04d}"
    url = f"{author.profile_url}/{number}"
    return v.ThoughtView(
        id=facts.pop("id", number),
        entry_id=facts.pop("entry_id", number),
        author=author,
        html=html,
        url=url,
        origin_url=f"https://{author.host}/notes/{number}" if author.host else f"https://here.example{url}",
        published_at=facts.pop("published_at", before(minutes=12)),
        **facts,
    )


def picture(name: str, alt: str = "", **facts: Any) -> v.AttachmentView:
    """Return an image that is shown in place."""
    return v.AttachmentView(
        url=f"/static/{name}",
        preview_url=f"/static/{name}",
        kind=facts.pop("kind", "image"),
        alt=alt,
        label=name,
        preview_width=640,
        is_shown=True,
        width=facts.pop("width", 1200),
        height=facts.pop("height", 800),
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        **facts,
    )


TAG = '<a href="/tags/fog" class="mention hashtag" rel="tag">#<span>fog</span></a>'

_PARTY = v.ReactionView("🎉", "🎉", 3, mine=True, label="🎉")
_BLOB = v.ReactionView(
    "blob@example.social",
    Markup(
        '<img class="emoji" src="/static/p1.png" alt=":blob:" title=":blob:" width="20" height="20" loading="lazy">'
    ),
    1204,
    label="blob",
)
PLAIN = thought(
    BOB,
    "<p>The fog lifted at ten, and for a moment the whole harbour looked like it had been washed and hung "
    f"out to dry. I stood there longer than I had time for. {TAG}</p>",
    likes=12,
    boosts=3,
    replies=2,
    liked=True,
    reactions=(_PARTY, _BLOB),
)
MINE = thought(
    ALICE,
    "<p>A thing I keep relearning: write the short version first. The long one is usually the short one, "
    "plus fear.</p>",
    published_at=before(hours=3),
    mine=True,
    likes=1204,
    boosts=88,
    replies=31,
    receipt="Reached 41 of 43 servers",
    receipt_url="/thoughts/x/delivery",
    pinned=True,
    bookmarked=True,
    edited_at=before(hours=2),
)
WARNED = thought(
    CHIARA,
    "<p>It was the gardener all along, and the letter in the second chapter was hers.</p>",
    summary="Spoilers for the last chapter",
    visibility="unlisted",
    published_at=before(hours=9),
    replies=4,
)
PRIVATE = thought(
    EVE,
    '<p><span class="h-card"><a href="/@alice" class="u-url mention">@<span>alice</span></a></span> '
    "I have the keys. Tuesday at six?</p>",
    visibility="direct",
    can_boost=False,
    published_at=before(days=1),
    reply_to_handle="alice",
    reply_to_url="/@alice/1",
)
PICTURE = thought(
    EVE,
    "<p>Blue hour.</p>",
    boosted_by=BOB,
    attachments=(picture("m1.jpg", "A pier at dusk, one lamp lit, the sea almost white."),),
    boosted=True,
    boosts=7,
    published_at=before(days=2),
)
GALLERY = thought(
    LONG,
    '<p lang="de">Vier Bilder vom Wochenende, und ein sehr langes Wort: '
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz.</p>",
    lang="de",
    attachments=tuple(picture(f"m{n}.jpg", "Ein Bild" if n % 2 else "") for n in (1, 2, 3, 4)),
    published_at=before(days=12),
)
PAGE = thought(
    EVE,
    '<p>Worth an evening: <a href="https://news.example/fog">news.example/fog</a></p>',
    page=v.PageView(
        url="https://news.example/2026/fog",
        host="news.example",
        title="The fog that came for a day and stayed for a month, told by those who waited it out",
        description="A harbour town, nine ferries, and one very patient baker. " * 4,
        lang="en",
        image_url="/static/m1.jpg",
        width=765,
        height=401,
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        author=CHIARA,
    ),
    published_at=before(days=3),
)
SMALL_PAGE = thought(
    BOB,
    "<p>Tables of tides</p>",
    page=v.PageView(
        url="https://a-rather-long-server-name.example.community/tides",
        host="a-rather-long-server-name.example.community",
        title="Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
        image_url="/static/p4.png",
        width=200,
        height=200,
        byline="Tide tables",
    ),
)
LINKED = thought(
    ROBOT,
    "<p>High water at 14:05, 3.2 m. Low water at 20:31, 0.4 m.</p><p>"
    '<a href="https://tides.example/a/very/long/address/for/one/harbour/2026/11/21?format=table&amp;unit=m">'
    '<span class="invisible">https://</span><span class="ellipsis">tides.example/a/very/long/addr</span>'
    '<span class="invisible">ess/for/one</span></a></p>',
    attachments=(
        v.AttachmentView("https://bots.example/1.png", "image", "A chart of the tides", "Image, 1200 × 800"),
        v.AttachmentView("https://bots.example/1.mp3", "audio", "", "Audio, 3 minutes"),
    ),
    visibility="followers",
    can_boost=False,
    published_at=before(days=500),
)
SENSITIVE = thought(
    EVE, "<p>Careful, a spider.</p>", sensitive=True, attachments=(picture("m2.jpg", "A large spider"),)
)
MOVING = thought(
    EVE,
    "",
    attachments=(
        picture("a.mp4", "A spider walks", kind="video", focus="x0 y8"),
        picture("b.mp4", kind="gifv"),
        v.AttachmentView("/static/c.mp3", "audio", "Rain", "Sound", is_shown=True),
    ),
)
QUOTING = thought(
    CHIARA,
    "<blockquote><p>Simplicity is the final achievement.</p></blockquote><p>Three things I took with me:</p>"
    "<ul><li>one notebook</li><li>one pencil</li><li>a list of <code>regrets</code>, short</li></ul>",
    likes=5,
)
_TEA = (v.OptionView("With milk", 8, 67), v.OptionView("Without, and a rather long answer to it", 4, 33, chosen=True))
ASKED = thought(
    BOB, "<p>Tea?</p>", poll=v.PollView(_TEA, ends_at=NOW + timedelta(hours=3), people=12, votes=12, may_vote=True)
)
SECRET = thought(
    EVE,
    "<p>Which ones?</p>",
    poll=v.PollView(_TEA, multiple=True, told=False, ends_at=NOW + timedelta(days=2), votes=12, may_vote=True),
)
ANSWERED = thought(ALICE, "<p>Tea?</p>", mine=True, poll=v.PollView(_TEA, ended=True, people=12, votes=12, voted=True))

QUOTED = thought(
    EVE, "<p>Which is why</p>", quote=v.QuoteView(WARNED), quotes=3, can_quote=True, quote_words="Ask to quote …"
)
DETACHED = thought(BOB, "<p>It was here</p>", quote=v.QuoteView(words="It quoted a thought that was deleted."))
TIMELINE = (
    PLAIN,
    MINE,
    PICTURE,
    ASKED,
    WARNED,
    SECRET,
    QUOTING,
    PRIVATE,
    SENSITIVE,
    MOVING,
    ANSWERED,
    GALLERY,
    PAGE,
    SMALL_PAGE,
    QUOTED,
    DETACHED,
    LINKED,
)

_EXPLORING = {"current": "search"}
TRENDS = (
    v.TrendView("fog", "Fog", 34, (0, 1, 0, 4, 9, 12, 8), following=True),
    v.TrendView("donaudampfschifffahrt" * 4, "Donaudampfschifffahrt" * 4, 3, (0, 0, 0, 0, 0, 0, 3)),
)
LINK_TRENDS = tuple(
    v.LinkTrendView(one.page, 34, (0, 1, 0, 4, 9, 12, 8)) for one in (PAGE, SMALL_PAGE) if one.page is not None
)
ROWS = tuple(
    v.PersonRow(
        p,
        bio="Harbour pilot, slow reader, slower writer. Tea." if n % 2 else "",
        following=n == 1,
        requested=n == 2,
        followed_by=n in (1, 3),
        is_self=p is ALICE,
    )
    for n, p in enumerate(PEOPLE)
)

PROFILE = v.ProfileView(
    person=ALICE,
    bio_html='<p>Writes about fog, boats and the patience of both. Keeper of <a href="/@t">@tides</a>.</p>',
    header_url="/static/header.jpg",
    fields=(
        v.FieldView("Website", '<a href="https://marsh.example" rel="me">marsh.example</a>', before(days=3)),
        v.FieldView("Pronouns", "she/her"),
        v.FieldView("Boat", "Kittiwake, 1962"),
    ),
    thoughts=1284,
    following_count=211,
    followers_count=40_212,
    joined_at=before(days=700),
    followed_by=True,
    top_friends=(BOB, CHIARA, EVE, ROBOT, LONG),
    has_custom_css=True,
    css_url="/@alice/style.css",
    css_enabled=True,
    feed_url="/@alice.atom",
)
REMOTE_PROFILE = v.ProfileView(
    person=CHIARA,
    bio_html="<p>Elsewhere.</p>",
    requested=True,
    remote_url="https://fedi.example.org/@chiara",
    muting=True,
)

EMPTY_FORM: Mapping[str, str] = {}
WRONG = {
    "": "That did not work yet. Please look at the marked places.",
    "username": "Somebody here is already called alice. Names cannot be used twice.",
}

HOSTS = (
    v.HostView(
        "example.social",
        "probing",
        312,
        4,
        "Mastodon 4.5",
        before(days=4),
        before(minutes=3),
        "Does not answer (timeout after 10 s)",
        NOW + timedelta(minutes=11),
    ),
    v.HostView("fedi.example.org", "well", 0, 0, "GoToSocial 0.20", before(minutes=1)),
    v.HostView("slow.example", "paused", 20, 0, "Misskey 2025.9", before(hours=5)),
    v.HostView("spam.example", "blocked"),
)
FAILED = v.FailedView(
    id="f1",
    kind="delivery",
    host="example.social",
    error="timeout",
    explanation="example.social has not answered for three days.",
    died_at=before(hours=2),
    attempt_count=14,
    subject="“The fog lifted at ten …”",
    subject_url="/@alice/1",
    source_id="https://here.example/activities/0190",
    inbox_url="https://example.social/inbox",
    answer="<html><body><h1>504 Gateway Time-out</h1></body></html>",
    payload='{"type": "Create", "actor": "https://here.example/users/alice"}',
    status=504,
    attempts=(
        v.AttemptView(before(days=3), "no answer", None, "cavage", 10_000),
        v.AttemptView(before(hours=2), "answered 504", 504, "rfc9421", 3012),
    ),
)
REFUSED = v.FailedView(
    id="f2",
    kind="inbound",
    host="slow.example",
    error="malformed",
    explanation="The activity could not be read.",
    died_at=before(minutes=20),
    attempt_count=1,
)

FILTERS = (
    v.FilterView("1", "Election night", keywords="election\npolls open", expires_at=NOW + timedelta(days=1)),
    v.FilterView("2", "Spiders", "hide", ("home",), "", False, NOW, True, (("9", "/thoughts/1"),)),
)
COLLECTIONS = (
    v.CollectionView(
        "1", "/@alice/collections/1", "Good company", "Worth <reading>", ALICE, language="en", tag="boats",
        discoverable=True, is_own=True, places=(v.PlaceView("1", BOB), v.PlaceView("2", EVE, waiting=True)),
    ),
    v.CollectionView(
        "2", "/@eve@far.example/collections/2", "Salt " * 8, "", EVE, sensitive=True,
        remote_url="https://far.example/collections/2",
    ),
    v.CollectionView("3", "/@alice/collections/3", "Drafts", "", ALICE, is_own=True),
)  # fmt: skip
LISTS = (
    v.ListView("1", "Harbour", exclusive=True, chosen=True),
    v.ListView("2", "People of the fog & the North Sea", "followed"),
)

GLOBALS: Mapping[str, Any] = {
    "viewer": ALICE,
    "viewer_is_admin": True,
    "instance_name": "Harbour",
    "local_domain": "harbour.example",
    "csrf_token": lambda: "IjQ2ZjA3YzE4ZDNlYzE0.aR_example.token-of-usual-length",
    "theme": "auto",
    "asset": lambda name: f"/static/{name}?v=1a2b3c4d",
    "unread_count": 3,
    "unposted": False,
    "flashes": (),
    "current": "home",
    "path": "/home",
    "registration": "open",
}

_PAGED = {"newer_url": None, "older_url": "?before=0190"}
_ADMIN = {"failed_count": 14, "pending_count": 2, "report_count": 1, "trend_count": 3, "current": "admin"}
CASE = CaseView(
    "0192f2a0-0000-7000-8000-00000000000c", ALICE, BOB, "active, silenced", "spam", "Look at this", True,
    before(days=1), None, "", (PLAIN,), 1,
)  # fmt: skip
SCOPES = (v.ScopeView("read everything you can read here"), v.ScopeView("do everything in your name", much=True))
_SETTINGS = {"invites_enabled": True, "form": EMPTY_FORM, "errors": EMPTY_FORM, "current": "settings"}
_DOOR = {
    "viewer": None,
    "viewer_is_admin": False,
    "unread_count": 0,
    "form": EMPTY_FORM,
    "errors": EMPTY_FORM,
}

ANNOUNCEMENTS = (
    v.AnnouncementView(
        "a1", "<p>The harbour is closed for <b>repairs</b>, and everybody is invited to watch.</p>",
        "12 Nov 2026 to 14 Nov 2026", before(hours=3), (_PARTY, _BLOB),
    ),
    v.AnnouncementView("a2", "<p>Be kind.</p>", "", before(days=9), dismissed=True),
)  # fmt: skip
REFUSED = (
    v.DomainBlockView("b1", "spam.example", "suspend", before(days=9), "Spam"),
    v.DomainBlockView("b2", "loud.example", "silence", before(days=2), "", "Loud", ("its media are refused",)),
)
GATES = (
    v.GateRow("g1", "192.0.2.0/24", before(days=9), "Nobody comes in from there", "bots", NOW + timedelta(days=2)),
    v.GateRow("g2", "spam.example", before(days=9)),
)
ANNOUNCED = (
    v.AnnouncementRow("a1", "The harbour is closed. " * 9, "12 Nov 2026", "published", before(hours=3)),
    v.AnnouncementRow("a3", "Cake!", "", "due", NOW + timedelta(days=2)),
    v.AnnouncementRow("a4", "Hm", "", "draft", before(days=1)),
)

PAGES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "home": (
        "timeline.html",
        {"kind": "home", "title": "Home", "thoughts": TIMELINE, "composer": v.ComposerView(), **_PAGED}
        | {"flashes": (("ok", "Your thought is out."),)},
    ),
    "home-announced": (
        "timeline.html",
        {"kind": "home", "title": "Home", "thoughts": TIMELINE[:1], "composer": v.ComposerView()}
        | {"announcements": ANNOUNCEMENTS, "path": "/home"},
    ),
    "announcements": (
        "announcements.html",
        {"announcements": ANNOUNCEMENTS, "path": "/announcements", "usual": ("🎉", "🔥"), "custom": (_BLOB,)},
    ),
    "announcements-none": ("announcements.html", {"announcements": ()}),
    "admin-announcements": (
        "admin/announcements.html",
        {**_ADMIN, "rows": ANNOUNCED, "form": {"source": "Hm"}, "errors": {"ends_at": "It ends before it begins."}}
        | {"most": 5000, **_PAGED},
    ),
    "admin-announcements-none": (
        "admin/announcements.html",
        {**_ADMIN, "rows": (), "form": EMPTY_FORM, "errors": EMPTY_FORM, "most": 5000},
    ),
    "admin-announcement": (
        "admin/announcement.html",
        {**_ADMIN, "row": ANNOUNCED[0], "form": {"source": "Cake", "all_day": "1"}, "errors": {}, "most": 5000},
    ),
    "home-empty": (
        "timeline.html",
        {"kind": "home", "title": "Home", "thoughts": (), "composer": v.ComposerView()},
    ),
    "tag": (
        "timeline.html",
        {"kind": "tag", "title": "#fog", "thoughts": TIMELINE[:2], "tag_count": 204, "viewer": None}
        | {"unread_count": 0, "viewer_is_admin": False, "feed_url": "/tags/fog.atom"},
    ),
    "tags": ("tags.html", {"tags": ("fog", "größe"), **_PAGED}),
    "tags-empty": ("tags.html", {"tags": ()}),
    "tag-followed": (
        "timeline.html",
        {"kind": "tag", "title": "#fog", "thoughts": TIMELINE[:1], "tag_count": 1, "path": "/tags/fog"}
        | {"hashtag": {"name": "fog", "following": True, "featuring": False}},
    ),
    "bookmarks-empty": (
        "timeline.html",
        {"kind": "bookmarks", "title": "Bookmarks", "thoughts": (), "current": "bookmarks"},
    ),
    "welcome": (
        "welcome.html",
        {**_DOOR, "registration": "approval", "description": "", "people": 41, "thoughts": TIMELINE[:3]},
    ),
    "thread": (
        "thread.html",
        {
            "thought": MINE,
            "ancestors": (PLAIN, QUOTING),
            "ancestors_missing": True,
            "replies": (
                v.ReplyView(thought(BOB, "<p>Printing this and hanging it over the desk.</p>", likes=2)),
                v.ReplyView(thought(ALICE, "<p>Careful, it is a long desk.</p>", mine=True), 1),
                v.ReplyView(thought(BOB, "<p>It used to be longer.</p>", replies=3), 1, "/@bob@example.social/9", 3),
                v.ReplyView(thought(LONG, "<p>And what is the short version of this?</p>")),
            ),
            "completeness": "Everything that has reached this server. example.social may have more replies.",
            "people": (ALICE, BOB, LONG),
            "composer": v.ComposerView(reply_to=MINE),
            "meta": v.PageMeta("Alice Marsh", "https://harbour.example/@alice/1", "A thing I keep relearning"),
            "alternate_url": "https://harbour.example/thoughts/1",
        },
    ),
    "compose": (
        "compose.html",
        {
            "composer": v.ComposerView(
                source="Good morning",
                emojis=(v.EmojiShelf("Usual", plain=("👍", "❤️")), v.EmojiShelf("Sea", (_BLOB,))),
                choosing=True,
                reply_to=PLAIN,
                summary="Weather",
                lang="tlh",
                error="A thought may have 500 characters; this one has 512.",
                note="Your files are here.",
                media=(
                    v.MediaCard("m1", "image", "Picture", "/static/m1.jpg", "A pier", "0.2,0.1"),
                    v.MediaCard("m2", "video", "Video", waiting=True),
                    v.MediaCard("m3", "audio", "Sound", problem="The file is damaged."),
                ),
            ),
            "next_url": "/home",
            "current": "compose",
        },
    ),
    "compose-quote": (
        "compose.html",
        {"composer": v.ComposerView(quote=WARNED), "next_url": "/home", "current": "compose"},
    ),
    "filter-thought": (
        "filter_thought.html",
        {
            "thought": PLAIN,
            "filters": ((v.FilterView("f1", "Weather"), True), (v.FilterView("f2", "Spoilers", "hide"), False)),
            "title": "",
            "errors": {"title": "A filter needs a title."},
        },
    ),
    "scheduled": (
        "scheduled.html",
        {
            "items": (
                v.ScheduledView("s1", before(days=-1), "Good morning", "", "Followers only", ("2 files",)),
                v.ScheduledView(
                    "s2",
                    before(days=2),
                    "And so?",
                    "Weather",
                    "Everyone, and it may travel",
                    (),
                    "/thoughts/1",
                    "/thoughts/2",
                    "The thought that you answer is gone, or not yours to see.",
                ),
            ),
            "current": "compose",
        },
    ),
    "scheduled-none": ("scheduled.html", {"items": (), "current": "compose", "unposted": True}),
    "scheduled-edit": (
        "scheduled_edit.html",
        {
            "item": v.ScheduledView("s1", before(days=-1), "Good morning", "", "Followers only", (), "/thoughts/1"),
            "composer": v.ComposerView(source="Good morning", scheduled_at="2030-01-31T09:30", utc_offset=-210),
            "next_url": "/scheduled",
            "current": "compose",
        },
    ),
    "edit": (
        "compose.html",
        {
            "composer": v.ComposerView(
                source="Good morning",
                edit_id="1",
                visibility="followers",
                lang="en",
                poll=v.PollForm(("Yes", "No"), multiple=True, hide_totals=True, expires_in="", edited=True),
            ),
            "next_url": "/@alice/1",
        },
    ),
    "reacted": (
        "reacted.html",
        {"thought": PLAIN, "kind": "likes", "rows": (v.PersonRow(BOB),), "noindex": True},
    ),
    "history": (
        "history.html",
        {
            "thought": PLAIN,
            "versions": (
                v.VersionView(before(hours=1), WARNED),
                v.VersionView(before(hours=2), PLAIN, ("Yes", "No")),
            ),
        },
    ),
    "profile": (
        "profile.html",
        {
            "profile": PROFILE,
            "thoughts": TIMELINE[2:6],
            "pinned": (MINE,),
            "tab": "thoughts",
            "viewer": EVE,
            "featured_tags": ("fog",),
        }
        | {"current": "", "feed_url": "/@alice.atom", "path": "/@alice", **_PAGED},
    ),
    "profile-remote": (
        "profile.html",
        {"profile": REMOTE_PROFILE, "thoughts": (), "pinned": (), "tab": "thoughts", "current": ""},
    ),
    "profile-collections": (
        "profile.html",
        {"profile": PROFILE, "tab": "collections", "collections": COLLECTIONS, "featuring": COLLECTIONS[:1]}
        | {"viewer": EVE, "current": "", "path": "/@alice/collections"},
    ),
    "profile-collections-empty": (
        "profile.html",
        {"profile": REMOTE_PROFILE, "tab": "collections", "collections": (), "featuring": (), "current": ""},
    ),
    "collection": (
        "collection.html",
        {"collection": COLLECTIONS[0], "rows": ROWS[:2], "own_place": COLLECTIONS[0].places[0], "current": ""},
    ),
    "collection-empty": ("collection.html", {"collection": COLLECTIONS[1], "rows": (), "current": ""}),
    "collection-new": (
        "collection_edit.html",
        {"collection": None, "form": EMPTY_FORM, "errors": {"name": "A collection needs a name."}, "choices": ()},
    ),
    "collection-edit": (
        "collection_edit.html",
        {"collection": COLLECTIONS[0], "form": COLLECTIONS[0], "handle": "@nobody", "choices": PEOPLE}
        | {"errors": {"handle": "There is nobody."}},
    ),
    "collecting": (
        "collecting.html",
        {"person": BOB, "collections": COLLECTIONS, "places": {"1": COLLECTIONS[0].places[1]}, "allowed": True},
    ),
    "collecting-never": ("collecting.html", {"person": EVE, "collections": (), "places": {}, "allowed": False}),
    "people": ("people.html", {"person": ALICE, "kind": "followers", "total": 40212, "rows": ROWS, **_PAGED}),
    "notifications": (
        "notifications.html",
        {
            "notifications": (
                v.NotificationView("1", "favourite", BOB, before(minutes=4), MINE, unread=True),
                v.NotificationView("9", "favourite", EVE, before(minutes=4), MINE, reaction=_PARTY),
                v.NotificationView("2", "mention", EVE, before(minutes=9), PRIVATE, unread=True),
                v.NotificationView("3", "follow_request", CHIARA, before(hours=2), unread=True),
                v.NotificationView("4", "follow", LONG, before(hours=5)),
                v.NotificationView("5", "reblog", CHIARA, before(days=2), MINE, others=(BOB,)),
                v.NotificationView("51", "follow", BOB, before(days=2), others=(CHIARA, EVE, LONG)),
                v.NotificationView("6", "update", BOB, before(days=3), PLAIN),
                v.NotificationView("7", "poll", BOB, before(days=3), ASKED),
                v.NotificationView("8", "poll", ALICE, before(days=3), ANSWERED),
                v.NotificationView("10", "quote", EVE, before(days=3), QUOTED),
                v.NotificationView("12", "added_to_collection", EVE, before(days=3), collection=COLLECTIONS[0]),
                v.NotificationView("13", "collection_update", EVE, before(days=3), collection=COLLECTIONS[0]),
                v.NotificationView("11", "quoted_update", EVE, before(days=3), WARNED),
            ),
            "request_count": 1,
            "current": "notifications",
            **_PAGED,
        },
    ),
    "search": (
        "search.html",
        {"q": "fog", "people": ROWS[:3], "thoughts": TIMELINE[:2], "tags": ("fog", "foghorn")}
        | {"current": "search", "resolving": "example.social does not answer at the moment."},
    ),
    "search-start": ("search.html", {"q": "", "current": "search"}),
    "explore": ("explore.html", {"kind": "thoughts", "is_on": True, "thoughts": TIMELINE[:3], **_PAGED, **_EXPLORING}),
    "explore-tags": ("explore.html", {"kind": "tags", "is_on": True, "tags": TRENDS, **_PAGED, **_EXPLORING}),
    "explore-links": ("explore.html", {"kind": "links", "is_on": True, "links": LINK_TRENDS, **_PAGED, **_EXPLORING}),
    "explore-linking": (
        "explore.html",
        {"kind": "linking", "is_on": True, "thoughts": TIMELINE[:2], **_PAGED, **_EXPLORING},
    ),
    "explore-people": (
        "explore.html",
        {
            "kind": "people",
            "is_on": True,
            "rows": ROWS,
            "suggested": ((ROWS[0], "Followed by people you follow"),),
            "newest": True,
            "is_local": True,
        }
        | {**_PAGED, **_EXPLORING},
    ),
    "explore-quiet": ("explore.html", {"kind": "tags", "is_on": True, **_EXPLORING}),
    "explore-off": ("explore.html", {"kind": "thoughts", "is_on": False, **_EXPLORING}),
    "search-empty": ("search.html", {"q": "<script>", "current": "search"}),
    "direct": (
        "direct.html",
        {"conversations": (v.ConversationView("1", (BOB, EVE), PLAIN, True), v.ConversationView("2", (EVE,), MINE))}
        | {"current": "direct", **_PAGED},
    ),
    "direct-empty": ("direct.html", {"conversations": ()}),
    "notification-requests": (
        "notification_requests.html",
        {"kept": (v.KeptView(BOB, 3, NOW, PLAIN), v.KeptView(EVE, 1, NOW)), **_PAGED},
    ),
    "notification-requests-empty": ("notification_requests.html", {"kept": ()}),
    "settings-notifications": (
        "settings/notifications.html",
        {**_SETTINGS, "now": {"requests": 2, "notifications": 3, "policy": {"for_not_following": "drop"}}},
    ),
    "lists": (
        "lists.html",
        {"lists": LISTS, "form": {"title": "", "replies_policy": "none"}, "errors": {"title": "A list needs a name."}}
        | {"current": "lists"},
    ),
    "lists-empty": ("lists.html", {"lists": (), "form": EMPTY_FORM, "errors": EMPTY_FORM}),
    "list": (
        "timeline.html",
        {"kind": "list", "title": "Harbour", "thoughts": (), "edit_url": "/lists/1/edit", "current": "lists"},
    ),
    "list-edit": (
        "list_edit.html",
        {"list": LISTS[0], "form": LISTS[0], "handle": "@nobody", "errors": {"handle": "There is nobody."}}
        | {"rows": ROWS[:2], "choices": PEOPLE, **_PAGED},
    ),
    "reading": (
        "reading.html",
        {"person": BOB, "lists": LISTS, "show_boosts": True, "notify": False, "languages": "en de"}
        | {"errors": {"languages": "'xx!' is not a language tag."}},
    ),
    "reading-empty": ("reading.html", {"person": BOB, "lists": (), "errors": EMPTY_FORM}),
    "follow-requests": ("follow_requests.html", {"rows": ROWS[1:3]}),
    "delivery": (
        "delivery.html",
        {
            "thought": MINE,
            "reached": 41,
            "waiting": 1,
            "failed": 1,
            "total": 43,
            "deliveries": (
                v.DeliveryView(
                    "gone.example",
                    "failed",
                    before(hours=1),
                    None,
                    14,
                    "gone.example refused it: it does not know the people addressed any more.",
                    "HTTP 410 Gone",
                ),
                v.DeliveryView(
                    "example.social",
                    "retrying",
                    None,
                    NOW + timedelta(minutes=32),
                    3,
                    "example.social has not answered since Tuesday. We try again at 14:05.",
                ),
                v.DeliveryView("fedi.example.org", "delivered", before(hours=3)),
            ),
        },
    ),
    "signin": (
        "signin.html",
        {**_DOOR, "next_url": "/home", "errors": {"": "Name or password is not right."}},
    ),
    "signup": (
        "signup.html",
        {**_DOOR, "registration": "approval", "form": {"username": "alice"}, "errors": WRONG}
        | {"rules": ("Be kind.", "No advertising.")},
    ),
    "signup-closed": ("signup.html", {**_DOOR, "registration": "closed"}),
    "first-run": ("first_run.html", _DOOR),
    "docs": (
        "docs.html",
        {
            "origin": "https://here.example",
            "groups": {
                "statuses": (
                    {
                        "method": "POST",
                        "path": "/api/v1/statuses",
                        "summary": "Publish a thought.",
                        "access": {"scopes": ("write:statuses",), "required": True},
                        "inputs": {"status": {"type": "string"}},
                    },
                    {
                        "method": "GET",
                        "path": "/api/v1/instance",
                        "summary": "Show what this is.",
                        "access": {"scopes": (), "required": False},
                        "inputs": {},
                    },
                ),
            },
        },
    ),
    "text": ("text.html", {"heading": "Privacy", "html": "<p>We keep little.</p>", "updated_at": NOW}),
    "admin-site": (
        "admin/site.html",
        {
            **_ADMIN,
            "texts": {"description": "Short.", "about": "Long.", "privacy": "Little.", "terms": ""},
            "terms_since": "2026-01-01",
            "most": {"description": 500},
            "rules": (("1", "Be kind.", ""), ("2", "No spam.", "Adverts count.")),
            "form": EMPTY_FORM,
            "errors": EMPTY_FORM,
        },
    ),
    "about": (
        "about.html",
        {
            "description": "",
            "story": "<p>It began with a boat.</p>",
            "rules": ("Be kind.",),
            "admins": (ALICE,),
            "people": 41,
            "thoughts": 12_840,
            "hosts": 913,
            "version": "0.1.0",
            "source_url": "https://source.example",
            "max_chars": 500,
            "current": "about",
        },
    ),
    "error": (
        "error.html",
        {
            **_DOOR,
            "status": 404,
            "title": "There is nothing here",
            "explanation": "The page may have been deleted, or it is not meant for you.",
            "what_to_do": "If somebody sent you the link, ask them who can see it.",
            "reference": "7f3a",
        },
    ),
    "settings-profile": (
        "settings/profile.html",
        {**_SETTINGS, "person": ALICE, "header_url": "/static/header.jpg", "max_upload": "8 MB"}
        | {"form": {"display_name": "Alice Marsh", "bio": "Fog.", "locked": True}}
        | {"fields": (v.FieldView("Website", "https://marsh.example", before(days=2)),)},
    ),
    "settings-top-friends": (
        "settings/top_friends.html",
        {**_SETTINGS, "friends": ("@bob@example.social", "@nobody"), "portraits": (BOB,), "choices": PEOPLE}
        | {"errors": {"friend_2": "We could not find @nobody."}},
    ),
    "settings-writing": (
        "settings/writing.html",
        {**_SETTINGS, "audiences": tuple(v.VISIBILITY_WORDS.items()), "quoters": tuple(v.QUOTE_WORDS.items())}
        | {
            "form": {
                "visibility": "followers",
                "lang": "en",
                "sensitive": True,
                "quote_policy": "nobody",
                "sites": "news.example",
            }
        }
        | {"errors": {"sites": "'news' is not a domain such as example.org."}},
    ),
    "settings-appearance": (
        "settings/appearance.html",
        {**_SETTINGS, "custom_css": ".person-name { color: teal }", "show_custom_css": True}
        | {"dropped": ("line 3: background: url(https://x.example/a.png)", "line 9: position: fixed")}
        | {"max_css": "32 kB"},
    ),
    "settings-account": ("settings/account.html", {**_SETTINGS, "email": "alice@marsh.example"}),
    "settings-sessions": (
        "settings/sessions.html",
        {
            **_SETTINGS,
            "sessions": (
                v.SessionView("1", "Firefox on Linux", "203.0.113.7", before(days=9), NOW, current=True),
                v.SessionView("2", "Safari on iPhone", "198.51.100.9", before(days=40), before(days=2)),
            ),
        },
    ),
    "settings-api-keys": (
        "settings/api_keys.html",
        {**_SETTINGS, "fresh_key": "th_9hJ2kQ7mZx4vB8nW1cR5tY", "fresh_name": "Weather bot"}
        | {"keys": (v.ApiKeyView("1", "Weather bot", NOW), v.ApiKeyView("2", "Ivory", NOW, NOW))},
    ),
    "settings-apps": (
        "settings/apps.html",
        {
            **_SETTINGS,
            "apps": (
                v.AppView("1", "Ivory", "https://ivory.example/", "ivory.example", SCOPES, NOW, NOW, "192.0.2.0/24"),
                v.AppView("2", "toot", "", "", SCOPES[:1], NOW),
            ),
        },
    ),
    "settings-apps-none": ("settings/apps.html", {**_SETTINGS, "apps": ()}),
    "oauth-authorize": (
        "oauth/authorize.html",
        {
            "app_name": "Ivory",
            "app_website": "https://ivory.example/",
            "app_host": "ivory.example",
            "person": ALICE,
            "scopes": SCOPES,
            "destination": "the app that opens ivory: links",
            "fields": {"client_id": "x", "redirect_uri": "ivory://accept", "scope": "read write", "state": ""},
        },
    ),
    "confirm": ("confirm.html", {**_DOOR, "token": "x", "address": "ada@mail.example"}),
    "password": ("password.html", {**_DOOR, "sent": False}),
    "password-sent": ("password.html", {**_DOOR, "form": {"email": "ada@mail.example"}, "sent": True}),
    "password-new": ("password_new.html", {**_DOOR, "token": "x", "username": "ada"}),
    "oauth-code": ("oauth/code.html", {"code": "9hJ2kQ7mZx4vB8nW1cR5tY"}),
    "settings-blocks": (
        "settings/blocks.html",
        {**_SETTINGS, "blocked": ROWS[1:2], "muted": ROWS[:1], "domains": ("spam.example",)},
    ),
    "settings-filters": (
        "settings/filters.html",
        {**_SETTINGS, "filters": FILTERS, "form": FILTERS[0], "errors": {"context": "Choose where it applies."}},
    ),
    "settings-filter": ("settings/filter.html", {**_SETTINGS, "filter": FILTERS[1], "form": FILTERS[1]}),
    "settings-invites": (
        "settings/invites.html",
        {
            **_SETTINGS,
            "invites": (v.InviteView("1", "https://harbour.example/signup?invite=q8", NOW, NOW, 1, 5),),
        },
    ),
    "admin": (
        "admin/overview.html",
        {
            **_ADMIN,
            "overview": v.OverviewView(
                people=41,
                pending_people=2,
                thoughts=12_840,
                hosts=913,
                hosts_troubled=6,
                due=312,
                failed=14,
                version="0.1.0",
                oldest_due_at=before(days=3),
                delivered_by_hour=tuple(40 + (n * 37) % 90 for n in range(24)),
                received_by_hour=tuple(140 + (n * 53) % 190 for n in range(24)),
                failed_by_hour=tuple(9 if n == 17 else n % 2 for n in range(24)),
            ),
            "troubled": HOSTS[:1],
            "engines": (
                ("PostgreSQL", "18.6, embedded", True),
                ("Redis", "away; pages and inbox go on", False),
            ),
        },
    ),
    "admin-federation": (
        "admin/federation.html",
        {**_ADMIN, "hosts": HOSTS, "total": 913, "host": "", "state": "", **_PAGED},
    ),
    "admin-failed": (
        "admin/failed.html",
        {
            **_ADMIN,
            "filters": v.FailedFilters(host="example.social"),
            "rows": (FAILED, REFUSED),
            "total": 1284,
            "kinds": ("delivery", "inbound", "media"),
            "errors_known": ("timeout", "refused"),
            **_PAGED,
        },
    ),
    "admin-failed-empty": (
        "admin/failed.html",
        {**_ADMIN, "filters": v.FailedFilters(), "rows": (), "total": 0, "kinds": (), "errors_known": ()},
    ),
    "admin-failed-one": ("admin/failed_one.html", {**_ADMIN, "failed": FAILED}),
    "admin-people": (
        "admin/people.html",
        {
            **_ADMIN,
            "people": (
                v.AdminPersonView(ALICE, "active", before(days=700), "a@x.example", "", True, NOW, 1284),
                v.AdminPersonView(EVE, "pending", before(hours=7), "e@x.example", "I know Alice from the boats."),
                v.AdminPersonView(BOB, "suspended", before(days=90)),
                v.AdminPersonView(CHIARA, "active", before(days=90), thoughts=7),
            ),
            "q": "",
            "state": "",
            "total": 4,
        },
    ),
    "report": (
        "report.html",
        {"person": BOB, "thought": PLAIN, "thought_id": PLAIN.id, "form": EMPTY_FORM, "errors": EMPTY_FORM}
        | {"max_comment": 1000},
    ),
    "settings-warnings": (
        "settings/warnings.html",
        {**_SETTINGS, "warnings": (("You were warned", "Please be kind", before(days=2), 1),)},
    ),
    "admin-reports": ("admin/reports.html", {**_ADMIN, **_PAGED, "cases": (CASE,), "resolved": False}),
    "admin-report": ("admin/report.html", {**_ADMIN, "case": CASE, "actions": ("none", "suspend")}),
    "admin-domains": (
        "admin/domains.html",
        {**_ADMIN, "form": {"severity": "suspend"}, "errors": EMPTY_FORM, "blocks": REFUSED},
    ),
    "admin-domain": (
        "admin/domain.html",
        {**_ADMIN, "form": {"severity": "silence", "reject_media": "1"}, "errors": EMPTY_FORM, "block": REFUSED[1]},
    ),
    **{
        f"admin-gates-{kind}": (
            "admin/gates.html",
            {**_ADMIN, "kind": kind, "rows": GATES if kind == "networks" else GATES[1:], "limited": False, **_PAGED}
            | {"form": EMPTY_FORM, "errors": {"name": "It stands on the list already."}},
        )
        for kind in ("networks", "emails", "addresses", "servers")
    },
    "quotes": ("quotes.html", {"thought": MINE, "quotes": (QUOTED, DETACHED), **_PAGED}),
    "react": (
        "react.html",
        {
            "thought": PLAIN,
            "usual": ("🎉", "👀"),
            "custom": (_BLOB,),
            "reactors": (v.ReactorView(BOB, _PARTY), v.ReactorView(EVE, _BLOB)),
            "error": "Choose one emoji.",
        },
    ),
    "admin-trends": (
        "admin/trends.html",
        {
            "what": "tags",
            "switches": {"trends": True, "trendable_by_default": False},
            "tags": tuple(
                v.JudgedTagView(str(number), trend, is_shown=bool(number), waits=not number)
                for number, trend in enumerate(TRENDS)
            ),
            **_ADMIN,
            **_PAGED,
        },
    ),
    "admin-trends-thoughts": (
        "admin/trends.html",
        {
            "what": "thoughts",
            "switches": {"trends": True, "trendable_by_default": True},
            "thoughts": (v.JudgedThoughtView(PLAIN, False, False), v.JudgedThoughtView(WARNED, True, True)),
            **_ADMIN,
            **_PAGED,
        },
    ),
    "admin-trends-links": (
        "admin/trends.html",
        {
            "what": "links",
            "switches": {"trends": True, "trendable_by_default": False},
            "links": tuple(
                v.JudgedLinkView(str(number), trend, "7" if number else None, is_shown=bool(number), waits=not number)
                for number, trend in enumerate(LINK_TRENDS)
            ),
            **_ADMIN,
            **_PAGED,
        },
    ),
    "admin-trends-off": (
        "admin/trends.html",
        {"what": "tags", "switches": {"trends": False, "trendable_by_default": True}, **_ADMIN},
    ),
    "admin-tag": (
        "admin/tag.html",
        {
            "tag": v.JudgedTagView("1", TRENDS[0], is_shown=True, waits=True),
            "rules": {"display_name": "Fog", "usable": True, "listable": True, "trendable": True},
            "form": {"display_name": "Frog"},
            "errors": {"display_name": "Only which letters are large can be changed."},
            **_ADMIN,
        },
    ),
    "admin-emojis": (
        "admin/emojis.html",
        {
            **_ADMIN,
            "emojis": (
                v.EmojiView("blob", "/static/p1.png", id="1", category="Blobs"),
                v.EmojiView("cat", "/static/p2.png", id="2", enabled=False, visible=False, host="example.social"),
            ),
            "q": "",
            "form": {},
            "errors": {"shortcode": "There is an emoji :blob: already."},
            "newer_url": None,
            "older_url": None,
        },
    ),
    "admin-emojis-copy": (
        "admin/emojis_copy.html",
        {
            **_ADMIN,
            "emojis": (
                v.EmojiView("blob", "/proxy/1", host="example.social"),
                v.EmojiView("cat", "/proxy/2", host="example.social", enabled=False),
            ),
            "host": "",
            "q": "",
            "newer_url": None,
            "older_url": None,
        },
    ),
    "admin-audit": (
        "admin/audit.html",
        {
            **_ADMIN,
            "entries": (v.AuditView("1", NOW, "alice", "retried", "14 deliveries", "/admin/failed", "example.social"),),
        },
    ),
}
"""Every page in a telling state: template and what its view passes, over GLOBALS."""
