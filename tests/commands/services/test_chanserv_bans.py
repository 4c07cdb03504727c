"""ChanServ BAN and AKICK: bans for a time or for ever."""

from collections.abc import Iterator

import pytest

from tests.commands.devices import device, make_account
from tests.commands.state_changes import advance_clock
from tests.irc import Client
from tests.world import World

Room = tuple[Client, Client, Client]
_HOUR = 3_600_000  # ms


@pytest.fixture
def room(running_server: World) -> Iterator[Room]:
    """Set up #a: zoe is its founder, olga has half-operator on its access list, eve has an account; all are members."""
    for nick in "zoe", "olga", "eve":
        make_account(running_server.address, nick)
    with (
        device(running_server.address, "zoe") as zoe,
        device(running_server.address, "olga") as olga,
        device(running_server.address, "eve") as eve,
    ):
        for client in zoe, olga, eve:
            client.until("376", "422")
        zoe.run("JOIN #a", "CS REGISTER #a", "CS AMODE #a +h olga")
        olga.join("#a")
        eve.join("#a")
        zoe.sync(), olga.sync()
        yield zoe, olga, eve


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_a_timed_ban(running_server: World, room: Room) -> None:
    zoe, olga, eve = room
    olga.run("PART #a")
    assert "is banned from #a for 1h" in notices(olga, "CS BAN #a *!~eve@* 1h too loud")
    assert zoe.expect("MODE").params == ("#a", "+b", "*!~eve@*")
    assert eve.expect("KICK").params == ("#a", "eve", "too loud")
    assert eve.commands("JOIN #a") == ["474"]
    advance_clock(running_server, _HOUR)
    assert zoe.expect("MODE").params == ("#a", "-b", "*!~eve@*")
    assert "366" in eve.commands("JOIN #a")


def test_a_permanent_ban_and_refused_targets(room: Room) -> None:
    zoe, olga, eve = room
    assert "does not give you that right" in notices(eve, "CS BAN #a zoe")
    assert "has a rank on the access list" in notices(zoe, "CS BAN #a olga")
    assert "would match you" in notices(zoe, "CS BAN #a *!*@*")
    assert "is banned from #a for ever" in notices(olga, "CS BAN #a ev?")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert [message.params[2] for message in zoe.run("MODE #a b") if message.command == "367"] == ["ev?!*@*"]
    assert "1 ban removed" in notices(olga, "CS UNBAN #a ev?")


def test_akick_of_an_account(running_server: World, room: Room) -> None:
    zoe, olga, eve = room
    assert "does not give you that right" in notices(olga, "CS AKICK #a ADD eve")
    assert "a:eve is on the AKICK list of #a for 1h" in notices(zoe, "CS AKICK #a ADD eve 1h not again")
    assert eve.expect("KICK").params == ("#a", "eve", "not again")
    eve.run("NICK eva")
    zoe.run("INVITE eva #a")
    refused = [message for message in eve.run("JOIN #a") if message.command == "474"]
    assert [message.params[-1] for message in refused] == ["not again"]
    listed = notices(olga, "CS AKICK #a LIST")
    assert "a:eve  by zoe!~zoe@" in listed
    assert "not again" in listed
    assert listed.endswith("1 mask on the AKICK list of #a")
    assert not [message for message in zoe.run("MODE #a b") if message.command == "367"]
    advance_clock(running_server, _HOUR)
    assert "366" in eve.commands("JOIN #a")
    assert notices(zoe, "CS AKICK #a LIST") == "0 masks on the AKICK list of #a"


def test_akick_of_a_mask_and_its_end(room: Room) -> None:
    zoe, _, eve = room
    assert "*!~eve@* is on the AKICK list" in notices(zoe, "CS AKICK #a ADD *!~eve@*")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert eve.commands("JOIN #a") == ["474"]
    assert "is not on the AKICK list" in notices(zoe, "CS AKICK #a DEL *!~bob@*")
    assert "was removed from the AKICK list of #a" in notices(zoe, "CS AKICK #a DEL *!~eve@*")
    assert "366" in eve.commands("JOIN #a")
    assert "Usage: AKICK" in notices(zoe, "CS AKICK #a REMOVE eve")
    assert "Usage: AKICK" in notices(zoe, "CS AKICK #a ADD")
    assert "would match you" in notices(zoe, "CS AKICK #a ADD zoe")


def test_users_of_the_access_list_are_exempt(room: Room) -> None:
    zoe, olga, eve = room
    assert "is on the AKICK list" in notices(zoe, "CS AKICK #a ADD ~a:zoe")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert [message.params[1] for message in olga.sync() if message.command == "KICK"] == ["eve"]
    olga.run("PART #a")
    assert "366" in olga.commands("JOIN #a")
