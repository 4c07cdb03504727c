"""Connecting to an engine that requires credentials: users, tokens, TLS, certificates; with real servers."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineError, EngineRefusesError
from tests.patience import PATIENCE
from tests.server.nodes.nats import NEEDED, nats

pytestmark = NEEDED


class Identity(NamedTuple):
    """A self-signed certificate and its key."""

    certificate: str
    key: str


def identity(folder: Path, name: str) -> Identity:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    found = Identity(str(folder / f"{name}.pem"), str(folder / f"{name}.key"))
    Path(found.certificate).write_bytes(made.public_bytes(serialization.Encoding.PEM))
    Path(found.key).write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return found


def use_connection(access: Access) -> None:
    """Connect and use the connection."""
    engine = Engine(access, "test")
    assert engine.find_log("none") is None
    engine.close()


def refusal(access: Access) -> str:
    with pytest.raises(EngineRefusesError) as refused:
        use_connection(access)
    return str(refused.value).partition(": ")[2].partition(": ")[2]


@pytest.mark.parametrize(
    ("asks", "right", "wrong"),
    [
        ('user: "kim", password: "secret"', {"user": "kim", "password": "secret"}, {"user": "kim", "password": "x"}),
        ('token: "hidden"', {"token": "hidden"}, {"token": "shown"}),
    ],
)
def test_credentials(tmp_path: Path, asks: str, right: dict[str, str], wrong: dict[str, str]) -> None:
    with nats(tmp_path, more=f"authorization {{ {asks} }}") as (server,):
        use_connection(Access((server.url,), **right))
        assert refusal(Access((server.url,), **wrong)) == "Authorization Violation"
        assert refusal(Access((server.url,))) == "Authorization Violation"


def test_tls_with_certificates_on_both_sides(tmp_path: Path) -> None:
    theirs, ours, other = (identity(tmp_path, name) for name in ("theirs", "ours", "other"))
    tls = f'tls {{ cert_file: "{theirs.certificate}", key_file: "{theirs.key}", ca_file: "{ours.certificate}"'
    with nats(tmp_path, more=f"{tls}, verify: true }}") as (server,):
        access = Access((server.url,), ca=theirs.certificate, certificate=ours.certificate, key=ours.key)
        use_connection(access)
        use_connection(replace(access, urls=(server.url.replace("nats:", "tls:"),)))
        assert "its certificate is not trusted: self" in refusal(replace(access, ca=""))
        assert "its certificate is not trusted" in refusal(replace(access, ca=other.certificate))
        assert "its certificate is not trusted: Hostname mismatch" in refusal(
            replace(access, urls=(server.url.replace("127.0.0.1", "localhost"),))
        )
        for wrong in (replace(access, certificate="", key=""), replace(access, **other._asdict())):
            with pytest.raises(EngineError):
                use_connection(wrong)
        missing = replace(access, certificate=str(tmp_path / "nothing.pem"))
        assert refusal(missing) == f"can't use the certificate {tmp_path}/nothing.pem: No such file or directory"
        assert "PEM files look different" in refusal(replace(access, ca=ours.key))


def test_a_server_without_tls_is_refused_where_tls_is_required(tmp_path: Path) -> None:
    """A man in the middle must not be able to switch TLS off."""
    with nats(tmp_path) as (server,):
        url = server.url.replace("nats:", "tls:")
        assert refusal(Access((url,))) == "it has no TLS, but the configuration requires it"
        ours = identity(tmp_path, "ours")
        assert refusal(Access((server.url,), ca=ours.certificate)) == "it has no TLS, but the configuration requires it"


@contextmanager
def speaking(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Start a server that handles its first connection so. Yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError), listener.accept()[0] as near:
                serve(near)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"nats://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(PATIENCE)


def test_bytes_before_the_handshake_are_not_part_of_the_session(tmp_path: Path) -> None:
    """The beginning of a message before the handshake must not swallow the next thousand bytes."""
    theirs = identity(tmp_path, "theirs")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*theirs)
    begun = b"MSG x 1 1000\r\n"

    def secured(near: socket.socket) -> None:
        near.sendall(b'INFO {"jetstream": true, "tls_required": true}\r\n' + begun)
        with context.wrap_socket(near, server_side=True) as through:
            through.recv(65536)
            through.sendall(b"PONG\r\n")
            through.recv(65536)

    with speaking(lambda near: near.sendall(begun)) as broken, speaking(secured) as url:
        Engine(Access((broken, url), ca=theirs.certificate), "test").close()


@pytest.mark.parametrize("texts", [b"INFO nonsense\r\n", b"INFO []\r\n", b"INFO \xff\r\n", b"+OK\r\nINFO {\r\n"])
def test_another_service_at_that_port(texts: bytes) -> None:
    with (
        speaking(lambda near: near.sendall(texts)) as url,
        pytest.raises(EngineError, match="it uses another protocol"),
    ):
        Engine(Access((url,)), "test")
