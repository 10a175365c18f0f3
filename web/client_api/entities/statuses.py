"""Status, StatusEdit, StatusSource, Context, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from federation.actions.quoting import permission_for
from federation.actions.timelines import Shown, Thread
from federation.media.urls import still_of
from federation.protocol.quote_policy import automatic, manual
from storage.emoji_reactions import Tally
from storage.entries import Entry, Marks
from storage.people import Person
from storage.thoughts import Thought, Version
from web.client_api.entities.accounts import API_VISIBILITY, account
from web.client_api.entities.cards import preview_card
from web.client_api.entities.filters import results as filter_results
from web.client_api.entities.media import attachments
from web.client_api.entities.polls import poll
from web.client_api.entities.site import Site, custom_emojis, moment


class Statuses:
    """Writes the entries of one answer: each person once, each thought with what the viewer did to it.

    Needs `Shown` with details. `viewer` None leaves the viewer's flags out, as Mastodon does; what `Shown` says of
    filters is written all the same.
    """

    def __init__(self, site: Site, shown: Shown, viewer: Person | None) -> None:
        self._site = site
        self._shown = shown
        self._viewer = viewer
        self._accounts: dict[UUID, dict[str, Any]] = {}

    def all(self) -> list[dict[str, Any]]:
        """Write every entry, in order."""
        return self.some(self._shown.entries)

    def some(self, entries: Iterable[Entry]) -> list[dict[str, Any]]:
        """Write these entries; those whose people are gone meanwhile are left out."""
        people = self._shown.people
        return [
            self.one(entry) for entry in entries if entry.user_id in people and entry.thought.user_id in people
        ]  # fmt: skip

    def one(self, entry: Entry) -> dict[str, Any]:
        """Write an entry: a thought, or a boost around the thought."""
        thought = self._thought(entry.thought)
        return thought if entry.kind == "thought" else self._boost(entry, thought)

    def _account(self, person_id: UUID) -> dict[str, Any]:
        written = self._accounts.get(person_id)
        if written is None:
            written = self._accounts[person_id] = account(self._site, self._shown.people[person_id])
        return written

    def _boost(self, entry: Entry, thought: dict[str, Any]) -> dict[str, Any]:
        """Write a boost: an envelope without text of its own, which apps open."""
        return {
            **thought,
            "id": str(entry.id),
            "created_at": moment(entry.created_at),
            "visibility": API_VISIBILITY[entry.visibility],
            "uri": entry.ap_id or thought["uri"],
            "account": self._account(entry.user_id),
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "content": "",
            "spoiler_text": "",
            "edited_at": None,
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "card": None,
            "poll": None,
            "quote": None,
            "reblog": thought,
        }

    def _thought(self, thought: Thought, *, quoted: bool = False) -> dict[str, Any]:
        site, shown, thought_id = self._site, self._shown, thought.id
        written: dict[str, Any] = {
            **(site.texts.find(thought_id, thought) or site.texts.keep(thought_id, thought, self._text(thought))),
            "sensitive": thought.sensitive or shown.people[thought.user_id].sensitised,
            "account": self._account(thought.user_id),
            "mentions": [mention(one) for one in shown.mentions.get(thought_id, ())],
            "tags": [{"name": name, "url": site.tag(name)} for name in shown.tags.get(thought_id, ())],
            "card": self._card(thought),
            "poll": self._poll(thought),
            "quote": self._quote(thought, shallow=quoted),
            "quote_approval": self._quote_approval(thought),
        }
        # As glitch-soc and Misskey's relatives write them: Mastodon has none, its apps do not mind.
        if thought.id in shown.reactions:
            written["reactions"] = [reaction(site, tally) for tally in shown.reactions[thought.id]]
        if self._viewer is not None or shown.filtered:
            written["filtered"] = filter_results(shown.filtered.get(thought_id, ()), str(thought_id))
        if self._viewer is not None:
            written.update(_flags(shown.marks.get(thought_id)))
            if thought.user_id == self._viewer.id:
                marks = shown.marks.get(thought_id)
                written["pinned"] = marks is not None and marks.pinned
        return written

    def history(self, thought: Thought, versions: list[Version]) -> list[dict[str, Any]]:
        """Write every version of a thought, the first one first and the present one last; what it quotes stays."""
        asked = self._shown.polls.get(thought.id)
        quote = self._quote(thought, shallow=False)
        always = {"account": self._account(thought.user_id), "emojis": self._emojis(thought)}
        if quote is not None:
            always["quote"] = quote
        earlier = [
            {
                "content": version.content,
                "spoiler_text": version.summary,
                "sensitive": version.sensitive,
                "created_at": moment(version.created_at),
                "media_attachments": attachments(self._site, thought.id, version.attachments),
                **always,
                **_answers(version.poll_options),
            }
            for version in versions
        ]
        present = {
            "content": thought.content,
            "spoiler_text": thought.summary,
            "sensitive": thought.sensitive,
            "created_at": moment(thought.edited_at or thought.created_at),
            "media_attachments": attachments(self._site, thought.id, thought.attachments),
            **always,
            **_answers(asked.options if asked is not None else None),
        }
        return [*earlier, present]

    def _text(self, thought: Thought) -> dict[str, Any]:
        """Write what is the same for everybody as long as the thought's own row is."""
        return {
            "id": str(thought.id),
            "created_at": moment(thought.created_at),
            "in_reply_to_id": str(thought.reply_to) if thought.reply_to else None,
            "in_reply_to_account_id": str(thought.reply_to_user_id) if thought.reply_to_user_id else None,
            "spoiler_text": thought.summary,
            "visibility": API_VISIBILITY[thought.visibility],
            "language": thought.language,
            "uri": thought.ap_id,
            "url": thought.url,
            "replies_count": thought.replies_count,
            "reblogs_count": thought.boosts_count,
            "favourites_count": thought.likes_count,
            "edited_at": moment(thought.edited_at) if thought.edited_at else None,
            "content": thought.content,
            "reblog": None,
            "application": thought.application,
            "media_attachments": attachments(self._site, thought.id, thought.attachments),
            "emojis": self._emojis(thought),
            "quotes_count": thought.quotes_count,
        }

    def _quote(self, thought: Thought, *, shallow: bool) -> dict[str, Any] | None:
        """Write what a thought quotes; of what the quoted one quotes only the id."""
        quoted = self._shown.quotes.get(thought.id)
        if quoted is None:
            return None
        if shallow:
            accepted = quoted.quote.state == "accepted" and quoted.quote.quoted_id is not None
            state = quoted.quote.state if accepted else quoted.state
            return {"state": state, "quoted_status_id": str(quoted.quote.quoted_id) if accepted else None}
        known = quoted.entry is not None and quoted.entry.user_id in self._shown.people
        status = self._thought(quoted.entry.thought, quoted=True) if quoted.entry is not None and known else None
        return {"state": quoted.state, "quoted_status": status}

    def _quote_approval(self, thought: Thought) -> dict[str, Any]:
        policy = thought.quote_policy
        return {
            "automatic": automatic(policy),
            "manual": manual(policy),
            "current_user": permission_for(self._viewer, thought, self._shown.relations.get(thought.user_id)).value,
        }

    def _poll(self, thought: Thought) -> dict[str, Any] | None:
        asked = self._shown.polls.get(thought.id)
        return None if asked is None else poll(asked, thought, self._viewer, datetime.now(UTC), self._emojis(thought))

    def _card(self, thought: Thought) -> dict[str, Any] | None:
        card = self._shown.cards.get(thought.link_id) if thought.link_id is not None else None
        if card is None:
            return None
        author = self._shown.people.get(card.author_id) if card.author_id is not None else None
        return preview_card(self._site, card, author, self._viewer)

    def _emojis(self, thought: Thought) -> list[dict[str, Any]]:
        if not thought.emojis:
            return []
        return custom_emojis(self._site, thought.emojis, is_remote=self._shown.people[thought.user_id].is_remote)


