"""The admin API: who may, what they see, and what it means underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from federation.actions import gates
from federation.actions.accounts import SignUp, sign_up
from federation.actions.reports import Complaint, report_person
from federation.errors import Forbidden, Invalid
from tests.acting import again, scalar
from tests.client_api.conftest import ADMIN_SCOPES
from tests.client_api.contract import problems
from tests.services_fixture import make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from tests.client_api.conftest import App, OpenApp


READS = (
    "/api/v1/admin/accounts", "/api/v2/admin/accounts", "/api/v1/admin/reports", "/api/v1/admin/domain_blocks",
    "/api/v1/admin/domain_allows", "/api/v1/admin/email_domain_blocks", "/api/v1/admin/canonical_email_blocks",
    "/api/v1/admin/ip_blocks",
)  # fmt: skip
WRITES = (
    ("/api/v1/admin/domain_blocks", {"domain": "spam.example"}),
    ("/api/v1/admin/domain_allows", {"domain": "good.example"}),
    ("/api/v1/admin/email_domain_blocks", {"domain": "spam.example"}),
    ("/api/v1/admin/canonical_email_blocks", {"email": "a@spam.example"}),
    ("/api/v1/admin/ip_blocks", {"ip": "192.0.2.0/24", "severity": "sign_up_block"}),
)
OF_ADMINS = READS[3:]


async def test_only_those_who_look_after_the_place_come_in(
    services: Services, ann: App, boss: App, mod: App, open_app: OpenApp, nobody: App
) -> None:
    curious = await open_app(ann.person, scopes=ADMIN_SCOPES)
    tame = await open_app(boss.person, scopes="read write")
    for path in READS:
        await boss.get(path)
        await mod.get(path, expected=403 if path in OF_ADMINS else 200)
        for app, status in ((curious, 403), (tame, 403), (nobody, 401)):
            await app.get(path, expected=status)
    for path, body in WRITES:
        for app, status in ((curious, 403), (mod, 403), (tame, 403), (nobody, 401)):
            await app.post(path, expected=status, **body)
    for verb in ("action", "approve", "reject", "enable", "unsilence", "unsuspend", "unsensitive"):
        await curious.post(f"/api/v1/admin/accounts/{ann.id}/{verb}", expected=403, type="none")
    await curious.call("DELETE", f"/api/v1/admin/accounts/{ann.id}", expected=403)
    reader = await open_app(boss.person, scopes="admin:read")
    await reader.post(f"/api/v1/admin/accounts/{ann.id}/action", expected=403, type="suspend")
    narrow = await open_app(boss.person, scopes="admin:read:reports")
    await narrow.get("/api/v1/admin/reports")
    await narrow.get("/api/v1/admin/accounts", expected=403)
    assert ann.person is not None
    assert (await again(services, ann.person)).state == "active"


async def test_accounts_are_listed_filtered_and_paged(services: Services, boss: App, ann: App, bob: App) -> None:
    await make_remote_person(services, "eve")
    await make_person(services, "pia", state="pending")
    await boss.post(f"/api/v1/admin/accounts/{bob.id}/action", type="silence")

    async def names(path: str, **query: str) -> set[str]:
        found = await boss.get(path, **query)
        assert [problem for one in found for problem in problems("AdminAccount", one)] == []
        return {one["username"] for one in found}

    one, two = "/api/v1/admin/accounts", "/api/v2/admin/accounts"
    assert await names(one) == {"boss", "ann", "bob", "eve", "pia"}
    assert await names(one, remote="true") == await names(two, origin="remote") == {"eve"}
    assert await names(one, pending="true") == await names(two, status="pending") == {"pia"}
    assert await names(one, silenced="true") == await names(two, status="silenced") == {"bob"}
    assert await names(one, active="true", local="true") == {"boss", "ann"}
    assert await names(one, staff="true") == await names(two, permissions="staff") == {"boss"}
    assert await names(one, email="ann@mail.example") == await names(two, username="an") == {"ann"}
    assert await names(one, by_domain="remote.example") == {"eve"}
    first = await boss.get(one, limit="2")
    rest = await boss.get(one, max_id=first[-1]["id"])
    assert len(first) == 2
    assert len(rest) == 3


async def test_measures_are_taken_and_taken_back(services: Services, boss: App, ann: App, bob: App) -> None:
    path = f"/api/v1/admin/accounts/{bob.id}"
    for kind, mark, verb in (
        ("silence", "silenced", "unsilence"),
        ("sensitive", "sensitized", "unsensitive"),
        ("disable", "disabled", "enable"),
        ("suspend", "suspended", "unsuspend"),
    ):
        assert await boss.post(f"{path}/action", type=kind) == {}
        shown = await boss.get(path)
        assert shown[mark] is True, kind
        shown = await boss.post(f"{path}/{verb}")
        assert shown[mark] is False, verb
        assert problems("AdminAccount", shown) == []
    await boss.post(f"{path}/action", expected=422, type="dance")
    await boss.post(f"{path}/action", expected=404, type="none", report_id=str(uuid4()))
    await boss.post(f"/api/v1/admin/accounts/{boss.id}/action", expected=403, type="suspend")
    await boss.call("DELETE", path, expected=422)
    await boss.post(f"{path}/action", type="suspend")
    gone = await boss.call("DELETE", path)
    assert gone["id"] == bob.id
    assert bob.person is not None
    assert (await again(services, bob.person)).state == "deleted"


async def test_those_who_ask_to_join_are_let_in_or_declined(services: Services, mod: App) -> None:
    yes, no = await make_person(services, "yes", state="pending"), await make_person(services, "no", state="pending")
    await mod.post(f"/api/v1/admin/accounts/{yes.id}/approve")
    assert (await again(services, yes)).state == "active"
    assert (await mod.post(f"/api/v1/admin/accounts/{no.id}/reject"))["username"] == "no"
    await mod.get(f"/api/v1/admin/accounts/{no.id}", expected=404)


async def test_reports_are_assigned_decided_and_opened_again(services: Services, mod: App, ann: App, bob: App) -> None:
    assert ann.person is not None
    assert bob.person is not None
    said = await bob.publish("rude")
    thought = await ann.get(f"/api/v1/statuses/{said['id']}")
    report = await report_person(services, ann.person, bob.person, Complaint(comment="see"))
    [shown] = await mod.get("/api/v1/admin/reports")
    assert problems("AdminReport", shown) == []
    assert (shown["id"], shown["account"]["username"], shown["target_account"]["username"]) == (
        str(report.id), "ann", "bob",
    )  # fmt: skip
    path = f"/api/v1/admin/reports/{report.id}"
    assert (await mod.post(f"{path}/assign_to_self"))["assigned_account"]["username"] == "mod"
    assert (await mod.post(f"{path}/unassign"))["assigned_account"] is None
    assert (await mod.call("PUT", path, json={"category": "spam"}))["category"] == "spam"
    assert (await mod.post(f"{path}/resolve"))["action_taken"] is True
    assert await mod.get("/api/v1/admin/reports") == []
    assert len(await mod.get("/api/v1/admin/reports", resolved="true", target_account_id=bob.id)) == 1
    assert (await mod.post(f"{path}/reopen"))["action_taken"] is False
    await mod.post(f"/api/v1/admin/accounts/{bob.id}/action", type="none", report_id=str(report.id), text="Calm down")
    assert (await mod.get(path))["action_taken_by_account"]["username"] == "mod"
    assert thought["id"] == said["id"]


async def lists(boss: App, path: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put something on a list, and see it there, twice refused, and off again."""
    made: dict[str, Any] = await boss.post(path, **body)
    assert problems(kind, made) == []
    assert await boss.get(path) == [made] == [await boss.get(f"{path}/{made['id']}")]
    await boss.post(path, expected=422, **body)
    await boss.get(f"{path}/{uuid4()}", expected=404)
    return made


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("domain_blocks", "AdminDomainBlock", {"domain": "spam.example", "severity": "noop", "private_comment": "x"}),
        ("domain_allows", "AdminDomainAllow", {"domain": "good.example"}),
        ("email_domain_blocks", "AdminEmailDomainBlock", {"domain": "spam.example"}),
        ("canonical_email_blocks", "AdminCanonicalEmailBlock", {"email": "A.b+c@spam.example"}),
        ("ip_blocks", "AdminIpBlock", {"ip": "192.0.2.0/24", "severity": "no_access", "expires_in": 3600}),
    ],
)
async def test_lists_are_kept(boss: App, name: str, kind: str, body: dict[str, Any]) -> None:
    path = f"/api/v1/admin/{name}"
    made = await lists(boss, path, kind, body)
    assert await boss.call("DELETE", f"{path}/{made['id']}") == {}
    assert await boss.get(path) == []
    for wrong in ({}, {"domain": "not a domain", "ip": "300.1.1.1", "canonical_email_hash": "x", "severity": "x"}):
        await boss.post(path, expected=422, **wrong)


