"""Caller-id: user mode +g and ACCEPT. https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import Limits, Settings
from tests.commands.devices import device, make_account
from tests.commands.state_changes import make_operator
from tests.conftest import Serve, StartServer, quick_options
from tests.irc import Client, Target, people
from tests.world import World


def connect(address: Target, nick: str, caps: str = "sasl") -> Client:
    """Connect as the owner of an account."""
    client = device(address, nick, caps=caps)
    client.until("376", "422")
    return client


def accept_list(client: Client) -> list[str]:
    *lines, end = client.run("ACCEPT *")
    assert (end.command, end.params[-1]) == ("282", "End of /ACCEPT list")
    assert {line.command for line in lines} <= {"281"}
    return [nick for line in lines for nick in line.params[1:]]


def test_a_message_of_a_user_who_is_not_listed_is_blocked(server: Target) -> None:
    """ "Any user that messages a +g client will receive a notice saying that they are in +g ... mode. The target client
    ... will also receive a notice saying that so and so messaged them, and that they are in +g mode." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +g")
        refused, informed = bob.run("PRIVMSG alice :psst")
        assert (refused.command, refused.params[:2]) == ("716", ("bob", "alice"))
        assert (informed.command, informed.params[:2]) == ("717", ("bob", "alice"))
        (called,) = alice.sync()
        assert (called.command, called.params[:3]) == ("718", ("alice", "bob", "~bob@127.0.0.1"))


