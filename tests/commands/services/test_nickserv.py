"""NickServ, for clients without SASL, and messages to services."""

from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from tests.commands.logins import QUICK, persistent
from tests.conftest import Serve, StartServer, Target
from tests.irc import Client, people


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def test_nickserv_for_clients_without_sasl(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send("PRIVMSG NickServ :REGISTER open-sesame a@example.org")
        assert "now registered to you" in alice.expect("NOTICE").params[-1]
        assert alice.expect("900").params[2] == "alice"
        for line, answer in [
            ("NS INFO", "Account alice"),
            ("NS VERIFY alice 00000000", "already logged in"),
            ("NS LOGOUT 99", "no other connection"),
            ("NS LOGOUT OTHERS", "0 other connections"),
            ("NS GHOST alice", "your own nickname: 0 other connections"),
            ("NS INFO nobody", "no such account"),
            ("NICKSERV LOGOUT", "logged out"),
            ("NS LOGOUT", "not logged in"),
            ("NS IDENTIFY wrong", "Wrong password"),
            ("NS IDENTIFY alice open-sesame", "logged in as alice"),
            ("NS PASSWD wrong new-password", "The old password is wrong"),
            ("NS PASSWD open-sesame short", "at least"),
            ("NS PASSWD open-sesame new-password", "changed"),
            ("NS SESSIONS", "alice!"),
            ("NS CERT LIST", "No certificates"),
            ("NS CERT ADD zz", "64 hexadecimal digits"),
            (f"NS CERT ADD {'AB:' * 31}AB", "You can add only the certificate of this connection"),
            (f"NS CERT DEL {'ab' * 32}", "does not have that certificate"),
            ("NS EMAIL x new-password", "not a valid email address"),
            ("NS EMAIL a@example.net wrong", "Wrong password"),
            ("NS EMAIL a@example.net new-password", "now a@example.net"),
            ("NS SENDPASS alice", "a mail was sent to it"),
            ("NS RESETPASS alice 00 new-password-2", "That code is not valid"),
            ("NS SETPASS alice new-password-3", "Unknown command"),
            ("NS SAREGISTER bob password", "Unknown command"),
            ("NS DROP bob new-password", "your own account"),
            ("NS DROP alice wrong", "Wrong password"),
            ("NS DROP alice new-password", "The account alice was deleted"),
            ("NS REGISTER", "Usage: REGISTER <password> [<email>]"),
            ("NS NONSENSE", "Unknown command"),
            ("NS HELP IDENTIFY", "Usage: IDENTIFY"),
            ("NS HELP NONSENSE", "No help available on"),
            ("NS", "NickServ registers nicknames"),
            ("NOTICE NickServ :IDENTIFY x", ""),
        ]:
            texts = [message.params[-1] for message in alice.run(line) if message.command == "NOTICE"]
            assert any(answer in text for text in texts) or (not answer and not texts), (line, texts)


def test_messages_to_services_are_echoed(server: Target) -> None:
    """ "If enabled, servers MUST send PRIVMSG and NOTICE messages back to the client that sent them":
    https://ircv3.net/specs/extensions/echo-message"""
    with Client(server, "alice", caps="echo-message message-tags labeled-response batch") as alice:
        echo, *answers = alice.run("@+x=y PRIVMSG nickserv@services :INFO nobody")
        assert (echo.source, echo.params) == ("alice!~alice@127.0.0.1", ("nickserv@services", "INFO nobody"))
        assert echo.tags["+x"] == "y"
        assert {message.command for message in answers} == {"NOTICE"}
        begin, echo, *answers, end = alice.run("@label=1 PRIVMSG NickServ :INFO nobody")
        assert (begin.tags["label"], echo.command, end.command) == ("1", "PRIVMSG", "BATCH")
        alice.run("CAP REQ -echo-message")
        assert set(alice.commands("PRIVMSG NickServ :INFO nobody")) == {"NOTICE"}


def test_typing_to_a_service_is_ignored(server: Target) -> None:
    """Clients send typing for whatever window is open: it must not cause an error."""
    with Client(server, "alice", caps="echo-message message-tags") as alice:
        (echo,) = alice.run("@+typing=active TAGMSG NickServ")
        assert (echo.command, echo.params, echo.tags["+typing"]) == ("TAGMSG", ("NickServ",), "active")
        alice.run("CAP REQ -echo-message")
        assert alice.run("@+typing=active TAGMSG NickServ") == []


@pytest.mark.parametrize("targets", ["NickServ,bob", "bob,nickserv@services", "#lobby,NickServ"])
def test_a_message_to_a_missing_service_is_not_shown_to_anyone(server: Target, targets: str) -> None:
    """ "No message delivered" (RFC 1459 of 407): the text may contain a password."""
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        (refusal,) = alice.run(f"PRIVMSG {targets} :IDENTIFY sesame-open")
        assert refusal.command == "407"
        alice.run("PRIVMSG bob :hello")
        assert bob.expect("PRIVMSG").params == ("bob", "hello")


def test_a_password_for_nickserv_is_sent_to_no_one_else(start_server: StartServer, tmp_path: Path) -> None:
    options = persistent(tmp_path)
    running = start_server(Settings(accounts=QUICK), options)
    with Client(running.address, "alice") as alice:
        alice.run("PRIVMSG NickServ :REGISTER secret-word-1", "PRIVMSG NickServ@services :IDENTIFY secret-word-2")
        alice.run("REGISTER * * :secret-word-3", "NS IDENTIFY secret-word-4")
        alice.run("PRIVMSG alice :this is kept")
    running.stop()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [path for path, data in files.items() if b"this is kept" in data]
    assert not [path for path, data in files.items() if b"secret-word" in data]
