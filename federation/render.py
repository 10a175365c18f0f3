"""Rows to ActivityPub JSON: actors, notes, and the activities that carry them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from federation.media.attached import Attached, attached
from federation.media.urls import MediaUrls
from federation.protocol.addressing import PUBLIC, Visibility, address
from federation.protocol.documents import moment
from federation.protocol.ids import Urls
from federation.protocol.quote_policy import choice, feature_policy_of
from federation.protocol.stamps import CONTEXT as STAMP_CONTEXT
from federation.protocol.stamps import FEATURE, QUOTE, Stamp, stamp_document
from federation.render_collections import CollectionRenderer
from storage.collections import FeatureAuthorization
from storage.people import ActorKeys, Person
from storage.polls import Poll
from storage.quotes import Authorization, Quote
from storage.thoughts import Mention, Thought

AS = "https://www.w3.org/ns/activitystreams"
_POLICY_CONTEXT = {
    "gts": "https://gotosocial.org/ns#",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canFeature": {"@id": "https://w3id.org/fep/7aa9#canFeature", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
}
_PERSON_CONTEXT: list[Any] = [
    AS,
    "https://w3id.org/security/v1",
    "https://www.w3.org/ns/cid/v1",
    "https://purl.archive.org/socialweb/webfinger",
    {
        "toot": "http://joinmastodon.org/ns#",
        "schema": "http://schema.org#",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
        "featuredCollections": {"@id": "https://w3id.org/fep/7aa9#featuredCollections", "@type": "@id"},
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "attributionDomains": {"@id": "toot:attributionDomains", "@container": "@set"},
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "Emoji": "toot:Emoji",
        **_POLICY_CONTEXT,
    },
]
_NOTE_CONTEXT: list[Any] = [
    AS,
    {
        "toot": "http://joinmastodon.org/ns#",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "votersCount": "toot:votersCount",
        "Emoji": "toot:Emoji",
        "blurhash": "toot:blurhash",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
        "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
        "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
        "quoteUrl": "as:quoteUrl",
        "quoteUri": "http://fedibird.com/ns#quoteUri",
        "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
        **_POLICY_CONTEXT,
    },
]
_MISSKEY_QUOTE = "https://misskey-hub.net/ns#_misskey_quote"
_EMOJI_CONTEXT = {"toot": "http://joinmastodon.org/ns#", "Emoji": "toot:Emoji"}
_REACTION_CONTEXT = {
    **_EMOJI_CONTEXT,
    "litepub": "http://litepub.social/ns#",
    "EmojiReact": "litepub:EmojiReact",
    "misskey": "https://misskey-hub.net/ns#",
    "_misskey_reaction": "misskey:_misskey_reaction",
}
_RFC9421 = {
    "href": "https://datatracker.ietf.org/doc/html/rfc9421",
    "name": "RFC-9421: HTTP Message Signatures",
}


@dataclass(frozen=True, slots=True)
class NoteParts:
    """What a note is rendered from, beside the thought itself."""

    author: Person
    mentions: Sequence[Mention]
    tags: Sequence[str]
    reply_to_ap_id: str | None = None
    poll: Poll | None = None
    quote: Quote | None = None


class Renderer:
    """Renders what is ours; `account_domain` is the domain of our handles, `media` where our files are served."""

    def __init__(self, urls: Urls, account_domain: str, media: MediaUrls) -> None:
        self.urls = urls
        self.account_domain = account_domain
        self.media = media
        self.collections = CollectionRenderer(urls)

    # Actors

    def person(self, person: Person, keys: ActorKeys, sites: Sequence[str] = ()) -> dict[str, Any]:
        """Render a local person (federation facts §3.1); pages of `sites` may name them as author."""
        urls, name = self.urls, person.username
        document = {
            "@context": _PERSON_CONTEXT,
            "id": person.ap_id,
            "type": person.actor_type,
            "preferredUsername": name,
            "webfinger": f"{name}@{self.account_domain}",
            "name": person.display_name,
            "summary": person.bio_html,
            "url": person.profile_url,
            "inbox": person.inbox_url,
            "outbox": urls.outbox(name),
            "followers": urls.followers(name),
            "following": urls.following(name),
            "featured": urls.featured(name),
            "featuredTags": urls.featured_tags(name),
            "featuredCollections": urls.collections(name),
            "interactionPolicy": {"canFeature": {"automaticApproval": [self._featurers(person)]}},
            "endpoints": {"sharedInbox": urls.shared_inbox},
            "publicKey": self._rsa_key(person.ap_id, keys),
            "assertionMethod": [self._ed25519_key(person.ap_id, keys)],
            "manuallyApprovesFollowers": person.locked,
            "discoverable": person.discoverable,
            "indexable": person.indexable,
            "published": moment(person.created_at),
            "attachment": [
                {"type": "PropertyValue", "name": field["name"], "value": field["html"]} for field in person.fields
            ],
            "tag": [self.emoji(one) for one in person.emojis],
            "generator": {"type": "Application", "implements": [_RFC9421]},
        }
        if sites:
            document["attributionDomains"] = list(sites)
        if person.avatar_url:
            document["icon"] = _image(person.avatar_url, person.avatar_alt)
        if person.header_url:
            document["image"] = _image(person.header_url, person.header_alt)
        return document

    def instance_actor(self, keys: ActorKeys) -> dict[str, Any]:
        """Render the actor that signs for the server itself (federation facts §3.3)."""
        urls = self.urls
        return {
            "@context": _PERSON_CONTEXT,
            "id": urls.instance_actor,
            "type": "Application",
            "preferredUsername": self.account_domain,
            "webfinger": f"{self.account_domain}@{self.account_domain}",
            "url": f"{urls.origin}/about",
            "inbox": f"{urls.instance_actor}/inbox",
            "outbox": f"{urls.instance_actor}/outbox",
            "endpoints": {"sharedInbox": urls.shared_inbox},
            "publicKey": self._rsa_key(urls.instance_actor, keys),
            "assertionMethod": [self._ed25519_key(urls.instance_actor, keys)],
            "manuallyApprovesFollowers": True,
            "implements": [_RFC9421],
        }

    def _featurers(self, person: Person) -> str:
        """Return who may feature a person; their own id means nobody else."""
        named = {"public": PUBLIC, "followers": self.urls.followers(person.username)}
        return named.get(choice(feature_policy_of(person) or 0), person.ap_id)

    def _rsa_key(self, actor_id: str, keys: ActorKeys) -> dict[str, Any]:
        return {"id": self.urls.rsa_key(actor_id), "owner": actor_id, "publicKeyPem": keys.rsa_public_pem}

    def _ed25519_key(self, actor_id: str, keys: ActorKeys) -> dict[str, Any]:
        return {
            "id": self.urls.ed25519_key(actor_id),
            "type": "Multikey",
            "controller": actor_id,
            "publicKeyMultibase": keys.ed25519_public_multibase,
        }

    # Objects

    def audience(self, thought: Thought, parts: NoteParts) -> tuple[list[str], list[str]]:
        """Return `to` and `cc` of a local thought."""
        return address(
            Visibility(thought.visibility),
            followers_url=self.urls.followers(parts.author.username),
            mentioned=[mention.ap_id for mention in parts.mentions],
        )

    def note(self, thought: Thought, parts: NoteParts, *, context: bool = True) -> dict[str, Any]:
        """Render a local thought as a Note (federation facts §7.1)."""
        to, cc = self.audience(thought, parts)
        replies = self.urls.replies(thought.id)
        document: dict[str, Any] = {
            "id": thought.ap_id,
            "type": "Note",
            "url": thought.url,
            "attributedTo": parts.author.ap_id,
            "inReplyTo": parts.reply_to_ap_id or thought.reply_to_ap_id,
            "published": moment(thought.created_at),
            "to": to,
            "cc": cc,
            "summary": thought.summary or None,
            "sensitive": thought.sensitive,
            "content": thought.content,
            "source": {"content": thought.source or "", "mediaType": "text/plain"},
            "attachment": [_attachment(one) for one in attached(thought.attachments, self.media)],
            "tag": [
                *(
                    {"type": "Mention", "href": mention.ap_id, "name": f"@{self._handle(mention)}"}
                    for mention in parts.mentions
                ),
                *({"type": "Hashtag", "href": self.urls.tag(tag), "name": f"#{tag}"} for tag in parts.tags),
                *(self.emoji(one) for one in thought.emojis),
            ],
        }
        if context:
            document = {"@context": _NOTE_CONTEXT, **document}
        if thought.language:
            document["contentMap"] = {thought.language: thought.content}
        if thought.edited_at:
            document["updated"] = moment(thought.edited_at)
        if parts.poll is not None:
            document.update(_question(parts.poll))
        if parts.quote is not None:
            _add_quote(document, parts.quote)
        document["interactionPolicy"] = {"canQuote": {"automaticApproval": self._quoters(thought, parts.author)}}
        if thought.visibility in ("public", "unlisted"):
            document["replies"] = {
                "id": replies,
                "type": "Collection",
                "first": {
                    "type": "CollectionPage",
                    "partOf": replies,
                    "next": f"{replies}?page=true",
                    "items": [],
                },
            }
        return document

    def _quoters(self, thought: Thought, author: Person) -> list[str]:
        """Return who may quote a thought; the author's own id alone means nobody else."""
        named = {"public": PUBLIC, "followers": self.urls.followers(author.username)}
        return [named.get(choice(thought.quote_policy), author.ap_id)]

    def quote_request(self, activity_id: str, thought: Thought, parts: NoteParts, author: str) -> dict[str, Any]:
        """Render the wish to quote, with the note that does (federation facts §9.1)."""
        quoted = parts.quote.quoted_ap_id if parts.quote is not None else None
        document = self._activity("QuoteRequest", activity_id, parts.author.ap_id, quoted, to=[author])
        document["@context"] = [*_NOTE_CONTEXT, *STAMP_CONTEXT[1:]]
        document["instrument"] = self.note(thought, parts, context=False)
        return document

    def answer_request(
        self, kind: str, activity_id: str, *, actor: str, request: dict[str, str], stamp: str | None
    ) -> dict[str, Any]:
        """Render the Accept (with its stamp) or Reject of a QuoteRequest or FeatureRequest."""
        document = self._activity(kind, activity_id, actor, request, to=[request["actor"]])
        document["@context"] = STAMP_CONTEXT
        return document if stamp is None else {**document, "result": stamp}

    def quote_stamp(self, authorization: Authorization, author: str) -> Stamp:
        """Return the stamp by which anybody can check that a quote was agreed to."""
        return Stamp(
            QUOTE,
            self.urls.quote_authorization(authorization.id),
            giver=author,
            interacting=authorization.quoting_ap_id,
            target=self.urls.thought(authorization.quoted_id),
        )

    def feature_stamp(self, authorization: FeatureAuthorization, person: str) -> Stamp:
        """Return the stamp by which anybody can check that somebody agreed to stand in a collection."""
        return Stamp(
            FEATURE,
            self.urls.feature_authorization(authorization.id),
            giver=person,
            interacting=authorization.collection_ap_id,
            target=person,
        )

    def revoke_stamp(self, activity_id: str, stamp: Stamp) -> dict[str, Any]:
        """Render the Delete of a stamp."""
        inner = stamp_document(stamp, context=False)
        return {**self._activity("Delete", activity_id, stamp.giver, inner, to=[PUBLIC]), "@context": STAMP_CONTEXT}

    def emoji(self, emoji: Mapping[str, Any], *, context: bool = False) -> dict[str, Any]:
        """Render a custom emoji of ours (FEP-9098)."""
        document = {
            "id": self.urls.emoji(emoji["shortcode"]),
            "type": "Emoji",
            "name": f":{emoji['shortcode']}:",
            "updated": emoji["updated"],
            "icon": _image(emoji["url"], ""),
        }
        return {"@context": [AS, _EMOJI_CONTEXT], **document} if context else document

    def _handle(self, mention: Mention) -> str:
        return f"{mention.username}@{mention.domain or self.account_domain}"

    def tombstone(self, ap_id: str, deleted_at: datetime | None = None) -> dict[str, Any]:
        """Render what is left of a deleted object."""
        document: dict[str, Any] = {"@context": AS, "id": ap_id, "type": "Tombstone"}
        if deleted_at is not None:
            document["deleted"] = moment(deleted_at)
        return document

    # Activities

    def create(self, activity_id: str, thought: Thought, parts: NoteParts) -> dict[str, Any]:
        """Render the Create of a thought."""
        return self._about_note("Create", activity_id, thought, parts, thought.created_at)

    def update(self, activity_id: str, thought: Thought, parts: NoteParts) -> dict[str, Any]:
        """Render the Update that tells of an edit."""
        return self._about_note("Update", activity_id, thought, parts, thought.edited_at or thought.created_at)

    def _about_note(
        self, kind: str, activity_id: str, thought: Thought, parts: NoteParts, at: datetime
    ) -> dict[str, Any]:
        note = self.note(thought, parts, context=False)
        return {
            "@context": _NOTE_CONTEXT,
            "id": activity_id,
            "type": kind,
            "actor": parts.author.ap_id,
            "published": moment(at),
            "to": note["to"],
            "cc": note["cc"],
            "object": note,
        }

    def vote(
        self, activity_id: str, *, note_id: str, voter: str, choice: str, question: str, author: str
    ) -> dict[str, Any]:
        """Render a vote: the Create of a Note that is nothing but an answer (federation facts §6.5)."""
        note = {
            "id": note_id,
            "type": "Note",
            "name": choice,
            "attributedTo": voter,
            "inReplyTo": question,
            "to": [author],
        }
        return self._activity("Create", activity_id, voter, note, to=[author])

    def delete(self, activity_id: str, actor: str, object_id: str, *, to: Iterable[str] = (PUBLIC,)) -> dict[str, Any]:
        """Render the Delete of a thought."""
        return self._activity(
            "Delete", activity_id, actor, {"id": object_id, "type": "Tombstone"}, to=list(to)
        )  # fmt: skip

    def delete_person(self, activity_id: str, actor: str) -> dict[str, Any]:
        """Render the Delete of an actor."""
        return self._activity("Delete", activity_id, actor, actor, to=[PUBLIC])

    def update_person(
        self, activity_id: str, person: Person, keys: ActorKeys, sites: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Render the Update that tells of a changed profile."""
        document = self._activity("Update", activity_id, person.ap_id, self.person(person, keys, sites), to=[PUBLIC])
        return {**document, "@context": _PERSON_CONTEXT, "cc": [self.urls.followers(person.username)]}

    def follow(self, activity_id: str, follower: str, following: str) -> dict[str, Any]:
        """Render a Follow."""
        return self._activity("Follow", activity_id, follower, following, to=[following])

    def answer_follow(
        self, kind: str, activity_id: str, *, actor: str, follower: str, follow_id: str
    ) -> dict[str, Any]:
        """Render the Accept or Reject of a Follow, which is embedded."""
        follow = {"id": follow_id, "type": "Follow", "actor": follower, "object": actor}
        return self._activity(kind, activity_id, actor, follow, to=[follower])

    def like(self, activity_id: str, actor: str, object_id: str, author: str) -> dict[str, Any]:
        """Render a Like."""
        return self._activity("Like", activity_id, actor, object_id, to=[author])

    def emoji_react(
        self, activity_id: str, actor: str, object_id: str, author: str, *, name: str, picture: str | None
    ) -> dict[str, Any]:
        """Render a reaction (FEP-c0e0); `name` is the emoji, or with a `picture` its shortcode, others' with a host."""
        shortcode, _, host = name.partition("@")
        content = name if picture is None else f":{shortcode}:"
        document = self._activity("EmojiReact", activity_id, actor, object_id, to=[author])
        document["@context"] = [AS, _REACTION_CONTEXT]
        document |= {"content": content, "_misskey_reaction": content}
        if picture is not None:
            emoji_id = None if host else self.urls.emoji(shortcode)
            document["tag"] = [{"id": emoji_id, "type": "Emoji", "name": content, "icon": _image(picture, "")}]
        return document

    def announce(
        self, activity_id: str, booster: Person, thought: Thought, author: str, at: datetime, *, visibility: str
    ) -> dict[str, Any]:
        """Render a boost for those who may see it."""
        followers = self.urls.followers(booster.username)
        to, cc = {
            "public": ([PUBLIC], [author, followers]),
            "unlisted": ([followers], [PUBLIC, author]),
        }.get(visibility, ([followers], [author]))
        document = self._activity("Announce", activity_id, booster.ap_id, thought.ap_id, to=to)
        return {**document, "cc": cc, "published": moment(at)}

    def block(self, activity_id: str, blocker: str, blocked: str) -> dict[str, Any]:
        """Render a Block."""
        return self._activity("Block", activity_id, blocker, blocked, to=[blocked])

    def flag(self, activity_id: str, actor: str, objects: list[str], comment: str, *, to: str) -> dict[str, Any]:
        """Render a report: the person first, then their thoughts."""
        return self._activity("Flag", activity_id, actor, objects, to=[to]) | {"content": comment}

    def undo(self, activity_id: str, inner: dict[str, Any]) -> dict[str, Any]:
        """Render the Undo of an activity, which is embedded without its context."""
        embedded = {key: value for key, value in inner.items() if key != "@context"}
        document = self._activity("Undo", activity_id, inner["actor"], embedded, to=inner.get("to", []))
        if "cc" in inner:
            document["cc"] = inner["cc"]
        return document

    @staticmethod
    def _activity(kind: str, activity_id: str, actor: str, inner: Any, *, to: list[str]) -> dict[str, Any]:
        return {"@context": AS, "id": activity_id, "type": kind, "actor": actor, "to": to, "object": inner}


def _add_quote(document: dict[str, Any], quote: Quote) -> None:
    """Add what a note quotes: as FEP-044f has it, in the older forms, as a FEP-e232 link, and in its text."""
    quoted = quote.quoted_ap_id
    document |= {"quote": quoted, "quoteUrl": quoted, "quoteUri": quoted, "_misskey_quote": quoted}
    if quote.state == "accepted" and quote.stamp is not None:
        document["quoteAuthorization"] = quote.stamp
    document["tag"].append(
        {
            "type": "Link",
            "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
            "href": quoted,
            "name": f"RE: {quoted}",
            "rel": _MISSKEY_QUOTE,
        }
    )
    shown = escape(quoted)
    fallback = f'<p class="quote-inline">RE: <a href="{shown}" rel="nofollow noopener">{shown}</a></p>'
    document["content"] = fallback + document["content"]
    if "contentMap" in document:
        document["contentMap"] = {language: fallback + html for language, html in document["contentMap"].items()}


def _question(poll: Poll) -> dict[str, Any]:
    """Render what makes a note a question; hidden tallies are told at its end."""
    options = []
    for title, votes in zip(poll.options, poll.tallies, strict=True):
        replies: dict[str, Any] = {"type": "Collection"}
        if poll.closed or not poll.hide_totals:
            replies["totalItems"] = votes
        options.append({"type": "Note", "name": title, "replies": replies})
    question: dict[str, Any] = {"type": "Question", "anyOf" if poll.multiple else "oneOf": options}
    if poll.expires_at is not None:
        question["endTime"] = moment(poll.expires_at)
        if poll.closed:
            question["closed"] = moment(poll.expires_at)
    if poll.voters_count is not None:
        question["votersCount"] = poll.voters_count
    return question


def _image(url: str, alt: str) -> dict[str, Any]:
    image = {"type": "Image", "mediaType": "image/webp", "url": url}
    return {**image, "summary": alt, "name": alt} if alt else image


def _attachment(one: Attached) -> dict[str, Any]:
    """Render a medium as Mastodon does: a Document, whatever it is (federation facts §7.1)."""
    document: dict[str, Any] = {
        "type": "Document",
        "mediaType": one.media_type,
        "url": one.url,
        "name": one.alt or None,
        "width": one.width,
        "height": one.height,
        "blurhash": one.blurhash,
    }
    if one.alt:
        document["summary"] = one.alt
    if one.focus != (0.0, 0.0):
        document["focalPoint"] = list(one.focus)
    if one.duration_s is not None:
        document["duration"] = f"PT{one.duration_s:.3f}S"
    if one.kind != "image" and one.preview_url:
        document["icon"] = {"type": "Image", "mediaType": "image/webp", "url": one.preview_url}
    return {name: value for name, value in document.items() if value is not None or name == "name"}
