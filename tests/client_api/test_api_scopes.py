"""Who gets in where: every route asks for the scopes of the contract, takes those, and takes no others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from federation.actions.scopes import SCOPES, allows
from tests.bad_input.undoing import BOOKKEEPING, changed, contents, undone
from tests.client_api.contract import OPERATIONS
from tests.services_fixture import make_person
from web.client_api.authentication import ACCESS
from web.documentation import Operation, operations

if TYPE_CHECKING:
    from quart import Quart

    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp

# The contract names the scope that a token must have; without a token, Mastodon shows these to everybody.
FOR_ALL = {
    "/api/v1/accounts/lookup", "/api/v1/accounts/{}/statuses", "/api/v1/polls/{}", "/api/v1/statuses",
    "/api/v1/statuses/{}",
    "/api/v1/statuses/{}/context", "/api/v1/statuses/{}/favourited_by", "/api/v1/statuses/{}/history",
    "/api/v1/statuses/{}/reblogged_by", "/api/v1/tags/{}", "/api/v1/timelines/link", "/api/v1/timelines/public",
    "/api/v1/timelines/tag/{}",
    "/api/v2/search", "/api/v1/collections/{}", "/api/v1/accounts/{}/collections", "/api/v1/accounts/{}/in_collections",
}  # fmt: skip
# Public, and yet a token that is sent must be allowed to read what is seen with it, as in Mastodon.
SCOPED_THOUGH_PUBLIC = {
    "/api/v1/accounts": "read:accounts", "/api/v1/accounts/{}": "read:accounts",
    "/api/v1/accounts/{}/endorsements": "read:accounts", "/api/v1/accounts/{}/featured_tags": "read:accounts",
    "/api/v1/accounts/{}/followers": "read:accounts", "/api/v1/accounts/{}/following": "read:accounts",
}  # fmt: skip
# Where Mastodon differs from the reference: a token reads tags with either, and looking at a group needs no writing.
OTHERWISE = {
    ("GET", "/api/v1/tags/{}"): {"read:follows", "read:statuses"},
    ("GET", "/api/v2/notifications/{}/accounts"): {"read:notifications", "write:notifications"},
}
# What the reference does not know, and of which other of its routes it is another face.
ALIASES = {
    ("GET", "/api/v1/instance/languages"): ("GET", "/api/v1/instance/translation_languages"),
    ("GET", "/api/v1/trends"): ("GET", "/api/v1/trends/tags"),
    ("POST", "/oauth/userinfo"): ("GET", "/oauth/userinfo"),
}
# Administration that answers to POST although it only looks.
LOOKING = {"measures", "dimensions", "retention", "canonical_email_blocks/test"}
# What is refused with 403 for another reason than scopes: only an app's own token makes accounts.
OF_APPS = {("POST", "/api/v1/accounts")}


def _bare(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


CONTRACT = {(method, _bare(path)): one["scopes"] for (method, path), one in OPERATIONS.items()}


def _wanted(one: Operation) -> tuple[set[str], bool]:
    """Return the scopes that the contract wants of a route, and whether it wants a token at all."""
    key = (one.method, _bare(one.path))
    area = re.match(r"/api/v\d/admin/(([a-z_]+)(?:/test)?)", one.path)
    if area:
        verb = "read" if one.method == "GET" or area[1] in LOOKING else "write"
        known = f"admin:{verb}:{area[2]}"
        return ({known} if known in SCOPES else {f"admin:{verb}"}), True
    scopes = CONTRACT[ALIASES.get(key, key)]
    if scopes is None:
        named = SCOPED_THOUGH_PUBLIC.get(key[1]) if one.method == "GET" else None
        return ({named} if named else set()), False
    # The old scope `follow` stands for several; `allows` knows which.
    wanted = OTHERWISE.get(key, set(scopes) - {"follow"})
    return wanted, key[0] != "GET" or key[1] not in FOR_ALL


@pytest.fixture
def routes(app: Quart) -> list[Operation]:
    """Every route that the documentation tells, with the first of the verbs that it takes."""
    verbs = {
        re.sub(r"<[^>]*>", "{}", rule.rule): found[1]
        for rule in app.url_map.iter_rules()
        if (found := re.search(r"<any\(([^,)]*)", rule.rule))
    }
    return [replace(one, path=one.path.replace("{verb}", verbs.get(_bare(one.path), ""))) for one in operations(app)]


def _path(one: Operation) -> str:
    return re.sub(r"{[^}]*}", str(uuid4()), one.path)


async def test_every_route_asks_for_what_the_contract_says(routes: list[Operation]) -> None:
    told = {(one.method, one.path): (set(one.access.scopes), one.access.required) for one in routes}
    assert told == {(one.method, one.path): _wanted(one) for one in routes}


async def test_no_route_of_the_api_goes_without_a_guard(app: Quart) -> None:
    unguarded = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not hasattr(app.view_functions[rule.endpoint], ACCESS)
    }
    assert unguarded == {"client_api.unknown"}


async def test_without_a_token_only_public_routes_answer(
    routes: list[Operation], nobody: App, services: Services
) -> None:
    before = await _contents(services)
    for one in routes:
        async with undone(services.database) as db:
            answer = await nobody.client.request(one.method, _path(one), json={})
            if one.access.required:
                assert answer.status_code == 401, (one, answer.text)
                assert answer.json() == {"error": "The access token is invalid"}
                assert answer.headers["www-authenticate"].startswith("Bearer "), one
                assert await changed(db, before) == set(), one
            else:
                assert answer.status_code != 401, (one, answer.text)


async def test_all_the_wrong_scopes_together_are_not_enough(
    routes: list[Operation], open_app: OpenApp, services: Services
) -> None:
    root = await make_person(services, "root", role="admin")
    opened: dict[str, App] = {}
    before = await _contents(services)
    for one in routes:
        wrong = [scope for scope in SCOPES if not any(allows([scope], wanted) for wanted in one.access.scopes)]
        if not one.access.scopes:
            continue
        words = " ".join(wrong)
        caller = opened.setdefault(words, opened.get(words) or await open_app(root, scopes=words))
        async with undone(services.database) as db:
            answer = await caller.client.request(one.method, _path(one), json={})
            assert (answer.status_code, answer.json()) == (
                403, {"error": "This action is outside the authorized scopes"},
            ), one  # fmt: skip
            assert await changed(db, before) <= {"access_tokens"}, one


async def test_the_right_scope_alone_or_what_holds_it_is_enough(
    routes: list[Operation], open_app: OpenApp, services: Services
) -> None:
    root = await make_person(services, "root", role="admin")
    opened: dict[str, App] = {}
    for one in routes:
        if (one.method, one.path) in OF_APPS:
            continue
        for wanted in one.access.scopes:
            for scope in (wanted, wanted.rpartition(":")[0]):
                if not scope or scope == "admin":
                    continue
                if scope not in opened:
                    opened[scope] = await open_app(root, scopes=scope)
                async with undone(services.database):
                    answer = await opened[scope].client.request(one.method, _path(one), json={})
                assert answer.status_code not in (401, 403), (one, scope, answer.text)


async def test_administration_is_for_admins_whatever_their_apps_may_do(
    routes: list[Operation], open_app: OpenApp, services: Services
) -> None:
    ann = await open_app("ann", scopes="admin:read admin:write read write")
    span = {"start_at": "2026-01-01", "end_at": "2026-01-02"}
    before = await _contents(services)
    for one in routes:
        if "/admin/" in one.path:
            answer = await ann.client.request(one.method, _path(one), json=span)
            assert (answer.status_code, "error" in answer.json()) == (403, True), one
    assert await _contents(services) == before


async def test_tokens_that_are_no_longer_good_open_nothing(
    routes: list[Operation], open_app: OpenApp, services: Services
) -> None:
    everything = " ".join(SCOPES)
    revoked, shut_out = await open_app("ann", scopes=everything), await open_app("bob", scopes=everything)
    garbage = await open_app(None)
    garbage.client.headers["Authorization"] = "Bearer \xff made up"
    assert revoked.person and shut_out.person
    async with services.database.transaction() as db:
        await db.execute("UPDATE access_tokens SET revoked_at = now() WHERE user_id = $1", revoked.person.id)
        await db.execute("UPDATE users SET state = 'suspended' WHERE id = $1", shut_out.person.id)
    before = await _contents(services)
    for one in routes:
        for caller, status in ((revoked, 401), (garbage, 401), (shut_out, 403)):
            answer = await caller.client.request(one.method, _path(one), json={})
            assert (answer.status_code, "error" in answer.json()) == (status, True), (one, answer.text)
    assert await _contents(services) == before


async def test_streams_ask_for_a_token_and_its_scopes(open_app: OpenApp, nobody: App) -> None:
    wrong = " ".join(scope for scope in SCOPES if scope not in ("read", "read:statuses", "read:notifications"))
    ann = await open_app("ann", scopes=wrong)
    streams = [path for _, path in CONTRACT if path.startswith("/api/v1/streaming/") and CONTRACT["GET", path]]
    assert len(streams) == 9
    for path in streams:
        missing = await nobody.get(f"{path}?tag=x&list={uuid4()}", expected=401)
        assert missing == {"error": "Missing access token"}
        refused = await ann.get(f"{path}?tag=x&list={uuid4()}", expected=401)
        assert refused == {"error": "Access token does not have the required scopes"}


async def _contents(services: Services) -> dict[str, str]:
    async with services.database.connection() as db:
        found = await contents(db)
    return {name: digest for name, digest in found.items() if name not in BOOKKEEPING}
