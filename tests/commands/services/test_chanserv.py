"""Registered channels: they persist without members, know ranks by account, and survive a restart."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Options
from greenchat.config.settings import AccountSettings, Settings
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

QUICK = Settings(accounts=AccountSettings(iterations=4096, channels=2))


@pytest.fixture
def server(serve: Serve) -> Target:
    return serve(QUICK)


def with_account(client: Client) -> Client:
    """Register an account for the client's nick."""
    client.send("REGISTER * * :sesame open")
    client.expect("900")
    return client


def answer(client: Client, line: str) -> str:
    """Return ChanServ's answers."""
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_an_empty_registered_channel_stays_and_its_founder_gets_the_rank_back(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        with_account(alice)
        alice.join("#dev")
        assert "is now registered to you" in answer(alice, "CS REGISTER #dev")
        alice.run("TOPIC #dev :what lasts", "MODE #dev +mk-t secret", "MODE #dev +b *!*@bad.example", "PART #dev")
        assert bob.commands("JOIN #dev") == ["475"]
        answers = bob.run("JOIN #dev secret")
        assert ("what lasts",) in [message.params[2:] for message in answers if message.command == "332"]
        assert [message.params[-1] for message in answers if message.command == "353"] == ["bob"]
        alice.run("JOIN #dev secret")
        assert bob.expect("JOIN").nick == "alice"
        assert bob.expect("MODE").params == ("#dev", "+q", "alice")
        listed = [message.params for message in alice.run("MODE #dev b") if message.command == "367"]
        assert [params[2] for params in listed] == ["*!*@bad.example"]


def test_who_may_register_a_channel(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.join("#dev")
        assert "not logged in" in answer(alice, "CS REGISTER #dev")
        with_account(alice)
        with_account(bob)
        bob.join("#dev")
        assert "must be an operator" in answer(bob, "CS REGISTER #dev")
        assert "no such channel" in answer(bob, "CS REGISTER #nowhere")
        assert "is now registered to you" in answer(alice, "CS REGISTER #dev")
        assert "is already registered" in answer(alice, "CS REGISTER #dev")
        alice.join("#two")
        assert "is now registered to you" in answer(alice, "CS REGISTER #two")
        alice.join("#three")
        assert "the limit is 2" in answer(alice, "CS REGISTER #three")
        alice.join("#lobby")
        assert "is the lobby" in answer(alice, "CS REGISTER #lobby")


def test_the_lobby_can_be_registered_by_server_operators_only(serve: Serve) -> None:
    """By default the first user of the lobby is its operator, and should not own it permanently."""
    with people(serve(WITH_OPERS), "first", "root", "late", channel="#lobby") as (first, root, late):
        with_account(first)
        assert "only server operators" in answer(first, "CS REGISTER #lobby")
        with_account(become_oper(root))
        root.run("SAMODE #lobby +o root")
        assert "#lobby is now registered to you" in answer(root, "CS REGISTER #lobby")
        for client in first, root, late:
            client.run("PART #lobby")
        late.join("#lobby")
        names = {name for m in root.join("#lobby") if m.command == "353" for name in m.params[-1].split()}
        assert names == {"late", "~root"}


def test_the_access_list_gives_ranks_by_account(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        with_account(alice)
        with_account(bob)
        alice.join("#dev")
        alice.run("CS REGISTER #dev")
        assert "+o in #dev" in answer(alice, "CS AMODE #dev +o bob")
        assert "o  bob" in answer(alice, "CS AMODE #dev")
        bob.join("#dev")
        assert alice.expect("MODE").params == ("#dev", "+o", "bob")
        assert "is not yours" in answer(bob, "CS AMODE #dev +v alice")
        bob.run("MODE #dev -o bob")
        bob.send("CS OP #dev")
        assert bob.expect("MODE").params == ("#dev", "+o", "bob")
        assert "does not have that rank" in answer(alice, "CS AMODE #dev -v bob")
        assert "no such account" in answer(alice, "CS AMODE #dev +o nobody")
        assert "Usage" in answer(alice, "CS AMODE #dev +q bob")
        assert "-o in #dev" in answer(alice, "CS AMODE #dev -o bob")
        assert "no rank" in answer(bob, "CS OP #dev")


def test_transfer_and_unregister_need_a_code(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        with_account(alice)
        with_account(bob)
        alice.join("#dev")
        alice.run("CS REGISTER #dev")
        assert "is not yours" in answer(bob, "CS UNREGISTER #dev")
        code = answer(alice, "CS TRANSFER #dev bob").split()[-1]
        assert "To confirm" in answer(alice, "CS TRANSFER #dev bob 1")
        assert "now belongs to bob" in answer(alice, f"CS TRANSFER #dev bob {code}")
        assert "belongs to bob" in answer(alice, "CS INFO #dev")
        assert "is not yours" in answer(alice, "CS UNREGISTER #dev")
        code = answer(bob, "CS UNREGISTER #dev").split()[-1]
        assert "no longer registered" in answer(bob, f"CS UNREGISTER #dev {code}")
        alice.run("PART #dev")
        assert [message.params[-1] for message in bob.join("#dev") if message.command == "353"] == ["@bob"]


def test_an_account_that_owns_a_channel_cannot_be_dropped(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send("PRIVMSG NickServ :REGISTER open-sesame")
        alice.expect("900")
        alice.join("#dev")
        alice.run("CS REGISTER #dev")
        assert "You own #dev" in answer(alice, "NS DROP alice open-sesame")


def test_a_secret_channel_is_not_revealed(server: Target) -> None:
    with people(server, "alice", "eve") as (alice, eve):
        with_account(alice)
        with_account(eve)
        alice.join("#dev")
        alice.run("CS REGISTER #dev", "MODE #dev +s")
        for command in "INFO #dev", "AMODE #dev", "OP #dev", "UNREGISTER #dev", "REGISTER #dev":
            assert "There is no such" in answer(eve, f"CS {command}")


def test_channels_survive_a_restart_and_a_rename(start_server: StartServer, tmp_path: Path) -> None:
    options: Options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    first = start_server(QUICK, options)
    with people(first.address, "alice", "bob") as (alice, bob):
        with_account(alice)
        with_account(bob)
        alice.join("#dev")
        alice.run("CS REGISTER #dev", "CS AMODE #dev +v bob", "MODE #dev +il 5", "MODE #dev +I *!*@127.0.0.1")
        alice.run("TOPIC #dev :what lasts", "RENAME #dev #work", "MODE #work +e *!*@friend.example")
        alice.quit()
        bob.quit()
    first.stop()
    second = start_server(QUICK, options)
    with Client(second.address) as bob:
        bob.send("CAP REQ :sasl", "NICK bob", "USER bob 0 * :bob", "AUTHENTICATE PLAIN")
        bob.expect("AUTHENTICATE")
        bob.send("AUTHENTICATE AGJvYgBzZXNhbWUgb3Blbg==")
        bob.expect("903")
        bob.send("CAP END")
        bob.expect("376", "422")
        answers = bob.join("#work")
        assert [message.params[-1] for message in answers if message.command == "353"] == ["+bob"]
        assert ("what lasts",) in [message.params[2:] for message in answers if message.command == "332"]
        modes = next(message.params[2:] for message in bob.run("MODE #work") if message.command == "324")
        assert (set(modes[0]), modes[1:]) == (set("+intl"), ("5",))
        assert "no such registered channel" in answer(bob, "CS INFO #dev")


def test_a_successor_gets_the_channel(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        for client in alice, bob, carol:
            with_account(client)
        alice.join("#dev")
        alice.run("CS REGISTER #dev", "CS AMODE #dev +o bob")
        assert "transfer them" in answer(alice, "NS DROP alice sesame open")
        assert "is not yours" in answer(bob, "CS SUCCESSOR #dev bob")
        assert "no such account" in answer(alice, "CS SUCCESSOR #dev nobody")
        assert "is the founder" in answer(alice, "CS SUCCESSOR #dev alice")
        assert "is bob now" in answer(alice, "CS SUCCESSOR #dev bob")
        assert answer(alice, "CS SUCCESSOR #dev") == "The successor in #dev is bob"
        assert "was deleted" in answer(alice, "NS DROP alice sesame open")
        assert "belongs to bob" in answer(carol, "CS INFO #dev")
        assert answer(bob, "CS AMODE #dev").splitlines() == ["q  bob (founder)"]
        assert answer(bob, "CS SUCCESSOR #dev") == "The successor in #dev is nobody"
        bob.run("CS SUCCESSOR #dev carol")
        carol.run("NS DROP carol sesame open")
        assert answer(bob, "CS SUCCESSOR #dev") == "The successor in #dev is nobody"


def test_a_founder_on_the_access_list_still_has_a_successor(server: Target) -> None:
    with people(server, "alice", "bob", "carol") as (alice, bob, carol):
        for client in alice, bob, carol:
            with_account(client)
        alice.join("#dev")
        alice.run("CS REGISTER #dev", "CS AMODE #dev +o alice", "CS SUCCESSOR #dev bob", "NS DROP alice sesame open")
        assert "belongs to bob" in answer(carol, "CS INFO #dev")
        assert answer(bob, "CS AMODE #dev").splitlines() == ["q  bob (founder)"]


def test_an_entry_message_is_sent_on_join(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        with_account(alice)
        alice.join("#dev")
        alice.run("CS REGISTER #dev")
        assert "has no entry message" in answer(alice, "CS ENTRYMSG #dev")
        assert "is set" in answer(alice, "CS ENTRYMSG #dev Welcome! Read the topic")
        assert answer(alice, "CS ENTRYMSG #dev") == "Welcome! Read the topic"
        assert "is not yours" in answer(bob, "CS ENTRYMSG #dev none") or "not logged in" in answer(
            bob, "CS ENTRYMSG #dev x"
        )
        bob.run("CAP REQ message-tags")
        (entry,) = [message for message in bob.run("JOIN #dev") if message.command == "NOTICE"]
        assert (entry.nick, entry.params) == ("ChanServ", ("bob", "[#dev] Welcome! Read the topic"))
        # "a client-only message tag to indicate the channel a private PRIVMSG or NOTICE should be displayed in"
        assert entry.tags["+channel-context"] == "#dev"
        assert "at most 390" in answer(alice, f"CS ENTRYMSG #dev {'x' * 400}")
        assert "is removed" in answer(alice, "CS ENTRYMSG #dev none")
        bob.run("PART #dev")
        assert "NOTICE" not in bob.commands("JOIN #dev")
