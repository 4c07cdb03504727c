"""Retention deletes by an act, and deletes only what was meant."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.history.retention import propose_cuts
from greenchat.config.options import Storage
from greenchat.config.settings import Settings
from greenchat.server.app import App
from greenchat.storage.interface import Cut, DueCuts, HistorySpan, direct_key
from greenchat.storage.log import MemoryLog
from tests.conftest import StartServer, quick_options
from tests.irc import Client
from tests.world import World

ALL = HistorySpan(1000, events=True)
PAGE = "message-tags batch draft/chathistory draft/event-playback"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(Settings(), quick_options(tmp_path))
    yield world
    world.stop()


def texts(app: App, key: str) -> list[str]:
    return [event.params[-1] for event in app.turn.store.read(key, ALL) if event.command == "PRIVMSG"]


def cut(app: App, due: DueCuts) -> None:
    app.run_step(lambda ctx: propose_cuts(ctx, due))


def cut_first_two(app: App, key: str) -> Cut:
    """Return the cut of the first two messages."""
    messages = [event for event in app.turn.store.read(key, ALL) if event.command == "PRIVMSG"]
    return Cut(key, messages[1].id)


def test_old_messages_of_a_channel_are_deleted(world: World) -> None:
    alice = Client(world, "alice", caps=PAGE)
    alice.join("#a")
    alice.run("PRIVMSG #a :one", "PRIVMSG #a :two", "PRIVMSG #a :three", "PRIVMSG @#a :four", "PRIVMSG @#a :five")
    world.call(lambda app: cut(app, DueCuts([cut_first_two(app, "#a"), Cut("@#a", 1 << 62)], [])))
    assert world.call(lambda app: texts(app, "#a")) == ["three"]
    shown = [message.params[-1] for message in alice.run("CHATHISTORY LATEST #a * 50") if message.command == "PRIVMSG"]
    assert shown == ["three"]


def test_another_channel_that_took_the_name_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = Client(world, "alice", caps="draft/channel-rename")
    for channel in ("#a", "#b"):
        alice.join(channel)
        alice.run(f"PRIVMSG {channel} :one", f"PRIVMSG {channel} :two", f"PRIVMSG {channel} :three")

    def cut_later(app: App) -> None:
        """Nodes share the log: a cut may be applied after an act of another node."""
        noted = []
        with monkeypatch.context() as patched:
            patched.setattr(MemoryLog, "note", lambda log, act, apply: noted.append((act, apply)))
            cut(app, DueCuts([cut_first_two(app, "#b")], []))
        alice.run("RENAME #b #c", "RENAME #a #b", "PRIVMSG #b :four")
        for each in noted:
            app.log.note(*each)

    world.call(cut_later)
    assert world.call(lambda app: texts(app, "#b")) == ["one", "two", "three", "four"]
    assert world.call(lambda app: texts(app, "#c")) == ["one", "two", "three"]


def test_present_guests_lose_nothing(world: World) -> None:
    alice, bob, carol, dan = (Client(world, nick) for nick in ("alice", "bob", "carol", "dan"))
    alice.run("PRIVMSG bob :to be kept")
    carol.run("PRIVMSG dan :to be forgotten")
    kept, gone = (key_of(world.app, *pair) for pair in (("alice", "bob"), ("carol", "dan")))
    for client in (bob, carol, dan):
        client.quit()
    world.call(lambda app: cut(app, DueCuts([], [Cut(kept, 1 << 62), Cut(gone, 1 << 62)])))
    assert world.call(lambda app: texts(app, kept)) == ["to be kept"], "one of its users can read it"
    assert world.call(lambda app: texts(app, gone)) == []


def test_resumed_guests_find_their_messages_after_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage())
    server = start_server(Settings(), options)
    alice, bob = Client(server.address), Client(server.address)
    tokens = [connect_guest(alice, "alice"), connect_guest(bob, "bob")]
    alice.run("PRIVMSG bob :to be kept")
    server.stop()
    server = start_server(Settings(), options)
    again = [Client(server.address) for _ in tokens]
    while not server.call(lambda app: app.store._housekeeping._trimming._departed_at):
        again[0].sync()
    for client, token in zip(again, tokens, strict=True):
        connect_guest(client, "somebody", f"RESUME {token}")
    found = again[0].run("CHATHISTORY LATEST bob * 50")
    assert [message.params[-1] for message in found if message.command == "PRIVMSG"] == ["to be kept"]


def connect_guest(client: Client, nick: str, *lines: str) -> str:
    """Connect a guest that may resume; return the token."""
    client.send("CAP LS 302", f"CAP REQ :{PAGE} greenchat/resume", *lines, f"NICK {nick}", "USER u 0 * :U", "CAP END")
    token = client.expect("RESUME").params[0]
    client.sync()
    return token


def key_of(app: App, one: str, other: str) -> str:
    users = [app.network.user(nick) for nick in (one, other)]
    return direct_key(*[user.identity for user in users if user])
