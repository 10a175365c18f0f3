"""Mastodon.py reads what trends on a live instance, and decides about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from federation.actions.trends import LEAST
from storage import trends
from storage.database import open_connection
from storage.engines import find_running

if TYPE_CHECKING:
    from tests.clients.conftest import NewPerson, Town

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


async def _refresh(town: Town) -> None:
    """Do what the job does every five minutes."""
    engines = find_running(town.instance.data)
    assert engines is not None
    assert engines.database_url is not None
    db = await open_connection(engines.database_url)
    try:
        for refresh in trends.REFRESHES:
            await refresh.run(db, LEAST)
        await trends.WEEKS.run(db)
    finally:
        await db.close()


def test_what_trends_is_read_and_decided(town: Town, newcomer: NewPerson) -> None:
    people = [newcomer("fan") for _ in range(3)]
    people[0].account_update_credentials(discoverable=True)
    thought, *_ = [person.status_post("What a #harvestmoon") for person in people]
    for person in people:
        person.status_favourite(thought)
    with asyncio.Runner() as runner:
        runner.run(_refresh(town))
    reader, warden = people[1], town.warden
    [tag] = reader.trending_tags(limit=5)
    assert (tag.name, tag.history[0].accounts) == ("harvestmoon", "3")
    assert [one.name for one in reader.trends()] == ["harvestmoon"]
    assert [one.id for one in reader.trending_statuses(lang="en")] == [thought.id]
    assert reader.trending_tags(limit=5, offset=1) == []
    [seen] = warden.admin_trending_tags()
    assert warden.admin_reject_trending_tag(seen).name == "harvestmoon"
    assert [one.id for one in warden.admin_trending_statuses()] == [thought.id]
    warden.admin_reject_trending_status(thought)
    assert [*reader.trending_tags(), *reader.trending_statuses()] == []
    warden.admin_approve_trending_tag(seen)
    warden.admin_approve_trending_status(thought)
    assert len(reader.trending_tags()) == len(reader.trending_statuses()) == 1
