"""Stamps: documents by which anybody can check that somebody agreed to be quoted (FEP-044f) or featured (FEP-7aa9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from federation.protocol.documents import AS, one_id, type_of
from federation.protocol.ids import same_origin

QUOTE: Final = "QuoteAuthorization"
FEATURE: Final = "FeatureAuthorization"

CONTEXT: Final[list[Any]] = [
    AS,
    {
        "gts": "https://gotosocial.org/ns#",
        "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
        QUOTE: f"https://w3id.org/fep/044f#{QUOTE}",
        "FeatureRequest": "https://w3id.org/fep/7aa9#FeatureRequest",
        FEATURE: f"https://w3id.org/fep/7aa9#{FEATURE}",
        "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
        "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
    },
]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Consent of `giver`: `interacting` (a thought, a collection) may refer to `target` (a thought of theirs, them)."""

    type: str
    id: str
    giver: str
    interacting: str
    target: str

    @property
    def may_hold(self) -> bool:
        """Whether it lies on the server of whoever gives it: no other can say what they agreed to."""
        return same_origin(self.id, self.giver)


def stamp_document(stamp: Stamp, *, context: bool = True) -> dict[str, Any]:
    """Write a stamp of ours."""
    document = {
        "type": stamp.type,
        "id": stamp.id,
        "attributedTo": stamp.giver,
        "interactingObject": stamp.interacting,
        "interactionTarget": stamp.target,
    }
    return {"@context": CONTEXT, **document} if context else document


def confirms(document: dict[str, Any], stamp: Stamp) -> bool:
    """Tell whether the document that lies at a stamp's address says what the stamp is taken for.

    Those for featuring name nobody who gives them: it is the one featured (FEP-7aa9).
    """
    giver = one_id(document.get("attributedTo"))
    if giver is None and stamp.type == FEATURE:
        giver = stamp.giver
    return type_of(document, (stamp.type,)) == stamp.type and (
        giver,
        one_id(document.get("interactingObject")),
        one_id(document.get("interactionTarget")),
    ) == (stamp.giver, stamp.interacting, stamp.target)
