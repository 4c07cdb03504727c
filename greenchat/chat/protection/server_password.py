"""The connection password: what everybody must give to come in, kept as it is or as a hash.

Only the first who gives the right one has to wait for the slow hash: its fingerprint is remembered after that.
"""

import hashlib
import hmac

from greenchat.values.passwords import is_hash


class ServerPassword:
    """Knows the right password once it was given.

    Reads: is_right. Changes: learn.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known = b""

    def is_right(self, given: str, wanted: str) -> bool | None:
        """Whether this is the password that is wanted; None where only `verify_password` can tell."""
        if not is_hash(wanted):
            return hmac.compare_digest(given.encode(), wanted.encode())
        return hmac.compare_digest(_fingerprint(given, wanted), self._known) or None

    def learn(self, given: str, wanted: str) -> None:
        """This is the right one, as long as that hash is wanted."""
        self._known = _fingerprint(given, wanted)


def _fingerprint(given: str, wanted: str) -> bytes:
    return hashlib.sha256(f"{wanted} {given}".encode()).digest()
