"""RFC 9421 signatures: official vectors, an independent oracle, the fediverse's senders, every refusal."""

import base64
import dataclasses
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_sf import parse as parse_structured_field
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.digests import body_sha256, format_content_digest
from federation.protocol.keys import parse_public_key_pem
from federation.protocol.signatures import (
    Challenge,
    Parsed,
    Reason,
    Refused,
    Scheme,
    SignedRequest,
    Verified,
    accept_signature,
    check,
    parse,
    parse_accept_signature,
    sign_cavage,
    sign_rfc9421,
)
from federation.protocol.signatures.components import Component, signature_base
from tests.protocol.signature_keys import ECC_PUBLIC_PEM, ED25519, RSA, RSA_PSS_PUBLIC_PEM

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
KEY_ID = "https://thoughts.example/users/alice#main-key"
HOST = "remote.example"
BODY = b"{}"


def received(headers, *, method="POST", target="/inbox", body=BODY):
    fields = {name.lower(): [value] for name, value in headers.items()}
    return SignedRequest(method, "https", target, fields, body)


def post(now=NOW, key=RSA, url=f"https://{HOST}/inbox", **options):
    options = {"body_sha256": body_sha256(BODY)} | options
    return sign_rfc9421("POST", url, key_id=KEY_ID, private_key=key, now=now, **options)


def verdict(request, now=NOW, key=RSA, host=HOST):
    parsed = parse(request, now, {host})
    return check(parsed, key.public_key()) if isinstance(parsed, Parsed) else parsed


def reason(request, now=NOW, key=RSA):
    refused = verdict(request, now, key)
    assert isinstance(refused, Refused)
    assert refused.detail.endswith((".", "?"))
    return refused.reason


def base_of(request, signature_input):
    ((items, parameters),) = parse_structured_field(signature_input.encode(), tltype="dictionary").values()
    base, signature_params = signature_base(request, [Component(*item) for item in items], parameters)
    assert signature_input.partition("=")[2] == signature_params
    return base


# RFC 9421 Appendix B.2.

RFC_DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
RFC_HEADERS = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": RFC_DIGEST,
    "Content-Length": "18",
}
RFC_TARGET = "/foo?param=Value&Pet=dog"
RFC_BODY = b'{"hello": "world"}'
RFC_REQUEST = received(RFC_HEADERS, target=RFC_TARGET, body=RFC_BODY)
RFC_NOW = datetime.fromtimestamp(1618884473, UTC)

B21 = ';created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"'
B22 = (
    '("@authority" "content-digest" "@query-param";name="Pet")'
    ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
)
B23 = (
    '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
    ';created=1618884473;keyid="test-key-rsa-pss"'
)
B25 = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
B26 = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
RFC_BASES = [
    pytest.param(f"sig-b21=(){B21}", f'"@signature-params": (){B21}', id="B.2.1"),
    pytest.param(
        f"sig-b22={B22}",
        f'"@authority": example.com\n"content-digest": {RFC_DIGEST}\n"@query-param";name="Pet": dog\n'
        f'"@signature-params": {B22}',
        id="B.2.2",
    ),
    pytest.param(
        f"sig-b23={B23}",
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n'
        '"@query": ?param=Value&Pet=dog\n"@authority": example.com\n"content-type": application/json\n'
        f'"content-digest": {RFC_DIGEST}\n"content-length": 18\n"@signature-params": {B23}',
        id="B.2.3",
    ),
    pytest.param(
        f"sig-b25={B25}",
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n'
        f'"@signature-params": {B25}',
        id="B.2.5",
    ),
    pytest.param(
        f"sig-b26={B26}",
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
        f'"content-type": application/json\n"content-length": 18\n"@signature-params": {B26}',
        id="B.2.6",
    ),
]
B22_SIGNATURE = (
    "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB"
    "4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqW"
    "FQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY"
    "8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw=="
)
B26_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


@pytest.mark.parametrize(("signature_input", "base"), RFC_BASES)
def test_appendix_b2_signature_bases(signature_input, base):
    assert base_of(RFC_REQUEST, signature_input).decode() == base


