"""Cloaked hosts: who sees which host, bans, and CLOAK."""

import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import Cloak, History
from tests.commands.devices import make_account
from tests.commands.operators.test_uban import SETTINGS, arrive, connect_from, last_words, notices
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.opers import become_oper

ADDRESS = "203.0.113.7"
CLOAK = re.compile(r"([a-z2-7]{6}\.){3}cloaked")


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server whose clients may state another address."""
    return start_server(SETTINGS, quick_options(tmp_path))


@pytest.fixture
def root(server: ServerThread) -> Iterator[Client]:
    with become_oper(Client(server.address, "root")) as client:
        yield client


def cloak_of(client: Client, nick: str) -> str:
    """Return the host of a user that others see."""
    return next(m.params[3] for m in client.run(f"WHOIS {nick}") if m.command == "311")


def can_speak(client: Client) -> bool:
    """Whether #room receives the client's messages."""
    return "404" not in client.commands("PRIVMSG #room :hello")


def test_others_see_the_cloak_and_its_owner_is_told(server: ServerThread) -> None:
    """396: "Sent to a user when their displayed host changed"."""
    with connect_from(server.address, "alice", ADDRESS) as alice, Client(server.address, "bob") as bob:
        (hidden,) = [m for m in (*alice.until("376", "422"), *alice.sync()) if m.command == "396"]
        cloak = cloak_of(bob, "alice")
        assert CLOAK.fullmatch(cloak)
        assert hidden.params == ("alice", cloak, "is now your displayed host")
        bob.join("#room")
        alice.join("#room")
        assert bob.expect("JOIN").source == f"alice!~alice@{cloak}"
        assert "396" not in [m.command for m in Client(server.address, "carol").sync()]


def test_operators_with_the_right_see_the_address(server: ServerThread, root: Client) -> None:
    with arrive(server.address, "alice", ADDRESS), become_oper(Client(server.address, "helper"), "helper") as helper:
        (answer,) = [m for m in root.run("WHOIS alice") if m.command == "378"]
        assert answer.params[-1] == f"is connecting from ~alice@{ADDRESS} {ADDRESS}"
        assert root.run("USERIP alice")[0].params[-1] == f"alice=+~alice@{ADDRESS}"
        assert root.run("WHO alice %i")[0].params[-1] == ADDRESS
        assert ADDRESS in str(root.run("STATS l"))
        assert ADDRESS not in str(helper.run("WHOIS alice", "USERIP alice", "WHO alice %i", "WHO *203.0.113*"))


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_a_ban_on_a_cloak_or_a_cloaked_netblock(server: ServerThread, parts: int) -> None:
    with arrive(server.address, "alice", ADDRESS) as alice, people(server.address, "bob", channel="#room") as (bob,):
        alice.join("#room")
        mask = "*!*@" + ".".join(["*"] * (parts > 0) + cloak_of(bob, "alice").split(".")[parts:])
        bob.run(f"MODE #room +b {mask}")
        assert not can_speak(alice)
        alice.run("PART #room")
        assert "474" in alice.commands("JOIN #room")


def test_a_ban_on_an_address_works_but_does_not_reveal_the_address(server: ServerThread) -> None:
    with arrive(server.address, "alice", ADDRESS) as alice, people(server.address, "bob", channel="#room") as (bob,):
        alice.join("#room")
        for mask in "*!*@203.*", "*!*@*.7", "*!*@203.0.113.?", "*!*@2*.7", "*!*@203.0.113.0/24":
            bob.run(f"MODE #room +b {mask}")
            assert can_speak(alice)
        bob.run(f"MODE #room +b *!*@{ADDRESS}")
        assert not can_speak(alice)


@pytest.mark.parametrize("seen", [True, False])
def test_a_server_ban_matches_the_cloak_and_the_address(server: ServerThread, root: Client, seen: bool) -> None:
    with arrive(server.address, "alice", ADDRESS) as alice:
        target = "*@*." + cloak_of(root, "alice").partition(".")[2] if seen else "*@203.0.113.*"
        assert notices(root, f"UBAN ADD {target} 0 out") == [f"*!{target} is banned for ever; 1 connection ended"]
        assert "out" in last_words(alice)
    with connect_from(server.address, "other", "203.0.113.8") as other:
        assert "out" in last_words(other)


