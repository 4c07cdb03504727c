"""REDACT: quoted sentences are from https://ircv3.net/specs/extensions/message-redaction."""

from pathlib import Path

import pytest

from greenchat.commands.core import registry
from greenchat.commands.core.context import Context
from greenchat.config.settings import History, Settings
from greenchat.protocol.message import Message, parse
from greenchat.protocol.msgid import format_msgid
from greenchat.server.app import App
from tests.commands.history.test_chathistory import ask
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.world import World

CAPS = "batch server-time message-tags echo-message draft/chathistory draft/message-redaction"


def send_message(client: Client, text: str, to: str = "#lobby") -> str:
    """Send a message; return its msgid."""
    client.send(f"PRIVMSG {to} :{text}")
    while (message := client.expect("PRIVMSG")).params[-1] != text:
        pass
    return message.tags["msgid"]


def fails(messages: list[Message]) -> list[str]:
    """Return the codes of the FAILs."""
    return [message.params[1] for message in messages if message.command == "FAIL"]


def test_a_message_is_redacted(server: Target) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS, channel="#lobby") as (alice, bob, carol):
        carol.send("CAP REQ -draft/message-redaction")
        carol.sync()
        msgid = send_message(alice, "oops")
        alice.send(f"REDACT #lobby {msgid} :slip")
        for client in alice, bob:
            redact = client.expect("REDACT")
            # "Servers SHOULD forward this REDACT, with an appropriate prefix, to the target recipients"
            assert (redact.nick, redact.params) == ("alice", ("#lobby", msgid, "slip"))
            assert redact.tags["msgid"] != msgid
        # "MUST not forward this REDACT to target recipients which did not negotiated this capability"
        assert "REDACT" not in [message.command for message in carol.sync()]
        assert ask(bob, "CHATHISTORY LATEST #lobby * 9") == []
        assert fails(alice.run(f"REDACT #lobby {msgid}")) == ["UNKNOWN_MSGID"]


def test_the_history_contains_redactions_for_clients_that_know_them(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS + " draft/event-playback", channel="#lobby") as (alice, bob):
        msgid = send_message(alice, "oops")
        alice.run(f"REDACT #lobby {msgid}")
        assert ask(bob, "CHATHISTORY LATEST #lobby * 1")[0].params == ("#lobby", msgid)
        bob.run("CAP REQ -draft/message-redaction")
        assert [m.command for m in ask(bob, "CHATHISTORY LATEST #lobby * 9")] == ["JOIN", "JOIN"]


def test_who_may_redact(server: Target) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS, channel="#lobby") as (alice, bob, carol):
        by_bob, by_alice = send_message(bob, "bob's"), send_message(alice, "alice's")
        assert fails(carol.run(f"REDACT #lobby {by_bob}")) == ["REDACT_FORBIDDEN"]
        assert fails(bob.run(f"REDACT #lobby {by_alice}")) == ["REDACT_FORBIDDEN"]
        assert fails(alice.run(f"REDACT #lobby {by_bob}")) == []  # she is an operator of the channel
        assert fails(bob.run(f"REDACT #lobby {send_message(bob, 'mine')}")) == []
        elsewhere = send_message(bob, "mine")
        bob.join("#other")
        assert fails(bob.run(f"REDACT #other {elsewhere}")) == ["UNKNOWN_MSGID"]
        bob.send("PART #lobby")
        bob.expect("PART")
        # "FAIL REDACT INVALID_TARGET <target>": the answer does not reveal messages of other channels
        for target, msgid in ("#lobby", elsewhere), ("#lobby", "0" * 13), ("#nowhere", elsewhere):
            (fail,) = bob.run(f"REDACT {target} {msgid}")
            assert fail.params[:-1] == ("REDACT", "INVALID_TARGET", target)