def test_appendix_b26_is_recreated_byte_by_byte():
    base = base_of(RFC_REQUEST, f"sig-b26={B26}")
    assert base64.b64encode(ED25519.sign(base)).decode() == B26_SIGNATURE
    assert ED25519.public_key().verify(base64.b64decode(B26_SIGNATURE), base)


def test_appendix_b22_signature_fits_our_base():
    key = parse_public_key_pem(RSA_PSS_PUBLIC_PEM).key
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
    key.verify(base64.b64decode(B22_SIGNATURE), base_of(RFC_REQUEST, f"sig-b22={B22}"), pss, hashes.SHA512())


def test_appendix_b24_signature_base_of_a_response():
    digest = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
    body = b'{"message": "good dog"}'
    assert digest == f"sha-512=:{base64.b64encode(hashlib.sha512(body).digest()).decode()}:"
    headers = {"Content-Type": "application/json", "Content-Digest": digest, "Content-Length": "23"}
    response = replace(received(headers, target=RFC_TARGET, body=body), status=200)
    b24 = (
        '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"'
    )  # fmt: skip
    assert base_of(response, f"sig-b24={b24}").decode() == (
        f'"@status": 200\n"content-type": application/json\n"content-digest": {digest}\n"content-length": 23\n'
        f'"@signature-params": {b24}'
    )


def test_appendix_b24_signs_a_response_which_no_request_is():
    signature_input = 'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473'
    headers = RFC_HEADERS | {"Signature-Input": signature_input, "Signature": "sig-b24=:AAAA:"}
    assert verdict(received(headers), RFC_NOW, host="example.com").reason is Reason.UNCOVERED
    headers["Signature-Input"] = signature_input.replace('"@status"', '"@method" "@target-uri" "@status"')
    assert verdict(received(headers), RFC_NOW, host="example.com").reason is Reason.UNSUPPORTED_COMPONENT


def test_section_43_rsa_signature_fits_our_base():
    headers = RFC_HEADERS | {
        "Host": "origin.host.internal.example",
        "Forwarded": "for=192.0.2.123;host=example.com;proto=https",
    }
    base = base_of(
        received(headers, target=RFC_TARGET, body=RFC_BODY),
        'proxy_sig=("@method" "@authority" "@path" "content-digest" "content-type" "content-length" '
        '"forwarded")'
        ';created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540',
    )
    assert base64.b64encode(RSA.sign(base)).decode() == (
        "S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkDcnL9cCpXJl"
        "eXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X"
        "5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770"
        "I6VHR6WfgS9ddzirrswsE1w5o0LV/g=="
    )


@pytest.mark.parametrize(
    "algorithm",
    ["rsa-pss-sha512", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "hmac-sha256", "rsa-sha256", "none"],
)
def test_unsupported_algorithms_are_refused_as_such_before_the_key_is_fetched(algorithm):
    headers = post()
    headers["Signature-Input"] = headers["Signature-Input"].replace("rsa-v1_5-sha256", algorithm)
    assert parse(received(headers), NOW, {HOST}).reason is Reason.UNSUPPORTED_ALGORITHM


def test_ecdsa_keys_are_refused():
    with pytest.raises(Invalid, match="Only RSA and Ed25519"):
        parse_public_key_pem(ECC_PUBLIC_PEM)


# What we send.


def test_post_is_signed_as_documented():
    headers = post()
    signature = headers.pop("Signature")
    assert signature == FROZEN_POST
    assert headers == {
        "Host": "remote.example",
        "Date": "Sat, 21 Nov 2026 10:00:00 GMT",
        "Content-Digest": "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
        "Content-Type": "application/activity+json",
        "Signature-Input": (
            f'sig1=("@method" "@target-uri" "content-digest");created=1795255200;keyid="{KEY_ID}";alg="rsa-v1_5-sha256"'
        ),
    }


FROZEN_POST = (
    "sig1=:ccjmkZf96b129uRohxNgx57thOPx1WtDsK0HEDWcWbZ4PmDeqDTWX1jOtbLZBD95OvHYosklJFTlSpRRunbnI4tFp3BCFu"
    "zvlTl1gjPBoDGQ/FS4+wwezaxzJC0ezIN2FNQ2kRwc5zRXBTvuQZqE10Pna6YC3aimsYgQLyAxFkH/i2cNjmPC1MQdZByOYvrwXI"
    "/spQye+l4WTTUWFfkglbeROKCes7ropS7MkhIZHuugxu5Pq/7sJwJeSPJ0jwA95vC/nTEJGttunySilTMaWw2iisrNuS78XXfXhV"
    "8IbZdQ6uhuXWl+ARFUHw+u2PMmBPuqh++260AMxdIrUvpZUQ==:"
)


