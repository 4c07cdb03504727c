"""Inputs of bytes for each parser of foreign data, and their allowed outcomes.

Each input is accepted, or refused in the way that its target declares; anything else is a bug. `TARGETS` names the
targets, with valid inputs to begin with. `tests.hostile.fuzz` changes those randomly, `tests.hostile.coverage_fuzz` by
code coverage.
"""

import atexit
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

from greenchat.chat.network import Network
from greenchat.config.example import example
from greenchat.config.file import ConfigError, load
from greenchat.config.settings import Settings, WebIrc
from greenchat.protocol import proxy_header
from greenchat.protocol.framing import LineBuffer
from greenchat.protocol.message import ParseError, parse
from greenchat.protocol.plain import Dialect, NotPlain, PlainOptions, PromptTime, Run, Write
from greenchat.protocol.sasl import Collector, SaslError, parse_plain
from greenchat.protocol.scram import ClientExchange, ScramError, ServerExchange, Verifier, make_verifier
from greenchat.server.data.restore import restore
from greenchat.storage import backup, inspection
from greenchat.storage.interface import Document, HistorySpan, Query, StoreError
from greenchat.storage.sqlite import SqliteStore
from tests.hostile.grammar import Grammar
from tests.hostile.world import SETTINGS, Puppet, World
from tests.storage.events import START, EventMaker, opened

_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,31}")
_NONCE = "3rfcNHYJY1ZVvWVs7j"
_COST = 4096  # of passwords: the least that is allowed
_WORLD = 300  # inputs to one server
_SILENCE = b"\xfe"  # in inputs for the plain dialect: a pause


@dataclass(frozen=True, slots=True)
class Target:
    """feed: takes one input; raises only for a bug. seeds: valid inputs."""

    feed: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]


@cache
def _folder() -> Path:
    """Return a folder for files, deleted with the process."""
    return Path(_keeper.name)


_keeper = tempfile.TemporaryDirectory(prefix="greenchat-fuzz-")


def feed_message(data: bytes) -> None:
    """Parse a line; formatted and parsed again it means the same."""
    with suppress(UnicodeDecodeError, ParseError):
        message = parse(data.decode())
        if not {"\0", "\r", "\n"} & set(data.decode()):
            assert parse(message.format()) == message


def feed_buffer(data: bytes) -> None:
    """Feed bytes to the line buffer: however they are split, the lines are the same."""
    size = data[0] + 1 if data else 1
    whole, cut = LineBuffer(), LineBuffer()
    lines = [line for start in range(0, len(data), size) for line in cut.feed(data[start : start + size])]
    assert [str(line) for line in lines] == [str(line) for line in whole.feed(data)]
    assert cut.rest == whole.rest
    assert cut.overrun == whole.overrun


def feed_plain(data: bytes) -> None:
    """Feed the connection of one plain client, with pauses."""
    prompts = list(PromptTime)
    options = PlainOptions(lambda nick: _NICK.fullmatch(nick) is not None, prompt=prompts[len(data) % len(prompts)])
    now = 0
    dialect = Dialect(options, now)
    events = dialect.start(now)
    for piece in data.split(_SILENCE):
        if dialect.deadline is not None and dialect.deadline <= now:
            events += dialect.tick(now)
        events += dialect.receive(piece, now)
        now += 500
        while events:
            match events.pop(0):
                case NotPlain():
                    return
                case Run(message):
                    assert parse(message.format()) == message
                    if message.command == "NICK":
                        name = message.params[0]
                        events += dialect.refused() if name.startswith("taken") else dialect.welcomed(name, now)
                case Write(written):
                    assert written
    dialect.end(now)


