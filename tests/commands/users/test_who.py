"""WHO. https://modern.ircdocs.horse/#who-message"""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User
from greenchat.commands.catalog import run
from greenchat.commands.core.context import Context
from greenchat.config.options import Throttle
from greenchat.config.settings import Settings
from greenchat.protocol.message import parse
from greenchat.server.app import App
from tests.commands.state_changes import make_operator
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.world import World


def _nicks(client: Client, line: str) -> list[str]:
    """Return the nicks of a reply to WHO."""
    *replies, end = client.run(line)
    assert end.command == "315"
    assert all(reply.command == "352" for reply in replies)
    return [reply.params[5] for reply in replies]


def test_of_a_channel(server: Target) -> None:
    """ "<client> <channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>", 352.

    "A channel name, in which case the channel members are listed."
    """
    with people(server, "alice", "bob", channel="#lobby") as (_, bob):
        answers = [(message.command, message.params) for message in bob.run("WHO #LOBBY")]
        assert answers == [
            ("352", ("bob", "#lobby", "~alice", "127.0.0.1", "greenchat.local", "alice", "H@", "0 Alice")),
            ("352", ("bob", "#lobby", "~bob", "127.0.0.1", "greenchat.local", "bob", "H", "0 Bob")),
            ("315", ("bob", "#LOBBY", "End of WHO list")),
        ]


def test_of_a_nick(server: Target) -> None:
    """ "An exact nickname, in which case a single user is returned." """
    with people(server, "alice", "alicia", "bob") as (*_, bob):
        reply, end = bob.run("WHO ALICE")
        assert reply.params == ("bob", "*", "~alice", "127.0.0.1", "greenchat.local", "alice", "H", "0 Alice")
        # "<mask> MUST be the same <mask> parameter sent by the client"
        assert end.params[1] == "ALICE"


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ("al*", ["alice", "alicia"]),
        ("AL*", ["alice", "alicia"]),
        ("alic?", ["alice"]),
        ("*ic*", ["alice", "alicia"]),
        ("~bo*", ["bob"]),  # username
        ("127.0.0.?", ["alice", "alicia", "bob"]),  # host
        ("127.0.0.1", ["alice", "alicia", "bob"]),
        ("Alicia", ["alicia"]),
        ("*ICIA", ["alicia"]),  # real name
        ("greenchat.local", ["alice", "alicia", "bob"]),  # server
        ("*.local", ["alice", "alicia", "bob"]),
        ("bob!*@*", ["bob"]),
        ("*!~al*@127.*", ["alice", "alicia"]),
        ("nobody*", []),
        ("nobody", []),
        ("#nowhere", []),
        ("0", ["alice", "alicia", "bob"]),
        ("*", ["alice", "alicia", "bob"]),
        ("", ["alice", "alicia", "bob"]),
    ],
)
def test_of_a_mask(server: Target, mask: str, found: list[str]) -> None:
    """ "all visible users whose nickname matches are listed. Servers MAY match other user-specified values".

    "Absent or set to "0", in which case all visible users are listed."
    """
    with people(server, "alice", "alicia", "bob") as (*_, bob):
        assert _nicks(bob, f"WHO {mask}".strip()) == found


