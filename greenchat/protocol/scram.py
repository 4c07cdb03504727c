"""SCRAM-SHA-256: proves that both sides know a password without sending or storing it. RFC 5802 and RFC 7677.

The mechanisms with -PLUS also prove that both sides have the same TLS connection, without an attacker in between: their
channel bindings come from `server/net/tls`, as the type's name and its bytes.

A server stores a `Verifier` of a password; it checks SCRAM logins as well as passwords sent in the clear (SASL PLAIN,
NickServ). Both sides of the exchange are here, as steps from text to text. Nonces are arguments.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ITERATIONS = 64_000  # of PBKDF2 for new verifiers; RFC 7677 asks for 4096 at least
MOST_ITERATIONS = 2_000_000  # the most that a client computes for a server: some seconds
HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
"""The mechanisms, and their hashes as hashlib names them."""
PLUS = "-PLUS"
"""The suffix of mechanisms with channel binding."""
NO_BINDINGS: Mapping[str, bytes] = MappingProxyType({})
_MECHANISMS = {hash_name: mechanism for mechanism, hash_name in HASHES.items()}


class ScramError(ValueError):
    """A failed exchange; the text is the reason, for the log (never with a secret)."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The stored form of a password. salt and keys are bytes; iterations those of PBKDF2; hash_name: see HASHES."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes
    hash_name: str = "sha256"

    def __str__(self) -> str:
        """Return `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, the form that PostgreSQL stores too."""
        salt, stored, server = map(_encode, (self.salt, self.stored_key, self.server_key))
        return f"{_MECHANISMS[self.hash_name]}${self.iterations}:{salt}${stored}:{server}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Make a verifier from str()'s output. Raises ScramError."""
        try:
            mechanism, cost, keys = text.split("$")
            iterations, salt = cost.split(":")
            stored, server = keys.split(":")
            hash_name = HASHES[mechanism]
            return cls(_decode(salt), int(iterations), _decode(stored), _decode(server), hash_name)
        except (ValueError, KeyError) as error:
            raise ScramError("not a verifier") from error

    def matches(self, password: str) -> bool:
        """Whether this is the password. Slow on purpose: run it off the loop."""
        return hmac.compare_digest(
            make_verifier(password, self.salt, self.iterations, self.hash_name).stored_key, self.stored_key
        )


def make_verifier(password: str, salt: bytes, iterations: int = ITERATIONS, hash_name: str = "sha256") -> Verifier:
    """Derive the verifier of a password. Slow on purpose: run it in a thread."""
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    server_key = hmac.digest(salted, b"Server Key", hash_name)
    return Verifier(salt, iterations, hashlib.new(hash_name, client_key).digest(), server_key, hash_name)


