"""A server with a connection password, and plain-text clients, which have no command for it: they are asked for it
once.
"""

import socket
from collections.abc import Iterator

import pytest

from greenchat.config.settings import Settings
from tests.conftest import Serve
from tests.irc import Client
from tests.opers import HASH
from tests.patience import PATIENCE
from tests.plain import FAMILIES, Program, Writes

PROTECTED = Settings(password=HASH)  # "secret"
QUESTION = "This server asks for a password. Type it now:"


@pytest.fixture
def writes() -> Iterator[Writes]:
    with Writes.noted() as noted:
        yield noted


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_answer(serve: Serve, writes: Writes, family: type[Program]) -> None:
    """The first line is taken as the password and not shown; after it the client can talk."""
    address = serve(PROTECTED)
    with Client(address, "irene", password="secret") as irene:
        irene.join("#lobby")
        anna = family(address, "anna", writes)
        anna.wait_for(anna.notice(QUESTION))
        anna.say("secret")
        anna.wait_for(anna.notice("Connected to the server!"))
        anna.say("hello")
        assert irene.expect("PRIVMSG").params == ("#lobby", "hello")
        assert anna.prompts <= 1
        assert anna.count(anna.notice(QUESTION)) == 1
        anna.check_pauses()
        anna.close()
        assert [message.command for message in irene.until("QUIT")] == ["QUIT"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_wrong_password_ends_the_connection(serve: Serve, writes: Writes, family: type[Program]) -> None:
    anna = family(serve(PROTECTED), "anna", writes)
    anna.wait_for(anna.notice(QUESTION))
    anna.say("sesame")
    anna.wait_for_end()
    # what was written, since on a busy machine the reset may come before the last text is read
    assert b"".join(write.data for write in anna.writes).count(b"Password incorrect") == 1
    assert anna.ended == anna.ends_with
    anna.close()


def test_a_password_sent_in_advance(serve: Serve) -> None:
    """`printf 'anna\\nsecret\\nhello\\n' | nc HOST PORT`: no prompt is needed."""
    address = serve(PROTECTED)
    with Client(address, "irene", password="secret") as irene:
        irene.join("#lobby")
        with socket.create_connection(address, PATIENCE) as sock:
            sock.sendall(b"anna\nsecret\nhello\n")
            assert irene.expect("PRIVMSG").params == ("#lobby", "hello")
            assert QUESTION.encode() not in sock.recv(4096)


def test_a_client_that_never_answers_is_not_a_user(serve: Serve, writes: Writes) -> None:
    address = serve(PROTECTED)
    anna = FAMILIES[0](address, "anna", writes)
    anna.wait_for(anna.notice(QUESTION))
    with Client(address, "irene", password="secret") as irene:
        assert irene.commands("WHOIS anna") == ["401", "318"]
    anna.close()
