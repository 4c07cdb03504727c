"""A connection to the engine: a NATS server with JetStream, and what the log needs of it.

It is a client of our own on gevent's sockets. nats-py needs asyncio; with its loop run by gevent in the same thread (a
`SelectorEventLoop` on gevent's selector) an append was acknowledged within 6.0 ms (p50, p95 38 ms) while the loop was
busy, on the machine on which this client took the time that README.md gives: more than the 2 ms that were the
condition for using it.
"""

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

import gevent
from gevent import socket as gevent_socket
from gevent import ssl
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore

from greenchat.protocol import nats
from greenchat.server.nodes import entries
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine_errors import (
    EngineError,
    EngineRefusesError,
    NoAnswerError,
    NoLeaderError,
    NotFoundError,
    TooFewServersError,
)

T = TypeVar("T")

_CONNECT = 3.0  # seconds until a server has answered
_ANSWER = 5.0  # seconds until a request is answered
STARTING = 20.0  # seconds in which servers of the engine that have just started find each other and elect leaders
_LOOK = 0.25  # seconds
_READ = 256 * 1024  # bytes
_HEARTBEAT = 1.0  # seconds between two heartbeats of a consumer
_SILENCE = 3.5  # seconds without data after which a connection counts as broken
_PORT = 4222
_SECOND = 1_000_000_000  # ns
_REPLIES, _ENTRIES = "1", "2"  # subscriptions
_DUPLICATES = 120  # seconds in which the engine knows a repeated entry
_IDENTITY = "greenchat"  # of a log, in its metadata at the engine
_NO_PEERS = 10005  # error code of NATS: "no suitable peers for placement"
_NO_LEADER = (10008, 10009)  # "JetStream system temporarily unavailable", "JetStream cluster can not handle request"
_OTHERWISE = "it uses another protocol"
_WRONG_PASSWORD = b"authorization violation"


class StoredLog(NamedTuple):
    """A stored log. identity: of this log only. first, last: numbers of the entries that it holds. size: in bytes."""

    identity: str
    first: int
    last: int
    size: int = 0


Deliver = Callable[[nats.StreamPosition, bytes], None]


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {(error.reason or str(error)).replace('_', ' ').lower()}"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _document(data: bytes) -> dict[str, Any]:
    """Return an object that the engine sends as JSON. Raises EngineError."""
    with suppress(ValueError):
        document = json.loads(data)
        if isinstance(document, dict):
            return document
    raise EngineError(_OTHERWISE)


