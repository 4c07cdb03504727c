"""PRIVMSG and NOTICE: https://modern.ircdocs.horse/#sending-messages."""

import pytest

from greenchat.config.settings import History, Limits, Settings
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from tests.commands.devices import device, make_account
from tests.conftest import Serve, Target
from tests.irc import Client, people


def spoken(messages: list[Message]) -> list[tuple[str, ...]]:
    """Return the messages as command and parameters, without other lines."""
    talk = ("PRIVMSG", "NOTICE", "TAGMSG")
    return [(message.command, *message.params) for message in messages if message.command in talk]


REFUSED = [
    # "ERR_NORECIPIENT ... :No recipient given (<command>)"
    ("PRIVMSG", "411", ("alice", "No recipient given (PRIVMSG)")),
    ("PRIVMSG  :hi", "412", ("alice", "No text to send")),  # several spaces separate like one
    ("PRIVMSG :", "411", ("alice", "No recipient given (PRIVMSG)")),
    ("PRIVMSG , :hi", "411", ("alice", "No recipient given (PRIVMSG)")),
    ("PRIVMSG bob", "412", ("alice", "No text to send")),
    ("PRIVMSG bob :", "412", ("alice", "No text to send")),
    ("PRIVMSG nobody :hi", "401", ("alice", "nobody", "No such nick/channel")),
    ("PRIVMSG #nowhere :hi", "403", ("alice", "#nowhere", "No such channel")),
    ("PRIVMSG @#nowhere :hi", "403", ("alice", "#nowhere", "No such channel")),
    ("PRIVMSG # :hi", "403", ("alice", "#", "No such channel")),
    ("PRIVMSG @ :hi", "401", ("alice", "@", "No such nick/channel")),
    ("PRIVMSG @bob :hi", "401", ("alice", "@bob", "No such nick/channel")),
    ("PRIVMSG bob!b@localhost :hi", "401", ("alice", "bob!b@localhost", "No such nick/channel")),
    ("PRIVMSG $* :hi", "401", ("alice", "$*", "No such nick/channel")),
    ("PRIVMSG ::x :hi", "412", ("alice", "No text to send")),
    ("TAGMSG bob", "421", ("alice", "TAGMSG", "Unknown command")),
]


@pytest.mark.parametrize(("line", "numeric", "params"), REFUSED)
def test_refused_messages(server: Target, line: str, numeric: str, params: tuple[str, ...]) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        (refusal,) = alice.run(line)
        assert (refusal.command, refusal.params) == (numeric, params)
        assert bob.sync() == []


@pytest.mark.parametrize("line", [line.replace("PRIVMSG", "NOTICE") for line, *_ in REFUSED if "PRIVMSG" in line])
def test_a_notice_never_causes_an_error(server: Target, line: str) -> None:
    """ "they must not send any error back to the client on receipt of a NOTICE command"."""
    with Client(server, "alice") as alice:
        assert alice.run(line) == []


def test_not_even_before_registration(server: Target) -> None:
    with Client(server) as client:
        client.run("PING 1")
        assert client.run("NOTICE alice :hi", "NOTICE") == []


@pytest.mark.parametrize("verb", ["PRIVMSG", "NOTICE"])
def test_a_private_message(server: Target, verb: str) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.send(f"{verb} BOB :hello")
        message = bob.expect(verb)
        assert message.source == "alice!~alice@127.0.0.1"
        assert message.params == ("bob", "hello")
        assert alice.sync() == carol.sync() == []


@pytest.mark.parametrize(
    "text", ["\x01ACTION waves\x01", "\x01VERSION\x01", ":", " ", "  two  ", "\x02b\x0f", "Größe 👍🏽"]
)
def test_the_text_is_not_changed(server: Target, text: str) -> None:
    """CTCP and formatting are up to the clients."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.send(f"PRIVMSG #A :{text}", f"NOTICE bob :{text}")
        assert spoken(bob.until("NOTICE")) == [("PRIVMSG", "#a", text), ("NOTICE", "bob", text)]


def test_only_privmsg_is_answered_by_away(server: Target) -> None:
    """ "If <target> is a user and that user has been set as away, the server may reply with an RPL_AWAY numeric and the
    command will continue"."""
    with Client(server, "bob") as bob, Client(server, "alice", caps="message-tags") as alice:
        bob.run("AWAY :at lunch")
        (away,) = alice.run("PRIVMSG bob :hi")
        assert (away.command, away.params) == ("301", ("alice", "bob", "at lunch"))
        assert alice.run("NOTICE bob :hi", "@+typing=active TAGMSG bob") == []
        assert spoken(bob.sync()) == [("PRIVMSG", "bob", "hi"), ("NOTICE", "bob", "hi")]


