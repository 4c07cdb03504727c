"""SASL over IRC: responses in base64, cut into chunks of 400 bytes, and the mechanisms that have a single message.

https://ircv3.net/specs/extensions/sasl-3.1
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from greenchat.protocol.scram import ServerExchange

CHUNK = 400  # bytes of base64 in one AUTHENTICATE; a chunk of exactly this length is followed by another
MOST = 16 * 1024  # bytes of base64 in one response


class SaslError(ValueError):
    """The client's response is invalid for this mechanism."""


class SaslTooLongError(SaslError):
    """An AUTHENTICATE parameter has more than 400 bytes."""


def chunks(data: bytes) -> Iterator[str]:
    """Return the parameters of the AUTHENTICATE commands that send this response."""
    text = base64.b64encode(data).decode()
    for start in range(0, len(text), CHUNK):
        yield text[start : start + CHUNK]
    if len(text) % CHUNK == 0:
        yield "+"


class Collector:
    """Joins the chunks of a response."""

    __slots__ = ("_text",)

    def __init__(self) -> None:
        self._text = ""

    def feed(self, chunk: str) -> bytes | None:
        """Return the response after its last chunk. Raises SaslError if it is too long or not base64."""
        if len(chunk) > CHUNK:
            raise SaslTooLongError("a chunk of the response is too long")
        if len(self._text) + len(chunk) > MOST:
            raise SaslError("the response is too long")
        if chunk != "+":
            self._text += chunk
            if len(chunk) == CHUNK:
                return None
        text, self._text = self._text, ""
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SaslError("the response is not base64") from error


def parse_plain(response: bytes) -> tuple[str, str, str]:
    """Return (authorization identity, account, password) of PLAIN, RFC 4616. Raises SaslError."""
    try:
        parts = response.decode().split("\0")
    except UnicodeDecodeError as error:
        raise SaslError("the response is not UTF-8") from error
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise SaslError("the response is not authzid NUL authcid NUL password")
    return parts[0], parts[1], parts[2]


def parse_bearer(response: bytes) -> tuple[str, str]:
    """Return (authorization identity, token) of IRCV3BEARER: https://github.com/ircv3/ircv3-specifications/pull/545.

    Raises SaslError, also for other kinds of token than JSON Web Tokens.
    """
    authorization, kind, token = _texts(response, "\0", 3)
    if kind != "jwt" or not token:
        raise SaslError(f"this kind of token is not known: {kind[:50]!r}")
    return authorization, token


def parse_oauth_bearer(response: bytes) -> tuple[str, str]:
    """Return (authorization identity, token) of OAUTHBEARER, RFC 7628, section 3.1. Raises SaslError."""
    header, *pairs, last, end = _texts(response, "\x01")
    flag, _, authorization = header.removesuffix(",").partition(",")
    if flag not in ("n", "y") or last or end or not header.endswith(","):
        raise SaslError("the response is not a GS2 header and pairs of key and value")
    auth = dict(pair.partition("=")[::2] for pair in pairs).get("auth", "")
    scheme, _, token = auth.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SaslError("there is no bearer token in the response")
    return authorization.removeprefix("a=").replace("=2C", ",").replace("=3D", "="), token.strip()


def _texts(response: bytes, separator: str, count: int = 0) -> list[str]:
    """Return `count` texts (0: three at least). Raises SaslError unless the response is UTF-8 and has them."""
    try:
        parts = response.decode().split(separator)
    except UnicodeDecodeError as error:
        raise SaslError("the response is not UTF-8") from error
    if len(parts) < 3 or (count and len(parts) != count):
        raise SaslError("the response has too few or too many parts")
    return parts


def format_plain(account: str, password: str) -> bytes:
    """Return the response of PLAIN."""
    return f"\0{account}\0{password}".encode()


@dataclass(slots=True)
class Exchange:
    """An attempt to log in, in progress.

    mechanism: in upper case. scram: set by the client's first message. proved: whether the client has proved that it
    knows the password, and only has to acknowledge our proof.
    refused: whether the client has got the error of its token, and only has to acknowledge that.
    """

    mechanism: str
    collector: Collector = field(default_factory=Collector)
    scram: ServerExchange | None = None
    proved: bool = False
    refused: bool = False
