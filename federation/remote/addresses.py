"""Which addresses outgoing traffic may reach: pure rules, no lookups."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from federation.settings import AllowedNetwork

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# The union of Mastodon's and GoToSocial's lists. Python's `is_global` is asked as well: it knows ranges that
# the registries reserve later; this list knows those that Python's older releases miss.
_RESERVED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

# Everything outside global unicast is refused as a whole: that takes mapped and compatible IPv4 (::/96,
# ::ffff:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique local, link local and multicast with it.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_RESERVED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)

_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


def is_public(address: IPAddress) -> bool:
    """Tell whether an address belongs to the open Internet (federation facts §11.4)."""
    if isinstance(address, ipaddress.IPv4Address):
        reserved = any(address in network for network in _RESERVED_V4)
    else:
        reserved = (
            address not in _GLOBAL_UNICAST
            or address.scope_id is not None
            or any(address in network for network in _RESERVED_V6)
        )
    return not reserved and address.is_global and not address.is_multicast


def parse_literal(host: str) -> IPAddress | None:
    """Return the address that a lower-case URL host spells, or None for a name.

    Raise `ValueError` for spellings that some parsers read as an address and others as a name: IPv4 in
    decimal, octal, hex or with parts left out (a name never ends in a number), and zoned IPv6.
    """
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("An IPv6 address with a zone only means something on one machine.")
        return address
    if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return ipaddress.IPv4Address(host)
    return None


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What THOUGHTS_ALLOW_NETWORKS and the public Internet add up to."""

    allow: tuple[AllowedNetwork, ...] = ()

    def permits(self, address: IPAddress, port: int, *, plain: bool) -> bool:
        """Tell whether a connection may be opened; `plain` http only goes to allowed networks.

        On public addresses the ports below 1024 belong to other protocols, 80 and 443 apart: nobody shall
        make us talk to a mail server.
        """
        if any(network.allows(address, port) for network in self.allow):
            return True
        return not plain and is_public(address) and (port in (80, 443) or port >= 1024)
