"""Whatever is sent, the answer is a clear 4xx that changed nothing, or what the contract says; never a failure of ours.

Every route of the client API and of OAuth is tried with bad values among good ones, in JSON, forms and files, with
broken bodies, foreign ids and every kind of caller. `THOUGHTS_TEST_EXAMPLES=1000` tries more, each time others.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.bad_input.trying import EXAMPLES, failures
from tests.bad_input.undoing import changed, contents, undone
from tests.bad_input.values import (
    BAD,
    FILES,
    HEADERS,
    LONGEST_QUERY,
    PLACES,
    RAW,
    Named,
    Request,
    good,
    multipart,
    pairs,
    quoted,
)  # fmt: skip
from tests.client_api.contract import ENTITIES, OPERATIONS, problems
from tests.client_api.test_api_contract import REALLY
from web.documentation import operations

if TYPE_CHECKING:
    import httpx
    from quart import Quart

    from storage.database import Connection
    from tests.bad_input.conftest import Filled
    from tests.client_api.conftest import OpenApp

SHARDS = 4
# Tried elsewhere: they never end, or are pages.
_ELSEWHERE = ("/api/v1/streaming", "/oauth/authorize", "/oauth/switch", "/docs")
# Where the reference says another thing than Mastodon does.
_SHAPES = {("GET", path): kind for path, kind in REALLY.items()}
CALLERS = ("ann", "ann", "ann", "ann", "ann", "root", "bob", "nobody", "app", "revoked", "garbage")
# What everybody looks at after something was changed: it must not have become unreadable.
AFTERWARDS = ("/api/v1/timelines/home", "/api/v1/accounts/verify_credentials", "/home")


@dataclass(frozen=True)
class Operation:
    """A route, and what may be sent to it: names with the types of the contract."""

    method: str
    path: str
    inputs: dict[str, str]
    answer: str | None

    @property
    def is_for_admins(self) -> bool:
        """Tell whether only an admin gets anywhere."""
        return self.path.startswith("/api/v1/admin") or self.path.startswith("/api/v2/admin")


def every_operation(app: Quart) -> list[Operation]:
    """List the routes of the API and of OAuth, with what the contract and their own code say of them."""
    known = {(method, _bare(path)): one for (method, path), one in OPERATIONS.items()}
    described = {(one.method, _bare(one.path)): one.inputs for one in operations(app)}
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        if not path.startswith(("/api/", "/oauth/", "/.well-known/oauth")) or path.startswith(_ELSEWHERE):
            continue
        verbs = re.search(r"<any\(([^)]*)\):", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            key = (method, _bare(path))
            inputs = {name: str(schema.get("type", "any")) for name, schema in described.get(key, {}).items()}
            one = known.get(key, {"parameters": {}, "body": None, "answer": None})
            for kind in (one["body"] or "").split("|"):
                inputs |= {name.removesuffix("?"): inner for name, inner in ENTITIES.get(kind, {}).items()}
            inputs |= {
                name.removeprefix("query:"): kind for name, kind in one["parameters"].items() if "query:" in name
            }
            answer = _SHAPES.get((method, path), one["answer"])
            # The reference leaves some answers to GET open.
            answer = None if (method, answer) == ("GET", "empty") else answer
            for verb in verbs[1].split(", ") if verbs else [""]:
                found.append(Operation(method, path.replace("{verb}", verb or "{verb}"), inputs, answer))
    return sorted(found, key=lambda one: (one.path, one.method))


def _bare(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def requests_to(one: Operation, names: tuple[str, ...]) -> st.SearchStrategy[Request]:
    """Requests to a route, whose ids are of what is called these names."""
    named = st.sampled_from([Named(name) for name in names])
    place = named | named | named | st.sampled_from(PLACES)
    values = {name: good(kind, name, names) for name, kind in one.inputs.items()}
    worse = {name: BAD | BAD | named | value for name, value in values.items()} or {"id": BAD, "limit": BAD}
    tree = st.builds(
        lambda usual, bad: usual | bad,
        st.fixed_dictionaries({}, optional=values),
        st.fixed_dictionaries({}, optional=worse),
    )
    body = (
        st.none()
        | st.tuples(st.sampled_from(("json", "json", "json", "form", "multipart")), tree)
        | st.sampled_from(RAW)
        | st.tuples(st.just("files"), st.tuples(st.sampled_from(FILES), tree))
    )
    callers = (
        st.sampled_from((*CALLERS, "root", "root", "root", "root")) if one.is_for_admins else st.sampled_from(CALLERS)
    )
    return st.builds(
        Request,
        caller=callers,
        places=st.tuples(*[place] * one.path.count("{")),
        query=(tree if one.method in ("GET", "DELETE") else st.just({}) | st.just({}) | tree).map(
            lambda found: tuple(pair for name, value in found.items() for pair in pairs(name, value))[:1200]
        ),
        headers=st.just({}) | st.just({}) | st.sampled_from(HEADERS),
        body=st.none() | body if one.method == "GET" else body,
    )


@dataclass
class Trial:
    """One route, tried on the filled instance."""

    filled: Filled
    one: Operation

    async def send(self, request: Request) -> httpx.Response:
        """Send a request."""
        places = iter(request.places)
        path = re.sub(r"{[^}]*}", lambda _: self._place(next(places)), self.one.path)
        query = "&".join(f"{quoted(name)}={quoted(self.filled.named(value))}" for name, value in request.query)[
            :LONGEST_QUERY
        ]
        headers = {name.encode(): _bytes(value) for name, value in request.headers.items()}
        content: bytes | None = None
        if request.body is not None:
            kind, content = self._body(*request.body)
            headers[b"content-type"] = kind.encode("latin-1")
        client = self.filled.callers[request.caller].client
        return await client.request(
            self.one.method, f"{path}?{query}" if query else path, content=content, headers=list(headers.items())
        )

    def _place(self, value: str | Named) -> str:
        return quote(self.filled.world[value.name], safe="") if isinstance(value, Named) else value

    def _body(self, how: str, what: Any) -> tuple[str, bytes]:
        if isinstance(what, bytes):
            return how, what
        if how == "json":
            return "application/json", json.dumps(self.filled.named(what)).encode()
        data, tree = what if how == "files" else (None, what)
        fields = [pair for name, value in self.filled.named(tree).items() for pair in pairs(name, value)]
        if how == "form":
            body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields)
            return "application/x-www-form-urlencoded", body.encode()
        files = [(name, data) for name in ("file", "avatar", "header", "thumbnail")] if data is not None else []
        return multipart(fields, files)

    async def attempt(self, request: Request) -> None:
        """Send a request, judge the answer and what became of the data, and undo it."""
        with capture_logs() as logged:
            async with undone(self.filled.services.database) as db:
                await self._judge(db, request, logged)

    async def _judge(self, db: Connection, request: Request, logged: list[Any]) -> None:
        answer = await self.send(request)
        place = f"by {request.caller}: {answer.status_code} {answer.text[:200]} {_causes(logged)}"
        assert answer.status_code < 500, place
        if answer.is_redirect:
            return
        assert answer.headers["content-type"].startswith("application/json"), place
        if answer.status_code >= 400:
            told = answer.json()
            assert isinstance(told, dict) and isinstance(told.get("error"), str) and told["error"], place
            assert await changed(db, self.filled.untouched) == set(), place
            return
        told = json.loads(answer.content, parse_constant=_no_number)
        if self.one.answer is not None and answer.status_code == 200:
            wrong = [problem for problem in problems(self.one.answer, told) if "redirect_uris[" not in problem]
            assert wrong == [], place
        if self.one.method != "GET":
            await self._look_around(request, told, logged)

    async def _look_around(self, request: Request, told: Any, logged: list[Any]) -> None:
        """See that nothing became unreadable."""
        paths = list(AFTERWARDS)
        if isinstance(told, dict) and str(told.get("uri", "")).startswith("http://localhost:8000/"):
            paths += [told["uri"], f"/api/v1/statuses/{told['id']}"]
        client = self.filled.callers[request.caller].client
        for path in paths:
            seen = await client.get(path, headers={"accept": "application/activity+json, */*"})
            assert seen.status_code < 500, f"{path} afterwards: {seen.status_code} {_causes(logged)}"


def _causes(logged: list[Any]) -> list[str]:
    return [f"{entry['event']}: {entry.get('exc_info') or entry.get('error')!r}"[:500] for entry in logged]


def _no_number(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.timeout(0 if EXAMPLES else 300)
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_request_is_a_failure_of_ours_or_half_done(filled: Filled, shard: int) -> None:
    wrong: list[str] = []
    for one in every_operation(filled.app)[shard::SHARDS]:
        requests = requests_to(one, filled.names)
        wrong += await failures(requests, Trial(filled, one).attempt, usual=8, name=f"{one.method} {one.path}")
    assert not wrong, "\n\n".join(wrong)


# What belongs to Ann alone; the names are those of the contract's walk.
PRIVATE = ("list", "filter", "keyword", "filtered", "featured", "talk", "notification", "upload", "group")


async def test_what_is_somebody_elses_is_not_there(filled: Filled, open_app: OpenApp) -> None:
    mallory = await open_app("mallory", scopes="read write follow push")
    secret = await filled.callers["ann"].publish("@bob only you", visibility="direct")
    world = filled.world | {"secret": secret["id"]}
    await mallory.get("/api/v1/accounts/verify_credentials")
    async with filled.services.database.connection() as db:
        untouched = await contents(db)
    let_in = set()
    for one in every_operation(filled.app):
        if "{" not in one.path or "{year}" in one.path or one.is_for_admins or one.path.startswith("/api/{"):
            continue
        for name in (*PRIVATE, "secret"):
            path = re.sub(r"{[^}]*}", quote(world[name], safe=""), one.path)
            async with undone(filled.services.database) as db:
                answer = await mallory.client.request(
                    one.method, path, json={"status": "x", "account_ids": [mallory.id]}
                )
                assert answer.status_code < 500, (one, name, answer.text)
                if answer.status_code < 400 and not one.path.endswith("/dismiss"):
                    let_in.add((one.method, one.path, name))
                # What is not there, or not for Mallory, counts as dismissed.
                assert await changed(db, untouched) == set(), (one, name)
    assert let_in == set()
