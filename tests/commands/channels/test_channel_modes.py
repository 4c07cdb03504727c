"""MODE of a channel: its settings. https://modern.ircdocs.horse/#channel-mode"""

from time import time

import pytest

from greenchat.config.settings import Limits, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people


def answers(client: Client, *lines: str) -> list[tuple[str, ...]]:
    """Return the answers; numerics without the client's nick and the text."""
    return [(m.command, *m.params[1:-1]) if m.command.isdigit() else (m.command, *m.params) for m in client.run(*lines)]


def test_modes_are_shown(server: Target) -> None:
    """ "If <modestring> is not given, the RPL_CHANNELMODEIS numeric is returned. Servers MAY choose to hide sensitive
    information such as channel keys ... Servers MAY also return the RPL_CREATIONTIME numeric" """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a,#b", "MODE #a +lkmf 5 secret #b")
        modes, created = alice.run("MODE #A")
        assert (modes.command, modes.params) == ("324", ("alice", "#a", "+mntfkl", "#b", "secret", "5"))
        assert (created.command, created.params[:2]) == ("329", ("alice", "#a"))
        assert abs(int(created.params[2]) - time()) < 60  # "<creationtime> is a unix timestamp"
        # RFC 2811, 4.2.10: "The channel key MUST only be made visible to the channel members"
        assert bob.run("MODE #a")[0].params == ("bob", "#a", "+mntfkl", "#b", "*", "5")


def test_no_such_channel(server: Target) -> None:
    """ "If <target> is a channel that does not exist on the network, the ERR_NOSUCHCHANNEL numeric is returned." """
    with Client(server, "alice") as alice:
        assert answers(alice, "MODE #nowhere", "MODE #nowhere +i") == [("403", "#nowhere")] * 2
        assert answers(alice, "MODE") == [("461", "MODE")]


def test_changes_are_sent_to_all_members(server: Target) -> None:
    """ "a MODE command is sent to all members of the channel containing the mode changes" """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        for answer in alice.run("MODE #a +m-t+l 7"), bob.sync():
            (mode,) = answer
            assert (mode.nick, mode.command, mode.params) == ("alice", "MODE", ("#a", "+m-t+l", "7"))


@pytest.mark.parametrize("line", ["MODE #a +i", "MODE #a +b carol", "MODE #a +o bob", "MODE #a -nt", "MODE #a +im"])
def test_no_privileges(server: Target, line: str) -> None:
    """ "If a user does not have appropriate privileges to change modes on the target channel, the server MUST not
    process the message, and ERR_CHANOPRIVSNEEDED numeric is returned." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob), Client(server, "carol") as carol:
        for client in bob, carol:
            assert answers(client, line) == [("482", "#a")]
        assert alice.sync() == []
        assert alice.run("MODE #a")[0].params == ("alice", "#a", "+nt")


def test_unknown(server: Target) -> None:
    """ERR_UNKNOWNMODE: "Indicates that a mode character used by a client is not recognized by the server." """
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, "MODE #a +i\u00e9Qm") == [("472", "\u00e9"), ("472", "Q"), ("MODE", "#a", "+im")]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("+m", ["+m"]),
        ("m", ["+m"]),
        ("+n", []),  # already set
        ("-m", []),
        ("+m-m", ["+m-m"]),
        ("+l 5", ["+l", "5"]),
        ("+l 005", ["+l", "5"]),
        ("-l", []),
        ("-k", []),
        ("+k key", ["+k", "key"]),
        ("-f", []),
        ("+s-s+p", ["+s-s+p"]),
        ("+-+", []),
    ],
)
def test_changes(server: Target, asked: str, expected: list[str]) -> None:
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, f"MODE #a {asked}") == ([("MODE", "#a", *expected)] if expected else [])


@pytest.mark.parametrize("asked", ["+k", "+l", "+f", "+o", "-o", "+v"])
def test_missing_parameter(server: Target, asked: str) -> None:
    """ "If a type B or C mode does not have a parameter when being set, the server MUST ignore that mode." The others
    in the message are applied."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        letters, *rest = asked.split(" ")
        lines = answers(alice, " ".join([f"MODE #a +i{letters}-n", *rest]))
        assert lines == [("461", "MODE"), ("MODE", "#a", "+i-n")]


@pytest.mark.parametrize("letter", "klf")
def test_an_empty_parameter(server: Target, letter: str) -> None:
    """ERR_INVALIDMODEPARAM: "Indicates that there was a problem with a mode parameter". It is there, and no value: 461
    "is returned when a client command cannot be parsed because not enough parameters were supplied"."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, f"MODE #a +{letter} :") == [("696", "#a", letter, "*")]


def test_several_missing_parameters(server: Target) -> None:
    """One answer names all of them."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        (refusal,) = alice.run("MODE #a +vvvolk")
        assert refusal.params == ("alice", "MODE", "Not enough parameters: volk need one each")


