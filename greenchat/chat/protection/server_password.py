"""The connection password, configured as plain text or as a hash.

Only the first client with the right password waits for the slow hash: afterwards its fingerprint is remembered.
"""

import hashlib
import hmac

from greenchat.values.passwords import is_hash


class ServerPassword:
    """Remembers the right password after its first use.

    Reads: is_right. Changes: learn.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known = b""

    def is_right(self, given: str, wanted: str) -> bool | None:
        """Whether this is the wanted password; None if only `verify_password` can tell."""
        if not is_hash(wanted):
            return hmac.compare_digest(given.encode(), wanted.encode())
        return hmac.compare_digest(_fingerprint(given, wanted), self._known) or None

    def learn(self, given: str, wanted: str) -> None:
        """Remember the right password for as long as this hash is configured."""
        self._known = _fingerprint(given, wanted)


def _fingerprint(given: str, wanted: str) -> bytes:
    return hashlib.sha256(f"{wanted} {given}".encode()).digest()
