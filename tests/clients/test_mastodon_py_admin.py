"""Mastodon.py moderates a live instance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from mastodon import MastodonAPIError, MastodonUnauthorizedError

if TYPE_CHECKING:
    from tests.clients.conftest import NewPerson, Town
    from tests.clients.judging import Judged

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


@pytest.fixture
def warden(town: Town) -> Judged:
    """The admin's Mastodon.py."""
    return town.warden


def test_reports_are_worked_on(warden: Judged, ada: Judged, bob: Judged) -> None:
    thought = bob.status_post("Bad words")
    made = ada.report(bob.me(), [thought], "He shouts", category="spam", forward=False)
    assert (made.comment, made.category, made.status_ids, made.target_account.id) == (
        "He shouts", "spam", [thought.id], bob.me().id,
    )  # fmt: skip
    found = warden.admin_report(made)
    assert (found.account.id, found.target_account.id) == (ada.me().id, bob.me().id)
    assert [one.id for one in found.statuses] == [thought.id]
    assert [one.id for one in warden.admin_reports(target_account_id=bob.me())] == [made.id]
    assert warden.admin_report_assign(made).assigned_account.id == warden.me().id
    assert warden.admin_report_unassign(made).assigned_account is None
    assert warden.admin_report_resolve(made).action_taken
    assert [one.id for one in warden.admin_reports(resolved=True, target_account_id=bob.me())] == [made.id]
    assert not warden.admin_report_reopen(made).action_taken
    with pytest.raises(MastodonAPIError):
        ada.admin_reports()


def test_accounts_are_moderated(warden: Judged, ada: Judged, newcomer: NewPerson) -> None:
    eve = newcomer("eve")
    me = eve.me()
    found = warden.admin_account(me)
    assert (found.username, found.email, found.confirmed) == (me.username, f"{me.username}@mail.example", True)
    assert [one.id for one in warden.admin_accounts_v2(origin="local", username=me.username)] == [me.id]
    assert [one["id"] for one in warden.admin_accounts_v1(username=me.username)] == [me.id]
    assert [one["id"] for one in warden.admin_accounts(username=me.username)] == [me.id]
    warden.admin_account_moderate(me, action="silence", send_email_notification=False)
    assert warden.admin_account(me).silenced
    assert not warden.admin_account_unsilence(me).silenced
    warden.admin_account_moderate(me, action="sensitive")
    assert warden.admin_account(me).sensitized
    assert not warden.admin_account_unsensitive(me).sensitized
    warden.admin_account_moderate(me, action="disable")
    with pytest.raises((MastodonAPIError, MastodonUnauthorizedError)):
        eve.me()
    assert not warden.admin_account_enable(me).disabled
    warden.admin_account_moderate(me, action="suspend", text="Enough")
    assert [one.id for one in warden.admin_accounts_v2(status="suspended")] == [me.id]
    assert not warden.admin_account_unsuspend(me).suspended
    for refused in (warden.admin_account_approve, warden.admin_account_reject):
        with pytest.raises(MastodonAPIError):
            refused(me)
    warden.admin_account_moderate(me, action="suspend")
    warden.admin_account_delete(me)
    with pytest.raises(MastodonAPIError, match="deleted"):
        ada.account_lookup(me.acct)


def test_servers_addresses_and_networks_are_kept_away(warden: Judged) -> None:
    made = warden.admin_create_domain_block("bad.example", severity="silence", public_comment="Spam")
    assert (made.domain, made.severity, made.public_comment) == ("bad.example", "silence", "Spam")
    assert warden.admin_update_domain_block(made.id, severity="suspend").severity == "suspend"
    assert [one.id for one in warden.admin_domain_blocks()] == [made.id]
    assert warden.admin_domain_blocks(made.id).domain == "bad.example"
    warden.admin_delete_domain_block(made)
    assert warden.admin_domain_blocks() == []
    mails = warden.admin_create_email_domain_block("trash.example")
    assert warden.admin_email_domain_block(mails.id).domain == "trash.example"
    assert [one.id for one in warden.admin_email_domain_blocks()] == [mails.id]
    warden.admin_delete_email_domain_block(mails.id)
    network = warden.admin_create_ip_block("203.0.113.0/24", "no_access", comment="Flood", expires_in=3600)
    assert (network.ip, network.severity, network.comment) == ("203.0.113.0/24", "no_access", "Flood")
    assert warden.admin_update_ip_block(network, severity="sign_up_block").severity == "sign_up_block"
    assert warden.admin_ip_block(network).expires_at is not None
    assert [one.id for one in warden.admin_ip_blocks()] == [network.id]
    warden.admin_delete_ip_block(network)
    address = warden.admin_create_canonical_email_block(email="Evil.Eve+spam@mail.example")
    assert [one.id for one in warden.admin_test_canonical_email_block("evileve@mail.example")] == [address.id]
    assert warden.admin_canonical_email_block(address.id).canonical_email_hash == address.canonical_email_hash
    assert [one.id for one in warden.admin_canonical_email_blocks()] == [address.id]
    warden.admin_delete_canonical_email_block(address.id)
    allowed = warden.admin_create_domain_allow("good.example")
    assert warden.admin_domain_allow(allowed).domain == "good.example"
    assert [one.id for one in warden.admin_domain_allows()] == [allowed.id]
    warden.admin_delete_domain_allow(allowed)


def test_figures_are_told(warden: Judged, ada: Judged) -> None:
    ada.status_post("Counted")
    end = datetime.now(UTC)
    start = end - timedelta(days=2)
    measured = warden.admin_measures(
        start, end, active_users=True, new_users=True, interactions=True, opened_reports=True, resolved_reports=True,
        instance_statuses="far.example",
    )  # fmt: skip
    assert {one.key for one in measured} == {
        "active_users", "new_users", "interactions", "opened_reports", "resolved_reports", "instance_statuses",
    }  # fmt: skip
    assert int(next(one for one in measured if one.key == "new_users").total) >= 1
    figures = warden.admin_dimensions(start, end, limit=5, languages=True, sources=True, servers=True,
                                      space_usage=True, software_versions=True)  # fmt: skip
    versions = next(one for one in figures if one.key == "software_versions")
    assert {one.key for one in versions.data} == {"thoughts", "postgresql"}
    cohorts = warden.admin_retention(start, end, frequency="day")
    assert cohorts[0].frequency == "day"
