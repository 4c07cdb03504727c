"""Messages to systemd and its sockets, with a socket in its place. sd_notify(3), sd_listen_fds(3)."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from greenchat.server.systemd import Notifier, handed_over
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.process import SCRIPT, environment, started


def listening(path: Path) -> socket.socket:
    notify_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify_socket.bind(str(path))
    notify_socket.settimeout(PATIENCE)
    return notify_socket


def test_a_service_reports_its_state(tmp_path: Path) -> None:
    with listening(tmp_path / "notify") as notify_socket:
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        with started(tmp_path, "--listen", "127.0.0.1:0", env=env) as server:
            assert notify_socket.recv(100) == b"READY=1"  # "Tells the service manager that service startup is finished"
            # "Recommended interval is half the time"
            assert [notify_socket.recv(100), notify_socket.recv(100)] == [b"WATCHDOG=1"] * 2
            server.process.send_signal(signal.SIGHUP)
            while (message := notify_socket.recv(100)) == b"WATCHDOG=1":
                pass
            # "it must be followed by READY=1", and "must be sent with MONOTONIC_USEC"
            assert message.startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            while (message := notify_socket.recv(100)) == b"WATCHDOG=1":
                pass
            assert message == b"READY=1"
            server.process.send_signal(signal.SIGTERM)
            while (message := notify_socket.recv(100)) == b"WATCHDOG=1":
                pass
            assert message == b"STOPPING=1"
            assert server.process.wait(PATIENCE) == 0


def test_without_a_notify_socket_nothing_is_sent() -> None:
    notifier = Notifier({})
    notifier.ready()
    assert notifier.period == 0
    # "This variable is unset or set to the PID of the process that shall issue the keep-alive pings"
    assert Notifier({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}).period == 0


def test_a_service_manager_that_does_not_read_is_not_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A datagram to a full queue blocks the sender: send(2)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        expected = "systemd could not be told 'WATCHDOG=1': timed out"
        while expected not in caplog.messages:
            notifier.alive()


def test_an_inherited_socket_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        handed = os.dup(opened.fileno())
        code = (
            "import os, sys\n"
            f"os.dup2({handed}, 3)\n"
            "os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'}\n"
            f"sys.argv = ['greenchat-server']; exec(open({SCRIPT[0]!r}).read())\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment(tmp_path),
            pass_fds=(3, handed) if handed != 3 else (3,),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(handed)
            assert process.stdout
            assert f"127.0.0.1:{port}" in process.stdout.readline()
            with Client(("127.0.0.1", port), "alice") as alice:
                alice.run("PING x")
            process.terminate()
            assert process.wait(PATIENCE) == 0


def test_sockets_for_another_process_are_ignored() -> None:
    assert list(handed_over({"LISTEN_PID": "1", "LISTEN_FDS": "1"})) == []
    assert list(handed_over({})) == []
