"""What is read is what a server says of its own things at their own addresses (facts §11.1)."""

import json

import pytest

from federation.errors import NotFound, Permanent, Rejected
from federation.protocol.documents import AS
from federation.remote.documents import fetch_document
from federation.remote.failures import Blocked
from federation.remote.reader import Reader
from tests.remote.fediverse import Host


def document(own: str, **more: object) -> dict[str, object]:
    return {"@context": AS, "id": own, "type": "Note", **more}


async def fetch(reader: Reader, url: str) -> dict[str, object]:
    return await fetch_document(reader.network, url, reader.signer)


async def test_document_at_its_own_id_is_read_with_a_signature(reader: Reader, remote: Host) -> None:
    url = f"{remote.origin}/notes/1"
    remote.put(url, document(url, content="Hi"))
    assert (await fetch(reader, url))["content"] == "Hi"
    assert 'keyId="http://127.0.0.9:8000/actor#main-key"' in remote.signed_by["/notes/1"]


async def test_other_id_of_the_same_server_is_fetched_again_there(reader: Reader, remote: Host) -> None:
    page, url = f"{remote.origin}/@alice/1", f"{remote.origin}/notes/1"
    remote.put(page, document(url, content="what the page claims"))
    remote.put(url, document(url, content="what the id says"))
    assert (await fetch(reader, page))["content"] == "what the id says"


async def test_id_that_changes_again_is_refused(reader: Reader, remote: Host) -> None:
    first, second, third = (f"{remote.origin}/notes/{number}" for number in (1, 2, 3))
    remote.put(first, document(second))
    remote.put(second, document(third))
    remote.put(third, document(third))
    with pytest.raises(Rejected):
        await fetch(reader, first)
    assert remote.count(third) == 0


async def test_forged_id_of_another_server_is_refused_without_asking_it(
    reader: Reader, remote: Host, other: Host
) -> None:
    url, victim = f"{remote.origin}/notes/1", f"{other.origin}/notes/1"
    remote.put(url, document(victim))
    other.put(victim, document(victim))
    with pytest.raises(Rejected):
        await fetch(reader, url)
    assert other.asked == []


async def test_redirect_to_another_server_is_refused(reader: Reader, remote: Host, other: Host) -> None:
    url = f"{remote.origin}/notes/1"
    remote.redirect(url, f"{other.origin}/notes/1")
    other.put(f"{other.origin}/notes/1", document(url))
    with pytest.raises(Rejected):
        await fetch(reader, url)


async def test_redirect_to_a_third_partys_document_about_itself_is_refused(
    reader: Reader, remote: Host, other: Host
) -> None:
    url, there = f"{remote.origin}/notes/1", f"{other.origin}/notes/1"
    remote.redirect(url, there)
    other.put(there, document(there))
    with pytest.raises(Rejected):
        await fetch(reader, url)


@pytest.mark.parametrize("kind", ["application/json", "application/ld+json", "text/html", "image/png"])
async def test_other_content_types_are_not_activitypub(reader: Reader, remote: Host, kind: str) -> None:
    url = f"{remote.origin}/uploads/1"
    remote.put(url, document(url), kind)
    with pytest.raises(Rejected):
        await fetch(reader, url)


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"type": "Note"}',
        json.dumps({"@context": AS, "id": "x"}).encode(),
        b'{"@context": "' + AS.encode() + b'", "a": ' + b'{"a": ' * 40 + b"1" + b"}" * 40 + b"}",
        b'{"@context": "' + AS.encode() + b'", "@graph": []}',
        b"{" + b" " * (1024 * 1024 + 1) + b"}",
    ],
    ids=["text", "list", "no context", "no usable id", "deep", "graph", "large"],
)
async def test_malformed_deep_and_large_documents_are_refused(reader: Reader, remote: Host, body: bytes) -> None:
    url = f"{remote.origin}/notes/1"
    remote.put(url, body)
    with pytest.raises(Rejected):
        await fetch(reader, url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://10.0.0.1/x", "http://[::1]/x", "http://127.0.0.9:8000/x"]
)
async def test_private_targets_and_ourselves_are_not_asked(reader: Reader, url: str) -> None:
    with pytest.raises(Blocked):
        await fetch(reader, url)


async def test_missing_is_not_found(reader: Reader, remote: Host) -> None:
    with pytest.raises(NotFound):
        await fetch(reader, f"{remote.origin}/notes/1")


async def test_host_that_takes_only_the_other_scheme_is_read_and_remembered(reader: Reader, remote: Host) -> None:
    remote.takes_only_rfc9421 = True
    first, second = f"{remote.origin}/notes/1", f"{remote.origin}/notes/2"
    remote.put(first, document(first))
    remote.put(second, document(second))
    await fetch(reader, first)
    assert remote.count(first) == 2
    await fetch(reader, second)
    assert remote.count(second) == 1


async def test_both_schemes_refused_is_final(reader: Reader, remote: Host) -> None:
    url = f"{remote.origin}/notes/1"
    remote.fail(url, 403)
    with pytest.raises(Permanent):
        await fetch(reader, url)
    assert remote.count(url) == 2
