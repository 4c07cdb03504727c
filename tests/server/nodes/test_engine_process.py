"""The engine of `--nodes` keeps its port, also while it does not run."""

import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from greenchat.server.nodes.engine_process import EngineProcess, end_engine
from tests.server.nodes.nats import NEEDED

pytestmark = NEEDED


def listens(address: tuple[str, int]) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(address) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no other system lets the engine have it then")
def test_the_port_is_reserved(tmp_path: Path) -> None:
    """Before the engine listens, and between its death and its next start: nodes connect to that port."""
    engine = EngineProcess(tmp_path / "engine")
    address = "127.0.0.1", urlsplit(engine.url).port or 0
    try:
        for _ in range(2):
            with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
                other.bind(address)
            engine.start()
            while not listens(address):
                assert not engine.has_ended
                time.sleep(0.01)
            end_engine(engine.lock)
            while not engine.has_ended:
                time.sleep(0.01)
    finally:
        engine.stop(60)
