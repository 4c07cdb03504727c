"""TLS: on the same port as everything else, with a certificate of our own, without delaying other clients."""

import errno
import hashlib
import shutil
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from greenchat.config.options import Address, ListenerOptions
from greenchat.config.settings import Settings
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls, TlsError, TlsStream
from tests.conftest import ServerThread, StartServer, Target, quick_options
from tests.irc import Client
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ensure_certificate(tmp_path_factory.mktemp("tls"), "greenchat.local", ["localhost", "127.0.0.1"])


@pytest.fixture
def secure(start_server: StartServer, tmp_path: Path, certificate: tuple[Path, Path]) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path), Tls(*certificate))


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


def test_one_port_for_tls_and_plain_connections(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    with Client(secure.address, "alice", tls=trusting) as alice, Client(secure.address, "bob") as bob:
        alice.join("#lobby")
        bob.join("#lobby")
        alice.expect("JOIN")
        bob.send("PRIVMSG #lobby :" + "x" * 400)
        alice.send("PRIVMSG #lobby :through the lock")
        assert bob.expect("PRIVMSG").params[1] == "through the lock"
        assert alice.expect("PRIVMSG").params[1] == "x" * 400
        secured = {message.command for message in bob.run("WHOIS alice")}
        assert "671" in secured
        assert "671" not in {message.command for message in bob.run("WHOIS bob")}


def test_large_transfers_in_both_directions(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    with Client(secure.address, "alice", tls=trusting) as alice, Client(secure.address, "bob", tls=trusting) as bob:
        alice.send(*[f"PRIVMSG bob :{number} {'x' * 300}" for number in range(2000)])
        messages = [int(bob.expect("PRIVMSG").params[1].split()[0]) for _ in range(2000)]
        assert messages == list(range(2000))


def test_the_page_is_served_through_tls(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    host, port = secure.address
    connection = HTTPSConnection(host, port, timeout=PATIENCE, context=trusting)
    with closing(connection):
        connection.request("GET", "/")
        assert connection.getresponse().status == 200


def _connected(certificate: tuple[Path, Path], trusting: ssl.SSLContext) -> tuple[TlsStream, ssl.SSLSocket]:
    """Return the two ends of a TLS connection after its handshake: the server's stream, and the client's socket."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    stream = Tls(*certificate).accept(ours)
    with ThreadPoolExecutor(1) as thread:
        client = thread.submit(trusting.wrap_socket, theirs, server_hostname="localhost")
        is_done = False
        while not is_done:
            with suppress(BlockingIOError):
                stream.handshake()
                is_done = True
        return stream, client.result(PATIENCE)


def test_a_slow_reader_gets_everything_in_order(certificate: tuple[Path, Path], trusting: ssl.SSLContext) -> None:
    stream, client = _connected(certificate, trusting)
    left = text = b"".join(b"%d," % number for number in range(200_000))
    received = bytearray()
    waited = 0
    with client:
        while len(received) < len(text):
            try:
                left = left[stream.send(left) :] if left else b""
            except BlockingIOError:
                waited += 1
            if waited or not left:
                received += client.recv(65536)
    assert waited
    assert received == text
    stream.close()


@pytest.mark.parametrize("is_direct", [True, False])
def test_sending_to_a_closed_connection_raises(
    certificate: tuple[Path, Path], trusting: ssl.SSLContext, is_direct: bool
) -> None:
    stream, client = _connected(certificate, trusting)
    if not is_direct:
        stream.ssl = None
    client.close()
    with pytest.raises(ConnectionResetError) as raised:
        stream.send(b"hello")
    assert raised.value.errno == errno.EPIPE
    stream.close()


def test_pyopenssl_shows_what_is_called_directly(certificate: tuple[Path, Path], trusting: ssl.SSLContext) -> None:
    """Undocumented attributes of pyOpenSSL exist: without them sending works as well, but takes longer."""
    stream, client = _connected(certificate, trusting)
    assert stream.ssl is not None
    stream.ssl = None
    assert stream.send(b"hello") == 5
    with client:
        assert client.recv(5) == b"hello"
    stream.close()


def test_a_client_certificate_of_any_issuer_is_accepted(
    secure: ServerThread, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    own = ensure_certificate(tmp_path / "client", "alice", [])
    trusting.load_cert_chain(*own)
    with Client(secure.address, "alice", tls=trusting):
        der = ssl.PEM_cert_to_DER_cert(own[0].read_text())
        certificates = secure.call(lambda app: [each.session.tls.certificate for each in app.clients.connections])
        assert certificates == [hashlib.sha256(der).hexdigest()]


def test_a_stalled_handshake_delays_no_other(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    with socket.create_connection(secure.address) as stalled:
        stalled.sendall(b"\x16\x03\x01")
        with Client(secure.address, "alice", tls=trusting) as alice:
            assert alice.sync() == []


def test_a_failed_handshake_ends_its_connection_only(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    with Client(secure.address, "alice", tls=trusting) as alice, socket.create_connection(secure.address) as broken:
        broken.settimeout(PATIENCE)
        broken.sendall(b"\x16\x03\x01\x00\x05hello")
        while broken.recv(4096):
            pass
        assert alice.sync() == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused(secure: ServerThread, trusting: ssl.SSLContext) -> None:
    trusting.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    trusting.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Client(secure.address, "alice", tls=trusting)


def test_without_tls_a_tls_client_gets_an_alert(server: Target, trusting: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake"):
        Client(server, "alice", tls=trusting)


def test_the_certificate_is_made_once_with_a_private_key_file(tmp_path: Path) -> None:
    certificate, key = ensure_certificate(tmp_path, "a.b", [])
    before = certificate.read_bytes()
    assert ensure_certificate(tmp_path, "a.b", []) == (certificate, key)
    assert certificate.read_bytes() == before
    assert key.stat().st_mode & 0o777 == 0o600


def test_new_files_are_loaded_without_disconnecting(
    start_server: StartServer, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    files = [Path(shutil.copy(path, tmp_path)) for path in certificate]
    tls = Tls(*files)
    server = start_server(Settings(), quick_options(tmp_path), tls)
    with Client(server.address, "old", tls=ssl.create_default_context(cafile=certificate[0])) as old:
        before = tls.fingerprint
        for path in files:
            path.unlink()
        renewed = ensure_certificate(tmp_path, "greenchat.local", ["localhost"])
        server.call(lambda app: tls.reload())
        with Client(server.address, "new", tls=ssl.create_default_context(cafile=renewed[0])) as new:
            assert new.sync() == old.sync() == []
        assert tls.fingerprint != before


@pytest.mark.parametrize("bad", ["missing", "not PEM", "another key"])
def test_invalid_files_are_refused_in_one_line(tmp_path: Path, certificate: tuple[Path, Path], bad: str) -> None:
    cert, key = certificate
    if bad == "missing":
        key = tmp_path / "none.pem"
    elif bad == "not PEM":
        cert = tmp_path / "bad.pem"
        cert.write_text("hello")
    else:
        _, key = ensure_certificate(tmp_path, "other", [])
    with pytest.raises(TlsError) as caught:
        Tls(cert, key)
    assert "\n" not in str(caught.value)
    assert str(cert if bad == "not PEM" else key) in str(caught.value)


@pytest.mark.parametrize("kind", ["auto", "irc", "plain"])
def test_a_listener_may_require_tls(
    start_server: StartServer, tmp_path: Path, certificate: tuple[Path, Path], trusting: ssl.SSLContext, kind: str
) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), kind=kind, tls="must")
    address = start_server(Settings(), replace(quick_options(tmp_path), listen=(listener,)), Tls(*certificate)).address
    with socket.create_connection(address, timeout=PATIENCE) as open_:
        open_.sendall(b"NICK alice\r\nUSER a 0 * :a\r\n")
        assert open_.recv(1000) == b"ERROR :This port is for TLS only\r\n"
        open_.shutdown(socket.SHUT_WR)
        assert open_.recv(1000) == b""
    if kind == "plain":
        with trusting.wrap_socket(
            socket.create_connection(address, timeout=PATIENCE), server_hostname="localhost"
        ) as plain:
            assert plain.recv(1000) == b"NICK"
    else:
        with Client(address, "alice", tls=trusting) as alice:
            assert "671" in alice.commands("WHOIS alice")


def test_a_listener_may_be_without_tls(
    start_server: StartServer, tmp_path: Path, certificate: tuple[Path, Path], trusting: ssl.SSLContext
) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), kind="irc", tls="never")
    address = start_server(Settings(), replace(quick_options(tmp_path), listen=(listener,)), Tls(*certificate)).address
    with Client(address, "alice") as alice:
        assert alice.sync() == []
    with socket.create_connection(address, timeout=PATIENCE) as sock, pytest.raises(ssl.SSLError):
        trusting.wrap_socket(sock, server_hostname="localhost")