async def test_a_silenced_server_silences_its_people_also_those_to_come(services: Services, boss: App) -> None:
    eve = await make_remote_person(services, "eve", "loud.example")
    block = await boss.post("/api/v1/admin/domain_blocks", domain="loud.example", severity="silence")
    mia = await make_remote_person(services, "mia", "sub.loud.example")
    assert [(await again(services, one)).silenced for one in (eve, mia)] == [True, True]
    path = f"/api/v1/admin/domain_blocks/{block['id']}"
    assert (await boss.call("PUT", path, json={"severity": "suspend"}))["severity"] == "suspend"
    assert [(await again(services, one)).state for one in (eve, mia)] == ["suspended"] * 2
    assert await boss.call("DELETE", path) == {}
    assert [((await again(services, one)).state, (await again(services, one)).silenced) for one in (eve, mia)] == [
        ("active", False)
    ] * 2


async def test_gates_refuse_sign_ups(services: Services, boss: App) -> None:
    await boss.post("/api/v1/admin/email_domain_blocks", domain="throwaway.example")
    await boss.post("/api/v1/admin/canonical_email_blocks", email="troll@mail.example")
    await boss.post("/api/v1/admin/ip_blocks", ip="192.0.2.0/24", severity="sign_up_block")
    await boss.post("/api/v1/admin/ip_blocks", ip="198.51.100.0/24", severity="sign_up_requires_approval")

    async def attempt(name: str, email: str, address: str) -> str:
        person = await sign_up(services, SignUp(name, email, "correct horse battery", address=address))
        return person.state

    for email in ("x@throwaway.example", "x@sub.throwaway.example", "t.roll+new@mail.example", "TROLL@mail.example"):
        with pytest.raises(Invalid):
            await attempt("fresh", email, "203.0.113.1")
    with pytest.raises(Forbidden):
        await attempt("fresh", "fine@mail.example", "192.0.2.7")
    assert await attempt("waits", "waits@mail.example", "198.51.100.7") == "pending"
    assert await attempt("fresh", "fine@mail.example", "203.0.113.1") == "active"
    assert await scalar(services, "SELECT count(*) FROM users WHERE username = 'fresh'") == 1
    found = await boss.post("/api/v1/admin/canonical_email_blocks/test", email="Tr.oll@mail.example")
    assert [one["canonical_email_hash"] for one in found] == [gates.canonical_hash("troll@mail.example")]


async def test_a_network_cannot_become_one_that_is_on_the_list(boss: App) -> None:
    path = "/api/v1/admin/ip_blocks"
    for ip in ("192.0.2.0/24", "198.51.100.0/24"):
        kept = await boss.post(path, ip=ip, severity="sign_up_block")
    await boss.call("PUT", f"{path}/{kept['id']}", expected=422, json={"ip": "192.0.2.0/24"})
    assert (await boss.get(f"{path}/{kept['id']}"))["ip"] == "198.51.100.0/24"
    assert (await boss.call("PUT", f"{path}/{kept['id']}", json={"severity": "no_access"}))["severity"] == "no_access"
