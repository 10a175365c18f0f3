"""The pages for people: server-rendered, whole without JavaScript."""

from __future__ import annotations

from web.pages import (
    account_settings,
    accounts,
    conversations,
    delivery,
    emoji_reactions,
    filters,
    instance,
    letters,
    lists,
    people,
    profiles,
    quotes,
    reports,
    rosters,
    search,
    settings,
    thoughts,
    threads,
    timelines,
    versions,
)

BLUEPRINTS = (
    timelines.blueprint,
    threads.blueprint,
    thoughts.blueprint,
    emoji_reactions.blueprint,
    quotes.blueprint,
    versions.blueprint,
    rosters.blueprint,
    delivery.blueprint,
    profiles.blueprint,
    people.blueprint,
    reports.blueprint,
    lists.blueprint,
    conversations.blueprint,
    search.blueprint,
    accounts.blueprint,
    letters.blueprint,
    filters.blueprint,
    settings.blueprint,
    account_settings.blueprint,
    instance.blueprint,
)