class ServerExchange:
    """The server's side: `first` answers the client's first message, `final` its second.

    verifier: for checking the client's proof, set by `first`.
    """

    __slots__ = ("_auth", "_binding", "_nonce", "authorization", "username", "verifier")

    def __init__(
        self, client_first: str, nonce: str, bindings: Mapping[str, bytes] = NO_BINDINGS, *, plus: bool = False
    ) -> None:
        """Read the client's first message; `username` is then known. Raises ScramError.

        bindings: the connection's channel bindings, type -> data (RFC 5929, RFC 9266). plus: whether the chosen
        mechanism has channel binding.
        """
        header, comma, rest = client_first.partition(",")
        authorization, comma2, bare = rest.partition(",")
        may_begin = [f"p={kind}" for kind in bindings] if plus else ["n", "y"]
        if not (comma and comma2) or header not in may_begin:
            raise ScramError("the client wants another channel binding, or is not speaking SCRAM")
        if header == "y" and bindings:
            # "If the flag is set to "y" and the server supports channel binding, the server MUST fail authentication":
            # an attacker in between has removed the mechanisms with -PLUS from the list
            raise ScramError("the client was not told of channel binding")
        fields = _fields(bare)
        if "m" in fields:
            raise ScramError("the client wants an extension")
        data = bindings[header.removeprefix("p=")] if plus else b""
        self._binding = _encode(f"{header},{authorization},".encode() + data)
        self.authorization = _unquote(authorization.removeprefix("a="))
        self.username = _unquote(_need(fields, "n"))
        self._nonce = _need(fields, "r") + nonce
        self._auth = bare
        self.verifier: Verifier | None = None

    def first(self, verifier: Verifier) -> str:
        """Return the server's first message, for the verifier of `username`, or a fake one if there is no such user."""
        self.verifier = verifier
        message = f"r={self._nonce},s={_encode(verifier.salt)},i={verifier.iterations}"
        self._auth += "," + message
        return message

    def final(self, client_final: str) -> str:
        """Return the server's last message, if the client has proved that it knows the password. Raises ScramError."""
        verifier = self.verifier
        if verifier is None:
            raise ScramError("out of step")
        without_proof, _, proof_text = client_final.rpartition(",p=")
        fields = _fields(without_proof)
        if not hmac.compare_digest(_need(fields, "c").encode(), self._binding.encode()):
            raise ScramError("the channel binding does not match")
        if not hmac.compare_digest(_need(fields, "r").encode(), self._nonce.encode()):
            raise ScramError("the nonce does not match")
        proof = _decode(proof_text)
        auth = (self._auth + "," + without_proof).encode()
        signature = hmac.digest(verifier.stored_key, auth, verifier.hash_name)
        if len(proof) != len(signature):
            raise ScramError("wrong password")
        client_key = _xor(proof, signature)
        if not hmac.compare_digest(hashlib.new(verifier.hash_name, client_key).digest(), verifier.stored_key):
            raise ScramError("wrong password")
        return "v=" + _encode(hmac.digest(verifier.server_key, auth, verifier.hash_name))


class ClientExchange:
    """The client's side: `first`, then `final` with the server's first message, then `check` with its last."""

    __slots__ = ("_bare", "_binding", "_hash", "_header", "_nonce", "_password", "_server_signature")

    def __init__(
        self,
        username: str,
        password: str,
        nonce: str,
        hash_name: str = "sha256",
        binding: tuple[str, bytes] | None = None,
    ) -> None:
        """Begin as this user. binding: type and data, for mechanisms with channel binding."""
        self._hash = hash_name
        self._header = f"p={binding[0]},," if binding else "n,,"
        self._binding = binding[1] if binding else b""
        self._bare = f"n={_quote(username)},r={nonce}"
        self._nonce = nonce
        self._password = password
        self._server_signature = b""

    def first(self) -> str:
        """Return the client's first message."""
        return self._header + self._bare

    def final(self, server_first: str) -> str:
        """Return the client's second message. Raises ScramError if the server's is invalid."""
        fields = _fields(server_first)
        nonce = _need(fields, "r")
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ScramError("the server's nonce does not continue ours")
        cost = _need(fields, "i")
        if not (cost.isascii() and cost.isdigit() and 4096 <= int(cost[:9]) <= MOST_ITERATIONS):
            raise ScramError("the server asks for too little or too much work")
        salted = hashlib.pbkdf2_hmac(self._hash, self._password.encode(), _decode(_need(fields, "s")), int(cost))
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        without_proof = f"c={_encode(self._header.encode() + self._binding)},r={nonce}"
        auth = f"{self._bare},{server_first},{without_proof}".encode()
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", self._hash), auth, self._hash)
        proof = _xor(client_key, hmac.digest(hashlib.new(self._hash, client_key).digest(), auth, self._hash))
        return f"{without_proof},p={_encode(proof)}"

    def check(self, server_final: str) -> None:
        """Check the server's last message. Raises ScramError unless the server knows the password's verifier too."""
        signature = _decode(_need(_fields(server_final), "v"))
        if not self._server_signature or not hmac.compare_digest(signature, self._server_signature):
            raise ScramError("the server does not know this account's password: it is not what it seems")


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in text.split(","):
        name, equals, value = field.partition("=")
        if not equals or len(name) != 1:
            raise ScramError("malformed message")
        fields.setdefault(name, value)
    return fields


def _need(fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise ScramError(f"the attribute {name} is missing")
    return fields[name]


def _quote(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")


def _unquote(name: str) -> str:
    return name.replace("=2C", ",").replace("=3D", "=")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScramError("not base64") from error


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
