"""Channel modes that decide who may speak. https://modern.ircdocs.horse/#channel-modes

alice is an operator of the channel, bob a member, vera has voice, and carol is not a member.
"""

from collections.abc import Iterator

import pytest

from tests.commands.state_changes import log_in
from tests.irc import Client, people
from tests.world import World

Room = tuple[Client, Client, Client, Client]


@pytest.fixture
def room(running_server: World) -> Iterator[Room]:
    with people(running_server.address, "alice", "bob", "vera", channel="#a") as (alice, bob, vera):
        alice.run("MODE #a +v-n vera")
        for client in bob, vera:
            client.sync()
        with Client(running_server.address, "carol") as carol:
            yield alice, bob, vera, carol


def speakers(room: Room, text: str = "hi", command: str = "PRIVMSG") -> list[str]:
    """Return the nicks of those who can send the message; check that the others' messages are refused and not
    relayed.
    """
    able = []
    for client in room:
        for other in room:
            other.sync()
        answers = client.run(f"{command} #a :{text}")
        assert [(m.command, m.params[1]) for m in answers] in ([], [("404", "#a")])
        for other in room[:3]:
            received = [(m.command, m.nick) for m in other.sync()]
            assert received == ([] if answers or other is client else [(command, client.nick)])
        if not answers:
            able.append(client.nick)
    return able


@pytest.mark.parametrize(
    ("modes", "able"),
    [
        ("-t", "alice bob vera carol"),
        ("+n", "alice bob vera"),  # "users MUST be joined to the channel in order to send private messages and notices"
        ("+m", "alice vera"),  # "only users who have channel privileges may send messages to that channel"
        ("+M", "alice vera"),
        ("+b *!*@*", "alice vera"),  # "'banned' from joining or speaking in the channel"
        ("+b m:*!*@*", "alice vera"),
        ("+b bob", "alice vera carol"),
        ("+be *!*@* bob", "alice bob vera"),
        ("+be m:*!*@* m:bob", "alice bob vera"),
        ("+be m:*!*@* bob", "alice bob vera"),
        ("+be *!*@* m:bob", "alice bob vera"),
        ("+b m:~a:*", "alice vera"),
        ("+b ~m:bob", "alice bob vera"),
        ("+cCT", "alice bob vera carol"),
    ],
)
def test_who_may_speak(room: Room, modes: str, able: str) -> None:
    """ERR_CANNOTSENDTOCHAN: "Indicates that the PRIVMSG / NOTICE could not be delivered to <channel>"."""
    room[0].run(f"MODE #a {modes}")
    assert speakers(room) == able.split()


def test_logged_in(running_server: World, room: Room) -> None:
    """+M and bans of accounts depend on the account."""
    log_in(running_server, "bob", "bobby")
    room[0].run("MODE #a +M")
    assert speakers(room) == ["alice", "bob", "vera"]
    room[0].run("MODE #a -M+b m:a:BOBBY")
    assert speakers(room) == ["alice", "vera", "carol"]
    log_in(running_server, "bob", "robert")
    assert speakers(room) == ["alice", "bob", "vera", "carol"]
    room[1].run("NICK bob")  # a cached verdict ends with the state that it depends on
    log_in(running_server, "bob", "bobby")
    assert speakers(room) == ["alice", "vera", "carol"]


@pytest.mark.parametrize(
    ("modes", "text", "command", "passes"),
    [
        ("+C", "\x01VERSION\x01", "PRIVMSG", False),
        ("+C", "\x01VERSION 1\x01", "NOTICE", False),
        ("+C", "\x01ACTION waves\x01", "PRIVMSG", True),
        ("-C", "\x01VERSION\x01", "PRIVMSG", True),
        ("+c", "\x0304red", "PRIVMSG", False),
        ("+c", "\x04ff0000red", "PRIVMSG", False),
        ("+c", "\x02bold", "PRIVMSG", True),
        ("+T", "hi", "NOTICE", False),
        ("+T", "hi", "PRIVMSG", True),
    ],
)
def test_texts_that_modes_refuse(room: Room, modes: str, text: str, command: str, passes: bool) -> None:
    """The modes hold for every member. A refused NOTICE is not answered: nobody receives it."""
    alice, bob, _, _ = room
    alice.run(f"MODE #a {modes}")
    bob.sync()
    answers = alice.run(f"{command} #a :{text}")
    assert [m.command for m in answers] == ([] if passes or command == "NOTICE" else ["404"])
    assert [m.params[1] for m in bob.sync()] == ([text] if passes else [])


def test_op_moderated(room: Room) -> None:
    """+U: messages of members without a rank are sent to the moderators, also where +m would refuse them."""
    alice, bob, vera, carol = room
    alice.run("MODE #a +Um")
    for client in bob, vera, carol:
        client.sync()
    assert bob.run("PRIVMSG #a :to moderators", "PRIVMSG +#a :too") == []
    assert carol.run("PRIVMSG #a :and I") == []
    assert [m.params for m in alice.sync()] == [("#a", "to moderators"), ("+#a", "too"), ("#a", "and I")]
    assert vera.sync() == []
    vera.run("PRIVMSG #a :to all")
    for client in alice, bob:
        assert [m.params for m in client.sync()] == [("#a", "to all")]


def test_statusmsg(room: Room) -> None:
    """ "it may be prefixed with one or more channel membership prefix character (@, +, etc) and the message will be
    delivered only to the members of that channel with the given or higher status in the channel" """
    alice, bob, vera, _ = room
    bob.run("PRIVMSG @#a :ops", "PRIVMSG +#a :voices", "PRIVMSG @+#a :same", "PRIVMSG ~#a :nobody")
    assert [m.params for m in alice.sync()] == [("@#a", "ops"), ("+#a", "voices"), ("+#a", "same")]
    assert [m.params for m in vera.sync()] == [("+#a", "voices"), ("+#a", "same")]
    alice.run("MODE #a +m")
    bob.sync()
    assert bob.commands("PRIVMSG @#a :muted") == ["404"]
