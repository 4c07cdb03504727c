"""An HTTP server for tests, optionally with TLS, that keeps what is posted and returns given answers."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import NamedTuple

from greenchat.server.net.certificate import ensure_certificate
from tests.patience import PATIENCE


class Post(NamedTuple):
    """fields: with names in lower case."""

    path: str
    fields: dict[str, str]
    body: bytes


class HttpRecorder(ThreadingHTTPServer):
    """The server. status, answer: what it returns. While `gate` is closed it does not answer."""

    daemon_threads = True

    def __init__(self, folder: Path | None) -> None:
        """folder: for its certificate, None without TLS."""
        super().__init__(("127.0.0.1", 0), _Talk)
        self.posts: Queue[Post] = Queue()
        self.status = 201
        self.answer = b""
        self.fields: dict[str, str] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.certificate = Path()
        if folder:
            self.certificate, key = ensure_certificate(folder, "localhost", ["localhost", "127.0.0.1"])
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        """The recorder's URL."""
        return f"http{'s' if self.certificate != Path() else ''}://localhost:{self.server_address[1]}"

    def take(self) -> Post:
        """Return the next post."""
        return self.posts.get(timeout=PATIENCE)

    def is_empty(self, seconds: float = 0.3) -> bool:
        """Whether nothing arrives for so long."""
        try:
            self.posts.get(timeout=seconds)
        except Empty:
            return True
        return False

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about clients that don't trust the certificate."""


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        recorder = self.server
        assert isinstance(recorder, HttpRecorder)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        recorder.posts.put(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        recorder.gate.wait(PATIENCE)
        self.send_response(recorder.status)
        for name, value in recorder.fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(recorder.answer)))
        self.end_headers()
        self.wfile.write(recorder.answer)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def http_recorder(folder: Path | None = None) -> Iterator[HttpRecorder]:
    """Serve for the duration of the block."""
    recorder = HttpRecorder(folder)
    thread = threading.Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        recorder.gate.set()
        recorder.shutdown()
        thread.join()
        recorder.server_close()
