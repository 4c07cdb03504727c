"""JOIN and PART. https://modern.ircdocs.horse/#join-message and #part-message"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.config.settings import Limits, Settings
from tests.commands.state_changes import add_account, log_in, make_operator
from tests.conftest import Serve, StartServer, Target, cheap_passwords, quick_options
from tests.irc import Client, people
from tests.world import World


def shape(client: Client, *lines: str) -> list[tuple[str, ...]]:
    """Return the answers without the client's nick and the texts."""
    return [
        (message.command, *message.params[1:-1]) if message.command.isdigit() else (message.command, *message.params)
        for message in client.run(*lines)
    ]


# JOIN


def test_answers_to_a_join(server: Target) -> None:
    """ "they receive a JOIN message from the server with their client as the message <source> and the channel they have
    joined as the first parameter of the message. After this, they are sent the channel's topic (with RPL_TOPIC), and no
    message if the channel does not have a topic. They are also sent a list of users currently joined to the channel
    (with one or more RPL_NAMREPLY numerics). These ... MUST include the requesting client" """
    with people(server, "alice", "bob") as (alice, bob):
        join, names, end = alice.run("JOIN #foobar")
        assert (join.source, join.command, join.params) == ("alice!~alice@127.0.0.1", "JOIN", ("#foobar",))
        assert (names.command, names.params) == ("353", ("alice", "=", "#foobar", "@alice"))
        assert (end.command, end.params) == ("366", ("alice", "#foobar", "End of /NAMES list"))
        alice.run("TOPIC #foobar :hello")
        answers = bob.run("JOIN #FooBar")
        assert [answer.command for answer in answers] == ["JOIN", "332", "333", "353", "366"]
        assert answers[0].params == ("#foobar",)
        assert answers[3].params[3] == "@alice bob"


def test_members_see_a_join(server: Target) -> None:
    """ "This message may be sent from a server to a client to notify the client that someone has joined a channel." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        bob.run("PART #a", "JOIN #a")
        assert [(message.command, message.nick) for message in alice.sync()] == [("PART", "bob"), ("JOIN", "bob")]


def test_the_first_member_becomes_operator(server: Target) -> None:
    """ "the first client who joins a normal channel is made a channel operator, along with the appropriate channel
    membership prefix" """
    with people(server, "alice", "bob", channel="#a") as (alice, _):
        assert alice.run("NAMES #a")[0].params[3] == "@alice bob"


def test_several_channels_each_with_its_key(server: Target) -> None:
    """ "the first <key> being used for the first <channel>, the second <key> being used for the second <channel>" """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a,#b,#c", "MODE #a +k one", "MODE #b +k two", "MODE #c +k three")
        joined = [m.params[0] for m in bob.run("JOIN #a,#b,#c,#d one,two") if m.command == "JOIN"]
        assert joined == ["#a", "#b", "#d"]
        assert shape(bob, "JOIN #c") == [("475", "#c")]


