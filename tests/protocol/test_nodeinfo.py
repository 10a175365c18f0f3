"""NodeInfo documents."""

import re

from federation.protocol.ids import Urls
from federation.protocol.nodeinfo import Software, Usage, nodeinfo, well_known

SOFTWARE = Software("0.1.0", repository="https://code.example/thoughts", homepage="https://thoughts.example/about")
USAGE = Usage(users=12, active_month=7, active_half_year=10, posts=4321)


def test_well_known_links_both_versions_and_the_instance_actor() -> None:
    links = {link["rel"]: link["href"] for link in well_known(Urls("https://thoughts.example"))["links"]}
    assert links == {
        "http://nodeinfo.diaspora.software/ns/schema/2.0": "https://thoughts.example/nodeinfo/2.0",
        "http://nodeinfo.diaspora.software/ns/schema/2.1": "https://thoughts.example/nodeinfo/2.1",
        "https://www.w3.org/ns/activitystreams#Application": "https://thoughts.example/actor",
    }


def test_documents_hold_what_their_schema_allows() -> None:
    old, new = (
        nodeinfo(version, software=SOFTWARE, usage=USAGE, open_registrations=False, metadata={"nodeName": "T"})
        for version in ("2.0", "2.1")
    )
    required = {"version", "software", "protocols", "services", "openRegistrations", "usage", "metadata"}
    assert set(old) == set(new) == required
    assert (old["version"], new["version"]) == ("2.0", "2.1")
    assert set(old["software"]) == {"name", "version"}
    assert set(new["software"]) == {"name", "version", "repository", "homepage"}
    assert re.fullmatch("[a-z0-9-]+", new["software"]["name"])
    assert new["usage"]["users"] == {"total": 12, "activeMonth": 7, "activeHalfyear": 10}
    assert (new["usage"]["localPosts"], new["usage"]["localComments"]) == (4321, 0)
    assert new["services"] == {"inbound": [], "outbound": []}
    assert new["metadata"] == {"nodeName": "T", "upstream": {"name": "mastodon"}}


def test_unknown_addresses_of_the_software_are_left_out() -> None:
    document = nodeinfo("2.1", software=Software("1"), usage=USAGE, open_registrations=True, metadata={})
    assert document["software"] == {"name": "thoughts", "version": "1"}
    assert document["openRegistrations"] is True
