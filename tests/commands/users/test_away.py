"""AWAY. https://modern.ircdocs.horse/#away-message"""

from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.conftest import Serve, Target
from tests.irc import Client, people


def test_acknowledged(server: Target) -> None:
    """ "The server acknowledges the change in away status by returning the RPL_NOWAWAY and RPL_UNAWAY numerics." """
    with Client(server, "alice") as alice:
        assert alice.commands("AWAY :lunch", "AWAY :dinner", "AWAY", "AWAY", "AWAY :") == [
            "306",
            "306",
            "305",
            "305",
            "305",
        ]


def test_a_message_that_does_not_fit_is_refused(server: Target) -> None:
    """417: "Indicates a given line does not follow the specified size limits". AWAYLEN counts characters; what takes
    more bytes than a line has is refused, not cut, and the user does not become away."""
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        assert alice.commands("AWAY :" + "\U0001f409" * 120) == ["417"]
        assert bob.run("PRIVMSG alice :hello") == []
        assert alice.commands("AWAY :" + "\U0001f409" * 85)[-1] == "306"
        assert bob.run("PRIVMSG alice :hello")[0].params[-1] == "\U0001f409" * 85


def test_the_sender_of_a_message_is_told(server: Target) -> None:
    """ "RPL_AWAY, with the away message, when a PRIVMSG command is directed at the away user"."""
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.run("AWAY :at lunch")
        (reply,) = bob.run("PRIVMSG ALICE :hello")
        assert (reply.command, reply.params) == ("301", ("bob", "alice", "at lunch"))
        assert bob.run("NOTICE alice :hello", "PRIVMSG #lobby :hello") == []
        alice.run("AWAY")
        assert bob.run("PRIVMSG alice :hello") == []


def test_a_long_message_is_cut_as_announced(server: Target) -> None:
    """AWAYLEN: "it may be silently truncated by the server before being passed on to other clients"."""
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("AWAY :" + "x" * 300)
        assert bob.run("PRIVMSG alice :hello")[0].params[2] == "x" * 200
        assert "AWAYLEN=200" in [token for message in bob.run("VERSION") for token in message.params]


def test_peers_are_told_once_of_each_change(server: Target) -> None:
    """away-notify: "when a user sharing a channel with them sets, changes or removes their away state"."""
    with people(server, "alice", "bob", caps="away-notify", channel="#one") as (alice, bob):
        for client in alice, bob:
            client.join("#two")
        alice.sync()
        cases: list[tuple[str, list[tuple[str, ...]]]] = [
            ("AWAY :lunch", [("lunch",)]),
            ("AWAY :lunch", []),
            ("AWAY :dinner", [("dinner",)]),
            ("AWAY", [()]),
            ("AWAY", []),
        ]
        for line, params in cases:
            assert len(alice.run(line)) == 1
            messages = bob.sync()
            # ":nick!user@host AWAY [:message]"
            assert [message.params for message in messages] == params
            assert all((message.command, message.source) == ("AWAY", "alice!~alice@127.0.0.1") for message in messages)


def test_only_peers_with_the_capability_are_told(server: Target) -> None:
    with (
        people(server, "alice", "bob", channel="#lobby") as (alice, bob),
        Client(server, "stranger", caps="away-notify") as stranger,
    ):
        alice.run("AWAY :lunch")
        assert bob.sync() == []
        assert stranger.sync() == []


def test_the_away_status_is_sent_on_joining(server: Target) -> None:
    """away-notify: "as well as when a user joins and has an away message set"."""
    with people(server, "alice", "bob", caps="away-notify") as (alice, bob):
        bob.join("#lobby")
        alice.run("AWAY :lunch")
        alice.join("#lobby")
        assert [(message.command, message.params) for message in bob.sync()] == [
            ("JOIN", ("#lobby",)),
            ("AWAY", ("lunch",)),
        ]


def test_before_registration(server: Target) -> None:
    """pre-away: "servers MUST accept the AWAY command before connection registration has completed"."""
    with Client(server, "bob") as bob, Client(server) as alice:
        bob.run("MONITOR + alice")
        alice.send("CAP REQ :draft/pre-away", "NICK alice", "USER alice 0 * :Alice", "AWAY :not here")
        assert alice.expect("306").params[0] == "alice"
        alice.send("CAP END")
        alice.until("376", "422")
        # "does not inhibit reporting of the change in nickname status, e.g. via monitor"
        assert bob.expect("730").params[1] == "alice!~alice@127.0.0.1"
        assert bob.run("PRIVMSG alice :hello")[0].params == ("bob", "alice", "not here")


