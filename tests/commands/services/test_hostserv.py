"""HostServ: persistent hosts of accounts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import AccountSettings
from tests.commands.conftest import StartWorld
from tests.commands.devices import device, log_in, make_account
from tests.conftest import quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

SETTINGS = replace(WITH_OPERS, accounts=AccountSettings(iterations=4096))


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    options = quick_options(tmp_path)
    return start_world(SETTINGS, replace(options, storage=replace(options.storage, persistent=True)))


@pytest.fixture
def root(server: World) -> Iterator[Client]:
    make_account(server.address, "alice")
    with Client(server.address, "root") as client:
        yield become_oper(client)


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def host(client: Client, nick: str) -> str:
    return next(message.params[3] for message in client.run(f"WHOIS {nick}") if message.command == "311")


def test_a_host_is_shown_at_once_and_at_each_login(server: World, root: Client) -> None:
    root.run("CAP REQ chghost")
    root.join("#a")
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        alice.join("#a")
        root.expect("JOIN")
        assert "now has the host staff.example" in notices(root, "HS SET alice staff.example")
        assert host(root, "alice") == "staff.example"
        assert any(message.command == "396" for message in alice.sync())
        assert "staff.example" in notices(alice, "HS INFO")
        alice.send("QUIT")
        alice.until_end()
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        assert host(root, "alice") == "staff.example"
    with Client(server.address, "bob") as bob:
        assert "You have no vhost" in notices(bob, "HS INFO")
        bob.join("#a")
        log_in(bob, "alice")
        bob.expect("903")
        assert host(root, "bob") == "staff.example"
        notices(bob, "NS LOGOUT")
        assert host(root, "bob") == "127.0.0.1"


def test_removing_a_host(server: World, root: Client) -> None:
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        root.run("HS SET alice staff.example")
        assert "alice  staff.example" in notices(root, "HS LIST")
        root.run("CHGHOST alice other.example", "CHGHOST alice *")
        assert host(root, "alice") == "staff.example"
        assert "now has the host (cloak)" in notices(root, "HS DEL alice")
        assert host(root, "alice") == "127.0.0.1"
        assert notices(root, "HS LIST") == "0 accounts"


def test_hostserv_needs_the_right_and_valid_hosts(server: World, root: Client) -> None:
    with Client(server.address, "bob") as bob:
        assert "Unknown command" in notices(bob, "HS SET alice x.example")
    assert "not a valid host" in notices(root, "HS SET alice -a")
    assert "not a valid host" in notices(root, "HS SET alice a!b")
    assert "no such account" in notices(root, "HS SET nobody x.example")


def test_a_host_survives_a_restart(server: World, root: Client, start_world: StartWorld, tmp_path: Path) -> None:
    root.run("HS SET alice staff.example")
    with device(server.address, "alice") as alice:
        alice.until("376", "422")
        alice.run("NS SET ALWAYS-ON on", "JOIN #a")
    server.stop()
    options = quick_options(tmp_path)
    second = start_world(SETTINGS, replace(options, storage=replace(options.storage, persistent=True)))
    with Client(second.address, "bob") as bob:
        assert host(bob, "alice") == "staff.example"
