"""Messages in a channel reach all other members once and in order."""

from tests.conftest import Target
from tests.irc import Client, people


def test_all_members_but_the_sender_get_a_message(server: Target) -> None:
    with people(server, "alice", "bob", "carol", channel="#lobby") as (alice, bob, carol):
        alice.send("PRIVMSG #lobby :hello, all")
        for other in bob, carol:
            message = other.expect("PRIVMSG")
            assert (message.nick, message.params) == ("alice", ("#lobby", "hello, all"))
        assert alice.sync() == []


def test_messages_keep_their_order(server: Target) -> None:
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        alice.send(*[f"PRIVMSG #lobby :{number}" for number in range(200)])
        got = [bob.expect("PRIVMSG").params[1] for _ in range(200)]
        assert got == [str(number) for number in range(200)]


def test_a_nick_in_use_is_refused(server: Target) -> None:
    with Client(server, "alice"), Client(server) as other:
        other.send("NICK ALICE", "USER x 0 * :x")
        refusal = other.expect("433")
        assert refusal.params[:2] == ("*", "ALICE")


def test_a_quit_is_seen_once_by_each_peer(server: Target) -> None:
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        for client in alice, bob:
            client.join("#other")
        alice.sync()
        alice.send("QUIT :see you")
        assert alice.expect("ERROR").params == ("Quit: see you",)
        quits = [message for message in [bob.expect("QUIT"), *bob.sync()] if message.command == "QUIT"]
        assert [message.params for message in quits] == [("Quit: see you",)]
