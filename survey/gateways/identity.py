"""A provider of single sign-on by OpenID Connect: one listed host, called as every other gateway is.

Authorization code with PKCE; the identity token is taken only when its signature, issuer, audience, nonce and times
hold. Keys and addresses are asked for anew at each sign-in: a key that was changed this minute is known.
"""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from survey.gateways.errors import GatewayError, GatewayUnavailable
from survey.gateways.outbound import Allowed, call

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
LEEWAY_SECONDS = 60
WELL_KNOWN = "/.well-known/openid-configuration"


class IdentityRefused(GatewayError):
    """What the provider sent proves nothing: a wrong signature, audience, nonce or time, or no strong sign-in."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider: the pair that never changes."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A provider and what we are to it. With `amr`, only a sign-in by one of these methods is taken (RFC 8176)."""

    issuer: str
    client_id: str
    client_secret: str
    allowed: Allowed
    name: str = ""
    amr: tuple[str, ...] = ()
    context: ssl.SSLContext | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked, as it says itself."""

    authorize: str
    token: str
    keys: str


def discover(provider: IdentityProvider) -> Endpoints:
    """Ask the provider for its addresses. Raises GatewayError."""
    known = _fetch(provider, provider.issuer.rstrip("/") + WELL_KNOWN)
    if known.get("issuer") != provider.issuer:
        raise IdentityRefused(f"{provider.issuer} says that it is {str(known.get('issuer'))[:200]!r}.")
    try:
        found = Endpoints(*(str(known[each]) for each in ("authorization_endpoint", "token_endpoint", "jwks_uri")))
    except KeyError as missing:
        raise GatewayUnavailable(f"{provider.issuer} names no {missing}.") from missing
    if (urlsplit(found.authorize).hostname or "").lower() != provider.allowed.host:
        raise IdentityRefused(f"{provider.issuer} would send people to another host: {found.authorize[:200]!r}.")
    return found


def sign_in_address(
    provider: IdentityProvider,
    endpoints: Endpoints,
    *,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
    again: bool,
) -> str:
    """Where the browser is sent; with `again` the provider must ask the person even when it knows them."""
    more = {"prompt": "login", "max_age": "0"} if again else {}
    address: str = prepare_grant_uri(
        endpoints.authorize,
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect_uri,
        scope="openid",
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        **more,
    )
    return address


def exchange(provider: IdentityProvider, endpoints: Endpoints, *, code: str, redirect_uri: str, verifier: str) -> str:
    """The identity token for a code. Raises GatewayError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
    headers = {
        "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    answer = _fetch(provider, endpoints.token, method="POST", headers=headers, body=urlencode(form).encode())
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise IdentityRefused(f"{provider.issuer} gave no identity token.")
    return token


def read_identity(
    provider: IdentityProvider, endpoints: Endpoints, token: str, *, nonce: str, now: datetime, again: bool = False
) -> Identity:
    """Who an identity token speaks of. Raises IdentityRefused, or GatewayError when the keys cannot be read."""
    keys = _fetch(provider, endpoints.keys)
    moment = int(now.timestamp())
    checks = jwt.JWTClaimsRegistry(
        now=moment,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        checks.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdentityRefused(f"The identity token does not hold: {type(error).__name__}.") from error
    _check_party(provider, claims)
    if again and moment - int(claims.get("auth_time", 0)) > LEEWAY_SECONDS * 5:
        raise IdentityRefused("The provider did not ask the person again.")
    return Identity(provider.issuer, str(claims["sub"]))


def load_provider(table: Mapping[str, Any], allowed: Allowed) -> IdentityProvider:
    """A provider from its table in the file of gateways. Raises KeyError or ValueError."""
    amr = table.get("amr", [])
    if not isinstance(amr, list) or not all(isinstance(each, str) for each in amr):
        raise ValueError("amr must be a list of methods, such as ['mfa']")
    certificate = table.get("certificate")
    context = ssl.create_default_context(cafile=Path(certificate)) if certificate else None
    return IdentityProvider(
        issuer=table["issuer"],
        client_id=table["client_id"],
        client_secret=table["client_secret"],
        allowed=allowed,
        name=table.get("name", ""),
        amr=tuple(amr),
        context=context,
    )


def _check_party(provider: IdentityProvider, claims: Mapping[str, Any]) -> None:
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise IdentityRefused("The identity token was made for another party.")
    if provider.amr and not set(provider.amr) & set(claims.get("amr") or ()):
        raise IdentityRefused("The sign-in at the provider was not by one of the methods that are asked for.")


def _fetch(
    provider: IdentityProvider,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> dict[str, Any]:
    answer = call(
        provider.allowed,
        url,
        method=method,
        headers=headers or {"Accept": "application/json"},
        body=body,
        context=provider.context,
    )
    if answer.status != 200:
        raise GatewayUnavailable(f"{urlsplit(url).hostname} answered {answer.status}.")
    try:
        value = json.loads(answer.body)
    except ValueError as error:
        raise GatewayUnavailable(f"{urlsplit(url).hostname} did not answer with JSON.") from error
    if not isinstance(value, dict):
        raise GatewayUnavailable(f"{urlsplit(url).hostname} answered with no object.")
    return value
