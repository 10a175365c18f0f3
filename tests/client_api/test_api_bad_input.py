"""Whatever is sent, the answer is a clear 4xx and never a failure of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client_api.test_api_contract import ROUTES

if TYPE_CHECKING:
    from tests.client_api.conftest import App

NAMES = (
    "id", "id[]", "status", "in_reply_to_id", "visibility", "sensitive", "language", "spoiler_text", "media_ids",
    "poll", "limit", "offset", "max_id", "since_id", "min_id", "types", "exclude_types", "account_id", "q",
    "type", "acct",
    "resolve", "following", "duration", "reblogs", "notify", "display_name", "note", "fields_attributes", "source",
    "local", "tagged", "pinned",
)  # fmt: skip
TEXT = st.text(max_size=20) | st.sampled_from(["\0", "9" * 30, "-1", "%", "_", "\\", "'", "@a@b", "http://[", "true"])
SCALAR = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=5)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES) | st.text("ab[]", max_size=8), TEXT), max_size=6)
SOME = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)  # fmt: skip


def _path(path: str, place: str) -> str:
    before, brace, rest = path.partition("{")
    return before + place + rest.partition("}")[2] if brace else path


async def _send(app: App, route: tuple[str, str], place: str, **options: Any) -> None:
    method, path = route
    answer = await app.client.request(method, _path(path, place), **options)
    assert answer.status_code < 500, (route, options, answer.text)
    assert answer.headers["content-type"].startswith("application/json")
    answer.json()


async def test_wrong_types_are_never_a_failure(ann: App) -> None:
    thought = await ann.publish("Here")

    @SOME
    @given(st.sampled_from(ROUTES), st.sampled_from([thought["id"], ann.id]) | TEXT.filter(bool), BODIES)
    async def json_bodies(route: tuple[str, str], place: str, body: dict[str, Any]) -> None:
        await _send(ann, route, quote(place, safe=""), json=body)

    @SOME
    @given(st.sampled_from(ROUTES), FORMS)
    async def queries(route: tuple[str, str], pairs: list[tuple[str, str]]) -> None:
        await _send(ann, route, thought["id"], params=pairs)

    for run in (json_bodies, queries):
        await _run(run)


async def _run(examples: Any) -> None:
    """Run examples of hypothesis inside this test's event loop: its own would be another one."""
    inner = examples.hypothesis.inner_test
    collected: list[dict[str, Any]] = []

    def collect(**example: Any) -> None:
        collected.append(example)

    examples.hypothesis.inner_test = collect
    examples()
    assert len(collected) > 10
    for example in collected:
        await inner(**example)
