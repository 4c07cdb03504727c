"""An account is more than its name: a user who registers the name of a former account inherits nothing of it.

A dropped name stays reserved until an operator frees it (NickServ ERASE); these tests free the name, and check every
place that stores something about an account.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.protocol.message import Message
from tests.commands.conftest import StartWorld
from tests.commands.devices import device, log_in, make_account
from tests.conftest import quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

CAPS = (
    "sasl message-tags server-time batch draft/chathistory draft/message-redaction draft/read-marker draft/metadata-2"
    " draft/event-playback"
)
EVER = "timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 50"


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    return start_world(WITH_OPERS, quick_options(tmp_path))


@pytest.fixture
def root(server: World) -> Iterator[Client]:
    with Client(server.address, "root") as client:
        yield become_oper(client)


def connect_owner(server: World, nick: str) -> Client:
    """Connect a user with an account named like the nick."""
    make_account(server.address, nick)
    return connect_again(server, nick)


def connect_again(server: World, nick: str) -> Client:
    """Add one more connection of the same account."""
    client = device(server.address, nick, caps=CAPS)
    client.until("376", "422")
    client.sync()
    return client


def drop_account(client: Client, nick: str) -> None:
    """Drop the account and disconnect. The password has a space, so the account's name stands before it."""
    client.send(f"PRIVMSG NickServ :DROP {nick} sesame open")
    client.expect("901")
    client.send("QUIT")
    client.until_end()


def stranger(server: World, root: Client, nick: str) -> Client:
    """Connect another user, who registers the name once it is free."""
    root.run(f"NS ERASE {nick}")
    return connect_owner(server, nick)


def replayed(messages: list[Message]) -> list[str]:
    """Return the texts of messages in a history batch."""
    return [m.params[1] for m in messages if m.command == "PRIVMSG" and "batch" in m.tags]


def targets(client: Client) -> list[str]:
    return [m.params[1] for m in client.run(f"CHATHISTORY TARGETS {EVER}") if m.command == "CHATHISTORY"]


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def test_a_dropped_name_stays_reserved_until_it_is_freed(server: World, root: Client) -> None:
    with connect_owner(server, "ben") as ben:
        drop_account(ben, "ben")
    with Client(server.address, "eve") as eve:
        for name in "ben", "BEN":
            (fail,) = eve.run(f"REGISTER {name} * :sesame open")
            assert fail.params[:2] == ("REGISTER", "ACCOUNT_EXISTS")
        assert "only an operator can release it" in notices(root, "NS SAREGISTER ben sesame-open")
        assert "Unknown command" in notices(eve, "NS ERASE ben")
        assert "can be registered again" in notices(root, "NS ERASE BEN")
        assert eve.run("REGISTER ben * :sesame open")[0].params[0] == "SUCCESS"


def test_private_conversations_are_not_inherited(server: World, root: Client) -> None:
    with connect_owner(server, "ann") as ann, connect_owner(server, "ben") as ben:
        ann.run("PRIVMSG ben :for the first ben only", "METADATA * SET url :x")
        ben.run("PRIVMSG ann :from the first", "MARKREAD ann timestamp=2024-01-01T00:00:00.000Z")
        ben.run("METADATA * SET url :https://example.org/ben", "ACCEPT ann")
        drop_account(ben, "ben")
        with stranger(server, root, "ben") as ben:
            assert replayed(ben.run("CHATHISTORY LATEST ann * 10")) == []
            assert replayed(ben.run("SEARCH text=first")) == []
            assert targets(ben) == []
            assert ben.run("MARKREAD ann")[0].params[1] == "*"
            assert not any("https://example.org/ben" in m.params for m in ben.run("METADATA * LIST"))
            assert ben.commands("ACCEPT *") == ["282"]
            ann.run("PRIVMSG ben :for the second")
            assert replayed(ben.run("CHATHISTORY LATEST ann * 10")) == ["for the second"]
            # ann has both conversations, under names that CHATHISTORY accepts
            old, new = targets(ann)
            assert new == "ben"
            assert replayed(ann.run("CHATHISTORY LATEST ben * 10")) == ["for the second"]
            assert replayed(ann.run(f"CHATHISTORY LATEST {old} * 10")) == ["for the first ben only", "from the first"]
            assert replayed(ann.run(f"SEARCH in={old};text=first")) == ["for the first ben only", "from the first"]
            assert ann.run(f"MARKREAD {old} timestamp=2024-01-01T00:00:00.000Z")[0].params[0] == old


@pytest.mark.parametrize("listed", [True, False])
def test_accept_lists_are_not_inherited(server: World, root: Client, listed: bool) -> None:
    with connect_owner(server, "ann") as ann, connect_owner(server, "ben") as ben:
        ann.run("MODE ann +g", *["ACCEPT ben"] * listed)
        assert ("716" in ben.commands("PRIVMSG ann :hello")) is not listed
        drop_account(ben, "ben")
        with stranger(server, root, "ben") as ben:
            assert "716" in ben.commands("PRIVMSG ann :hello")


def test_ranks_are_not_inherited(server: World, root: Client) -> None:
    with connect_owner(server, "own") as own, connect_owner(server, "ben") as ben:
        own.run("JOIN #club", "CS REGISTER #club", "CS AMODE #club +o ben")
        assert "MODE" in ben.commands("JOIN #club")
        drop_account(ben, "ben")
        with stranger(server, root, "ben") as ben:
            assert "MODE" not in ben.commands("JOIN #club")
            assert "no rank" in notices(ben, "CS OP #club")
        assert "ben" not in notices(own, "CS AMODE #club")