def _part(document: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return a field of an object of the engine. Raises EngineError if it is missing, or of another type."""
    value = document.get(name)
    if isinstance(value, kind):
        return value
    raise EngineError(_OTHERWISE)


def _trust(access: Access) -> ssl.SSLContext:
    """Return what TLS needs. Raises EngineRefusesError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it checks the certificate, and the name in it
    try:
        named = access.ca
        if access.ca:
            context.load_verify_locations(access.ca)
        else:
            context.load_default_certs()
        if access.certificate:
            named = access.certificate
            context.load_cert_chain(access.certificate, access.key)
    except OSError as error:  # an SSLError, too
        reason = "PEM files look different" if isinstance(error, ssl.SSLError) else error.strerror
        raise EngineRefusesError(f"can't use the certificate {named}: {reason}") from error
    return context


class Engine:
    """A connection to the engine. It ends at the first failure: make a new one then.

    server: the number of the server that it is connected to, in the order of the addresses.
    """

    def __init__(
        self, access: Access, name: str, *, first: int = 0, patience: float = _ANSWER, starting: float = 0.0
    ) -> None:
        """Connect to the first server that answers. name: of this client, for the engine's operator.

        first: the number of the server that is tried first. patience: seconds until a request has to be answered.
        starting: seconds in which requests are repeated while the engine's servers are starting or electing a leader.
        Raises EngineError; EngineRefusesError if the refusal of every server is permanent.
        """
        self._access = access
        self._patience = patience
        self._starting = starting
        self.server = first
        self._parser = nats.NatsParser()
        self._inbox = "_INBOX." + secrets.token_hex(8)
        self._asked: dict[str, AsyncResult] = {}
        self._count = 0
        self._deliver: Deliver = lambda position, data: None
        self._has_consumer = False
        self._next = 1  # number of the consumer's next delivery
        self._writing = BoundedSemaphore()
        self.end_reason = ""
        self._socket = self._connect(name)
        self._reader = gevent.spawn(self._read)
        self._write(nats.subscribe(self._inbox + ".*", _REPLIES))

    def _connect(self, name: str) -> socket.socket:
        errors = []
        will_change = False
        urls = list(enumerate(map(urlsplit, self._access.urls)))
        first = self.server % len(urls)
        for self.server, parts in urls[first:] + urls[:first]:
            address = f"{parts.hostname}:{parts.port or _PORT}"
            try:
                with gevent.Timeout(_CONNECT, EngineError("it does not answer")):
                    return self._greet(parts, name)
            except (OSError, EngineError, nats.NatsError) as error:
                errors.append(f"{address}: {_reason(error)}")
                will_change = will_change or not isinstance(error, EngineRefusesError | ssl.SSLError)
        kind = EngineError if will_change else EngineRefusesError
        raise kind("the engine can't be reached: " + "; ".join(errors))

    def _greet(self, parts: SplitResult, name: str) -> socket.socket:
        self._parser = nats.NatsParser()  # without the incomplete data of another server
        host = parts.hostname or ""
        sock: socket.socket = gevent_socket.create_connection((host, parts.port or _PORT), _CONNECT)
        try:
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            info = _document(self._expect(sock, "INFO").data)
            if not info.get("jetstream"):
                raise EngineRefusesError("it has no JetStream: start it with jetstream { sync_interval: always }")
            if "max_payload" in info and _part(info, "max_payload", int) < entries.LARGEST:
                raise EngineRefusesError("its max_payload is too small for entries of the log: set it to 1MB or more")
            if info.get("tls_required") or self._access.wants_tls(parts):
                sock = self._secured(sock, host, info)
            sock.sendall(nats.connect(name, **self._access.named(parts)) + nats.PING)
            self._expect(sock, "PONG")
        except BaseException:
            sock.close()
            raise
        return sock

    def _secured(self, sock: socket.socket, host: str, info: Mapping[str, Any]) -> socket.socket:
        """Return the connection in TLS. Raises EngineError."""
        if not (info.get("tls_required") or info.get("tls_available")):
            raise EngineRefusesError("it has no TLS, but the configuration requires it")
        self._parser = nats.NatsParser()  # data received unencrypted does not belong to the TLS stream
        try:
            secured: socket.socket = _trust(self._access).wrap_socket(sock, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise EngineRefusesError(f"its certificate is not trusted: {error.verify_message}") from error
        return secured

    def _expect(self, sock: socket.socket, verb: str) -> nats.NatsFrame:
        while True:
            data = sock.recv(_READ)
            frames = self._parser.feed(data)
            refused = [frame for frame in frames if frame.verb == "-ERR"]
            if refused:
                kind = EngineRefusesError if _WRONG_PASSWORD in refused[0].data.lower() else EngineError
                raise kind(refused[0].data.decode(errors="replace").strip("'"))
            frame = next((frame for frame in frames if frame.verb == verb), None)
            if frame:
                return frame
            if not data:
                raise EngineError("it has closed the connection")

    def close(self, reason: str = "closed") -> None:
        """End the connection; pending requests raise EngineError."""
        if self.end_reason:
            return
        self.end_reason = reason
        asked, self._asked = self._asked, {}
        for result in asked.values():
            result.set_exception(EngineError(reason))
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._reader is not gevent.getcurrent():
            self._reader.kill(block=False)

    def wait(self) -> str:
        """Wait until the connection has ended; return why."""
        self._reader.join()
        return self.end_reason

    def _write(self, data: bytes) -> None:
        try:
            with self._writing:  # otherwise another greenlet could write into the middle of long data
                self._socket.sendall(data)
        except OSError as error:
            self.close(error.strerror or str(error))
            raise EngineError(self.end_reason) from error

    def _read(self) -> None:
        reason = "it has closed the connection"
        try:
            while True:
                # a consumer has a heartbeat: silence is a connection that hangs, or a consumer that is gone
                with gevent.Timeout(_SILENCE if self._has_consumer else None, EngineError("no response")):
                    data = self._socket.recv(_READ)
                if not data:
                    break
                for frame in self._parser.feed(data):
                    self._take(frame)
        except OSError as error:
            reason = error.strerror or str(error)
        except (EngineError, nats.NatsError) as error:
            reason = str(error)
        self.close(reason)

    def _take(self, frame: nats.NatsFrame) -> None:
        if frame.verb == "PING":
            self._write(nats.PONG)
        elif frame.verb == "-ERR":
            raise EngineError(frame.data.decode(errors="replace").strip("'"))
        elif frame.verb != "MSG":
            return
        elif frame.sid == _REPLIES:
            result = self._asked.pop(frame.subject.rpartition(".")[2], None)
            if result:
                result.set(frame)
        elif frame.status == "100":
            if frame.reply:  # flow control: it continues when it has an answer
                self._write(nats.publish(frame.reply, b""))
        elif not frame.status:
            position = nats.parse_position(frame.reply)
            if position.delivery != self._next:
                raise EngineError("an entry was not delivered")
            self._next += 1
            self._deliver(position, frame.data)

    def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, *, starting: float = 0.0
    ) -> dict[str, Any]:
        """Return the answer to a request of JetStream's API, or to a message that it stores.

        starting: seconds in which a request that had no effect, as far as is known, is sent again; so it must have
        none when it is repeated. Raises EngineError.
        """
        until = monotonic() + max(starting, self._starting)
        while True:
            try:
                return self._request_once(subject, payload, headers)
            except (NoAnswerError, NoLeaderError, TooFewServersError):
                if monotonic() >= until:
                    raise
            gevent.sleep(_LOOK)

    def _request_once(self, subject: str, payload: bytes, headers: Mapping[str, str] | None) -> dict[str, Any]:
        if self.end_reason:
            raise EngineError(self.end_reason)
        self._count += 1
        number = str(self._count)
        result = self._asked[number] = AsyncResult()
        try:
            self._write(nats.publish(subject, payload, reply=f"{self._inbox}.{number}", headers=headers))
            frame: nats.NatsFrame = result.get(timeout=self._patience)
        except gevent.Timeout as error:
            raise NoAnswerError from error
        finally:
            self._asked.pop(number, None)
        if frame.status:  # 503: nobody listens for the subject, so nothing was done
            raise NoLeaderError
        answer = _document(frame.data)
        if answer.get("error"):
            refusal = _part(answer, "error", dict)
            code = _part({"code": 500, **refusal}, "code", int)
            kind = NotFoundError if code == 404 else EngineRefusesError if 400 <= code < 500 else EngineError
            if refusal.get("err_code") == _NO_PEERS:
                kind = TooFewServersError
            if refusal.get("err_code") in _NO_LEADER:
                raise NoLeaderError
            raise kind(str(refusal.get("description") or "it refused without a reason"))
        return answer

    def find_log(self, name: str) -> StoredLog | None:
        """Return the log of this name, None if there is none. Raises EngineError."""
        try:
            info = self.request(f"$JS.API.STREAM.INFO.{name}", b"")
        except NotFoundError:
            return None
        metadata = _part(info, "config", dict).get("metadata")
        identity = metadata.get(_IDENTITY) if isinstance(metadata, dict) else None
        if not identity or not isinstance(identity, str):
            raise EngineRefusesError(f"the stream {name} is not a log of greenchat; choose another name")
        state = _part(info, "state", dict)
        first, last, size = (_part(state, name, int) for name in ("first_seq", "last_seq", "bytes"))
        return StoredLog(identity, first, last, size)

    def make_log(self, name: str, identity: str, *, replicas: int) -> None:
        """Make a log, which the engine never trims by itself. identity: a new random one.

        Raises EngineError: EngineRefusesError if one of this name exists by now.
        """
        wanted = {
            "name": name,
            "subjects": [name],
            "storage": "file",
            "retention": "limits",
            "discard": "old",
            "num_replicas": replicas,
            "duplicate_window": _DUPLICATES * _SECOND,
            "metadata": {_IDENTITY: identity},
        }
        self.make_stream(wanted)

    def make_stream(self, wanted: Mapping[str, Any], *, is_there: bool = False) -> None:
        """Make a stream, or change an existing one; wait a while for servers of the engine that are starting.

        Raises EngineError: TooFewServersError if too few of them answer.
        """
        subject = f"$JS.API.STREAM.{'UPDATE' if is_there else 'CREATE'}.{wanted['name']}"
        self.request(subject, json.dumps(wanted).encode(), starting=STARTING)

    def delete_log(self, name: str) -> None:
        """Delete a log with all its entries, if it exists. Raises EngineError."""
        with suppress(NotFoundError):
            self.request(f"$JS.API.STREAM.DELETE.{name}", b"")

    def trim(self, name: str, first: int) -> None:
        """Delete all entries of a log before one. Raises EngineError."""
        self.request(f"$JS.API.STREAM.PURGE.{name}", json.dumps({"seq": first}).encode())

    def time_of(self, name: str, number: int) -> int:
        """Return when an entry was written, in ms since the epoch. Raises EngineError."""
        answer = self.request(f"$JS.API.STREAM.MSG.GET.{name}", json.dumps({"seq": number}).encode())
        time = _part(_part(answer, "message", dict), "time", str)
        try:
            return int(datetime.fromisoformat(time).timestamp() * 1000)
        except (ValueError, OverflowError) as error:
            raise EngineError(_OTHERWISE) from error

    def read(self, name: str, after: int, deliver: Deliver, subject: str = "") -> None:
        """Subscribe to the entries after a number, in order, including future ones; only once per connection.

        subject: of the wanted entries, "" for all. Raises EngineError.
        """
        self._deliver = deliver
        inbox, consumer = "_INBOX." + secrets.token_hex(8), secrets.token_hex(8)
        config = {
            "name": consumer,
            "deliver_subject": inbox,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "max_deliver": 1,
            "flow_control": True,
            "idle_heartbeat": int(_HEARTBEAT * _SECOND),
            "inactive_threshold": 5 * _SECOND,
            "mem_storage": True,
            "num_replicas": 1,
        }
        if subject:
            config["filter_subject"] = subject
        self._has_consumer = True
        self._write(nats.subscribe(inbox, _ENTRIES))
        asked = json.dumps({"stream_name": name, "config": config}).encode()
        self.request(f"$JS.API.CONSUMER.CREATE.{name}.{consumer}", asked)

    def append(self, name: str, entry: bytes, identity: str) -> int:
        """Append an entry, only once even if it is sent several times; return its number. Raises EngineError."""
        return _part(self.request(name, entry, {"Nats-Msg-Id": identity}), "seq", int)
