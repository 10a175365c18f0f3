"""Activities of other servers: parsed once into tagged values, and what can be told about their authority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from federation.errors import Invalid
from federation.protocol.addressing import PUBLIC, Visibility, addresses, is_public, visibility_of
from federation.protocol.documents import as_list, author_id, ids, one_id, text, timestamp, type_of
from federation.protocol.ids import acceptable, is_id, parse_id, same_origin
from federation.protocol.tags import Emoji, emojis

ACTOR_TYPES = frozenset({"Person", "Service", "Application", "Group", "Organization"})
OBJECTS_LIMIT = 64
FLAG_CONTENT_LIMIT = 5_000
REACTION_LIMIT = 128


@dataclass(frozen=True, slots=True)
class Reference:
    """What an activity is about: a bare id, or an embedded thing of which only this much is read.

    `actor` is `attributedTo` where the thing is no activity. `document` is the embedded JSON; it is a claim
    of the sender, to be believed only within the sender's own origin.
    """

    id: str | None
    type: str | None = None
    actor: str | None = None
    object: str | None = None
    document: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a Like or EmojiReact says: one grapheme, or `:shortcode:` with its picture (FEP-c0e0)."""

    content: str
    emoji: Emoji | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every activity has. Mastodon sends Add and Remove without an id; all others here have one."""

    id: str | None
    type: str
    actor: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: tuple[str, ...]
    published: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Envelope):
    """A wish to follow; `object` is `PUBLIC` when a relay is asked for everything."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Envelope):
    """Consent to an earlier request; `result` is the stamp that proves it, where the protocol has one."""

    object: Reference
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Envelope):
    """Refusal of a request; after an Accept it means removed as a follower."""

    object: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Envelope):
    """Withdrawal of an earlier activity."""

    object: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Envelope):
    """New objects: one, or several in GoToSocial's poll votes."""

    objects: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Envelope):
    """A new version of an object or an actor."""

    object: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Envelope):
    """The end of an object or of the actor itself."""

    object: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Envelope):
    """A favourite, or a reaction where there is content; `type` is Like or EmojiReact."""

    object: str
    reaction: Reaction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Envelope):
    """A boost; groups announce whole activities, seen by the type of `object`."""

    object: Reference

    @property
    def visibility(self) -> Visibility:
        """Who may see it: everybody, also when it is addressed to nobody at all, or the booster's followers."""
        if not (self.to or self.cc):
            return Visibility.PUBLIC
        return min(visibility_of(self.to, self.cc, None), Visibility.FOLLOWERS, key=list(Visibility).index)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(Envelope):
    """A wish to quote `object` in `instrument` (FEP-044f)."""

    object: str
    instrument: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRequest(Envelope):
    """A wish to put the actor `object` into the collection `instrument` (FEP-7aa9)."""

    object: str
    instrument: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Envelope):
    """The actor wants nothing to do with `object`."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Envelope):
    """A report: the reported actor and posts, in the sender's order."""

    objects: tuple[str, ...]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Envelope):
    """An actor moved to `target`."""

    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Envelope):
    """Something enters a collection; hashtags come without an id."""

    object: Reference
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(Envelope):
    """Something leaves a collection."""

    object: Reference
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Envelope):
    """A type that means nothing to us: accepted and ignored."""


Activity = (
    Follow
    | Accept
    | Reject
    | Undo
    | Create
    | Update
    | Delete
    | Like
    | Announce
    | QuoteRequest
    | FeatureRequest
    | Block
    | Flag
    | Move
    | Add
    | Remove
    | Unknown
)


WITHDRAWALS = (Delete, Undo, Reject)
"""What somebody who is suspended may still send (facts §11.2): it only takes back."""


def parse_activity(document: dict[str, Any]) -> Activity:
    """Read a normalised document as an activity; raise `Invalid` naming what is missing or malformed."""
    kind = type_of(document, ACTIVITY_TYPES)
    if kind is None:
        raise Invalid("The activity has no type.")
    return _READERS.get(kind, _unknown)(_envelope(document, kind), document)


def _unknown(common: dict[str, Any], _document: dict[str, Any]) -> Activity:
    return Unknown(**common)


def _flag(common: dict[str, Any], document: dict[str, Any]) -> Activity:
    reported = tuple(filter(is_id, ids(document.get("object"), OBJECTS_LIMIT)))
    if not reported:
        raise Invalid("The Flag does not say whom it is about.")
    return Flag(**common, objects=reported, content=text(document.get("content"), FLAG_CONTENT_LIMIT) or "")


_READERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Activity]] = {
    "Follow": lambda common, doc: Follow(**common, object=_followed(doc)),
    "Accept": lambda common, doc: Accept(
        **common, object=_reference(doc), result=acceptable(one_id(doc.get("result")))
    ),
    "Reject": lambda common, doc: Reject(**common, object=_reference(doc)),
    "Undo": lambda common, doc: Undo(**common, object=_reference(doc)),
    "Create": lambda common, doc: Create(**common, objects=_references(doc)),
    "Update": lambda common, doc: Update(**common, object=_identified(doc)),
    "Delete": lambda common, doc: Delete(**common, object=_identified(doc)),
    "Like": lambda common, doc: Like(**common, object=_object_id(doc), reaction=_reaction(doc)),
    "EmojiReact": lambda common, doc: Like(**common, object=_object_id(doc), reaction=_reaction(doc)),
    "Announce": lambda common, doc: Announce(**common, object=_identified(doc)),
    "QuoteRequest": lambda common, doc: QuoteRequest(**common, object=_object_id(doc), instrument=_instrument(doc)),
    "FeatureRequest": lambda common, doc: FeatureRequest(**common, object=_object_id(doc), instrument=_instrument(doc)),
    "Block": lambda common, doc: Block(**common, object=_object_id(doc)),
    "Flag": _flag,
    "Move": lambda common, doc: Move(**common, object=_object_id(doc), target=_target(doc)),
    "Add": lambda common, doc: Add(**common, object=_reference(doc), target=_target(doc)),
    "Remove": lambda common, doc: Remove(**common, object=_reference(doc), target=_target(doc)),
}
ACTIVITY_TYPES = frozenset(_READERS)
_WITHOUT_ID = frozenset({"Add", "Remove"})


