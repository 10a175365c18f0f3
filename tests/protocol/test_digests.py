"""Body digests in both headers."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.protocol.digests import (
    DigestCheck,
    body_sha256,
    check_content_digest,
    check_digest,
    format_content_digest,
    format_digest,
)

BODY = b'{"hello": "world"}'
SHA256 = "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
SHA512 = "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew=="
OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        (BODY, SHA256),
        (b"{}", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="),
        (BODY + b"\n", "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
    ],
)
def test_published_digests_match(body, digest):
    assert format_digest(body_sha256(body)) == f"SHA-256={digest}"
    assert format_content_digest(body_sha256(body)) == f"sha-256=:{digest}:"


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        (f"SHA-256={SHA256}", DigestCheck.MATCH),
        (f"sha-256={SHA256}", DigestCheck.MATCH),
        (f"unixsum=30637, SHA-256={SHA256}", DigestCheck.MATCH),
        (f"SHA-256={SHA256},SHA-512=wrong", DigestCheck.MATCH),
        (f"SHA-256={OTHER}", DigestCheck.MISMATCH),
        (f"SHA-256={SHA256},SHA-256={OTHER}", DigestCheck.MISMATCH),
        ("SHA-256=", DigestCheck.MISMATCH),
        (f"SHA-512={SHA512}", DigestCheck.UNSUPPORTED),
        ("unixsum=30637", DigestCheck.UNSUPPORTED),
        ("", DigestCheck.MALFORMED),
        ("SHA-256", DigestCheck.MALFORMED),
        ("SHA-256=not base64", DigestCheck.MALFORMED),
    ],
)
def test_digest_header(header, verdict):
    assert check_digest(header, BODY) is verdict


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        (f"sha-256=:{SHA256}:", DigestCheck.MATCH),
        (f"sha-512=:{SHA512}:", DigestCheck.MATCH),
        (f"md5=:AAAA:, sha-256=:{SHA256}:", DigestCheck.MATCH),
        (f"sha-256=:{SHA256}:, sha-512=:{SHA512}:", DigestCheck.MATCH),
        (f"sha-256=:{OTHER}:", DigestCheck.MISMATCH),
        (f"sha-256=:{OTHER}:, sha-512=:{SHA512}:", DigestCheck.MISMATCH),
        ("sha-256=::", DigestCheck.MISMATCH),
        ("md5=:AAAA:", DigestCheck.UNSUPPORTED),
        ("", DigestCheck.UNSUPPORTED),
        (f"sha-256={SHA256}", DigestCheck.MALFORMED),
        ("sha-256=1", DigestCheck.MALFORMED),
        ("sha-256", DigestCheck.MALFORMED),
        ("sha-256=(:AAAA:)", DigestCheck.MALFORMED),
        ("ü", DigestCheck.MALFORMED),
    ],
)
def test_content_digest_header(header, verdict):
    assert check_content_digest(header, BODY) is verdict


@given(st.text() | st.from_regex(r'(sha-256|SHA-256|sha-512)=[:("]?[A-Za-z0-9+/=:;, ]*', fullmatch=True))
def test_any_header_gets_a_verdict(header):
    assert check_digest(header, BODY) is not DigestCheck.MATCH
    assert check_content_digest(header, BODY) is not DigestCheck.MATCH
