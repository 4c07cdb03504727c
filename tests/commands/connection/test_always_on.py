"""Always-on users: they stay in their channels without a connection and across restarts, and are sent what they
missed.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.commands.devices import device, log_in, make_account
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people

ACCOUNTS = AccountSettings(iterations=4096)


@pytest.fixture
def server(serve: Serve) -> Target:
    return serve(Settings(accounts=ACCOUNTS))


def connect(address: Target, nick: str, *lines: str, caps: str = "sasl") -> Client:
    """Connect a user with an account, up to the end of the welcome."""
    client = device(address, nick, caps=caps)
    client.until("376", "422")
    client.run(*lines)
    return client


def disconnect(client: Client) -> None:
    """Disconnect, and wait until the server has noticed."""
    client.send("QUIT")
    client.until_end()
    client.close()


def presence_of(app: App, account: str) -> object:
    """Return the stored presence of an always-on user."""
    return app.store.document("presence", app.network.accounts.id_of(account))


def texts(messages: list[Message]) -> list[str]:
    return [message.params[1] for message in messages if message.command == "PRIVMSG"]


def test_an_always_on_user_stays_and_is_sent_what_was_missed(server: Target) -> None:
    make_account(server, "alice")
    with people(server, "bob", channel="#lobby", caps="away-notify") as (bob,):
        alice = connect(server, "alice", "JOIN #lobby", "NS SET ALWAYS-ON on", "PRIVMSG #lobby :before")
        bob.expect("PRIVMSG")
        disconnect(alice)
        assert bob.expect("AWAY", "QUIT").command == "AWAY"
        names = next(message.params[-1] for message in bob.run("NAMES #lobby") if message.command == "353")
        assert "alice" in names
        bob.run("PRIVMSG #lobby :while you were away", "PRIVMSG alice :and this is for you")
        back = device(server, "alice")
        assert texts(back.sync()) == ["while you were away", "and this is for you"]
        assert bob.expect("AWAY").params == ()
        back.send("PRIVMSG #lobby :I am back")
        assert bob.expect("PRIVMSG").params[1] == "I am back"
        disconnect(back)


def test_a_user_without_always_on_leaves(server: Target) -> None:
    make_account(server, "alice")
    with people(server, "bob", channel="#lobby") as (bob,):
        disconnect(connect(server, "alice", "JOIN #lobby"))
        assert bob.expect("QUIT").nick == "alice"
        disconnect(connect(server, "alice", "NS SET ALWAYS-ON on", "JOIN #lobby", "NS SET ALWAYS-ON off"))
        assert bob.expect("QUIT").nick == "alice"


@pytest.mark.parametrize(
    ("rule", "wish", "stays"),
    [
        ("disabled", "on", False),
        ("opt-in", "default", False),
        ("opt-out", "default", True),
        ("opt-out", "off", False),
        ("mandatory", "off", True),
    ],
)
def test_the_server_may_allow_or_enforce_always_on(serve: Serve, rule: str, wish: str, stays: bool) -> None:
    address = serve(Settings(accounts=replace(ACCOUNTS, always_on=rule)))
    make_account(address, "alice")
    with Client(address, "bob") as bob:
        disconnect(connect(address, "alice", f"NS SET ALWAYS-ON {wish}"))
        assert ("311" in bob.commands("WHOIS alice")) == stays


def test_an_always_on_user_is_back_after_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    first = start_server(Settings(accounts=ACCOUNTS), options)
    make_account(first.address, "alice")
    with Client(first.address, "bob") as bob:
        bob.join("#lobby")
        bob.join("#other")
        alice = connect(
            first.address, "alice", "JOIN #dev,#lobby,#other", "NS SET ALWAYS-ON on", "NICK alice_", "PART #other"
        )
        disconnect(alice)
        bob.run("PRIVMSG #lobby :the last words")
    first.stop()
    second = start_server(Settings(accounts=ACCOUNTS), options)
    with Client(second.address, "bob") as bob:
        names = {
            channel: [message.params[-1] for message in bob.join(channel) if message.command == "353"]
            for channel in ("#dev", "#lobby", "#other")
        }
        assert names == {"#dev": ["@alice_ bob"], "#lobby": ["alice_ bob"], "#other": ["@bob"]}


def test_an_always_on_user_is_back_after_a_kill(start_server: StartServer, tmp_path: Path) -> None:
    """Presences are stored as they change, not when the server stops."""
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    running = start_server(Settings(accounts=ACCOUNTS), options)
    make_account(running.address, "alice")
    alice = connect(running.address, "alice", "NS SET ALWAYS-ON on", "JOIN #a,#b", "PART #a")
    stored = running.call(lambda app: presence_of(app, "alice"))
    assert isinstance(stored, dict)
    assert [channel[:2] for channel in stored["channels"]] == [["#b", "o"]]
    alice.run("NS SET ALWAYS-ON off")
    assert running.call(lambda app: presence_of(app, "alice")) is None
    disconnect(alice)


def test_an_always_on_user_gets_the_nick_back(server: Target) -> None:
    make_account(server, "alice")
    with Client(server, "bob") as bob:
        bob.run("NS REGAIN alice", "NS GHOST alice")
        alice = connect(server, "alice", "NS SET ENFORCE off", "NICK other")
        bob.run("NICK alice")
        alice.send("NS GHOST nobody")
        assert alice.expect("NOTICE").params[-1].startswith("That nick")
        alice.send("NS REGAIN alice")
        assert alice.expect("NICK").params == ("alice",)
        assert "regained" in bob.until_end()[-1].params[0]
        disconnect(alice)


def test_the_nick_may_have_to_be_that_of_the_account(serve: Serve) -> None:
    address = serve(Settings(accounts=replace(ACCOUNTS, force_nick=True)))
    make_account(address, "alice")
    client = Client(address)
    client.send("CAP REQ :sasl", "NICK whatever", "USER a 0 * :a", "AUTHENTICATE PLAIN")
    client.expect("AUTHENTICATE")
    client.send("AUTHENTICATE AGFsaWNlAHNlc2FtZSBvcGVu")
    client.expect("903")
    client.send("CAP END")
    assert client.expect("001").params[0] == "alice"
    client.sync()
    assert client.commands("NICK other") == ["447"]
    disconnect(client)


def test_a_second_device_under_another_nick_leaves_with_its_connection(
    start_server: StartServer, tmp_path: Path
) -> None:
    """The second device quits with its connection; the stored presence is that of the user who stays."""
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    running = start_server(Settings(accounts=ACCOUNTS), options)
    make_account(running.address, "alice")
    alice = connect(running.address, "alice", "NS SET ALWAYS-ON on", "JOIN #a")
    with Client(running.address, "alice_") as phone, Client(running.address, "bob") as bob:
        log_in(phone, "alice")
        phone.expect("903")
        for client in phone, bob:
            client.join("#b")
        disconnect(phone)
        assert bob.expect("QUIT").nick == "alice_"
    stored = running.call(lambda app: presence_of(app, "alice"))
    assert isinstance(stored, dict)
    assert (stored["nick"], [channel[0] for channel in stored["channels"]]) == ("alice", ["#a"])
    disconnect(alice)
    assert running.call(lambda app: list(app.network.users)) == ["alice"]


def test_only_one_user_of_an_account_stays_where_another_has_the_nick(serve: Serve) -> None:
    address = serve(Settings(accounts=replace(ACCOUNTS, reserve_nicks=False)))
    make_account(address, "alice")
    with people(address, "alice", "bob", channel="#a", caps="away-notify") as (_, bob):
        laptop, phone = (Client(address, nick) for nick in ("laptop", "phone"))
        for client in laptop, phone:
            log_in(client, "alice")
            client.expect("903")
            client.run("NS SET ALWAYS-ON on", "JOIN #a")
        disconnect(phone)
        assert bob.expect("AWAY", "QUIT").command == "QUIT"
        disconnect(laptop)
        assert bob.expect("AWAY", "QUIT").command == "AWAY"


@pytest.mark.parametrize(
    ("at_a_connection", "order"), [(True, "NS REGAIN"), (False, "NS REGAIN"), (False, "NICK alice")]
)
def test_regaining_the_nick_of_an_always_on_user_merges_the_two(
    server: Target, at_a_connection: bool, order: str
) -> None:
    """For clients that can log in only after registration."""
    make_account(server, "alice")
    with people(server, "bob", channel="#a") as (bob,):
        alice = connect(server, "alice", "NS SET ALWAYS-ON on", "JOIN #a")
        bob.expect("JOIN")
        if not at_a_connection:
            disconnect(alice)
            bob.run("PRIVMSG #a :missed", "PRIVMSG alice :this too")
        phone = Client(server, "alice_", caps="sasl")
        phone.join("#a")
        phone.run("JOIN #b", "MONITOR + carol")
        log_in(phone, "alice")
        phone.expect("903")
        if at_a_connection:
            assert "433" in phone.commands("NICK alice")  # the nick is in use
        answers = phone.run(order)
        changes = [(m.command, str(m.nick), m.params[0]) for m in answers if m.command in ("PART", "NICK", "JOIN")]
        assert changes == [
            ("PART", "alice_", "#a"),
            ("PART", "alice_", "#b"),
            ("NICK", "alice_", "alice"),
            ("JOIN", "alice", "#a"),
            ("JOIN", "alice", "#b"),
        ]
        assert texts(answers) == ([] if at_a_connection else ["missed", "this too"])
        assert bob.expect("QUIT").nick == "alice_"
        names = next(message.params[-1] for message in bob.run("NAMES #a") if message.command == "353")
        assert sorted(names.split()) == ["@bob", "alice"]
        phone.run("PRIVMSG #a :from the phone")
        assert bob.expect("PRIVMSG").nick == "alice"
        with Client(server, "carol"):
            assert phone.expect("730").params[1].startswith("carol!")  # the connection keeps its MONITOR list
        if at_a_connection:
            assert "from the phone" in texts(alice.sync())
            disconnect(alice)
        disconnect(phone)
        assert "alice" in str(bob.run("NAMES #a"))


def test_merging_keeps_the_rank(server: Target) -> None:
    """Otherwise a channel that the user just created would have no operator."""
    make_account(server, "alice")
    alice = connect(server, "alice")
    with people(server, "alice_", "bob", channel="#new") as (phone, bob):
        log_in(phone, "alice")
        phone.expect("903")
        phone.run("NS REGAIN")
        assert bob.expect("QUIT").nick == "alice_"
        assert bob.expect("JOIN").nick == "alice"
        assert bob.expect("MODE").params == ("#new", "+o", "alice")
        assert phone.commands("TOPIC #new :still mine", "MODE #new +m") == ["TOPIC", "MODE"]
    disconnect(alice)


def test_ghost_ends_an_always_on_user(server: Target) -> None:
    """GHOST, also where its user would stay."""
    make_account(server, "alice")
    alice = connect(server, "alice", "NS SET ALWAYS-ON on", "JOIN #a")
    with people(server, "bob", channel="#a") as (bob,), Client(server, "alice_") as phone:
        log_in(phone, "alice")
        phone.expect("903")
        phone.run("NS GHOST alice")
        assert "regained" in alice.until_end()[-1].params[0]
        assert bob.expect("QUIT").nick == "alice"
        assert phone.commands("NICK alice") == ["NICK"]
        assert "alice" not in str([message for message in bob.run("NAMES #a") if message.command == "353"])
