"""Requests of the server go to public addresses only, within their timeout."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from greenchat.server.push import outgoing
from greenchat.server.push.outgoing import OutgoingError, post
from greenchat.values.addresses import is_out_of_bounds, is_public, network
from tests.http_recorder import http_recorder
from tests.patience import PATIENCE

HERE = (network("127.0.0.0/8"), network("::1"))
TRUST = ssl.create_default_context()


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # the metadata service of clouds
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::1", False),
        ("2002:a00:1::1", False),
        ("64:ff9b:1::a00:1", False),  # RFC 8215: "Local-Use IPv4/IPv6 Translation Prefix"
        ("::ffff:0:7f00:1", False),  # RFC 7915: IPv4-translated
        ("::7f00:1", False),  # IPv4-compatible
        ("fec0::1", False),
        ("3fff::1", False),
    ],
)
def test_which_addresses_are_public(host: str, public: bool) -> None:
    assert is_public(host) is public


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://example.org/x", False),
        ("https://93.184.216.34/", False),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]:8443/", False),
        ("https://10.1.2.3:8443/x", True),
        ("https://169.254.169.254/latest", True),
        ("https://user@10.1.2.3/", True),
        ("https://[::1]/", True),
        ("https://[::ffff:10.0.0.1]/", True),
        ("https://2130706433/", False),  # 127.0.0.1, which this test allows
        ("https://0xa.1/", True),
        ("https://012.0.0.1/", True),
        ("https://0xa.example.org/", False),
        ("https://1.2.3.4.5/", False),
        ("https://localhost/", False),
        ("https://127.0.0.1/", False),
    ],
)
def test_the_text_of_a_url_decides_early(url: str, refused: bool) -> None:
    assert is_out_of_bounds(url, (network("127.0.0.0/8"),)) is refused


@pytest.mark.parametrize(
    "url", ["https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://0x7f.1/"]
)
def test_names_of_this_machine_are_refused_early(url: str) -> None:
    assert is_out_of_bounds(url, ())


@pytest.mark.parametrize("url", ["https://", "https://[::1/", "https:///x", "x"])
def test_a_url_without_a_host(url: str) -> None:
    with pytest.raises(ValueError):
        is_out_of_bounds(url, ())


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
