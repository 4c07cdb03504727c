"""Strict Transport Security is on by default where clients can verify the certificate, and only there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from greenchat.config.options import Address, ListenerOptions
from greenchat.config.settings import Settings, Sts
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.sts import with_policy
from greenchat.server.net.tls import Tls
from tests.conftest import StartServer, quick_options
from tests.irc import Client

_NOW = datetime.now(UTC)
_MS = int(_NOW.timestamp() * 1000)
_PLAIN, _TLS = (
    ListenerOptions(Address("192.0.2.1", 6667), tls="never"),
    ListenerOptions(Address("192.0.2.1", 6697)),
)


def issued(folder: Path, *names: str, days: int = 30) -> Tls:
    """Issue a certificate by an authority."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_NOW - timedelta(days=60))
        .not_valid_after(_NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, form, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))
    return Tls(folder / "cert.pem", folder / "key.pem")


def port(
    tls: Tls | None, *, name: str = "irc.example.org", sts: Sts | None = None, listener: ListenerOptions = _TLS
) -> int:
    return with_policy(Settings(name=name, sts=sts or Sts()), (_PLAIN, listener), tls, _MS).sts.port


@pytest.mark.parametrize("name", ["irc.example.org", "*.example.org", "IRC.Example.ORG"])
def test_on_with_a_certificate_of_an_authority(tmp_path: Path, name: str) -> None:
    assert port(issued(tmp_path, "x.example", name)) == 6697


def test_off_without_one(tmp_path: Path) -> None:
    assert port(None) == 0
    assert port(Tls(*ensure_certificate(tmp_path, "irc.example.org", ["localhost"]))) == 0, "self-signed"
    assert port(issued(tmp_path / "other", "irc.example.com")) == 0, "of another host"
    assert port(issued(tmp_path / "wide", "*.org")) == 0, "a wildcard covers one label"
    assert port(issued(tmp_path / "none")) == 0
    assert port(issued(tmp_path / "over", "irc.example.org", days=-1)) == 0, "expired"


def test_the_configuration_decides(tmp_path: Path) -> None:
    tls = issued(tmp_path, "irc.example.org")
    assert port(tls, sts=Sts(port=0)) == 0
    assert port(tls, sts=Sts(port=7000)) == 7000
    assert port(tls, listener=replace(_TLS, tls="never")) == 0


def test_a_session_without_tls_gets_the_port(start_server: StartServer, tmp_path: Path) -> None:
    """https://ircv3.net/specs/extensions/sts"""
    settings = with_policy(Settings(name="irc.example.org"), (_TLS,), issued(tmp_path / "tls", "irc.example.org"), _MS)
    running = start_server(settings, quick_options(tmp_path))
    with Client(running.address) as client:
        client.send("CAP LS 302")
        assert "sts=port=6697" in client.expect("CAP").params[-1].split()
