"""NickServ SESSIONS: each connection has a handle by which it can be ended."""

import re

import pytest

from greenchat.commands.core.persistence import change_account
from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.conftest import Serve, ServerThread, Target
from tests.irc import Client


@pytest.fixture
def server(serve: Serve) -> Target:
    address = serve(Settings(accounts=AccountSettings(iterations=4096)))
    make_account(address, "rita")
    return address


def connect(address: Target) -> Client:
    client = device(address, "rita")
    client.until("376", "422")
    client.sync()
    return client


def notices(client: Client, line: str) -> list[str]:
    return [message.params[-1] for message in client.run(line) if message.command == "NOTICE"]


def test_each_connection_is_listed_and_can_be_ended(server: Target) -> None:
    with connect(server) as rita, connect(server) as thief, Client(server, "other") as elsewhere:
        elsewhere.send("NS IDENTIFY rita sesame open")
        elsewhere.expect("900")
        lines = notices(rita, "NS SESSIONS")
        numbers = [line.split()[0] for line in lines]
        assert len(set(numbers)) == len(numbers) == 3
        assert sum("(this one)" in line for line in lines) == 1
        assert all(re.search(r" from 127.0.0.1, since .*, idle for ", line) for line in lines)
        assert notices(rita, f"NS LOGOUT {numbers[1]}") == ["1 other connection ended"]
        assert "Ended by the owner" in thief.until_end()[-1].params[-1]
        assert len(notices(rita, "NS SESSIONS")) == 2
        own = next(line.split()[0] for line in lines if "(this one)" in line)
        assert "no other connection with that number" in notices(rita, f"NS LOGOUT {own}")[0]
        assert notices(rita, "NS LOGOUT OTHERS") == ["1 other connection ended"]
        elsewhere.until_end()
        assert notices(rita, "NS LOGOUT ALL") == ["0 other connections ended", "You are now logged out"]


def test_a_stolen_password_is_made_useless(server: Target) -> None:
    with connect(server) as rita, connect(server) as thief:
        rita.send('NS PASSWD "sesame open" "another one"')
        while not (line := rita.expect("NOTICE").params[-1]).startswith("1 other connection"):
            pass
        assert "LOGOUT OTHERS" in line
        assert notices(rita, "NS GHOST rita") == ["rita is your own nickname: 1 other connection of yours ended"]
        thief.until_end()
        rita.run("PRIVMSG rita :still here")


def test_after_a_new_password_the_remaining_ways_in_are_listed(running_server: ServerThread) -> None:
    """Anyone who knew the old password may have made another way in."""
    make_account(running_server.address, "ann")
    with device(running_server.address, "ann") as ann:
        ann.until("376", "422")
        replies = notices(ann, 'NS PASSWD "sesame open" "another one"')
        assert replies == ["Your password was changed"]
        running_server.call(lambda app: change_account(app.new_context(), "ann", certificates=("a" * 64,)))
        ann.run("NS TOKEN CREATE BOT read", "NS TOKEN CREATE BOT say 1h")
        replies = notices(ann, 'NS PASSWD "another one" "a third one"')
        assert replies == [
            "Your password was changed",
            "2 tokens of your account stayed valid: /msg NickServ TOKEN LIST shows which",
            "1 certificate of your account stayed valid: /msg NickServ CERT LIST shows which",
        ]


def test_connections_of_others_cannot_be_ended(server: Target) -> None:
    with connect(server) as rita, Client(server, "eve") as eve:
        eve.send("NS REGISTER sesame-open")
        eve.expect("900")
        number = notices(rita, "NS SESSIONS")[0].split()[0]
        assert "no other connection" in notices(eve, f"NS LOGOUT {number}")[0]
        assert "does not belong to your account" in notices(eve, "NS GHOST rita")[0]
        assert notices(eve, "NS INFO rita") == ["rita is an account"]
        rita.run("PING x")
