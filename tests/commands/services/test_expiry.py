"""Unused accounts and absent always-on users expire on the day that INFO tells."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.times import in_words
from greenchat.server.app import App
from tests.commands.conftest import StartWorld
from tests.commands.devices import device, make_account
from tests.commands.state_changes import advance_clock
from tests.conftest import quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_DAY = 86_400_000  # ms


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    accounts = AccountSettings(iterations=4096, expire_days=30, always_on_days=10, always_on="opt-in")
    return start_world(replace(WITH_OPERS, accounts=accounts), quick_options(tmp_path))


def pass_days(server: World, days: float) -> None:
    advance_clock(server, int(days * _DAY))
    server.call(lambda app: app.upkeep.sweeper.look_at_accounts())


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def names(server: World) -> list[str]:
    return server.call(lambda app: [account.name for account in app.network.accounts])


def test_an_account_expires_and_frees_its_name(server: World) -> None:
    make_account(server.address, "alice")
    used = server.call(lambda app: app.network.accounts.get("alice"))
    assert used
    with Client(server.address, "root") as root:
        become_oper(root)
        assert f"Expires {in_words(used.used + 30 * _DAY)} unless" in notices(root, "NS INFO alice")
        pass_days(server, 29.9)
        assert names(server) == ["alice"]
        pass_days(server, 0.2)
        assert names(server) == []
        root.run("NS SAREGISTER alice sesame1234")
        assert names(server) == ["alice"]


def test_a_login_or_a_connection_postpones_the_expiry(server: World) -> None:
    make_account(server.address, "alice")
    pass_days(server, 20)
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        pass_days(server, 40)
        assert names(server) == ["alice"]
        assert "Expires" in notices(alice, "NS INFO")
        alice.send("QUIT")
        alice.until_end()
    pass_days(server, 28)
    assert names(server) == ["alice"]
    pass_days(server, 3)
    assert names(server) == []


def test_channels_of_an_expired_account_go_to_the_successor(server: World) -> None:
    make_account(server.address, "alice")
    make_account(server.address, "bob")
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("JOIN #a", "CS REGISTER #a", "CS SUCCESSOR #a bob", "JOIN #b", "CS REGISTER #b")
        alice.send("QUIT")
        alice.until_end()
    with device(server.address, "bob") as bob:
        bob.until("376", "422")
        pass_days(server, 31)
        assert names(server) == ["bob"]
        assert "belongs to bob" in notices(bob, "CS INFO #a")
        assert "no such registered channel" in notices(bob, "CS INFO #b")


def test_using_a_token_postpones_the_expiry(server: World) -> None:
    make_account(server.address, "alice")
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("NS TOKEN CREATE BOT read,say")
        assert "Expires" not in notices(alice, "NS INFO")
    pass_days(server, 365)
    assert names(server) == ["alice"]


def test_a_token_postpones_the_expiry_until_its_own(server: World) -> None:
    make_account(server.address, "alice")
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("NS TOKEN CREATE BOT read,say 90d")
        (token,) = server.call(lambda app: list(app.network.tokens))
        assert f"Expires {in_words(token.expires + 30 * _DAY)}" in notices(alice, "NS INFO")
    pass_days(server, 119)
    assert names(server) == ["alice"]
    pass_days(server, 2)
    assert names(server) == []


def test_an_account_of_an_older_version_is_counted_from_now(server: World) -> None:
    make_account(server.address, "alice")

    def age(app: App) -> None:
        account = app.network.accounts.get("alice")
        assert account
        app.network.accounts.put(replace(account, used=0, created=1))

    server.call(age)
    pass_days(server, 0)
    assert names(server) == ["alice"]
    pass_days(server, 29)
    assert names(server) == ["alice"]
    pass_days(server, 2)
    assert names(server) == []


def test_an_absent_always_on_user_expires(server: World) -> None:
    make_account(server.address, "alice")
    with Client(server.address, "bob") as bob:
        bob.join("#a")
        with device(server.address, "alice") as alice:
            alice.until("376", "422")
            alice.run("NS SET ALWAYS-ON on", "JOIN #a")
            alice.send("QUIT")
            alice.until_end()
        user = server.call(lambda app: app.network.user("alice"))
        assert user
        become_oper(bob)
        until = in_words(user.left + 10 * _DAY)
        assert f"alice stays online without a connection until {until}" in notices(bob, "NS INFO alice")
        pass_days(server, 9.9)
        assert server.call(lambda app: app.network.user("alice")) is not None
        pass_days(server, 0.2)
        assert bob.expect("QUIT").params == ("Not connected for 10 days",)
        assert names(server) == ["alice"]


def test_a_wrong_clock_expires_nothing(start_world: StartWorld, tmp_path: Path) -> None:
    """A start long after the newest message: for a day nothing expires by that date."""
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    settings = Settings(accounts=AccountSettings(iterations=4096, expire_days=30))
    first = start_world(settings, options)
    make_account(first.address, "alice")
    with Client(first.address, "bob") as bob:
        bob.join("#a")
        bob.run("PRIVMSG #a :hello")
    first.stop()
    second = start_world(settings, options)
    advance_clock(second, 365 * _DAY)
    second.call(lambda app: app.upkeep.sweeper.look_at_accounts())
    assert names(second) == ["alice"]
