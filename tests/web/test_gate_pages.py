"""Who may not come in, on admins' pages: refused servers, and the lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from federation.actions.gates import DomainRefusal, set_domain
from tests.acting import again, scalar
from tests.services_fixture import Browser, make_person, make_remote_person

if TYPE_CHECKING:
    from federation.services import Services
    from storage.people import Person

ClientFor = Callable[["Person"], Awaitable[Browser]]


@pytest.fixture
async def root(services: Services) -> Person:
    """An admin."""
    return await make_person(services, "root", role="admin")


async def test_a_server_is_silenced_and_then_kept_out(services: Services, root: Person, client_for: ClientFor) -> None:
    eve, boss = await make_remote_person(services, "eve"), await client_for(root)
    form = {"domain": "remote.example", "severity": "silence", "reject_media": "1", "public_comment": "Loud"}
    assert (await boss.post("/admin/domains", form)).status_code == 303
    page = await boss.page("/admin/domains")
    for words in ("remote.example is silenced.", "its media are refused", "<blockquote>Loud</blockquote>"):
        assert words in page
    assert (await again(services, eve)).silenced
    block = await scalar(services, "SELECT id::text FROM domain_blocks")
    shown = await boss.page(f"/admin/domains/{block}")
    assert 'value="silence" checked' in shown
    assert 'name="reject_media" value="1" checked' in shown
    await boss.post(f"/admin/domains/{block}", {"severity": "suspend", "reason": "Spam"})
    assert await scalar(services, "SELECT (severity, reason, reject_media)::text FROM domain_blocks") == (
        "(suspend,Spam,f)"
    )
    assert (await again(services, eve)).state == "suspended"
    answer = await boss.post(f"/admin/domains/{block}", {"severity": "dance"})
    assert (answer.status_code, "The severity is one of" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("kind", "good", "wrong", "kept"),
    [
        ("networks", {"ip": "192.0.2.7/24", "severity": "no_access", "days": "3"}, {"ip": "x"}, "192.0.2.0/24"),
        (
            "networks",
            {"ip": "192.0.2.7", "severity": "sign_up_block"},
            {"ip": "192.0.2.7", "days": "0"},
            "192.0.2.7/32",
        ),
        ("emails", {"name": "Spam.Example"}, {"name": "no domain"}, "spam.example"),
        ("servers", {"name": "good.example"}, {"name": ""}, "good.example"),
        ("addresses", {"name": "a.b+c@mail.example"}, {"name": "x"}, ""),
    ],
)
async def test_a_list_is_added_to_and_taken_from(
    root: Person, client_for: ClientFor, kind: str, good: dict[str, str], wrong: dict[str, str], kept: str
) -> None:
    boss, path = await client_for(root), f"/admin/gates/{kind}"
    refused = await boss.post(path, wrong)
    assert refused.status_code == 422
    assert 'class="field wrong"' in refused.text
    assert (await boss.post(path, good)).status_code == 303
    assert (await boss.post(path, good)).status_code == 422
    page = await boss.page(path)
    assert f"<b>{kept}" in page
    action = page.partition(f'action="{path}/')[2].partition('"')[0]
    assert action.endswith("/remove")
    assert (await boss.post(f"{path}/{action}")).status_code == 303
    assert f'action="{path}/' not in await boss.page(path)


async def test_nobody_else_decides_who_comes_in(services: Services, root: Person, client_for: ClientFor) -> None:
    block = await set_domain(services, root, "spam.example", DomainRefusal("suspend"), new=True)
    tables = ("domain_allows", "email_domain_blocks", "canonical_email_blocks", "ip_blocks")
    for role in ("user", "moderator"):
        visitor = await client_for(await make_person(services, role, role=role))
        for path, form in (
            ("domains", {"domain": "good.example"}),
            (f"domains/{block.id}", {"severity": "noop"}),
            ("domains/unblock", {"domain": "spam.example"}),
            ("gates/networks", {"ip": "192.0.2.0/24", "severity": "no_access"}),
            ("gates/emails", {"name": "mail.example"}),
            ("gates/addresses", {"name": "a@mail.example"}),
            ("gates/servers", {"name": "good.example"}),
        ):
            assert (await visitor.get(f"/admin/{path}")).status_code in (403, 404, 405)
            assert (await visitor.post(f"/admin/{path}", form)).status_code in (403, 404)
    assert [await scalar(services, f"SELECT count(*) FROM {table}") for table in tables] == [0] * 4
    assert await scalar(services, "SELECT array_agg(domain || severity) FROM domain_blocks") == ["spam.examplesuspend"]
