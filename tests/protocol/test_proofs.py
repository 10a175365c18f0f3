"""Object integrity proofs: the vector of FEP-8b32, and what must not pass."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.keys import KeyAlgorithm, PrivateKey, generate_ed25519_key, parse_multikey
from federation.protocol.multibase import decode_multibase
from federation.protocol.proofs import ParsedProof, VerifiedProof, add_proof, check_proof, parse_proof
from federation.protocol.signatures import Reason, Refused
from tests.protocol.signature_keys import RSA

CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"]
METHOD = "https://server.example/users/alice#ed25519-key"
SIGNED = {
    "@context": CONTEXT,
    "id": "https://server.example/activities/1",
    "type": "Create",
    "actor": "https://server.example/users/alice",
    "object": {
        "id": "https://server.example/objects/1",
        "type": "Note",
        "attributedTo": "https://server.example/users/alice",
        "content": "Hello world",
        "location": {"type": "Place", "longitude": -71.184902, "latitude": 25.273962},
    },
    "proof": {
        "@context": CONTEXT,
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "created": "2023-02-24T23:36:38Z",
        "proofValue": ("z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL"),
    },
}
UNSIGNED = {name: value for name, value in SIGNED.items() if name != "proof"}
SECRET = PrivateKey(
    KeyAlgorithm.ED25519,
    Ed25519PrivateKey.from_private_bytes(decode_multibase("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]),
)
PUBLIC = parse_multikey("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
CREATED = datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def verdict(document, now=NOW, key=PUBLIC):
    parsed = parse_proof(document, now)
    return check_proof(parsed, key) if isinstance(parsed, ParsedProof) else parsed


def reason(document, now=NOW, key=PUBLIC):
    refused = verdict(document, now, key)
    assert isinstance(refused, Refused)
    return refused.reason


def changed(**proof):
    document = copy.deepcopy(SIGNED)
    document["proof"] |= proof
    return document


def test_fep_8b32_vector_verifies():
    assert parse_proof(SIGNED, NOW).message.hex() == (
        "cf63e2308ce7d1137667192c5c5e751ba7b1c6e3d5e746a7b717d309654ad198"
        "0793e8d97e2de4b989b2b2d7a5fae8cf941f102a03c0ecab00f03eaa2330c650"
    )
    assert verdict(SIGNED) == VerifiedProof(METHOD)


def test_fep_8b32_vector_is_recreated():
    assert add_proof(UNSIGNED, key=SECRET, verification_method=METHOD, now=CREATED) == SIGNED


def test_linked_data_signature_is_outside_the_proof():
    assert verdict({**SIGNED, "signature": {"type": "RsaSignature2017"}}) == VerifiedProof(METHOD)


def test_contexts_added_after_the_proofs_are_accepted():
    assert verdict({**SIGNED, "@context": [*CONTEXT, {"as": "x"}]}) == VerifiedProof(METHOD)


@pytest.mark.parametrize("context", [None, [], CONTEXT[:1], CONTEXT[::-1], {"id": "@id"}])
def test_other_contexts_are_refused(context):
    assert reason({**SIGNED, "@context": context}) is Reason.UNCOVERED


def test_removing_the_context_of_the_proof_breaks_it():
    document = copy.deepcopy(SIGNED)
    del document["proof"]["@context"]
    assert reason(document) is Reason.BAD_SIGNATURE


def test_changed_document_is_refused():
    assert reason({**SIGNED, "actor": "https://server.example/users/mallory"}) is Reason.BAD_SIGNATURE
    assert reason({**SIGNED, "extra": None}) is Reason.BAD_SIGNATURE


def test_changed_proof_options_are_refused():
    assert reason(changed(verificationMethod=METHOD + "x")) is Reason.BAD_SIGNATURE
    assert reason(changed(created="2023-02-24T23:36:39Z")) is Reason.BAD_SIGNATURE


def test_other_key_is_refused():
    assert reason(SIGNED, key=generate_ed25519_key().public_key()) is Reason.BAD_SIGNATURE
    assert reason(SIGNED, key=RSA.public_key()) is Reason.UNSUPPORTED_ALGORITHM


@pytest.mark.parametrize("cryptosuite", ["mldsa44-jcs-2024", "eddsa-rdfc-2022", "jcs-eddsa-2022"])
def test_other_cryptosuites_are_refused_as_such(cryptosuite):
    assert reason(changed(cryptosuite=cryptosuite)) is Reason.UNSUPPORTED_ALGORITHM


def test_document_without_proof_is_refused_as_such():
    assert reason(UNSIGNED) is Reason.MISSING


@pytest.mark.parametrize(
    "change",
    [
        {"type": "RsaSignature2017"},
        {"proofPurpose": "authentication"},
        {"verificationMethod": {"id": METHOD}},
        {"proofValue": 7},
        {"proofValue": "u" + "A" * 86},
        {"proofValue": "z0OIl"},
        {"created": "yesterday"},
        {"created": 7},
        {"expires": ["2026-11-22T00:00:00Z"]},
    ],
)
def test_malformed_proofs_are_refused(change):
    assert reason(changed(**change)) is Reason.MALFORMED


def test_several_proofs_are_refused():
    assert reason({**SIGNED, "proof": [SIGNED["proof"], SIGNED["proof"]]}) is Reason.MALFORMED


def test_expiry_is_honoured():
    assert reason(changed(expires="2026-11-21T09:59:59Z")) is Reason.STALE
    assert reason(changed(expires="2026-11-21T10:00:01Z")) is Reason.BAD_SIGNATURE


def test_proof_from_the_future_is_refused():
    assert reason(SIGNED, now=CREATED - timedelta(minutes=16)) is Reason.FUTURE
    assert verdict(SIGNED, now=CREATED - timedelta(minutes=14)) == VerifiedProof(METHOD)


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63) - 1, 10**400])
def test_numbers_that_canonical_json_rounds_are_refused(number):
    # Both 2**53 and 2**53 + 1 have the canonical form of 2**53: the signature cannot tell them apart.
    assert reason({**SIGNED, "number": number}) is Reason.MALFORMED


def test_deep_documents_are_refused():
    deep = []
    for _ in range(5_000):
        deep = [deep]
    assert reason({**SIGNED, "deep": deep}) is Reason.MALFORMED


def test_proof_needs_an_ed25519_key_and_an_array_context():
    with pytest.raises(Invalid):
        add_proof(UNSIGNED, key=RSA, verification_method=METHOD, now=NOW)
    with pytest.raises(Invalid):
        add_proof({"@context": CONTEXT[0]}, key=SECRET, verification_method=METHOD, now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*SIGNED["proof"], "expires"]), JSON), JSON)
def test_any_proof_gets_a_verdict(options, value):
    assert isinstance(verdict({**SIGNED, "proof": value}), Refused)
    assert isinstance(verdict({**SIGNED, "proof": SIGNED["proof"] | options, "value": value}), Refused)


@given(st.dictionaries(st.text().filter(lambda name: name not in ("@context", "proof", "signature")), JSON))
def test_our_own_proofs_verify(document):
    try:
        signed = add_proof({**document, "@context": CONTEXT}, key=SECRET, verification_method=METHOD, now=NOW)
    except Invalid:
        return  # integers beyond the precision of canonical JSON
    assert verdict(signed) == VerifiedProof(METHOD)