@pytest.mark.parametrize("key", [RSA, ED25519])
def test_signed_requests_verify(key):
    verified = verdict(received(post(key=key)), key=key)
    assert isinstance(verified, Verified)
    assert (verified.scheme, verified.key_id, verified.created_at) == (Scheme.RFC9421, KEY_ID, NOW)
    headers = post(key=key, url=f"https://{HOST}/outbox?page=1", body_sha256=None)
    assert "content-digest" not in headers["Signature-Input"]
    headers = sign_rfc9421("GET", f"https://{HOST}/outbox?page=1", key_id=KEY_ID, private_key=key, now=NOW)
    request = received(headers, method="GET", target="/outbox?page=1", body=b"")
    assert isinstance(verdict(request, key=key), Verified)
    assert reason(dataclasses.replace(request, target="/outbox"), key=key) is Reason.BAD_SIGNATURE


class Oracle(HTTPSignatureKeyResolver):
    """An independent implementation that judges what we send."""

    def __init__(self, key):
        self.key = key

    def resolve_public_key(self, key_id):
        assert key_id == KEY_ID
        return self.key.public_key().key


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, algorithms.RSA_V1_5_SHA256), (ED25519, algorithms.ED25519)])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_independent_verifier_accepts_what_we_send(key, algorithm, method):
    url = f"https://{HOST}:8443/inbox?a=b%20c&d"
    headers = sign_rfc9421(
        method,
        url,
        key_id=KEY_ID,
        private_key=key,
        now=datetime.now(UTC),
        body_sha256=body_sha256(BODY) if method == "POST" else None,
        covered_headers={"Collection-Synchronization": 'url="x"'},
        challenge=Challenge("ask", ("@authority", "date", "@query", "@path"), nonce="n", tag="t", expires=True),
    )
    verifier = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Oracle(key))
    message = SimpleNamespace(method=method, url=url, headers=headers)
    (result,) = verifier.verify(message, **({"body": BODY} if method == "POST" else {}))
    assert result.label == "ask"
    assert '"collection-synchronization"' in result.covered_components
    request = received(headers, method=method, target="/inbox?a=b%20c&d", body=BODY if method == "POST" else b"")
    assert isinstance(verdict(request, datetime.now(UTC), key, host=f"{HOST}:8443"), Verified)


# What others send, and what nobody may.


def custom(signature_input, *, method="POST", target="/inbox", body=BODY, key=RSA, **headers):
    """A request signed over whatever the test wants, right or wrong."""
    fields = {
        "Host": HOST,
        "Date": "Sat, 21 Nov 2026 10:00:00 GMT",
        "Content-Digest": format_content_digest(body_sha256(BODY)),
    }
    fields = {name: value for name, value in (fields | headers).items() if value is not None}
    request = received(fields, method=method, target=target, body=body)
    signature = base64.b64encode(key.sign(base_of(request, signature_input))).decode()
    label = signature_input.partition("=")[0]
    fields |= {"Signature-Input": signature_input, "Signature": f"{label}=:{signature}:"}
    return received(fields, method=method, target=target, body=body)


CREATED = int(NOW.timestamp())
PARAMETERS = f'created={CREATED};keyid="{KEY_ID}"'
MINIMUM = f'sig1=("@method" "@target-uri" "content-digest");{PARAMETERS}'


