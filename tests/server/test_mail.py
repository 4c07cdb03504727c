"""Confirming accounts by mail: https://ircv3.net/specs/extensions/account-registration."""

import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, Email, Options, Throttle
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from tests.commands.devices import device, make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.patience import PATIENCE
from tests.server.forked import started
from tests.smtp import Mailbox, mail_server

QUICK = AccountSettings(iterations=4096)
SETTINGS = replace(WITH_OPERS, accounts=QUICK)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server("alice@example.org") as server:
        yield server


def options(folder: Path, mailbox: Mailbox | None = None, *, command: str = "") -> Options:
    """Return options with that mail server, a missing one, or a command."""
    server = Address("127.0.0.1", mailbox.port if mailbox else 1)
    email = Email(sender="greenchat@example.org", server=server, timeout=PATIENCE, command=command)
    return replace(quick_options(folder), email=email)


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path, mailbox: Mailbox) -> ServerThread:
    return start_server(SETTINGS, options(tmp_path, mailbox))


def register(client: Client, email: str) -> tuple[str, ...]:
    client.send(f"REGISTER * {email} :sesame open")
    return client.expect("REGISTER", "FAIL").params


def code_of(mailbox: Mailbox) -> str:
    match = re.search(r"VERIFY alice ([0-9a-f]{8})\b", mailbox.mail().get_content())
    assert match
    return match[1]


def test_the_code_is_mailed(server: ServerThread, mailbox: Mailbox) -> None:
    """ "REGISTER VERIFICATION_REQUIRED: Sent by the server ... when further action is required to complete registration
    of the <account>, as explain in the human-readable <message>." """
    with Client(server.address, "alice") as alice:
        assert register(alice, "alice@example.org") == (
            "VERIFICATION_REQUIRED",
            "alice",
            "The code for VERIFY alice was sent to alice@example.org",
        )
        mail = mailbox.mail()
        assert (mail["From"], mail["To"]) == ("greenchat@example.org", "alice@example.org")
        assert mail["Subject"] == "Your account alice on greenchat"
        assert mail["Date"]
        assert mail["Message-ID"].endswith("@example.org>")
        code = mail.get_content().split("/quote VERIFY alice ")[1].split()[0]
        alice.send("VERIFY alice 00000000")
        assert alice.expect("FAIL").params[1] == "INVALID_CODE"
        alice.send(f"VERIFY alice {code}")
        assert alice.expect("VERIFY").params[:2] == ("SUCCESS", "alice")
        assert alice.expect("900").params[2] == "alice"
        alice.send(f"VERIFY alice {code}")
        assert alice.expect("FAIL").params[1] == "ALREADY_AUTHENTICATED"


def test_registration_through_nickserv(server: ServerThread, mailbox: Mailbox) -> None:
    with Client(server.address, "alice") as alice:
        alice.send("PRIVMSG NickServ :REGISTER sesame-open alice@example.org")
        assert "was sent to alice@example.org" in alice.expect("NOTICE").params[1]
        alice.send("VERIFY alice " + code_of(mailbox))
        alice.expect("900")


def test_an_unconfirmed_account_cannot_log_in(server: ServerThread, mailbox: Mailbox) -> None:
    with Client(server.address, "alice") as alice:
        register(alice, "alice@example.org")
        code_of(mailbox)
        alice.send("NS IDENTIFY alice sesame-open")
        assert "Wrong password" in alice.expect("NOTICE").params[1]
        assert register(alice, "*")[:2] == ("REGISTER", "ACCOUNT_EXISTS")


@pytest.mark.parametrize("email", ["bob@example.org", "alice@elsewhere.example"])
def test_a_refused_mailbox(server: ServerThread, email: str, caplog: pytest.LogCaptureFixture) -> None:
    """ "FAIL REGISTER INVALID_EMAIL: Sent by the server if it cannot send emails to the provided address."

    The name stays free.
    """
    with Client(server.address, "alice") as alice:
        assert register(alice, email)[:3] == ("REGISTER", "INVALID_EMAIL", "alice")
        assert f"a mail to {email} could not be sent" in caplog.text
        assert "sesame" not in caplog.text
        assert register(alice, "*")[0] == "SUCCESS"


