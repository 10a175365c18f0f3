"""Nothing that Mastodon.py can do is forgotten by the tests here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.clients.judging import METHODS

CARDS = "needs pages of others: tests/client_api/test_api_link_trends.py"
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
    "admin_approve_trending_link": CARDS,
    "admin_reject_trending_link": CARDS,
    "admin_trending_links": CARDS,
    "announcement_reaction_delete": "needs an announcement: tests/client_api/test_api_announcements.py",
    "status_card": "was taken away in Mastodon 3.0",
    "timeline_link": CARDS,
    "trending_links": CARDS,
}


def test_every_method_is_called_or_left_out_with_a_reason() -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py") if path != Path(__file__))
    called = {name for name in METHODS if re.search(rf"\.{name}\b", sources)}
    assert sorted(METHODS - called - LEFT_OUT.keys()) == []
    assert sorted(LEFT_OUT.keys() & called) == []