def _flags(marks: Marks | None) -> dict[str, Any]:
    return {
        "favourited": marks is not None and marks.liked,
        "reblogged": marks is not None and marks.boosted,
        "muted": marks is not None and marks.muted,
        "bookmarked": marks is not None and marks.bookmarked,
    }


def reaction(site: Site, tally: Tally) -> dict[str, Any]:
    """Write with which emoji how many reacted."""
    written = {"name": tally.name, "count": tally.count, "me": tally.mine}
    if tally.url is None:
        return written
    address = site.picture(tally.url, is_remote="@" in tally.name, default="")
    return {**written, "url": address, "static_url": still_of(address)}


def mention(person: Person) -> dict[str, Any]:
    """Write whom a thought names."""
    return {
        "id": str(person.id),
        "username": person.username,
        "url": person.profile_url,
        "acct": person.handle,
    }


def context(site: Site, thread: Thread, viewer: Person | None) -> dict[str, Any]:
    """Write what is above and below a thought."""
    statuses = Statuses(site, thread.shown, viewer)
    return {"ancestors": statuses.some(thread.ancestors), "descendants": statuses.some(thread.descendants)}


def source(thought: Thought) -> dict[str, Any]:
    """Write what was typed; of a remote thought its HTML, as Mastodon does."""
    return {"id": str(thought.id), "text": text_of(thought), "spoiler_text": thought.summary}


def text_of(thought: Thought) -> str:
    """Return what the author would edit."""
    return thought.content if thought.source is None else thought.source


def _answers(options: list[str] | None) -> dict[str, Any]:
    return {"poll": {"options": [{"title": title} for title in options]}} if options else {}
