"""Where apps get, renew and give back their tokens, and where all of it is described."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from quart import Blueprint, Response, request

from federation.actions import grants
from federation.actions.apps import authenticate_client
from federation.actions.grants import Granted
from federation.actions.scopes import SCOPES
from federation.errors import OAuthError
from storage.apps import Application
from web.client_api import errors
from web.client_api.answers import answer
from web.client_api.authentication import scoped
from web.client_api.call import Call
from web.client_api.entities import tokens as token_entity
from web.client_api.parameters import Parameters, read_parameters
from web.cors import answer_preflight, open_to_scripts
from web.current import client_address, services, settings
from web.security import count

blueprint = Blueprint("oauth_endpoints", __name__)
blueprint.before_request(answer_preflight)
errors.install(blueprint)


@blueprint.after_request
async def _headers(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return open_to_scripts(response)


async def _client(given: Parameters) -> Application:
    """Return the app that calls: by HTTP Basic, else by parameters."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id, secret = "", ""
        return await authenticate_client(services(), unquote_plus(client_id), unquote_plus(secret))
    return await authenticate_client(services(), given.text("client_id"), given.text("client_secret"))


@blueprint.post("/oauth/token")
async def token() -> Response:
    """Give an app a token for what it was granted."""
    await count("oauth-token", "120/minute")
    given = await read_parameters(request)
    grant_type = given.text("grant_type")
    if not grant_type:
        raise OAuthError("invalid_request", "Missing required parameter: grant_type.")
    if grant_type not in _grant_types():
        raise OAuthError(
            "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."
        )
    return _granted(await _grant(await _client(given), grant_type, given))


async def _grant(app: Application, grant_type: str, given: Parameters) -> Granted:
    scope = " ".join(given.texts("scope", most=100))
    match grant_type:
        case "authorization_code":
            return await grants.exchange_code(
                services(),
                app,
                code=given.text("code"),
                redirect_uri=given.text("redirect_uri"),
                code_verifier=given.text("code_verifier"),
            )
        case "refresh_token":
            return await grants.refresh(services(), app, refresh_token=given.text("refresh_token"), scope=scope)
        case "password":
            return await grants.grant_for_password(
                services(),
                app,
                username=given.text("username"),
                password=given.text("password"),
                scope=scope,
                address=client_address(),
            )
        case _:
            return await grants.grant_to_app(services(), app, scope=scope)


def _granted(granted: Granted) -> Response:
    response = answer(token_entity.token(granted))
    response.headers["Pragma"] = "no-cache"
    return response


@blueprint.post("/oauth/revoke")
async def revoke() -> Response:
    """Make a token worthless."""
    given = await read_parameters(request)
    try:
        app = await _client(given)
    except OAuthError as exc:
        # doorkeeper says so of a client that it does not know here, and apps compare.
        raise OAuthError("unauthorized_client", "You are not authorized to revoke this token") from exc
    await grants.revoke(services(), app, given.text("token"))
    return answer({})


@blueprint.route("/oauth/userinfo", methods=["GET", "POST"])
@scoped("profile")
async def userinfo(call: Call) -> Response:
    """Tell who the token's person is, by OpenID Connect's names."""
    person = call.person
    return answer(
        {
            "iss": f"{call.site.origin}/",
            "sub": person.ap_id,
            "name": person.display_name,
            "preferred_username": person.username,
            "profile": person.profile_url,
            "picture": call.site.picture(person.avatar_url, is_remote=False, default=call.site.no_avatar),
        }
    )


def _grant_types() -> list[str]:
    password = ["password"] if settings().password_grant else []
    return ["authorization_code", *password, "client_credentials", "refresh_token"]


@blueprint.get("/.well-known/oauth-authorization-server")
async def metadata() -> Response:
    """Describe all of this (RFC 8414)."""
    origin = settings().origin
    response = answer(
        {
            "issuer": f"{origin}/",
            "service_documentation": f"{origin}/docs",
            "authorization_endpoint": f"{origin}/oauth/authorize",
            "token_endpoint": f"{origin}/oauth/token",
            "userinfo_endpoint": f"{origin}/oauth/userinfo",
            "revocation_endpoint": f"{origin}/oauth/revoke",
            "app_registration_endpoint": f"{origin}/api/v1/apps",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": _grant_types(),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }
    )
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
