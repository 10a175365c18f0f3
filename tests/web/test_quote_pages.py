"""Quoting on pages: chosen from a thought, shown inside another, detached by its author."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.acting import hear, say, scalar
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


async def test_one_quotes_and_is_detached(services: Services, client_for: ClientFor, stranger: Browser) -> None:
    ada, bob = await make_person(services, "ada"), await make_person(services, "bob")
    wise = await say(services, ada, "wise <words>")
    theirs, mine = await client_for(bob), await client_for(ada)
    assert f'href="/compose?quote={wise.id}"' in await theirs.page(f"/@ada/{wise.id}")
    compose = await theirs.page(f"/compose?quote={wise.id}")
    assert f'name="quote" value="{wise.id}"' in compose
    assert "wise &lt;words&gt;" in compose
    form = {"source": "so true", "quote": str(wise.id), "quote_policy": "nobody", "next": "/home"}
    await theirs.post("/compose", form)
    quoting = await scalar(services, "SELECT id FROM thoughts WHERE has_quote")
    assert await scalar(services, "SELECT quote_policy FROM thoughts WHERE id = $1", quoting) == 0
    page = await stranger.page(f"/@bob/{quoting}")
    assert '<blockquote class="quote"' in page
    assert "wise &lt;words&gt;" in page
    assert "compose?quote" not in page
    assert "quoted your thought" in await mine.page("/notifications")
    quotes = await mine.page(f"/thoughts/{wise.id}/quotes")
    assert "Detach my thought" in quotes
    assert "Detach my thought" not in await theirs.page(f"/thoughts/{wise.id}/quotes")
    assert "1 quote" in await stranger.page(f"/@ada/{wise.id}")
    await mine.post(f"/thoughts/{wise.id}/quotes/revoke", {"quoting": str(quoting), "next": "/home"})
    page = await stranger.page(f"/@bob/{quoting}")
    assert "wise" not in page
    assert "took their consent back" in page


async def test_the_policy_can_be_changed_where_one_edits(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    thought = await say(services, ada, "mine", quote_policy="followers")
    browser = await client_for(ada)
    form = await browser.page(f"/thoughts/{thought.id}/edit")
    assert '<option value="followers" selected>Followers may quote it' in form
    await browser.post(f"/thoughts/{thought.id}/edit", {"source": "mine", "quote_policy": "nobody"})
    assert await scalar(services, "SELECT quote_policy FROM thoughts") == 0


async def test_refused_text_keeps_what_was_quoted(services: Services, client_for: ClientFor) -> None:
    ada = await make_person(services, "ada")
    wise = await say(services, ada, "wise")
    answer = await (await client_for(ada)).post("/compose", {"source": "x" * 501, "quote": str(wise.id)})
    assert answer.status_code == 422
    assert f'name="quote" value="{wise.id}"' in answer.text


async def test_the_link_of_an_old_quote_stays(services: Services, stranger: Browser) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita")
    wise = await say(services, ada, "wise")
    old = await hear(services, rita, f'<p class="quote-inline">RE: <a href="{wise.url}">x</a></p>', quoteUrl=wise.ap_id)
    page = await stranger.page(f"/@rita@remote.example/{old.id}")
    assert "quote-inline" in page
    assert "prose quoting" not in page
