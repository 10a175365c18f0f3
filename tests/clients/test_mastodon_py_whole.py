"""Nothing that Mastodon.py can do is forgotten by the tests here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.clients.judging import METHODS

SOON = "is still being built"
# What no test here calls, and why.
LEFT_OUT = {
    "annual_report": "annual reports are switched off, as Mastodon has them outside December",
    "annual_report_generate": "annual reports are switched off",
    "annual_report_read": "annual reports are switched off",
    "annual_report_state": "annual reports are switched off",
    "annual_reports": "annual reports are switched off",
    "auth_request_url": "tests/browser/test_letting_apps_in.py",
    "await_async_refresh": "refreshes are never left to later",
    "clear_caches": "asks nobody",
    "follows": "was taken away in Mastodon 3.0",
    "generate_media_edit_attributes": "Mastodon.py itself fails with it",
    "get_async_refresh_info": "refreshes are never left to later",
    "get_async_refresh_status": "refreshes are never left to later",
    "get_status_length": "asks nobody",
    "get_supported_version": "asks nobody",
    "log_in": "tests/browser/test_letting_apps_in.py",
    "oauth_userinfo": "Mastodon.py wants https for it",
    "persistable_login_credentials": "asks nobody",
    "reports": "was taken away in Mastodon 2.5",
    "revoke_access_token": "tests/browser/test_letting_apps_in.py",
    "search_v1": "was taken away in Mastodon 3.0",
    "set_language": "asks nobody",
    "status_translate": "translation is switched off",
    "admin_approve_trending_link": SOON,
    "admin_reject_trending_link": SOON,
    "admin_trending_links": SOON,
    "announcement_dismiss": SOON,
    "announcement_reaction_create": SOON,
    "announcement_reaction_delete": SOON,
    "announcements": SOON,
    "account_collections": SOON,
    "account_in_collections": SOON,
    "collection": SOON,
    "collection_create": SOON,
    "collection_delete": SOON,
    "collection_item_add": SOON,
    "collection_item_delete": SOON,
    "collection_item_revoke": SOON,
    "collection_update": SOON,
    "status_card": SOON,
    "timeline_link": SOON,
    "trending_links": SOON,
}


def test_every_method_is_called_or_left_out_with_a_reason() -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py") if path != Path(__file__))
    called = {name for name in METHODS if re.search(rf"\.{name}\b", sources)}
    assert sorted(METHODS - called - LEFT_OUT.keys()) == []
    assert sorted(LEFT_OUT.keys() & called) == []
