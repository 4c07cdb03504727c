"""The client of the engine, with real servers."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.server import StreamServer

from greenchat.protocol.nats import StreamPosition
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine, StoredLog
from greenchat.server.nodes.engine_errors import EngineError, EngineRefusesError
from greenchat.server.nodes.engine_line import EngineLine
from greenchat.server.nodes.node_config import NodeConfig
from tests.patience import PATIENCE
from tests.ports import reserved_port
from tests.server.nodes.nats import NEEDED, nats
from tests.server.nodes.proxy import Proxy

pytestmark = NEEDED


class Reader:
    """A reader that collects entries."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, bytes]] = []
        self._more = Event()

    def deliver(self, position: StreamPosition, data: bytes) -> None:
        self.entries.append((position.number, data))
        self._more.set()

    def wait(self, count: int) -> list[tuple[int, bytes]]:
        with gevent.Timeout(PATIENCE):
            while len(self.entries) < count:
                self._more.clear()
                self._more.wait()
        return self.entries


def opened(engine: Engine) -> StoredLog:
    """Return the log; make it if there is none."""
    found = engine.find_log("log")
    if found is None:
        engine.make_log("log", "of this test", replicas=1)
        config = engine.request("$JS.API.STREAM.INFO.log", b"")["config"]
        assert config["max_age"] == 0, "entries do not expire: the nodes may all be off for long"
        found = engine.find_log("log")
    assert found
    return found


def test_entries_are_delivered_once_and_in_order(tmp_path: Path) -> None:
    with nats(tmp_path) as (server,):
        engine, reader = Engine(Access((server.url,)), "test"), Reader()
        assert opened(engine).last == 0
        assert [engine.append("log", b"%d" % number, f"x:{number}") for number in range(1, 11)] == list(range(1, 11))
        assert engine.append("log", b"3", "x:3") == 3, "an entry that is sent again is the same entry"
        engine.read("log", 4, reader.deliver)
        assert engine.append("log", b"11", "x:11") == 11
        assert reader.wait(7) == [(number, b"%d" % number) for number in range(5, 12)]
        again = opened(engine)
        assert (again.first, again.last) == (1, 11)
        engine.close()


def test_a_large_backlog_is_delivered_whole(tmp_path: Path) -> None:
    """More than the engine sends without an answer to its flow control."""
    with nats(tmp_path) as (server,):
        engine, reader = Engine(Access((server.url,)), "test"), Reader()
        opened(engine)
        large = b"x" * 500_000
        for number in range(1, 60):
            engine.append("log", large, f"x:{number}")
        engine.read("log", 0, reader.deliver)
        assert [number for number, data in reader.wait(59) if data == large] == list(range(1, 60))
        engine.close()


def test_the_log_survives_a_kill_of_the_engine(tmp_path: Path) -> None:
    with nats(tmp_path) as (server,):
        engine = Engine(Access((server.url,)), "test")
        before = opened(engine)
        engine.append("log", b"one", "x:1")
        server.kill()
        assert engine.wait()
        with pytest.raises(EngineError):
            engine.append("log", b"two", "x:2")
        with pytest.raises(EngineError, match="can't be reached"):
            Engine(Access((server.url,)), "test")
        server.start()
        with reserved_port() as nobody:
            engine = Engine(Access((f"nats://127.0.0.1:{nobody}", server.url)), "test")
        after = opened(engine)
        assert (after.identity, after.last) == (before.identity, 1)
        engine.close()


