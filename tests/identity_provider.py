"""An identity provider for tests: it signs tokens, and its keys are in a file."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from greenchat.config.bearer import Bearer

ISSUER, AUDIENCE = "https://id.example.org", "chat"


class Provider:
    """Makes tokens. keys: the file with its key set."""

    def __init__(self, folder: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        public = jwt.get_algorithm_by_name("EdDSA").to_jwk(self._key.public_key(), as_dict=True)
        self.keys = folder / "keys.json"
        self.keys.write_text(json.dumps({"keys": [{**public, "kid": "1", "alg": "EdDSA"}]}))

    def settings(self, **changes: Any) -> Bearer:
        """Return the settings of a server that trusts it."""
        return Bearer(**{"issuer": ISSUER, "audience": AUDIENCE, "keys": str(self.keys), **changes})

    def token(self, subject: str, name: str, **changes: Any) -> str:
        """Return a token that is valid for a minute. changes: of its claims."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "exp": int(time.time()) + 60,
            "preferred_username": name,
            **changes,
        }
        return jwt.encode(claims, self._key, "EdDSA", headers={"kid": "1"})
