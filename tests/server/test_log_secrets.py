"""No password, code, key or private text gets into a log, at any level and on any path."""

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.core.command_log import SHOWN
from greenchat.commands.core.registry import COMMANDS
from greenchat.commands.core.service import SERVICES
from greenchat.config.options import Throttle
from greenchat.config.settings import AccountSettings, WebIrc
from greenchat.server.log_files import JsonFormatter
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS
from tests.patience import PATIENCE

SECRET = "Xyzzy-4711"
_ENDING = {"QUIT", "ERROR", "DIE", "RESTART"}
_CAPS = "message-tags batch draft/multiline draft/metadata-2 draft/message-redaction draft/relaymsg echo-message sasl"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server with passwords of all kinds."""
    settings = replace(
        WITH_OPERS, accounts=AccountSettings(iterations=4096), webirc=WebIrc(hosts=(), password=SECRET), password=""
    )
    return start_server(settings, replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=0)))


def lines(caplog: pytest.LogCaptureFixture, folder: Path) -> list[str]:
    """Return all log lines, as text and as JSON, and the audit logs."""
    formatter = JsonFormatter()
    logged = [formatter.format(record) + record.getMessage() for record in caplog.records]
    audits = [file.read_text(encoding="utf-8") for file in folder.rglob("*.log")]
    return logged + audits


def by_command(name: str) -> str:
    """Return lines of this command with a secret in each place that may hold one."""
    shown = SHOWN.get(name, 0)
    return " ".join([name, *["#tea"] * shown, *[SECRET] * (14 - shown), f":{SECRET} {SECRET}"])


def by_services() -> Iterator[str]:
    """Return lines for every command of every service, in each way of sending them."""
    for service in SERVICES.values():
        for entry in service.entries:
            text = f"{entry} {SECRET} {SECRET} {SECRET}"
            yield f"PRIVMSG {service.name} :{text}"
            yield f"NOTICE {service.name} :{text}"
            yield f"PRIVMSG {service.name}@{WITH_OPERS.name} :{text}"
            yield f"PRIVMSG {service.name},bob :{text}"
    for name in ("NS", "NICKSERV", "CS", "CHANSERV"):
        yield f"{name} IDENTIFY {SECRET} {SECRET}"
        yield f"{name} :{SECRET}"


OWN_WAYS = [
    f"PASS {SECRET}",
    f"OPER root {SECRET}",
    f"OPER {SECRET} {SECRET}",
    f"REGISTER * * {SECRET}",
    f"REGISTER {SECRET} {SECRET} {SECRET}",
    f"VERIFY alice {SECRET}",
    "AUTHENTICATE PLAIN",
    f"AUTHENTICATE {SECRET}",
    f"WEBIRC {SECRET} gateway host 192.0.2.1",
    f"JOIN #tea {SECRET}",
    f"MODE #tea +k {SECRET}",
    f"MODE #tea +k :{SECRET}",
    f"SAMODE #tea +k {SECRET}",
    f"PRIVMSG #tea :{SECRET}",
    f"PRIVMSG #tea {SECRET}",
    f"NOTICE alice :{SECRET}",
    f"AWAY :{SECRET}",
    f"TOPIC #tea :{SECRET}",
    f"KICK #tea nobody :{SECRET}",
    f"PART #tea :{SECRET}",
    f"SEARCH text={SECRET}",
    f"METADATA * SET url :{SECRET}",
    f"@+draft/reply={SECRET} PRIVMSG #tea :hello",
    f"{SECRET}",
    f"{SECRET} {SECRET}",
    f"PAS {SECRET}",
    f"IDENTIFY {SECRET}",
    f"BATCH +1 draft/multiline {SECRET}",
    "BATCH -1",
]


def test_no_irc_command_logs_its_secrets(
    server: ServerThread, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    all_lines = [by_command(name) for name in sorted(COMMANDS.keys() - _ENDING)]
    for line in [*OWN_WAYS[:9], *(line for line in all_lines if COMMANDS[line.split()[0]].anytime)]:
        with Client(server.address) as early:
            early.send(line, "QUIT")
            early.until_end()
    with Client(server.address, "alice", caps=_CAPS) as alice:
        alice.join("#tea")
        ending = ("WEBIRC", "PASS")
        for line in (*OWN_WAYS, *all_lines, *by_services()):
            if line.split()[0] in ending:
                continue
            if line.startswith("BATCH"):
                alice.send(line)
            else:
                alice.run(line)
        alice.run("OPER root secret")
        for line in (*all_lines, *by_services()):
            if line.split()[0] not in ("BATCH", "KILL", "REHASH", "UBAN", "KLINE", "DLINE", "DEFCON", "CLOAK"):
                alice.run(line)
        alice.send(f"QUIT :{SECRET}")
        alice.until_end()
    deadline = time.monotonic() + PATIENCE
    while not any(
        "joined #tea" in line for line in lines(caplog, tmp_path)
    ):  # her last line is logged after she has left
        assert time.monotonic() < deadline
        time.sleep(0.01)
    logged = lines(caplog, tmp_path)
    assert any("PRIVMSG NickServ and 1 more" in line for line in logged)
    assert [line for line in logged if SECRET in line] == []


@pytest.mark.parametrize(
    "typed",
    [
        f"/msg NickServ IDENTIFY {SECRET}",
        f"/msg nickserv register {SECRET}",
        f"/ns identify {SECRET}",
        f"/nickserv identify {SECRET}",
        f"/pass {SECRET}",
        f"/{SECRET}",
        f"/oper root {SECRET}",
        f"/join #tea {SECRET}",
        f"/me {SECRET}",
        f"/quit {SECRET}",
        SECRET,
    ],
)
def test_plain_text_logs_no_secrets(
    server: ServerThread, caplog: pytest.LogCaptureFixture, tmp_path: Path, typed: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_connection(server.address, PATIENCE) as sock:
        sock.sendall(f"alice\n{typed}\n".encode())
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    with Client(server.address, "later") as later:
        later.sync()
    logged = lines(caplog, tmp_path)
    assert any("plain text, joined #lobby" in line for line in logged)
    assert [line for line in logged if SECRET in line] == []


def test_server_passwords_and_http_secrets_are_not_logged(
    start_server: StartServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start_server(replace(WITH_OPERS, password=SECRET), quick_options(tmp_path))
    for password in (SECRET, f"{SECRET}x"):
        with socket.create_connection(server.address, PATIENCE) as sock:
            sock.sendall(f"alice\n{password}\n/quit\n".encode())
            while sock.recv(4096):
                pass
        with Client(server.address) as irc:
            irc.send(f"PASS {password}", "NICK bob", "USER b 0 * :b", "QUIT")
            irc.until_end()
    for request in (
        f"GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n\r\n",
        f"POST /hooks/{SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}",
        f"GET /?password={SECRET} HTTP/1.1\r\nHost: x\r\nCookie: token={SECRET}\r\n\r\n",
    ):
        with socket.create_connection(server.address, PATIENCE) as sock:
            sock.sendall(request.replace("Host: x", "Host: localhost\r\nConnection: close").encode())
            while sock.recv(4096):
                pass
    logged = lines(caplog, tmp_path)
    assert logged
    assert [line for line in logged if SECRET in line] == []