def test_without_a_mask_the_end_has_an_asterisk(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.run("WHO")[-1].params[1] == "*"


def test_invisible_users_are_found_by_members_of_a_common_channel(server: Target) -> None:
    """Modern, Invisible User Mode: "not show up in commands such as WHO or NAMES unless they share a channel"."""
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        alice.run("MODE alice +i")
        for client in alice, bob:
            client.join("#lobby")
        alice.sync()
        for line in "WHO *", "WHO 0", "WHO", "WHO al*", "WHO *.local":
            assert "alice" in _nicks(bob, line)
            assert "alice" in _nicks(alice, line)
            assert "alice" not in _nicks(carol, line)
        assert _nicks(carol, "WHO #lobby") == ["bob"]
        assert _nicks(bob, "WHO #lobby") == ["alice", "bob"]
        # a user found by the exact nick does not reveal the channel either
        assert carol.run("WHO alice")[0].params[1] == "*"


def test_operators_find_invisible_users(running_server: World) -> None:
    with people(running_server.address, "alice", "bob") as (alice, bob):
        alice.run("MODE alice +i")
        assert _nicks(bob, "WHO al*") == []
        make_operator(running_server, "bob")
        assert _nicks(bob, "WHO al*") == ["alice"]


def test_secret_channels_are_not_shown(server: Target) -> None:
    """Modern, Secret Channel Mode."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.join("#hidden")
        alice.run("MODE #hidden +s")
        assert _nicks(bob, "WHO #hidden") == []
        assert bob.run("WHO alice")[0].params[1] == "*"
        assert bob.run("WHO al*")[0].params[1] == "*"
        assert alice.run("WHO alice")[0].params[1] == "#hidden"


def test_operators_only(running_server: World) -> None:
    """RFC 2812, section 3.6.1: "If the "o" parameter is passed only operators are returned according to the mask"."""
    with people(running_server.address, "alice", "bob", channel="#lobby") as (_, bob):
        assert _nicks(bob, "WHO #lobby o") == []
        make_operator(running_server, "alice")
        for mask in "#lobby", "*", "alice", "a*":
            assert _nicks(bob, f"WHO {mask} o") == ["alice"]
        assert _nicks(bob, "WHO bob o") == []


def test_the_flags_and_their_order(running_server: World) -> None:
    """Modern, 352: "Away status", "a literal asterisk", "the highest ... prefix", "user mode characters"."""
    with people(running_server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        assert bob.run("WHO alice")[0].params[6] == "H@"
        alice.run("AWAY :lunch", "MODE alice +B", "MODE #lobby +v alice")
        bob.sync()
        make_operator(running_server, "alice")
        assert bob.run("WHO alice")[0].params[6] == "G*@B"


def test_multi_prefix(server: Target) -> None:
    """multi-prefix: "send all possible prefixes which apply to a user in NAMES and WHO output"."""
    with Client(server, "alice", caps="multi-prefix") as alice:
        alice.join("#lobby")
        alice.run("MODE #lobby +v alice")
        assert alice.run("WHO #lobby")[0].params[6] == "H@+"
        assert alice.run("WHO #lobby %f")[0].params[1] == "H@+"


@pytest.mark.parametrize("mask", [":a b", "::x", ":#a b", "*" * 100, "?" * 200, "a*" * 100])
def test_strange_masks(server: Target, mask: str) -> None:
    with Client(server, "alice") as alice:
        assert alice.run(f"WHO {mask}")[-1].command == "315"


def test_a_search_is_bounded(serve: Serve) -> None:
    """ "Servers MAY filter or limit visible users replies arbitrarily." The answer says so here."""
    settings = Settings()
    address = serve(replace(settings, limits=replace(settings.limits, who=2)))
    with people(address, "a1", "a2", "a3", channel="#lobby") as (client, *_):
        assert [message.command for message in client.run("WHO a*")] == ["352", "352", "NOTICE", "315"]
        assert _nicks(client, "WHO a2") == ["a2"]
        assert len(_nicks(client, "WHO #lobby")) == 3


def _crowd(app: App) -> None:
    """A thousand users without sockets, half of them in #big."""
    for number in range(1000):
        session = Session(Outbox(Dirty()), "127.0.0.1", 0)
        user = User(f"user{number}", "~user", "127.0.0.1", "User", "127.0.0.1", signon=0, active=0)
        app.network.connect(session)
        app.network.register(user, session)
        if number % 2:
            app.network.join(user, "#big", now=0)


@pytest.mark.parametrize(
    ("line", "weight"),
    [("WHO *", 5), ("WHO nobody*", 5), ("WHO nobody", 5), ("WHO #big", 3), ("WHO #none", 1), ("WHO user7", 1)],
)
def test_a_search_costs_weight_by_its_work(running_server: World, line: str, weight: int) -> None:
    def run_line(app: App) -> int:
        _crowd(app)
        asker = app.network.users["user0"].sessions[0]
        ctx = Context(app.network, asker, parse(line), now=app.now(), process=app, journal=app.turn)
        run(ctx)
        return ctx.weight

    assert running_server.call(run_line) == weight


def test_many_searches_are_slowed_down(start_server: StartServer, tmp_path: Path) -> None:
    """Ten searches that count for five each are as slow as fifty commands: (50 - 10) / 50 s."""
    options = replace(quick_options(tmp_path), throttle=Throttle(commands=50.0, burst=10))
    server = start_server(Settings(), options)
    server.call(_crowd)
    with Client(server.address, "alice") as alice:
        alice.sync()
        begin = monotonic()
        alice.run(*["WHO nobody*"] * 10)
        assert monotonic() - begin > 0.5
