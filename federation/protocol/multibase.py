"""Multibase text in its base58btc form, the only one that Multikey and FEP-8b32 proofs use."""

from __future__ import annotations

from federation.errors import Invalid

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
# An RSA-8192 Multikey has about 1,420 characters; decoding is quadratic, so longer text is not tried.
_MAX_CHARS = 1_500


def encode_multibase(data: bytes) -> str:
    """Write `data` as multibase text: `z` and base58btc."""
    number = int.from_bytes(data)
    digits = []
    while number:
        number, value = divmod(number, 58)
        digits.append(_ALPHABET[value])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(digits))


def decode_multibase(text: str) -> bytes:
    """Read multibase base58btc text; raise Invalid for another base or a character outside it."""
    if not text.startswith("z"):
        raise Invalid("Only multibase base58btc (text that starts with z) is supported.")
    if len(text) > _MAX_CHARS:
        raise Invalid("The multibase text is too long.")
    digits = text[1:]
    number = 0
    try:
        for character in digits:
            number = number * 58 + _VALUES[character]
    except KeyError as exc:
        raise Invalid("The multibase text is not base58btc.") from exc
    zeros = len(digits) - len(digits.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
