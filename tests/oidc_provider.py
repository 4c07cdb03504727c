"""An OpenID Connect provider for tests, made of Authlib's parts: it checks what a client must send, and signs tokens.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.patience import PATIENCE

CLIENT, SECRET = "green chat", "a secret: 50%"


@dataclass
class Person:
    """The user who is logged in at the provider, and further claims of the tokens."""

    subject: str = "7"
    name: str = "alice"
    more: dict[str, Any] = field(default_factory=dict)


def new_key() -> RSAKey:
    """Return a new key to sign with. Making it takes a twentieth of a second."""
    return RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})


@cache
def _key() -> RSAKey:
    """Return the key of all providers that need no other."""
    return new_key()


class OidcProvider(ThreadingHTTPServer):
    """The provider. redirect: the only address that it redirects to. error: returned instead of a code.

    Reads: asked, the paths of all requests.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}/realm"
        self.person = Person()
        self.redirect = ""
        self.error = ""
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.key = _key()

    def token(self, asked: dict[str, str]) -> str:
        """Return an ID token for a login."""
        person = self.person
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": person.subject,
            "exp": int(time.time()) + 60,
            "iat": int(time.time()),
            "nonce": asked.get("nonce", ""),
            "preferred_username": person.name,
            **person.more,
        }
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)


class _Talk(BaseHTTPRequestHandler):
    server: OidcProvider

    def do_GET(self) -> None:
        provider = self.server
        provider.gate.wait(PATIENCE)
        parts = urlsplit(self.path)
        provider.asked.append(parts.path)
        if parts.path == "/realm/.well-known/openid-configuration":
            self._tell(
                {
                    "issuer": provider.issuer,
                    "authorization_endpoint": f"{provider.issuer}/authorize",
                    "token_endpoint": f"{provider.issuer}/token",
                    "jwks_uri": f"{provider.issuer}/keys",
                }
            )
        elif parts.path == "/realm/keys":
            self._tell({"keys": [provider.key.as_dict(private=False)]})
        elif parts.path == "/realm/authorize":
            self._authorize(dict(parse_qsl(parts.query)))
        else:
            self.send_error(404)

    def _authorize(self, asked: dict[str, str]) -> None:
        provider = self.server
        wrong = [
            name
            for name, wanted in {
                "response_type": "code",
                "client_id": CLIENT,
                "redirect_uri": provider.redirect,
                "code_challenge_method": "S256",
            }.items()
            if asked.get(name) != wanted
        ]
        if wrong or "openid" not in asked.get("scope", "").split() or len(asked.get("code_challenge", "")) != 43:
            self.send_error(400, f"wrong: {wrong}")
            return
        answer = {"state": asked["state"]}
        if provider.error:
            answer["error"] = provider.error
        else:
            answer["code"] = secrets.token_urlsafe(16)
            provider.codes[answer["code"]] = asked
        self.send_response(302)
        self.send_header("Location", f"{provider.redirect}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        provider = self.server
        provider.gate.wait(PATIENCE)
        provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        pair = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if [unquote(each) for each in pair.split(":")] != [CLIENT, SECRET]:
            self._tell({"error": "invalid_client"}, 401)
            return
        asked = provider.codes.pop(given.get("code", ""), None)
        if (
            asked is None
            or given["grant_type"] != "authorization_code"
            or given.get("redirect_uri") != asked["redirect_uri"]
            or create_s256_code_challenge(given.get("code_verifier", "")) != asked["code_challenge"]
        ):
            self._tell({"error": "invalid_grant"}, 400)
            return
        self._tell({"access_token": "x", "token_type": "Bearer", "id_token": provider.token(asked)})

    def _tell(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """Serve for the duration of the block."""
    provider = OidcProvider()
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        provider.gate.set()
        provider.shutdown()
        thread.join()
        provider.server_close()
