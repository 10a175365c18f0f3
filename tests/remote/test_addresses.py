"""Which addresses and spellings outgoing traffic may reach."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from federation.remote.addresses import AddressRules, is_public, parse_literal
from federation.settings import AllowedNetwork

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.0.1",
    "100.128.0.1",
    "172.32.0.1",
    "198.20.0.1",
    "2001:4860:4860::8888",
    "2a00::1",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_reserved_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_global_addresses_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "8.8.8.8", "::ffff:7f00:1"])
def test_canonical_literals_are_addresses(host: str) -> None:
    assert parse_literal(host) == ip_address(host)


@pytest.mark.parametrize("host", ["localhost", "a.example", "1.2.3.4.example", "0x7f.example", "face"])
def test_names_are_not_literals(host: str) -> None:
    assert parse_literal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.0x1",
        "0x7f.0x0.0x0.0x1",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.0.0.1",
        "a.example.1",
        "fe80::1%eth0",
        "fe80::1%25eth0",
        "::ffff:127.0.0.1.",
    ],
)
def test_ambiguous_literals_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_literal(host)


@pytest.mark.parametrize("port", [80, 443, 1024, 8443])
def test_public_addresses_are_open_on_web_ports(port: int) -> None:
    assert AddressRules().permits(ip_address("8.8.8.8"), port, plain=False)


@pytest.mark.parametrize("port", [0, 22, 25, 53, 110, 445, 993, 1023])
def test_public_addresses_are_closed_on_ports_of_other_protocols(port: int) -> None:
    assert not AddressRules().permits(ip_address("8.8.8.8"), port, plain=False)


def test_plain_http_needs_an_allowed_network() -> None:
    rules = AddressRules((AllowedNetwork(ip_network("10.0.0.0/8")),))
    assert not rules.permits(ip_address("8.8.8.8"), 80, plain=True)
    assert rules.permits(ip_address("10.1.2.3"), 80, plain=True)


def test_allowed_network_opens_its_range_and_nothing_else() -> None:
    rules = AddressRules((AllowedNetwork(ip_network("127.0.0.2/32"), 8000),))
    assert rules.permits(ip_address("127.0.0.2"), 8000, plain=False)
    assert not rules.permits(ip_address("127.0.0.2"), 8001, plain=False)
    assert not rules.permits(ip_address("127.0.0.3"), 8000, plain=False)
    assert not rules.permits(ip_address("::ffff:127.0.0.2"), 8000, plain=False)
