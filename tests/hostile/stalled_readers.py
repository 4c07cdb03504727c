"""Thousands of clients that join a channel and never read a byte, while others talk in it: by hand, and on a small
scale as a test.

    python -m tests.hostile.stalled_readers --readers 3000

What must hold: each is cut with a reason that the others see, the witness is not disturbed, and the server never has
more memory than when idle, plus the limit of all sendqs together, plus a little for each client.
"""

import argparse
import resource
import socket
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Target
from tests.hostile.figures import resident
from tests.hostile.witness import Witness
from tests.irc import Client
from tests.server.process import started

_TEXT = "x" * 400
_AT_ONCE = 20  # messages
_EACH = 40  # KiB that one client may take beside its sendq
_SPARE = 40 * 1024  # KiB for everything else


@dataclass(frozen=True)
class Outcome:
    """reasons: of the cuts, with their numbers. before, most: resident KiB. waited: s, the witness."""

    reasons: Counter[str]
    messages: int
    before: int
    most: int
    waited: float
    seconds: float

    def __str__(self) -> str:
        reasons = ", ".join(f"{number} {reason!r}" for reason, number in self.reasons.items())
        return (
            f"{self.messages} messages in {self.seconds:.0f} s; cut: {reasons}; memory {self.before / 1024:.1f} MiB"
            f" before, at most {self.most / 1024:.1f} MiB; the witness waited {self.waited:.3f} s at most"
        )


def run(folder: Path, readers: int, *, sendq: int, sendq_total: int) -> Outcome:
    """Run it. sendq, sendq_total: bytes, as in the configuration. Raises AssertionError where a promise does not
    hold.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = folder / "server.toml"
    config.write_text(f"[throttle]\ncommands = 0\n[connections]\nsendq = {sendq}\nsendq_total = {sendq_total}\n")
    arguments = ("--config", str(config), "--listen", "127.0.0.1:0", "--data", str(folder / "data"))
    with started(folder, *arguments) as server, ExitStack() as stack:
        witness = Witness(server.target, server.process.pid)
        talker = stack.enter_context(Client(server.target, "talker"))
        talker.join("#talk")
        before = most = resident(server.process.pid)
        began = time.monotonic()
        reasons: Counter[str] = Counter()

        def listen() -> None:
            nonlocal most
            reasons.update(message.params[0] for message in talker.sync() if message.command == "QUIT")
            most = max(most, resident(server.process.pid))

        for number in range(readers):
            stack.enter_context(_never_reading(server.target, number))
            if number % 100 == 0:
                listen()
        count = 0
        while reasons.total() < readers:
            talker.send(*[f"PRIVMSG #talk :{_TEXT}"] * _AT_ONCE)
            count += _AT_ONCE
            listen()
            assert count * len(_TEXT) < 100 * sendq, reasons
        witness.end()
        assert most < before + sendq_total // 1024 + readers * _EACH + _SPARE, (before, most)
        assert "Traceback" not in server.errors.read_text()
        assert server.end() == 0
    return Outcome(reasons, count, before, most, witness.longest, time.monotonic() - began)


def _never_reading(address: Target, number: int) -> socket.socket:
    """Connect a client that never reads; the kernel buffers little for it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(address)
    sock.sendall(b"NICK deaf%d\r\nUSER deaf 0 * :deaf\r\nJOIN #talk\r\n" % number)
    return sock


def main() -> int:
    """Run it by hand."""
    parser = argparse.ArgumentParser(description="Thousands who never read, while others talk.")
    parser.add_argument("--readers", type=int, default=3000)
    parser.add_argument("--sendq", type=int, default=1 << 20)
    parser.add_argument("--sendq-total", type=int, default=1 << 28)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), given.readers, sendq=given.sendq, sendq_total=given.sendq_total)
    sys.stdout.write(f"{given.readers} readers: {outcome}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
