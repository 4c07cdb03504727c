"""Warnings about a certificate that clients refuse or will refuse."""

import time
from pathlib import Path

import pytest

from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls

DAY = 86_400_000  # ms


@pytest.mark.parametrize(
    ("days", "word"),
    [(-2, "is not valid before"), (1, ""), (3600, ""), (3650 - 5, "will expire in"), (3660, "expired")],
)
def test_warnings(tmp_path: Path, days: int, word: str) -> None:
    tls = Tls(*ensure_certificate(tmp_path, "chat.example", []))
    warning = tls.date_warning(time.time_ns() // 1_000_000 + days * DAY)
    assert (word in warning) if word else warning == ""
