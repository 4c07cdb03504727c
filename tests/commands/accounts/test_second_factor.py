"""Second factor: switching it on, where a code is asked for, and that each code is valid once."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
import segno

from greenchat.config.settings import AccountSettings, FileHost
from greenchat.protocol.message import Message
from greenchat.protocol.sasl import chunks, format_plain
from greenchat.protocol.scram import ClientExchange
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Http
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper

PASSWORD = "sesame open"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    settings = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096), files=FileHost(enabled=True))
    return start_server(settings, quick_options(tmp_path))


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    with Client(server.address, "alice") as client:
        client.send(f"REGISTER * * :{PASSWORD}")
        client.expect("900")
        yield client


def notices(client: Client, line: str) -> list[str]:
    return [message.params[-1] for message in client.run(line) if message.command == "NOTICE"]


class Device:
    """An authenticator app with the secret of an account and a clock: each code is used once."""

    def __init__(self, server: ServerThread, secret: str) -> None:
        self._server = server
        self._app = pyotp.TOTP(secret)
        self.now = int(time.time())
        self.set(0)

    def set(self, seconds: int) -> None:
        """Move the clocks of the device and the server forward by so many seconds."""
        self.now += seconds
        now = self.now

        def change(app: App) -> None:
            app.now = lambda: now * 1000  # type: ignore[method-assign]  # the clock of this one server

        self._server.call(change)

    def code(self) -> str:
        """Return the next code."""
        self.set(30)
        return self._app.at(self.now)


def switch_on(server: ServerThread, client: Client, password: str = PASSWORD) -> tuple[Device, list[str]]:
    """Switch the second factor on; return the device and the recovery codes."""
    lines = notices(client, f"NS TOTP ON {password}")
    (secret,) = (line.rpartition(" ")[2] for line in lines if line.startswith("If you can't scan"))
    device = Device(server, secret)
    assert any(f"secret={secret}" in line and line.startswith("otpauth://totp/") for line in lines)
    confirmed = notices(client, f"NS TOTP CONFIRM {device.code()}")
    assert "is on" in confirmed[0]
    codes = [line for line in confirmed if re.fullmatch("[a-z2-7-]{19}", line)]
    assert len(set(codes)) == 10
    return device, codes


def plain(server: ServerThread, password: str, account: str = "alice") -> list[Message]:
    """Return the answer to a login by SASL PLAIN."""
    with Client(server.address) as client:
        client.send("CAP REQ :sasl", "NICK x", "USER x 0 * :x", "AUTHENTICATE PLAIN")
        client.expect("AUTHENTICATE")
        client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(format_plain(account, password))])
        return client.until("903", "904")


def outcome(server: ServerThread, password: str, account: str = "alice") -> str:
    """Return the outcome of a login: 903, or the code of the standard reply."""
    messages = plain(server, password, account)
    fails = [message.params[1] for message in messages if message.command == "FAIL"]
    return fails[0] if fails else messages[-1].command


def test_the_password_alone_does_not_log_in(server: ServerThread, alice: Client) -> None:
    device, _ = switch_on(server, alice)
    assert outcome(server, PASSWORD) == "CODE_REQUIRED"
    code = device.code()
    assert outcome(server, f"{PASSWORD} {code}") == "903"
    # "The verifier MUST NOT accept the second attempt of the OTP after the successful validation"
    assert outcome(server, f"{PASSWORD} {code}") == "CODE_INVALID"
    assert outcome(server, f"{PASSWORD}{device.code()}") == "903"
    assert outcome(server, f"wrong {device.code()}") == "904"
    assert outcome(server, f"{PASSWORD} 000000") == "CODE_INVALID"
    device.set(3600)
    assert outcome(server, f"{PASSWORD} {code}") == "CODE_INVALID", "a code of an hour ago"


@pytest.mark.parametrize("ending", ["123456", " 123456", " abcd-efgh-ijkl-mnop"])
def test_no_password_of_such_an_account_ends_like_a_code(server: ServerThread, alice: Client, ending: str) -> None:
    """The last six digits would be taken for a code and the password refused, so its owner could not log in."""
    notices(alice, f'NS PASSWD "{PASSWORD}" "words of mine{ending}"')
    assert outcome(server, f"words of mine{ending}") == "903"
    assert "must not end in six digits" in notices(alice, f"NS TOTP ON words of mine{ending}")[0]
    notices(alice, f'NS PASSWD "words of mine{ending}" "{PASSWORD}"')
    device, _ = switch_on(server, alice)
    changed = notices(alice, f'NS PASSWD "{PASSWORD} {device.code()}" "words of mine{ending}"')
    assert "must not end in six digits" in changed[0]
    with Client(server.address, "root") as root:
        become_oper(root)
        assert "must not end in six digits" in notices(root, f"NS SETPASS alice words of mine{ending}")[-1]
    assert outcome(server, PASSWORD) == "CODE_REQUIRED"


def test_nothing_changes_until_a_code_has_confirmed_it(server: ServerThread, alice: Client) -> None:
    notices(alice, f"NS TOTP ON {PASSWORD}")
    assert outcome(server, PASSWORD) == "903"
    assert "not the current code" in notices(alice, "NS TOTP CONFIRM 000000")[0]
    assert "is off" in notices(alice, "NS TOTP")[0]
    assert "already off" in notices(alice, f"NS TOTP OFF {PASSWORD}")[0]
    assert "Wrong password" in notices(alice, "NS TOTP ON wrong")[0]
    for line in ("NS TOTP X", "NS TOTP ON", "NS TOTP CONFIRM"):
        assert notices(alice, line)[0].startswith("Usage: TOTP"), line


def test_wrong_codes_are_counted_like_wrong_passwords(server: ServerThread, alice: Client) -> None:
    device, _ = switch_on(server, alice)
    outcomes = [outcome(server, f"{PASSWORD} 000000") for _ in range(11)]
    assert outcomes[:2] == ["CODE_INVALID"] * 2
    assert outcomes[-1] == "THROTTLED"
    assert outcome(server, f"{PASSWORD} {device.code()}") == "THROTTLED", "the right code is throttled, too"


def test_recovery_codes_are_valid_once(server: ServerThread, alice: Client) -> None:
    device, codes = switch_on(server, alice)
    assert outcome(server, f"{PASSWORD} {codes[3].upper()}") == "903"
    assert outcome(server, f"{PASSWORD} {codes[3]}") == "CODE_INVALID"
    assert "9 recovery codes are left" in notices(alice, "NS TOTP")[0]
    new = notices(alice, f"NS TOTP CODES {PASSWORD} {device.code()}")[1:]
    assert outcome(server, f"{PASSWORD} {codes[4]}") == "CODE_INVALID"
    assert outcome(server, f"{PASSWORD} {new[0]}") == "903"
    account = server.call(lambda app: app.network.accounts.get("alice"))
    assert account
    stored = json.dumps(account.document())
    assert not any(code in stored for code in new), "only their hashes are kept"
    assert hashlib.sha256(new[1].encode()).hexdigest() in stored


def test_scram_says_that_a_code_is_needed(server: ServerThread, alice: Client) -> None:
    """SCRAM has no field for a code: only a client that has proved the password is told."""
    switch_on(server, alice)
    for password, is_asked in ((PASSWORD, True), ("wrong", False)):
        with Client(server.address) as client:
            client.send("CAP REQ :sasl", "NICK x", "USER x 0 * :x", "AUTHENTICATE SCRAM-SHA-256")
            exchange = ClientExchange("alice", password, "nonce")
            client.expect("AUTHENTICATE")
            client.send("AUTHENTICATE " + base64.b64encode(exchange.first().encode()).decode())
            final = exchange.final(base64.b64decode(client.expect("AUTHENTICATE").params[0]).decode())
            client.send("AUTHENTICATE " + base64.b64encode(final.encode()).decode())
            if is_asked:
                client.expect("AUTHENTICATE")
                client.send("AUTHENTICATE +")
            messages = client.until("903", "904")
            assert messages[-1].command == "904"
            assert any("CODE_REQUIRED" in message.params for message in messages) == is_asked


def test_nickserv_commands_that_ask_for_the_password(server: ServerThread, alice: Client) -> None:
    device, _ = switch_on(server, alice)
    with Client(server.address, "bob") as bob:
        assert "is required" in notices(bob, f"NS IDENTIFY alice {PASSWORD}")[0]
        assert "You are logged in" in notices(bob, f"NS IDENTIFY alice {PASSWORD} {device.code()}")[0]
    assert "is required" in notices(alice, f'NS PASSWD "{PASSWORD}" "another-7"')[0]
    assert "was changed" in notices(alice, f'NS PASSWD "{PASSWORD} {device.code()}" "another-7"')[0]
    assert "is required" in notices(alice, "NS EMAIL a@b.example another-7")[0]
    assert "is required" in notices(alice, "NS TOTP OFF another-7")[0]
    assert "is required" in notices(alice, "NS DROP alice another-7")[0]
    assert "is off" in notices(alice, f"NS TOTP OFF another-7 {device.code()}")[0]
    assert outcome(server, "another-7") == "903"


def test_http(server: ServerThread, alice: Client) -> None:
    device, _ = switch_on(server, alice)
    for password, status in ((PASSWORD, 401), (f"{PASSWORD} {device.code()}", 201)):
        words = "Basic " + base64.b64encode(f"alice:{password}".encode()).decode()
        with Http(server.address) as http:
            answer = http.get("/files", "POST", b"x", Authorization=words)
        assert answer.status == status
        assert status == 201 or answer.body.startswith(b"The code of your authenticator app is required")


def test_an_operator_resets_the_second_factor(server: ServerThread, alice: Client) -> None:
    switch_on(server, alice)
    with Client(server.address, "root") as root:
        assert "Unknown command" in notices(root, "NS RESETTOTP alice")[0]
        become_oper(root)
        assert "is off" in notices(root, "NS RESETTOTP alice")[-1]
        assert "has no second factor" in notices(root, "NS RESETTOTP alice")[0]
    assert outcome(server, PASSWORD) == "903"


def test_the_qr_code_in_a_terminal_can_be_read(server: ServerThread, alice: Client) -> None:
    """White squares are drawn on black, two in the height of a character: a camera sees them as on paper."""
    lines = notices(alice, f"NS TOTP ON {PASSWORD}")
    drawn = [line.removeprefix("\x0300,01") for line in lines if line.startswith("\x0300,01")]
    (address,) = (line for line in lines if line.startswith("otpauth://"))
    dark: list[list[bool]] = []
    for line in drawn:
        dark += [[char not in upper for char in line] for upper in ("█▀", "█▄")]
    wanted = [[bool(each) for each in row] for row in segno.make(address, error="l", micro=False).matrix_iter(border=2)]
    assert dark[: len(wanted)] == wanted
    assert max(map(len, drawn)) <= 60, "it fits into a window of 80 columns"


def test_it_survives_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=replace(quick_options(tmp_path).storage, persistent=True))
    settings = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096))
    first = start_server(settings, options)
    with Client(first.address, "alice") as client:
        client.send(f"REGISTER * * :{PASSWORD}")
        client.expect("900")
        device, codes = switch_on(first, client)
    first.stop()
    second = start_server(settings, options)
    device._server = second
    device.set(0)
    assert outcome(second, PASSWORD) == "CODE_REQUIRED"
    assert outcome(second, f"{PASSWORD} {device.code()}") == "903"
    assert outcome(second, f"{PASSWORD} {codes[0]}") == "903"
