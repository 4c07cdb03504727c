"""RESV, UNRESV and ChanServ PURGE: names that operators reserve while the server runs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import AccountSettings
from tests.commands.conftest import StartWorld
from tests.commands.state_changes import advance_clock
from tests.conftest import quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_HOUR = 3_600_000  # ms
SETTINGS = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096))


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    return start_world(SETTINGS, quick_options(tmp_path))


@pytest.fixture
def with_opers(server: World) -> Iterator[tuple[Client, Client]]:
    with people(server.address, "root", "alice") as (root, alice):
        become_oper(root)
        yield root, alice


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_a_nick(server: World, with_opers: tuple[Client, Client]) -> None:
    root, alice = with_opers
    assert "is reserved for 1h" in notices(root, "RESV 60 boss* :only one")
    (refused,) = alice.run("NICK Bossy")
    assert (refused.command, refused.params[-1]) == ("433", "That name is reserved: only one")
    assert alice.commands("NICK b\u043ess") == ["433"], "a lookalike name is reserved, too"
    assert alice.run("REGISTER bossy * :sesame open")[0].params[1] == "BAD_ACCOUNT_NAME"
    assert root.commands("NICK boss")[0] == "NICK"
    with Client(server.address) as newcomer:
        newcomer.send("NICK bossy", "USER x 0 * :x")
        assert newcomer.expect("433", "001").command == "433"
    advance_clock(server, _HOUR)
    assert alice.commands("NICK bossy") == ["NICK"]


def test_a_channel(with_opers: tuple[Client, Client]) -> None:
    root, alice = with_opers
    alice.join("#warez2")
    assert "is reserved for ever" in notices(root, "RESV #warez* :not here")
    (refused,) = alice.run("JOIN #Warez")
    assert (refused.command, refused.params[-1]) == ("437", "That channel was closed: not here")
    alice.run("PRIVMSG #warez2 :still in")
    alice.run("PART #warez2", "JOIN #a")
    assert alice.commands("JOIN #warez2") == ["437"]
    (renamed,) = alice.run("RENAME #a #warez")
    assert renamed.params[1] == "CANNOT_RENAME"
    assert "366" in root.commands("JOIN #warez")
    assert alice.commands("JOIN #warez") == ["437"], "an existing channel is reserved, too"
    listed = notices(root, "RESV")
    assert "#warez* by root" in listed
    assert listed.endswith("1 reservation")
    assert "is no longer reserved" in notices(root, "UNRESV #WAREZ*")
    assert "366" in alice.commands("JOIN #warez")


def test_a_channel_cannot_be_renamed_to_a_configured_reserved_name(with_opers: tuple[Client, Client]) -> None:
    _, alice = with_opers
    alice.join("#a")
    (renamed,) = alice.run("RENAME #a #services")
    assert renamed.params[1] == "CANNOT_RENAME"


def test_invalid_reservations(with_opers: tuple[Client, Client]) -> None:
    root, alice = with_opers
    assert alice.commands("RESV x", "UNRESV x") == ["481", "481"]
    assert root.commands("RESV *", "RESV #*", "RESV :a b", "UNRESV never") == ["400"] * 4
    assert "Unknown command" in notices(alice, "CS PURGE LIST")


def test_purge(with_opers: tuple[Client, Client]) -> None:
    root, alice = with_opers
    alice.send("REGISTER * * :sesame open")
    alice.expect("900")
    alice.join("#bad")
    alice.run("CS REGISTER #bad")
    assert "#bad is closed" in notices(root, "CS PURGE ADD #bad against the rules")
    assert alice.expect("KICK").params == ("#bad", "alice", "against the rules")
    assert alice.commands("JOIN #bad") == ["437"]
    assert "no such registered channel" in notices(alice, "CS INFO #bad")
    assert "#bad by root" in notices(root, "CS PURGE LIST")
    assert "open again" in notices(root, "CS PURGE DEL #bad")
    assert "366" in alice.commands("JOIN #bad")
    assert "is the lobby" in notices(root, "CS PURGE ADD #lobby")
    assert "is not reserved" in notices(root, "CS PURGE DEL #bad")
    assert "Usage: PURGE" in notices(root, "CS PURGE CLOSE #bad")


def test_reservations_survive_a_restart(start_world: StartWorld, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    first = start_world(SETTINGS, options)
    with people(first.address, "root") as (root,):
        become_oper(root).run("RESV 60 eve", "RESV #bad")
    first.stop()
    second = start_world(SETTINGS, options)
    with people(second.address, "alice") as (alice,):
        assert alice.commands("NICK eve", "JOIN #bad") == ["433", "437"]
        advance_clock(second, _HOUR)
        assert alice.commands("NICK eve", "JOIN #bad") == ["NICK", "437"]
    second.stop()
    third = start_world(SETTINGS, options)
    with people(third.address, "alice") as (alice,):
        assert alice.commands("NICK eve", "JOIN #bad") == ["NICK", "437"]
