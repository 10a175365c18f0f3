"""What was written lately, kept as long as it is asked for of the very same thing: rows come unchanged from memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

Thing = TypeVar("Thing")

_MOST: Final = 3000


class Lately(Generic[Thing]):
    """What some thousand things were written as; what is returned belongs to everybody and is never changed.

    A thing read anew is another one (storage/kept.py), so nothing out of date is returned.
    """

    __slots__ = ("_written",)

    def __init__(self) -> None:
        self._written: OrderedDict[UUID, tuple[Thing, dict[str, Any]]] = OrderedDict()

    def find(self, thing_id: UUID, thing: Thing) -> dict[str, Any] | None:
        """Return what a thing was written as, if it was."""
        found = self._written.get(thing_id)
        if found is None or found[0] is not thing:
            return None
        self._written.move_to_end(thing_id)
        return found[1]

    def keep(self, thing_id: UUID, thing: Thing, written: dict[str, Any]) -> dict[str, Any]:
        """Keep what a thing is written as, and return it."""
        self._written[thing_id] = thing, written
        self._written.move_to_end(thing_id)
        if len(self._written) > _MOST:
            self._written.popitem(last=False)
        return written
