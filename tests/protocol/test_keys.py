"""Keys: limits, forms of travel, and the Multikey vectors of FEP-521a and FEP-8b32."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import Invalid
from federation.protocol.keys import (
    KeyAlgorithm,
    PublicKey,
    generate_ed25519_key,
    generate_rsa_key,
    load_private_key,
    load_public_key,
    parse_multikey,
    parse_public_key_pem,
)
from federation.protocol.multibase import decode_multibase, encode_multibase
from tests.protocol.signature_keys import CAVAGE_PUBLIC_PEM, ECC_PUBLIC_PEM, ED25519, RSA


@pytest.mark.parametrize("generate", [generate_rsa_key, generate_ed25519_key])
def test_stored_key_signs_what_its_public_key_verifies(generate):
    stored = load_private_key(generate().to_der())
    public = load_public_key(stored.public_key().to_der())
    signature = stored.sign(b"message")
    assert public.verify(signature, b"message")
    assert not public.verify(signature, b"another message")
    assert not public.verify(signature[:-1], b"message")
    assert not public.verify(b"", b"message")


def test_generated_rsa_key_has_2048_bits():
    assert generate_rsa_key().key.key_size == 2048


@pytest.mark.parametrize("key", [RSA.public_key(), ED25519.public_key()])
def test_public_key_survives_each_form_of_travel(key):
    for again in (
        parse_public_key_pem(key.to_pem()),
        parse_multikey(key.to_multikey()),
        load_public_key(key.to_der()),
    ):
        assert again.algorithm is key.algorithm
        assert again.to_der() == key.to_der()


def test_pkcs1_pem_of_older_servers_is_read():
    pem = RSA.public_key().key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert pem.startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert parse_public_key_pem(pem).to_der() == RSA.public_key().to_der()


@pytest.mark.parametrize(
    ("raw", "multikey"),
    [
        pytest.param(
            "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6",
            "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            id="FEP-521a",
        ),
        pytest.param(
            "b00d8d938e7f773d51565aad36a623f5344f7f5d1960f9cf3e8e12620ea2810f",
            "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
            id="FEP-8b32",
        ),
    ],
)
def test_published_multikeys_match(raw, multikey):
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw))
    assert PublicKey(KeyAlgorithm.ED25519, key).to_multikey() == multikey
    assert parse_multikey(multikey).to_der() == PublicKey(KeyAlgorithm.ED25519, key).to_der()


def test_rsa_key_under_2048_bits_is_refused():
    with pytest.raises(Invalid, match="1024"):
        parse_public_key_pem(CAVAGE_PUBLIC_PEM)


def _rsa_public(bits, exponent=65537):
    return rsa.RSAPublicNumbers(exponent, (1 << bits) - 1).public_key()


def test_rsa_key_over_8192_bits_is_refused_in_each_form():
    key = PublicKey(KeyAlgorithm.RSA, _rsa_public(8200))
    with pytest.raises(Invalid, match="8200"):
        parse_public_key_pem(key.to_pem())
    with pytest.raises(Invalid, match="8200"):
        load_public_key(key.to_der())
    with pytest.raises(Invalid):
        parse_multikey(key.to_multikey())


def test_rsa_key_of_8192_bits_is_accepted():
    key = PublicKey(KeyAlgorithm.RSA, _rsa_public(8192))
    assert parse_multikey(key.to_multikey()).to_der() == key.to_der()
    assert parse_public_key_pem(key.to_pem()).to_der() == key.to_der()


def test_rsa_key_with_a_huge_exponent_is_refused():
    key = PublicKey(KeyAlgorithm.RSA, _rsa_public(2048, exponent=(1 << 60) + 1))
    with pytest.raises(Invalid, match="exponent"):
        parse_public_key_pem(key.to_pem())


@pytest.mark.parametrize(
    "pem",
    [
        ECC_PUBLIC_PEM,
        ed448.Ed448PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "x" * 100_000,
    ],
)
def test_other_pem_is_refused(pem):
    with pytest.raises(Invalid):
        parse_public_key_pem(pem)


def test_private_key_of_another_type_is_refused():
    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Invalid):
        load_private_key(der)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "mAQID",
        "z0OIl",
        "z" + "1" * 2_000,
        encode_multibase(b"\xed\x01" + b"\0" * 31),
        encode_multibase(b"\x80\x24" + b"\0" * 33),
        encode_multibase(b"\x85\x24" + b"\0" * 40),
    ],
)
def test_other_multikeys_are_refused(text):
    with pytest.raises(Invalid):
        parse_multikey(text)


@given(st.text(max_size=2_000))
def test_any_text_is_a_key_or_invalid(text):
    for parse in (parse_public_key_pem, parse_multikey):
        with pytest.raises(Invalid):
            parse(text)


@given(st.binary(max_size=200))
def test_multibase_gives_back_what_it_was_given(data):
    assert decode_multibase(encode_multibase(data)) == data
