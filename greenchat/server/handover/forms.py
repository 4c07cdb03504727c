"""Converts connections to documents, and back to connections in the process that has got the sockets.

The unfinished work of its client is included: an incomplete line or frame, lines that wait for the throttle, a batch,
the sendq, and the state of the dialect. Times are of the steady clock, which both processes share.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from math import inf, isfinite
from typing import Any, NamedTuple

from greenchat.chat.continuity import session_form
from greenchat.chat.continuity.local_form import dump_own
from greenchat.chat.continuity.messages import Form
from greenchat.chat.outbox import Dirty
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.plain import OutputStyle
from greenchat.server.http.outboxes import Ending, HttpOutbox, WebSocketOutbox
from greenchat.server.http.websocket import WebSocketStream
from greenchat.server.net.connection import Connection
from greenchat.server.net.detect import begin
from greenchat.server.net.irc import IrcClient
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.plain import PlainClients
from greenchat.server.net.plain_outbox import PlainOutbox
from greenchat.server.net.sendq import SendQueues

_NEW, _IRC, _PLAIN, _WEBSOCKET = "new", "irc", "plain", "websocket"


class OutboxParts(NamedTuple):
    """The parts of the new server that outboxes belong to. limit: bytes that may wait in one."""

    dirty: Dirty
    send_queues: SendQueues
    limit: int
    ending: Ending


def can_move(connection: Connection) -> bool:
    """Whether a connection can be handed over: TLS can't be, and HTTP requests are easily repeated."""
    return not (is_tls(connection) or connection.session.closing or isinstance(connection.outbox, HttpOutbox))


def is_tls(connection: Connection) -> bool:
    """Whether a connection uses our TLS."""
    stream = connection.sock
    if isinstance(stream, WebSocketStream):
        stream = stream.under
    return stream is not connection.accepted


def dump(connection: Connection, plain: PlainClients, origin: str) -> dict[str, Any]:
    """Return a connection that can move. origin: the address by which it was let in."""
    session, outbox = connection.session, connection.outbox
    address = connection.listener.address
    form = {
        "number": session.number,
        "own": dump_own(session),
        "dialect": _IRC if connection.lines else _NEW,
        "unread": connection.lines.unread if connection.lines else b"",
        "backlog": outbox.waits,
        "sent": [outbox.sent_messages, outbox.sent_bytes],
        "listener": [address.host, address.port],
        "origin": origin,
        "forwards": bool(connection.forwarders),
        "opened": connection.opened,
        "heard": connection.last_input,
        "asked": connection.asked,
        "patience": connection.patience if isfinite(connection.patience) else None,
        "pings": connection.pings,
        "pace": connection.pace.dump(),
        "unanswered": connection.unanswered,
        "logging_in": session.sasl is not None,
    }
    if session.user is None:
        form["session"] = session_form.dump(session)
    if isinstance(connection.sock, WebSocketStream):
        form["dialect"], form["frames"] = _WEBSOCKET, connection.sock.unfinished
    elif isinstance(outbox, PlainOutbox):
        form["dialect"], form["plain"] = _PLAIN, plain.dump(connection)
    return form


class MovedConnection:
    """A connection that is being handed over. number: of its session."""

    def __init__(self, form: Form, descriptor: int) -> None:
        self.form = form
        self.number: int = form["number"]
        self.sock = socket.socket(fileno=descriptor)
        self._style: OutputStyle | None = None

    def outbox(self, ways: OutboxParts) -> SocketOutbox:
        """Return its outbox, with the queue of the other process."""
        form = self.form
        outbox = SocketOutbox(ways.dirty, self.sock, ways.limit, ways.send_queues)
        if form["dialect"] == _WEBSOCKET:
            outbox = WebSocketOutbox(ways.dirty, self.sock, ways.limit, ways.send_queues, ways.ending)
        elif form["dialect"] == _PLAIN:
            self._style = OutputStyle.load(form["plain"]["dialect"]["style"])
            plain = outbox = PlainOutbox(outbox, self.sock, self._style)
            plain.load(form["plain"]["waits"])
            plain.muted = form["plain"]["muted"]
        outbox.sent_messages, outbox.sent_bytes = form["sent"]
        if form["backlog"]:
            outbox.enqueue(form["backlog"])
        return outbox

    def resume(self, connection: Connection) -> Callable[[], object]:
        """Restore the state of the connection, and return the function that serves it."""
        form = self.form
        connection.opened = form["opened"]
        connection.last_input = form["heard"]
        connection.asked = form["asked"]
        connection.patience = inf if form["patience"] is None else form["patience"]
        connection.pings = form["pings"]
        connection.pace.load(form["pace"])
        if form["forwards"]:
            connection.forwarders = connection.listener.proxy
        if form["dialect"] == _NEW:
            return lambda: begin(connection)
        if form["dialect"] == _PLAIN:
            return lambda: self._speak_plain(connection)
        if isinstance(connection.outbox, WebSocketOutbox):
            stream = WebSocketStream(self.sock, connection, connection.outbox)
            connection.sock = stream
            with suppress(BlockingIOError):
                stream.feed(form["frames"])
        return lambda: self._speak_irc(connection)

    def _speak_irc(self, connection: Connection) -> None:
        self._report_lost_commands(connection)
        IrcClient(connection).serve(self.form["unread"] or None)

    def _speak_plain(self, connection: Connection) -> None:
        self._report_lost_commands(connection)
        outbox, clients = connection.outbox, connection.server.clients.plain
        if self._style is None or not isinstance(outbox, PlainOutbox):
            raise TypeError("a plain client without an outbox of its kind")
        rest = clients.resume(connection, self.form["plain"], outbox, self._style)
        if rest and clients.foreign(rest, connection.listener.kind):
            connection.serve_by_protocol(rest)
        elif rest:
            IrcClient(connection).serve(rest)

    def _report_lost_commands(self, connection: Connection) -> None:
        """Tell the client which commands it has to repeat."""
        form = self.form
        if not (form["unanswered"] or form["logging_in"]):
            return
        connection.server.turn.begin()
        ctx = connection.context(Message(form["unanswered"]))
        if form["logging_in"]:
            ctx.reply(Numeric.ERR_SASLABORTED)
        elif form["unanswered"]:
            ctx.fail(
                form["unanswered"], "TEMPORARILY_UNAVAILABLE", text="The server was upgraded in the meantime; try again"
            )