@pytest.mark.parametrize(
    "signature_input",
    [
        pytest.param(MINIMUM + ';alg="rsa-v1_5-sha256"', id="Mastodon"),
        pytest.param(
            'sig1=("@method" "@target-uri" "@authority" "host" "date" "content-digest");alg="rsa-v1_5-sha256"'
            f';keyid="{KEY_ID}";created={CREATED}',
            id="Fedify",
        ),
        pytest.param(
            f'sig1=("@method" "@target-uri" "content-digest");keyid="{KEY_ID}";created={CREATED};alg="rsa-v1_5-sha256"',
            id="Mitra",
        ),
        pytest.param(MINIMUM, id="no alg"),
        pytest.param(
            'x=("content-digest" "@request-target" "@scheme" "@path" "@query" "@query-param";name="a%20b" '
            f'"@target-uri" "@method");{PARAMETERS};nonce="n";tag="t";odd=1.5;flag;date=@1795255200',
            id="all there is",
        ),
    ],
)
def test_component_orders_of_the_fediverse_verify(signature_input):
    request = custom(signature_input, target="/inbox?a+b=c~d&e")
    assert isinstance(verdict(request), Verified)


def test_ed25519_sender_verifies():
    request = custom(MINIMUM + ';alg="ed25519"', key=ED25519)
    assert isinstance(verdict(request, key=ED25519), Verified)
    assert reason(request, key=RSA) is Reason.UNSUPPORTED_ALGORITHM


def test_query_parameter_is_encoded_again():
    request = received({}, target="/?a+b=c~d%2ae&x=1&x=2")
    assert base_of(request, 's=("@query-param";name="a%20b")').startswith(b'"@query-param";name="a%20b": c%7Ed*e\n')


def test_repeated_header_fields_are_joined():
    request = SignedRequest("GET", "https", "/", {"accept": [" a ", "b"]})
    assert base_of(request, 's=("accept")').startswith(b'"accept": a, b\n')


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ('"@target-uri" "content-digest"', Reason.UNCOVERED),
        ('"@method" "content-digest"', Reason.UNCOVERED),
        ('"@method" "@authority" "@path" "@query" "content-digest"', Reason.UNCOVERED),
        ('"@method" "@target-uri"', Reason.UNCOVERED),
        ('"@method" "@target-uri" "content-digest" "date" "date"', Reason.DUPLICATE_PARAMETER),
        ('"@method" "@target-uri" "content-digest" "@method"', Reason.DUPLICATE_PARAMETER),
    ],
)
def test_coverage_is_required(components, expected):
    assert reason(custom(f"sig1=({components});{PARAMETERS}")) is expected


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ('"@status"', Reason.UNSUPPORTED_COMPONENT),
        ('"@signature-params"', Reason.UNSUPPORTED_COMPONENT),
        ('"date";sf', Reason.UNSUPPORTED_COMPONENT),
        ('"@authority";req', Reason.UNSUPPORTED_COMPONENT),
        ('"accept"', Reason.MISSING_COMPONENT),
        ('"@query-param";name="z"', Reason.MISSING_COMPONENT),
        ('"@query-param";name="twice"', Reason.MISSING_COMPONENT),
        ('"@query-param"', Reason.MALFORMED),
        ('"@query-param";name=z', Reason.MALFORMED),
        ('"Date"', Reason.MALFORMED),
        ("date", Reason.MALFORMED),
        ("7", Reason.MALFORMED),
        (" ".join(f'"x-{number}"' for number in range(40)), Reason.MALFORMED),
    ],
)
def test_components_that_we_cannot_vouch_for_are_refused(component, expected):
    headers = post(url=f"https://{HOST}/inbox?twice=1&twice=1")
    headers["Signature-Input"] = headers["Signature-Input"].replace(
        '"content-digest")', f'"content-digest" {component})'
    )
    assert reason(received(headers, target="/inbox?twice=1&twice=1")) is expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (f"created={CREATED - 3_540}", None),
        (f"created={CREATED - 3_660}", Reason.STALE),
        (f"created={CREATED + 840}", None),
        (f"created={CREATED + 960}", Reason.FUTURE),
        (f"created={CREATED};expires={CREATED + 1}", None),
        (f"created={CREATED - 60};expires={CREATED - 1}", Reason.STALE),
        ("created=999999999999999", Reason.FUTURE),
        ("created=-999999999999999", Reason.STALE),
        ("expires=1", Reason.MALFORMED),
        ("created", Reason.MALFORMED),
        ('created="1795255200"', Reason.MALFORMED),
        (f"created={CREATED}.5", Reason.MALFORMED),
        (f"created={CREATED};expires", Reason.MALFORMED),
        (f"created={CREATED};alg=ed25519", Reason.MALFORMED),
        (f'created={CREATED};alg=""', Reason.UNSUPPORTED_ALGORITHM),
    ],
)
def test_parameters_are_honoured(parameters, expected):
    result = verdict(custom(f'sig1=("@method" "@target-uri" "content-digest");{parameters};keyid="{KEY_ID}"'))
    assert (result.reason if isinstance(result, Refused) else None) is expected