def test_rotate(server: ServerThread, root: Client) -> None:
    """All users get another cloak, those who see them are told, and a ban on an old cloak matches nobody."""
    with (
        arrive(server.address, "alice", ADDRESS) as alice,
        Client(server.address, "bob", caps="chghost") as bob,
        Client(server.address, "carol") as carol,
    ):
        for client in bob, carol, alice:
            client.join("#room")
        old = cloak_of(bob, "alice")
        bob.run(f"MODE #room +b *!*@{old}")
        root.send("CLOAK ROTATE")
        assert root.expect("NOTICE").params[1] == "*** root changed the secret of the cloaks"
        assert root.expect("NOTICE").params[1].startswith("All cloaks are being changed.")
        assert root.expect("NOTICE").params[1] == "All cloaks were changed"
        (changed,) = [m for m in bob.sync() if m.command == "CHGHOST"]
        new = changed.params[1]
        assert changed.source == f"alice!~alice@{old}"
        assert CLOAK.fullmatch(new)
        assert not set(new.split(".")[:3]) & set(old.split(".")[:3])
        assert [(m.command, m.source) for m in carol.sync() if m.command in ("QUIT", "JOIN")][-2:] == [
            ("QUIT", f"alice!~alice@{old}"),
            ("JOIN", f"alice!~alice@{new}"),
        ]
        assert can_speak(alice)
        with arrive(server.address, "dave", ADDRESS):
            assert cloak_of(bob, "dave") == new


def test_rotating_continues_after_the_operator_leaves(server: ServerThread) -> None:
    """There are so many users that it takes several turns; the operator's connection is reset before the first one."""
    crowd = [arrive(server.address, f"n{number}", f"198.51.{number}.1") for number in range(30)]
    for member in crowd:
        member.join("#room")
    with Client(server.address, "watcher") as watcher:
        before = {cloak_of(watcher, f"n{number}") for number in range(30)}
        operator = become_oper(Client(server.address, "root"))
        operator.send("CLOAK ROTATE")
        operator.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        operator.close()
        while before & {cloak_of(watcher, f"n{number}") for number in range(30)}:
            pass
    for member in crowd:
        member.close()


def test_messages_sent_under_an_old_cloak_stay_their_authors(server: ServerThread, root: Client) -> None:
    """Also for guests, who differ from former users of the same nick only by the cloak."""
    caps = "message-tags echo-message draft/message-redaction"
    with (
        arrive(server.address, "bob", "198.51.100.1") as bob,
        connect_from(server.address, "alice", ADDRESS) as alice,
    ):
        bob.join("#room")
        alice.send(f"CAP REQ :{caps}")
        alice.join("#room")
        alice.send("PRIVMSG #room :oops")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        root.send("CLOAK ROTATE")
        root.expect("NOTICE")
        while root.expect("NOTICE").params[1] != "All cloaks were changed":
            pass
        assert "FAIL" not in alice.commands(f"REDACT #room {msgid}")


def test_changing_thousands_of_cloaks_blocks_nobody(server: ServerThread, root: Client) -> None:
    """The cloaks change in steps: a query in between is answered before all have changed."""
    crowd = [arrive(server.address, f"n{number}", f"198.51.{number}.1") for number in range(60)]
    for member in crowd:
        member.join("#room")
    before = {cloak_of(root, f"n{number}") for number in range(60)}
    root.send("CLOAK ROTATE")
    while root.expect("NOTICE").params[1] != "All cloaks were changed":
        pass
    after = {cloak_of(root, f"n{number}") for number in range(60)}
    assert len(before | after) == 120
    assert all(sum(m.command == "QUIT" for m in member.sync()) >= 59 for member in crowd)
    for member in crowd:
        member.close()


