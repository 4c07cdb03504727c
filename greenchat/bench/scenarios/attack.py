"""Attacks: the longest wait of two clients for each other's messages, and whether the server can still stop.

The attackers run in a separate process, and so do the two talkers. The CPU time of other processes is subtracted from
the longest wait: "max by the server" is the server's part.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress

from greenchat.bench.attackers import KINDS
from greenchat.bench.figures import Figures, quantile
from greenchat.bench.load import Job
from greenchat.bench.process import waiting_seconds
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import StalledError

_PAUSE = 0.02  # seconds between two messages
_PATIENCE = 60.0  # seconds for a message
_STOPPING = 60.0
_GOING_ON = 5.0  # the most seconds for which the attack continues after the window, while the server is stopped
_KIND_NUMBERS = {name: number for number, name in enumerate(KINDS)}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="kind of attack, repeatable (churn)")
    parser.add_argument(
        "--threads", type=int, action="append", metavar="N", help="threads of attackers, repeatable (1, 6, 24)"
    )


def _shapes(options: Namespace) -> Sequence[Shape]:
    return [
        Shape(
            f"{kind}, {threads} threads of attackers",
            {"kind": _KIND_NUMBERS[kind], "threads": threads, "ends": int(not options.server), "clients": 2},
        )
        for kind in options.kind or ["churn"]
        for threads in options.threads or (1, 6, 24)
    ]


class _Talker:
    """A blocking IRC client, one of the two talkers."""

    def __init__(self, job: Job, nick: str) -> None:
        address = job.address
        self._sock = socket.create_connection((address.host, address.port), _PATIENCE)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.read_until(b" 376 ", b" 422 ")
        self.say("JOIN #bench")
        self.read_until(b" 366 ")

    def say(self, *lines: str) -> None:
        """Send lines."""
        self._sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def read_until(self, *words: bytes) -> None:
        """Read up to a line with one of these words in it. Raises StalledError."""
        try:
            while True:
                while b"\n" not in self._rest:
                    data = self._sock.recv(1 << 16)
                    if not data:
                        raise StalledError(f"the server closed the connection before {words[0].decode()} came")
                    self._rest += data
                line, _, self._rest = self._rest.partition(b"\n")
                if line.startswith(b"PING "):
                    self.say("PONG " + line[5:].decode().rstrip("\r"))
                if any(word in line for word in words):
                    return
        except OSError as error:
            raise StalledError(f"{words[0].decode()} did not come within {_PATIENCE:g} s: {error}") from error

    def was_told(self) -> bool:
        """Whether the last message that it receives is an ERROR."""
        with suppress(StalledError):
            self.read_until(b"ERROR ")
            return True
        return False


def _run(job: Job, shape: Shape) -> Figures:
    one, other = _Talker(job, "w1"), _Talker(job, "w2")
    kind = list(KINDS)[shape["kind"]]
    attackers = subprocess.Popen(
        [sys.executable, "-m", "greenchat.bench.attackers", kind, job.address.host, str(job.address.port),
         str(job.seconds + _GOING_ON), str(shape["threads"])],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert attackers.stdout
    try:
        attackers.stdout.readline()
        figures = _talk(job, one, other)
        if shape["ends"] and job.pid:
            began = time.monotonic()
            waited = waiting_seconds(job.pid)
            os.kill(job.pid, signal.SIGTERM)
            figures["told"] = one.was_told() + other.was_told()
            ended, waited = _await_end(job.pid, waited)
            figures["stopping"] = max(0.0, ended - began - waited)
    finally:
        attackers.terminate()
        attackers.wait()
    return figures


def _talk(job: Job, one: _Talker, other: _Talker) -> dict[str, float]:
    delays: list[float] = []
    faults: list[float] = []
    memory = job.resident()
    watch = job.stopwatch()
    ends = time.monotonic() + job.seconds
    while time.monotonic() < ends:
        job.progress(f"heard: {len(delays)}", 1 - max(0.0, ends - time.monotonic()) / job.seconds)
        kept = _kept_waiting(job)
        began = time.monotonic()
        one.say(f"PRIVMSG #bench :witness-{len(delays)}-")
        other.read_until(b"witness-%d-" % len(delays))
        delays.append(time.monotonic() - began)
        faults.append(max(0.0, delays[-1] - (_kept_waiting(job) - kept)))
        memory = max(memory, job.resident())
        time.sleep(_PAUSE)
    ordered = sorted(delays)
    return {
        "clients": 2,
        "delay_p50": quantile(ordered, 0.5),
        "delay_p99": quantile(ordered, 0.99),
        "delay_max": ordered[-1],
        "delay_fault": max(faults),
        "memory": memory,
        **watch.stop(),
    }


def _kept_waiting(job: Job) -> float:
    """Return the seconds for which the server and this process waited for their core."""
    return waiting_seconds(os.getpid()) + (waiting_seconds(job.pid) if job.pid else 0.0)


def _await_end(pid: int, waited: float) -> tuple[float, float]:
    """Return when a process ended, by the monotonic clock, and the seconds that it was kept waiting since `waited`."""
    deadline = time.monotonic() + _STOPPING
    last = waited
    while time.monotonic() < deadline:
        with suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            if stat.read().rpartition(")")[2].split()[0] != "Z":  # its parent has not reaped it yet
                with suppress(ProcessLookupError):
                    last = waiting_seconds(pid)
                time.sleep(0.005)
                continue
        break
    return time.monotonic(), last - waited


SCENARIO = Scenario(
    "attack", "attacks, while two clients talk", _shapes, _run, _add_arguments, seconds=8.0,
)  # fmt: skip
