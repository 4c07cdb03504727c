"""SA commands: what operators with the right may do in any channel."""

from collections.abc import Iterator

import pytest

from tests.conftest import Serve
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

Room = tuple[Client, Client, Client]


@pytest.fixture
def room(serve: Serve) -> Iterator[Room]:
    """Connect an operator who is in no channel, and two members of one."""
    address = serve(WITH_OPERS)
    with Client(address, "root") as root, people(address, "alice", "bob", channel="#a") as (alice, bob):
        yield become_oper(root), alice, bob


@pytest.mark.parametrize(
    "line", ["SAMODE #a +m", "SAJOIN bob #b", "SAPART bob #a", "REMOVE bob #a", "SANICK bob robert", "CHGHOST bob x.y"]
)
def test_sa_commands_need_the_right(room: Room, line: str) -> None:
    """ERR_NOPRIVILEGES: "the command failed because the user is not an IRC operator"; ERR_NOPRIVS: an operator
    does "not have the specific operator privilege required"."""
    _, alice, bob = room
    assert alice.commands(line) == ["481"]
    become_oper(alice, "helper")
    assert alice.commands(line) == ["723"]
    assert bob.sync() == []


def test_samode(room: Room) -> None:
    root, alice, bob = room
    root.run("SAMODE #a +mq-o bob alice")
    for client in alice, bob:
        assert [(m.nick, m.params) for m in client.sync()] == [("root", ("#a", "+mq-o", "bob", "alice"))]
    assert root.commands("SAMODE #nowhere +m") == ["403"]
    assert root.commands("SAMODE #a") == ["461"]


def test_sajoin(room: Room) -> None:
    root, alice, bob = room
    alice.run("JOIN #b", "MODE #b +ib bob")
    bob.sync()
    root.run("SAJOIN bob #b")
    assert [m.command for m in bob.sync()] == ["JOIN", "353", "366"]
    assert [(m.command, m.nick) for m in alice.sync()] == [("JOIN", "bob")]
    assert root.commands("SAJOIN bob #b") == ["443"]
    assert root.commands("SAJOIN nobody #b") == ["401"]
    assert root.commands("SAJOIN bob b") == ["476"]


def test_sapart_and_remove(room: Room) -> None:
    root, alice, bob = room
    root.run("SAPART bob #a :so long", "REMOVE alice #a")
    assert [(m.command, m.params) for m in bob.sync()] == [("PART", ("#a", "so long"))]
    assert [(m.nick, m.params) for m in alice.sync()] == [
        ("bob", ("#a", "so long")),
        ("alice", ("#a", "Removed by root: No reason given")),
    ]
    for name in "SAPART", "REMOVE":
        assert root.commands(f"{name} bob #nowhere") == ["403"]
        bob.run("JOIN #b")
        assert root.commands(f"{name} alice #b") == ["441"]


def test_sanick(room: Room) -> None:
    root, alice, bob = room
    root.run("SANICK bob robert")
    for client in alice, bob:
        assert [(m.command, m.nick, m.params) for m in client.sync()] == [("NICK", "bob", ("robert",))]
    assert root.commands("SANICK robert alice") == ["433"]
    assert root.commands("SANICK robert #x") == ["432"]
    assert root.commands("SANICK robert robert") == []


def test_operators_are_told(room: Room) -> None:
    root, _, _ = room
    notices = [m.params[1] for m in root.run("SAMODE #a +m", "SAPART bob #a") if m.command == "NOTICE"]
    assert notices == ["*** root used SAMODE: #a +m", "*** root parted bob from #a"]


def test_chghost(room: Room) -> None:
    """chghost: "When a user's username or host changes, the server SHOULD send a CHGHOST message"."""
    root, alice, bob = room
    for client in alice, bob:
        client.run("CAP REQ chghost")
    root.run("CHGHOST bob staff.example.org")
    for client in alice, bob:
        changed = client.expect("CHGHOST")
        assert (changed.nick, changed.params) == ("bob", ("~bob", "staff.example.org"))
    assert alice.run("WHOIS bob")[0].params[3] == "staff.example.org"
    root.run("CHGHOST bob *")
    assert bob.expect("CHGHOST").params == ("~bob", "127.0.0.1")


@pytest.mark.parametrize("host", ["a!b", "a@b", ":a", "-a", "x" * 65, "\u00e9"])
def test_chghost_to_an_invalid_host(room: Room, host: str) -> None:
    root, *_ = room
    (refusal,) = root.run(f"CHGHOST bob :{host}")
    assert refusal.params[:2] == ("CHGHOST", "INVALID_HOST")
