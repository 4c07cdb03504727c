"""The files of a certificate: found in the folder of an ACME client, and watched for their renewal."""

from collections.abc import Sequence
from pathlib import Path

_CERTBOT = ("fullchain.pem", "privkey.pem")
_LEGO = (".crt", ".key")

State = tuple[tuple[int, int, int], ...]


def find_files(certificate: Path, key: Path) -> tuple[Path, Path]:
    """Return the certificate and its key; `certificate` may be a folder of certbot, lego or Caddy.

    certbot keeps fullchain.pem and privkey.pem in live/NAME; lego and Caddy keep NAME.crt and NAME.key.
    Raises FileNotFoundError: its text says what is missing.
    """
    if not certificate.is_dir():
        return certificate, key
    chain, private = (certificate / name for name in _CERTBOT)
    if chain.exists() and private.exists():
        return chain, private
    pairs = [
        (file, file.with_suffix(_LEGO[1]))
        for file in sorted(certificate.glob(f"*{_LEGO[0]}"))
        if not file.name.endswith(".issuer.crt") and file.with_suffix(_LEGO[1]).exists()
    ]
    if len(pairs) == 1:
        return pairs[0]
    if pairs:
        names = ", ".join(file.name for file, _ in pairs)
        raise FileNotFoundError(f"the folder {certificate} holds several certificates ({names}); name one of them")
    raise FileNotFoundError(
        f"the folder {certificate} holds neither fullchain.pem and privkey.pem (certbot)"
        " nor NAME.crt and NAME.key (lego)"
    )


class CertificateWatch:
    """Reports when the files of a certificate have been replaced, and are complete."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._loaded = self._latest = _state(self._files)

    def is_renewed(self) -> bool:
        """Whether the files differ from the loaded ones, and no longer change.

        Call it from time to time.
        """
        before, self._latest = self._latest, _state(self._files)
        if self._latest != before or self._latest == self._loaded or not self._latest:
            return False  # an ACME client may be writing the second file just now
        self._loaded = self._latest
        return True


def _state(files: Sequence[Path]) -> State:
    """Return a value that changes when the files are replaced; an empty one while a file is missing."""
    try:
        statuses = [file.stat() for file in files]
    except OSError:
        return ()
    return tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in statuses)
