"""draft-cavage signatures: official vectors, frozen vectors of our own, and every refusal."""

import base64
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.digests import body_sha256, format_digest
from federation.protocol.keys import KeyAlgorithm, PublicKey
from federation.protocol.signatures import (
    Parsed,
    Reason,
    Refused,
    Scheme,
    SignedRequest,
    Verified,
    check,
    collect_headers,
    parse,
    sign_cavage,
)
from federation.protocol.signatures.cavage import signing_string
from federation.protocol.signatures.dates import format_http_date, parse_http_date
from tests.protocol.signature_keys import CAVAGE_PUBLIC_PEM, ED25519, RSA

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
KEY_ID = "https://thoughts.example/users/alice#main-key"
HOST = "remote.example"
BODY = b"{}"


def received(headers, *, method="POST", target="/inbox", body=BODY):
    fields = {name.lower(): [value] for name, value in headers.items()}
    return SignedRequest(method, "https", target, fields, body)


def post(now=NOW, key=RSA, url=f"https://{HOST}/inbox", **options):
    options = {"body_sha256": body_sha256(BODY)} | options
    return sign_cavage("POST", url, key_id=KEY_ID, private_key=key, now=now, **options)


def get(url, **options):
    return sign_cavage("GET", url, key_id=KEY_ID, private_key=RSA, now=NOW, **options)


def custom(covered, *, method="POST", target="/inbox", body=BODY, parameters=None, **headers):
    """A request signed over whatever the test wants, right or wrong."""
    fields = {"Host": HOST, "Date": format_http_date(NOW), "Digest": format_digest(body_sha256(BODY))}
    fields = {name: value for name, value in (fields | headers).items() if value is not None}
    parameters = {"algorithm": "hs2019"} | (parameters or {})
    request = received(fields, method=method, target=target, body=body)
    signature = base64.b64encode(RSA.sign(signing_string(request, target, covered.split(), parameters)))
    pairs = {"keyId": KEY_ID, **parameters, "headers": covered, "signature": signature.decode()}
    fields["Signature"] = ",".join(f'{name}="{value}"' for name, value in pairs.items())
    return received(fields, method=method, target=target, body=body)


ALL = "(request-target) host date digest"


def verdict(request, now=NOW, key=RSA):
    parsed = parse(request, now, {HOST})
    return check(parsed, key.public_key()) if isinstance(parsed, Parsed) else parsed


def reason(request, now=NOW, key=RSA):
    refused = verdict(request, now, key)
    assert isinstance(refused, Refused)
    assert refused.detail.endswith((".", "?"))
    return refused.reason


# draft-cavage-12 Appendix C. Its key has 1024 bits, which our own limits refuse.
APPENDIX_KEY = PublicKey(KeyAlgorithm.RSA, load_pem_public_key(CAVAGE_PUBLIC_PEM.encode()))
APPENDIX_REQUEST = received(
    {
        "Host": "example.com",
        "Date": "Sun, 05 Jan 2014 21:31:40 GMT",
        "Content-Type": "application/json",
        "Digest": "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        "Content-Length": "18",
    },
    target="/foo?param=value&pet=dog",
    body=b'{"hello": "world"}',
)


@pytest.mark.parametrize(
    ("covered", "signature"),
    [
        pytest.param(
            "date",
            "SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS"
            "+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=",
            id="C.1",
        ),
        pytest.param(
            "(request-target) host date",
            "qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKF"
            "YRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=",
            id="C.2",
        ),
        # C.3 names (created) and (expires) too, but its signature was made without them.
        pytest.param(
            "(request-target) host date content-type digest content-length",
            "vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V"
            "01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=",
            id="C.3",
        ),
    ],
)
def test_draft_appendix_c_signatures_fit_our_signing_string(covered, signature):
    base = signing_string(APPENDIX_REQUEST, APPENDIX_REQUEST.target, covered.split(), {})
    assert APPENDIX_KEY.verify(base64.b64decode(signature), base)


def test_signing_string_is_as_documented():
    request = received(post())
    parsed = parse(request, NOW, {HOST})
    assert parsed.bases == (
        b"(request-target): post /inbox\nhost: remote.example\ndate: Sat, 21 Nov 2026 10:00:00 GMT\n"
        b"digest: SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\n"
        b"content-type: application/activity+json",
    )


