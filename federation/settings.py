"""Settings from the environment, parsed and checked once at start."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from federation.errors import Invalid


class Registration(StrEnum):
    """Who may sign up."""

    OPEN = "open"
    APPROVAL = "approval"
    INVITE = "invite"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """A range (and optionally one port) that outgoing traffic may reach although it is private."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    port: int | None = None

    def allows(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bool:
        """Tell whether a connection to this address and port is covered."""
        return address in self.network and self.port in (None, port)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an admin can set; see the README's table. `origin` decides every id and never changes."""

    origin: str = "http://localhost:8000"
    account_domain: str = "localhost:8000"
    bind: str = "127.0.0.1:8000"
    data: Path = field(default_factory=lambda: Path("data"))
    database_url: str | None = None
    redis_url: str | None = None
    allow_networks: tuple[AllowedNetwork, ...] = ()
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    )
    registration: Registration = Registration.APPROVAL
    max_chars: int = 500
    max_media: int = 4
    media_url: str | None = None
    media_origin: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    authorized_fetch: bool = False
    limited_federation: bool = False
    password_grant: bool = False
    rate_limits: bool = True
    remote_retention_days: int = 90
    web_processes: int = 1
    worker_processes: int = 1

    @property
    def host(self) -> str:
        """The origin's authority: host, with its port when not the scheme's own."""
        return urlsplit(self.origin).netloc

    @property
    def media_base(self) -> str:
        """The origin that serves media: ours, unless another one does."""
        return self.media_origin or self.origin

    @property
    def secure(self) -> bool:
        """Whether people reach us over TLS."""
        return self.origin.startswith("https://")

    def is_ours(self, url: str) -> bool:
        """Tell whether a URL lies on our origin."""
        return url == self.origin or url.startswith(self.origin + "/")


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the THOUGHTS_* settings; raise `Invalid` naming the setting and what it should look like."""
    env = os.environ if env is None else env
    origin = _origin(env.get("THOUGHTS_ORIGIN") or "http://localhost:8000")
    parts = urlsplit(origin)
    on_localhost = _is_loopback(parts.hostname or "")
    limited = _switch(env, "THOUGHTS_LIMITED_FEDERATION", default=False)
    default_registration = Registration.OPEN if on_localhost else Registration.APPROVAL
    return Settings(
        origin=origin,
        account_domain=(env.get("THOUGHTS_ACCOUNT_DOMAIN") or parts.netloc).lower(),
        bind=env.get("THOUGHTS_BIND") or "127.0.0.1:8000",
        data=Path(env.get("THOUGHTS_DATA") or "data").absolute(),
        database_url=env.get("DATABASE_URL") or None,
        redis_url=env.get("REDIS_URL") or None,
        allow_networks=_allowed(env.get("THOUGHTS_ALLOW_NETWORKS", "")),
        trusted_proxies=_networks(env.get("THOUGHTS_TRUSTED_PROXIES") or "127.0.0.0/8, ::1/128"),
        registration=_registration(env.get("THOUGHTS_REGISTRATION"), default_registration),
        max_chars=_number(env, "THOUGHTS_MAX_CHARS", 500, least=1),
        max_media=_number(env, "THOUGHTS_MAX_MEDIA", 4, least=0),
        media_url=_media_url(env.get("THOUGHTS_MEDIA_URL")),
        media_origin=_optional_origin(env.get("THOUGHTS_MEDIA_ORIGIN")),
        smtp_url=_smtp_url(env.get("THOUGHTS_SMTP_URL")),
        mail_from=env.get("THOUGHTS_MAIL_FROM") or None,
        # Whom one does not talk to reads nothing either.
        authorized_fetch=limited or _switch(env, "THOUGHTS_AUTHORIZED_FETCH", default=False),
        limited_federation=limited,
        password_grant=_switch(env, "THOUGHTS_PASSWORD_GRANT", default=False),
        rate_limits=_switch(env, "THOUGHTS_RATE_LIMITS", default=True),
        remote_retention_days=_number(env, "THOUGHTS_REMOTE_RETENTION_DAYS", 90, least=1),
        web_processes=_number(env, "THOUGHTS_WEB_PROCESSES", 1, least=1),
        worker_processes=_number(env, "THOUGHTS_WORKER_PROCESSES", 1, least=1),
    )


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def _origin(text: str) -> str:
    parts = urlsplit(text.rstrip("/"))
    plain = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not parts.hostname or plain != text.rstrip("/") or parts.username:
        raise Invalid(f"THOUGHTS_ORIGIN must look like https://thoughts.example, not {text!r}.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Invalid("THOUGHTS_ORIGIN may be plain http only on localhost; use https://.")
    default_port = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.lower()
    port = "" if parts.port in (None, default_port) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _optional_origin(text: str | None) -> str | None:
    return text.rstrip("/") if text else None


def _smtp_url(text: str | None) -> str | None:
    if not text:
        return None
    try:
        url = urlsplit(text)
        usable = url.scheme in ("smtp", "smtps") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Invalid("THOUGHTS_SMTP_URL must look like smtps://name:password@mail.example:465.")
    return text


def _media_url(text: str | None) -> str | None:
    parts = urlsplit(text or "")
    if text and not (parts.scheme == "s3" and parts.netloc) and not (parts.scheme == "file" and len(parts.path) > 1):
        raise Invalid(f"THOUGHTS_MEDIA_URL is file:///folder or s3://bucket?endpoint=https://…, not {text!r}.")
    return text or None


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as exc:
        raise Invalid(f"A list of networks must look like 10.0.0.0/8, fd00::/8: {exc}.") from exc


def _allowed(text: str) -> tuple[AllowedNetwork, ...]:
    return tuple(_allowed_entry(part.strip()) for part in text.split(",") if part.strip())


def _allowed_entry(part: str) -> AllowedNetwork:
    try:
        if "/" in part:
            return AllowedNetwork(ipaddress.ip_network(part))
        url = urlsplit(f"//{part}")
        return AllowedNetwork(ipaddress.ip_network(url.hostname or ""), url.port)
    except ValueError as exc:
        raise Invalid(f"THOUGHTS_ALLOW_NETWORKS takes CIDRs or ip:port; {part!r} is neither.") from exc


def _registration(text: str | None, default: Registration) -> Registration:
    if not text:
        return default
    try:
        return Registration(text)
    except ValueError as exc:
        raise Invalid(f"THOUGHTS_REGISTRATION is open, approval, invite or closed, not {text!r}.") from exc


def _number(env: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise Invalid(f"{name} must be a whole number of at least {least}, not {text!r}.")
    return int(text)


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "").lower()
    if text in ("", "on", "true", "1", "yes", "off", "false", "0", "no"):
        return text in ("on", "true", "1", "yes") if text else default
    raise Invalid(f"{name} is on or off, not {text!r}.")
