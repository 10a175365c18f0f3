"""Mastodon.py hears at once what happens at a live instance: by Server-Sent Events, WebSocket and Web Push."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from mastodon import StreamListener

from tests.push_service import push_service

if TYPE_CHECKING:
    from tests.clients.conftest import Town
    from tests.clients.judging import Judged

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]

WITHIN_S = 20


class Listener(StreamListener):
    """Keeps what it hears.

    Nobody deletes anything here: Mastodon.py takes the id in a delete event for a number in JSON, and ours are none.
    """

    def __init__(self) -> None:
        self.heard: Queue[tuple[str, Any]] = Queue()

    def on_any_event(self, name: str, data: Any = None, for_stream: Any = None) -> None:
        self.heard.put((name, data))

    def on_unknown_event(self, name: str, unknown_event: Any = None) -> None:
        raise AssertionError(f"{name} is unknown to Mastodon.py")

    def next(self, name: str) -> Any:
        """Wait for an event, which must have this name, and return what it brought."""
        heard, data = self.heard.get(timeout=WITHIN_S)
        assert heard == name
        return data


@contextmanager
def listening(stream: Any, *args: Any) -> Iterator[Listener]:
    """Listen to a stream for the length of a block."""
    listener = Listener()
    handle = stream(*args, listener, run_async=True, timeout=WITHIN_S)
    try:
        for _ in range(WITHIN_S * 20):
            if handle.is_receiving() and handle.connection is not None:
                break
            time.sleep(0.05)
        assert handle.connection is not None
        yield listener
    finally:
        # Closing waits for what is heard next, a heartbeat if nothing else; nobody waits for that.
        Thread(target=handle.close, daemon=True).start()


def test_everything_that_concerns_a_person_is_heard(ada: Judged, bob: Judged) -> None:
    me = ada.me()
    ada.account_follow(bob.me())
    with listening(ada.stream_user) as listener, listening(ada.stream_user_notifications) as told:
        thought = bob.status_post("First")
        assert listener.next("update").id == thought.id
        bob.status_update(thought, "Second")
        assert "Second" in listener.next("status.update").content
        mention = bob.status_post(f"@{me.acct} hello", visibility="unlisted")
        events = dict([listener.heard.get(timeout=WITHIN_S) for _ in range(2)])
        assert (events["update"].id, events["notification"].status.id) == (mention.id, mention.id)
        assert told.next("notification").type == "mention"
        made = ada.create_filter_v2("Fog", ["home"], "warn")
        listener.next("filters_changed")
        ada.delete_filter_v2(made)
        listener.next("filters_changed")


def test_each_stream_hears_its_own(ada: Judged, bob: Judged) -> None:
    name = f"tag{bob.me().id[-12:]}"
    ada.account_follow(bob.me())
    made = ada.list_create("Friends")
    ada.list_accounts_add(made, [bob.me()])
    with (
        listening(ada.stream_public) as public,
        listening(ada.stream_local) as local,
        listening(ada.stream_hashtag, name) as tagged,
        listening(ada.stream_list, made) as listed,
        listening(ada.stream_direct) as direct,
    ):
        thought = bob.status_post(f"#{name} for all")
        for stream in (public, local, tagged, listed):
            assert stream.next("update").id == thought.id
        quiet = bob.status_post(f"@{ada.me().acct} quietly", visibility="direct")
        assert direct.next("conversation").last_status.id == quiet.id


def test_one_socket_carries_many_streams(ada: Judged, bob: Judged) -> None:
    ada.account_follow(bob.me())
    name = f"tag{bob.me().id[-12:]}"
    user, tagged = Listener(), Listener()
    handle = ada.stream_open_websocket(timeout=WITHIN_S)
    try:
        ada.stream_user(user, websocket_handle=handle)
        subscription = ada.stream_hashtag(name, tagged, websocket_handle=handle)
        # What is subscribed to is answered by nothing; a filter's change tells that both are heard.
        ada.delete_filter_v2(ada.create_filter_v2("Fog", ["home"], "warn"))
        user.next("filters_changed")
        user.next("filters_changed")
        thought = bob.status_post(f"#{name} one")
        assert user.next("update").id == tagged.next("update").id == thought.id
        subscription.close()
        other = bob.status_post(f"#{name} two")
        assert user.next("update").id == other.id
        ada.delete_filter_v2(ada.create_filter_v2("Fog", ["home"], "warn"))
        user.next("filters_changed")
        assert tagged.heard.empty()
    finally:
        handle.close()
        handle.join(WITHIN_S)


async def test_what_is_pushed_can_be_read_by_the_app_alone(town: Town) -> None:
    async with push_service() as service:
        ada, bob = [await asyncio.to_thread(town.newcomer, name) for name in ("ada", "bob")]

        def subscribe() -> dict[str, Any]:
            private, public = ada.push_subscription_generate_keys()
            made = ada.push_subscription_set(service.url, public, mention_events=True, favourite_events=True)
            assert (made.endpoint, made.alerts.mention, made.alerts.follow) == (service.url, True, False)
            assert ada.push_subscription_update(favourite_events=True, mention_events=True).alerts.favourite
            assert ada.push_subscription().server_key == ada.instance_v2().configuration.vapid.public_key
            bob.status_favourite(ada.status_post("Like this"))
            return private

        private = await asyncio.to_thread(subscribe)
        async with asyncio.timeout(WITHIN_S):
            while not service.taken:
                await asyncio.sleep(0.05)
        body, headers = service.taken[0]

        def read() -> None:
            pushed = ada.push_subscription_decrypt_push(body, private, headers["encryption"], headers["crypto-key"])
            assert (pushed.notification_type, pushed.preferred_locale) == ("favourite", "en")
            assert bob.me().username in pushed.title and "Like this" in pushed.body
            assert ada.notifications(pushed.notification_id).type == "favourite"
            ada.push_subscription_delete()

        await asyncio.to_thread(read)
