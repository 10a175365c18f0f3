"""An app that goes the way of OAuth at the composed application, as a browser and a person would take it."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    import httpx

    from tests.client_api.conftest import App
    from tests.services_fixture import Browser

OOB = "urn:ietf:wg:oauth:2.0:oob"
IVORY = "ivory://accept"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Client:
    """A registered app."""

    app: App
    entity: dict[str, Any]
    redirect_uri: str

    @property
    def credentials(self) -> dict[str, str]:
        """What the app proves itself with."""
        return {"client_id": self.entity["client_id"], "client_secret": self.entity["client_secret"]}

    def query(self, **changes: str) -> dict[str, str]:
        """What the app asks a person for; an empty change takes something away."""
        query = {
            "client_id": self.entity["client_id"],
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "read write",
            "state": "s t&ate",
        } | changes
        return {name: value for name, value in query.items() if value}

    async def consent_form(self, person: Browser, **changes: str) -> dict[str, str]:
        """Open the consent page and return the hidden fields of its last form."""
        page = await person.page(f"/oauth/authorize?{urlencode(self.query(**changes))}")
        form = page[page.rindex("<form", 0, page.index('value="allow"')) :]
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(form)}

    async def decide(self, person: Browser, decision: str = "allow", **changes: str) -> httpx.Response:
        """Open the consent page and press one of its buttons."""
        return await person.post(
            "/oauth/authorize", {**await self.consent_form(person, **changes), "decision": decision}
        )

    async def code(self, person: Browser, **changes: str) -> str:
        """Be let in, and return the code that came back."""
        answer = await self.decide(person, **changes)
        assert answer.status_code in (302, 303), answer.text[-500:]
        return answers(answer)["code"]

    async def token(self, *, expected: int = 200, **body: str) -> dict[str, Any]:
        """Ask for a token."""
        found: dict[str, Any] = await self.app.call(
            "POST", "/oauth/token", expected=expected, data={**self.credentials, **body}
        )
        return found

    async def exchange(self, code: str, *, expected: int = 200, **changes: str) -> dict[str, Any]:
        """Exchange a code."""
        body = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri} | changes
        return await self.token(expected=expected, **body)

    async def log_in(self, person: Browser, **changes: str) -> dict[str, Any]:
        """Go the whole way and return the Token."""
        return await self.exchange(await self.code(person, **changes))


def answers(response: httpx.Response) -> dict[str, str]:
    """Return what a redirect carries back."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


def pkce() -> tuple[str, dict[str, str]]:
    """Make a verifier, and the challenge that goes before it."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return verifier, {"code_challenge": challenge, "code_challenge_method": "S256"}


async def register(app: App, redirect_uri: str = IVORY, **changes: Any) -> Client:
    """Register an app."""
    body = {"client_name": "Ivory", "redirect_uris": redirect_uri, "scopes": "read write follow push"} | changes
    return Client(app, await app.post("/api/v1/apps", **body), redirect_uri)


def bearer(token: dict[str, Any]) -> dict[str, Any]:
    """Return the header of a Token."""
    return {"headers": {"authorization": f"Bearer {token['access_token']}"}}


FORM = {
    "username": "ada", "email": "ada@mail.example", "password": "correct horse battery", "agreement": True,
    "locale": "en", "reason": "I like it here",
}  # fmt: skip


async def sign_up(client: Client, *, expected: int = 200, **changes: Any) -> Any:
    """Make an account through an app; a change to None leaves a field out."""
    token = await client.token(grant_type="client_credentials", scope="read write")
    body = {name: value for name, value in (FORM | changes).items() if value is not None}
    return await client.app.call("POST", "/api/v1/accounts", expected=expected, json=body, **bearer(token))