def test_key_id_is_required():
    for keyid in ("", ';keyid=""', ";keyid=7"):
        signature_input = f'sig1=("@method" "@target-uri" "content-digest");created={CREATED}{keyid}'
        assert reason(custom(signature_input)) is Reason.MALFORMED


def test_expiry_ends_the_need_to_remember_a_signature():
    verified = verdict(custom(f"{MINIMUM};expires={CREATED + 300}"))
    assert verified.replay_until == NOW + timedelta(minutes=5)


def test_body_must_match_its_digest():
    assert reason(dataclasses.replace(received(post()), body=b"[]")) is Reason.DIGEST_MISMATCH


def test_digest_of_a_bodiless_get_must_match_when_covered():
    request = custom(MINIMUM, method="GET", body=b"")
    assert reason(request) is Reason.DIGEST_MISMATCH


def test_missing_digest_is_refused_as_such():
    headers = {name: value for name, value in post().items() if name != "Content-Digest"}
    assert reason(received(headers)) is Reason.DIGEST_MISSING


@pytest.mark.parametrize(
    ("digest", "expected"),
    [("md5=:AAAA:", Reason.UNSUPPORTED_ALGORITHM), ("SHA-256=AAAA", Reason.MALFORMED)],
)
def test_unknown_digests_are_refused(digest, expected):
    assert reason(custom(MINIMUM, **{"Content-Digest": digest})) is expected


def test_request_for_another_server_is_refused():
    assert reason(custom(MINIMUM, Host="elsewhere.example")) is Reason.WRONG_HOST
    assert reason(custom(MINIMUM, Host=None)) is Reason.WRONG_HOST


@pytest.mark.parametrize(
    "change",
    [{"method": "PUT"}, {"scheme": "http"}, {"target": "/users/bob/inbox"}, {"target": "/inbox?x"}],
)
def test_tampering_is_refused(change):
    assert reason(dataclasses.replace(received(post()), **change)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("rewrite", "expected"),
    [
        (lambda sent: {"Signature": sent["Signature"].replace("sig1", "sig2")}, Reason.MALFORMED),
        (lambda sent: {"Signature": "sig1=7"}, Reason.MALFORMED),
        (lambda sent: {"Signature": "sig1"}, Reason.MALFORMED),
        (lambda sent: {"Signature": ""}, Reason.MULTIPLE_SIGNATURES),
        (lambda sent: {"Signature": "sig1=::"}, Reason.BAD_SIGNATURE),
        (lambda sent: {"Signature": sent["Signature"] + ", sig2=:AAAA:"}, Reason.MULTIPLE_SIGNATURES),
        (lambda sent: {"Signature": f"{sent['Signature']}, {sent['Signature']}"}, Reason.DUPLICATE_PARAMETER),
        (
            lambda sent: {
                name: f"{sent[name]}, {sent[name].replace('sig1', 'sig2')}" for name in ("Signature", "Signature-Input")
            },
            Reason.MULTIPLE_SIGNATURES,
        ),
        (lambda sent: {"Signature-Input": ""}, Reason.MULTIPLE_SIGNATURES),
        (lambda sent: {"Signature-Input": "sig1"}, Reason.MALFORMED),
        (lambda sent: {"Signature-Input": "sig1=7"}, Reason.MALFORMED),
        (lambda sent: {"Signature-Input": "garbage ("}, Reason.MALFORMED),
        (lambda sent: {"Signature-Input": "ü"}, Reason.MALFORMED),
        (
            lambda sent: {"Signature-Input": sent["Signature-Input"] + f";created={CREATED}"},
            Reason.DUPLICATE_PARAMETER,
        ),
        (
            lambda sent: {"Signature-Input": sent["Signature-Input"].replace('"@method"', '"@method";a;a')},
            Reason.DUPLICATE_PARAMETER,
        ),
    ],
)
def test_broken_signature_headers_are_refused(rewrite, expected):
    sent = post()
    assert reason(received(sent | rewrite(sent))) is expected


