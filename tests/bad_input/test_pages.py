"""Pages, their forms and the doors for other servers: whatever is typed or asked for, no failure of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.acting import again
from tests.bad_input.trying import EXAMPLES, failures
from tests.bad_input.undoing import changed, undone
from tests.bad_input.values import FILES, HEADERS, LONGEST_QUERY, PLACES, RAW, TEXT, Named, Request, multipart, quoted
from tests.services_fixture import Browser, browser, sign_in

if TYPE_CHECKING:
    from quart import Quart

    from tests.bad_input.conftest import Filled

ROOT = Path(__file__).parents[2]
SHARDS = 2
_SOURCES = ("web/pages", "web/admin", "web/oauth", "web/activitypub", "web")
# When somebody was here last, and what is read of other servers in the background: no page promises either.
_IN_PASSING = {"sessions", "fetches"}
_ELSEWHERE = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo")
ACCEPTS = ("text/html", "application/activity+json", "*/*", "application/ld+json", "\xff", "text/html;q=x")
HANDLES = ("ann", "bob", "eve@remote.example", "ann@localhost:8000", "ANN", "nobody", "@", "a@b@c", "ann.atom")
GOOD = (
    "things",
    "home",
    "1",
    "on",
    "public",
    "hello @bob",
    "2030-01-01",
    "day",
    "accept",
    "http://localhost:8000/@ann",
)


def _names() -> tuple[str, ...]:
    """Return the names of everything that the pages' code and forms read."""
    code = "\n".join(path.read_text() for folder in _SOURCES for path in sorted((ROOT / folder).glob("*.py")))
    forms = "\n".join(path.read_text() for path in sorted((ROOT / "web/templates").rglob("*.html")))
    found = re.findall(r'\.get(?:list)?\(\s*"(\w+)"', code) + re.findall(r'name="(\w+)"', forms)
    return tuple(sorted({*found, "resource", "rel", "page", "max_id", "cursor"} - {"csrf_token"}))


NAMES = _names()


@dataclass(frozen=True)
class Route:
    """A page, a form of one, or a document."""

    method: str
    path: str

    def requests(self, names: tuple[str, ...]) -> st.SearchStrategy[Request]:
        """Requests to it; ids are of what is called these names."""
        named = st.sampled_from([Named(name) for name in names])
        handle = st.sampled_from(HANDLES).map(lambda text: quote(text, safe="@:"))
        value = named | TEXT | st.sampled_from(GOOD)
        fields = st.lists(st.tuples(st.sampled_from(NAMES), value), max_size=8).map(tuple)
        body = (
            st.tuples(st.just("form"), fields)
            | st.tuples(st.just("files"), st.tuples(st.sampled_from(FILES), fields))
            | st.sampled_from(RAW)
        )
        return st.builds(
            Request,
            caller=st.sampled_from(("ann", "ann", "root", "root", "nobody")),
            places=st.tuples(*[named | named | handle | st.sampled_from(PLACES)] * self.path.count("{")),
            query=fields if self.method == "GET" else st.just(()) | fields,
            headers=st.sampled_from(ACCEPTS).map(lambda accept: {"accept": accept}) | st.sampled_from(HEADERS),
            body=st.none() if self.method == "GET" else body,
        )


