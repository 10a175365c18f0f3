"""What was read lately, kept in memory by the version of its row: a page that shows it again need not read it again.

PostgreSQL writes every version of a row anew: who wrote it (`xmin`) and where it lies (`ctid`) are together those of
that version alone. Queries bring these two in place of the row; what is kept in just that version is shown at once,
and whatever has changed, in whichever process, is read. So nothing kept is ever out of date.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from storage.entries import Written
    from storage.people import Person

Kept = TypeVar("Kept")
Version = tuple[int, tuple[int, int]]
"""`xmin` and `ctid`."""

MOST: Final = 3000


class KeptRows(Generic[Kept]):
    """Some thousand things by id, each in one version; those not asked for the longest go first."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: OrderedDict[UUID, tuple[Version, Kept]] = OrderedDict()

    def find(self, row_id: UUID, version: Version) -> Kept | None:
        """Return a thing if it is kept in this version."""
        found = self._rows.get(row_id)
        if found is None or found[0] != version:
            return None
        self._rows.move_to_end(row_id)
        return found[1]

    def keep(self, row_id: UUID, version: Version, thing: Kept) -> None:
        """Keep a thing in place of its earlier versions."""
        self._rows[row_id] = version, thing
        self._rows.move_to_end(row_id)
        if len(self._rows) > MOST:
            self._rows.popitem(last=False)


class Memory:
    """What a process keeps of one database; every connection of a pool has the same."""

    __slots__ = ("people", "written")

    def __init__(self) -> None:
        self.people: KeptRows[Person] = KeptRows()
        self.written: KeptRows[Written] = KeptRows()
