"""SCRAM-SHA-256-PLUS and -512-PLUS over real TLS, with the data that OpenSSL and the certificate give the client."""

import hashlib
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from OpenSSL import SSL, crypto

from greenchat.config.settings import Settings
from greenchat.protocol.sasl import Collector, chunks
from greenchat.protocol.scram import HASHES, ClientExchange
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.commands.logins import QUICK, register
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client

BOUND = "SCRAM-SHA-256-PLUS,SCRAM-SHA-512-PLUS"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Target:
    """A server with TLS, and alice's account with the password `sesame open`."""
    certificate = ensure_certificate(tmp_path / "tls", "greenchat.local", ["localhost"])
    address = start_server(Settings(accounts=QUICK), quick_options(tmp_path), Tls(*certificate)).address
    register(address, "alice")
    return address


@contextmanager
def through_tls(address: Target, version: int = SSL.TLS1_3_VERSION) -> Iterator[tuple[Client, SSL.Connection]]:
    """Connect through pyOpenSSL, which tells what the connection can be bound to; the standard library's ssl
    doesn't.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(version)
    with Client(address) as client:
        assert isinstance(client.sock, socket.socket)
        client.sock.settimeout(None)  # pyOpenSSL accepts a timeout for non-blocking sockets only
        connection = SSL.Connection(context, client.sock)
        connection.set_connect_state()
        connection.do_handshake()
        client.sock = cast(socket.socket, connection)  # it has the methods of a socket that are used here
        yield client, connection


def exporter(connection: SSL.Connection) -> tuple[str, bytes]:
    """RFC 9266, section 2: the label, an empty context, 32 bytes."""
    return "tls-exporter", connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")


def end_point(connection: SSL.Connection) -> tuple[str, bytes]:
    """RFC 5929, section 4: the hash of the certificate; ours is signed with SHA-256."""
    certificate = connection.get_peer_certificate()
    assert certificate is not None
    assert certificate.get_signature_algorithm().lower().endswith(b"sha256")
    return "tls-server-end-point", hashlib.sha256(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)).digest()


def log_in(client: Client, mechanism: str, binding: tuple[str, bytes] | None) -> str:
    """Run the exchange and return its last numeric; raise ScramError if the server's proof is wrong."""
    hash_name = HASHES[mechanism.removesuffix("-PLUS")]
    exchange = ClientExchange("alice", "sesame open", secrets.token_hex(8), hash_name, binding)
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    assert client.expect("AUTHENTICATE", "908").params == ("+",)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.first().encode())])
    for answer in exchange.final, exchange.check:
        collector = Collector()
        response = None
        while response is None:
            message = client.expect("AUTHENTICATE", "904")
            if message.command == "904":
                return "904"
            response = collector.feed(message.params[0])
        client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks((answer(response.decode()) or "").encode())])
    return client.expect("903", "904").command


@pytest.mark.parametrize("mechanism", BOUND.split(","))
@pytest.mark.parametrize("binding", [exporter, end_point])
def test_a_login_is_bound_to_its_connection(
    server: Target, mechanism: str, binding: Callable[[SSL.Connection], tuple[str, bytes]]
) -> None:
    with through_tls(server) as (client, connection):
        client.send("CAP LS 302")
        offers = " ".join(message.params[-1] for message in client.sync())
        assert f",{BOUND} " in offers[offers.index("sasl=") :]
        assert log_in(client, mechanism, binding(connection)) == "903"


def test_before_tls_1_3_only_the_certificate_can_be_bound(server: Target) -> None:
    with through_tls(server, SSL.TLS1_2_VERSION) as (client, connection):
        assert connection.get_protocol_version_name() == "TLSv1.2"
        assert log_in(client, "SCRAM-SHA-256-PLUS", exporter(connection)) == "904"
        assert log_in(client, "SCRAM-SHA-256-PLUS", end_point(connection)) == "903"


def test_the_binding_of_another_connection_is_refused(server: Target) -> None:
    """A man in the middle has one connection to each side: the binding to one does not fit the other."""
    with through_tls(server) as (_, other), through_tls(server) as (client, connection):
        assert log_in(client, "SCRAM-SHA-256-PLUS", exporter(other)) == "904"
        assert log_in(client, "SCRAM-SHA-256-PLUS", ("tls-server-end-point", b"\0" * 32)) == "904"
        assert log_in(client, "SCRAM-SHA-256-PLUS", exporter(connection)) == "903"


def test_mechanisms_removed_from_the_list_are_noticed(server: Target) -> None:
    """RFC 5802, section 6: "If the flag is set to "y" and the server supports channel binding, the server MUST fail
    authentication. This is because if the client sets the channel binding flag to "y", then the client must have
    believed that the server did not support channel binding" """
    with through_tls(server) as (client, _), Client(server) as plain:
        for person, answer in (client, "904"), (plain, "AUTHENTICATE"):
            person.send("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
            person.expect("AUTHENTICATE")
            person.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(b"y,,n=alice,r=nonce")])
            assert person.expect("AUTHENTICATE", "904").command == answer


def test_without_tls_there_is_no_channel_binding(server: Target) -> None:
    with Client(server) as client:
        client.send("CAP LS 302", "CAP REQ :sasl")
        assert "-PLUS" not in " ".join(message.params[-1] for message in client.sync())
        assert client.commands("AUTHENTICATE SCRAM-SHA-256-PLUS") == ["908", "904"]


def test_a_login_without_binding_still_works(server: Target) -> None:
    with through_tls(server) as (client, _):
        assert log_in(client, "SCRAM-SHA-256", None) == "903"
