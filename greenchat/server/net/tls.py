"""TLS for the listeners, on the same port as everything else: the client's first byte decides.

This uses pyOpenSSL instead of the standard library's ssl, since the latter refuses self-signed client certificates,
whose fingerprints identify accounts (SASL EXTERNAL).
"""

import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from greenchat.protocol.times import in_words
from greenchat.server.net.certificate_files import CertificateWatch

_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # for TLS 1.2; all ciphers of 1.3 are good
_DAY = 86_400_000  # ms
_SOON = 14  # days before its end from which on operators are warned
_SESSION_ID = b"greenchat"  # OpenSSL needs one if client certificates are asked for
_write: Any = getattr(getattr(SSL, "_lib", None), "SSL_write", None)  # of the same library as its connections


class TlsError(Exception):
    """The certificate or key can't be used; the text is one clear line."""


class Tls:
    """The certificate of the listeners. `reload` loads new files for new connections and drops nobody."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Load PEM files. Raises TlsError. `fingerprint` is the SHA-256 of the certificate, as clients show it."""
        self.certificate = certificate
        self.key = key
        self.reload()

    def reload(self) -> None:
        """Load the files again. Raises TlsError, and then continues with the old ones."""
        watch = CertificateWatch((self.certificate, self.key))
        self._context = _context(self.certificate, self.key)
        self._watch = watch
        shown = SSL.Connection(self._context).get_certificate()
        self.fingerprint = shown.digest("sha256").decode() if shown else ""
        self._certificate = shown
        self._end_point = _end_point(shown.to_cryptography()) if shown else b""

    def renew(self, now: int) -> str:
        """Load the files again if an ACME client has replaced them; return what operators should know, or "".

        Call it from time to time. now: ms since the epoch.
        """
        if not self._watch.is_renewed():
            return ""
        try:
            self.reload()
        except TlsError as error:
            return f"the renewed certificate can't be used, keeping the old one: {error}"
        return (
            self.date_warning(now) or f"the certificate {self.certificate} was renewed, and is used for new connections"
        )

    @property
    def expires(self) -> int:
        """The end of the certificate, in ms since the epoch; 0 if it is not known."""
        return _milliseconds(self._certificate.get_notAfter()) if self._certificate else 0

    def is_trusted_for(self, name: str, now: int) -> bool:
        """Whether the certificate is issued by an authority for this host, and valid now (ms since the epoch)."""
        shown = self._certificate
        if shown is None or (parsed := shown.to_cryptography()).issuer == parsed.subject:
            return False
        before, after = (_milliseconds(time) for time in (shown.get_notBefore(), shown.get_notAfter()))
        return before <= now < after and any(_is_for(pattern, name) for pattern in _names(parsed))

    def date_warning(self, now: int) -> str:
        """Return what is, or will soon be, wrong with the certificate's dates, in words; "" if nothing is.

        now: ms since the epoch.
        """
        shown = self._certificate
        if shown is None:
            return ""
        before, after = (_milliseconds(time) for time in (shown.get_notBefore(), shown.get_notAfter()))
        certificate = f"the certificate {self.certificate}"
        if now < before:
            return f"{certificate} is not valid before {in_words(before)}, so clients will refuse it: check the clock"
        if now >= after:
            return (
                f"{certificate} expired {in_words(after)}: clients refuse it; put a new one there and reload (SIGHUP)"
            )
        days = (after - now) // _DAY
        if days < _SOON:
            return f"{certificate} will expire in {days} days, {in_words(after)}: install a new one and reload (SIGHUP)"
        return ""

    def accept(self, sock: socket.socket) -> "TlsStream":
        """Begin TLS as the server on a connected non-blocking socket."""
        connection = SSL.Connection(self._context, sock)
        connection.set_accept_state()
        return TlsStream(connection, sock, self._end_point)


def _milliseconds(asn1: bytes | None) -> int:
    """Return the ms of a time in a certificate, like 20300101000000Z."""
    if asn1 is None:
        return 0
    return int(datetime.strptime(asn1.decode(), "%Y%m%d%H%M%S%z").timestamp() * 1000)


def _end_point(certificate: x509.Certificate) -> bytes:
    """Return the channel binding tls-server-end-point, b"" for a certificate for which it is not defined.

    RFC 5929, section 4.1: "The hash of the TLS server's certificate", with the hash function of its signature; with
    SHA-256, if "that hash function is either MD5 or SHA-1".
    """
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        return b""
    weak = isinstance(algorithm, hashes.MD5 | hashes.SHA1)
    return certificate.fingerprint(hashes.SHA256() if weak else algorithm)


