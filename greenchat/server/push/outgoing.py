"""HTTP requests by the server to URLs that users give: never to this machine or its networks.

Before each request the host name is resolved and all its addresses are checked; the connection uses a checked address,
so that a second look-up can't change it. Redirects are not followed. All functions block, until the deadline at most:
run them in a thread.
"""

import re
import socket
import ssl
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from greenchat.protocol.http_head import LINE_END, format_post, parse_status
from greenchat.server.urls import own_addresses
from greenchat.values.addresses import IpNetwork, is_public, is_within

_MOST = 4096  # bytes of an answer that are read
_LOOKUPS = BoundedSemaphore(32)  # simultaneous look-ups, including abandoned ones


class OutgoingError(Exception):
    """A request could not be made, or was not answered; the text says why."""


def post(
    url: str,
    body: bytes,
    fields: Mapping[str, str],
    *,
    trust: ssl.SSLContext,
    allowed: tuple[IpNetwork, ...] = (),
    timeout: float,
) -> int:
    """Post a body, and return the status of the answer.

    fields: further header fields. allowed: private networks that are allowed. timeout: seconds for the whole request.
    Raises OutgoingError.
    """
    deadline = monotonic() + timeout
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise OutgoingError("it is not a URL") from error
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in ("https", "http") or not host or not re.fullmatch(r"[!-~]+", target):
        raise OutgoingError("it is not an https URL")
    request = format_post(target, parts.netloc.rpartition("@")[2], fields, body)
    try:
        sock = _connect(host, port, allowed, deadline)
        with sock:
            sock.settimeout(_left(deadline))
            stream = trust.wrap_socket(sock, server_hostname=host) if parts.scheme == "https" else sock
            with stream:
                stream.settimeout(_left(deadline))
                stream.sendall(request)
                return _status(stream, deadline)
    except ssl.SSLCertVerificationError as error:
        raise OutgoingError(f"its certificate is not trusted: {error.verify_message}") from error
    except (OSError, UnicodeError) as error:
        raise OutgoingError(str(error) or type(error).__name__) from error


def _connect(host: str, port: int, allowed: tuple[IpNetwork, ...], deadline: float) -> socket.socket:
    """Connect to the host. Raises OSError and OutgoingError."""
    addresses = _look_up(host, port, deadline)
    own = own_addresses()
    for *_, address in addresses:
        host_address = str(address[0])
        if not is_within(host_address, allowed) and (not is_public(host_address) or host_address in own):
            raise OutgoingError("its address is not public")
    family, kind, protocol, _, address = addresses[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(_left(deadline))
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _look_up(host: str, port: int, deadline: float) -> list[Any]:
    """Return the addresses of a name, like getaddrinfo, which has no timeout and so runs in a separate thread.

    Raises OSError.
    """
    lookups = _LOOKUPS
    results: SimpleQueue[list[Any] | OSError | UnicodeError] = SimpleQueue()

    def look_up() -> None:
        try:
            results.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            results.put(error)
        finally:
            lookups.release()

    if not lookups.acquire(timeout=_left(deadline)):
        raise TimeoutError("too many names are being looked up")
    Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        result = results.get(timeout=_left(deadline))
    except Empty:
        raise TimeoutError("its name takes too long to look up") from None
    if isinstance(result, OSError | UnicodeError):
        raise result
    return result


def _status(stream: socket.socket, deadline: float) -> int:
    """Return the status of the answer. Raises OSError and OutgoingError."""
    data = b""
    while LINE_END not in data and len(data) < _MOST:
        stream.settimeout(_left(deadline))
        more = stream.recv(_MOST)
        if not more:
            break
        data += more
    status = parse_status(data)
    if not status:
        raise OutgoingError("the answer is not HTTP")
    return status


def _left(deadline: float) -> float:
    """Return the seconds until the deadline. Raises TimeoutError."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("it takes too long")
    return left
