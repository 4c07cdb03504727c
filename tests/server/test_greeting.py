"""The output of the server once it listens, and that it serves by then."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenchat.server.control.client import NoServerError, ask
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.process import SCRIPT, environment


@pytest.mark.parametrize("reader", ["a full disk", "nobody"])
def test_a_server_whose_output_cannot_be_written_serves_and_ends_normally(tmp_path: Path, reader: str) -> None:
    """`greenchat-server > log` on a full disk, or `greenchat-server | head -1`."""
    if reader == "nobody":
        reading, out = os.pipe()
        os.close(reading)
    else:
        out = os.open("/dev/full", os.O_WRONLY)
    data = tmp_path / "data"
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *SCRIPT, "--listen", "127.0.0.1:0", "--data", str(data)],
            env=environment(tmp_path),
            stdout=out,
            stderr=errors,
        )
    os.close(out)
    try:
        (address,) = _listening(data, process)
        with Client(address, "alice") as alice:
            alice.run("PING x")
            alice.quit()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    log = (tmp_path / "errors").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert ("warning: can't write to standard output: No space left on device" in log) is (reader == "a full disk")


def _listening(data: Path, process: "subprocess.Popen[bytes]") -> list[tuple[str, int]]:
    """Wait until the server answers, since it can't print anything; return its addresses."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            found = ask(data, "status")["listening"]
            return [(host, int(port)) for host, _, port in (each.rpartition(":") for each in found)]
        except NoServerError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
