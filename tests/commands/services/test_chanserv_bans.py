"""ChanServ BAN and AKICK: people who are kept out, for a while or for ever."""

from collections.abc import Iterator

import pytest

from tests.commands.devices import device, make_account
from tests.commands.inside import let_pass
from tests.irc import Client
from tests.world import World

Room = tuple[Client, Client, Client]
_HOUR = 3_600_000  # ms


@pytest.fixture
def room(running_server: World) -> Iterator[Room]:
    """zoe owns #a, olga is half-operator by its access list, and eve has an account; all are in."""
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


def said(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_ban_for_a_while(running_server: World, room: Room) -> None:
    zoe, olga, eve = room
    olga.run("PART #a")
    assert "is banned from #a for 1h" in said(olga, "CS BAN #a *!~eve@* 1h too loud")
    assert zoe.expect("MODE").params == ("#a", "+b", "*!~eve@*")
    assert eve.expect("KICK").params == ("#a", "eve", "too loud")
    assert eve.commands("JOIN #a") == ["474"]
    let_pass(running_server, _HOUR)
    assert zoe.expect("MODE").params == ("#a", "-b", "*!~eve@*")
    assert "366" in eve.commands("JOIN #a")


def test_ban_without_an_end_and_of_whom_not(room: Room) -> None:
    zoe, olga, eve = room
    assert "does not give you that right" in said(eve, "CS BAN #a zoe")
    assert "has a rank on the access list" in said(zoe, "CS BAN #a olga")
    assert "would match you" in said(zoe, "CS BAN #a *!*@*")
    assert "is banned from #a for ever" in said(olga, "CS BAN #a ev?")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert [message.params[2] for message in zoe.run("MODE #a b") if message.command == "367"] == ["ev?!*@*"]
    assert "1 ban removed" in said(olga, "CS UNBAN #a ev?")


def test_akick_of_an_account(running_server: World, room: Room) -> None:
    zoe, olga, eve = room
    assert "does not give you that right" in said(olga, "CS AKICK #a ADD eve")
    assert "a:eve is on the AKICK list of #a for 1h" in said(zoe, "CS AKICK #a ADD eve 1h not again")
    assert eve.expect("KICK").params == ("#a", "eve", "not again")
    eve.run("NICK eva")
    zoe.run("INVITE eva #a")
    refused = [message for message in eve.run("JOIN #a") if message.command == "474"]
    assert [message.params[-1] for message in refused] == ["not again"]
    listed = said(olga, "CS AKICK #a LIST")
    assert "a:eve  by zoe!~zoe@" in listed
    assert "not again" in listed
    assert listed.endswith("1 mask on the AKICK list of #a")
    assert not [message for message in zoe.run("MODE #a b") if message.command == "367"]
    let_pass(running_server, _HOUR)
    assert "366" in eve.commands("JOIN #a")
    assert said(zoe, "CS AKICK #a LIST") == "0 masks on the AKICK list of #a"


def test_akick_of_a_mask_and_its_end(room: Room) -> None:
    zoe, _, eve = room
    assert "*!~eve@* is on the AKICK list" in said(zoe, "CS AKICK #a ADD *!~eve@*")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert eve.commands("JOIN #a") == ["474"]
    assert "is not on the AKICK list" in said(zoe, "CS AKICK #a DEL *!~bob@*")
    assert "was removed from the AKICK list of #a" in said(zoe, "CS AKICK #a DEL *!~eve@*")
    assert "366" in eve.commands("JOIN #a")
    assert "Usage: AKICK" in said(zoe, "CS AKICK #a REMOVE eve")
    assert "Usage: AKICK" in said(zoe, "CS AKICK #a ADD")
    assert "would match you" in said(zoe, "CS AKICK #a ADD zoe")


def test_who_has_a_rank_by_the_access_list_is_not_meant(room: Room) -> None:
    zoe, olga, eve = room
    assert "is on the AKICK list" in said(zoe, "CS AKICK #a ADD ~a:zoe")
    assert eve.expect("KICK").params == ("#a", "eve", "Banned")
    assert [message.params[1] for message in olga.sync() if message.command == "KICK"] == ["eve"]
    olga.run("PART #a")
    assert "366" in olga.commands("JOIN #a")
