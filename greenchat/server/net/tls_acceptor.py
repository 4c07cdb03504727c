"""Makes the TLS acceptor of the configuration: with its certificate, or the server's own."""

from pathlib import Path

from greenchat import extras
from greenchat.config.file import ConfigError
from greenchat.config.options import NOT_GIVEN, TlsFiles
from greenchat.server.net.stream import TlsAcceptor


def load_tls(files: TlsFiles, data: Path, name: str) -> TlsAcceptor | None:
    """Return an acceptor of TLS with this certificate; None without one. Raises ConfigError.

    data, name: the folder of our own certificate, and the server that it is made for.
    """
    if not files.is_given:
        return None
    try:  # late: it imports OpenSSL
        from greenchat.server.net.certificate import ensure_certificate
        from greenchat.server.net.certificate_files import find_files
        from greenchat.server.net.tls import Tls, TlsError
    except ImportError as error:
        raise ConfigError(f"TLS needs two more packages: {extras.install(extras.TLS)}") from error
    try:
        if files.certificate == NOT_GIVEN:
            return Tls(*ensure_certificate(data / "tls", name, ["localhost", "127.0.0.1", "::1"]))
        return Tls(*find_files(files.certificate, files.key))
    except (TlsError, FileNotFoundError) as error:
        raise ConfigError(f"tls: {error}") from error
    except OSError as error:
        raise ConfigError(f"tls: can't write the certificate {error.filename}: {error.strerror}") from error
