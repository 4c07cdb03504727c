"""Requests of the server go to public addresses only, within their timeout."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from greenchat.server.push import outgoing
from greenchat.server.push.outgoing import OutgoingError, post
from greenchat.values.addresses import network
from tests.http_recorder import http_recorder
from tests.patience import PATIENCE

HERE = (network("127.0.0.0/8"), network("::1"))


TRUST = ssl.create_default_context()


def test_a_post(tmp_path: Path) -> None:
    with http_recorder(tmp_path) as recorder:
        trust = ssl.create_default_context(cafile=recorder.certificate)
        assert post(f"{recorder.url}/a?b=c", b"body", {"TTL": "5"}, trust=trust, allowed=HERE, timeout=PATIENCE) == 201
        path, fields, body = recorder.take()
        assert (path, fields["ttl"], body) == ("/a?b=c", "5", b"body")
        assert fields["host"] == recorder.url.removeprefix("https://")


def test_a_redirect_is_not_followed() -> None:
    with http_recorder() as recorder, http_recorder() as other:
        recorder.status, recorder.fields = 307, {"Location": f"{other.url}/"}
        assert post(recorder.url, b"", {}, trust=TRUST, allowed=HERE, timeout=PATIENCE) == 307
        assert other.is_empty()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_contacted(host: str) -> None:
    with http_recorder() as recorder:
        port = recorder.server_address[1]
        with pytest.raises(OutgoingError):
            post(f"http://{host}:{port}/", b"", {}, trust=TRUST, timeout=PATIENCE)
        assert recorder.is_empty(0.1)


def test_an_untrusted_certificate(tmp_path: Path) -> None:
    with http_recorder(tmp_path) as recorder:
        with pytest.raises(OutgoingError, match="certificate is not trusted"):
            post(recorder.url, b"", {}, trust=TRUST, allowed=HERE, timeout=PATIENCE)
        assert recorder.is_empty(0.1)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/",
        "https://",
        "https:///x",
        "/x",
        "https://x:99999/",
        "http://localhost/a b",
        "http://[::1",
        "http://h/\r\n",
    ],
)
def test_invalid_urls(url: str) -> None:
    with pytest.raises(OutgoingError):
        post(url, b"", {}, trust=TRUST, allowed=HERE, timeout=PATIENCE)


@pytest.mark.parametrize("answer", [b"", b"x\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 9999 x\r\n", b"a" * 9000])
def test_invalid_answers(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1000)
                peer.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(OutgoingError):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"", {}, trust=TRUST, allowed=HERE, timeout=PATIENCE)
        thread.join()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_answers(scheme: str) -> None:
    """The timeout is of real time: half a second."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(OutgoingError):
            post(url, b"", {}, trust=TRUST, allowed=HERE, timeout=0.5)
        assert time.monotonic() - began > 0.4


def test_a_name_that_is_never_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile name server may never answer: getaddrinfo waits as long as the system is configured to."""
    asked = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.wait(PATIENCE) and [])
    try:
        with pytest.raises(OutgoingError, match="takes too long to look up"):
            post("http://slow.example/", b"", {}, trust=TRUST, timeout=0.3)
        monkeypatch.setattr(outgoing, "_LOOKUPS", threading.BoundedSemaphore(1))
        with pytest.raises(OutgoingError, match="takes too long to look up"):
            post("http://slow.example/", b"", {}, trust=TRUST, timeout=0.3)
        with pytest.raises(OutgoingError, match="too many names"):
            post("http://slow.example/", b"", {}, trust=TRUST, timeout=0.3)
    finally:
        asked.set()


def test_a_server_that_answers_a_byte_at_a_time() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with listener.accept()[0] as peer:
                while not ended.wait(0.05):
                    try:
                        peer.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(OutgoingError, match=r"too long|timed out"):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"", {}, trust=TRUST, allowed=HERE, timeout=0.5)
        ended.set()
        thread.join()