def test_post_is_signed_as_frozen():
    assert post() == {
        "Host": "remote.example",
        "Date": "Sat, 21 Nov 2026 10:00:00 GMT",
        "Digest": "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=",
        "Content-Type": "application/activity+json",
        "Signature": FROZEN_POST,
    }


FROZEN_POST = (
    'keyId="https://thoughts.example/users/alice#main-key",algorithm="rsa-sha256",headers="(request-targe'
    't) host date digest content-type",signature="N0mbgVWAkvVge3hM4sZpTEU+czaZiV5RUIPLC0SqyT8wUO52LXZEQQM'
    "tBr0u+ngkxrSWMSO+InuEliVt9XFBPN5ia8Vfigy9IDRB+EeizwlLfVa6oROiRaGgj5MMaKpr2mD4eV++yyhybleAoKkNr49/OD7"
    "WrQfx746GvcW2QGZda8ShDmGUub1MqfxcWZE7PKXxoBij2XWyGZn+Bp2MqHCwUjOY5RBPulziSvEJUizbJA5Q0jV0776KMfixYCB"
    'R0FYRHtAwQ/SbigTtv/Kdpan1RrY4Yzq2HNTej6+EwUWFVBPdOUjeonc46F4gG92Gz3ZWyNair2pSHmUFTvKgwA=="'
)
FROZEN_GET = {
    True: (
        'keyId="https://thoughts.example/users/alice#main-key",algorithm="rsa-sha256",headers="(request-targe'
        't) host date",signature="CXle8COHur9mWNZT9Dkkg/eyydEQjk4W3tRQHqbeAUXa+aPXYW1QG+RUTkoWX7Q/GVl7uu7jhNg'
        "A1IazcapYTcYGLucwmkVSkYLpkHxoGhYrB/NLrYYnVbN+nHWiOZQFoqk7Xoupiv2StjIAj+nexhKutosLCBdU1YfCuM2xDtAU7ym"
        "EuvcJGvyaDoQZcVrGcZksYmxponeMaWafu3ufgfTXUAXaCxSaBy2X9GraKGBPmNCUCNpSut6icCSmRw4Uv0zduuZA7j0afz+John"
        'jrsTnAiExFulNqkufTVbwtXcYor2x0qJkaFkLINMD8NqZ/cxwFpQzGli5fdlWsOgq3w=="'
    ),
    False: (
        'keyId="https://thoughts.example/users/alice#main-key",algorithm="rsa-sha256",headers="(request-targe'
        't) host date",signature="BmhrYH+F+HH7NdvoHIOJMJPw3RvGVPk87lsfN8gZrpykmPwRwDRIOZCx/3jsujd7U1Jr1hIEAf7'
        "X4IyZIdOdsy+OV0jCrGUfD02UWFzLg7lESyCv5ctQXa2psKLBwK+WA9sLjL9nAWUmvruX80Hhdb5JZ8/hlcKNHJoUhSsAUBABolc"
        "4409lVTyZuZ7NKtUwdM+Nqw5xxMowb/QrWBQ1wQpi5tWVhxTJllMZH7w/rEnm6YBRYrmIX+K6qzBffm7pbtFFoBwDtNaSwBtIOOV"
        'BjSQsK24S3ATSrZlGbGHNNhplUy5IGWRpf0F24Nx1fm0JZvJZtn6uLCPfRI1v2mFgvA=="'
    ),
}


def test_signed_post_verifies():
    verified = verdict(received(post()))
    assert isinstance(verified, Verified)
    assert (verified.scheme, verified.key_id, verified.created_at) == (Scheme.CAVAGE, KEY_ID, NOW)
    assert verified.replay_until == NOW + timedelta(hours=1)


def test_ed25519_post_verifies():
    headers = post(key=ED25519)
    assert 'algorithm="hs2019"' in headers["Signature"]
    assert isinstance(verdict(received(headers), key=ED25519), Verified)


@pytest.mark.parametrize("with_query", [True, False])
def test_get_with_query_verifies_signed_with_and_without_it(with_query):
    headers = get(f"https://{HOST}/outbox?page=1", with_query=with_query)
    assert headers["Signature"] == FROZEN_GET[with_query]
    request = received(headers, method="GET", target="/outbox?page=1", body=b"")
    assert isinstance(verdict(request), Verified)
    assert isinstance(verdict(dataclasses.replace(request, target="/outbox?page=2")), Verified) is not with_query
    assert reason(dataclasses.replace(request, target="/other?page=1")) is Reason.BAD_SIGNATURE