def test_the_target_is_told_once_a_minute(running_server: World) -> None:
    """ "The target of the message will only receive one notification per minute, from any client ... The sender will
    NOT have the rate limit, and will receive a notice saying the target is in +g mode every time".
    """
    with people(running_server.address, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("MODE alice +g")
        assert bob.commands("PRIVMSG alice :one", "PRIVMSG alice :two") == ["716", "717", "716"]
        assert carol.commands("PRIVMSG alice :three") == ["716"]
        assert [message.command for message in alice.sync()] == ["718"]

        def wait(app: object) -> None:
            running_server.app.network.users["alice"].caller_id.informed -= 60_000

        running_server.call(wait)
        assert carol.commands("PRIVMSG alice :four") == ["716", "717"]


def test_717_is_only_sent_if_the_target_was_notified(running_server: World) -> None:
    make_account(running_server.address, "alice")
    with people(running_server.address, "bob") as (bob,):
        with connect(running_server.address, "alice") as alice:
            alice.run("NS SET ALWAYS-ON on", "MODE alice +g")
            alice.send("QUIT")
            alice.until_end()
        assert bob.commands("PRIVMSG alice :one") == ["716"]
        with connect(running_server.address, "alice") as alice:
            assert bob.commands("PRIVMSG alice :two") == ["716", "717"]
            assert [message.command for message in alice.sync()] == ["718"]


def test_blocked_notices_and_typing_are_silent(server: Target) -> None:
    """ "automatic replies must never be sent in response to a NOTICE" """
    with Client(server, "alice") as alice, Client(server, "bob", caps="message-tags") as bob:
        alice.run("MODE alice +g")
        assert bob.commands("@+typing=active TAGMSG alice") == ["716"]
        assert alice.sync() == []
        assert bob.commands("NOTICE alice :psst") == []
        assert [message.command for message in alice.sync()] == ["718"]


def test_invitations_are_blocked_too(server: Target) -> None:
    with people(server, "alice", "bob", channel="#room") as (alice, bob):
        alice.run("MODE alice +g")
        bob.run("JOIN #bobs")
        assert bob.commands("INVITE alice #bobs") == ["716", "717"]
        assert [message.command for message in alice.sync()] == ["718"]
        alice.run("ACCEPT bob")
        assert bob.commands("INVITE alice #bobs") == ["341"]
        assert alice.expect("INVITE").params == ("alice", "#bobs")
        alice.run("MODE alice -g+R", "ACCEPT -bob")
        bob.run("JOIN #more")
        assert bob.commands("INVITE alice #more") == ["477"]
        assert alice.sync() == []


def test_reasons_of_redactions_are_blocked_too(server: Target) -> None:
    """A user who is no longer accepted can't send text by redacting old messages."""
    caps = "message-tags echo-message draft/message-redaction"
    with people(server, "alice", "bob", caps=caps) as (alice, bob):
        first, second = [bob.run(f"PRIVMSG alice :{text}")[0].tags["msgid"] for text in ("one", "two")]
        assert bob.run(f"REDACT alice {first} :a reason")[0].params == ("alice", first, "a reason")
        alice.run("MODE alice +g")
        bob.run(f"REDACT alice {second} :buy this")
        assert [message.params for message in alice.sync() if message.command == "REDACT"] == [("alice", second)]


def test_accept_lets_messages_through(server: Target) -> None:
    """ "You will not receive a reply from the ACCEPT command if it is succesful" """
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("MODE alice +g")
        assert alice.run("ACCEPT Bob,carol") == []
        for client in bob, carol:
            assert client.run("PRIVMSG alice :hello") == []
        assert [message.params[1] for message in alice.sync()] == ["hello", "hello"]
        assert accept_list(alice) == ["bob", "carol"]
        assert alice.run("ACCEPT -BOB") == []
        assert bob.commands("PRIVMSG alice :hello") == ["716", "717"]
        assert alice.expect("718").params[1] == "bob"
        assert accept_list(alice) == ["carol"]


def test_channels_operators_and_oneself_are_not_blocked(running_server: World) -> None:
    with people(running_server.address, "alice", "bob", channel="#room") as (alice, bob):
        alice.run("MODE alice +g")
        assert bob.run("PRIVMSG #room :all") == []
        assert [message.params[1] for message in alice.run("PRIVMSG alice :me")] == ["all", "me"]
        make_operator(running_server, "bob")
        assert bob.run("PRIVMSG alice :from above") == []
        assert [message.params[1] for message in alice.sync()] == ["from above"]


def test_a_blocked_message_is_not_in_the_history(server: Target) -> None:
    make_account(server, "alice")
    caps = "sasl batch server-time message-tags draft/chathistory"
    with Client(server, "bob") as bob, connect(server, "alice", caps) as alice:
        alice.run("MODE alice +g")
        bob.run("PRIVMSG alice :psst")
        assert "psst" not in str(alice.run("CHATHISTORY LATEST bob * 10"))
        alice.run("ACCEPT bob")
        bob.run("PRIVMSG alice :hello")
        assert "hello" in str(alice.run("CHATHISTORY LATEST bob * 10"))


@pytest.mark.parametrize(
    ("lines", "answers"),
    [
        (["ACCEPT"], [("461", "ACCEPT")]),
        (["ACCEPT nobody"], [("401", "nobody")]),
        (["ACCEPT bob", "ACCEPT BOB"], [("457", "BOB")]),
        (["ACCEPT -bob"], [("458", "bob")]),
        (["ACCEPT -nobody"], [("458", "nobody")]),
        (["ACCEPT nobody,bob,-carol,bob"], [("401", "nobody"), ("458", "carol"), ("457", "bob")]),
        (["ACCEPT +bob,-bob"], []),
        (["ACCEPT ,,"], []),
        (["ACCEPT :"], []),
        (["ACCEPT -"], [("458", "*")]),
        (["ACCEPT :a b"], [("401", "*")]),
    ],
)
def test_errors_of_accept(server: Target, lines: list[str], answers: list[tuple[str, str]]) -> None:
    """ "There are three possible errors, shown by numerics": 456, 457 "already exists", 458 "doesnt exist"."""
    with people(server, "alice", "bob") as (alice, _):
        assert [(message.command, message.params[1]) for message in alice.run(*lines)] == answers


def test_a_full_list(serve: Serve) -> None:
    """ "This is sent when an accept list is full"; guests who have left make room."""
    address = serve(Settings(limits=Limits(accept=2)))
    with people(address, "alice", "bob", "carol") as (alice, bob, _), Client(address, "dave") as dave:
        assert alice.commands("ACCEPT bob,carol,dave") == ["456"]
        bob.send("QUIT")
        bob.until_end()
        dave.sync()
        assert alice.commands("ACCEPT dave") == []
        assert accept_list(alice) == ["carol", "dave"]


def test_the_answers_keep_the_order_of_the_line(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, _, _):
        answers = alice.run("ACCEPT bob,nobody,*,carol,-bob,bob,bob,*")
        assert [(m.command, m.params[1]) for m in answers] == [
            ("401", "nobody"),
            ("281", "bob"),
            ("282", "End of /ACCEPT list"),
            ("457", "bob"),
            ("281", "carol"),
            ("282", "End of /ACCEPT list"),
        ]


def test_another_user_with_the_nick_is_not_accepted(server: Target) -> None:
    """ "so that you cannot track a user after they changed their nick": the list continues to show the old one."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +g", "ACCEPT bob")
        bob.run("NICK robert")
        assert accept_list(alice) == ["bob"]
        with Client(server, "bob") as other:
            assert other.commands("PRIVMSG alice :psst") == ["716", "717"]
        assert alice.commands("ACCEPT -robert") == ["718"]
        assert accept_list(alice) == []


def test_a_dropped_account_is_removed_from_accept_lists(server: Target) -> None:
    make_account(server, "alice")
    with connect(server, "alice") as alice, Client(server, "guest") as guest, Client(server, "bob") as bob:
        bob.send("NS REGISTER sesame-open")
        bob.expect("900")
        for client in alice, guest:
            client.run("ACCEPT bob")
            assert accept_list(client) == ["bob"]
        bob.send("NS DROP bob sesame-open")
        bob.expect("901")
        for client in alice, guest:
            assert accept_list(client) == []


def test_accepted_accounts_survive_nick_changes_and_restarts(start_server: StartServer, tmp_path: Path) -> None:
    """An accepted account stays so under any nick, also after both users were gone, and after a restart."""
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_server(Settings(), options)
    for nick in "alice", "bob", "carol":
        make_account(server.address, nick)
    with connect(server.address, "alice") as alice, Client(server.address, "guest"):
        assert alice.run("ACCEPT bob,carol,guest") == []  # bob and carol are offline
        assert accept_list(alice) == ["bob", "carol", "guest"]
        assert alice.commands("ACCEPT carol") == ["457"]
        assert alice.run("ACCEPT -carol") == []
        alice.send("QUIT")
        alice.until_end()
    server.stop()
    server = start_server(Settings(), options)
    with connect(server.address, "alice") as alice, connect(server.address, "bob") as bob:
        assert accept_list(alice) == ["bob"]
        alice.run("MODE alice +g")
        bob.run("NICK robert")
        assert bob.run("PRIVMSG alice :hello") == []
        assert alice.expect("PRIVMSG").params[1] == "hello"
        bob.run("NS LOGOUT")
        assert bob.commands("PRIVMSG alice :hello") == ["716", "717"]


def test_an_accepted_guest_who_logs_in_stays_accepted(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +g", "ACCEPT bob")
        bob.run("NS REGISTER sesame-open")
        assert bob.commands("PRIVMSG alice :it is still me") == []
        assert [message.params[-1] for message in alice.sync()] == ["it is still me"]
        assert accept_list(alice) == ["bob"]
        alice.run("ACCEPT -bob")
        assert accept_list(alice) == []
