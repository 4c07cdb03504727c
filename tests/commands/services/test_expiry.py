"""Accounts that nobody uses, and always-on users who do not come back, end on the day that INFO tells."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.times import in_words
from greenchat.server.app import App
from tests.commands.devices import device, make_account
from tests.commands.inside import let_pass
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.staff import STAFFED, become

_DAY = 86_400_000  # ms


@pytest.fixture
def house(start_server: StartServer, tmp_path: Path) -> ServerThread:
    accounts = AccountSettings(iterations=4096, expire_days=30, always_on_days=10, always_on="opt-in")
    return start_server(replace(STAFFED, accounts=accounts), quick_options(tmp_path))


def pass_days(house: ServerThread, days: float) -> None:
    let_pass(house, int(days * _DAY))
    house.call(lambda app: app.sweeper.look_at_accounts())


def said(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def names(house: ServerThread) -> list[str]:
    return house.call(lambda app: [account.name for account in app.network.accounts])


def test_an_account_expires_and_its_name_is_free(house: ServerThread) -> None:
    make_account(house.address, "alice")
    used = house.call(lambda app: app.network.accounts.get("alice"))
    assert used
    with Client(house.address, "root") as root:
        become(root)
        assert f"Expires {in_words(used.used + 30 * _DAY)}, unless" in said(root, "NS INFO alice")
        pass_days(house, 29.9)
        assert names(house) == ["alice"]
        pass_days(house, 0.2)
        assert names(house) == []
        root.run("NS SAREGISTER alice sesame1234")
        assert names(house) == ["alice"]


def test_a_login_counts_and_so_does_who_stays_connected(house: ServerThread) -> None:
    make_account(house.address, "alice")
    pass_days(house, 20)
    with device(house.address, "alice") as alice:
        alice.until("376", "422")
        pass_days(house, 40)
        assert names(house) == ["alice"]
        assert "Expires" in said(alice, "NS INFO")
        alice.send("QUIT")
        alice.until_end()
    pass_days(house, 28)
    assert names(house) == ["alice"]
    pass_days(house, 3)
    assert names(house) == []


def test_channels_go_to_the_successor(house: ServerThread) -> None:
    make_account(house.address, "alice")
    make_account(house.address, "bob")
    with device(house.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("JOIN #a", "CS REGISTER #a", "CS SUCCESSOR #a bob", "JOIN #b", "CS REGISTER #b")
        alice.send("QUIT")
        alice.until_end()
    with device(house.address, "bob") as bob:
        bob.until("376", "422")
        pass_days(house, 31)
        assert names(house) == ["bob"]
        assert "belongs to bob" in said(bob, "CS INFO #a")
        assert "no such registered channel" in said(bob, "CS INFO #b")


def test_tokens_for_programs_are_use(house: ServerThread) -> None:
    make_account(house.address, "alice")
    with device(house.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("NS TOKEN CREATE BOT read,say")
        assert "Expires" not in said(alice, "NS INFO")
    pass_days(house, 365)
    assert names(house) == ["alice"]


def test_an_account_of_an_older_version_begins_its_days_now(house: ServerThread) -> None:
    make_account(house.address, "alice")

    def age(app: App) -> None:
        account = app.network.accounts.get("alice")
        assert account
        app.network.accounts.put(replace(account, used=0, created=1))

    house.call(age)
    pass_days(house, 0)
    assert names(house) == ["alice"]
    pass_days(house, 29)
    assert names(house) == ["alice"]
    pass_days(house, 2)
    assert names(house) == []


def test_an_always_on_user_leaves(house: ServerThread) -> None:
    make_account(house.address, "alice")
    with Client(house.address, "bob") as bob:
        bob.join("#a")
        with device(house.address, "alice") as alice:
            alice.until("376", "422")
            alice.run("NS SET ALWAYS-ON on", "JOIN #a")
            alice.send("QUIT")
            alice.until_end()
        user = house.call(lambda app: app.network.user("alice"))
        assert user
        become(bob)
        until = in_words(user.left + 10 * _DAY)
        assert f"alice stays online without a connection until {until}" in said(bob, "NS INFO alice")
        pass_days(house, 9.9)
        assert house.call(lambda app: app.network.user("alice")) is not None
        pass_days(house, 0.2)
        assert bob.expect("QUIT").params == ("Not connected for 10 days",)
        assert names(house) == ["alice"]


def test_a_wrong_clock_deletes_nothing(start_server: StartServer, tmp_path: Path) -> None:
    """A start long after the newest message: for a day nothing is deleted by that date."""
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    settings = Settings(accounts=AccountSettings(iterations=4096, expire_days=30))
    first = start_server(settings, options)
    make_account(first.address, "alice")
    with Client(first.address, "bob") as bob:
        bob.join("#a")
        bob.run("PRIVMSG #a :hello")
    first.stop()
    second = start_server(settings, options)
    let_pass(second, 365 * _DAY)
    second.call(lambda app: app.sweeper.look_at_accounts())
    assert names(second) == ["alice"]
