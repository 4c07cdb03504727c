"""Lines must be UTF-8: https://ircv3.net/specs/extensions/utf8-only."""

import pytest

from tests.conftest import Target
from tests.irc import Client, people

LINES = [
    (b"PRIVMSG #a :caf\xe9", "PRIVMSG"),
    (b"NOTICE #a :caf\xe9", "NOTICE"),
    (b"TOPIC #a :\xff", "TOPIC"),
    (b"privmsg #caf\xe9 :hi", "PRIVMSG"),
    (b":x PRIVMSG #a :\xed\xa0\x80", "PRIVMSG"),  # half of a surrogate pair
    (b"PRIVMSG #a :\xc0\xaf", "PRIVMSG"),  # an overlong encoding of a slash
    (b"@+a=\xe9 TAGMSG #a", "TAGMSG"),
    (b"\xff\xfe", "*"),
    (b"PRIV\xe9 x", "*"),
]


@pytest.mark.parametrize(("line", "command"), LINES)
def test_invalid_utf8_is_refused_and_not_relayed(server: Target, line: bytes, command: str) -> None:
    """ "Servers publishing this token MUST NOT relay content ... containing non-UTF-8 data to clients". "FAIL PRIVMSG
    INVALID_UTF8 :Message rejected, your IRC software MUST use UTF-8 encoding on this network"."""
    with people(server, "bob", "alice", caps="message-tags", channel="#a") as (bob, alice):
        alice.send_raw(line + b"\r\n")
        (refusal,) = alice.sync()
        assert (refusal.command, refusal.params[:2]) == ("FAIL", (command, "INVALID_UTF8"))
        assert "UTF-8" in refusal.params[2]
        assert bob.sync() == []


def test_an_invalid_real_name_is_refused_during_registration(server: Target) -> None:
    """ "FAIL USER INVALID_UTF8"."""
    with Client(server) as client:
        client.send_raw(b"NICK alice\r\nUSER u s e :\xe9\r\n")
        (refusal,) = client.sync()
        assert (refusal.command, refusal.params[:2]) == ("FAIL", ("USER", "INVALID_UTF8"))
        client.send("USER u s e :é")
        assert client.expect("001")


def test_an_invalid_nick_is_refused_with_432_during_registration(server: Target) -> None:
    """A client that doesn't know FAIL tries another nick after 432, and would wait for ever without it."""
    with Client(server) as client:
        client.run("CAP LIST")
        client.send_raw(b"NICK andr\xe9\r\nUSER u 0 * :A\r\n")
        (refusal,) = client.sync()
        assert (refusal.command, refusal.params[:2]) == ("432", ("*", "*"))
        assert "UTF-8" in refusal.params[2]
        client.send("NICK andre_")
        assert client.expect("001").params[0] == "andre_"


def test_with_standard_replies_fail_is_sent_instead(server: Target) -> None:
    """https://ircv3.net/specs/extensions/standard-replies, and no numeric beside FAIL."""
    with Client(server) as client:
        client.run("CAP REQ standard-replies")
        client.send_raw(b"NICK andr\xe9\r\n")
        (refusal,) = client.sync()
        assert (refusal.command, refusal.params[:2]) == ("FAIL", ("NICK", "INVALID_UTF8"))


def test_an_invalid_nick_is_refused_after_registration(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send_raw(b"NICK andr\xe9\r\n")
        assert [message.command for message in alice.sync()] == ["FAIL"]
        assert alice.run("PRIVMSG alice :hi")[0].nick == "alice"


def test_a_character_in_two_reads(server: Target) -> None:
    with people(server, "bob", "alice") as (bob, alice):
        whole = "PRIVMSG bob :👍🏽\r\n".encode()
        for byte in whole:
            alice.send_raw(bytes([byte]))
        assert bob.expect("PRIVMSG").params[1] == "👍🏽"
