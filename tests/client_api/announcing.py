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
    ("/api/v1/timelines/direct", "", {}, False),
    ("/api/v1/accounts/{id}/identity_proofs", "bob", {}, False),
    ("/api/v1/annual_reports", "", {}, False),
    ("/api/v1/annual_reports/{year}/state", "2025", {}, False),
]
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("PUT", "/api/v1/announcements/{id}/reactions/{name}", "announcement / blob", {}),
    ("DELETE", "/api/v1/announcements/{id}/reactions/{name}", "announcement / party", {}),
    ("POST", "/api/v1/announcements/{id}/dismiss", "announcement", {}),
    ("POST", "/api/v1/annual_reports/{year}/generate", "2025", {}),
]
# Of features that are switched off: 404 whatever is asked for.
NEVER_THERE: list[tuple[str, str, str]] = [
    ("GET", "/api/v1/annual_reports/{year}", "2025"),
    ("POST", "/api/v1/annual_reports/{year}/read", "2025"),
    ("POST", "/api/v1/statuses/{id}/translate", "hello"),
    ("GET", "/api/v1_alpha/async_refreshes/{id}", "1"),
]
# Any year has a state, and may be asked for.
WITHOUT_IDS = {"/api/v1/annual_reports/{year}/state", "/api/v1/annual_reports/{year}/generate"}
# The reference does not say; Mastodon's serialisers do.
REALLY = {
    "/api/v1/annual_reports": "{[any]}",
    "/api/v1/annual_reports/{year}/state": "{string}",
}