def test_joining_again_does_nothing(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert alice.run("JOIN #A") == []


def test_join_0_parts_all_channels(server: Target) -> None:
    """ "The server will process this command as though the client had sent a PART command for each channel they are a
    member of." """
    with Client(server, "alice") as alice:
        alice.run("JOIN #a,#b")
        assert shape(alice, "JOIN 0") == [("PART", "#a"), ("PART", "#b")]
        assert shape(alice, "JOIN 0") == []
        assert shape(alice, "JOIN #c,0")[-1] == ("PART", "#c")


@pytest.mark.parametrize("name", ["foobar", "&local", "+a", "1"])
def test_not_a_channel_name(server: Target, name: str) -> None:
    """ERR_NOSUCHCHANNEL: "Indicates that no channel can be found for the supplied channel name." """
    with Client(server, "alice") as alice:
        assert shape(alice, f"JOIN {name}") == [("403", name)]


@pytest.mark.parametrize("name", ["#", "#a\x07b", "#" + "a" * 64, "#" + "\U0001f409" * 40])
def test_invalid_channel_names(server: Target, name: str) -> None:
    """ERR_BADCHANMASK: "Indicates the supplied channel name is not a valid. This is similar to, but stronger than,
    ERR_NOSUCHCHANNEL". CHANNELLEN "specifies the maximum length of a channel name that a client may join"."""
    with Client(server, "alice") as alice:
        assert shape(alice, f"JOIN {name}") == [("476", name)]


def test_all_other_characters_are_allowed(server: Target) -> None:
    """ "the only restriction on a channel name is that it may not contain any spaces, a control G, or a comma"; we
    refuse other invisible characters, too.
    """
    with people(server, "alice", "bob") as (alice, bob):
        for name in ("#a:b", "##", "#:", "#!@*", "#\u65e5\u672c"):
            alice.join(name)
            bob.join(name)
            alice.run(f"PRIVMSG {name} :hello")
            assert bob.expect("PRIVMSG").params == (name, "hello")


def test_the_longest_name(server: Target) -> None:
    """CHANNELLEN counts characters, not bytes."""
    with Client(server, "alice") as alice:
        for name in "#" + "a" * 63, "#" + "\u044f" * 63:
            assert alice.run(f"JOIN {name}")[0].params == (name,)


def test_too_many_channels(serve: Serve) -> None:
    """ "If the client cannot join this channel because they would be over their limit, they will receive an
    ERR_TOOMANYCHANNELS reply and the command will fail." """
    with Client(serve(Settings(limits=Limits(channels=2))), "alice") as alice:
        assert alice.commands("JOIN #a,#b,#c") == ["JOIN", "353", "366", "JOIN", "353", "366", "405"]
        assert shape(alice, "JOIN #c") == [("405", "#c")]
        assert alice.run("JOIN #a") == []


def test_no_parameters(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert shape(alice, "JOIN") == [("461", "JOIN")]
        assert shape(alice, "PART") == [("461", "PART")]


# Channel modes that refuse a JOIN: https://modern.ircdocs.horse/#channel-modes


@pytest.mark.parametrize(
    ("modes", "numeric"),
    [
        ("+l 1", "471"),  # "they will receive an ERR_CHANNELISFULL reply and the command will fail"
        ("+i", "473"),  # "If they have not received an invite, they will receive an ERR_INVITEONLYCHAN reply"
        ("+b bob", "474"),  # "If they match one of these banned masks, they will receive an ERR_BANNEDFROMCHAN reply"
        ("+b *!*@127.0.0.1", "474"),
        ("+b ~a:*", "474"),
        ("+k secret", "475"),  # "If they do not supply a <key>, ... they will receive an ERR_BADCHANNELKEY reply"
        ("+R", "477"),
        ("+z", "489"),
    ],
)
def test_refused(server: Target, modes: str, numeric: str) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", f"MODE #a {modes}")
        assert shape(bob, "JOIN #a wrong") == [(numeric, "#a")]
        assert not any(message.command == "JOIN" for message in alice.sync())


@pytest.mark.parametrize(
    "modes",
    [
        "+l 2",
        "+bi carol",
        "+be bob bob!*@*",  # "they will not be blocked from joining due to the ban mode"
        "+be *!*@* *!~b?b@127.*",
        "+iI *!*@127.0.0.1",  # "they do not need to require an INVITE in order to join the channel"
        "+b m:bob",
        "+b a:bob",
        "+mMnstpCcTuUK",
    ],
)
def test_exceptions_are_let_in(server: Target, modes: str) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", f"MODE #a {modes}", "INVITE bob #a" if "bi" in modes else "PING x")
        bob.sync()
        assert bob.run("JOIN #a")[0].params == ("#a",)


def test_registered_only(running_server: World) -> None:
    """ISUPPORT has no word for +R; InspIRCd and Ergo answer 477 to users without an account."""
    with people(running_server.address, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", "MODE #a +R")
        assert bob.commands("JOIN #a") == ["477"]
        log_in(running_server, "bob", "bob")
        assert bob.commands("JOIN #a") == ["JOIN", "353", "366"]


def test_bans_of_accounts(running_server: World) -> None:
    """https://ircv3.net/specs/extensions/account-extban: "ban masks matching account names"."""
    with people(running_server.address, "alice", "bob", "carol") as (alice, bob, carol):
        add_account(running_server, "bobby")
        alice.run("JOIN #a", "MODE #a +bbe a:Bobby ~a:* carol")
        log_in(running_server, "bob", "bobby")
        assert bob.commands("JOIN #a") == ["474"]
        log_in(running_server, "bob", "robert")
        assert bob.commands("JOIN #a") == ["JOIN", "353", "366"]
        assert carol.commands("JOIN #a") == ["JOIN", "353", "366"]


def test_operators_only(running_server: World) -> None:
    with people(running_server.address, "alice", "bob") as (alice, bob):
        assert alice.commands("JOIN #a", "MODE #a +O")[-1] == "481"
        make_operator(running_server, "alice")
        assert alice.commands("MODE #a +O") == ["MODE"]
        alice.run("INVITE bob #a")
        bob.sync()
        assert shape(bob, "JOIN #a") == [("520", "#a")]


# FORWARD: https://github.com/ircv3/ircv3-specifications/pull/466


def test_forward(server: Target) -> None:
    """ "After sending ERR_LINKCHANNEL to a user, a server SHOULD proceed as if the user sent a JOIN to the new
    channel." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #one,#two,#three", "MODE #one +if #two", "MODE #two +lf 1 #three")
        assert shape(bob, "JOIN #one") == [
            ("470", "#one", "#two"),
            ("470", "#two", "#three"),
            ("JOIN", "#three"),
            ("353", "=", "#three"),
            ("366", "#three"),
        ]


def test_forwards_in_a_circle_end(server: Target) -> None:
    """ "servers may choose to stop the forwarding any time they wish. They should send a human-readable NOTICE to the
    user telling them about it." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #one,#two", "MODE #one +if #two", "MODE #two +if #one")
        commands = bob.commands("JOIN #one")
        assert commands == ["470"] * 5 + ["473", "NOTICE"]


def test_a_forward_leads_only_to_the_channel_that_existed_when_it_was_set(server: Target) -> None:
    with people(server, "alice", "mallory", "bob") as (alice, mallory, bob):
        alice.run("JOIN #one,#two", "MODE #one +if #two", "PART #two")
        assert shape(bob, "JOIN #one") == [("473", "#one")], "nobody is in it, and bob does not create it"
        mallory.join("#two")
        assert shape(bob, "JOIN #one") == [("473", "#one")]
        alice.run("JOIN #two")
        mallory.run("MODE #two +o alice")
        alice.run("MODE #one +f #two")
        assert shape(bob, "JOIN #one")[:2] == [("470", "#one", "#two"), ("JOIN", "#two")]


def test_a_forward_follows_a_rename(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_server(cheap_passwords(Settings()), options)
    with people(server.address, "alice", "mallory") as (alice, mallory):
        alice.run("REGISTER * * :sesame open", "JOIN #one,#two", "CS REGISTER #one", "CS REGISTER #two")
        alice.run("MODE #one +if #two", "RENAME #two #three", "PART #three")
        assert shape(mallory, "JOIN #one")[:2] == [("470", "#one", "#three"), ("JOIN", "#three")]
    server.stop()
    server = start_server(cheap_passwords(Settings()), options)
    with Client(server.address, "mallory") as mallory:
        assert shape(mallory, "JOIN #one")[:2] == [("470", "#one", "#three"), ("JOIN", "#three")]


# Capabilities


def test_extended_join(running_server: World) -> None:
    """https://ircv3.net/specs/extensions/extended-join: ":nick!user@host JOIN #channelname accountname :Real Name", and
    "* as the penultimate parameter" without an account."""
    with (
        Client(running_server.address, "alice", caps="extended-join") as alice,
        people(running_server.address, "bob", "carol") as others,
    ):
        log_in(running_server, "carol", "caro")
        alice.join("#a")
        for other in others:
            other.join("#a")
        assert [message.params for message in alice.sync()] == [("#a", "*", "Bob"), ("#a", "caro", "Carol")]


def test_away_notify(server: Target) -> None:
    """https://ircv3.net/specs/extensions/away-notify: "clients will be sent an AWAY message ... when a user joins and
    has an away message set. (Note that AWAY will not be sent for joining users with no away message set.)" """
    with Client(server, "alice", caps="away-notify") as alice, people(server, "bob", "carol") as (bob, carol):
        alice.join("#a")
        bob.run("AWAY :lunch", "JOIN #a")
        carol.run("JOIN #a")
        assert [(m.command, m.nick, m.params) for m in alice.sync()] == [
            ("JOIN", "bob", ("#a",)),
            ("AWAY", "bob", ("lunch",)),
            ("JOIN", "carol", ("#a",)),
        ]
        assert "AWAY" not in [message.command for message in bob.sync()]


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
def test_no_implicit_names(server: Target, name: str) -> None:
    """https://ircv3.net/specs/extensions/no-implicit-names: "servers MUST NOT send an implicit NAMES reply after
    sending a JOIN message. Servers MUST reply to explicit NAMES commands sent by the client as usual." """
    with Client(server, "alice", caps=name) as alice:
        assert alice.commands("JOIN #a", "TOPIC #a :x", "PART #a") == ["JOIN", "TOPIC", "PART"]
        assert alice.commands("JOIN #a", "NAMES #a") == ["JOIN", "353", "366"]


# PART


def test_part(server: Target) -> None:
    """ "the user will receive a PART message from the server for each channel they have been removed from. <reason> is
    the reason that the client has left the channel(s)." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        for client in alice, bob:
            client.run("JOIN #b")
        alice.sync()
        assert shape(bob, "PART #a,#b :good bye") == [("PART", "#a", "good bye"), ("PART", "#b", "good bye")]
        assert [message.params for message in alice.sync()] == [("#a", "good bye"), ("#b", "good bye")]
        assert shape(bob, "PRIVMSG #a :still here?") == [("404", "#a")]


def test_part_without_a_reason(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert shape(alice, "PART #a") == [("PART", "#a")]


def test_part_of_a_channel_one_is_not_in(server: Target) -> None:
    """ "if the channel exists and the client is not joined to it, they will receive an ERR_NOTONCHANNEL reply and that
    channel will be ignored. If the channel does not exist, the client will receive an ERR_NOSUCHCHANNEL reply" """
    with people(server, "alice", "bob") as (alice, bob):
        alice.join("#a")
        bob.join("#b")
        assert shape(bob, "PART #a,#nowhere,#b") == [("442", "#a"), ("403", "#nowhere"), ("PART", "#b")]


def test_a_channel_ends_with_its_last_member(server: Target) -> None:
    """ "the channel ceases to exist when the last client leaves it" """
    with Client(server, "alice") as alice:
        alice.run("JOIN #a", "MODE #a +ik secret", "PART #a")
        assert shape(alice, "MODE #a") == [("403", "#a")]
        assert alice.run("JOIN #a")[1].params[3] == "@alice"


def test_a_too_long_reason_is_refused(server: Target) -> None:
    """417: "Indicates a given line does not follow the specified size limits". The reason is not cut and the user
    stays.
    """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        assert alice.commands("PART #a :" + "x" * 480) == ["417"]
        assert bob.sync() == []
        assert alice.commands("PART #a :" + "x" * 440) == ["PART"]
        assert bob.sync()[0].params == ("#a", "x" * 440)


@pytest.mark.parametrize("line", ["JOIN :", "JOIN ,", "PART :", "PART ,"])
def test_an_empty_list(server: Target, line: str) -> None:
    """ "less parameters than the command requires": an empty list is answered, too."""
    with Client(server, "alice") as alice:
        assert shape(alice, line) == [("461", line[:4])]


@pytest.mark.parametrize(
    ("mode", "reason", "seen"),
    [
        ("", "a word", "a word"),
        ("+b bob!*@*", "a word", ""),
        ("+b m:bob!*@*", "a word", ""),
        ("+m", "a word", ""),
        ("+M", "a word", ""),
        ("+U", "a word", ""),
        ("+mU", "a word", ""),
        ("+d 60", "a word", ""),
        ("+c", "\x0304red", ""),
        ("+c", "no colour", "no colour"),
    ],
)
@pytest.mark.parametrize("leave", ["PART #a :{}", "QUIT :{}"])
def test_a_part_reason_needs_permission_to_speak(server: Target, mode: str, reason: str, seen: str, leave: str) -> None:
    """The reason of a user who may not speak in the channel is not shown to its members; that of others is."""
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.join("#a")
        bob.run("JOIN #a,#b")
        carol.join("#b")
        alice.sync()
        if mode:
            alice.run(f"MODE #a {mode}")
        command = leave.split()[0]
        bob.send(leave.format(reason))
        expected = {"PART": seen or "#a", "QUIT": f"Quit: {seen}"}[command]
        left = alice.expect(command)
        assert (left.nick, left.params[-1]) == ("bob", expected)
        if command == "QUIT":
            assert carol.expect("QUIT").params[-1] == f"Quit: {reason}"
            assert not [message for message in alice.sync() if message.command == "QUIT"]


def test_a_hidden_reason_is_not_in_the_history(server: Target) -> None:
    caps = "message-tags batch draft/chathistory draft/event-playback"
    with people(server, "alice", "bob", "carol", caps=caps) as (alice, bob, carol):
        alice.join("#a")
        bob.run("JOIN #a,#b")
        carol.join("#b")
        alice.run("MODE #a +m")
        bob.send("QUIT :a word")
        bob.until_end()

        def reasons(client: Client, channel: str) -> list[str]:
            return [
                m.params[-1]
                for m in client.run(f"CHATHISTORY LATEST {channel} * 9")
                if m.command == "QUIT" and "batch" in m.tags
            ]

        assert reasons(alice, "#a") == ["Quit: "]
        assert reasons(carol, "#b") == ["Quit: a word"]