def test_a_connection_tries_another_server_first(tmp_path: Path) -> None:
    """The server that has just failed may hang, and each attempt would take seconds."""
    with nats(tmp_path) as (server,):
        ways = [Proxy(server.port) for _ in range(3)]
        access = Access(tuple(way.url for way in ways))
        line = EngineLine(NodeConfig("one", "log", str(tmp_path), str(tmp_path), (), access))
        reader = Reader()
        following = gevent.spawn(line.follow, lambda: len(reader.entries), lambda _: None, reader.deliver)
        for number in range(4):
            while not line.append(b"%d" % number, f"x:{number}"):
                pass
            reader.wait(number + 1)
            assert [way.accepted for way in ways] == [number // 3 + (place <= number % 3) for place in range(3)]
            ways[number % 3].drop()
            while line.is_connected:
                gevent.sleep(0.01)
        line.close()
        following.join(PATIENCE)
        for way in ways:
            way.close()


def test_a_log_of_another_program_is_refused(tmp_path: Path) -> None:
    with nats(tmp_path) as (server,):
        engine = Engine(Access((server.url,)), "test")
        engine.request("$JS.API.STREAM.CREATE.theirs", b'{"name": "theirs", "subjects": ["theirs"]}')
        with pytest.raises(EngineRefusesError, match="not a log of greenchat"):
            engine.find_log("theirs")
        with pytest.raises(EngineError, match="replicas"):
            engine.make_log("log", "x", replicas=3)
        engine.close()


def test_other_servers_are_reported() -> None:
    listener = StreamServer(("127.0.0.1", 0), lambda sock, _: sock.sendall(b"220 mail.example ESMTP\r\n"))
    listener.start()
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:\d+: it (has closed|does not)"):
        Engine(Access((f"nats://127.0.0.1:{listener.server_port}",)), "test")
    listener.stop()


@pytest.fixture
def answering() -> Iterator[Callable[..., Access]]:
    """Make servers that speak the protocol of NATS with given answers. info: their INFO; answer: the answer to all
    requests, or the answers one after the other, NOBODY for a subject without subscribers.
    """
    with ExitStack() as stack:

        def make(info: str, answer: str = "", *later: str) -> Access:
            answers = iter((answer, *later))

            def serve(sock: Any, _: object) -> None:
                sock.sendall(f"INFO {info}\r\n".encode())
                received = b""
                while data := sock.recv(65536):
                    received += data
                    if b"PING\r\n" in received:
                        received = received.replace(b"PING\r\n", b"")
                        sock.sendall(b"PONG\r\n")
                    for subject in re.findall(rb"(_INBOX\.\w+\.\d+) \d", received):
                        text = next(answers, (answer, *later)[-1]).encode()
                        if text == _NOBODY.encode():
                            sock.sendall(b"HMSG %s 1 %d %d\r\n%s\r\n" % (subject, len(text), len(text), text))
                        else:
                            sock.sendall(b"MSG %s 1 %d\r\n%s\r\n" % (subject, len(text), text))
                        received = b""

            listener = StreamServer(("127.0.0.1", 0), serve)
            listener.start()
            stack.callback(listener.stop)
            return Access((f"nats://127.0.0.1:{listener.server_port}",))

        yield make


_NOBODY = "NATS/1.0 503\r\n\r\n"  # the headers of its answer: "No Responders"
_NO_PEERS = '{"error": {"code": 400, "err_code": 10005, "description": "no suitable peers for placement"}}'
_TEMPORARY = [
    '{"error": {"code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable"}}',
    '{"error": {"code": 500, "err_code": 10009, "description": "JetStream cluster can not handle request"}}',
]


def test_starting_servers_of_the_engine_are_waited_for(answering: Callable[..., Access]) -> None:
    """ "no suitable peers" is the error until servers that have just started, or were away, have been heard of."""
    engine = Engine(answering('{"jetstream": true}', _NO_PEERS, _NO_PEERS, '{"config": {}}'), "test")
    engine.make_log("log", "x", replicas=3)
    engine.close()


@pytest.mark.parametrize("refusal", [_NOBODY, *_TEMPORARY, _NO_PEERS])
def test_a_missing_leader_is_waited_for(answering: Callable[..., Access], refusal: str) -> None:
    """Commands of the shell wait; a node asks another server of the engine instead."""
    with closing(
        Engine(answering('{"jetstream": true}', refusal, refusal, '{"seq": 7}'), "test", starting=60.0)
    ) as engine:
        assert engine.append("log", b"x", "x:1") == 7
    with closing(Engine(answering('{"jetstream": true}', refusal, '{"seq": 7}'), "test")) as engine:
        with pytest.raises(EngineError, match="no suitable peers" if refusal == _NO_PEERS else "no leader just now"):
            engine.append("log", b"x", "x:1")
        assert engine.append("log", b"x", "x:1") == 7


@pytest.mark.parametrize("refusal", [_NOBODY, *_TEMPORARY, _NO_PEERS])
def test_servers_of_the_engine_that_never_come(
    answering: Callable[..., Access], monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    monkeypatch.setattr("greenchat.server.nodes.engine.STARTING", 0.5)
    engine = Engine(answering('{"jetstream": true}', refusal), "test")
    with pytest.raises(EngineError, match="no suitable peers" if refusal == _NO_PEERS else "no leader just now"):
        engine.make_log("log", "x", replicas=3)
    engine.close()


@pytest.mark.parametrize("info", ["null", "[]", '{"jetstream": true, "max_payload": null}'])
def test_a_greeting_of_another_protocol(answering: Callable[..., Access], info: str) -> None:
    with pytest.raises(EngineError, match="another protocol"):
        Engine(answering(info), "test")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("null", "another protocol"),
        ("{}", "another protocol"),
        ('{"config": null, "state": {}, "seq": "1"}', "another protocol"),
        ('{"config": {"metadata": null}, "seq": null}', "not a log of greenchat|another protocol"),
        ('{"config": {"metadata": {"greenchat": 7}}}', "not a log of greenchat|another protocol"),
        ('{"config": {"metadata": {"greenchat": "x"}}, "state": null}', "another protocol"),
        ('{"config": {"metadata": {"greenchat": "x"}}, "state": {"first_seq": 1, "last_seq": null}}', "another"),
        ('{"error": "no"}', "another protocol"),
        ('{"error": {"code": "404"}}', "another protocol"),
        ('{"error": {"code": 400, "description": null}}', "refused without a reason"),
    ],
)
def test_an_answer_of_another_protocol(answering: Callable[..., Access], answer: str, expected: str) -> None:
    engine = Engine(answering('{"jetstream": true}', answer), "test")
    with pytest.raises(EngineError, match=expected):
        engine.find_log("log")
    with pytest.raises(EngineError, match=expected):
        engine.append("log", b"x", "x:1")
    engine.close()
