"""Attackers, in a separate process.

python -m greenchat.bench.attackers KIND HOST PORT SECONDS THREADS [CROWD]

Each thread repeats the same attack as fast as it can. It prints a line at the beginning, and another at the end with
the numbers of connections and of accepted writes.
"""

import random
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from greenchat.bench.process import raise_file_limit

_PATIENCE = 2.0  # seconds for one call
_ROOM = b"#bench"
_CROWD = 50  # simultaneous connections of one thread, for kinds with many
_VERBS = (
    "CAP NICK USER PASS JOIN PART MODE PRIVMSG NOTICE TAGMSG WHO WHOIS LIST NAMES TOPIC KICK INVITE MONITOR CHATHISTORY"
    " REDACT METADATA AUTHENTICATE REGISTER NS CS BATCH MARKREAD OPER QUIT"
).split()
_WORDS = ("#bench", "w1", ":", "*", "\0", "+o", "-" * 600, "\N{SLIGHTLY SMILING FACE}", ",,,", "@#bench", "0", "x" * 90)
# Expensive commands: masks with many stars, long lists of masks, long answers, many modes.
_HEAVY = (
    b"WHO *" + b"*".join(b"abcdefgh"[n % 8 : n % 8 + 1] for n in range(230)),
    b"LIST " + b",".join(b"*%c%c*" % (97 + n % 26, 97 + n // 26) for n in range(90)),
    b"NAMES " + b",".join([_ROOM] * 60),
    b"CHATHISTORY LATEST #bench * 500",
    b"MODE #bench +bbbb *a*b*c*!*@* *b*c*d*!*@* *c*d*e*!*@* *d*e*f*!*@*",
    b"MONITOR + " + b",".join(b"m%d" % n for n in range(80)),
    b"JOIN " + b",".join(b"#heavy%d" % n for n in range(40)),
    b"JOIN 0",
)


class Attacker:
    """A thread that attacks the server. connections, writes: numbers of successful ones."""

    def __init__(self, address: tuple[str, int], ends: float, seed: int, crowd: int = _CROWD) -> None:
        """Prepare an attack.

        ends: when to stop, by the monotonic clock. crowd: simultaneous connections, for some kinds.
        """
        self._crowd = crowd
        self._address = address
        self._ends = ends
        self._random = random.Random(seed)
        self.connections = self.writes = 0

    def run(self, attack: Callable[["Attacker"], None]) -> None:
        """Repeat an attack until `ends`."""
        while time.monotonic() < self._ends:
            with suppress(OSError):
                attack(self)

    def connect(self) -> socket.socket:
        """Open one more connection."""
        sock = socket.create_connection(self._address, _PATIENCE)
        sock.settimeout(0.2)
        self.connections += 1
        return sock

    def send(self, sock: socket.socket, data: bytes) -> None:
        """Send data, if the server accepts it soon."""
        sock.sendall(data)
        self.writes += 1

    def arrival(self, room: bytes = _ROOM) -> bytes:
        """Return the lines with which a newcomer joins the channel."""
        return b"NICK z%d\r\nUSER z 0 * :z\r\nJOIN %b\r\n" % (self._random.randrange(10**8), room)

    def junk(self) -> bytes:
        """Return garbage: half lines, invalid lines, endless lines, only line ends, or random bytes."""
        chance = self._random
        kind = chance.randrange(5)
        if kind == 0:
            return chance.randbytes(chance.randrange(1, 3000))
        if kind == 1:
            words = [chance.choice(_VERBS), *(chance.choice(_WORDS) for _ in range(chance.randrange(8)))]
            return " ".join(words).encode() + b"\r\n"
        if kind == 2:
            return b"@" + chance.randbytes(chance.randrange(9000)).replace(b"\n", b"") + b" PRIVMSG #bench :x\r\n"
        if kind == 3:
            return b"A" * chance.randrange(20_000)
        return b"\r\n" * chance.randrange(50)

    def churn(self) -> None:
        """Connect, usually register and join, write garbage, and close."""
        with self.connect() as sock:
            if self._random.random() < 0.7:
                self.send(sock, self.arrival())
            for _ in range(self._random.randrange(60)):
                self.send(sock, self.junk())

    def say(self) -> None:
        """Connect, say as much as possible, and close without reading."""
        with self.connect() as sock:
            self.send(sock, self.arrival() + b"PRIVMSG #bench :hello from nobody\r\n" * 100)

    def join(self) -> None:
        """Connect many clients at once, and close them at once."""
        crowd = [self.connect() for _ in range(self._crowd)]
        for sock in crowd:
            with suppress(OSError):
                self.send(sock, self.arrival())
        time.sleep(0.05)
        for sock in crowd:
            sock.close()

    def plain(self) -> None:
        """Send like `printf ... | nc` does."""
        with self.connect() as sock:
            self.send(sock, b"stranger %d\n" % self._random.randrange(10**8) + b"spam, spam, spam\n" * 50)

    def deaf(self) -> None:
        """Connect many clients that join and never read, and then close them."""
        crowd = [self.connect() for _ in range(self._crowd)]
        for sock in crowd:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with suppress(OSError):
                self.send(sock, self.arrival() + b"NAMES #bench\r\n" * 10)
        time.sleep(0.5)
        for sock in crowd:
            sock.close()

    def heavy(self) -> None:
        """Stay connected, and send expensive commands."""
        with self.connect() as sock:
            self.send(sock, self.arrival())
            reader = threading.Thread(target=_read, args=(sock,), daemon=True)
            reader.start()
            while time.monotonic() < self._ends:
                self.send(sock, self._random.choice(_HEAVY) + b"\r\n")

    def web(self) -> None:
        """Ask for the page, or begin a WebSocket and send invalid frames."""
        with self.connect() as sock:
            if self._random.random() < 0.5:
                self.send(sock, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            else:
                self.send(sock, _WEBSOCKET + self.junk())
            sock.recv(4096)

    def handshakes(self) -> None:
        """Begin TLS, and sometimes finish the handshake."""
        with self.connect() as sock:
            self.send(sock, _CLIENT_HELLO)
            with suppress(OSError):
                sock.recv(4096)


# TLS 1.2, only with the extensions that a server needs for its first flight, curves and signatures:
# RFC 5246, section 7.4.1.2
_EXTENSIONS = bytes.fromhex("000a000400020017000b00020100000d000800060403050304" + "01")
_HELLO = (
    b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x04\xc0\x2b\xc0\x2f" + b"\x01\x00"
    + len(_EXTENSIONS).to_bytes(2, "big") + _EXTENSIONS
)  # fmt: skip
_HANDSHAKE = b"\x01" + len(_HELLO).to_bytes(3, "big") + _HELLO
_CLIENT_HELLO = b"\x16\x03\x01" + len(_HANDSHAKE).to_bytes(2, "big") + _HANDSHAKE

_WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)  # the key is that of RFC 6455, section 1.2

KINDS: dict[str, Callable[[Attacker], None]] = {
    "churn": Attacker.churn,
    "say": Attacker.say,
    "join": Attacker.join,
    "plain": Attacker.plain,
    "deaf": Attacker.deaf,
    "heavy": Attacker.heavy,
    "handshakes": Attacker.handshakes,
    "web": Attacker.web,
}


def _read(sock: socket.socket) -> None:
    with suppress(OSError):
        while True:
            with suppress(TimeoutError):
                if not sock.recv(1 << 16):
                    break


def main(kind: str, host: str, port: str, seconds: str, threads: str, crowd: str = str(_CROWD)) -> None:
    """Attack for some seconds."""
    raise_file_limit(int(threads) * int(crowd) + 100)
    ends = time.monotonic() + float(seconds)
    attackers = [Attacker((host, int(port)), ends, seed, int(crowd)) for seed in range(int(threads))]
    print("here", flush=True)
    running = [threading.Thread(target=each.run, args=(KINDS[kind],)) for each in attackers]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print(sum(each.connections for each in attackers), sum(each.writes for each in attackers), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
