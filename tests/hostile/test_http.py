"""HTTP and WebSocket attackers, in processes of their own: their resources are bounded, and a witness notices
nothing.
"""

import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.hostile.figures import resident
from tests.hostile.programs import Program, attacking
from tests.hostile.witness_process import witnessing
from tests.http_client import PING, TEXT, Http, WebSocket
from tests.server.forked import started
from tests.server.process import Running

_HEARD = 8  # messages that the witness must send meanwhile
_HALF_OPEN = 10_000
_KEPT = 2048  # the default of web.unfinished
_EACH = 20  # KiB of memory that an unfinished request may take, beside its data
_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: "


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one server for all attacks: each meets what the previous one left behind."""
    tmp_path = tmp_path_factory.mktemp("server")
    (tmp_path / "server.toml").write_text("[throttle]\ncommands = 0\n")
    arguments = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    with started(tmp_path, *arguments, "--config", str(tmp_path / "server.toml")) as running:
        yield running


def attacked(server: Running, module: str, *arguments: str, data: bytes) -> AbstractContextManager[Program]:
    """Run clients of a module of this folder in a process of their own. data: what they send."""
    host, port = server.target
    return attacking(f"tests.hostile.{module}", host, str(port), *arguments, data=data)


def count_gone(attackers: Program) -> int:
    return int(attackers.output.readline())


@pytest.mark.parametrize("size", [0, 7000], ids=["a few bytes", "most of a head"])
def test_ten_thousand_half_open_requests(server: Running, size: int) -> None:
    """The oldest are dropped, their memory is bounded, and complete requests are answered."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < _HALF_OPEN + 500:
        pytest.skip(f"this system allows {most} descriptors in a process")
    before = resident(server.process.pid)
    with (
        witnessing(server.target, server.process.pid) as say_again,
        attacked(server, "half_open", str(_HALF_OPEN), data=_HEAD + b"x" * size) as attackers,
    ):
        while count_gone(attackers) < _HALF_OPEN - _KEPT - 100:
            pass
        assert resident(server.process.pid) - before < _HALF_OPEN * (_EACH + 2 * size // 1024)
        with Http(server.target) as http:
            assert http.get("/healthz").status == 200
        say_again()
    assert "Traceback" not in server.errors.read_text()


FLOODS = {
    "pings": WebSocket.frame(PING) * 2000,
    "empty messages": WebSocket.frame(TEXT) * 2000,
    "empty lines": WebSocket.frame(TEXT, b"\r\n") * 2000,
    "commands": WebSocket.frame(TEXT, b"VERSION") * 1000,
    "half frames": b"\x81",
    "frames that say more than they are": b"\x81\xfe\x3f\xff" + b"x" * 100,
}


_REQUESTS = b"GET /config.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_floods_of_frames(server: Running, flood: bytes) -> None:
    _attack(server, "5", "websocket", data=flood)


def test_floods_of_requests(server: Running) -> None:
    """Without waiting for the answers, and hardly reading them."""
    _attack(server, "10", "http", data=_REQUESTS)


def _attack(server: Running, *arguments: str, data: bytes) -> None:
    with (
        witnessing(server.target, server.process.pid) as say_again,
        attacked(server, "http_attackers", *arguments, data=data),
    ):
        for _ in range(_HEARD):
            say_again()
    assert "Traceback" not in server.errors.read_text()