def test_extra_header_is_sent_and_covered():
    headers = post(covered_headers={"Collection-Synchronization": 'collectionId="x"'})
    assert isinstance(verdict(received(headers)), Verified)
    headers["Collection-Synchronization"] = 'collectionId="y"'
    assert reason(received(headers)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("http://127.0.0.2:8000/inbox", "127.0.0.2:8000", "/inbox"),
        ("https://Remote.Example:443", "remote.example", "/"),
        ("https://remote.example/users/bob?author=1", "remote.example", "/users/bob?author=1"),
    ],
)
def test_host_carries_a_port_only_when_it_is_not_the_default(url, host, target):
    headers = post(url=url)
    assert headers["Host"] == host
    request = dataclasses.replace(received(headers, target=target), scheme=url.partition(":")[0])
    assert isinstance(check(parse(request, NOW, {host}), RSA.public_key()), Verified)


@pytest.mark.parametrize(
    "url", ["ftp://remote.example/", "https:///inbox", "https://a@b.example/", "https://ü.example/"]
)
def test_other_urls_are_not_signed(url):
    with pytest.raises(Invalid):
        post(url=url)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": "/users/bob/inbox"},
        {"headers": {"date": ["Sat, 21 Nov 2026 10:00:01 GMT"]}},
        {"headers": {"content-type": ["text/html"]}},
    ],
)
def test_tampering_is_refused(change):
    request = received(post())
    if "headers" in change:
        change = {"headers": {**request.headers, **change["headers"]}}
    assert reason(dataclasses.replace(request, **change)) is Reason.BAD_SIGNATURE


def test_key_of_somebody_else_is_refused():
    assert reason(received(post()), key=ED25519) is Reason.UNSUPPORTED_ALGORITHM
    assert reason(custom(ALL), key=ED25519) is Reason.BAD_SIGNATURE


def test_unsigned_request_is_refused_as_such():
    assert reason(received({"Host": HOST})) is Reason.MISSING


# What must be covered.


@pytest.mark.parametrize("left_out", ALL.split())
def test_post_must_cover_target_host_date_and_digest(left_out):
    covered = " ".join(name for name in ALL.split() if name != left_out)
    refused = verdict(custom(covered))
    assert refused.reason is Reason.UNCOVERED
    assert f"leaves out {left_out}." in refused.detail


@pytest.mark.parametrize("left_out", ["(request-target)", "host", "date"])
def test_get_must_cover_target_host_and_date(left_out):
    covered = " ".join(name for name in ("(request-target)", "host", "date") if name != left_out)
    assert reason(custom(covered, method="GET", body=b"", Digest=None)) is Reason.UNCOVERED


def test_get_with_a_body_must_cover_the_digest():
    assert reason(custom("(request-target) host date", method="GET")) is Reason.UNCOVERED


def test_post_with_an_empty_body_must_cover_the_digest():
    assert reason(custom("(request-target) host date", body=b"", Digest=None)) is Reason.DIGEST_MISSING


def test_absent_headers_parameter_covers_only_the_date():
    request = received(post())
    header = request.headers["signature"][0]
    shortened = header.replace(header[header.index("headers=") : header.index("signature=")], "")
    request = dataclasses.replace(request, headers={**request.headers, "signature": [shortened]})
    assert reason(request) is Reason.UNCOVERED


@pytest.mark.parametrize("headers", ["", " "])
def test_empty_headers_parameter_covers_nothing(headers):
    request = received(post())
    header = request.headers["signature"][0]
    start = header.index("headers=")
    header = header[:start] + f'headers="{headers}",' + header[header.index("signature=") :]
    request = dataclasses.replace(request, headers={**request.headers, "signature": [header]})
    assert reason(request) is Reason.UNCOVERED


def test_covered_header_must_have_been_sent():
    request = custom(ALL + " content-type", **{"Content-Type": "text/plain"})
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    assert reason(dataclasses.replace(request, headers=headers)) is Reason.MISSING_COMPONENT


def test_header_covered_twice_is_refused():
    assert reason(custom(ALL + " host")) is Reason.DUPLICATE_PARAMETER