@pytest.mark.parametrize(
    "email",
    ["x", "a@", "@b", "a@b@c", "a,b@example.org", "<a@example.org>", "a@example.org\x01", "a..b@c", "ä@ö.example",
     "a" * 250 + "@example.org", '"a"@example.org', "a@-;x", "-"],
)  # fmt: skip
def test_invalid_addresses(server: ServerThread, mailbox: Mailbox, email: str) -> None:
    with Client(server.address, "alice") as alice:
        assert register(alice, email)[:2] == ("REGISTER", "INVALID_EMAIL")
        assert mailbox.mails.empty()


def test_without_an_address_there_is_nothing_to_confirm(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        assert register(alice, "*")[:2] == ("SUCCESS", "alice")


def test_an_address_may_be_required(start_server: StartServer, tmp_path: Path, mailbox: Mailbox) -> None:
    settings = Settings(accounts=replace(QUICK, email_required=True))
    server = start_server(settings, options(tmp_path, mailbox))
    with Client(server.address, "alice") as alice:
        assert any("email-required" in m.params[-1] for m in alice.run("CAP LS 302"))
        assert register(alice, "*")[:2] == ("REGISTER", "INVALID_EMAIL")
        assert register(alice, "alice@example.org")[0] == "VERIFICATION_REQUIRED"


def test_mails_to_one_address_are_limited(start_server: StartServer, tmp_path: Path, mailbox: Mailbox) -> None:
    throttle = Throttle(commands=0, registrations=2)
    server = start_server(SETTINGS, replace(options(tmp_path, mailbox), throttle=throttle))
    with Client(server.address) as alice:
        answers = []
        for nick in "alice", "anna", "agnes":
            alice.send(f"NICK {nick}")
            answers.append(register(alice, "alice@example.org" if nick != "agnes" else "alice@EXAMPLE.org"))
        assert [answer[0] for answer in answers[:2]] == ["VERIFICATION_REQUIRED"] * 2
        assert answers[2][:2] == ("REGISTER", "TEMPORARILY_UNAVAILABLE")


def test_guessed_codes_are_limited(start_server: StartServer, tmp_path: Path, mailbox: Mailbox) -> None:
    throttle = Throttle(commands=0, logins=3)
    server = start_server(SETTINGS, replace(options(tmp_path, mailbox), throttle=throttle))
    with Client(server.address, "alice") as alice:
        register(alice, "alice@example.org")
        answers = [alice.run(f"VERIFY alice {number}")[0].params[1] for number in range(4)]
        assert answers == ["INVALID_CODE"] * 3 + ["TEMPORARILY_UNAVAILABLE"]
        assert alice.run("VERIFY alice " + code_of(mailbox))[0].params[1] == "TEMPORARILY_UNAVAILABLE"


def test_an_unconfirmed_account_frees_its_name(server: ServerThread, mailbox: Mailbox) -> None:
    with Client(server.address, "alice") as alice:
        register(alice, "alice@example.org")
        code = code_of(mailbox)

        def wait(app: object) -> None:
            account = server.app.network.accounts.get("alice")
            assert account
            server.app.network.accounts.put(replace(account, created=account.created - 25 * 3_600_000))

        server.call(wait)
        assert alice.run(f"VERIFY alice {code}")[0].params[1] == "INVALID_CODE"
        assert register(alice, "*")[:2] == ("SUCCESS", "alice")


def test_an_operator_can_see_the_code(server: ServerThread, mailbox: Mailbox) -> None:
    """Operators with the right to accounts see the code; others do not."""
    with Client(server.address, "alice") as alice, become_oper(Client(server.address, "root")) as root:
        register(alice, "alice@example.org")
        code = code_of(mailbox)
        assert code in str(root.run("NS INFO alice"))
        assert code not in str(alice.run("NS INFO alice"))


def test_a_slow_mail_server_does_not_delay_logins(server: ServerThread, mailbox: Mailbox) -> None:
    make_account(server.address, "bob")
    mailbox.gate.clear()
    slow = [Client(server.address, f"slow{number}") for number in range(4)]
    for client in slow:
        client.send("REGISTER * alice@example.org :sesame open")
    with device(server.address, "bob") as bob:
        bob.until("376", "422")
    mailbox.gate.set()
    assert [client.expect("REGISTER").params[0] for client in slow] == ["VERIFICATION_REQUIRED"] * 4
    for client in slow:
        client.close()


@pytest.mark.parametrize("works", [True, False])
def test_a_command_sends_the_mail(start_server: StartServer, tmp_path: Path, works: bool) -> None:
    taken = tmp_path / "mail"
    program = tmp_path / "send mail"
    ends = "0" if works else "'no'"
    program.write_text(
        f"import sys\nwith open({str(taken)!r}, 'wb') as f: f.write(sys.stdin.buffer.read())\nsys.exit({ends})"
    )
    server = start_server(SETTINGS, options(tmp_path, command=f"{sys.executable} '{program}'"))
    with Client(server.address, "alice") as alice:
        wanted = "VERIFICATION_REQUIRED" if works else "REGISTER"
        assert register(alice, "alice@example.org")[0] == wanted
        assert b"To: alice@example.org\r\n" in taken.read_bytes()


@pytest.mark.parametrize("command", ["/nowhere/sendmail", "'unbalanced"])
def test_a_missing_command(
    start_server: StartServer, tmp_path: Path, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server(SETTINGS, options(tmp_path, command=command))
    with Client(server.address, "alice") as alice:
        assert register(alice, "alice@example.org")[1] == "INVALID_EMAIL"
        assert "could not be sent" in caplog.text


def test_an_unreachable_mail_server(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server(SETTINGS, options(tmp_path))
    with Client(server.address, "alice") as alice:
        assert register(alice, "alice@example.org")[1] == "INVALID_EMAIL"
        assert "refused" in caplog.text


def test_a_hanging_mail_server_does_not_delay_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        config = tmp_path / "server.toml"
        email = f'sender = "greenchat@example.org"\nserver = "127.0.0.1:{hanging.getsockname()[1]}"\ntimeout = 300'
        config.write_text(f"[email]\n{email}\n")
        with started(tmp_path, "--listen", "127.0.0.1:0", "--config", str(config), "--data", str(tmp_path)) as server:
            with Client(server.target, "alice") as alice:
                alice.send("REGISTER * alice@example.org :sesame open")
                talk, _ = hanging.accept()  # it never sends a greeting
                assert server.end() == 0
            talk.close()
    assert "a mail that was being sent was abandoned" in (tmp_path / "errors.txt").read_text()


def test_strangers_cannot_prevent_the_confirmation(server: ServerThread, mailbox: Mailbox) -> None:
    """Wrong codes are counted per account, but not for the address that registered it."""
    with Client(server.address, "alice") as alice, Client(server.address, "stranger") as stranger:
        register(alice, "alice@example.org")
        code = code_of(mailbox)

        def move(app: App) -> None:
            user = app.network.user("stranger")
            assert user
            user.sessions[0].host = "192.0.2.7"

        server.call(move)
        refused = [stranger.run(f"VERIFY alice {number:08}")[-1].params[1] for number in range(12)]
        assert refused[-1] == "TEMPORARILY_UNAVAILABLE"
        alice.send(f"VERIFY alice {code}")
        assert alice.expect("VERIFY", "FAIL").params[0] == "SUCCESS"