def test_a_guest_with_the_former_nick_of_another_cannot_redact(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#lobby") as (_, bob):
        msgid = send_message(bob, "mine")
        bob.send("QUIT")
        bob.until_end()
        with Client(server, "bob", caps=CAPS) as other:
            other.join("#lobby")
            assert fails(other.run(f"REDACT #lobby {msgid}")) == ["REDACT_FORBIDDEN"]


def test_a_guest_may_redact_after_a_nick_change(server: Target) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS, channel="#lobby") as (_, bob, carol):
        bobs = send_message(bob, "by bob")
        bob.run("NICK rob")
        carol.run("NICK bob")
        carols = send_message(carol, "by carol, who is bob now")
        carol.run("NICK carol")
        bob.run("NICK bob")
        assert fails(bob.run(f"REDACT #lobby {carols}")) == ["REDACT_FORBIDDEN"]
        assert fails(carol.run(f"REDACT #lobby {bobs}")) == ["REDACT_FORBIDDEN"]
        assert fails(bob.run(f"REDACT #lobby {bobs}")) == []
        assert fails(carol.run(f"REDACT #lobby {carols}")) == []


def test_a_user_may_redact_after_logging_in(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#lobby") as (_, bob):
        as_guest = send_message(bob, "before")
        bob.send("REGISTER bob * quite-secret")
        bob.expect("REGISTER")
        assert fails(bob.run(f"REDACT #lobby {as_guest}")) == []


def test_private_messages(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        msgid = send_message(alice, "oops", to="bob")
        assert fails(bob.run(f"REDACT alice {msgid}")) == ["REDACT_FORBIDDEN"]
        alice.send(f"REDACT bob {msgid}")
        assert alice.expect("REDACT").params == ("bob", msgid)
        assert bob.expect("REDACT").params == ("bob", msgid)
        assert ask(bob, "CHATHISTORY LATEST alice * 9") == []


def test_redact_has_a_time_limit(serve: Serve, start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(history=History(redact_window=60)), quick_options(tmp_path))
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, bob):
        msgid = send_message(bob, "old")

        def tomorrow() -> int:
            return 86_400_000 + server.app.__class__.now(server.app)

        server.call(lambda app: setattr(app, "now", tomorrow))
        (fail,) = [message for message in bob.run(f"REDACT #lobby {msgid}") if message.command == "FAIL"]
        # "FAIL REDACT REDACT_WINDOW_EXPIRED <target> <target-msgid> <window>"
        assert fail.params[1:-1] == ("REDACT_WINDOW_EXPIRED", "#lobby", msgid, "60")
        assert fails(alice.run(f"REDACT #lobby {msgid}")) == []


@pytest.mark.parametrize("msgid", ["nonsense", format_msgid(0), "0" * 300])
def test_unknown_messages(server: Target, msgid: str) -> None:
    with people(server, "alice", caps=CAPS, channel="#lobby") as (alice,):
        assert fails(alice.run(f"REDACT #lobby {msgid}")) == ["UNKNOWN_MSGID"]
        assert fails(alice.run(f"REDACT nobody {msgid}")) == ["UNKNOWN_MSGID"]


def test_events_cannot_be_redacted(server: Target) -> None:
    with people(server, "alice", caps=CAPS, channel="#lobby") as (alice,):
        alice.send("TOPIC #lobby :new")
        assert fails(alice.run(f"REDACT #lobby {alice.expect('TOPIC').tags['msgid']}")) == ["UNKNOWN_MSGID"]


def test_redact_needs_the_capability(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert [message.command for message in alice.run("REDACT #lobby x")] == ["421"]


def test_a_message_of_the_same_turn_can_be_redacted(running_server: World) -> None:
    """The store does not have the message yet. It can be redacted once, and only by the channel's present name."""
    history = "batch draft/chathistory draft/event-playback draft/message-redaction"
    with Client(running_server.address, "alice", caps=history) as alice:
        alice.join("#one")

        def say_and_redact(app: App) -> None:
            session = next(iter(app.network.sessions))

            def run(line: str) -> None:
                app.turn.begin()
                ctx = Context(app.network, session, parse(line), now=app.now(), process=app, journal=app.turn)
                registry.run(ctx)

            run("PRIVMSG #one :oops")
            msgid = format_msgid(app.network.ids.last)
            run("RENAME #one #two")
            run(f"REDACT #one {msgid}")
            run(f"REDACT #two {msgid}")
            run(f"REDACT #two {msgid}")

        running_server.call(say_and_redact)
        answers = [message for message in alice.sync() if message.command in ("REDACT", "FAIL")]
        assert [message.params[1] for message in answers] == ["INVALID_TARGET", answers[1].params[1], "UNKNOWN_MSGID"]
        assert answers[1].command == "REDACT"
        alice.send("CHATHISTORY LATEST #two * 10")
        assert "PRIVMSG" not in [message.command for message in alice.sync()]
