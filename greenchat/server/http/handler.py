"""HTTP/1.1 on one connection, by `gevent.pywsgi`, with stricter parsing and bounds."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import gevent
from gevent.hub import get_hub
from gevent.pywsgi import WSGIHandler, WSGISecureEnviron, headers_factory

from greenchat.protocol.http_head import LINE_END, HttpError, RequestHead, format_error, parse_head
from greenchat.server.http.wire import RequestReader, ResponseSocket
from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


_SECRET = re.compile(r"(/hooks/|\?)[^/?\s\"]+")  # secrets must not appear in a log


class _Log:
    """The log of requests, one line each."""

    def write(self, text: str) -> None:
        """Write one line."""
        log.debug("%s", _SECRET.sub(r"\1...", text.rstrip()))


@dataclass(slots=True)
class Gateway:
    """The server, as the handler sees it."""

    application: Application
    log: _Log = field(default_factory=_Log)
    error_log: _Log = field(default_factory=_Log)
    secure_environ_class: type = WSGISecureEnviron

    @property
    def loop(self) -> Any:
        """The loop of this thread."""
        return get_hub()

    def get_environ(self) -> dict[str, Any]:
        """Return the environment that every request starts from."""
        return {}


class Handler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """The requests of one connection, one after another.

    carrier: the connection.
    """

    def __init__(
        self,
        gateway: Gateway,
        carrier: Connection,
        reader: RequestReader,
        *,
        idle: float,
        timeout: float,
        waits: Callable[[bool, bool], None],
    ) -> None:
        """Make a handler. idle: seconds between two requests; timeout: for one.

        waits: called with whether it waits for a request, and whether nothing was received since the last answer.
        """
        super().__init__(ResponseSocket(carrier.sock), (carrier.session.host, 0), gateway, rfile=reader)
        self.carrier = carrier
        self.framing = 0  # of the WebSocket that it has become
        self._idle = idle
        self._timeout = timeout
        self._waits = waits
        self._error: HttpError | None = None
        self._head: RequestHead | None = None
        self._fields = b""
        self.MessageClass = self._read_fields  # instead of pywsgi's reading from the connection

    def read_requestline(self) -> str:
        """Return the next request's line, after reading and checking its head."""
        if self.rfile.unread:
            gevent.sleep(0)  # a client with many requests must not delay others
        self._waits(True, self._head is not None and not self.rfile.unread)
        try:
            data = self.rfile.head(self._idle, self._timeout)
            if not data:
                return ""
            self._head = parse_head(data)
        except HttpError as error:
            self._error = error
            return "-"  # for the log: pywsgi continues with read_request
        finally:
            self._waits(False, False)
        self._fields = data.partition(LINE_END)[2]
        head = self._head
        return f"{head.method} {head.target} HTTP/{head.version[0]}.{head.version[1]}"

    def read_request(self, raw_requestline: str) -> bool:
        """Prepare for the request of this head. Raises HttpError."""
        if self._error:
            raise self._error
        super().read_request(raw_requestline)
        head = self._head
        if head is None or not head.keeps:
            self.close_connection = True
        return True

    def _read_fields(self, *_: object) -> Any:
        return headers_factory(BytesIO(self._fields))

    def get_environ(self) -> dict[str, Any]:
        """Return pywsgi's environment with the parsed head."""
        environ: dict[str, Any] = super().get_environ()
        environ["greenchat.head"] = self._head
        environ["greenchat.handler"] = self
        return environ

    def give_up_body(self) -> None:
        """Stop reading: neither the rest of this request's body nor another request."""
        body = self.wsgi_input
        body.content_length = body.position
        body.chunked_input = False
        self.close_connection = True

    @property
    def body_is_over(self) -> bool:
        """Whether all of the request's body has been read."""
        body = self.wsgi_input
        if body.chunked_input:
            return bool(body.chunk_length == 0)
        return bool(body.position >= (body.content_length or 0))

    def _log_error(self, t: type, v: BaseException, tb: object) -> None:
        log.error("a request failed because of a bug", exc_info=v)

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        if not isinstance(ex, HttpError):
            log.debug("invalid request: %s", type(ex).__name__)
            ex = HttpError(400, "Wrong request")
        return str(ex.status), format_error(ex)
