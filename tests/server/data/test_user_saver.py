"""Presences over a stop and a start, and over a kill: real processes, and clients that resume as ours do."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import sleep

import pytest

from greenchat.chat import documents
from greenchat.config.settings import Settings
from greenchat.server.data.user_saver import UserSaver
from greenchat.storage.sqlite import SqliteStore
from tests.commands.devices import device, make_account
from tests.conftest import quick_options
from tests.irc import Client
from tests.ports import reserved_port
from tests.server.forked import started
from tests.server.process import Running
from tests.world import World

Server = Callable[[], Running]
CAPS = "greenchat/resume draft/metadata-3 batch draft/chathistory draft/event-playback server-time message-tags"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Server]:
    """Start the server, again with the same port and data."""
    with reserved_port() as port, ExitStack() as stack:
        yield lambda: stack.enter_context(started(tmp_path, "--listen", f"127.0.0.1:{port}"))


class Guest(Client):
    """A client that resumes by its token."""

    token = ""

    def connect(self, nick: str) -> "Guest":
        self.nick = nick
        self.send("CAP LS 302", f"CAP REQ :{CAPS}", *([f"RESUME {self.token}"] if self.token else []))
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}", "CAP END")
        self.token = self.expect("RESUME").params[0]
        self.until("376", "422")
        return self

    def reconnect(self, server: Running, nick: str) -> "Guest":
        guest = Guest(server.target)
        guest.token = self.token
        guest.connect(nick)
        guest.sync()  # reads the JOINs of its channels
        return guest


def test_channels_and_presences_survive_a_restart(begin: Server) -> None:
    """Unregistered channels, with locks, topic and ranks, away, and members: without a QUIT or JOIN."""
    server = begin()
    alice, bob = Guest(server.target).connect("alice"), Guest(server.target).connect("bob")
    alice.join("#own")
    alice.run("TOPIC #own :whales only", "MODE #own +k sesame", "MODE #own +b *!*@spam.example", "PRIVMSG #own :before")
    bob.send("JOIN #own sesame")
    bob.expect("366")
    alice.run("MODE #own +v bob")
    bob.run("AWAY :at lunch", "METADATA * SET avatar :https://example.org/b.png", "NICK bobby")
    alice.sync()
    assert server.end() == 0
    assert alice.until_end()[-1].command == "ERROR"

    server = begin()
    back = alice.reconnect(server, "someone")
    assert back.run("NAMES #own")[0].params[-1].split() == ["@alice", "+bobby"]
    assert back.run("TOPIC #own")[0].params[-1] == "whales only"
    assert back.run("MODE #own")[0].params[2:] == ("+ntk", "sesame")
    assert [m.params[2] for m in back.run("MODE #own b") if m.command == "367"] == ["*!*@spam.example"]
    assert [m.params[-1] for m in back.run("WHOIS bobby") if m.command == "301"] == ["at lunch"]
    metadata = back.run("METADATA bobby GET avatar")
    assert [m.params[-1] for m in metadata if m.command == "761"] == ["https://example.org/b.png"]
    assert "401" in back.commands("WHOIS bob")
    bob = bob.reconnect(server, "bob")
    assert back.sync() == []
    bob.run("PRIVMSG #own :after")
    assert [m.params[1] for m in back.sync()] == ["after"]
    messages = back.run("CHATHISTORY LATEST #own * 50")
    assert [m.params[-1] for m in messages if m.command == "PRIVMSG"] == ["before", "after"]
    assert not [m for m in messages if m.command == "QUIT"]
    with Client(server.target, "eve") as eve:
        assert "475" in eve.commands("JOIN #own")  # it is as closed as before
    for client in back, bob:
        client.send("QUIT")
        client.until_end()


def test_a_user_without_a_token_is_not_kept(begin: Server, tmp_path: Path) -> None:
    server = begin()
    Guest(server.target).connect("alice").join("#own")
    with Client(server.target, "plain") as nobody:
        nobody.join("#own")
        assert server.end() == 0
    server = begin()
    with Client(server.target, "watch") as watch:
        assert [m.params[-1] for m in watch.run("NAMES #own") if m.command == "353"] == ["@alice"]
    assert server.end() == 0
    with closing(SqliteStore(tmp_path / "xdg/greenchat/greenchat.db")) as store:
        assert len(store.documents(documents.SAVED_USER.name)) == 1


def wait_until_kept(home: Path, kind: documents.DocumentKind, *texts: str) -> None:
    """Wait until a document of this kind is stored that has all of these texts: the sweeper runs once a second."""
    file = home / "xdg/greenchat/greenchat.db"
    documents: list[str] = []
    while not any(all(text in each for text in texts) for each in documents):
        sleep(0.05)
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            documents = [
                value for (value,) in database.execute("SELECT value FROM document WHERE kind = ?", (kind.name,))
            ]


def test_channels_and_presences_survive_a_kill(begin: Server, tmp_path: Path) -> None:
    """Members are stored within some seconds; messages are stored at once, as ever."""
    server = begin()
    alice = Guest(server.target).connect("alice")
    alice.join("#own")
    alice.run("MODE #own +k sesame", "TOPIC #own :whales only")
    wait_until_kept(tmp_path, documents.SAVED_USER, '"nick":"alice"')
    wait_until_kept(tmp_path, documents.SAVED_CHANNEL, "sesame", "whales only")
    alice.run("PRIVMSG #own :last words")
    server.end(signal.SIGKILL)
    server = begin()
    with alice.reconnect(server, "alice") as back:
        assert back.run("NAMES #own")[0].params[-1] == "@alice"
        assert back.run("MODE #own")[0].params[2:] == ("+ntk", "sesame")
        messages = back.run("CHATHISTORY LATEST #own * 5")
        assert [m.params[-1] for m in messages if m.command == "PRIVMSG"] == ["last words"]


def test_changes_of_a_place_survive_a_kill(begin: Server, tmp_path: Path) -> None:
    """All that belongs to a user is stored when it changes, not only its members; invitations, too."""
    server = begin()
    alice, bob = Guest(server.target).connect("alice"), Guest(server.target).connect("bob")
    make_account(server.target, "carol")
    with device(server.target, "carol") as carol:
        carol.run("NICKSERV SET ALWAYS-ON on")
        carol.quit()
    alice.join("#own")
    alice.run("MODE #own +i")
    for guest in "alice", "bob":
        wait_until_kept(tmp_path, documents.SAVED_USER, f'"nick":"{guest}"')
    bob.run("METADATA * SET avatar :https://example.org/b.png", "SETNAME :Robert", "MODE bob +gR", "ACCEPT alice")
    alice.run("INVITE bob #own", "INVITE carol #own")
    wait_until_kept(tmp_path, documents.SAVED_USER, '"nick":"bob"', '"invitations":[["#own"')
    server.end(signal.SIGKILL)

    server = begin()
    alice = alice.reconnect(server, "alice")
    whois = alice.run("WHOIS bob", "METADATA bob GET avatar")
    assert [m.params[-1] for m in whois if m.command == "311"] == ["Robert"]
    assert [m.params[-1] for m in whois if m.command == "761"] == ["https://example.org/b.png"]
    bob = bob.reconnect(server, "bob")
    assert [m.params[1] for m in bob.run("ACCEPT *") if m.command == "281"] == ["alice"]
    assert set("gR") <= set(bob.run("MODE bob")[0].params[1])
    with device(server.target, "carol") as carol:
        for invited in bob, carol:
            assert "366" in invited.commands("JOIN #own")
    for client in alice, bob:
        client.quit()


def test_a_forward_to_a_later_channel_of_the_same_name_is_stored_again(tmp_path: Path) -> None:
    """Otherwise the forward would lead nowhere after a kill."""
    with World(Settings(), quick_options(tmp_path)) as world, Client(world, "alice", caps="greenchat/resume") as alice:
        keeper = UserSaver(world.app)
        lives: list[int] = []
        alice.join("#one")
        for _ in range(2):
            alice.run("JOIN #two", "MODE #one +f #two")
            world.call(lambda _: keeper.save_some())
            stored = world.app.store.documents(documents.SAVED_CHANNEL.name)["#one"]
            assert isinstance(stored, dict)
            assert stored["forward_life"] == world.network.channels["#two"].life
            lives.append(stored["forward_life"])
            alice.run("PART #two")
        assert lives[0] != lives[1]
