"""Refused domains: their people vanish, follows end, counts hold, and what comes back when it is lifted."""

from __future__ import annotations

import pytest

from federation.actions import accounts, follows, hosts, timelines
from federation.errors import Invalid, NotFound
from federation.services import Services
from tests.acting import PAGE, again, execute, follow, hear, ids, say, scalar, sent, told
from tests.services_fixture import make_person, make_remote_person


async def test_people_of_a_refused_domain_vanish_with_their_follows(services: Services) -> None:
    ada, fan = await make_person(services, "ada"), await make_person(services, "fan")
    rita = await make_remote_person(services, "rita", "spam.example")
    remo = await make_remote_person(services, "remo", "deep.spam.example:8443")
    good = await make_remote_person(services, "good", "notspam.example")
    for one in (rita, remo, good):
        await follow(services, one, ada)
        await follow(services, ada, one)
    await follow(services, fan, ada)
    theirs = await hear(services, rita, "<p>@ada</p>", arriving=True)
    kept = await hear(services, good, arriving=True)
    assert await hosts.block_domain(services, " Spam.Example ", "spam", by=fan) == "spam.example"
    assert ids(await timelines.get_home(services, ada, PAGE)) == [kept.id]
    with pytest.raises(NotFound):
        await timelines.get_thought(services, ada, theirs.id)
    ada = await again(services, ada)
    assert (ada.followers_count, ada.following_count) == (2, 1)
    for one in (rita, remo):
        person = await again(services, one)
        assert (person.state, person.followers_count, person.following_count) == ("suspended", 0, 0)
    assert (await again(services, good)).followers_count == 1
    assert (await again(services, fan)).following_count == 1
    assert await scalar(services, "SELECT action || ' ' || target FROM audit_log") == "block domain spam.example"
    with pytest.raises(NotFound):
        await follows.follow_person(services, ada, await again(services, rita))


async def test_refusing_the_domain_of_a_handle_refuses_whom_it_names(services: Services) -> None:
    ada = await make_person(services, "ada")
    rita = await make_remote_person(services, "rita", "social.elsewhere.example", domain="spam.example")
    await follow(services, ada, rita)
    await hear(services, rita, arriving=True)
    await hosts.block_domain(services, "spam.example", "", by=None)
    assert ((await again(services, rita)).state, (await again(services, ada)).following_count) == ("suspended", 0)
    assert ids(await timelines.get_home(services, ada, PAGE)) == []
    await hosts.block_domain(services, "elsewhere.example", "", by=None)
    await hosts.unblock_domain(services, "spam.example", by=None)
    assert (await again(services, rita)).state == "suspended"
    await hosts.unblock_domain(services, "elsewhere.example", by=None)
    assert (await again(services, rita)).state == "active"


async def test_lifting_a_block_brings_people_back_but_no_follows(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita", "spam.example")
    await follow(services, ada, rita)
    theirs = await hear(services, rita, arriving=True)
    await hosts.block_domain(services, "spam.example", "", by=None)
    await hosts.unblock_domain(services, "spam.example", by=None)
    assert (await again(services, rita)).state == "active"
    assert (await timelines.get_thought(services, ada, theirs.id)).id == theirs.id
    assert ids(await timelines.get_home(services, ada, PAGE)) == []
    assert (await again(services, ada)).following_count == 0
    with pytest.raises(NotFound):
        await hosts.unblock_domain(services, "spam.example", by=None)


async def test_who_was_suspended_by_name_stays_so(services: Services) -> None:
    rita = await make_remote_person(services, "rita", "spam.example")
    await accounts.suspend(services, None, rita)
    await hosts.block_domain(services, "spam.example", "", by=None)
    await hosts.unblock_domain(services, "spam.example", by=None)
    assert (await again(services, rita)).state == "suspended"


async def test_a_wider_block_keeps_what_a_lifted_one_gives_back(services: Services) -> None:
    deep = await make_remote_person(services, "deep", "a.spam.example")
    await hosts.block_domain(services, "a.spam.example", "", by=None)
    await hosts.block_domain(services, "spam.example", "", by=None)
    await hosts.unblock_domain(services, "a.spam.example", by=None)
    assert (await again(services, deep)).state == "suspended"
    await hosts.unblock_domain(services, "spam.example", by=None)
    assert (await again(services, deep)).state == "active"


async def test_what_waits_for_a_refused_domain_is_dropped(services: Services) -> None:
    ada = await make_person(services, "ada")
    await make_remote_person(services, "rita", "spam.example")
    await say(services, ada, "@rita@spam.example hi")
    await execute(
        services,
        """INSERT INTO deliveries (activity_id, activity_seq, sender_id, inbox_url, host, ordering_key)
        SELECT id, seq, user_id, 'https://x/' || host, host, ordering_key
        FROM activities, (VALUES ('spam.example'), ('good.example')) AS x (host)""",
    )
    await hosts.block_domain(services, "spam.example", "", by=None)
    assert await scalar(services, "SELECT array_agg(host || ' ' || state ORDER BY host) FROM deliveries") == [
        "good.example pending", "spam.example discarded",
    ]  # fmt: skip


async def test_notifications_of_the_refused_are_not_listed(services: Services) -> None:
    ada, rita = await make_person(services, "ada"), await make_remote_person(services, "rita", "spam.example")
    await follow(services, rita, ada)
    assert len(await told(services, ada)) == 1
    await hosts.block_domain(services, "spam.example", "", by=None)
    assert await told(services, ada) == []


@pytest.mark.parametrize("domain", ["", "not a domain", "https://spam.example/x y", "localhost:8000"])
async def test_strange_domains_and_our_own_are_not_refused(services: Services, domain: str) -> None:
    with pytest.raises(Invalid):
        await hosts.block_domain(services, domain, "", by=None)
    assert await hosts.list_domain_blocks(services) == []


async def test_blocking_again_changes_the_reason(services: Services) -> None:
    for reason in ("one", "two"):
        await hosts.block_domain(services, "spam.example", reason, by=None)
    assert [(one.domain, one.reason) for one in await hosts.list_domain_blocks(services)] == [("spam.example", "two")]
    assert await sent(services) == []
