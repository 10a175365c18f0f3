"""Web Push: the vector of RFC 8291, the older form, and the signature that goes with both."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from federation.errors import Invalid
from federation.protocol import web_push
from tests.push_service import Receiver

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_vector_of_the_rfc_comes_out() -> None:
    to = web_push.read_subscriber(P256DH, AUTH)
    made = web_push.encrypt(PLAIN, to, standard=True, key=raw(SENDER), salt=raw(SALT))
    assert web_push.to_base64(made.body) == SEALED
    assert made.headers == {"content-encoding": "aes128gcm"}


@pytest.mark.parametrize("standard", [True, False])
def test_only_the_receiver_reads_either_form(standard: bool) -> None:
    receiver, other = Receiver(), Receiver()
    to = web_push.read_subscriber(receiver.p256dh, receiver.auth)
    made = web_push.encrypt(PLAIN, to, standard=standard)
    assert receiver.decrypt(made.body, made.headers) == PLAIN
    assert PLAIN not in made.body
    with pytest.raises(InvalidTag):
        other.decrypt(made.body, made.headers)


@pytest.mark.parametrize("standard", [True, False])
def test_the_push_service_can_tell_who_sends(standard: bool) -> None:
    key, receiver = web_push.make_key(), Receiver()
    made = web_push.encrypt(PLAIN, web_push.read_subscriber(receiver.p256dh, receiver.auth), standard=standard)
    headers = web_push.authorise(
        made.headers, key=key, audience="https://push.example", subject="mailto:a@b.example", expires_at=1_800_000_000
    )
    if standard:
        scheme, _, rest = headers["authorization"].partition(" ")
        token, _, own = rest.removeprefix("t=").partition(", k=")
        assert scheme == "vapid"
    else:
        scheme, _, token = headers["authorization"].partition(" ")
        own = headers["crypto-key"].rpartition("p256ecdsa=")[2]
        assert scheme == "WebPush"
    signed, _, signature = token.rpartition(".")
    head, claims = (orjson.loads(raw(part)) for part in signed.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}
    assert claims == {"aud": "https://push.example", "exp": 1_800_000_000, "sub": "mailto:a@b.example"}
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(own))
    r, s = int.from_bytes(raw(signature)[:32]), int.from_bytes(raw(signature)[32:])
    point.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))


@pytest.mark.parametrize(
    ("p256dh", "auth"), [("", AUTH), (P256DH[:-4], AUTH), (P256DH, "AAAA"), ("!", AUTH), (P256DH, "é")]
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(Invalid):
        web_push.read_subscriber(p256dh, auth)


def test_keys_in_the_other_alphabet_are_read() -> None:
    padded = P256DH.replace("-", "+").replace("_", "/") + "="
    assert web_push.read_subscriber(padded, AUTH + "==") == web_push.read_subscriber(P256DH, AUTH)


def test_what_is_sealed_opens_with_its_own_secret_and_subject_alone() -> None:
    sealed = web_push.seal(b"k" * 32, "token", b"one")
    assert b"token" not in sealed
    assert web_push.unseal(b"k" * 32, sealed, b"one") == "token"
    assert web_push.unseal(b"k" * 32, sealed, b"other") == web_push.unseal(b"x" * 32, sealed, b"one") == ""