def _envelope(document: dict[str, Any], kind: str) -> dict[str, Any]:
    activity_id = one_id(document.get("id"))
    if activity_id is None and kind in ACTIVITY_TYPES - _WITHOUT_ID:
        raise Invalid(f"The {kind} has no id.")
    actor = one_id(document.get("actor"))
    if actor is None:
        raise Invalid("The activity names no actor.")
    return {
        "id": parse_id(activity_id) if activity_id else None,
        "type": kind[:256],
        "actor": parse_id(actor),
        "to": addresses(document.get("to")),
        "cc": addresses(document.get("cc")),
        "audience": addresses(document.get("audience")),
        "published": timestamp(document.get("published")),
    }


def _object_id(document: dict[str, Any]) -> str:
    found = one_id(document.get("object"))
    if found is None:
        raise Invalid("The activity does not say what it is about.")
    return parse_id(found)


def _followed(document: dict[str, Any]) -> str:
    return PUBLIC if is_public(one_id(document.get("object"))) else _object_id(document)


def _target(document: dict[str, Any]) -> str:
    found = one_id(document.get("target"))
    if found is None:
        raise Invalid("The activity has no target.")
    return parse_id(found)


def _references(document: dict[str, Any]) -> tuple[Reference, ...]:
    found = tuple(
        _refer(item)
        for item in as_list(document.get("object"))[:OBJECTS_LIMIT]
        if isinstance(item, dict) or (isinstance(item, str) and item)
    )
    if not found:
        raise Invalid("The activity does not say what it is about.")
    return found


def _reference(document: dict[str, Any]) -> Reference:
    return _references(document)[0]


def _instrument(document: dict[str, Any]) -> Reference:
    found = next((item for item in as_list(document.get("instrument"))[:1] if isinstance(item, dict | str)), None)
    reference = _refer(found) if found else None
    if reference is None or reference.id is None:
        raise Invalid("The request does not say what would refer to it.")
    return reference


def _identified(document: dict[str, Any]) -> Reference:
    reference = _reference(document)
    if reference.id is None:
        raise Invalid("The activity does not say what it is about.")
    return reference


def _refer(item: str | dict[str, Any]) -> Reference:
    if isinstance(item, str):
        return Reference(parse_id(item))
    # The same choice as everywhere else: activities have an actor, objects an author.
    kind = type_of(item, ACTIVITY_TYPES | ACTOR_TYPES)
    actor = one_id(item.get("actor")) if kind in ACTIVITY_TYPES else author_id(item)
    return Reference(
        id=acceptable(one_id(item)),
        type=kind,
        actor=actor,
        object=one_id(item.get("object")),
        document=item,
    )


def _reaction(document: dict[str, Any]) -> Reaction | None:
    # Misskey repeats the content under a name of its own.
    content = text(document.get("content"), REACTION_LIMIT) or text(document.get("_misskey_reaction"), REACTION_LIMIT)
    if content is None or not content.strip():
        return None
    content = content.strip()
    name = content.strip(":")
    picture = next((emoji for emoji in emojis(document.get("tag")) if emoji.shortcode == name), None)
    return Reaction(content, picture)


def authority_problem(activity: Activity, signer_id: str) -> str | None:  # noqa: PLR0911 - one rule a line
    """Return in one sentence why the signer may not send this, None if nothing in the document forbids it.

    Rules of what is stored (the earlier author, the pending request) are checked where it is known.
    """
    if activity.actor != signer_id:
        return "The activity's actor is not who signed it."
    if activity.id is not None and not same_origin(activity.id, signer_id):
        return "The activity's id is not on its actor's server."
    match activity:
        case Create(objects=references):
            return next(filter(None, (_authorship_problem(item, signer_id) for item in references)), None)
        case Update(object=reference):
            if reference.type in ACTOR_TYPES:
                return None if reference.id == signer_id else "An actor may update only itself."
            return _authorship_problem(reference, signer_id)
        case Delete(object=reference):
            return _ownership_problem(reference, signer_id)
        case QuoteRequest(instrument=reference) | FeatureRequest(instrument=reference):
            return _authorship_problem(reference, signer_id)
        case Undo(object=reference):
            return _ownership_problem(reference, signer_id)
        case Accept(object=reference) | Reject(object=reference):
            foreign = reference.type == "Follow" and reference.object not in (None, signer_id)
            return "Only the followed actor may answer a Follow." if foreign else None
        case Move(object=moved):
            return None if moved == signer_id else "An actor may move only itself."
        case Add(target=target) | Remove(target=target):
            return None if same_origin(target, signer_id) else "The collection is not on its actor's server."
        case _:
            return None


def _authorship_problem(reference: Reference, signer_id: str) -> str | None:
    if reference.id is None or not same_origin(reference.id, signer_id):
        return "The object's id is not on its author's server."
    if reference.document is not None and reference.actor != signer_id:
        return "The object is attributed to somebody else."
    return None


def _ownership_problem(reference: Reference, signer_id: str) -> str | None:
    if reference.id is not None and not same_origin(reference.id, signer_id):
        return "The thing withdrawn is not on its actor's server."
    if reference.actor not in (None, signer_id):
        return "The thing withdrawn belongs to somebody else."
    return None
