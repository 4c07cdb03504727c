"""Serves the HTTP requests of a connection, and hands it on when it becomes a WebSocket."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from greenchat.chat.network import Network
from greenchat.chat.user import Session
from greenchat.commands.accounts.tokens import find_token
from greenchat.config.options import Options
from greenchat.config.web import Web
from greenchat.protocol import first_bytes
from greenchat.protocol.http_head import HttpError, RequestHead
from greenchat.server.http import websocket
from greenchat.server.http.acme import Acme
from greenchat.server.http.api import Api
from greenchat.server.http.command_runner import context_of
from greenchat.server.http.handler import Gateway, Handler
from greenchat.server.http.hooks import HookService
from greenchat.server.http.limits import RequestLimits, UnfinishedRequests
from greenchat.server.http.origins import client_address, is_forwarded_securely
from greenchat.server.http.outboxes import Ending, HttpOutbox, WebSocketOutbox
from greenchat.server.http.pages import Pages
from greenchat.server.http.request import SECURITY, Request, Response, error_response, split_target
from greenchat.server.http.routes import Routes
from greenchat.server.http.session_cookie import SessionCookies, cookie_hash
from greenchat.server.http.websocket import WebSocketStream
from greenchat.server.http.wire import RequestReader, end
from greenchat.server.net.admission import Admission
from greenchat.server.net.blocklists import Listing
from greenchat.server.net.connection import Connection, ProtocolRow
from greenchat.server.net.connection_limits import RefusedError
from greenchat.server.net.detect import NO_HTTP
from greenchat.server.net.irc import IrcClient
from greenchat.server.net.meter import Meter
from greenchat.server.net.refusals import as_http
from greenchat.values.addresses import is_within

_BODILESS = {101, 204, 304}


class BlocklistLookup(Protocol):
    """The lists that say whether an address is let in: see `server.blocklist_gate`."""

    def look_up(self, host: str) -> Listing | None:
        """Return the listing of an IP address, None if it has none. Waits for the answer."""

    def refuses(self, listing: Listing | None) -> bool:
        """Whether a client from there is refused."""

    def mark(self, session: Session, listing: Listing | None) -> None:
        """Require an account of a session from a listed address, if the options say so."""


class HttpClientsParts(Protocol):
    """The parts of `Clients` that HTTP uses."""

    admission: Admission
    connections: dict[Connection, None]
    meter: Meter

    @property
    def blocklists(self) -> BlocklistLookup:
        """Return the blocklist look-up."""


class HttpServerParts(Protocol):
    """The parts of the server that HTTP uses."""

    network: Network
    options: Options

    @property
    def clients(self) -> HttpClientsParts:
        """All clients."""


class HttpService:
    """Everything served by HTTP. `row` is its entry in the table of protocols."""

    def __init__(self, server: HttpServerParts) -> None:
        self._server = server
        self._gateway = Gateway(self._application)
        self._limits = RequestLimits()
        self._hooks = HookService(lambda: server.options.web)
        self._api = Api(lambda: server.options.web)
        self.unfinished = UnfinishedRequests()
        self.ending = Ending()
        self.routes = Routes()
        self.routes.add("ws", GET=self._upgrade)
        self.closers: list[Callable[[], object]] = []
        """Functions that wait for work in progress, called when the server ends."""
        self.row = ProtocolRow(first_bytes.HTTP, self._serve)

    def complete(self) -> None:
        """Add the rows of the page, after those of all other parts."""
        SessionCookies().add_to(self.routes)
        Acme(lambda: self._server.options.web).add_to(self.routes)
        self._hooks.add_to(self.routes)
        self._api.add_to(self.routes)
        Pages(self._server.network, lambda: self._server.options.web).add_to(self.routes)

    def close(self) -> None:
        """Wait until requests that have started have ended."""
        for close in self.closers:
            close()

    def make_room(self) -> bool:
        """End a connection that is idle between two requests, if there is one."""
        return self.unfinished.cut_idle()

    def forget_old(self) -> None:
        """Drop the counts of disconnected clients."""
        self._limits.forget_old(_now())
        self._hooks.limits.forget_old(_now())
        self._api.limits.forget_old(_now())

    def _serve(self, connection: Connection, data: bytes | None) -> bytes | None:
        web = self._server.options.web
        if not web.enabled or connection.listener.kind == "irc" or not first_bytes.is_request(data or b""):
            return NO_HTTP.serve(connection, data)
        # Release the objects of a handshake, some KiB, for the life of the WebSocket.
        framing, rest = self._answer_requests(connection, data or b"")
        if framing:
            IrcClient(connection).serve(self._upgrade_to(connection, framing, rest))
        elif not connection.outbox.cut_reason:
            connection.session.closing = connection.session.closing or "HTTP"
            connection.outbox.send_queues.closing(connection.outbox)
            with suppress(OSError):
                end(connection.sock)
                connection.discard()
        return b""

    def _answer_requests(self, connection: Connection, data: bytes) -> tuple[int, bytes]:
        connection.patience = float("inf")  # each request has its own deadlines
        before = connection.outbox
        outbox = HttpOutbox(before.dirty, before.sock, before.limit, before.send_queues)
        connection.outbox = connection.session.outbox = outbox
        return self._answer_all(connection, RequestReader(connection.read, data), self._server.options.web)

    def _answer_all(self, connection: Connection, reader: RequestReader, web: Web) -> tuple[int, bytes]:
        """Answer requests until the end; return the framing of a WebSocket, 0 if there is none, and its data."""
        handler = Handler(
            self._gateway,
            connection,
            reader,
            idle=web.idle,
            timeout=web.timeout,
            waits=lambda waits, is_idle: self._note(connection, waits, is_idle),
        )
        try:
            handler.handle()
        except OSError:
            connection.outbox.cut("Connection closed")
        finally:
            self.unfinished.remove(connection)
        framing = handler.framing
        handler.__dict__.clear()  # its own environment refers to it: it would wait for the garbage collector
        return framing, reader.unread

    def _note(self, connection: Connection, waits: bool, is_idle: bool) -> None:
        if not waits:
            self.unfinished.remove(connection)
            return
        options = self._server.options
        limits = options.connections
        is_one = not connection.forwarders and not is_within(connection.session.host, limits.exempt)
        share = limits.per_address if is_one else 0
        self.unfinished.add(connection, options.web.unfinished, share, is_idle=is_idle)

    def _application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        handler: Handler = environ["greenchat.handler"]
        head: RequestHead = environ["greenchat.head"]
        try:
            response = self.routes.answer(self._request(handler, head, environ["wsgi.input"]))
        except HttpError as error:
            response = error_response(error)
        if response.framing:
            handler.framing = response.framing
            handler.close_connection = True
        elif not handler.body_is_over:
            handler.give_up_body()
        fields = [*_replaced(SECURITY, response.fields), *response.fields]
        if response.status not in _BODILESS:
            fields.append(("Content-Type", response.type))
            if isinstance(response.body, bytes):
                fields.append(("Content-Length", str(len(response.body))))
        if handler.close_connection and response.status != 101:
            fields.append(("Connection", "close"))
        start_response(response.line, fields)
        if response.status == 101:
            return iter(())
        if response.status in _BODILESS or head.method == "HEAD":
            return []
        return [response.body] if isinstance(response.body, bytes) else response.body

    def _request(self, handler: Handler, head: RequestHead, body: Any) -> Request:
        """Make a request of an environment. Raises HttpError."""
        options = self._server.options
        connection = handler.carrier
        address = client_address(head, connection.session.host, connection.forwarders)
        self._limits.count(address, _now(), options.web, options.connections.exempt)
        if not connection.forwarders:
            self._server.clients.admission.set_apart(connection.session, options.connections)
        secure = connection.session.secure
        if connection.forwarders:
            secure = is_forwarded_securely(head)
        path, query = split_target(head.target)
        base = options.web.base
        if head.target == "*":
            path = base
        if not path.startswith(base):
            if path + "/" == base:
                raise HttpError(308, f"It is at {base}", Location=base)
            raise HttpError(404, f"There is nothing here; the page is at {base}")
        return Request(
            head,
            path[len(base) :],
            query,
            body,
            connection,
            address,
            secure,
            base,
            options.web.origins,
            handler.rfile.extend,
        )

    def _upgrade(self, request: Request) -> Response:
        """Answer the handshake of a WebSocket. Raises HttpError."""
        request.require_own_page()
        if request.head.method != "GET" or request.head.length != 0:
            raise HttpError(400, "A handshake has no body")
        admission = self._server.clients.admission
        connection = request.connection
        session = connection.session
        try:
            response = websocket.shake_hands(request.head)
            self._ask_blocklists(request)
            if not response.framing:
                # a page that was refused asks for the reason, without a handshake
                admission.check(request.address, self._server.options.connections)
                return response
            if not connection.forwarders or request.address != session.host:
                admission.move(session, request.address, self._server.options.connections)
        except RefusedError as error:
            raise as_http(error) from None
        if connection.forwarders:
            session.host = "0" + request.address if request.address.startswith(":") else request.address
        session.secure = request.secure
        session.token = cookie_hash(request)
        find_token(context_of(request), session.token)  # the commands of this session look it up without waiting
        return response

    def _ask_blocklists(self, request: Request) -> None:
        """Look up an address reported by a proxy; others were looked up on connecting. Raises RefusedError."""
        connection, blocklists = request.connection, self._server.clients.blocklists
        listing = blocklists.look_up(request.address) if connection.forwarders else None
        if listing and blocklists.refuses(listing):
            raise RefusedError(listing.reason, 403)
        blocklists.mark(connection.session, listing)

    def _upgrade_to(self, connection: Connection, framing: int, data: bytes) -> bytes:
        """Turn the connection into a WebSocket; return the first lines that it sends, b"" at its end."""
        before, session = connection.outbox, connection.session
        outbox = WebSocketOutbox(before.dirty, before.sock, before.limit, before.send_queues, self.ending)
        connection.outbox = session.outbox = outbox
        stream = WebSocketStream(connection.sock, connection, outbox)
        connection.sock = stream
        connection.patience = connection.age + self._server.options.connections.register_timeout
        self._server.network.set_caps(session, session.caps | framing)
        if data:
            with suppress(BlockingIOError):
                return stream.feed(data)
        return connection.read() or b""


def _replaced(fields: Iterable[tuple[str, str]], others: list[tuple[str, str]]) -> list[tuple[str, str]]:
    names = {name for name, _ in others}
    return [(name, value) for name, value in fields if name not in names]


def _now() -> float:
    """Return ms of the monotonic clock."""
    return time.monotonic() * 1000