@pytest.mark.parametrize("mask", ["a:ben", "a:BEN", "~a:own", "m:a:ben"])
def test_masks_of_accounts_are_not_inherited(server: World, root: Client, mask: str) -> None:
    """A mask with an account's name matches that account only. `~a:own` matches all others, including a later account
    of the name `own`.
    """
    subject = "own" if "own" in mask else "ben"
    with Client(server.address, "alice") as alice, connect_owner(server, subject) as first:
        alice.run("JOIN #a", f"MODE #a +b {mask}")
        before = first.commands("JOIN #a", "PRIVMSG #a :x")
        drop_account(first, subject)
        with stranger(server, root, subject) as second:
            after = second.commands("JOIN #a", "PRIVMSG #a :x")
            meant = {"474", "404"}
            assert bool(meant & set(before)) is (subject == "ben")
            assert bool(meant & set(after)) is (subject == "own")


@pytest.mark.parametrize(("modes", "mask"), [("+iI", "a:ben"), ("+bbe", "*!*@* x a:ben")])
def test_exceptions_are_not_inherited(server: World, root: Client, modes: str, mask: str) -> None:
    with Client(server.address, "alice") as alice, connect_owner(server, "ben") as ben:
        alice.run("JOIN #a", f"MODE #a {modes} {mask}")
        assert "366" in ben.commands("JOIN #a")
        drop_account(ben, "ben")
        with stranger(server, root, "ben") as ben:
            assert "366" not in ben.commands("JOIN #a")
            # the new account can be added to the list beside the entry of the old one
            assert "MODE" in alice.commands(f"MODE #a +{modes[-1]} a:ben")
            assert "366" in ben.commands("JOIN #a")


def test_a_mask_of_a_missing_account_matches_no_later_account(server: World) -> None:
    """An exception that was set before the account existed is not for the first user who registers the name."""
    with Client(server.address, "alice") as alice:
        alice.run("JOIN #a", "MODE #a +iI a:ben")
        with connect_owner(server, "ben") as ben:
            assert "473" in ben.commands("JOIN #a")


def test_erasing_a_founder_on_the_access_list_ends_the_registration(server: World, root: Client) -> None:
    with connect_owner(server, "ben") as ben:
        ben.run("JOIN #b", "CS REGISTER #b", "CS AMODE #b +o ben")
        code = notices(root, "NS ERASE ben").split()[-1]
        root.run(f"NS ERASE ben {code}")
    assert "no such registered channel" in notices(root, "CS INFO #b")


def test_server_bans_are_not_inherited(server: World, root: Client) -> None:
    with connect_owner(server, "ben"):
        root.run("UBAN ADD ben 0 enough")
    code = notices(root, "NS ERASE ben").split()[-1]
    assert "can be registered again" in notices(root, f"NS ERASE ben {code}")
    with connect_owner(server, "ben") as ben:
        assert ben.commands("PING x") == ["PONG"]
    for line in "UBAN ADD nobody", "UBAN ADD a:nobody":
        assert "There is no account nobody" in root.run(line)[0].params[-1]


def test_messages_are_not_inherited(server: World, root: Client) -> None:
    with connect_owner(server, "ann") as ann, connect_owner(server, "ben") as ben:
        ann.join("#a")
        ben.join("#a")
        ben.run("PRIVMSG #a :the first one's words")
        msgid = ann.expect("PRIVMSG").tags["msgid"]
        drop_account(ben, "ben")
        with stranger(server, root, "ben") as ben:
            ben.join("#a")
            fail = next(m for m in ben.run(f"REDACT #a {msgid}") if m.command == "FAIL")
            assert fail.params[1] == "REDACT_FORBIDDEN"


def test_an_always_on_user_of_a_dropped_account_leaves(server: World, root: Client) -> None:
    """The account is dropped at one connection while its always-on user stays, without a connection, under another
    nick.
    """
    with connect_owner(server, "ben") as ben, Client(server.address, "alice", caps="away-notify") as alice:
        alice.join("#a")
        ben.run("NS SET ALWAYS-ON on", "JOIN #a")
        ben.send("QUIT")
        ben.until_end()
        alice.expect("AWAY")
        with Client(server.address, "other") as other:
            other.send("NS IDENTIFY ben sesame open")
            other.expect("900")
            drop_account(other, "ben")
        assert alice.expect("QUIT").nick == "ben"
        with stranger(server, root, "ben") as ben:
            assert ben.commands("NAMES #a").count("353") == 1
            assert not any("ben" in m.params[-1] for m in ben.run("NAMES #a") if m.command == "353")


def test_unregistered_connections_are_logged_out(server: World) -> None:
    with connect_owner(server, "ben") as ben, Client(server.address) as waiting:
        waiting.send("CAP LS 302", "NICK x", "USER x 0 * :x")
        log_in(waiting, "ben")
        waiting.expect("903")
        drop_account(ben, "ben")
        waiting.expect("901")
        waiting.send("CAP END")
        waiting.until("376", "422")
        assert not any(m.command == "330" for m in waiting.run("WHOIS x"))


def test_an_account_that_owns_channels_is_erased_with_them(server: World, root: Client) -> None:
    with connect_owner(server, "own") as own:
        own.run("JOIN #club", "CS REGISTER #club")
    answer = notices(root, "NS ERASE own")
    assert "and release #club" in answer
    root.run(answer.split("/msg NickServ ")[-1].join(["NS ", ""]))
    assert server.call(lambda app: [c.name for c in app.network.channels.values() if c.registration]) == []
    assert server.call(lambda app: app.store.documents("channel")) == {}