def test_show(root: Client) -> None:
    with_cloak = notices(root, f"CLOAK SHOW {ADDRESS}")[0]
    assert CLOAK.fullmatch(with_cloak.removeprefix(f"{ADDRESS} is shown as "))
    assert notices(root, "CLOAK SHOW 0::1") == ["::1 is shown as ::1"]


@pytest.mark.parametrize(
    ("line", "numeric"),
    [("CLOAK", "461"), ("CLOAK FROB", "400"), ("CLOAK SHOW", "461"), ("CLOAK SHOW x", "400"), ("CLOAK :", "400")],
)
def test_bad_input(root: Client, line: str, numeric: str) -> None:
    assert root.commands(line) == [numeric]


def test_cloak_needs_the_right(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        assert alice.commands("CLOAK ROTATE") == ["481"]
        become_oper(alice, "helper")
        assert alice.commands("CLOAK ROTATE", f"CLOAK SHOW {ADDRESS}") == ["723", "723"]


def test_cloaks_survive_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    """The secret is in the data folderand readable by the server's user only; an always-on user without a connection
    has the cloak of the present secret.
    """
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    settings = replace(SETTINGS, accounts=replace(SETTINGS.accounts, always_on="mandatory"))
    first = start_server(settings, options)
    make_account(first.address, "alice")
    cloak = first.call(lambda app: app.network.protection.cloaks.host(ADDRESS))

    def move(app: object) -> None:
        first.app.network.users["alice"].real_host = ADDRESS
        first.app.network.local.changed_presences[first.app.network.users["alice"]] = None

    first.call(move)
    with Client(first.address, "bob") as bob:
        bob.sync()  # the command has her presence stored
    first.stop()
    second = start_server(settings, options)
    with become_oper(Client(second.address, "root")) as root:
        assert cloak_of(root, "alice") == cloak
        root.send("CLOAK ROTATE")
        while root.expect("NOTICE").params[1] != "All cloaks were changed":
            pass
        new = cloak_of(root, "alice")
        assert new != cloak
    second.stop()
    third = start_server(settings, options)
    with Client(third.address, "bob") as bob:
        assert cloak_of(bob, "alice") == new
    third.stop()
    off = start_server(replace(settings, cloak=Cloak(enabled=False)), options)
    with Client(off.address, "bob") as bob:
        assert cloak_of(bob, "alice") == ADDRESS


def test_hosts_stored_without_cloaks_are_cloaked_when_shown(start_server: StartServer, tmp_path: Path) -> None:
    """History, topics and lists of the time before the server had cloaks."""
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    bare = start_server(replace(SETTINGS, cloak=Cloak(enabled=False)), options)
    with arrive(bare.address, "alice", ADDRESS) as alice:
        alice.send("NS REGISTER sesame-open")
        alice.expect("900")
        alice.join("#room")
        alice.run("CS REGISTER #room", "PRIVMSG #room :long ago", "MODE #room +b *!*@192.0.2.9", "TOPIC #room :old")
    bare.stop()
    server = start_server(replace(SETTINGS, history=History(replay=50)), options)
    with Client(server.address, "bob") as bob:
        messages = [*bob.join("#room"), *bob.run("MODE #room b")]
        (message,) = [m for m in messages if m.command == "PRIVMSG"]
        setters = [m.params[{"333": 2, "367": 3}[m.command]] for m in messages if m.command in ("333", "367")]
        assert len(setters) == 2
        for source in message.source or "", *setters:
            assert CLOAK.fullmatch(source.rpartition("@")[2])
        assert ADDRESS not in str(messages)
    with become_oper(Client(server.address, "root", caps="message-tags")) as root:
        root.join("#room")
        msgid = root.expect("PRIVMSG").tags["msgid"]
        root.run(f"HISTSERV DELETE #room {msgid}")
        assert "deleted the message" in str(server.call(lambda app: app.audit.read(9, "")))
        assert ADDRESS not in str(server.call(lambda app: app.audit.read(9, "")))
