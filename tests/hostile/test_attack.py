"""Strangers attack from a process of their own, and two others talk: the server is a third process.

In one process the interpreter's lock would hide what the attack does, or do it itself. The oracle is a clock, less what
the machine kept the two and the server waiting, which the kernel counts.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from greenchat.bench.attackers import KINDS
from tests.hostile.figures import kept_waiting, resident
from tests.hostile.witness import Witness
from tests.irc import Client
from tests.server.process import ROOT, Running, started

# Seconds that a message may take by the server's fault; before there was a budget it took 5 to 25. On a machine with
# nothing else to do it takes less than 0.1: what is beyond that is what the kernel does not count as kept waiting.
_BOUND = 0.5
_MEMORY = 200 * 1024  # KiB
_SECONDS = 1.0  # of an attack
_LONG = 60.0  # seconds, long after it is over
_ENDING = 1.0  # seconds in which a server that is told to has ended, by its own fault
_CROWD = 2000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    arguments = ("--listen", "127.0.0.1:0", "--tls", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments) as server:
        yield server


@contextmanager
def _under_attack(house: Running, kind: str, threads: int, crowd: int = 50) -> Iterator[None]:
    host, port = house.target
    numbers = (str(number) for number in (port, _LONG, threads, crowd))
    command = [sys.executable, "-m", "greenchat.bench.attackers", kind, host, *numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as attackers:
        assert attackers.stdout
        assert attackers.stdout.readline() == b"here\n"
        try:
            yield
        finally:
            attackers.kill()


def _is_well(house: Running, witness: Witness) -> None:
    """The two heard each other in time, and the server has not grown."""
    memory = resident(house.process.pid)
    witness.end()
    assert memory < _MEMORY


@pytest.mark.parametrize(("kind", "threads"), [("churn", 1), ("churn", 6), *((kind, 24) for kind in KINDS)])
def test_two_others_go_on_talking(house: Running, kind: str, threads: int) -> None:
    witness = Witness(house.target, house.process.pid, bound=_BOUND)
    with _under_attack(house, kind, threads):
        time.sleep(_SECONDS)  # there is nothing to wait for: it is the attack that lasts so long
        witness.say_again()
        _is_well(house, witness)


def test_two_others_go_on_talking_in_the_room_that_is_attacked(house: Running) -> None:
    """As above, and what they say is put for all the strangers, too."""
    with Client(house.target, "alice") as alice, Client(house.target, "bob") as bob:
        for client in (alice, bob):
            client.join("#bench")
        with _under_attack(house, "churn", 6):
            ends = time.monotonic() + _SECONDS
            longest = 0.0
            while time.monotonic() < ends:
                kept = kept_waiting("self", house.process.pid)
                said = time.monotonic()
                alice.send(f"PRIVMSG #bench :{said}")
                while bob.expect("PRIVMSG").params[-1] != str(said):
                    pass
                waited = time.monotonic() - said
                longest = max(longest, waited - (kept_waiting("self", house.process.pid) - kept).total() / 1e9)
                alice.sync()
        assert longest < _BOUND


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("kind", ["churn", "heavy"])
def test_it_ends_when_it_is_told_to(house: Running, number: signal.Signals, kind: str) -> None:
    """Also under attack; and everybody is told who takes it."""
    with Client(house.target, "alice") as alice, _under_attack(house, kind, 6):
        time.sleep(_SECONDS / 3)
        kept = now = kept_waiting(house.process.pid)
        told = time.monotonic()
        house.process.send_signal(number)
        while house.process.poll() is None:
            now = kept_waiting(house.process.pid) or now
            time.sleep(0.002)
        waited = time.monotonic() - told - max(0.0, (now - kept).total() / 1e9)
        assert house.process.returncode == 0
        assert waited < _ENDING
        assert alice.until_end()[-1].params == ("The server is shutting down",)


def test_it_reloads_when_it_is_told_to(house: Running, tmp_path: Path) -> None:
    with Client(house.target, "alice") as alice, _under_attack(house, "churn", 6):
        time.sleep(_SECONDS / 3)
        kept = kept_waiting(house.process.pid)
        told = time.monotonic()
        house.process.send_signal(signal.SIGHUP)
        while "reloaded the configuration" not in house.errors.read_text():
            assert time.monotonic() < told + 20
            time.sleep(0.005)
        waited = time.monotonic() - told - (kept_waiting(house.process.pid) - kept).total() / 1e9
        assert waited < _BOUND
        alice.sync()


@pytest.mark.parametrize("kind", ["join", "deaf"])
def test_thousands_at_once(house: Running, kind: str) -> None:
    """They come within a second or two, and go without having read anything, again and again."""
    witness = Witness(house.target, house.process.pid, bound=2 * _BOUND)
    with _under_attack(house, kind, 1, _CROWD):
        time.sleep(2 * _SECONDS)
        witness.say_again()
        _is_well(house, witness)
