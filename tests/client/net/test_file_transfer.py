"""File transfers: uploads by HTTP, downloads by DCC."""

import contextlib
import os
import shutil
import socket
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from greenchat.client.net import file_transfer
from greenchat.client.net.file_transfer import fetch, upload
from greenchat.client.state.transfers import Offer, TransferError
from tests.client.world import World
from tests.patience import PATIENCE
from tests.ports import reserved_port


def connect(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), PATIENCE)


class FileHost(HTTPServer):
    """A server that stores uploads. status, location: of its answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 201
        self.location = "/files/abc.jpg"
        self.headers: dict[str, str] = {}
        self.body = b""


class _Handler(BaseHTTPRequestHandler):
    server: FileHost

    def do_POST(self) -> None:
        self.server.headers = dict(self.headers.items())
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Log nothing."""


@pytest.fixture
def host() -> Iterator[FileHost]:
    """Start a server that accepts files."""
    server = FileHost()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cake(tmp_path: Path) -> Path:
    path = tmp_path / "our cäke.jpg"
    path.write_bytes(os.urandom(200_000))
    return path


def test_an_upload_has_name_type_and_size(host: FileHost, cake: Path) -> None:
    """ "Clients SHOULD use the `Content-Type`, `Content-Disposition` and `Content-Length` header fields"."""
    url = f"http://127.0.0.1:{host.server_port}/files"
    assert upload(cake, url, "Bearer x", connect) == f"http://127.0.0.1:{host.server_port}/files/abc.jpg"
    assert host.body == cake.read_bytes()
    assert host.headers["Content-Type"] == "image/jpeg"
    assert host.headers["Content-Disposition"] == "attachment; filename*=UTF-8''our%20c%C3%A4ke.jpg"
    assert host.headers["Content-Length"] == "200000"
    assert host.headers["Authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (401, "", "you have to be logged in: /login"),
        (413, "", "the file is too large"),
        (500, "", "it says 500 Internal Server Error"),
        (200, "/files/a", "it says 200 OK"),  # "servers MUST reply with a `201 Created` status code"
        (201, "javascript:alert(1)", "it did not give the file's address"),
        (201, "https://x/a\tb", "it did not give the file's address"),
        (201, "https://[::1/a", "Invalid IPv6 URL"),
    ],
)
def test_a_refusal_is_reported(host: FileHost, cake: Path, status: int, location: str, expected: str) -> None:
    host.status, host.location = status, location
    with pytest.raises(TransferError, match=expected):
        upload(cake, f"http://127.0.0.1:{host.server_port}/files", "", connect)


def _drip(listener: socket.socket, piece: bytes, ended: threading.Event) -> None:
    peer, _ = listener.accept()
    with peer, contextlib.suppress(OSError):
        while not ended.wait(0.01):
            peer.sendall(piece)


@pytest.mark.parametrize("way", ["upload", "fetch"])
def test_a_server_that_answers_byte_by_byte_is_given_up(
    tea: World, cake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A script would wait for ever."""
    monkeypatch.setattr(file_transfer, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(file_transfer, "_SLOWEST", 10_000_000)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=_drip, args=(listener, b"HTTP/1.1 201 Created A: ", ended))
        thread.start()
        offer = Offer(tea.network, "bob", "cake.jpg", "127.0.0.1", port)
        work: dict[str, Callable[[], object]] = {
            "upload": lambda: upload(cake, f"http://127.0.0.1:{port}/files", "", connect),
            "fetch": lambda: fetch(offer, tmp_path / "files", connect),
        }
        with pytest.raises(TransferError, match=r"it takes longer than|the transfer is too slow"):
            work[way]()
        ended.set()
        thread.join()


@pytest.mark.parametrize("url", ["https://[::1/", "https://x:99999/", "https://x:y/"])
def test_a_server_that_returns_no_location(cake: Path, url: str) -> None:
    with pytest.raises(TransferError, match="is not a valid URL"):
        upload(cake, url, "", connect)


def test_an_unreachable_server_is_reported(cake: Path) -> None:
    with reserved_port() as port, pytest.raises(TransferError, match="refused"):
        upload(cake, f"http://127.0.0.1:{port}/files", "", connect)


class Sender:
    """A sender of a file by DCC. acknowledged: the byte counts that the receiver confirmed."""

    def __init__(self, data: bytes) -> None:
        self.acknowledged: list[int] = []
        self._data = data
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener, contextlib.suppress(OSError):  # the receiver hangs up when it has enough
            connection.sendall(self._data)
            connection.shutdown(socket.SHUT_WR)
            while word := connection.recv(4, socket.MSG_WAITALL):
                self.acknowledged += struct.unpack("!I", word)


Fetched = Callable[[bytes, int], tuple[Path, Sender]]


@pytest.fixture
def fetched(tmp_path: Path) -> Fetched:
    """Fetch a file of this content, announced with this size."""

    def run(data: bytes, size: int) -> tuple[Path, Sender]:
        sender = Sender(data)
        offer = Offer(World().network, "bob", "../cake.jpg", "127.0.0.1", sender.port, size)
        try:
            return fetch(offer, tmp_path / "files", connect), sender
        finally:
            sender.thread.join()

    return run


def test_a_file_is_fetched_and_acknowledged(fetched: Fetched, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    path, sender = fetched(data, len(data))
    assert path == tmp_path / "files/cake.jpg"
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sender.acknowledged[-1] == len(data)


def test_no_file_is_overwritten(fetched: Fetched, tmp_path: Path) -> None:
    paths = [fetched(text, 3)[0] for text in (b"one", b"two", b"six")]
    assert [path.name for path in paths] == ["cake.jpg", "cake 2.jpg", "cake 3.jpg"]
    assert [path.read_bytes() for path in paths] == [b"one", b"two", b"six"]


def test_no_more_than_the_announced_size_is_written(fetched: Fetched) -> None:
    assert fetched(b"1234567890", 4)[0].read_bytes() == b"1234"
    assert fetched(b"1234567890", 0)[0].read_bytes() == b"1234567890"


def test_an_incomplete_file_is_reported(fetched: Fetched) -> None:
    with pytest.raises(TransferError, match=r"only 4 bytes of 10 bytes arrived; they are in .*cake\.jpg"):
        fetched(b"1234", 10)


def test_a_file_does_not_fill_the_disk(fetched: Fetched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that announces no size could otherwise send until no program on this machine can write."""
    monkeypatch.setattr(file_transfer, "_LOOK", 1000)
    room = iter([10_000_000_000, 600_000_000, 499_999_999])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(1 << 40, 0, next(room)))
    with pytest.raises(TransferError, match=r"not enough disk space: 500\.0 MB are free"):
        fetched(os.urandom(1_000_000), 0)
    assert list((tmp_path / "files").iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(1 << 40, 0, 1_000_000_000))
    with pytest.raises(TransferError, match="not enough disk space"):
        fetched(b"x", 600_000_000)
    assert fetched(b"x", 1)[0].read_bytes() == b"x"


class DiskUsage(NamedTuple):
    """The result of shutil.disk_usage."""

    total: int
    used: int
    free: int
