"""Finding the files of a certificate in the folders of ACME clients, and their renewal while the server runs."""

import hashlib
import os
import shutil
import ssl
from pathlib import Path

import pytest

from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.certificate_files import CertificateWatch, find_files
from greenchat.server.net.tls import Tls

NOW = 1_800_000_000_000  # ms


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return ensure_certificate(tmp_path / "made", "chat.example.org", [])


def test_certbots_live_folder(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    live = tmp_path / "live/chat.example.org"
    live.mkdir(parents=True)
    for name, file in zip(("fullchain.pem", "privkey.pem"), pair, strict=True):
        (live / name).symlink_to(file)
    assert find_files(live, Path()) == (live / "fullchain.pem", live / "privkey.pem")


def test_files_of_lego_and_caddy_by_name(tmp_path: Path) -> None:
    for name in ("chat.example.org.crt", "chat.example.org.issuer.crt", "chat.example.org.key", "chat.json"):
        (tmp_path / name).touch()
    assert find_files(tmp_path, Path()) == (tmp_path / "chat.example.org.crt", tmp_path / "chat.example.org.key")


def test_named_files(tmp_path: Path) -> None:
    assert find_files(tmp_path / "cert.pem", tmp_path / "key.pem") == (tmp_path / "cert.pem", tmp_path / "key.pem")


def test_missing_or_ambiguous_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds neither fullchain\.pem and privkey\.pem"):
        find_files(tmp_path, Path())
    for name in ("a.crt", "a.key", "b.crt", "b.key"):
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match=r"several certificates \(a\.crt, b\.crt\); name one of them"):
        find_files(tmp_path, Path())


def replaced(file: Path, text: str) -> None:
    """Replace a file with a new one, as ACME clients do."""
    new = file.with_suffix(".new")
    new.write_text(text)
    os.replace(new, file)


def test_a_renewal_is_noticed_once_and_when_complete(tmp_path: Path) -> None:
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    for file in files:
        file.write_text("old")
    watch = CertificateWatch(files)
    assert not watch.is_renewed()
    replaced(files[0], "new")
    assert not watch.is_renewed()  # the key may follow in a moment
    replaced(files[1], "new")
    assert not watch.is_renewed()
    assert watch.is_renewed()
    assert not watch.is_renewed()
    files[0].unlink()
    assert [watch.is_renewed() for _ in range(3)] == [False] * 3


def test_renewed_files_are_loaded(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    tls = Tls(*pair)
    before = tls.fingerprint
    assert [tls.renew(NOW) for _ in range(3)] == [""] * 3
    for new, old in zip(ensure_certificate(tmp_path / "next", "chat.example.org", []), pair, strict=True):
        shutil.copy(new, old)
    assert "was renewed" in [tls.renew(NOW) for _ in range(2)][1]
    assert tls.fingerprint != before
    assert tls.fingerprint.replace(":", "").lower() == fingerprint(pair[0])


def test_a_broken_renewal_keeps_the_old_certificate(pair: tuple[Path, Path]) -> None:
    tls = Tls(*pair)
    before = tls.fingerprint
    replaced(pair[1], "no key")
    assert "can't be used, keeping the old one" in [tls.renew(NOW) for _ in range(2)][1]
    assert tls.fingerprint == before


def test_the_expiry_is_known(pair: tuple[Path, Path]) -> None:
    assert Tls(*pair).expires > NOW


def fingerprint(file: Path) -> str:
    """Return the SHA-256 fingerprint of a certificate, computed by another library."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text())).hexdigest()
