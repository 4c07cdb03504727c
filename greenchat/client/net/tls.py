"""TLS of a connection: a certificate is trusted if an authority of the system signed it, or if its fingerprint is
pinned.
"""

import hashlib
import socket
import ssl
from collections.abc import Callable


class UntrustedError(OSError):
    """The certificate is neither signed by an authority nor the pinned one. fingerprint: its SHA-256 in hex."""

    def __init__(self, fingerprint: str, reason: str) -> None:
        super().__init__(reason)
        self.fingerprint = fingerprint
        self.reason = reason


def secure(connect: Callable[[], socket.socket], host: str, pin: str, certificate: str) -> ssl.SSLSocket:
    """Return an encrypted connection with a trusted server. Blocks; raises OSError, UntrustedError.

    connect: opens a connection; called again for each attempt. pin: the expected fingerprint, or "". certificate: the
    path of our own with its key, or "".
    """
    if pin:
        connection = _wrap(connect(), host, certificate, verify=False)
        if fingerprint_of(connection) == pin:
            return connection
        connection.close()
    try:
        return _wrap(connect(), host, certificate, verify=True)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message
    connection = _wrap(connect(), host, "", verify=False)
    try:
        raise UntrustedError(fingerprint_of(connection), reason)
    finally:
        connection.close()


def fingerprint_of(connection: ssl.SSLSocket) -> str:
    """Return the SHA-256 of the server's certificate, in hex."""
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def _wrap(connection: socket.socket, host: str, certificate: str, *, verify: bool) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if certificate:
            context.load_cert_chain(certificate)
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise
