"""HistServ: reading and deleting history by messages to a service."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.protocol.message import Message
from tests.commands.devices import device, make_account
from tests.commands.history.test_chathistory import ask
from tests.commands.messages.test_redact import CAPS, send_message
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper


def answers(messages: list[Message]) -> list[str]:
    """Return HistServ's answers."""
    return [message.params[-1] for message in messages if message.nick == "HistServ"]


def history(client: Client, place: str) -> list[str]:
    return [message.params[-1] for message in ask(client, f"CHATHISTORY LATEST {place} * 50")]


def test_help(server: Target) -> None:
    with Client(server, "alice") as alice:
        lines = "\n".join(answers(alice.run("HISTSERV HELP")))
        assert "PLAY" in lines
        assert "DELETE" in lines
        assert "FORGET" not in lines  # which is for operators
        assert answers(alice.run("PRIVMSG HistServ :HELP DELETE"))[0] == "Usage: DELETE <#channel|nick> <msgid>"
        assert "Unknown command" in answers(alice.run("HISTSERV FORGET bob"))[0]


def test_play(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        for line in "one", "two", "\x01ACTION waves\x01":
            alice.run(f"PRIVMSG #lobby :{line}")
        alice.run("PRIVMSG bob :between us")
        bob.sync()
        lines = answers(bob.run("HISTSERV PLAY #lobby"))
        assert [line[20:] for line in lines[:-1]] == ["<alice> one", "<alice> two", "* alice waves"]
        assert lines[-1] == "End of history: 3 messages"
        assert [line[20:] for line in answers(bob.run("HISTSERV PLAY #lobby 2"))[:-1]] == [
            "<alice> two",
            "* alice waves",
        ]
        assert len(answers(bob.run("HISTSERV PLAY #lobby 1h"))) == 4
        assert answers(bob.run("HISTSERV PLAY alice"))[0][20:] == "<alice> between us"
        with Client(server, "carol") as carol:
            assert answers(carol.run("HISTSERV PLAY #lobby")) == ["You can't read #lobby: join the channel first"]
            assert answers(carol.run("HISTSERV PLAY alice")) == ["End of history: 0 messages"]


def test_a_text_of_a_whole_line_is_played_whole(server: Target) -> None:
    text = "é" * 220 + " the end"
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.run(f"PRIVMSG #lobby :{text}")
        bob.sync()
        *pieces, last = answers(bob.run("HISTSERV PLAY #lobby"))
        assert "".join(pieces)[20:] == f"<alice> {text}"
        assert len(pieces) > 1
        assert last == "End of history: 1 messages"


@pytest.mark.parametrize("number", ["0", "x", "-1", "forever", "1.5", "\u00b2"])
def test_invalid_numbers(server: Target, number: str) -> None:
    with people(server, "alice", channel="#lobby") as (alice,):
        assert "is neither a count" in answers(alice.run(f"HISTSERV PLAY #lobby {number}"))[0]


def test_who_may_delete_messages(server: Target) -> None:
    """The rights are those of REDACT: one's own messages, and all messages in channels where one is an operator."""
    with people(server, "op", "alice", "bob", caps=CAPS, channel="#lobby") as (op, alice, bob):
        alices, bobs, third = send_message(alice, "alice's"), send_message(bob, "bob's"), send_message(bob, "third")
        assert answers(alice.run(f"HISTSERV DELETE #lobby {bobs}")) == ["You are not authorised to delete this message"]
        assert answers(alice.run("HISTSERV DELETE #lobby nonsense")) == ["There is no such message"]
        assert answers(alice.run(f"HISTSERV DELETE #lobby {alices}")) == ["The message was deleted"]
        # clients that know redactions are sent them
        assert bob.expect("REDACT").params == ("#lobby", alices)
        assert answers(op.run(f"HISTSERV DELETE #lobby {bobs}")) == ["The message was deleted"]
        assert history(bob, "#lobby") == ["third"]
        alice.run("PART #lobby")
        assert answers(alice.run(f"HISTSERV DELETE #lobby {third}")) == [
            "You can't read #lobby: join the channel first"
        ]


def test_operators_with_the_right_delete_in_any_channel(serve: Serve) -> None:
    with people(serve(WITH_OPERS), "alice", "bob", "root", "helper", caps=CAPS) as (alice, bob, root, helper):
        become_oper(root)
        become_oper(helper, "helper")
        for client in alice, bob:
            client.join("#chan")
        first, second = send_message(alice, "first", "#chan"), send_message(alice, "second", "#chan")
        assert answers(helper.run(f"HISTSERV DELETE #chan {first}")) == ["You can't read #chan: join the channel first"]
        assert answers(root.run(f"HISTSERV DELETE #chan {first}")) == ["The message was deleted"]
        assert bob.expect("REDACT").params == ("#chan", first)
        assert history(bob, "#chan") == ["second"]
        entries = [message.params[-1] for message in root.run("AUDIT HISTSERV")]
        assert any(f"root deleted the message {first} of alice!" in entry for entry in entries)
        # also in a channel without members
        for client in alice, bob:
            client.run("PART #chan")
        assert answers(root.run(f"HISTSERV DELETE #chan {second}")) == ["The message was deleted"]
        alice.join("#chan")
        assert history(alice, "#chan") == []


def test_messages_to_ranks_are_deleted(serve: Serve) -> None:
    """By operators with the right, without being members, and by members with the rank."""
    with people(serve(WITH_OPERS), "op", "bob", "root", caps=CAPS) as (op, bob, root):
        become_oper(root)
        for client in op, bob:
            client.join("#chan")
        first, second = send_message(op, "first", "@#chan"), send_message(op, "second", "@#chan")
        assert answers(bob.run(f"HISTSERV DELETE #chan {first}")) == ["There is no such message"]
        assert answers(root.run(f"HISTSERV DELETE #chan {first}")) == ["The message was deleted"]
        assert op.expect("REDACT").params == ("#chan", first)
        assert answers(op.run(f"HISTSERV DELETE #chan {second}")) == ["The message was deleted"]
        assert "REDACT" not in [message.command for message in bob.sync()]
        assert history(op, "#chan") == []


def test_forgetting_a_nick_in_every_spelling(start_server: StartServer, tmp_path: Path) -> None:
    """The server's casemapping decides which names are equal, also beyond ASCII."""
    pytest.importorskip("precis_i18n")
    server = start_server(replace(WITH_OPERS, casemapping="precis"), quick_options(tmp_path))
    with Client(server.address, "root", caps=CAPS) as root:
        become_oper(root)
        root.join("#chan")
        for nick in "ÉLODIE", "élodie":
            with Client(server.address, nick, caps=CAPS) as client:
                client.send("REGISTER * * sesame-open")
                client.expect("REGISTER")
                client.join("#chan")
                client.run(f"PRIVMSG #chan :by {nick}")
                client.send(f"NS DROP {nick} sesame-open", "QUIT")
                client.until_end()
            root.run(f"NS ERASE {nick}")
        root.send("HISTSERV FORGET Élodie")
        while (line := root.expect("NOTICE").params[-1]) != "2 messages of Élodie were deleted":
            assert "were deleted" not in line
        assert history(root, "#chan") == []


def test_forgetting_an_account(start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.commands.services.histserv._PORTION", 3)
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    make_account(server.address, "Alice")
    with (
        device(server.address, "Alice", caps=f"sasl {CAPS}") as alice,
        Client(server.address, "bob", caps=CAPS) as bob,
        Client(server.address, "root", caps=CAPS) as root,
    ):
        become_oper(root)
        alice.until("376", "422")
        for client in alice, bob:
            client.join("#chan")
            client.join("#other")
        for number in range(5):
            alice.run(f"PRIVMSG #chan :{number}", f"PRIVMSG #other :{number}")
        alice.run("PRIVMSG bob :psst")
        bob.run("PRIVMSG #chan :bob's", "PRIVMSG Alice :psst too")
        root.send("HISTSERV FORGET alice")
        while (line := root.expect("NOTICE").params[-1]) != "11 messages of Alice were deleted":
            assert "were deleted" not in line
        assert history(bob, "#chan") == ["bob's"]
        assert history(bob, "#other") == []
        assert history(bob, "Alice") == ["psst too"]
        assert any("root deletes all messages" in message.params[-1] for message in root.run("AUDIT HISTSERV"))
        root.send("HISTSERV FORGET nobody")
        while root.expect("NOTICE").params[-1] != "0 messages of nobody were deleted":
            pass


def test_forgetting_an_account_spares_other_accounts_of_that_name(start_server: StartServer, tmp_path: Path) -> None:
    """An account is not its name: neither the messages of the present account nor those of its predecessor are deleted
    with the other's.
    """
    server = start_server(WITH_OPERS, quick_options(tmp_path))

    def forget(root: Client, wish: str) -> list[str]:
        root.send(f"HISTSERV FORGET {wish}")
        while "were deleted" not in (line := root.expect("NOTICE").params[-1]):
            pass
        return [line, *answers(root.sync())]

    with Client(server.address, "root", caps=CAPS) as root:
        become_oper(root)
        root.join("#chan")
        for text in "by the first", "by the second":
            make_account(server.address, "alice")
            with device(server.address, "alice", caps=f"sasl {CAPS}") as alice:
                alice.until("376", "422")
                alice.run("JOIN #chan", f"PRIVMSG #chan :{text}")
                if text == "by the first":
                    alice.run("NS DROP alice sesame open")
                    root.run("NS ERASE alice")
        assert forget(root, "alice") == [
            "1 messages of alice were deleted",
            "1 messages are of former accounts of this name: /msg HistServ FORGET alice FORMER deletes them",
        ]
        assert history(root, "#chan") == ["by the first"]
        with device(server.address, "alice", caps=f"sasl {CAPS}") as alice:
            alice.until("376", "422")
            alice.run("JOIN #chan", "PRIVMSG #chan :by the second again")
        assert forget(root, "alice FORMER") == ["1 messages of alice were deleted"]
        assert history(root, "#chan") == ["by the second again"]
        assert answers(root.run("HISTSERV FORGET alice else")) == ["Usage: FORGET <account> [FORMER]"]
