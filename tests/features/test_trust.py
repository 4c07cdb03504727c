"""TLS without an authority, in a real terminal: trusted on first use, with a warning when it changes."""

from pathlib import Path

import pytest

from tests.features.conftest import OpenTerminal, ServerProcess


def test_it_is_trusted_once_and_a_change_is_warned_of(
    greenchat: OpenTerminal, environment: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("cryptography")
    server = ServerProcess(tmp_path / "server", environment, "--tls")
    try:
        address = f"ircs://alice@{server.address}/lobby"
        first = greenchat(address)
        first.wait_for("trust/leave?", "fingerprint")
        first.enter("trust")
        first.wait_for("You joined")
        first.enter("/quit")
        assert first.wait_end() == 0

        second = greenchat(address)
        second.wait_for("You joined")
        assert "trust/leave" not in second.text

        server.stop()
        for path in (tmp_path / "server").rglob("*.pem"):
            path.unlink()
        server.start()
        second.wait_for("HAS CHANGED", "trust/leave?")
        second.enter("leave")
        second.wait(lambda: second.rows[-1].startswith("[#lobby]"))
        second.wait_for("not connected")
    finally:
        server.close()
