"""News turned into frames: written once per process, whoever hears them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from federation.actions import streams
from federation.actions.announcements import find_posted, find_tally
from federation.actions.conversations import find_told
from federation.actions.streams import Listening, Told
from storage.news import (
    Announced,
    AnnouncementReacted,
    Changed,
    Conversed,
    EntriesGone,
    EntryMade,
    Notified,
    ThoughtEdited,
)
from web.client_api.entities.announcements import announcements
from web.client_api.entities.conversations import conversations
from web.client_api.entities.notifications import notifications
from web.client_api.entities.statuses import Statuses, reaction
from web.streaming.channels import PUBLIC, Channel
from web.streaming.frames import Frame

if TYPE_CHECKING:
    from federation.services import Services
    from storage.entries import Entry
    from storage.news import News
    from web.client_api.entities.site import Site
    from web.streaming.hub import Hub


_NO_FRAMES: Mapping[UUID, Frame] = {}


async def tell(hub: Hub, services: Services, site: Site, news: Iterable[News]) -> None:
    """Tell news to those in the hub whom they concern, in order."""
    teller = _Teller(hub, services, site)
    for kind, group in groupby(news, type):
        some = list(group)
        if kind is EntryMade:
            await teller.made([one.entry_id for one in some if isinstance(one, EntryMade)])
        elif kind is ThoughtEdited:
            await teller.edited([one.thought_id for one in some if isinstance(one, ThoughtEdited)])
        for one in some:
            if isinstance(one, EntriesGone):
                await teller.gone(one)
            elif isinstance(one, Notified):
                await teller.notified(one)
            elif isinstance(one, Conversed):
                await teller.conversed(one)
            elif isinstance(one, Changed):
                teller.changed(one)
            elif isinstance(one, Announced):
                await teller.announced(one)
            elif isinstance(one, AnnouncementReacted):
                await teller.announcement_reacted(one)


class _Teller:
    """Tells one batch of news."""

    def __init__(self, hub: Hub, services: Services, site: Site) -> None:
        self._hub = hub
        self._services = services
        self._site = site

    async def made(self, entry_ids: list[UUID]) -> None:
        """Tell of new entries."""
        if self._anybody_reads():
            await self._show("update", await streams.read_entries(self._services, entry_ids, self._listening()))

    async def edited(self, thought_ids: list[UUID]) -> None:
        """Tell of new versions."""
        if self._anybody_reads():
            told = await streams.read_edited(self._services, thought_ids, self._listening())
            await self._show("status.update", told)

    async def gone(self, news: EntriesGone) -> None:
        """Tell of deletions: ids alone, to those who may have had the entry."""
        if not self._anybody_reads() or not news.entry_ids:
            return
        for entry_id, holders in (await streams.find_bereaved(self._services, news, self._listening())).items():
            self._to_holders(Frame("delete", str(entry_id)), holders)
        if news.public:
            # The first is the thought's own: boosts never stood there.
            frame = Frame("delete", str(news.entry_ids[0]))
            for channel in _broadcast(news.tags, is_remote=news.is_remote, has_media=news.has_media, is_answer=False):
                self._to_channel(frame, channel)

    async def notified(self, news: Notified) -> None:
        """Tell people of their notifications."""
        hearing = self._subjects("user") | self._subjects("user:notification")
        listeners = hearing.intersection(news.user_ids)
        if not listeners:
            return
        for notice in await streams.read_notices(self._services, news, listeners):
            for written in notifications(self._site, notice.notices, notice.viewer):
                frame = Frame("notification", orjson.dumps(written).decode())
                for client in self._hub.by_channel.get(channel := Channel("user", notice.viewer.id), ()):
                    if client.listener.hears_notifications:
                        client.offer(frame, client.labels[channel])
                self._to_channel(frame, Channel("user:notification", notice.viewer.id))

    async def conversed(self, news: Conversed) -> None:
        """Tell people of their conversations."""
        for viewer in await streams.read_people(self._services, self._subjects("direct").intersection(news.user_ids)):
            talks = await find_told(self._services, viewer, news.thought_id)
            for written in conversations(self._site, talks, viewer):
                self._to_channel(Frame("conversation", orjson.dumps(written).decode()), Channel("direct", viewer.id))

    def changed(self, news: Changed) -> None:
        """Tell people that something of theirs, or of everybody's, is to be read anew."""
        frame = Frame(news.event, news.payload)
        for person_id in news.user_ids or self._subjects("user"):
            self._to_channel(frame, Channel("user", person_id))

    async def announced(self, news: Announced) -> None:
        """Tell everybody of an announcement."""
        if everybody := self._subjects("user"):
            for written in announcements(self._site, await find_posted(self._services, news.announcement_id)):
                self._to_people("announcement", written, everybody)

    async def announcement_reacted(self, news: AnnouncementReacted) -> None:
        """Tell everybody how often an announcement was reacted to with an emoji."""
        if everybody := self._subjects("user"):
            tally = await find_tally(self._services, news.announcement_id, news.name)
            written = reaction(self._site, tally) | {"announcement_id": str(news.announcement_id)}
            del written["me"]
            self._to_people("announcement.reaction", written, everybody)

    def _to_people(self, event: str, written: dict[str, Any], people: Iterable[UUID]) -> None:
        frame = Frame(event, orjson.dumps(written).decode())
        for person_id in people:
            self._to_channel(frame, Channel("user", person_id))

    async def _show(self, event: str, told: Told) -> None:
        statuses = Statuses(self._site, told.shown, None)
        broadcast = {entry.id: self._broadcast_of(entry, told) for entry in told.shown.entries}
        asked = {entry_id: channels for entry_id, channels in broadcast.items() if channels}
        viewers = {
            client.listener.person.id
            for channels in asked.values()
            for channel in channels
            for client in self._hub.by_channel[channel]
        }
        seen = await streams.find_viewers(self._services, viewers, asked) if viewers else {}
        filtering = await self._filtering(told, {one for some in seen.values() for one in some})
        for entry in told.shown.entries:
            holders, may_see = told.holders.get(entry.id, set()), seen.get(entry.id, set())
            if not holders and not may_see:
                continue
            for written in statuses.some([entry]):
                frame = Frame(event, orjson.dumps(written).decode())
                own = _own_frames(event, entry, filtering)
                self._to_holders(frame, holders, own)
                for channel in broadcast[entry.id]:
                    self._to_channel(frame, channel, only=may_see, own=own)

    async def _filtering(self, told: Told, seeing: set[UUID]) -> dict[UUID, Statuses]:
        """Return writers for those listeners under whose filters something of this falls; the others share one."""
        listening = seeing | {
            client.listener.person.id
            for holders in told.holders.values()
            for holder in holders
            for name in ("user", "list")
            for client in self._hub.by_channel.get(Channel(name, holder), ())
        }
        found = await streams.find_filtered(self._services, listening, told.shown) if listening else {}
        return {
            person_id: Statuses(self._site, replace(told.shown, filtered=matches), None)
            for person_id, matches in found.items()
        }

    def _broadcast_of(self, entry: Entry, told: Told) -> list[Channel]:
        """Return which public channels that somebody listens to carry an entry."""
        thought = entry.thought
        if entry.kind != "thought" or thought.visibility != "public" or thought.user_id not in told.shown.people:
            return []
        channels = _broadcast(
            told.shown.tags.get(thought.id, []),
            is_remote=told.shown.people[thought.user_id].is_remote,
            has_media=bool(thought.attachments),
            is_answer=streams.is_answer(entry),
        )
        return [channel for channel in channels if channel in self._hub.by_channel]

    def _to_holders(self, frame: Frame, holders: Iterable[UUID], own: Mapping[UUID, Frame] = _NO_FRAMES) -> None:
        for holder in holders:
            self._to_channel(frame, Channel("user", holder), own=own)
            self._to_channel(frame, Channel("list", holder), own=own)

    def _to_channel(
        self, frame: Frame, channel: Channel, *, only: set[UUID] | None = None, own: Mapping[UUID, Frame] = _NO_FRAMES
    ) -> None:
        """Offer a frame to who listens, or only to some; who has one of their `own` gets that."""
        for client in self._hub.by_channel.get(channel, ()):
            if only is None or client.listener.person.id in only:
                client.offer(own.get(client.listener.person.id, frame), client.labels[channel])

    def _listening(self) -> Listening:
        return Listening(self._subjects("user"), self._subjects("list"))

    def _subjects(self, name: str) -> set[UUID]:
        return {
            channel.subject
            for channel in self._hub.by_channel
            if channel.name == name and isinstance(channel.subject, UUID)
        }

    def _anybody_reads(self) -> bool:
        return any(channel.name not in ("user:notification", "direct") for channel in self._hub.by_channel)


def _own_frames(event: str, entry: Entry, filtering: Mapping[UUID, Statuses]) -> dict[UUID, Frame]:
    """Write an entry for each of those who filter something of this."""
    return {
        person_id: Frame(event, orjson.dumps(written).decode())
        for person_id, statuses in filtering.items()
        for written in statuses.some([entry])
    }


def _broadcast(tags: Iterable[str], *, is_remote: bool, has_media: bool, is_answer: bool) -> list[Channel]:
    """Return the channels of everybody that a public thought belongs to."""
    place = "public:remote" if is_remote else "public:local"
    names = (
        [] if is_answer else [name for name in PUBLIC if name.startswith(("public:media", place)) or name == "public"]
    )
    channels = [Channel(name) for name in names if has_media or not name.endswith(":media")]
    for tag in tags:
        channels += [Channel("hashtag", tag)] if is_remote else [Channel("hashtag", tag), Channel("hashtag:local", tag)]
    return channels
