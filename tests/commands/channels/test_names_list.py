"""NAMES. https://modern.ircdocs.horse/#names-message"""

from greenchat.config.settings import Limits, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people


def names(client: Client, channel: str) -> list[str]:
    """Return all names of the answer to NAMES."""
    return [name for m in client.run(f"NAMES {channel}") if m.command == "353" for name in m.params[3].split()]


def test_reply(server: Target) -> None:
    """ "the server returns one of more RPL_NAMREPLY numerics containing the users joined to the channel and a single
    RPL_ENDOFNAMES numeric" """
    with people(server, "alice", "bob", channel="#a") as (_, bob):
        reply, end = bob.run("NAMES #A")
        assert reply.params == ("bob", "=", "#a", "@alice bob")
        assert end.params == ("bob", "#a", "End of /NAMES list")


def test_several_channels(server: Target) -> None:
    """ "The channel names are evaluated one-by-one." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        bob.run("JOIN #b")
        answers = [(m.command, *m.params[1:-1]) for m in alice.run("NAMES #a,#nowhere,#b")]
        assert answers == [("353", "=", "#a"), ("366", "#a"), ("366", "#nowhere"), ("353", "=", "#b"), ("366", "#b")]


def test_missing_channels(server: Target) -> None:
    """ "If the channel name is invalid or the channel does not exist, one RPL_ENDOFNAMES numeric containing the given
    channel name should be returned." """
    with Client(server, "alice") as alice:
        for name in "#nowhere", "nonsense":
            (end,) = alice.run(f"NAMES {name}")
            assert (end.command, end.params[1]) == ("366", name)


def test_without_parameter(server: Target) -> None:
    """RFC 2812, 3.2.5: "If no <channel> parameter is given, a list of all channels and their occupants is returned". Of
    the end Modern says: "one RPL_ENDOFNAMES numeric with the <channel> parameter set to an asterisk character"."""
    with people(server, "alice", "bob") as (alice, bob):
        (end,) = alice.run("NAMES")
        assert (end.command, end.params[1]) == ("366", "*")
        bob.run("JOIN #a,#secret,#private", "MODE #secret +s", "MODE #private +p")
        alice.join("#b")
        *lines, end = alice.run("NAMES")
        assert [(line.command, *line.params[2:]) for line in lines] == [
            ("353", "#a", "@bob"),
            ("353", "#b", "@alice"),
        ]
        assert (end.command, end.params[1]) == ("366", "*")


def test_the_answer_without_parameter_is_bounded(serve: Serve) -> None:
    """NAMES without parameter lists as many users as a WHO."""
    with people(serve(Settings(limits=Limits(who=2))), "alice", "bob") as (alice, bob):
        alice.run("JOIN #a,#b,#c,#d")
        assert bob.commands("NAMES") == ["353", "353", "366"]


def test_symbols_of_channels(server: Target) -> None:
    """RPL_NAMREPLY: "=" is a public channel, "@" a secret one, "*" a private one."""
    with Client(server, "alice") as alice:
        alice.join("#a")
        for modes, symbol in ("+p", "*"), ("+s", "@"), ("-p", "@"), ("-s", "="):
            alice.run(f"MODE #a {modes}")
            assert alice.run("NAMES #a")[0].params[1] == symbol


def test_a_secret_channel(server: Target) -> None:
    """ "If the given channel has the secret channel mode set and the user is not joined to that channel, one
    RPL_ENDOFNAMES numeric is returned." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("JOIN #a", "MODE #a +s")
        assert bob.commands("NAMES #a") == ["366"]


def test_invisible_users(server: Target) -> None:
    """ "Users with the invisible user mode set are not shown in channel responses unless the requesting client is also
    joined to that channel." """
    with people(server, "alice", "bob", channel="#a") as (alice, bob), Client(server, "carol") as carol:
        bob.run("MODE bob +i")
        assert names(carol, "#a") == ["@alice"]
        assert names(alice, "#a") == ["@alice", "bob"]


