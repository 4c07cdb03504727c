"""HTTP and WebSocket attackers, in processes of their own: what they get is bounded, and a witness notices nothing."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.figures import resident
from tests.hostile.witness import Witness
from tests.http_client import PING, TEXT, Http, WebSocket
from tests.server.process import ROOT, Running, started

_HALF_OPEN = 10_000
_KEPT = 2048  # the default of web.unfinished
_EACH = 20  # KiB of memory that an unfinished request may take, beside what it has sent
_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: "


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "server.toml").write_text("[throttle]\ncommands = 0\n")
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments, "--config", str(tmp_path / "server.toml")) as running:
        yield running


@contextmanager
def half_open(house: Running, data: bytes, number: int) -> Iterator["subprocess.Popen[bytes]"]:
    """So many clients of this kind, once all are there."""
    host, port = house.target
    command = [sys.executable, "-m", "tests.hostile.half_open", host, str(port), str(number)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(data)
            process.stdin.close()
            assert process.stdout.readline() == b"here\n"
            yield process
        finally:
            process.kill()


def gone(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout
    return int(process.stdout.readline())


@pytest.mark.parametrize("size", [0, 7000], ids=["a few bytes", "most of a head"])
def test_ten_thousand_half_open_requests(house: Running, size: int) -> None:
    """The oldest are dropped, what they take is bounded, and who asks properly is answered."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < _HALF_OPEN + 500:
        pytest.skip(f"this system allows {most} descriptors in a process")
    before = resident(house.process.pid)
    witness = Witness(house.target, house.process.pid)
    try:
        with half_open(house, _HEAD + b"x" * size, _HALF_OPEN) as process:
            while gone(process) < _HALF_OPEN - _KEPT - 100:
                pass
            assert resident(house.process.pid) - before < _HALF_OPEN * (_EACH + 2 * size // 1024)
            with Http(house.target) as http:
                assert http.get("/healthz").status == 200
            witness.say_again()
    finally:
        witness.end()
    assert "Traceback" not in house.errors.read_text()


FLOODS = {
    "pings": WebSocket.frame(PING) * 2000,
    "empty messages": WebSocket.frame(TEXT) * 2000,
    "empty lines": WebSocket.frame(TEXT, b"\r\n") * 2000,
    "commands": WebSocket.frame(TEXT, b"VERSION") * 1000,
    "half frames": b"\x81",
    "frames that say more than they are": b"\x81\xfe\x3f\xff" + b"x" * 100,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_floods_of_frames(house: Running, flood: bytes) -> None:
    witness = Witness(house.target, house.process.pid)
    attackers = []
    try:
        for _ in range(5):
            attacker = WebSocket(house.target)
            attacker.sock.setblocking(False)
            attackers.append(attacker)
        for _ in range(20):
            for attacker in attackers:
                try:
                    attacker.sock.send(flood)
                    attacker.sock.recv(1 << 20)
                except OSError:
                    continue
            witness.say_again()
    finally:
        for attacker in attackers:
            attacker.sock.close()
        witness.end()
    assert "Traceback" not in house.errors.read_text()


def test_floods_of_requests(house: Running) -> None:
    """Without waiting for the answers, and without reading them."""
    witness = Witness(house.target, house.process.pid)
    attackers = []
    requests = b"GET /config.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
    try:
        for _ in range(10):
            attacker = Http(house.target)
            attacker.sock.setblocking(False)
            attackers.append(attacker)
        for _ in range(20):
            for attacker in attackers:
                try:
                    attacker.sock.send(requests)
                except OSError:
                    continue
            witness.say_again()
    finally:
        for attacker in attackers:
            attacker.sock.close()
        witness.end()
    assert "Traceback" not in house.errors.read_text()