def every_route(app: Quart) -> list[Route]:
    """List the pages, forms and documents, once for each verb that an address takes."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(_ELSEWHERE) or rule.rule == "/metrics":
            continue
        choices = re.search(r"<any\(([^)]*)\):", rule.rule)
        for choice in re.findall(r"[\w-]+", choices[1]) if choices else [""]:
            path = re.sub(r"<any\([^>]*>", choice, rule.rule)
            path = re.sub(r"<[^>]*>", "{}", path)
            found += [Route(method, path) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    found += [Route("POST", "/inbox"), Route("POST", "/users/{}/inbox")]
    return sorted(set(found), key=lambda one: (one.path, one.method))


@pytest.fixture
async def visitors(filled: Filled) -> AsyncIterator[dict[str, tuple[Browser, str]]]:
    """Browsers by who sits before them, each with a token for forms."""
    opened: dict[str, tuple[Browser, str]] = {}
    for name in ("ann", "root", "nobody"):
        visitor = browser(filled.app)
        person = filled.callers[name].person
        if person is not None:
            await sign_in(filled.services, visitor, await again(filled.services, person))
        opened[name] = (visitor, await visitor.token())
    yield opened
    for visitor, _ in opened.values():
        await visitor.client.aclose()


@dataclass
class Trial:
    """One route, tried on the filled instance."""

    filled: Filled
    visitors: dict[str, tuple[Browser, str]]
    route: Route

    async def attempt(self, request: Request) -> None:
        """Send a request, judge the answer and what became of the data, and undo it."""
        visitor, token = self.visitors[request.caller]
        places = iter(request.places)
        path = re.sub("{}", lambda _: self._place(next(places)), self.route.path)
        query = "&".join(f"{quoted(name)}={quoted(self.filled.named(value))}" for name, value in request.query)[
            :LONGEST_QUERY
        ]
        headers = [(b"origin", b"http://localhost:8000"), (b"sec-fetch-site", b"same-origin")]
        headers += [(name.encode(), _bytes(value)) for name, value in request.headers.items() if name != "origin"]
        content = None
        if request.body is not None:
            kind, content = self._body(token, *request.body)
            headers.append((b"content-type", kind.encode("latin-1")))
        with capture_logs() as logged:
            async with undone(self.filled.services.database) as db:
                answer = await visitor.client.request(
                    self.route.method, f"{path}?{query}" if query else path, content=content, headers=headers
                )
                causes = [repr(entry.get("exc_info") or entry.get("error"))[:300] for entry in logged]
                assert answer.status_code < 500, f"{answer.status_code} {answer.text[-300:]} {causes}"
                if answer.status_code >= 400:
                    assert await changed(db, self.filled.untouched) - _IN_PASSING == set(), answer.text[-300:]

    def _place(self, value: str | Named) -> str:
        return quote(self.filled.world[value.name], safe="") if isinstance(value, Named) else value

    def _body(self, token: str, how: str, what: Any) -> tuple[str, bytes]:
        if isinstance(what, bytes):
            return how, what
        data, given = what if how == "files" else (None, what)
        fields = [("csrf_token", token), *((name, self.filled.named(value)) for name, value in given)]
        if data is None:
            body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields)
            return "application/x-www-form-urlencoded", body.encode()
        return multipart(fields, [(name, data) for name in ("files", "avatar", "header", "image")])


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.timeout(0 if EXAMPLES else 300)
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_page_form_or_document_fails(
    filled: Filled, visitors: dict[str, tuple[Browser, str]], shard: int
) -> None:
    wrong: list[str] = []
    for route in every_route(filled.app)[shard::SHARDS]:
        trial = Trial(filled, visitors, route)
        requests = route.requests(filled.names)
        wrong += await failures(requests, trial.attempt, usual=6, name=f"{route.method} {route.path}")
    assert not wrong, "\n\n".join(wrong)


STREAMS = (
    "user",
    "user/notification",
    "public",
    "public/local",
    "hashtag",
    "list",
    "direct",
    "nonsense",
    "%00",
    "user/%ff",
)
ASKED = (
    "&".join(f"a{number}=1" for number in range(60)), "access_token=%00", "access_token=" + "x" * 5000,
    "access_token=%ff", "stream=user&stream=%00", "tag=%00&list=%00",
)  # fmt: skip


@pytest.mark.parametrize("accept", ["text/event-stream", "\xff"])
async def test_no_stream_fails(filled: Filled, accept: str) -> None:
    headers = [(b"accept", accept.encode("latin-1"))]
    for name in STREAMS:
        for query in ASKED:
            for caller in ("nobody", "garbage", "revoked", "app"):
                client = filled.callers[caller].client
                answer = await client.get(f"/api/v1/streaming/{name}?{query}", headers=headers)
                assert 400 <= answer.status_code < 500, (name, query, caller, answer.text)
                assert answer.json()["error"]
    ann = filled.callers["ann"].client
    for wrong in (
        "hashtag", "hashtag?tag=%00", "hashtag?tag=" + "x" * 5000, "list", "list?list=%00", "list?list=1",
        f"list?list={filled.world['bob']}", "nonsense", f"user?{ASKED[0]}",
    ):  # fmt: skip
        answer = await ann.get(f"/api/v1/streaming/{wrong}")
        assert 400 <= answer.status_code < 500, (wrong, answer.text)
        assert answer.json()["error"]


async def test_nothing_that_is_posted_to_an_inbox_fails(filled: Filled) -> None:
    client = filled.callers["nobody"].client
    signatures = (
        {}, {"signature": "x"}, {"signature": 'keyId="http://[",signature="\xff"'},
        {"signature-input": "sig1=()", "signature": "sig1=:x:"},
        {"signature": 'keyId="https://remote.example/users/eve#main-key",headers="date",signature="AAAA"', "date": "x"},
        {"digest": "SHA-256=\xff", "signature": 'keyId="a",headers="",signature=""'}, {"content-digest": "sha-256=:x"},
    )  # fmt: skip
    bodies = [*(body for _, body in RAW), b'{"type": "Create", "actor": "https://remote.example/users/eve", "id": 1}']
    for path in ("/inbox", "/users/ann/inbox", "/users/%00/inbox", "/users/nobody/inbox", "/actor/inbox"):
        for body in bodies if path == "/inbox" else bodies[:4]:
            for signature in signatures:
                headers = {
                    "content-type": "application/activity+json",
                    "date": "Sat, 21 Nov 2026 10:00:00 GMT",
                } | signature
                raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
                answer = await client.post(path, content=body, headers=raw)
                assert 400 <= answer.status_code < 500, (path, body[:200], signature, answer.text)
                assert answer.json()["error"]
    async with filled.services.database.connection() as db:
        assert await changed(db, filled.untouched) == set()