@pytest.mark.parametrize("key", ["a,b", ":a", "\u00e9" * 33, "k" * 33])
def test_bad_key(server: Target, key: str) -> None:
    """ERR_INVALIDKEY: "Indicates the value of a key channel mode change (+k) was rejected": "<client> <target chan>
    :Key is not well-formed", and the key, which may be a secret, is not sent back."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, f"MODE #a +k{'' if key[0] != ':' else 'i'} :{key}")[0] == ("525", "#a")


def test_key_with_a_space_is_refused(server: Target) -> None:
    """ "Servers may validate the value (eg. to forbid spaces, as they make it harder to use the key in JOIN)" """
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, "MODE #a +k :a b") == [("525", "#a")]


def test_a_set_key_is_not_replaced(server: Target) -> None:
    """RFC 2812, ERR_KEYSET: "Channel key already set". Removing it needs no key."""
    with Client(server, "alice") as alice:
        alice.run("JOIN #a", "MODE #a +k one")
        assert answers(alice, "MODE #a +k two") == [("467", "#a")]
        assert answers(alice, "MODE #a +k one") == []
        assert answers(alice, "MODE #a -k+k x two") == [("MODE", "#a", "-k+k", "*", "two")]
        assert answers(alice, "MODE #a -k") == [("MODE", "#a", "-k", "*")]


@pytest.mark.parametrize("limit", ["0", "-1", "five", "1.5", "9999999999", "\u0665"])
def test_bad_limit(server: Target, limit: str) -> None:
    """ "its value is an integer and defines the limit of how many clients may be joined" """
    with Client(server, "alice") as alice:
        alice.join("#a")
        assert answers(alice, f"MODE #a +l {limit}") == [("696", "#a", "l", limit)]


@pytest.mark.parametrize("target", ["#a", "#A", "#nowhere", "bob", "#,"])
def test_bad_forward(server: Target, target: str) -> None:
    """https://github.com/ircv3/ircv3-specifications/pull/466: "Servers may also check the target channel exists when a
    user sets the FORWARD mode and reply with an appropriate numeric, such as ERR_INVALIDMODEPARAM." """
    with people(server, "alice", "bob") as (alice, bob):
        bob.run("JOIN #bob")
        alice.run("JOIN #a,#bob")
        assert answers(alice, f"MODE #a +f {target}") == [("696", "#a", "f", target)]


def test_forward_to_a_channel_of_others_is_refused(server: Target) -> None:
    """ERR_CHANOPRIVSNEEDED: "Indicates that a command failed because the client does not have the appropriate channel
    privileges": in the channel that others would be sent to."""
    with people(server, "alice", "bob") as (alice, bob):
        bob.run("JOIN #bob")
        alice.run("JOIN #a,#bob")
        assert answers(alice, "MODE #a +f #bob") == [("482", "#bob")]


def test_limit_of_modes(serve: Serve) -> None:
    """MODES: "how many 'variable' modes may be set on a channel by a single MODE command from a client. A 'variable'
    mode is defined as being a type A, B or C mode ..., or in the channel modes specified in the PREFIX parameter." """
    with Client(serve(Settings(limits=Limits(modes=3))), "alice") as alice:
        alice.join("#a")
        assert answers(alice, "MODE #a +bblvims a b 3 alice") == [
            ("MODE", "#a", "+bblims", "a!*@*", "b!*@*", "3"),
        ]


def test_many_changes_are_sent_in_several_lines(serve: Serve) -> None:
    """ "at most 15 parameters", and 512 bytes, in one message."""
    masks = [f"{'x' * 12}{number:02}!*@*" for number in range(20)]
    with Client(serve(Settings(limits=Limits(modes=20))), "alice") as alice:
        alice.join("#" + "a" * 50)
        name = "#" + "a" * 50
        alice.run(f"MODE {name} +{'b' * 10} {' '.join(masks[:10])}", f"MODE {name} +{'b' * 10} {' '.join(masks[10:])}")
        lines = alice.run(f"MODE {name} -{'b' * 20} {' '.join(mask[:14] for mask in masks)}")
        assert len(lines) == 2
        assert [mask for line in lines for mask in line.params[2:]] == masks
        assert all(len(line.params) <= 15 and len(line.format().encode()) <= 510 for line in lines)
        assert all(line.params[1] == "-" + "b" * (len(line.params) - 2) for line in lines)


def test_query_and_change_in_one_message(server: Target) -> None:
    """The query for a list needs no privileges, the rest of the message does."""
    with people(server, "alice", "bob", channel="#a") as (_, bob):
        assert answers(bob, "MODE #a b+i") == [("368", "#a"), ("482", "#a")]