class _Worlds:
    """A server without sockets for some hundred inputs, then another one; the last is closed with the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._world: World | None = None
        self._fed = 0
        atexit.register(self._close)

    def _close(self) -> None:
        if self._world:
            self._world.close()

    def world(self) -> World:
        """Return the server for the next input, without clients."""
        if self._world is None or self._fed >= _WORLD:
            self._close()
            self._world, self._fed = World(random.Random(1), _folder(), self._settings), 0
        self._fed += 1
        for puppet in list(self._world.puppets):
            self._world.drop(puppet)
        return self._world


_worlds = _Worlds(SETTINGS)
_gateway_worlds = _Worlds(replace(SETTINGS, webirc=WebIrc(password="secret", hosts=(ip_network("192.0.2.0/24"),))))


def feed_session(data: bytes) -> None:
    """Feed lines of four clients to one server; the first byte of each line selects the client."""
    world = _worlds.world()
    puppets = []
    for number in range(4):
        puppet = world.connect()
        world.send(puppet, b"NICK p%d\r\nUSER u 0 * :r\r\nJOIN #a\r\n" % number if number else b"NICK p0\r\n")
        puppets.append(puppet)
    for line in data.split(b"\n")[:40]:
        if line and not puppets[line[0] % 4].gone:
            world.send(puppets[line[0] % 4], line[1:] + b"\n")
            world.check()


def feed_webirc(data: bytes) -> None:
    """Feed the first lines of a gateway's connection."""
    world = _gateway_worlds.world()
    puppet = world.connect()
    origin = puppet.session.host
    limits = replace(world.app.options.connections, per_address=0, per_minute=0, per_network=0)
    world.app.clients.admission._enter(origin, limits)
    world.app.clients.admission.register(puppet.session, origin)
    world.send(puppet, data.replace(b"\0", b"") + b"\r\n")
    _check_host(puppet)
    world.check()
    world.app.clients.admission.leave(puppet.session)


def _check_host(puppet: Puppet) -> None:
    ip_address(puppet.session.host)


def feed_proxy(data: bytes) -> None:
    """Feed the first bytes of a proxy's connection, in the sizes in which they are read there."""
    read = b""
    with suppress(proxy_header.ProxyError):
        while count := proxy_header.missing(read):
            assert count > 0
            if len(read) == len(data):
                return
            read += data[len(read) : len(read) + count]
        header = proxy_header.parse(read)
        assert not header.source or ip_address(header.source)


def feed_configuration(data: bytes) -> None:
    """Feed a configuration file."""
    file = _folder() / "server.toml"
    file.write_bytes(data)
    with suppress(ConfigError):
        load(file)


def feed_scram(data: bytes) -> None:
    """Feed both sides of SCRAM, and what surrounds it: a line for each of their messages."""
    text = data.decode(errors="replace")
    first, final, server_first, server_final, stored = (text.split("\n", 4) + [""] * 5)[:5]
    with suppress(ScramError):
        exchange = ServerExchange(first, _NONCE)
        exchange.first(_verifier())
        exchange.final(final)
    with suppress(ScramError):
        client = ClientExchange("user", "pencil", "rOprNGfwEbeRWgbNEkqO")
        if not any(len(digits) > 4 for digits in re.findall(r"i=(\d+)", server_first)):  # more is another test
            client.final(server_first)
            client.check(server_final)
    with suppress(ScramError):
        assert str(Verifier.parse(stored))
    with suppress(SaslError):
        collector = Collector()
        for chunk in text.split("\n"):
            response = collector.feed(chunk)
            if response is not None:
                parse_plain(response)


@cache
def _verifier() -> Verifier:
    return make_verifier("pencil", b"some salt, 16 by", _COST)


def feed_database(data: bytes) -> None:
    """Feed a database file: it is used, checked, exported and restored, or refused with a reason."""
    folder = _folder() / "database"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    file = folder / "greenchat.db"
    file.write_bytes(data)
    copy = folder / "copy" / "greenchat.db"
    copy.parent.mkdir()
    with suppress(StoreError):
        inspection.check(file)
    with suppress(StoreError):
        backup.restore(file, copy)
    with suppress(StoreError):
        list(inspection.export(file))
    with suppress(StoreError), opened(file) as store:
        restore(Network(Settings(), now=START), store)
        _use(store)


def _use(store: SqliteStore) -> None:
    """Use a database as a server does; each operation on its own, since one that fails does not end the server."""
    talk = EventMaker(START * 2)
    works: list[Callable[[], object]] = [
        lambda: store.commit([talk.say("hello"), Document("account", "x", {"a": 1})]),
        lambda: store.read("#lobby", HistorySpan(50, events=True)),
        lambda: store.targets("alice", ["#lobby"], 0, 1 << 62),
        lambda: store.search(Query(("#lobby",), 50, text="line")),
        lambda: store.maintain(START * 2),
        store.tidy,
    ]
    for work in works:
        with suppress(StoreError):
            work()


# The initial inputs.


def _lines() -> list[bytes]:
    grammar = Grammar(random.Random(1), lambda: "said", [])
    return [grammar.line() for _ in range(300)]


def _sessions() -> list[bytes]:
    lines = _lines()
    return [b"".join(bytes([n % 4]) + line for n, line in enumerate(lines[start::30])) for start in range(30)]


