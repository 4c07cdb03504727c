"""A database of version 0.1.0, where an account was identified by its name, continues with accounts that have ids.

`tests/storage/version_0_1_0.sql` was written by that version: accounts `founder`, `ann` (always on), `mallory`, and two
that were called `bob` one after another; ann talked with both. founder is the founder of `#club`, ann has operator by
AMODE. `a:ann` is on its list of invitation exceptions, `a:mallory` on its ban list; mallory's account is banned from
the server, too.
"""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import History
from greenchat.protocol.message import Message
from tests.commands.devices import device
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper

OLD = Path(__file__).with_name("version_0_1_0.sql")
CAPS = (
    "sasl message-tags server-time batch draft/chathistory draft/message-redaction draft/read-marker draft/metadata-2"
)
EVER = "timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 50"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    with sqlite3.connect(tmp_path / "greenchat.db") as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    connection.close()
    settings = replace(
        WITH_OPERS, history=History(redact_window=0)
    )  # the messages are older than any window for redacting
    return start_server(settings, replace(quick_options(tmp_path), storage=Storage(persistent=True)))


def connect(server: ServerThread, nick: str) -> Client:
    """Connect a user with an account, up to the end of the welcome."""
    client = device(server.address, nick, caps=CAPS)
    client.until("376", "422")
    client.sync()
    return client


def texts(messages: list[Message]) -> list[str]:
    return [message.params[1] for message in messages if message.command == "PRIVMSG"]


def test_private_conversations_go_to_their_accounts(server: ServerThread) -> None:
    with connect(server, "ann") as ann, connect(server, "bob") as bob:
        own = ["for the second bob", "from the second bob"]
        assert texts(bob.run("CHATHISTORY LATEST ann * 10")) == own
        assert texts(ann.run("CHATHISTORY LATEST bob * 10")) == own
        assert texts(bob.run("SEARCH text=first")) == []
        targets = [m.params[1] for m in bob.run(f"CHATHISTORY TARGETS {EVER}") if m.command == "CHATHISTORY"]
        assert targets == ["ann"]


def test_a_conversation_with_a_former_account_of_the_name_is_kept(server: ServerThread) -> None:
    with connect(server, "ann") as ann:
        targets = [m.params[1] for m in ann.run(f"CHATHISTORY TARGETS {EVER}") if m.command == "CHATHISTORY"]
        talks = {name: texts(ann.run(f"CHATHISTORY LATEST {name} * 10")) for name in targets if name[0] != "#"}
        assert sorted(talks.values()) == [
            ["a guest's words"],
            ["for the first bob only", "from the first bob"],
            ["for the second bob", "from the second bob"],
        ]
        assert texts(ann.run("SEARCH text=first")) == ["for the first bob only", "from the first bob"]


def test_marks_metadata_ranks_lists_and_presences_are_kept(server: ServerThread) -> None:
    with connect(server, "bob") as bob:
        assert bob.run("MARKREAD ann")[0].params[1] != "*"
        assert any("https://example.org/bob" in m.params for m in bob.run("METADATA * LIST"))
    with connect(server, "ann") as ann:
        names = [m.params[-1] for m in ann.run("NAMES #club") if m.command == "353"]
        assert names == ["@ann"]
        assert [m.params[1] for m in ann.run("ACCEPT *") if m.command == "281"] == ["founder"]
    with connect(server, "founder") as founder:
        founder.run("MODE #club +i")
        assert "MODE" in founder.commands("JOIN #club")  # she is the founder
        assert [m.params[2] for m in founder.run("MODE #club I") if m.command == "346"] == ["a:ann"]


def test_a_ban_stays_and_does_not_pass_to_the_next_account_of_the_name(server: ServerThread) -> None:
    with pytest.raises(AssertionError):
        device(server.address, "mallory")
    with become_oper(Client(server.address, "root")) as root, Client(server.address, "stranger") as stranger:
        code = root.run("NS ERASE mallory")[0].params[-1].split()[-1]
        root.run(f"NS ERASE mallory {code}")
        stranger.send("REGISTER mallory * :sesame open")
        assert stranger.expect("REGISTER", "FAIL").params[0] == "SUCCESS"
        assert stranger.expect("900", "465").command == "900"
        assert "366" in stranger.commands("JOIN #club")


def test_messages_belong_to_the_second_bob_and_not_the_first(server: ServerThread) -> None:
    with connect(server, "ann") as ann, connect(server, "bob") as bob:
        for name, words, answer in (("bob", "from the second bob", "REDACT"), ("bob", "from the first bob", "FAIL")):
            found = [m for m in ann.run(f'SEARCH text="{words}"') if m.command == "PRIVMSG"]
            assert bob.commands(f"REDACT ann {found[0].tags['msgid']}") == [answer], name


_LOCKED = "UPDATE document SET value = json_set(value, '$.flags', ?, '$.key', ?) WHERE kind = 'channel'"


@pytest.mark.parametrize(("flags", "key"), [("int", ""), ("nst", ""), ("nt", "sesame"), ("nt", "")])
def test_messages_of_a_closed_channel_stay_hidden_when_it_is_opened(
    start_server: StartServer, tmp_path: Path, flags: str, key: str
) -> None:
    """That version did not store when a channel was closed, and who was a member then: a channel that is closed now
    counts as always closed.
    """
    with sqlite3.connect(tmp_path / "greenchat.db") as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        connection.execute(_LOCKED, (flags, key))
    connection.close()
    server = start_server(WITH_OPERS, replace(quick_options(tmp_path), storage=Storage(persistent=True)))
    is_closed = bool(key) or flags != "nt"
    with connect(server, "founder") as founder, connect(server, "ann") as ann, connect(server, "bob") as bob:
        founder.join("#club")  # ann, who is always on, is still a member
        for client in founder, ann:
            assert "welcome to the club" in texts(client.run("CHATHISTORY LATEST #club * 50"))
        founder.run("MODE #club -is", f"MODE #club -k {key or 'x'}")
        bob.join("#club")
        founder.run("PRIVMSG #club :open now")
        for client in ann, bob:
            client.sync()
        visible = texts(bob.run("CHATHISTORY LATEST #club * 50"))
        assert visible == (["open now"] if is_closed else ["welcome to the club", "ann was here", "open now"])
        assert texts(bob.run("SEARCH text=welcome")) == ([] if is_closed else ["welcome to the club"])
        assert "welcome to the club" in texts(ann.run("CHATHISTORY LATEST #club * 50"))