def test_returning_before_registration(server: Target) -> None:
    """ "Similarly, AWAY with no parameters indicates that the user is present." """
    with Client(server, "bob") as bob, Client(server) as alice:
        alice.send("CAP REQ :draft/pre-away", "AWAY *", "AWAY", "NICK alice", "USER alice 0 * :Alice", "CAP END")
        assert [message.command for message in alice.until("422", "376") if message.command in ("305", "306")] == [
            "306",
            "305",
        ]
        assert bob.run("PRIVMSG alice :hello") == []


def test_absent(server: Target) -> None:
    """ "Clients MAY also send `AWAY *` post-registration to indicate that the user is no longer present"."""
    with people(server, "alice", "bob", caps="away-notify draft/pre-away", channel="#lobby") as (alice, bob):
        assert alice.commands("AWAY *") == ["306"]
        assert bob.expect("AWAY").params == ("*",)


def test_without_pre_away_it_is_refused_before_registration(server: Target) -> None:
    with Client(server) as alice:
        alice.send("NICK alice", "AWAY :lunch", "PING x")
        assert alice.until("PONG")[0].command == "451"


PRE_AWAY = "sasl draft/pre-away"


def _watched(serve: Serve) -> Target:
    address = serve(Settings(accounts=AccountSettings(iterations=4096)))
    make_account(address, "alice")
    return address


def test_an_absent_connection_does_not_make_a_present_user_away(serve: Serve) -> None:
    """ "an away message of `*` should be treated as though the connection did not exist at all"."""
    address = _watched(serve)
    with Client(address, "bob", caps="away-notify") as bob, device(address, "alice") as laptop:
        bob.join("#lobby")
        laptop.join("#lobby")
        bob.sync()
        with device(address, "alice", "AWAY *", caps=PRE_AWAY) as phone:
            phone.until("366")
            assert bob.sync() == []
            laptop.send("QUIT")
            laptop.until_end()
            assert bob.expect("AWAY").params == ("*",)
            assert bob.run("PRIVMSG alice :hello")[0].params == ("bob", "alice", "*")
            with device(address, "alice") as laptop_again:
                laptop_again.until("366")
                assert [message.params for message in bob.sync()] == [()]


def test_an_away_message_stays_when_connections_come_and_go(serve: Serve) -> None:
    """ "it should not supersede a human-readable AWAY message set by another connection, even if it is more recent"."""
    address = _watched(serve)
    with Client(address, "bob") as bob, device(address, "alice") as laptop:
        laptop.run("AWAY :at lunch")
        with device(address, "alice", "AWAY *", caps=PRE_AWAY) as phone:
            # a connection that registers while its user is away is told so, as it is after its own "AWAY *"
            assert [message.command for message in phone.sync()].count("306") == 2
            phone.run("AWAY *")
            assert bob.run("PRIVMSG alice :hello")[0].params[2] == "at lunch"
            phone.send("QUIT")
            phone.until_end()
        assert bob.run("PRIVMSG alice :hello")[0].params[2] == "at lunch"
        with device(address, "alice", "AWAY :on the road", caps=PRE_AWAY) as phone:
            phone.sync()
            assert bob.run("PRIVMSG alice :hello")[0].params[2] == "on the road"


def test_other_connections_of_the_user_are_told(serve: Serve) -> None:
    address = _watched(serve)
    with device(address, "alice") as laptop, device(address, "alice", caps="sasl away-notify") as phone:
        for client in laptop, phone:
            client.sync()
        assert [message.command for message in laptop.run("AWAY :lunch")] == ["306"]
        assert phone.sync() == []  # another connection is present
        assert [message.command for message in phone.run("AWAY :out")] == ["306"]
        assert [message.command for message in phone.run("AWAY")] == ["305"]
        laptop.run("AWAY :lunch")
        assert [message.command for message in phone.run("AWAY *")] == ["306"]  # as though it did not exist
        laptop.run("AWAY")
        assert [(message.command, message.params) for message in phone.sync()] == [("AWAY", ())]


def test_a_user_is_away_only_if_all_connections_are(serve: Serve) -> None:
    address = serve(Settings(accounts=AccountSettings(iterations=4096)))
    make_account(address, "alice")
    with Client(address, "bob") as bob, device(address, "alice") as laptop, device(address, "alice") as phone:
        for client in laptop, phone:
            client.sync()

        def away() -> list[str]:
            return [message.params[-1] for message in bob.run("WHOIS alice") if message.command == "301"]

        laptop.run("AWAY :lunch")
        assert away() == []
        phone.run("AWAY :asleep")
        assert away() == ["asleep"]
        phone.send("QUIT")
        phone.until_end()
        assert away() == ["lunch"]
        with device(address, "alice") as tablet:
            tablet.sync()
            assert away() == []
        laptop.sync()
