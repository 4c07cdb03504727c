"""The head of an HTTP/1.1 request, parsed strictly: ambiguous requests are refused.

https://www.rfc-editor.org/rfc/rfc9112. If a proxy and the server disagree about where a request ends, a request can be
smuggled; so a line ends in CR LF and nothing else, a length is given once, and never together with chunked coding.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

HEAD_LIMIT = 16 * 1024  # bytes of request line and fields
LINE_END = b"\r\n"
HEAD_END = b"\r\n\r\n"
_LINE_LIMIT = 8 * 1024  # bytes of the request line
_MOST_FIELDS = 100
_MOST_DIGITS = 15  # of a length

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rf"({_NAME}) (\S+) HTTP/([0-9])\.([0-9])")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_FIELD = re.compile(rf"({_NAME}):[ \t]*(.*?)[ \t]*", re.DOTALL)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_PATH = re.compile(r"/[\x21\x22\x24-\x7e]*")  # everything visible but #
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])


class HttpError(Exception):
    """A request that is refused: `status` is that of the response, the text says why."""

    def __init__(self, status: int, reason: str, **fields: str) -> None:
        """Make an error. fields: further fields of the response, with _ for -."""
        super().__init__(reason)
        self.status = status
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}


class RequestHead(NamedTuple):
    """A request without its body.

    target: path and query, which begins with a /, or *. fields: names in lower case, in their order. length: of the
    body in bytes, None if it is chunked. keeps: whether the connection is kept open.
    """

    method: str
    target: str
    version: tuple[int, int]
    fields: tuple[tuple[str, str], ...]
    length: int | None
    keeps: bool

    def get(self, name: str) -> str:
        """Return the value of a field, "" without one; several are joined by commas."""
        return ", ".join(value for field, value in self.fields if field == name)

    @property
    def host(self) -> str:
        """The host that the request was sent to: a name or an address, and perhaps a port."""
        return self.get("host")


def parse_head(data: bytes) -> RequestHead:
    """Parse a complete head, with the empty line at its end. Raises HttpError."""
    lines = data.removesuffix(HEAD_END).decode("latin-1").split("\r\n")
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise HttpError(400, "A line of a request ends in CR LF")
    method, target, version = _request_line(lines[0])
    fields = tuple(map(_field, lines[1:]))
    if len(fields) > _MOST_FIELDS:
        raise HttpError(431, f"At most {_MOST_FIELDS} fields")
    names = [name for name, _ in fields]
    _check_host(fields, names, version)
    if target.startswith("/") or target == "*":
        pass
    elif match := _ABSOLUTE.fullmatch(target):
        # "a server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only send the
        # absolute-form in requests to a proxy": section 3.2.2
        target = match[2] if match[2].startswith("/") else "/" + match[2]
        if not _HOST.fullmatch(match[1]):
            raise HttpError(400, "Wrong host")
    else:
        raise HttpError(400, "Wrong target")
    if (target == "*" and method != "OPTIONS") or (target != "*" and not _PATH.fullmatch(target)):
        raise HttpError(400, "Wrong target")
    head = RequestHead(method, target, version, fields, 0, True)
    options = {option.strip().lower() for option in head.get("connection").split(",")}
    keeps = "close" not in options if version >= (1, 1) else False
    if head.get("expect") and head.get("expect").lower() != "100-continue":
        raise HttpError(417, "Only 100-continue can be expected")
    return head._replace(length=_length(head), keeps=keeps)


def format_error(error: HttpError) -> bytes:
    """Return a complete response with the error, after which the connection is closed."""
    text = f"{error}\n".encode()
    fields = "".join(f"{name}: {value}\r\n" for name, value in error.fields.items())
    head = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(text)}\r\n{fields}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + text


def format_post(target: str, host: str, fields: Mapping[str, str], body: bytes) -> bytes:
    """Return a complete POST request that closes the connection after the answer."""
    given = {"Host": host, "Content-Length": str(len(body)), "Connection": "close", **fields}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"POST {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def parse_status(data: bytes) -> int:
    """Return the status of an answer, 0 if it does not begin as HTTP/1.1 does."""
    match = _STATUS_LINE.match(data)
    return int(match[1]) if match else 0


def _request_line(line: str) -> tuple[str, str, tuple[int, int]]:
    if len(line) > _LINE_LIMIT:
        raise HttpError(414, f"A request line has at most {_LINE_LIMIT} bytes")
    match = _REQUEST_LINE.fullmatch(line)
    if not match:
        raise HttpError(400, "Wrong request line")
    version = int(match[3]), int(match[4])
    if version[0] != 1:
        raise HttpError(505, "This server speaks HTTP/1.1")
    if match[1] not in _METHODS:
        raise HttpError(501, "No such method")
    return match[1], match[2], version


def _field(line: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    # a space before the colon, and line folding, are used for smuggling: sections 5.1 and 5.2
    if not match or not _VALUE.fullmatch(match[2]):
        raise HttpError(400, "Wrong field")
    return match[1].lower(), match[2]


def _check_host(fields: tuple[tuple[str, str], ...], names: list[str], version: tuple[int, int]) -> None:
    # "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host
    # header field and to any request message that contains more than one Host header field line or a Host header
    # field with an invalid field value.": section 3.2
    count = names.count("host")
    if count > 1 or (count == 0 and version >= (1, 1)):
        raise HttpError(400, "A request names one host")
    if count and not _HOST.fullmatch(fields[names.index("host")][1]):
        raise HttpError(400, "Wrong host")


def _length(head: RequestHead) -> int | None:
    lengths = [value for name, value in head.fields if name == "content-length"]
    codings = [value for name, value in head.fields if name == "transfer-encoding"]
    if codings:
        if lengths:
            raise HttpError(400, "Content-Length and Transfer-Encoding exclude each other")
        if codings != ["chunked"] or head.version < (1, 1):
            raise HttpError(501, "The only supported Transfer-Encoding is chunked, in HTTP/1.1")
        return None
    if len(lengths) > 1 or (lengths and not re.fullmatch(rf"[0-9]{{1,{_MOST_DIGITS}}}", lengths[0])):
        raise HttpError(400, "Wrong length")
    return int(lengths[0]) if lengths else 0
