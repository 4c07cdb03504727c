"""ChanServ commands of founders and ranks that work from outside the channel."""

from collections.abc import Iterator

import pytest

from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.conftest import Serve, Target
from tests.irc import Client

Room = tuple[Client, Client, Client]


@pytest.fixture
def address(serve: Serve) -> Target:
    return serve(Settings(accounts=AccountSettings(iterations=4096)))


@pytest.fixture
def room(address: Target) -> Iterator[Room]:
    """Set up #a: zoe is its founder and not a member, olga has half-operator on its access list, eve has no rights."""
    for nick in "zoe", "olga":
        make_account(address, nick)
    with device(address, "zoe") as zoe, device(address, "olga") as olga, Client(address, "eve") as eve:
        for client in zoe, olga:
            client.until("376", "422")
        zoe.run(
            "JOIN #a", "CS REGISTER #a", "CS AMODE #a +h olga", "MODE #a +ik key", "MODE #a +bb eve *!*@*", "PART #a"
        )
        yield zoe, olga, eve


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_invite(room: Room) -> None:
    zoe, olga, eve = room
    assert "can now join #a" in notices(olga, "CS INVITE #a eve")
    assert eve.expect("INVITE").params == ("eve", "#a")
    assert "366" in eve.commands("JOIN #a")
    assert "is already in #a" in notices(olga, "CS INVITE #a eve")
    assert "can now join" in notices(zoe, "CS INVITE #a")
    assert "no user with that nickname" in notices(zoe, "CS INVITE #a nobody")


def test_getkey_and_unban(room: Room) -> None:
    zoe, olga, eve = room
    assert notices(olga, "CS GETKEY #a") == "The key of #a is key"
    zoe.run("MODE #a -i")
    assert notices(olga, "CS UNBAN #a eve") == "2 bans removed in #a"
    zoe.run("JOIN #a", "MODE #a -i+b x!*@*")
    assert "366" in eve.commands("JOIN #a key")
    assert notices(olga, "CS UNBAN #a x") == "1 ban removed in #a"
    assert "No ban in #a" in notices(olga, "CS UNBAN #a")


def test_clear(room: Room) -> None:
    zoe, olga, _ = room
    assert "does not give you that right" in notices(olga, "CS CLEAR #a bans")
    assert notices(zoe, "CS CLEAR #a bans") == "The bans of #a were cleared (2 changes)"
    assert "cleared (2 changes)" in notices(zoe, "CS CLEAR #a modes")
    assert [m.params[1:] for m in zoe.run("MODE #a") if m.command == "324"] == [("#a", "+nt")]
    assert "Usage" in notices(zoe, "CS CLEAR #a everything")


def test_recover(room: Room) -> None:
    zoe, olga, _ = room
    olga.run("JOIN #a", "MODE #a +v olga")
    assert "is not yours" in notices(olga, "CS RECOVER #a")
    assert "You can join" in notices(zoe, "CS RECOVER #a")
    assert zoe.commands("JOIN #a").count("366") == 1
    assert [m.params[1:] for m in zoe.run("MODE #a") if m.command == "324"] == [("#a", "+nt")]


@pytest.mark.parametrize("command", ["INVITE #a", "UNBAN #a", "GETKEY #a", "CLEAR #a bans", "RECOVER #a"])
def test_users_without_rights_are_refused(room: Room, command: str) -> None:
    _, _, eve = room
    assert "not logged in" in notices(eve, f"CS {command}")
    eve.send("NS REGISTER sesame-open")
    eve.expect("900")
    assert "does not give you that right" in notices(eve, f"CS {command}") or "is not yours" in notices(
        eve, f"CS {command}"
    )
    eve.run("MODE #a")