def _names(certificate: x509.Certificate) -> list[str]:
    """Return the host names of a certificate, which may be patterns like *.example.org."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _is_for(pattern: str, host: str) -> bool:
    """Whether a name in a certificate matches a host: RFC 9525, section 6.3."""
    pattern, host = pattern.lower(), host.lower()
    return pattern == host or (pattern[:2] == "*." and pattern[2:] == host.partition(".")[2])


class TlsStream:
    """A `Stream` through TLS.

    ssl: OpenSSL's object of the connection, None if pyOpenSSL does not show it: neither it nor its library nor what
    raises its errors is documented.
    """

    __slots__ = ("_connection", "_end_point", "_sock", "ssl")

    def __init__(self, connection: SSL.Connection, sock: socket.socket, end_point: bytes) -> None:
        self._connection = connection
        is_shown = _write is not None and hasattr(connection, "_raise_ssl_error")
        self.ssl: Any = getattr(connection, "_ssl", None) if is_shown else None
        self._sock = sock
        self._end_point = end_point

    def handshake(self) -> None:
        """Continue the handshake. Raises BlockingIOError until it is done, OSError if it fails."""
        try:
            self._connection.do_handshake()
        except (SSL.WantReadError, SSL.WantWriteError) as error:
            raise BlockingIOError from error
        except SSL.Error as error:
            raise ConnectionAbortedError("TLS handshake failed: " + _reason(error)) from error

    @property
    def peer_fingerprint(self) -> str:
        """SHA-256 of the client's certificate in lower-case hex, "" if it showed none."""
        certificate = self._connection.get_peer_certificate()
        return certificate.digest("sha256").decode().replace(":", "").lower() if certificate else ""

    @property
    def bindings(self) -> dict[str, bytes]:
        """Return the channel bindings of a login: tls-exporter (TLS 1.3, RFC 9266), and that of our certificate."""
        result = {"tls-server-end-point": self._end_point} if self._end_point else {}
        if self._connection.get_protocol_version() >= SSL.TLS1_3_VERSION:
            # not before: "unique ... only if the extended_master_secret extension is negotiated" or in TLS 1.3
            result["tls-exporter"] = self._connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        return result

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._sock.fileno()

    def recv(self, size: int, /) -> bytes:
        """Return at most `size` bytes; 16 KiB hold a whole record, so that nothing stays where no watcher sees it."""
        try:
            return self._connection.recv(size)
        except SSL.ZeroReturnError:
            return b""
        except (SSL.WantReadError, SSL.WantWriteError) as error:
            raise BlockingIOError from error
        except SSL.SysCallError as error:
            if error.args[0] == -1:  # the peer has closed without a TLS alert
                return b""
            raise ConnectionResetError(*error.args) from error
        except SSL.Error as error:
            raise ConnectionAbortedError("TLS failed: " + _reason(error)) from error

    def send(self, data: bytes, /) -> int:
        """Send as many records as the kernel takes.

        OpenSSL is called directly, since pyOpenSSL's `send` takes longer than the encryption: it looks for errors after
        each success, too. That `send` writes what the first call leaves.
        """
        sent = 0
        try:
            if self.ssl is not None:
                sent = _write(self.ssl, data, len(data))
                if sent < 0:
                    result, sent = sent, 0
                    self._connection._raise_ssl_error(self.ssl, result)
            while sent < len(data):
                sent += self._connection.send(memoryview(data)[sent:])
        except (SSL.WantReadError, SSL.WantWriteError) as error:
            if not sent:
                raise BlockingIOError from error
        except SSL.SysCallError as error:
            raise ConnectionResetError(*error.args) from error
        except SSL.Error as error:
            raise ConnectionAbortedError("TLS failed: " + _reason(error)) from error
        return sent

    def shutdown(self, how: int, /) -> None:
        """Send the close alert, then end that direction of the socket."""
        if how != socket.SHUT_RD:
            with suppress(SSL.Error):  # the peer may be gone
                self._connection.shutdown()
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the descriptor."""
        self._sock.close()


def _context(certificate: Path, key: Path) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # saves 34 KiB of buffers of an idle client
    context.set_session_id(_SESSION_ID)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(SSL.VERIFY_PEER, _take_any_certificate)
    for path in certificate, key:
        try:
            path.read_bytes()
        except OSError as error:
            raise TlsError(f"can't read {path}: {error.strerror}") from error
    try:
        context.use_certificate_chain_file(str(certificate))
    except SSL.Error as error:
        raise TlsError(f"{certificate} contains no certificate in PEM form") from error
    try:
        context.use_privatekey_file(str(key))
        context.check_privatekey()
    except SSL.Error as error:
        raise TlsError(f"{key} is not the private key (PEM, without a password) of {certificate}") from error
    return context


def _take_any_certificate(*_: object) -> bool:
    return True


def _reason(error: SSL.Error) -> str:
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return reasons[0][2] if reasons else "the peer broke the protocol"