def test_non_members_cannot_speak(server: Target) -> None:
    """+n: "they will receive an ERR_CANNOTSENDTOCHAN numeric and the message will not be sent to that channel"."""
    with Client(server, "op") as op, Client(server, "alice", caps="echo-message") as alice:
        op.join("#a")
        (refusal,) = alice.run("PRIVMSG #A :hi")
        assert (refusal.command, refusal.params) == ("404", ("alice", "#a", "Cannot send to channel (+n)"))
        assert alice.run("NOTICE #a :hi") == []
        op.run("MODE #a -n")
        (echo,) = alice.run("PRIVMSG #a :hi")
        assert echo.params == ("#a", "hi")
        assert spoken(op.sync()) == [("PRIVMSG", "#a", "hi")]


def test_several_targets_get_one_message_each(server: Target) -> None:
    """PRIVMSG <target>{,<target>} <text to be sent>."""
    with people(server, "alice", "bob", "carol", channel="#a") as (alice, bob, carol):
        answers = alice.run("PRIVMSG bob,BOB,nobody,#a,,#A :hi")
        assert [(message.command, message.params[1]) for message in answers] == [("401", "nobody")]
        assert spoken(bob.sync()) == [("PRIVMSG", "bob", "hi"), ("PRIVMSG", "#a", "hi")]
        assert spoken(carol.sync()) == [("PRIVMSG", "#a", "hi")]


def test_too_many_targets_are_all_refused(serve: Serve) -> None:
    with people(serve(Settings(limits=Limits(targets=2))), "alice", "bob") as (alice, bob):
        (refusal,) = alice.run("PRIVMSG bob,alice,carol :hi")
        assert (refusal.command, refusal.params[:2]) == ("407", ("alice", "carol"))
        assert alice.run("NOTICE bob,alice,carol :hi") == []
        assert bob.sync() == []
        alice.run("PRIVMSG bob,bob,bob :hi")
        assert len(spoken(bob.sync())) == 1


