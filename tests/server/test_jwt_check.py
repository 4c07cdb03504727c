"""Tokens of an identity provider: valid ones, and each reason for refusal."""

import json
import time
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from greenchat.server.jwt_check import TokenCheck, TokenError, TokenRules, _KeySet

_NOW = 1_800_000_000  # seconds
_ISSUER, _AUDIENCE = "https://id.example.org", "chat"
_NEW_KEYS: dict[str, Callable[[], Any]] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
_CLAIMS = {"iss": _ISSUER, "aud": _AUDIENCE, "sub": "7", "exp": _NOW + 60, "preferred_username": "alice"}


@cache
def key_of(algorithm: str) -> Any:
    """Return the key of an algorithm, made when it is asked for: RSA takes a tenth of a second."""
    return _NEW_KEYS[algorithm]()


def public(algorithm: str, key: Any) -> dict[str, Any]:
    """Return a key as in a key set."""
    found = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": algorithm, "alg": algorithm, "use": "sig"}


def signed(claims: dict[str, Any], algorithm: str = "EdDSA", kid: str | None = "") -> str:
    headers = {} if kid is None else {"kid": kid or algorithm}
    return jwt.encode(claims, key_of(algorithm), algorithm, headers=headers)


@pytest.fixture
def check(tmp_path: Path) -> TokenCheck:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public(algorithm, key_of(algorithm)) for algorithm in _NEW_KEYS]}))
    return TokenCheck(TokenRules(_ISSUER, _AUDIENCE, str(file)))


@pytest.mark.parametrize("algorithm", _NEW_KEYS)
def test_valid_tokens_of_every_kind_of_key(check: TokenCheck, algorithm: str) -> None:
    assert check.claims(signed(_CLAIMS, algorithm), _NOW * 1000)["preferred_username"] == "alice"


def test_one_audience_of_several(check: TokenCheck) -> None:
    assert check.claims(signed({**_CLAIMS, "aud": ["wiki", _AUDIENCE]}), _NOW * 1000)["sub"] == "7"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exp": _NOW - 31}, "expired"),
        ({"nbf": _NOW + 31}, "not valid yet"),
        ({"aud": "wiki"}, "udience"),
        ({"iss": "https://id.example.com"}, "ssuer"),
        ({"exp": None}, "exp"),
        ({"aud": None}, "aud"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
        ({"exp": "soon"}, "not numbers"),
    ],
)
def test_reasons_for_refusal(check: TokenCheck, change: dict[str, Any], reason: str) -> None:
    """RFC 8725, 3.8 to 3.9: issuer, subject and audience have to be validated; RFC 7519, 4.1.4: "the "exp" claim
    identifies the expiration time on or after which the JWT MUST NOT be accepted for processing"."""
    claims = {name: value for name, value in {**_CLAIMS, **change}.items() if value is not None}
    with pytest.raises(TokenError, match=reason):
        check.claims(signed(claims), _NOW * 1000)


def test_clocks_may_differ_a_little(check: TokenCheck) -> None:
    assert check.claims(signed({**_CLAIMS, "exp": _NOW - 29, "nbf": _NOW + 29}), _NOW * 1000)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        jwt.encode(_CLAIMS, "", "none"),
        jwt.encode(_CLAIMS, "a secret that is known to both of them", "HS256", headers={"kid": "EdDSA"}),
        jwt.encode(_CLAIMS, ed25519.Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "EdDSA"}),
        signed(_CLAIMS, kid="another"),
        signed(_CLAIMS, kid=None),
        signed(_CLAIMS)[:-4] + "AAAA",
    ],
)
def test_tokens_without_a_valid_signature(check: TokenCheck, token: str) -> None:
    """RFC 8725, 3.1: "Libraries MUST enable the caller to specify a supported set of algorithms and MUST NOT use any
    other algorithms when performing cryptographic operations"."""
    with pytest.raises(TokenError):
        check.claims(token, _NOW * 1000)


def test_a_key_set_is_fetched_again_for_an_unknown_key() -> None:
    sets = [[public("EdDSA", key_of("EdDSA"))], [public("ES256", key_of("ES256"))]]
    asked: list[str] = []

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"keys": sets[min(len(asked), len(sets)) - 1]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Provider) as provider:
        thread = Thread(target=provider.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        clock = [0.0]
        keys = _KeySet(f"http://127.0.0.1:{provider.server_port}/keys", lambda: clock[0])
        assert keys.find("EdDSA").key_id == "EdDSA"
        assert keys.find("EdDSA").key_id == "EdDSA"
        with pytest.raises(TokenError, match="unknown key"):
            keys.find("ES256")
        assert asked == ["/keys"], "an unknown key does not trigger a fetch"
        clock[0] = 61.0
        assert keys.find("ES256").key_id == "ES256"
        assert len(asked) == 2
        clock[0] = 4000.0
        keys.find("ES256")
        assert len(asked) == 3, "a withdrawn key expires"
        provider.shutdown()
        thread.join()
    clock[0] = 8000.0
    with pytest.raises(TokenError, match="can't be read"):
        keys.find("ES256")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]}', "null"])
def test_invalid_key_sets(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(TokenError):
        TokenCheck(TokenRules(_ISSUER, _AUDIENCE, str(file))).claims(signed(_CLAIMS), _NOW * 1000)


def test_errors_do_not_contain_the_token(check: TokenCheck) -> None:
    token = signed({**_CLAIMS, "aud": "wiki"})
    with pytest.raises(TokenError) as raised:
        check.claims(token, int(time.time() * 1000))
    assert token not in str(raised.value)
