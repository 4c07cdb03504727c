"""Closed spans are forgotten with the messages that they guard, and no sooner."""

from dataclasses import replace
from pathlib import Path

from greenchat.chat import documents
from greenchat.commands.core.deferred import Background
from greenchat.commands.history.closure_pruning import prune_closures
from greenchat.config.options import Storage
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from greenchat.storage.interface import Erasure, HistorySpan
from tests.commands.devices import device, make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client

SETTINGS = Settings(accounts=AccountSettings(iterations=4096))
CAPS = "message-tags batch draft/chathistory"
ALL = HistorySpan(1000, events=True)


def guarded(server: ServerThread) -> tuple[int, int, int]:
    """Return the number of closed spans in memory and in the store, and the number of stays in them."""
    return server.call(
        lambda app: (
            len(app.network.closures.dump()),
            len(app.store.documents(documents.CLOSED.name)),
            len(app.store.documents(documents.INSIDE.name)),
        )
    )


def erase(server: ServerThread, keep: int, key: str = "#a") -> None:
    """Delete all but the last few events of a channel from the store, as retention does."""

    def lose(app: App) -> None:
        app.turn.begin()
        events = app.turn.store.read(key, ALL)
        app.turn.secure(*[Erasure(key, event.id) for event in (events[:-keep] if keep else events)])

    server.call(lose)


def prune(server: ServerThread, client: Client) -> None:
    """Prune, as the sweeper does once an hour."""
    server.call(lambda app: app.carry_out(Background(prune_closures)))
    client.sync()
    client.sync()


def test_closures_without_messages_are_forgotten(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage())
    server = start_server(SETTINGS, options)
    make_account(server.address, "alice")
    with device(server.address, "alice") as alice, Client(server.address, "bob", caps=CAPS) as bob:
        alice.until("376", "422")
        alice.join("#a")
        alice.run("MODE #a +s", "PRIVMSG #a :first secret", "MODE #a -s", "PRIVMSG #a :open", "PRIVMSG @#a :ranked")
        alice.run("MODE #a +i", "PRIVMSG #a :second secret", "MODE #a -i", "PRIVMSG #a :open again")
        bob.join("#a")
        assert guarded(server)[:2] == (2, 2)
        prune(server, bob)
        assert guarded(server)[:2] == (2, 2)
        erase(server, keep=5)  # of what is left "second secret" is the oldest, apart from messages to ranks
        prune(server, bob)
        assert guarded(server)[:2] == (1, 1)
        texts = [m.params[-1] for m in bob.run("CHATHISTORY LATEST #a * 50") if m.command == "PRIVMSG"]
        assert texts == ["open again"]
        erase(server, keep=0)
        erase(server, keep=0, key="@#a")
        prune(server, bob)
        assert guarded(server) == (0, 0, 0)
    server.stop()
    server = start_server(SETTINGS, options)
    assert guarded(server) == (0, 0, 0)


def test_an_open_closure_is_kept(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(SETTINGS, quick_options(tmp_path))
    with Client(server.address, "alice", caps=CAPS) as alice:
        alice.join("#a")
        alice.run("MODE #a +s", "PRIVMSG #a :secret")
        erase(server, keep=0)
        prune(server, alice)
        assert guarded(server)[0] == 1
