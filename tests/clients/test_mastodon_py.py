"""Mastodon.py does all it can at a live instance; every answer is held against the types it promises."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from mastodon import MastodonAPIError, MastodonNotFoundError

from tests.media.samples import photograph, picture

if TYPE_CHECKING:
    from tests.clients.conftest import NewPerson, Town
    from tests.clients.judging import Judged

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("live")]


def test_people_find_follow_and_know_each_other(ada: Judged, bob: Judged) -> None:
    me, other = ada.account_verify_credentials(), bob.me()
    assert (me.acct, me.source.privacy, me.role.name) == (me.username, "public", "")
    assert ada.account(other).id == ada.account_lookup(other.acct).id == other.id
    assert [one.id for one in ada.accounts([other, me])] == [other.id, me.id]
    assert [one.id for one in ada.account_search(other.username)] == [other.id]
    assert ada.account_follow(other, reblogs=False, notify=True).notifying
    [tie] = ada.account_relationships(other)
    assert (tie.following, tie.showing_reblogs, tie.followed_by) == (True, False, False)
    assert [one.id for one in ada.account_following(me)] == [other.id]
    assert [one.id for one in ada.account_followers(other)] == [me.id]
    bob.account_follow(me)
    assert ada.account_note_set(other, "met at the sea").note == "met at the sea"
    assert ada.account_endorse(other).endorsed
    assert [one.id for one in ada.endorsements()] == [other.id]
    assert not ada.account_unendorse(other).endorsed
    assert ada.account_pin(other).endorsed and not ada.account_unpin(other).endorsed
    assert bob.account_familiar_followers(me)[0].accounts == []
    assert not ada.account_remove_from_followers(other).followed_by
    assert not ada.account_unfollow(other).following


def test_people_keep_others_away(ada: Judged, bob: Judged) -> None:
    other = bob.me()
    muted = ada.account_mute(other, notifications=False, duration=3600)
    assert (muted.muting, muted.muting_notifications) == (True, False)
    [shown] = ada.mutes()
    assert (shown.id, shown.mute_expires_at is not None) == (other.id, True)
    assert not ada.account_unmute(other).muting
    assert ada.account_block(other).blocking
    assert [one.id for one in ada.blocks()] == [other.id]
    with pytest.raises(MastodonAPIError):
        bob.account_follow(ada.me())
    assert not ada.account_unblock(other).blocking
    ada.domain_block("spam.example")
    assert ada.domain_blocks() == ["spam.example"]
    ada.domain_unblock("spam.example")
    assert ada.domain_blocks() == []


def test_a_locked_person_is_asked(ada: Judged, bob: Judged) -> None:
    ada.account_update_credentials(locked=True)
    assert bob.account_follow(ada.me()).requested
    [asking] = ada.follow_requests()
    assert ada.follow_request_authorize(asking).followed_by
    bob.account_unfollow(ada.me())
    bob.account_follow(ada.me())
    assert not ada.follow_request_reject(bob.me()).followed_by
    assert ada.follow_requests() == []


def test_a_profile_is_shaped(ada: Judged) -> None:
    avatar, header = picture((64, 64)), photograph()
    changed = ada.account_update_credentials(
        display_name="Ada L.", note="I count.", avatar=avatar, avatar_mime_type="image/png",
        header=header, header_mime_type="image/jpeg", bot=True, discoverable=True,
        fields=[("Home", "https://ada.example"), ("Sea", "yes")],
    )  # fmt: skip
    assert (changed.display_name, changed.note, changed.bot) == ("Ada L.", "<p>I count.</p>", True)
    assert [one.name for one in changed.fields] == ["Home", "Sea"]
    assert changed.source.note == "I count."
    assert "/media/" in changed.avatar and "/media/" in changed.header
    assert "/media/" not in ada.account_delete_avatar().avatar
    assert "/media/" not in ada.account_delete_header().header
    assert ada.profile_update(display_name="A.").display_name == "A."
    assert ada.profile().display_name == "A."
    assert ada.preferences().posting_default_visibility == "public"


def test_thoughts_are_written_found_and_taken_back(ada: Judged, bob: Judged) -> None:
    other = bob.me()
    first = ada.status_post(
        f"Hello @{other.acct}, see https://a.example/x?y=1 #Fog", spoiler_text="fog", sensitive=True,
        visibility="unlisted", language="en", idempotency_key="once",
    )  # fmt: skip
    again = ada.status_post("Another text", idempotency_key="once")
    assert first.id == again.id
    assert (first.spoiler_text, first.sensitive, first.visibility, first.language) == ("fog", True, "unlisted", "en")
    assert [(one.acct, one.id) for one in first.mentions] == [(other.acct, other.id)]
    assert [one.name for one in first.tags] == ["fog"]
    assert '<span class="h-card"' in first.content and 'rel="tag"' in first.content
    assert first.application.name == "Town"
    reply = bob.status_reply(first, "Well met")
    assert (reply.in_reply_to_id, reply.in_reply_to_account_id, reply.visibility) == (first.id, ada.me().id, "unlisted")
    assert [one.id for one in ada.status_context(first).descendants] == [reply.id]
    assert [one.id for one in ada.status_context(reply).ancestors] == [first.id]
    changed = ada.status_update(first, f"Hello again @{other.acct}", spoiler_text="none")
    assert changed.edited_at is not None and "again" in changed.content
    versions = ada.status_history(first)
    assert [one.spoiler_text for one in versions] == ["fog", "none"]
    source = ada.status_source(first)
    assert (source.text, source.spoiler_text) == (f"Hello again @{other.acct}", "none")
    assert bob.status(first).id == first.id
    assert [one.id for one in bob.statuses([reply, first])] == [reply.id, first.id]
    assert ada.toot("A toot").visibility == "public"
    taken = ada.status_delete(first)
    assert taken.text == f"Hello again @{other.acct}"
    with pytest.raises(MastodonNotFoundError):
        ada.status(first)
    assert bob.status(reply).in_reply_to_id is None


def test_thoughts_are_scheduled(ada: Judged) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    media = ada.media_post(BytesIO(picture()), mime_type="image/png", synchronous=True)
    made = ada.status_post("Tomorrow", scheduled_at=later, media_ids=[media], spoiler_text="soon")
    assert (made.scheduled_at, made.params.text, made.media_attachments[0]["id"]) == (later, "Tomorrow", media.id)
    assert [one.id for one in ada.scheduled_statuses()] == [made.id]
    moved = ada.scheduled_status_update(made, later + timedelta(hours=1))
    assert ada.scheduled_status(made).scheduled_at == moved.scheduled_at == later + timedelta(hours=1)
    ada.scheduled_status_delete(made)
    assert ada.scheduled_statuses() == []


def test_thoughts_are_answered_with_a_click(ada: Judged, bob: Judged) -> None:
    thought = ada.status_post("Click here")
    boost = bob.status_reblog(thought, visibility="unlisted")
    assert (boost.reblog.id, boost.visibility, boost.reblog.reblogged) == (thought.id, "unlisted", True)
    assert bob.status_favourite(thought).favourites_count == 1
    assert [one.id for one in ada.status_reblogged_by(thought)] == [bob.me().id]
    assert [one.id for one in ada.status_favourited_by(thought)] == [bob.me().id]
    assert [one.id for one in bob.favourites()] == [thought.id]
    assert bob.status_bookmark(thought).bookmarked
    assert [one.id for one in bob.bookmarks()] == [thought.id]
    assert not bob.status_unbookmark(thought).bookmarked
    assert not bob.status_unfavourite(thought).favourited
    assert not bob.status_unreblog(thought).reblogged
    assert ada.status_pin(thought).pinned
    assert [one.id for one in bob.account_statuses(ada.me(), pinned=True)] == [thought.id]
    assert not ada.status_unpin(thought).pinned
    assert ada.status_mute(thought).muted and not ada.status_unmute(thought).muted


def test_media_are_uploaded_described_and_attached(ada: Judged) -> None:
    image = ada.media_post(picture((40, 30)), "image/png", description="A square", focus=(0.5, -0.25), synchronous=True)
    assert (image.type, image.description, image.meta.focus.x) == ("image", "A square", 0.5)
    assert (image.meta.original.width, image.meta.original.height) == (40, 30)
    pixels = ada.decode_blurhash(image, out_size=(4, 3))
    assert (len(pixels), len(pixels[0])) == (9, 16)
    soon = ada.media_post(BytesIO(photograph()), "image/jpeg", file_name="a.jpg")
    while ada.media(soon).url is None:
        time.sleep(0.1)
    described = ada.media_update(soon, description="A circle", focus=(0, 0), thumbnail=picture((20, 20)),
                                 thumbnail_mime_type="image/png")  # fmt: skip
    assert (described.description, described.meta.small.width) == ("A circle", 20)
    thought = ada.status_post("", media_ids=[image, soon])
    assert [one.id for one in thought.media_attachments] == [image.id, soon.id]
    changed = ada.status_update(thought, "Pictures", media_ids=[image])
    assert [one.description for one in changed.media_attachments] == ["A square"]
    assert [one.id for one in ada.account_statuses(ada.me(), only_media=True)] == [thought.id]


def test_polls_are_made_and_voted_in(ada: Judged, bob: Judged) -> None:
    asked = ada.status_post("Tea?", poll=ada.make_poll(["Yes", "No", "Perhaps"], 3600, multiple=True))
    poll = bob.poll(asked.poll)
    assert (poll.multiple, poll.expired, poll.voted, [one.title for one in poll.options]) == (
        True, False, False, ["Yes", "No", "Perhaps"],
    )  # fmt: skip
    voted = bob.poll_vote(poll, [0, 2])
    assert (voted.own_votes, voted.votes_count, voted.voters_count) == ([0, 2], 2, 1)
    hidden = ada.status_post("Secret?", poll=ada.make_poll(["A", "B"], 3600, hide_totals=True))
    bob.poll_vote(hidden.poll, 1)
    assert [one.votes_count for one in ada.poll(hidden.poll).options] == [None, None]


def test_lists_gather_people(ada: Judged, bob: Judged) -> None:
    ada.account_follow(bob.me())
    made = ada.list_create("Friends", replies_policy="none", exclusive=True)
    ada.list_accounts_add(made, [bob.me()])
    thought = bob.status_post("For the list")
    assert [one.id for one in ada.timeline_list(made)] == [thought.id]
    assert ada.timeline_home() == []
    assert [one.id for one in ada.list_accounts(made)] == [bob.me().id]
    assert [one.title for one in ada.account_lists(bob.me())] == ["Friends"]
    changed = ada.list_update(made, "Best friends", replies_policy="followed", exclusive=False)
    assert (changed.title, changed.replies_policy, changed.exclusive) == ("Best friends", "followed", False)
    assert ada.list(made).title == "Best friends"
    ada.list_accounts_delete(made, [bob.me()])
    assert ada.list_accounts(made) == []
    ada.list_delete(made)
    assert ada.lists() == []


def test_filters_hide_and_warn(ada: Judged, bob: Judged) -> None:
    ada.account_follow(bob.me())
    made = ada.create_filter_v2(
        "Weather", ["home", "thread"], "warn", expires_in=3600,
        keywords_attributes=[{"keyword": "fog", "whole_word": True}],
    )  # fmt: skip
    assert (made.title, made.context, made.filter_action) == ("Weather", ["home", "thread"], "warn")
    thought = bob.status_post("Thick fog")
    [shown] = ada.timeline_home()
    assert [(one.filter.title, one.keyword_matches) for one in shown.filtered] == [("Weather", ["fog"])]
    keyword = ada.add_filter_keyword_v2(made, "rain", whole_word=False)
    assert [one.keyword for one in ada.filter_keywords_v2(made)] == ["fog", "rain"]
    ada.delete_filter_keyword_v2(keyword)
    kept = ada.add_filter_status_v2(made, thought)
    assert ada.filter_status_v2(kept).status_id == thought.id
    assert [one.id for one in ada.filter_statuses_v2(made)] == [kept.id]
    ada.delete_filter_status_v2(kept)
    changed = ada.update_filter_v2(made, title="Sky", filter_action="blur", context=["home"])
    assert (changed.title, changed.filter_action, changed.expires_at is not None) == ("Sky", "blur", True)
    assert ada.filter_v2(made).title == "Sky"
    assert [one.title for one in ada.filters_v2()] == ["Sky"]
    ada.delete_filter_v2(made)
    assert ada.filters_v2() == []


def test_filters_of_old_apps_work(ada: Judged) -> None:
    made = ada.filter_create("fog", ["home"], whole_word=True, expires_in=3600)
    assert (made.phrase, made.whole_word, made.irreversible) == ("fog", True, False)
    assert ada.filter(made).phrase == "fog"
    assert ada.filter_update(made, phrase="rain", context=["home"]).phrase == "rain"
    assert [one.phrase for one in ada.filters()] == ["rain"]
    kept = ada.status_post("sun")
    assert ada.filters_apply([ada.status_post("rain"), kept], ada.filters(), "home") == [kept]
    ada.filter_delete(made)
    assert ada.filters() == []


def test_notifications_arrive_one_by_one_and_in_groups(ada: Judged, bob: Judged, newcomer: NewPerson) -> None:
    thought = ada.status_post("Like me")
    bob.account_follow(ada.me())
    eve = newcomer("eve")
    for one in (bob, eve):
        one.status_favourite(thought)
    mention = bob.status_post(f"Hey @{ada.me().acct}")
    found = ada.notifications()
    assert [one.type for one in found] == ["mention", "favourite", "favourite", "follow"]
    assert (found[0].status.id, found[0].account.id) == (mention.id, bob.me().id)
    assert [one.type for one in ada.notifications(types=["follow"])] == ["follow"]
    assert ada.notifications(exclude_types=["favourite", "follow", "mention"]) == []
    assert [one.account.id for one in ada.notifications(account_id=eve.me())] == [eve.me().id]
    assert ada.notifications_unread_count().count == 4
    grouped = ada.grouped_notifications()
    assert [(one.type, one.notifications_count) for one in grouped.notification_groups] == [
        ("mention", 1), ("favourite", 2), ("follow", 1),
    ]  # fmt: skip
    favourites = grouped.notification_groups[1]
    assert {one.id for one in ada.grouped_notification_accounts(favourites.group_key)} == {bob.me().id, eve.me().id}
    one = ada.grouped_notification(favourites.group_key)
    assert one.statuses[0].id == thought.id
    assert ada.unread_grouped_notifications_count() == 3
    ada.dismiss_grouped_notification(favourites.group_key)
    ada.notifications_dismiss(found[0])
    assert [one.type for one in ada.notifications()] == ["follow"]
    ada.notifications_clear()
    assert ada.notifications() == []


def test_strangers_wait_behind_a_policy(ada: Judged, bob: Judged, newcomer: NewPerson) -> None:
    assert ada.notifications_policy().for_not_following == "accept"
    assert ada.update_notifications_policy(for_not_following="filter").for_not_following == "filter"
    others = [bob, newcomer("eve"), newcomer("gus"), newcomer("hal")]
    for one in others:
        one.status_post(f"@{ada.me().acct} listen")
    assert ada.notifications() == []
    waiting = ada.notification_requests()
    assert [one.account.id for one in reversed(waiting)] == [one.me().id for one in others]
    assert ada.notification_request(waiting[0]).last_status.content
    assert ada.notifications_policy().summary.pending_requests_count == 4
    ada.accept_notification_request(waiting[3])
    ada.dismiss_notification_request(waiting[2])
    ada.accept_multiple_notification_requests([waiting[1]])
    ada.dismiss_multiple_notification_requests([waiting[0]])
    assert ada.notification_requests() == []
    assert ada.notifications_merged() in (True, False)


def test_conversations_are_read(ada: Judged, bob: Judged) -> None:
    thought = bob.status_post(f"@{ada.me().acct} quietly", visibility="direct")
    [found] = ada.conversations()
    assert (found.unread, found.last_status.id, [one.id for one in found.accounts]) == (True, thought.id, [bob.me().id])
    assert not ada.conversations_read(found).unread


def test_everything_is_found_by_search(ada: Judged, bob: Judged) -> None:
    word = f"w{bob.me().id[-12:]}"
    bob.account_update_credentials(discoverable=True, indexable=True)
    thought = bob.status_post(f"{word} #{word}x")
    found = ada.search(word)
    assert [one.id for one in found.statuses] == [thought.id]
    assert [one.name for one in found.hashtags] == [f"{word}x"]
    assert [one.id for one in ada.search_v2(bob.me().acct, result_type="accounts").accounts] == [bob.me().id]
    assert [one.id for one in ada.search(bob.me().url, resolve=True).accounts] == [bob.me().id]
    assert [one.id for one in ada.search(thought.url, resolve=True).statuses] == [thought.id]


def test_tags_are_followed_and_featured(ada: Judged, bob: Judged) -> None:
    name = f"tag{bob.me().id[-12:]}"
    thought = bob.status_post(f"#{name} one")
    assert ada.tag_follow(name).following
    assert [one.name for one in ada.followed_tags()] == [name]
    followed = bob.status_post(f"#{name} two")
    assert [one.id for one in ada.timeline_home()] == [followed.id]
    assert [one.id for one in ada.timeline_hashtag(name)] == [followed.id, thought.id]
    assert ada.tag(name).history[0].uses == "2"
    assert not ada.tag_unfollow(name).following
    assert [one.name for one in bob.featured_tag_suggestions()] == [name]
    featured = bob.featured_tag_create(name)
    assert (featured.name, featured.statuses_count) == (name, "2")
    assert [one.name for one in ada.account_featured_tags(bob.me())] == [name]
    assert [one.id for one in bob.featured_tags()] == [featured.id]
    bob.featured_tag_delete(featured)
    assert bob.tag_feature(name).featuring and not bob.tag_unfeature(name).featuring


def test_quotes_are_made_listed_and_revoked(ada: Judged, bob: Judged) -> None:
    quoted = ada.status_post("Quote me", quote_approval_policy="public")
    assert quoted.quote_approval.current_user == "automatic"
    quoting = bob.status_post("See", quoted_status_id=quoted)
    assert (quoting.quote.state, quoting.quote.quoted_status.id) == ("accepted", quoted.id)
    assert [one.id for one in ada.status_quotes(quoted)] == [quoting.id]
    assert ada.status_quote_revoke(quoted, quoting).quote.state == "revoked"
    assert ada.status_update_quote_approval_policy(quoted, "nobody").quote_approval.automatic == []
    with pytest.raises(MastodonAPIError):
        bob.status_post("See again", quoted_status_id=quoted)


def test_timelines_are_paged_in_both_directions(town: Town, ada: Judged, bob: Judged) -> None:
    written = [bob.status_post(f"Number {number}").id for number in range(7)][::-1]
    ada.account_follow(bob.me())
    ids = [one.id for one in ada.account_statuses(bob.me())]
    assert ids == written
    first = ada.account_statuses(bob.me(), limit=3)
    second = ada.fetch_next(first)
    third = ada.fetch_next(second)
    assert [[one.id for one in page] for page in (first, second, third)] == [written[:3], written[3:6], written[6:]]
    assert not ada.fetch_next(third)
    assert [one.id for one in ada.fetch_previous(third)] == written[3:6]
    assert [one.id for one in ada.fetch_previous(ada.fetch_previous(third))] == written[:3]
    assert not ada.fetch_previous(first)
    assert [one.id for one in ada.fetch_remaining(first)] == written
    assert [one.id for one in ada.pagination_iterator(first)] == written
    assert [len(page) for page in ada.pagination_page_iterator(first)] == [3, 3, 1]
    assert ada.get_pagination_info(first, "next")["max_id"] == written[2]
    since = ada.account_statuses(bob.me(), since_id=written[5], limit=2)
    assert [one.id for one in since] == written[:2]
    after = ada.account_statuses(bob.me(), min_id=written[5], limit=2)
    assert [one.id for one in after] == written[3:5]
    thought = bob.status_post("And home")
    assert [one.id for one in ada.timeline_home(limit=1)] == [thought.id]
    assert ada.timeline("home", limit=1)[0].id == thought.id
    for page in (ada.timeline_public(limit=1), ada.timeline_local(limit=1), ada.timeline("local", limit=1)):
        assert [one.id for one in page] == [thought.id]
    assert ada.timeline_is_available("public")
    assert town.app().timeline_public(remote=True) == []


def test_markers_are_kept(ada: Judged) -> None:
    thought = ada.status_post("Here")
    kept = ada.markers_set(["home"], [thought])
    assert (kept["home"].last_read_id, kept["home"].version) == (thought.id, 1)
    assert ada.markers_get(["home", "notifications"]).keys() == {"home"}


def test_the_instance_describes_itself(town: Town, ada: Judged) -> None:
    app, authority = town.app(), town.instance.authority
    assert app.instance_v2().domain == app.instance().domain == authority
    assert app.instance_v1().uri == authority
    assert app.instance_nodeinfo().software.name == "thoughts"
    assert app.instance_peers() == []
    assert len(app.instance_activity()) == 12
    assert app.instance_health()
    assert app.instance_rules() == []
    assert ada.instance_domain_blocks() == []
    assert {"en", "de"} <= {one.code for one in app.instance_languages()}
    assert app.instance_translation_languages() == {}
    assert app.instance_extended_description().content == ""
    assert app.custom_emojis() == []
    assert app.oauth_authorization_server_info().issuer == f"{town.instance.origin}/"
    assert app.stream_healthy()
    assert app.retrieve_mastodon_version() >= "4.5"
    assert app.verify_minimum_version("4.5.0")
    assert ada.app_verify_credentials().name == "Town"
    assert app.get_approx_server_time().year > 2000
    with pytest.raises(MastodonNotFoundError):
        app.instance_terms_of_service()
    with pytest.raises(MastodonAPIError):
        ada.email_resend_confirmation()


def test_people_are_discovered(ada: Judged, bob: Judged) -> None:
    bob.account_update_credentials(discoverable=True)
    bob.status_post("I am here")
    assert bob.me().id in [one.id for one in ada.directory(order="new", local=True)]
    ada.suggestions_v1()
    for one in ada.suggestions_v2()[:1]:
        ada.suggestion_delete(one.account)
        assert one.account.id not in [other.account.id for other in ada.suggestions()]