def test_long_lists_are_refused():
    extra = {f"X-{number}": "x" for number in range(40)}
    assert reason(custom(f"{ALL} {' '.join(extra).lower()}", **extra)) is Reason.MALFORMED


def test_request_for_another_server_is_refused():
    assert reason(custom(ALL, Host="elsewhere.example")) is Reason.WRONG_HOST
    assert reason(custom("(request-target) date digest", Host=None)) is Reason.WRONG_HOST
    request = received(post())
    twice = {**request.headers, "host": [HOST, "elsewhere.example"]}
    assert reason(dataclasses.replace(request, headers=twice)) is Reason.WRONG_HOST


# The body.


def test_digest_of_another_body_is_refused():
    assert reason(dataclasses.replace(received(post()), body=b"[]")) is Reason.DIGEST_MISMATCH


def test_two_valued_digest_verifies():
    digest = f"unixsum=30637,sha-256={format_digest(body_sha256(BODY))[8:]}"
    assert isinstance(verdict(custom(ALL, Digest=digest)), Verified)


def test_digest_of_unknown_algorithm_is_refused():
    assert reason(custom(ALL, Digest="unixsum=30637")) is Reason.UNSUPPORTED_ALGORITHM
    assert reason(custom(ALL, Digest="garbage")) is Reason.MALFORMED


# Time.


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (timedelta(minutes=59), None),
        (timedelta(minutes=61), Reason.STALE),
        (timedelta(minutes=-14), None),
        (timedelta(minutes=-16), Reason.FUTURE),
    ],
)
def test_date_must_be_near(age, outcome):
    result = verdict(received(post(now=NOW - age)))
    assert (result.reason if isinstance(result, Refused) else None) is outcome


@pytest.mark.parametrize("date", ["yesterday", "Sat, 99 Nov 2026 10:00:00 GMT", "2026-11-21T10:00:00Z", ""])
def test_malformed_date_is_refused(date):
    assert reason(custom(ALL, Date=date)) is Reason.MALFORMED


CREATED = "(request-target) (created) host digest"


def seconds(offset=0):
    return str(int(NOW.timestamp()) + offset)


def test_created_stands_in_for_the_date():
    verified = verdict(custom(CREATED, Date=None, parameters={"created": seconds(-60)}))
    assert verified.created_at == NOW - timedelta(minutes=1)


def test_created_and_expires_may_be_covered_together():
    parameters = {"created": seconds(), "expires": seconds(300)}
    verified = verdict(custom(CREATED + " (expires)", Date=None, parameters=parameters))
    assert verified.replay_until == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"created": seconds(-3_700)}, Reason.STALE),
        ({"created": seconds(1_000)}, Reason.FUTURE),
        ({"created": seconds(-60), "expires": seconds(-1)}, Reason.STALE),
        ({"created": "soon"}, Reason.MALFORMED),
        ({"created": seconds(), "expires": "-1"}, Reason.MALFORMED),
        ({"created": "9" * 30}, Reason.MALFORMED),
    ],
)
def test_created_and_expires_are_honoured(parameters, expected):
    assert reason(custom(CREATED, Date=None, parameters=parameters)) is expected


def test_uncovered_expires_only_narrows():
    assert reason(custom(ALL, parameters={"expires": seconds(-1)})) is Reason.STALE
    assert reason(
        custom(ALL, Date=format_http_date(NOW - timedelta(hours=2)), parameters={"expires": seconds(60)})
    ) is (Reason.STALE)


def test_created_must_be_given_to_be_covered():
    request = custom(CREATED, Date=None, parameters={"created": seconds()})
    header = request.headers["signature"][0].replace(f'created="{seconds()}",', "")
    request = dataclasses.replace(request, headers={**request.headers, "signature": [header]})
    assert reason(request) is Reason.MISSING_COMPONENT


# The Signature header itself.


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda header: f"Signature {header}",
        lambda header: header.replace(",", " , "),
        lambda header: ",".join(reversed(header.split(","))),
        lambda header: header.replace("(request-target) host date", "(Request-Target) HOST Date"),
        lambda header: header.replace('"rsa-sha256"', '"hs2019"'),
        lambda header: header.replace('"rsa-sha256"', '"RSA-SHA256"'),
        lambda header: header.replace('algorithm="rsa-sha256",', ""),
        lambda header: header + ',opaque="x"',
        lambda header: header + ",ttl=300",
    ],
)
def test_odd_but_sound_signature_headers_verify(rewrite):
    headers = post()
    headers["Signature"] = rewrite(headers["Signature"])
    assert isinstance(verdict(received(headers)), Verified)