def _plain_talk() -> list[bytes]:
    return [
        *(b"alice\r\nhello\r\n/me waves\r\n/msg bob hi\r\n/nick carol\r\n/quit\r\n", b"taken\nother\nhi\n"),
        *(b"\xfe\xfealice\nhi\n", b"NICK alice\r\nUSER a 0 * :a\r\n", b"CAP LS 302\r\n", b"alice: hello\n"),
        "\u00fc \U0001f468\u200d\U0001f469\n\t\x1b[2J\n".encode(),
    ]


def _webirc() -> list[bytes]:
    command = b"WEBIRC secret gate host.example "
    return [
        *(command + b"198.51.100.7", command + b"2001:db8::7 :secure local-port=1", command + b"::1", command + b"x"),
        *(b"WEBIRC wrong gate host 198.51.100.7", b"NICK a\r\n" + command + b"198.51.100.7"),
        command + b"198.51.100.7\r\nNICK a\r\nUSER a 0 * :a\r\nWHOIS a\r\nJOIN #a",
    ]


def _headers() -> list[bytes]:
    addresses = bytes(range(12)), bytes(range(36))
    tls = b"\x20\0\x05\x01\0\0\0\0"
    return [
        *(b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 6667\r\n", b"PROXY TCP6 2001:db8::7 ::1 56324 6667\r\n"),
        *(b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"),
        proxy_header.SIGNATURE + b"\x21\x11\0\x0c" + addresses[0],
        proxy_header.SIGNATURE + b"\x21\x11\0\x14" + addresses[0] + tls,
        proxy_header.SIGNATURE + b"\x21\x21\0\x24" + addresses[1],
        *(proxy_header.SIGNATURE + b"\x20\x00\0\0", proxy_header.SIGNATURE + b"\x21\x31\0\x02ab"),
    ]


def _configurations() -> list[bytes]:
    text = example()
    tables = text.split("\n\n")
    without_comments = re.sub(r"(?m)^# ?(?=[\w\[])", "", text)
    return [text.encode(), without_comments.encode(), *(table.encode() for table in tables)]


def _exchanges() -> list[bytes]:
    client = ClientExchange("user", "pencil", "rOprNGfwEbeRWgbNEkqO")
    server = ServerExchange(client.first(), _NONCE)
    challenge = server.first(_verifier())
    proof = client.final(challenge)
    lines = (client.first(), proof, challenge, server.final(proof), str(_verifier()))
    plain = "AGEAYg==\n" + "AGEA" * 100 + "\n+\n"
    return ["\n".join(lines).encode(), plain.encode(), b"n,a=ann,n=us=2Cer=3D,r=x\nc=biws,r=x,p=AAAA"]


def _databases() -> list[bytes]:
    """Return a small database with something of each kind."""
    talk = EventMaker()
    file = _folder() / "seed.db"
    with opened(file) as store:
        store.commit([*talk.lines(20), talk.say("private", "alice bob", tags={"+a": "b"}), *_documents()])
        store.maintain(START)
    seed = _folder() / "seed"
    backup.backup(file, seed)
    return [seed.read_bytes()]


def _documents() -> list[Document]:
    """Return the documents that a few commands leave."""
    world = World(random.Random(1), _folder(), SETTINGS)
    world.send(
        world.connect(),
        b"NICK ann\r\nUSER a 0 * :a\r\nREGISTER * * secret-words\r\nJOIN #own\r\nCHANSERV REGISTER #own\r\n"
        b"NICKSERV SET ALWAYS-ON on\r\nMODE #own +b x!*@*\r\nOPER root secret\r\nUBAN ADD x!*@* 1d why\r\n",
    )
    store = world.app.store
    kinds = ("account", "channel", "ban", "presence", "marks")
    found = [Document(kind, key, value) for kind in kinds for key, value in store.documents(kind).items()]
    world.close()
    assert {document.kind for document in found} >= {"account", "channel", "ban"}, found
    return found


TARGETS = {
    "message": Target(feed_message, _lines),
    "buffer": Target(feed_buffer, lambda: [b"".join(_lines()[start : start + 9]) for start in range(0, 300, 9)]),
    "plain": Target(feed_plain, _plain_talk),
    "session": Target(feed_session, _sessions),
    "configuration": Target(feed_configuration, _configurations),
    "proxy": Target(feed_proxy, _headers),
    "webirc": Target(feed_webirc, _webirc),
    "scram": Target(feed_scram, _exchanges),
    "database": Target(feed_database, _databases),
}