def test_to_oneself(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert spoken(alice.run("PRIVMSG Alice :note to self")) == [("PRIVMSG", "alice", "note to self")]


def test_statusmsg_reaches_that_rank_and_higher(server: Target) -> None:
    """ "it may be prefixed with one or more channel membership prefix character (@, +, etc) and the message will be
    delivered only to the members of that channel with the given or higher status in the channel"."""
    with people(server, "op", "voice", "plain", channel="#a") as (op, voice, plain):
        op.run("MODE #a +v voice")
        voice.sync()
        plain.run("PRIVMSG +#A :to voices", "NOTICE @#a :to ops", "PRIVMSG @+#a :to both")
        assert spoken(op.sync()) == [
            ("PRIVMSG", "+#a", "to voices"),
            ("NOTICE", "@#a", "to ops"),
            ("PRIVMSG", "+#a", "to both"),
        ]
        assert spoken(voice.sync()) == [("PRIVMSG", "+#a", "to voices"), ("PRIVMSG", "+#a", "to both")]
        assert spoken(plain.sync()) == []
        op.run("PRIVMSG @#a :to myself")
        assert spoken([*op.sync(), *voice.sync()]) == []


def test_statusmsg_needs_permission_to_speak(server: Target) -> None:
    with people(server, "op", channel="#a") as (op,), Client(server, "alice") as alice:
        assert alice.run("PRIVMSG @#a :hi")[0].command == "404"
        assert op.sync() == []


ECHOED = [
    ("PRIVMSG #a :hi", ("PRIVMSG", "#a", "hi")),
    ("NOTICE #a :hi", ("NOTICE", "#a", "hi")),
    ("PRIVMSG bob :hi", ("PRIVMSG", "bob", "hi")),
    ("PRIVMSG BOB :hi", ("PRIVMSG", "bob", "hi")),
    ("NOTICE bob :hi", ("NOTICE", "bob", "hi")),
    ("PRIVMSG @#a :hi", ("PRIVMSG", "@#a", "hi")),
    ("@+typing=done TAGMSG #a", ("TAGMSG", "#a")),
    ("@+typing=done TAGMSG bob", ("TAGMSG", "bob")),
]


@pytest.mark.parametrize(("line", "echo"), ECHOED)
def test_echo_message(server: Target, line: str, echo: tuple[str, ...]) -> None:
    """ "servers MUST send PRIVMSG and NOTICE messages back to the client that sent them ... they MUST send the final
    version". "When the message-tags capability has been enabled, the same rules apply to TAGMSG messages"."""
    with people(server, "bob", "alice", caps="echo-message message-tags server-time", channel="#a") as (bob, alice):
        (back,) = alice.run(line)
        (received,) = bob.sync()
        assert (back.command, *back.params) == echo
        assert back.source == "alice!~alice@127.0.0.1"
        assert back == received  # the same message with its id, time and tags


def test_without_echo_message_there_is_no_echo(server: Target) -> None:
    with people(server, "bob", "alice", caps="message-tags", channel="#a") as (_, alice):
        assert alice.run(*[line for line, _ in ECHOED]) == []


def test_a_refused_message_is_not_echoed(server: Target) -> None:
    with Client(server, "alice", caps="echo-message") as alice:
        assert alice.commands("PRIVMSG nobody :hi", "PRIVMSG #nowhere :hi") == ["401", "403"]


def test_a_message_to_oneself_arrives_twice_with_echo_message(server: Target) -> None:
    """ "When a client sends a private message to its own nick, echo-message will result in duplicate messages being
    sent by the server, as both sent and received messages"."""
    with Client(server, "alice", caps="echo-message") as alice:
        assert spoken(alice.run("PRIVMSG alice :hi")) == [("PRIVMSG", "alice", "hi")] * 2


SOURCE = ":alice!~alice@127.0.0.1 "


@pytest.mark.parametrize("head", ["PRIVMSG #a :", "NOTICE #a :", "PRIVMSG bob :", "PRIVMSG @#a :"])
def test_the_longest_text_arrives_whole_and_a_longer_one_is_refused(server: Target, head: str) -> None:
    """The 512 bytes include the source that others see: a message is never cut silently. A NOTICE that is too long is
    answered like any such line.
    """
    room = BODY_LIMIT - len(SOURCE) - len(head) - len("\r\n")
    with people(server, "bob", "alice", channel="#a") as (bob, alice):
        assert alice.run(head + "x" * room) == []
        assert spoken(bob.sync())[0][2] == "x" * room
        for text in "x" * (room + 1), "x" * (room - 1) + "é", "x" * (510 - len(head)):
            (refusal,) = alice.run(head + text)
            assert (refusal.command, refusal.params[0]) == ("417", "alice")
            assert bob.sync() == []


@pytest.mark.parametrize("line", ["PRIVMSG #a :", "NOTICE #a :", "PING ", "", "@a=b PRIVMSG #a :"])
def test_a_line_over_512_bytes_is_answered_and_the_connection_stays(server: Target, line: str) -> None:
    """417: "Indicates a given line does not follow the specified size limits"."""
    with people(server, "bob", "alice", channel="#a") as (bob, alice):
        (refusal,) = alice.run(line + "x" * 511)
        assert (refusal.command, refusal.params) == ("417", ("alice", "Input line was too long"))
        assert bob.sync() == []


def test_a_message_resets_the_idle_time(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("PRIVMSG bob :hi")
        alice.send("WHOIS alice")
        assert int(alice.expect("317").params[2]) <= 1
        assert spoken(bob.sync()) == [("PRIVMSG", "bob", "hi")]


@pytest.mark.parametrize(("line", "command"), [(b"PRIVMSG #a :a\0b", "PRIVMSG"), (b"NICK a\rb", "NICK"), (b":", "*")])
def test_malformed_lines_are_answered(server: Target, line: bytes, command: str) -> None:
    """<sequence of any characters except NUL, CR, LF ...>; 400: "<client> <command>{ <subcommand>} :<info>"."""
    with people(server, "bob", "alice", channel="#a") as (bob, alice):
        alice.send_raw(line + b"\r\n")
        (refusal,) = alice.sync()
        assert (refusal.command, refusal.params[:2]) == ("400", ("alice", command))
        assert bob.sync() == []


def test_a_topic_that_is_too_long_for_others_is_refused(server: Target) -> None:
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        alice.run("TOPIC #a :before")
        bob.sync()
        assert alice.commands(f"TOPIC #a :{'ö' * 240}") == ["417"]
        assert bob.sync() == []
        assert bob.run("TOPIC #a")[0].params[2] == "before"


@pytest.mark.parametrize("kept", [History(), History(private=False), History(enabled=False)])
@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_a_message_that_cannot_be_stored_for_an_absent_user_is_not_confirmed(
    serve: Serve, kept: History, command: str
) -> None:
    """Also where an earlier message took the fast path while the user was connected."""
    address = serve(Settings(history=kept))
    make_account(address, "bob")
    bob = device(address, "bob")
    bob.until("376", "422")
    bob.run("NICKSERV SET ALWAYS-ON on")
    with Client(address, "alice", caps="echo-message") as alice:
        assert "PRIVMSG" in alice.commands("PRIVMSG bob :hi", "PRIVMSG bob :hi")
        bob.quit()
        answers = alice.commands(f"{command} bob :hello")
        if kept.enabled and kept.private:
            assert answers[:1] == [command]
        else:
            assert answers == ["531"] * (command == "PRIVMSG")  # "must never be sent in response to a NOTICE"
