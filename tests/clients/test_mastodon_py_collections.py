"""Mastodon.py reads announcements at a live instance, and recommends people in collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mastodon import MastodonNotFoundError

if TYPE_CHECKING:
    from tests.clients.judging import Judged

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


def test_collections_recommend_people(ada: Judged, bob: Judged) -> None:
    bob.account_update_credentials(discoverable=True)
    assert bob.me().feature_approval.automatic == ["public"]
    made = ada.collection_create("Good company", description="Worth reading", tag_name="sea", discoverable=True)
    collection = made.collection
    assert (collection.name, collection.local, collection.item_count) == ("Good company", True, 0)
    item = ada.collection_item_add(collection, bob.me()).collection_item
    assert (item.account_id, item.state) == (bob.me().id, "accepted")
    shown = ada.collection(collection)
    assert [one.id for one in shown.accounts] == [ada.me().id, bob.me().id]
    assert [one.id for one in ada.account_collections(ada.me()).collections] == [collection.id]
    assert [one.id for one in bob.account_in_collections(bob.me()).collections] == [collection.id]
    assert ada.collection_update(collection, name="Better").collection.name == "Better"
    bob.collection_item_revoke(collection, item)
    assert bob.account_in_collections(bob.me()).collections == []
    other = ada.collection_create("Others", account_ids=[bob.me()]).collection
    ada.collection_item_delete(other, ada.collection(other).collection.collection_items[0])
    assert ada.collection(other).collection.item_count == 0
    for one in (collection, other):
        ada.collection_delete(one)
    assert ada.account_collections(ada.me()).collections == []


def test_announcements_are_asked_for(ada: Judged) -> None:
    assert ada.announcements() == []
    for refused in (
        lambda: ada.announcement_dismiss(ada.me().id),
        lambda: ada.announcement_reaction_create(ada.me().id, "🎉"),
    ):
        with pytest.raises(MastodonNotFoundError):
            refused()
