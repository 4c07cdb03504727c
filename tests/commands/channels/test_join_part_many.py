"""Many simultaneous JOINs are sent to the other members a moment later, together, and no client gets a wrong list of
members.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from greenchat.chat import broadcast
from greenchat.config.settings import AccountSettings
from greenchat.protocol.message import Message, split_source
from greenchat.server.net import turn
from tests.commands.devices import device, log_in, make_account
from tests.conftest import quick_options
from tests.irc import ALL_CAPS, Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

ALL = " ".join(name for name in ALL_CAPS.split() if "no-implicit-names" not in name)
CAPS = ["", ALL, "extended-join away-notify", "server-time message-tags chghost", "echo-message draft/channel-rename"]
CHANNELS = ["#a", "#b", "#c"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Make a server that holds back each JOIN but the first until something else must be sent."""
    monkeypatch.setattr(broadcast, "CROWD", 1)
    monkeypatch.setattr(turn, "_JOINS_EVERY", 1e9)
    monkeypatch.setattr(turn, "_JOINS_LATEST", 1e9)
    with World(replace(WITH_OPERS, accounts=AccountSettings(iterations=4096)), quick_options(tmp_path)) as world:
        yield world


class MemberView:
    """The members of a client's channels, as it knows them from the lines it was sent."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.members: dict[str, set[str]] = {}

    def hear(self, message: Message) -> None:
        """Apply a message, and check that it is about members that the client knows."""
        nick = split_source(message.source or "")[0]
        match message.command, message.params:
            case "JOIN", (name, *_):
                if nick == self.nick:
                    self.members[name] = set()
                assert nick not in self.members[name], (message, "was told twice")
                self.members[name].add(nick)
            case "353", (_, _, name, names) if name in self.members:
                self.members[name].update(split_source(each.lstrip("@+"))[0] for each in names.split())
            case ("PART", (name, *_)) | ("KICK", (name, *_)):
                gone = message.params[1] if message.command == "KICK" else nick
                self.members[name].remove(gone)
                if gone == self.nick:
                    del self.members[name]
            case "QUIT", _ if nick != self.nick:
                assert any(nick in there for there in self.members.values()), message
                for there in self.members.values():
                    there.discard(nick)
            case "NICK", (new,):
                assert nick == self.nick or any(nick in there for there in self.members.values()), message
                for there in self.members.values():
                    if nick in there:
                        there.remove(nick)
                        there.add(new)
                if nick == self.nick:
                    self.nick = new
            case "RENAME", (old, new, *_):
                self.members[new] = self.members.pop(old)
            case "MODE", (name, changes, *who) if name in self.members and changes[1:].strip("ov") == "":
                assert set(who) <= self.members[name], message
            case (("PRIVMSG" | "TOPIC"), (name, *_)) if name in self.members:
                assert nick in self.members[name], message
            case "AWAY" | "SETNAME" | "CHGHOST", _:
                assert nick == self.nick or any(nick in there for there in self.members.values()), message


def _some_line(random: Random, nick: str, others: list[str]) -> str:
    name, other = random.choice(CHANNELS), random.choice(others)
    return random.choice(
        [f"JOIN {name}"] * 8
        + [f"PART {name}", f"PRIVMSG {name} :hello", f"PRIVMSG {other} :hello", f"KICK {name} {other}", f"NAMES {name}"]
        + [f"MODE {name} +v {other}", f"TOPIC {name} :x", "AWAY :x", "AWAY"]
        + [f"NICK {nick.rstrip('_')}", f"NICK {nick}_", "SETNAME :x", "JOIN 0", f"RENAME {name} #c", "QUIT", "leave"]
        + ["METADATA * SET status :here", "CAP REQ :away-notify", "CAP REQ :-away-notify", f"WHO {name}"]
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_client_is_told_of_a_member_before_the_join(world: World, seed: int) -> None:
    random = Random(seed)
    clients: dict[Client, MemberView] = {}

    def come(nick: str) -> None:
        client = Client(world, nick, caps=random.choice(CAPS))
        clients[client] = MemberView(nick)

    for number in range(8):
        come(f"user{number}")
    for _ in range(400):
        client = random.choice(list(clients))
        nicks = [each.nick for each in clients.values()]
        line = _some_line(random, clients[client].nick, nicks)
        nick = clients[client].nick
        if line == "leave":
            client.close()
        else:
            client.send(line)
        if line in ("leave", "QUIT"):
            del clients[client]
        for each, view in clients.items():
            for message in each.sync():
                view.hear(message)
        if line in ("leave", "QUIT"):
            come(nick.rstrip("_") + "x")
    world.app.turn.begin()
    world.app.turn.dirty.release_all()
    world.end_turn()
    for each, view in clients.items():
        for message in each.sync():
            view.hear(message)
        user = world.network.user(view.nick)
        assert user
        true = {channel.name: channel for channel in world.network.channels_of(user)}
        assert view.members.keys() == true.keys()
        for name, known in view.members.items():
            assert known == {member.nick for member in true[name].members}


def test_a_join_is_sent_at_once_without_other_joins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CROWD", 2)
    with people(world, "alice", "bob", "carol", "dave") as (alice, bob, carol, dave):
        alice.run("JOIN #a")
        bob.run("JOIN #a")
        assert [message.command for message in alice.sync()] == ["JOIN"]
        carol.run("JOIN #a")
        dave.run("JOIN #a")
        assert not alice.sync()
        messages = carol.run("PRIVMSG #a :hello")
        assert [message.command for message in messages] == ["JOIN"], "dave joined after carol"
        assert [message.source for message in alice.sync()] == [
            f"{nick}!~{nick}@127.0.0.1" for nick in ("carol", "dave", "carol")
        ]
        assert [message.command for message in dave.sync()] == ["PRIVMSG"], "carol joined before dave"


def test_held_joins_come_before_queries_and_messages_to_a_rank(world: World) -> None:
    caps = "batch draft/chathistory draft/event-playback draft/metadata-2"
    with people(world, "alice", caps=caps, channel="#a") as (alice,), Client(world, "carol") as carol:
        for line in "PRIVMSG @#a :hello", "NOTICE @#a :hello":
            carol.run("JOIN #a", line, "PART #a")
            assert [message.command for message in alice.sync()] == ["JOIN", line.split()[0], "PART"]
        for line in "CHATHISTORY LATEST #a * 1", "METADATA #a SYNC":
            carol.run("JOIN #a")
            assert alice.run(line)[0].command == "JOIN", line
            carol.run("PART #a")
            alice.sync()


def test_no_held_join_follows_the_farewell(world: World) -> None:
    with people(world, "alice", "bob", "carol", channel="#a") as (alice, *_):
        alice.send("QUIT")
        assert [message.command for message in alice.until_end()] == ["JOIN", "JOIN", "QUIT", "ERROR"]


def test_a_killed_user_gets_all_held_joins_before(world: World) -> None:
    with Client(world, "root") as root, people(world, "alice", "bob", channel="#a") as (alice, _):
        become_oper(root).run("KILL alice")
        assert [message.command for message in alice.until_end()] == ["JOIN", "KILL", "QUIT", "ERROR"]


def test_a_reattached_session_gets_all_held_joins_before(world: World) -> None:
    make_account(world, "alice")
    with device(world, "alice") as alice, Client(world, "phone", caps="sasl") as phone, Client(world, "bob") as bob:
        alice.run("NS SET ALWAYS-ON on", "JOIN #b")
        log_in(phone, "alice")
        phone.run("JOIN #a")
        bob.run("JOIN #a")
        received = [
            (m.command, m.nick, m.params[0]) for m in phone.run("NS REGAIN alice") if m.command in ("JOIN", "PART")
        ]
        assert received[:2] == [("JOIN", "bob", "#a"), ("PART", "phone", "#a")]
