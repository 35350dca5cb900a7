"""A provider of single sign-on as a process of its own, on loopback: OpenID Connect with authorization code and PKCE.

Everybody who comes is `sub` of its control; `lie` makes the next identity tokens wrong in one way.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT, SECRET = "hailong", "a secret & of the client"


@dataclass
class Provider:
    """The running process, as a test speaks to it."""

    issuer: str

    def control(self, **values: str) -> None:
        urllib.request.urlopen(f"{self.issuer}/control?{urlencode(values)}").read()

    def visit(self, address: str) -> str:
        """Go where the browser was sent; where it is sent back to."""

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None:
                return None

        try:
            urllib.request.build_opener(Stay).open(address)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        raise AssertionError("the provider did not send the browser back")

    def gateways(self, **more: object) -> str:
        """The table of a file of gateways."""
        table = {"issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET, "networks": ["127.0.0.0/8"]}
        return "[oidc]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in {**table, **more}.items())


@contextmanager
def run_provider() -> Iterator[Provider]:
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Provider(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _unsigned(said: dict[str, Any]) -> str:
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, said))
    return ".".join([*(urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts), ""])


def main() -> None:  # noqa: C901 a whole provider
    from authlib.oauth2.rfc7636 import create_s256_code_challenge
    from joserfc import jwt
    from joserfc.jwk import ECKey, KeySet

    key, stranger = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    key.ensure_kid()
    codes: dict[str, dict[str, str]] = {}
    control = {"sub": "person-1", "lie": ""}

    def claims(asked: dict[str, str], issuer: str) -> dict[str, Any]:
        now, lie = int(time.time()), control["lie"]
        made: dict[str, Any] = {
            "iss": "https://elsewhere.example" if lie == "issuer" else issuer,
            "aud": "another-client" if lie == "audience" else [CLIENT, "x"] if lie == "party" else CLIENT,
            "sub": control["sub"],
            "iat": now,
            "exp": now - 3600 if lie == "time" else now + 300,
            "auth_time": now - 7200 if lie == "stale" else now,
            "nonce": "another" if lie == "nonce" else asked["nonce"],
            "amr": ["pwd"] if lie == "weak" else ["pwd", "mfa"],
        }
        return {name: value for name, value in made.items() if name != lie.removeprefix("without-")}

    def token(asked: dict[str, str], issuer: str) -> str:
        said, header = claims(asked, issuer), {"alg": "ES256", "kid": key.kid}
        if control["lie"] == "unsigned":
            return _unsigned(said)
        return jwt.encode(header, said, stranger if control["lie"] == "signature" else key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
            if parts.path == "/control":
                control.update(asked)
                self._say({})
            elif parts.path == "/.well-known/openid-configuration":
                away = control["lie"] == "elsewhere"
                self._say(
                    {
                        "issuer": issuer,
                        "authorization_endpoint": "https://evil.example/a" if away else f"{issuer}/authorize",
                        "token_endpoint": f"{issuer}/token",
                        "jwks_uri": f"{issuer}/keys",
                    }
                )
            elif parts.path == "/keys":
                self._say(KeySet([key]).as_dict(private=False))
            elif parts.path == "/authorize":
                code = secrets.token_urlsafe(16)
                codes[code] = asked
                self.send_response(302)
                back = urlencode({"code": code, "state": asked["state"]})
                self.send_header("Location", f"{asked['redirect_uri']}?{back}")
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            pair = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().split(":")
            known = [unquote_plus(each) for each in pair] == [CLIENT, SECRET]
            asked = codes.pop(form.get("code", ""), None)
            challenge = create_s256_code_challenge(form.get("code_verifier", ""))
            if not known or asked is None or asked["code_challenge"] != challenge:
                self._say({"error": "invalid_grant"}, 400)
                return
            issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
            self._say({"access_token": "x", "token_type": "Bearer", "id_token": token(asked, issuer)})

        def _say(self, value: object, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    main()
