"""Password hashing (argon2id, the OWASP setting), off the event loop; and the secrets handed to people once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from federation.errors import Invalid

MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified against when there is no such account, so that both cases take equally long.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


def check_password_rules(password: str, *, username: str = "") -> None:
    """Raise `Invalid` in words for a password that is too short, too long or the username."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise Invalid(
            f"The password needs at least {MIN_PASSWORD_CHARS} characters.", field="password", code="ERR_TOO_SHORT"
        )
    if len(password) > MAX_PASSWORD_CHARS:
        raise Invalid(
            f"The password may have at most {MAX_PASSWORD_CHARS} characters.", field="password", code="ERR_TOO_LONG"
        )
    if username and password.lower() == username.lower():
        raise Invalid("The password must not be the username.", field="password")


async def hash_password(password: str) -> str:
    """Hash a password in a thread (50 ms)."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Check a password in a thread; without a hash it takes as long and is False."""
    return await asyncio.to_thread(_verify, password_hash, password)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def make_secret() -> str:
    """Make a token of 256 bits for a cookie, bearer token or API key."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Hash a random token for storage: it has enough entropy for plain SHA-256."""
    return hashlib.sha256(secret.encode()).digest()
