"""A request as the functions that answer it see it, and the response."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote_to_bytes

from greenchat.protocol.http_head import HttpError, RequestHead
from greenchat.server.http.origins import is_own
from greenchat.server.net.connection import Connection

_JSON_LIMIT = 64 * 1024  # bytes
_STEP = 64 * 1024  # bytes

SECURITY = (
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
NOT_KEPT = ("Cache-Control", "no-store")


class Body(Protocol):
    """The body of a request, after the head."""

    def read(self, length: int | None = None) -> bytes:
        """Return at most `length` bytes; b"" at the end. Raises OSError and HttpError."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request.

    path: below the base path, decoded, without a / at its beginning. address: the IP address of the client.

    secure: whether TLS was used, here or at a proxy. base: the base path, with a / at both ends. origins: other trusted
    sites. extend: allows so many more seconds for the rest of the request.
    """

    head: RequestHead
    path: str
    query: Mapping[str, str]
    body: Body
    connection: Connection
    address: str
    secure: bool
    base: str
    origins: tuple[str, ...] = ()
    extend: Callable[[float], None] = lambda seconds: None

    @property
    def method(self) -> str:
        """Return the method; GET also for HEAD, so that handlers need not distinguish them."""
        return "GET" if self.head.method == "HEAD" else self.head.method

    def require_own_page(self) -> None:
        """Check that no other site's page sent it. Raises HttpError."""
        if not is_own(self.head, self.origins):
            raise HttpError(403, "Requests from other sites are refused")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name; of several with one name the first."""
        cookies: dict[str, str] = {}
        for name, value in self.head.fields:
            if name == "cookie":
                for each in value.split(";"):
                    key, equals, text = each.strip().partition("=")
                    if equals:
                        cookies.setdefault(key, text)
        return cookies

    def read(self, limit: int) -> bytes:
        """Return the whole body. Raises HttpError if it is longer than the limit."""
        if self.head.length is not None and self.head.length > limit:
            raise HttpError(413, f"At most {limit} bytes")
        pieces: list[bytes] = []
        size = 0
        while piece := self.body.read(_STEP):
            size += len(piece)
            if size > limit:
                raise HttpError(413, f"At most {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def json(self, limit: int = _JSON_LIMIT) -> dict[str, Any]:
        """Return the body, a JSON object, without its fields that are null: these are not given. Raises HttpError."""
        if self.head.get("content-type").partition(";")[0].strip().lower() != "application/json":
            raise HttpError(415, "The content type must be application/json")
        try:
            value = json.loads(self.read(limit))
        except (ValueError, RecursionError) as error:
            raise HttpError(400, "The body is not JSON") from error
        if not isinstance(value, dict):
            raise HttpError(400, "The body must be a JSON object")
        return {name: each for name, each in value.items() if each is not None}


@dataclass(slots=True)
class Response:
    """An HTTP response. body: sent unchanged, or in pieces of unknown total size.

    framing: for a connection that becomes a WebSocket, its bit of `protocol.caps`.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    type: str = "text/plain; charset=utf-8"
    fields: list[tuple[str, str]] = field(default_factory=list)
    framing: int = 0

    @property
    def line(self) -> str:
        """The status line: status and phrase."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def json_response(value: object, status: int = 200) -> Response:
    """Return a JSON response that must not be cached."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return Response(status, body, "application/json", [NOT_KEPT])


def error_response(error: HttpError) -> Response:
    """Return the response for an error."""
    return Response(error.status, f"{error}\n".encode(), fields=[NOT_KEPT, *error.fields.items()])


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """Split a target into its decoded path and its query. Raises HttpError."""
    path, _, query = target.partition("?")
    try:
        decoded = unquote_to_bytes(path).decode()
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise HttpError(400, "The target is not valid UTF-8") from error
    return decoded, dict(reversed(fields))
