"""Reports through the API, on pages, and over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import orjson

from federation.actions.moderating import Measure, take_measure
from federation.actions.reports import Complaint, report_person
from federation.inbound.envelope import Envelope
from federation.inbound.process import HANDLERS
from federation.protocol.activities import parse_activity
from tests.acting import hear, say, scalar
from tests.client_api.contract import problems
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from federation.services import Services
    from storage.people import Person
    from tests.client_api.conftest import App, OpenApp
    from tests.services_fixture import Browser

    ClientFor = Callable[[Person], Awaitable[Browser]]


async def test_an_app_reports_somebody(services: Services, ann: App, bob: App, open_app: OpenApp) -> None:
    mod = await open_app(await make_person(services, "mod", role="admin"))
    said = await bob.publish("rude")
    made = await ann.post(
        "/api/v1/reports", account_id=bob.id, status_ids=[said["id"]], comment="see", category="legal", forward=True
    )
    assert problems("Report", made) == []
    assert (made["category"], made["status_ids"], made["forwarded"]) == ("legal", [said["id"]], False)
    [notification] = await mod.get("/api/v1/notifications")
    assert (notification["type"], notification["report"]["id"]) == ("admin.report", made["id"])
    assert problems("Notification", notification) == []
    ruled = await ann.post("/api/v1/reports", account_id=bob.id, rule_ids=["1"])
    assert (ruled["category"], ruled["rule_ids"]) == ("violation", ["1"])


async def test_what_cannot_be_reported_is_refused(services: Services, ann: App, bob: App, open_app: OpenApp) -> None:
    said = await ann.publish("mine")
    for body, status in (
        ({}, 404),
        ({"account_id": str(uuid4())}, 404),
        ({"account_id": bob.id, "status_ids": [said["id"]]}, 404),
        ({"account_id": bob.id, "comment": "x" * 1001}, 422),
        ({"account_id": bob.id, "category": "taste"}, 422),
    ):
        await ann.post("/api/v1/reports", expected=status, **body)
    reader = await open_app(ann.person, scopes="read")
    await reader.post("/api/v1/reports", expected=403, account_id=bob.id)
    assert await scalar(services, "SELECT count(*) FROM reports") == 0


async def test_a_warning_is_told_to_the_app(services: Services, ann: App, bob: App) -> None:
    mod = await make_person(services, "mod", role="moderator")
    assert bob.person is not None
    await take_measure(services, mod, bob.person, Measure("sensitive", "Cover these"))
    [notification] = await bob.get("/api/v1/notifications")
    assert problems("Notification", notification) == []
    assert notification["moderation_warning"]["text"] == "Cover these"
    assert notification["account"]["id"] == bob.id, "not who decided"
    said = await bob.publish("any picture")
    assert said["sensitive"]


async def test_a_flag_from_the_wire_becomes_a_report(services: Services, bob: App) -> None:
    assert bob.person is not None
    eve = await make_remote_person(services, "eve")
    document = {
        "id": "https://remote.example/flags/1", "type": "Flag", "actor": eve.ap_id,
        "object": [bob.person.ap_id], "content": "look at them",
    }  # fmt: skip
    flag = parse_activity(orjson.loads(orjson.dumps(document)))
    assert await HANDLERS[type(flag)](services, Envelope(eve, None), flag) == ""
    assert await scalar(services, "SELECT comment FROM reports WHERE target_id = $1", bob.person.id) == "look at them"


async def test_people_report_on_a_page(services: Services, client_for: ClientFor) -> None:
    ann = await make_person(services, "ann")
    eve = await make_remote_person(services, "eve")
    said = await hear(services, eve, "<p>bad words</p>")
    browser = await client_for(ann)
    page = await browser.page(f"/people/{eve.id}/report?thought={said.id}")
    assert "bad words" in page
    assert "Tell remote.example too" in page
    wrong = await browser.post(f"/people/{eve.id}/report", {"comment": "x" * 2000})
    assert wrong.status_code == 422
    answer = await browser.post(
        f"/people/{eve.id}/report", {"thought": str(said.id), "category": "spam", "comment": "look", "forward": "1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/@{eve.handle}")
    assert await scalar(services, "SELECT category || forwarded::text FROM reports") == "spamtrue"


async def test_admins_decide_on_pages_and_nobody_else(services: Services, client_for: ClientFor) -> None:
    ann, bob = await make_person(services, "ann"), await make_person(services, "bob")
    boss = await make_person(services, "boss", role="admin")
    said = await say(services, bob, "terrible words")
    report = await report_person(services, ann, bob, Complaint([said.id], "please", "spam"))
    admin, stranger = await client_for(boss), await client_for(ann)
    assert "@bob" in await admin.page("/admin/reports")
    page = await admin.page(f"/admin/reports/{report.id}")
    assert "terrible words" in page
    for path in ("/admin/reports", f"/admin/reports/{report.id}"):
        assert (await stranger.get(path)).status_code == 403
    assert (await stranger.post(f"/admin/reports/{report.id}", {"action": "suspend"})).status_code == 403
    assert (await admin.post(f"/admin/reports/{report.id}", {"action": "none", "text": "Be kind"})).status_code == 303
    assert "Nobody complains" in await admin.page("/admin/reports")
    assert "@bob" in await admin.page("/admin/reports?state=resolved")
    assert (await admin.post(f"/admin/reports/{report.id}", {"action": "reopen"})).status_code == 303
    assert (await admin.post(f"/admin/reports/{report.id}", {"action": "dance"})).status_code == 404
    warned = await client_for(bob)
    assert "decided something about your account" in await warned.page("/notifications")
    assert "Be kind" in await warned.page("/settings/warnings")


async def test_a_collection_is_reported_by_app_and_page(
    services: Services, ann: App, bob: App, client_for: ClientFor
) -> None:
    made = (await bob.post("/api/v1/collections", name="Rude company", discoverable=True))["collection"]
    await ann.post("/api/v1/reports", expected=404, account_id=ann.id, collection_ids=[made["id"]])
    report = await ann.post("/api/v1/reports", account_id=bob.id, collection_ids=[made["id"]])
    assert (problems("Report", report), report["collection_ids"]) == ([], [made["id"]])
    assert ann.person is not None
    browser = await client_for(ann.person)
    form = f"/people/{bob.id}/report?collection={made['id']}"
    assert form in await browser.page(f"/@bob/collections/{made['id']}")
    assert "Rude company" in await browser.page(form)
    await browser.post(f"/people/{bob.id}/report", {"collection": made["id"], "category": "spam"})
    admin = await client_for(await make_person(services, "root", role="admin"))
    number = await scalar(services, "SELECT id FROM reports WHERE category = 'spam'")
    page = await admin.page(f"/admin/reports/{number}")
    assert "Rude company" in page
    await admin.post(f"/admin/reports/{number}", {"action": "delete_statuses"})
    assert await scalar(services, "SELECT count(*) FROM collections") == 0