def test_highest_prefix(server: Target) -> None:
    """RPL_NAMREPLY: "<prefix> is the highest channel membership prefix that client has in the channel" """
    with people(server, "alice", "bob", "carol", channel="#a") as (alice, _, _):
        alice.run("MODE #a +vho bob bob bob", "MODE #a +v carol")
        assert names(alice, "#a") == ["@alice", "@bob", "+carol"]
        alice.run("MODE #a -o bob")
        assert names(alice, "#a") == ["@alice", "%bob", "+carol"]


def test_multi_prefix(server: Target) -> None:
    """https://ircv3.net/specs/extensions/multi-prefix: "all possible prefixes which apply to a user ... MUST be in
    order of 'rank', from highest to lowest." """
    with Client(server, "alice", caps="multi-prefix") as alice, Client(server, "bob") as bob:
        alice.join("#a")
        bob.join("#a")
        alice.run("MODE #a +vh bob bob", "MODE #a +v alice")
        assert names(alice, "#a") == ["@+alice", "%+bob"]
        assert names(bob, "#a") == ["@alice", "%bob"]


def test_userhost_in_names(server: Target) -> None:
    """https://ircv3.net/specs/extensions/userhost-in-names: "the full hostmask (nick!user@host) of every user"."""
    with Client(server, "alice", caps="userhost-in-names") as alice, Client(server, "bob") as bob:
        alice.join("#a")
        bob.join("#a")
        assert names(alice, "#a") == ["@alice!~alice@127.0.0.1", "bob!~bob@127.0.0.1"]


def test_many(server: Target) -> None:
    """Each line keeps to 512 bytes and lists each member once, while users join, part and change."""
    nicks = [f"member-{number:02}-{'x' * 20}" for number in range(60)]
    with people(server, "alice", *nicks, caps="server-time userhost-in-names", channel="#many") as clients:
        alice = clients[0]
        expected = {"alice", *nicks}
        for step in range(4):
            clients[step + 1].run("PART #many")
            expected.discard(nicks[step])
            clients[step + 11].run(f"NICK other-{step}")
            expected.discard(nicks[step + 10])
            expected.add(f"other-{step}")
            alice.run(f"MODE #many +v {nicks[step + 20]}")
            replies = [message for message in alice.run("NAMES #many") if message.command == "353"]
            assert all(len(message._replace(tags={}).format().encode()) <= 510 for message in replies)
            assert all(message.tags["time"] for message in replies)
            found = [word.split("!")[0].lstrip("@+") for message in replies for word in message.params[3].split()]
            assert sorted(found) == sorted(expected)


def test_many_after_a_rename_to_a_longer_name(server: Target) -> None:
    """Lines cached for a large channel do not survive a rename: the new ones keep to 512 bytes, too."""
    nicks = [f"member-{number:02}" for number in range(60)]
    longer = "#" + "m" * 60
    with people(server, "alice", *nicks, channel="#m") as (alice, *_):
        assert len(names(alice, "#m")) == 61
        alice.run(f"RENAME #m {longer}")
        replies = [message for message in alice.run(f"NAMES {longer}") if message.command == "353"]
        assert all(len(message.format().encode()) <= 510 for message in replies)
        assert sum(len(message.params[3].split()) for message in replies) == 61


def test_labeled(server: Target) -> None:
    """https://ircv3.net/specs/extensions/labeled-response: all lines are in the one batch."""
    with Client(server, "alice", caps="batch labeled-response") as alice:
        alice.join("#a")
        start, reply, end, stop = alice.run("@label=x NAMES #a")
        assert (start.tags, start.params[1]) == ({"label": "x"}, "labeled-response")
        reference = start.params[0][1:]
        assert reply.tags == end.tags == {"batch": reference}
        assert (reply.params, end.command, stop.params) == (("alice", "=", "#a", "@alice"), "366", ("-" + reference,))
