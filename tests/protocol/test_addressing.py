"""Visibility from addressing and back."""

import pytest

from federation.protocol.addressing import PUBLIC, Visibility, address, addresses, is_public, visibility_of

FOLLOWERS = "https://a.example/users/alice/followers"
BOB = "https://b.example/users/bob"


@pytest.mark.parametrize(
    ("to", "cc", "expected"),
    [
        ([PUBLIC], [FOLLOWERS], Visibility.PUBLIC),
        (["as:Public"], [], Visibility.PUBLIC),
        (["Public"], [FOLLOWERS], Visibility.PUBLIC),
        ([PUBLIC, FOLLOWERS], [], Visibility.PUBLIC),
        ([FOLLOWERS], [PUBLIC], Visibility.UNLISTED),
        ([FOLLOWERS], ["as:Public", BOB], Visibility.UNLISTED),
        ([FOLLOWERS], [BOB], Visibility.FOLLOWERS),
        ([BOB], [FOLLOWERS], Visibility.FOLLOWERS),
        ([BOB], [], Visibility.DIRECT),
        ([], [], Visibility.DIRECT),
        (["https://a.example/#Public"], [], Visibility.DIRECT),
        (["https://a.example/#Public"], [FOLLOWERS], Visibility.FOLLOWERS),
        (["https://c.example/users/eve/followers"], [], Visibility.DIRECT),
    ],
)
def test_visibility_follows_mastodons_order(to: list[str], cc: list[str], expected: Visibility) -> None:
    assert visibility_of(to, cc, FOLLOWERS) is expected


def test_followers_only_degrades_to_direct_without_a_followers_url() -> None:
    assert visibility_of([FOLLOWERS], [], None) is Visibility.DIRECT


@pytest.mark.parametrize("visibility", list(Visibility))
def test_our_addressing_reads_back(visibility: Visibility) -> None:
    to, cc = address(visibility, followers_url=FOLLOWERS, mentioned=[BOB, BOB])
    assert visibility_of(to, cc, FOLLOWERS) is visibility
    assert [*to, *cc].count(BOB) == 1


def test_addresses_spell_public_in_full_and_drop_junk() -> None:
    value = ["as:Public", "Public", {"id": BOB}, "bear:?u=x", "javascript:x", 7, BOB]
    assert addresses(value) == (PUBLIC, BOB)
    assert addresses(PUBLIC) == (PUBLIC,)
    assert addresses(None) == ()
    assert len(addresses([f"https://a.example/{number}" for number in range(1000)])) == 256


def test_local_only_scope_of_pleroma_is_not_public() -> None:
    assert not is_public("https://a.example/#Public")
    assert not is_public(None)
