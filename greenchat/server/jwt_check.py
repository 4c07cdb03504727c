"""Check JSON Web Tokens of an identity provider with the keys that it publishes.

It is used for all such tokens: SASL (OAUTHBEARER and IRCV3BEARER, by `server.bearer`) and the sign-in of the web page
(OpenID Connect: an ID token is such a token). Use `TokenCheck(rules).claims(token, now)`. The keys may have to be
fetched: call it from a thread.

RFC 7519 (JWT), RFC 7517 (key sets), RFC 8725 (which algorithms may sign is fixed here and not read from the token, and
issuer, audience and expiry must be there). Needs PyJWT, which is an extra: import this module late.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any

import jwt

from greenchat.server.fetch import fetch

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The public-key algorithms: with a shared secret, anyone who can check a token could also make one."""

_LEEWAY = 30  # seconds by which two clocks may differ
_TIMEOUT = 10.0  # seconds for the provider to answer
_MOST_BYTES = 1_000_000  # of a key set
_LASTING = 3600.0  # seconds after which keys are fetched again
_PAUSE = 60.0  # seconds between two fetches because of an unknown key


class TokenError(ValueError):
    """An invalid token, or one that can't be checked; the text says why, without the token."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules for tokens.

    issuer: the required issuer. audience: the required audience. keys: the provider's key set, a URL or the path of a
    file.
    """

    issuer: str
    audience: str
    keys: str


class TokenCheck:
    """Checks tokens by these rules. Thread-safe."""

    def __init__(self, rules: TokenRules) -> None:
        self.rules = rules
        self._keys = _KeySet(rules.keys)

    def claims(self, token: str, now: int) -> Mapping[str, Any]:
        """Return the claims of a token: "sub" and so on. now: ms since the epoch. Raises TokenError."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._keys.find(key_id),
                algorithms=list(ALGORITHMS),
                audience=self.rules.audience,
                issuer=self.rules.issuer,
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "verify_exp": False,  # by our clock, below
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise TokenError(str(error) or type(error).__name__) from error
        _check_times(claims, now // 1000)
        return claims


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    """Check that the token is valid now (seconds since the epoch). Raises TokenError."""
    expires, begins = claims["exp"], claims.get("nbf", 0)
    if not all(isinstance(time, int | float) for time in (expires, begins)):
        raise TokenError("its times are not numbers")
    if now >= expires + _LEEWAY:
        raise TokenError("it has expired")
    if now < begins - _LEEWAY:
        raise TokenError("it is not valid yet")


class _KeySet:
    """The keys of a provider, read when they are first needed. source: a URL or the path of a file."""

    def __init__(self, source: str, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: list[jwt.PyJWK] = []
        self._read_at = float("-inf")

    def find(self, key_id: str | None) -> jwt.PyJWK:
        """Return the key with this id, or the only one. If it is unknown fetch the keys again: providers change them.

        Raises TokenError.
        """
        with self._lock:
            age = self._clock() - self._read_at
            key = self._among_known(key_id)
            if age > _LASTING or (key is None and age > _PAUSE):
                self._read_at = self._clock()
                self._keys = self._read()
                key = self._among_known(key_id)
        if key is None:
            raise TokenError("it is signed with an unknown key")
        return key

    def _among_known(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    def _read(self) -> list[jwt.PyJWK]:
        try:
            document = json.loads(self._fetch())
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (OSError, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
            raise TokenError(f"the keys of the provider can't be read from {self._source}: {error}") from error
        return [key for key in keys if key.public_key_use in (None, "sig") and key.algorithm_name in ALGORITHMS]

    def _fetch(self) -> bytes:
        if not self._source.startswith(("https://", "http://")):
            return Path(self._source).read_bytes()
        status, data = fetch(self._source, timeout=_TIMEOUT, most=_MOST_BYTES)
        if status != HTTPStatus.OK:
            raise OSError(f"it answers {status}")
        return data
