"""What admins announce, for the contract's walk, and the operations of features that are switched off here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from federation.actions.announcements import react_to_announcement
from federation.actions.announcing import AnnouncementDraft, write_announcement
from tests.services_fixture import make_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App


async def announce(services: Services, ann: App, bob: App, status: dict[str, Any]) -> dict[str, str]:
    """Let an admin announce something with everything in it, and people react; return the ids by name."""
    herald = await make_person(services, "herald", role="admin")
    now = services.now()
    draft = AnnouncementDraft(
        f"Hello @bob :blob: #party {status['url']}", now + timedelta(hours=1), now + timedelta(hours=2)
    )
    written = await write_announcement(services, herald, draft, publish=True)
    assert ann.person is not None
    assert bob.person is not None
    await react_to_announcement(services, ann.person, written.id, "🎉")
    await react_to_announcement(services, bob.person, written.id, "blob")
    note = await bob.publish("Psst @ann", visibility="direct")
    return {"announcement": str(written.id), "party": "🎉", "blob": "blob", "note": note["id"]}


READS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("/api/v1/announcements", "", {}, False),
]
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("PUT", "/api/v1/announcements/{id}/reactions/{name}", "announcement / blob", {}),
    ("DELETE", "/api/v1/announcements/{id}/reactions/{name}", "announcement / party", {}),
    ("POST", "/api/v1/announcements/{id}/dismiss", "announcement", {}),
]