def test_signature_input_without_signature_is_refused():
    headers = {name: value for name, value in post().items() if name != "Signature"}
    assert reason(received(headers)) is Reason.MULTIPLE_SIGNATURES


def test_signature_input_rules_out_the_older_scheme():
    headers = sign_cavage(
        "POST",
        f"https://{HOST}/inbox",
        key_id=KEY_ID,
        private_key=RSA,
        now=NOW,
        body_sha256=body_sha256(BODY),
    )
    assert isinstance(verdict(received(headers)), Verified)
    headers["Signature-Input"] = "garbage ("
    assert reason(received(headers)) is Reason.MALFORMED


# Accept-Signature.


@pytest.mark.parametrize("with_body", [True, False])
def test_our_own_challenge_can_be_met(with_body):
    challenge = parse_accept_signature(accept_signature(with_body=with_body), with_body=with_body)
    assert isinstance(challenge, Challenge)
    headers = post(challenge=challenge)
    assert isinstance(verdict(received(headers)), Verified)


def test_challenge_of_a_peer_is_followed():
    challenge = parse_accept_signature(
        'odd=("@status"), ask=("@method" "@target-uri" "@authority" "content-digest")'
        ';created;keyid;expires;nonce="n1";tag="fedi";alg="rsa-v1_5-sha256"',
        with_body=True,
    )
    assert challenge == Challenge(
        "ask", ("@method", "@target-uri", "@authority", "content-digest"), "n1", "fedi", expires=True
    )
    headers = post(challenge=challenge)
    assert headers["Signature-Input"] == (
        f'ask=("@method" "@target-uri" "content-digest" "@authority");created={CREATED}'
        f';expires={CREATED + 300};keyid="{KEY_ID}";alg="rsa-v1_5-sha256";nonce="n1";tag="fedi"'
    )
    assert isinstance(verdict(received(headers)), Verified)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage (",
        "ü",
        "sig1",
        "sig1=7",
        'sig1=("@method" "x-unknown")',
        'sig1=("@method";req)',
        'sig1=("content-digest")',
        'sig1=("@method");alg="hmac-sha256"',
    ],
)
def test_challenges_that_we_cannot_meet_are_ignored(value):
    assert parse_accept_signature(value, with_body=False) is None


def test_headers_that_cannot_be_signed_are_invalid():
    with pytest.raises(Invalid):
        post(covered_headers={"X-Name": "ü"})
    with pytest.raises(Invalid):
        post(covered_headers={"X-Name": "a\nb"})


PIECES = st.sampled_from(
    [
        "sig1",
        "=",
        "(",
        ")",
        '"@method"',
        '"@target-uri"',
        '"date"',
        " ",
        ";",
        "created",
        "1",
        "keyid",
        '"',
        ":AA==:",
        ",",
    ]
)
FIELD = st.text() | st.lists(PIECES | st.text(max_size=2)).map("".join)


@given(
    FIELD,
    FIELD,
    st.dictionaries(st.sampled_from(["host", "date", "content-digest"]), st.lists(st.text())),
    st.text(),
)
def test_any_headers_get_a_verdict(signature_input, signature, headers, target):
    fields = {**headers, "signature-input": [signature_input], "signature": [signature]}
    assert isinstance(verdict(SignedRequest("POST", "https", target, fields, BODY)), Refused)


@given(st.lists(FIELD.filter(lambda text: text.isascii()) | PIECES).map(" ".join))
def test_any_list_of_components_gets_a_verdict(components):
    sent = post()
    sent["Signature-Input"] = sent["Signature-Input"].replace('"content-digest")', f'"content-digest" {components})')
    assert isinstance(verdict(received(sent)), Refused) or not components.strip()


@given(FIELD)
def test_any_challenge_is_met_or_ignored(value):
    challenge = parse_accept_signature(value, with_body=True)
    assert challenge is None or isinstance(verdict(received(post(challenge=challenge))), Verified)
