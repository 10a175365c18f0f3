"""Polls on pages: asked, answered and read without JavaScript."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from federation.actions.poll_drafts import PollDraft
from federation.actions.polls import close_ended
from tests.acting import execute, say, scalar
from tests.services_fixture import Browser, make_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]
ANSWERS = {"poll_option": ["Yes", "No", "", ""], "poll_expires_in": "3600"}


async def test_a_poll_is_asked_answered_and_read(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    asking, voting = await client_for(ada), await client_for(bob)
    await asking.post("/compose", {"source": "Tea?", **ANSWERS, "next": "/home"})
    thought_id = await scalar(services, "SELECT thought_id FROM polls")
    page = f"/@ada/{thought_id}"
    assert 'type="radio" name="choice" value="1"' in await voting.page(page)
    await voting.post(f"/thoughts/{thought_id}/vote", {"next": page})
    assert "Choose an answer first." in await voting.page(page)
    await voting.post(f"/thoughts/{thought_id}/vote", {"choice": "1", "next": page})
    shown = await voting.page(page)
    assert 'name="choice"' not in shown
    assert 'aria-label="Your answer"' in shown
    assert '<progress max="100" value="100"' in shown
    for other in (asking, stranger):
        shown = await other.page(page)
        assert 'name="choice"' not in shown
        assert "1 person" in shown
    await voting.post(f"/thoughts/{thought_id}/vote", {"choice": "0", "next": page})
    assert "already voted" in await voting.page(page)
    await execute(services, "UPDATE polls SET expires_at = now() - interval '1 s'")
    await close_ended(services)
    assert "Your poll has ended" in await asking.page("/notifications")
    assert "the result is in" in await voting.page("/notifications")
    assert "final result" in await stranger.page(page)


async def test_refused_poll_comes_back_as_it_was_typed(services: Services, client_for: ClientFor) -> None:
    browser = await client_for(await make_person(services, "ada"))
    form = {"source": "Tea?", "poll_option": ["Same <b>", "Same <b>"], "poll_expires_in": "300", "poll_multiple": "1"}
    answer = await browser.post("/compose", form)
    assert answer.status_code == 422
    assert "the same" in answer.text
    assert answer.text.count('value="Same &lt;b&gt;"') == 2
    assert '<option value="300" selected>' in answer.text


async def test_an_edited_poll_keeps_its_end_and_can_be_taken_away(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    browser = await client_for(ada)
    thought = await say(services, ada, "Tea?", poll=PollDraft(("Yes", "No"), 600))
    ends = await scalar(services, "SELECT expires_at FROM polls")
    form = await browser.page(f"/thoughts/{thought.id}/edit")
    assert 'value="Yes"' in form
    assert "As long as before" in form
    kept = {"source": "Tea or not?", "poll_option": ["Yes", "No"], "poll_expires_in": "", "poll_edited": "1"}
    await browser.post(f"/thoughts/{thought.id}/edit", kept)
    assert await scalar(services, "SELECT expires_at FROM polls") == ends
    await browser.post(f"/thoughts/{thought.id}/edit", {"source": "Tea or not?", "poll_edited": "1"})
    assert await scalar(services, "SELECT count(*) FROM polls") == 0
