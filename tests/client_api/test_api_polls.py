"""Polls through the API: as apps ask, show and answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from tests.client_api.conftest import App

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def _ask(app: App, **poll: Any) -> dict[str, Any]:
    return await app.publish("Tea?", poll={"options": ["Yes", "No"], "expires_in": 3600} | poll)


async def test_a_poll_is_shown_with_what_one_chose(ann: App, bob: App, nobody: App) -> None:
    status = await _ask(ann)
    poll = status["poll"]
    assert (poll["voted"], poll["own_votes"], poll["expired"], poll["multiple"]) == (True, [], False, False)
    assert poll["options"] == [{"title": "Yes", "votes_count": 0}, {"title": "No", "votes_count": 0}]
    path = f"/api/v1/polls/{poll['id']}"
    assert (await bob.get(path))["voted"] is False
    voted = await bob.post(f"{path}/votes", choices=["1"])
    assert (voted["voted"], voted["own_votes"], voted["votes_count"], voted["voters_count"]) == (True, [1], 1, 1)
    assert (await bob.get(f"/api/v1/statuses/{status['id']}"))["poll"] == voted
    stranger = await nobody.get(path)
    assert stranger["votes_count"] == 1
    assert "voted" not in stranger


async def test_hidden_totals_are_kept_until_the_end(ann: App, bob: App) -> None:
    status = await _ask(ann, hide_totals=True)
    poll = await bob.post(f"/api/v1/polls/{status['poll']['id']}/votes", choices=[0])
    assert [one["votes_count"] for one in poll["options"]] == [None, None]


async def test_polls_and_votes_may_be_sent_as_forms(ann: App, bob: App) -> None:
    body = [("status", "Tea?"), ("poll[options][]", "Yes"), ("poll[options][]", "No"), ("poll[expires_in]", "600"),
            ("poll[multiple]", "true")]  # fmt: skip
    status = await ann.call("POST", "/api/v1/statuses", content=urlencode(body), headers=FORM)
    votes = urlencode([("choices[]", "0"), ("choices[]", "1")])
    voted = await bob.call("POST", f"/api/v1/polls/{status['poll']['id']}/votes", content=votes, headers=FORM)
    assert voted["own_votes"] == [0, 1]


@pytest.mark.parametrize("choices", [[2], ["-1"], ["x"], [], [0, 1], ["1" * 30], [None]])
async def test_what_is_no_vote_is_422(ann: App, bob: App, choices: list[Any]) -> None:
    poll = (await _ask(ann))["poll"]
    await bob.post(f"/api/v1/polls/{poll['id']}/votes", expected=422, choices=choices)
    assert (await bob.get(f"/api/v1/polls/{poll['id']}"))["votes_count"] == 0


async def test_one_votes_once_and_not_in_ones_own_poll(ann: App, bob: App) -> None:
    path = f"/api/v1/polls/{(await _ask(ann))['poll']['id']}/votes"
    await bob.post(path, choices=[0])
    answer = await bob.post(path, expected=422, choices=[0])
    assert "already voted" in answer["error"]
    await ann.post(path, expected=422, choices=[0])


async def test_polls_that_one_may_not_see_are_404(ann: App, bob: App) -> None:
    status = await ann.publish("Tea?", visibility="private", poll={"options": ["Yes", "No"], "expires_in": 3600})
    await bob.get(f"/api/v1/polls/{status['poll']['id']}", expected=404)
    await bob.post(f"/api/v1/polls/{status['poll']['id']}/votes", expected=404, choices=[0])


async def test_an_edit_without_the_poll_takes_it_away(ann: App) -> None:
    status = await _ask(ann)
    kept = await ann.call(
        "PUT", f"/api/v1/statuses/{status['id']}", json={"status": "Tea!", "poll": {"options": ["Yes", "No"]}}
    )
    assert kept["poll"]["expires_at"] == status["poll"]["expires_at"]
    assert (await ann.call("PUT", f"/api/v1/statuses/{status['id']}", json={"status": "Tea."}))["poll"] is None
    history = await ann.get(f"/api/v1/statuses/{status['id']}/history")
    assert [len(one.get("poll", {}).get("options", [])) for one in history] == [2, 2, 0]