@pytest.mark.parametrize(
    ("rewrite", "expected"),
    [
        (lambda header: header + f',keyId="{KEY_ID}x"', Reason.DUPLICATE_PARAMETER),
        (lambda header: header + ',KEYID="a"', Reason.DUPLICATE_PARAMETER),
        (lambda header: header + ',headers="date"', Reason.DUPLICATE_PARAMETER),
        (lambda header: header + ',a="x",a="x"', Reason.DUPLICATE_PARAMETER),
        (lambda header: header.replace(KEY_ID, ""), Reason.MALFORMED),
        (lambda header: header.replace(KEY_ID, "https://ü.example/"), Reason.MALFORMED),
        (lambda header: header.replace("keyId", "key"), Reason.MALFORMED),
        (lambda header: header.replace("signature=", "sig="), Reason.MALFORMED),
        (lambda header: header.replace('signature="', 'signature="!'), Reason.MALFORMED),
        (lambda header: header[:-1], Reason.MALFORMED),
        (lambda header: header + ",", Reason.MALFORMED),
        (lambda header: header + ' b="c"', Reason.MALFORMED),
        (lambda header: "garbage", Reason.MALFORMED),
        (lambda header: "", Reason.MALFORMED),
        (lambda header: header.replace("rsa-sha256", "rsa-sha1"), Reason.UNSUPPORTED_ALGORITHM),
        (lambda header: header.replace("rsa-sha256", "hmac-sha256"), Reason.UNSUPPORTED_ALGORITHM),
        (lambda header: header.replace('signature="', 'signature="AAAA'), Reason.BAD_SIGNATURE),
        (lambda header: header[: header.index("signature=")] + 'signature=""', Reason.BAD_SIGNATURE),
    ],
)
def test_broken_signature_headers_are_refused(rewrite, expected):
    headers = post()
    headers["Signature"] = rewrite(headers["Signature"])
    assert reason(received(headers)) is expected


def test_two_signature_headers_are_refused():
    request = received(post())
    headers = {**request.headers, "signature": request.headers["signature"] * 2}
    assert reason(dataclasses.replace(request, headers=headers)) is Reason.MULTIPLE_SIGNATURES


def test_line_break_in_a_covered_header_is_refused():
    request = received(post())
    headers = {**request.headers, "content-type": ["text/plain\nhost: remote.example"]}
    assert reason(dataclasses.replace(request, headers=headers)) is Reason.MALFORMED


def test_replay_id_names_the_signature():
    first, again, later = (verdict(received(post(now=NOW + timedelta(seconds=shift)))).replay_id for shift in (0, 0, 1))
    assert first == again != later


def test_raw_headers_are_collected_in_order():
    assert collect_headers([(b"Accept", b"a"), (b"HOST", b"\xfc"), (b"accept", b"b")]) == {
        "accept": ["a", "b"],
        "host": ["ü"],
    }


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_http_dates_come_back(moment):
    assert parse_http_date(format_http_date(moment)) == moment


PIECES = st.sampled_from(
    [
        "keyId",
        "signature",
        "headers",
        "algorithm",
        "created",
        "=",
        '"',
        ",",
        "(request-target)",
        "host",
        " ",
        "AA==",
    ]
)


@given(
    st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join),
    st.dictionaries(st.sampled_from(["host", "date", "digest", "x"]), st.lists(st.text(), max_size=2)),
    st.text(),
)
def test_any_headers_get_a_verdict(signature, headers, target):
    request = SignedRequest("POST", "https", target, {**headers, "signature": [signature]}, BODY)
    assert isinstance(verdict(request), Refused)


@given(st.sampled_from(["date", "digest", "host", "content-type"]), st.text())
def test_any_covered_value_gets_a_verdict(name, value):
    request = received(post())
    result = verdict(dataclasses.replace(request, headers={**request.headers, name: [value]}))
    assert isinstance(result, Refused) or value.strip(" \t") == request.headers[name][0]
