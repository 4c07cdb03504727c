"""Monitors hear more than coming and going. https://ircv3.net/specs/extensions/extended-monitor"""

from collections.abc import Callable

import pytest

from greenchat.commands.users.identity import set_account, set_host
from tests.commands.inside import act
from tests.conftest import ServerThread
from tests.irc import Client

Change = Callable[[ServerThread, Client], object]

# "If `away-notify` is also enabled, the client will get AWAY notifications for monitored nicks", and so on.
CHANGES: list[tuple[str, str, Change]] = [
    ("away-notify", "AWAY", lambda _, bob: bob.run("AWAY :lunch")),
    ("setname", "SETNAME", lambda _, bob: bob.run("SETNAME :Robert")),
    ("account-notify", "ACCOUNT", lambda house, _: act(house, "bob", lambda ctx, user: set_account(ctx, user, "bob"))),
    (
        "chghost",
        "CHGHOST",
        lambda house, _: act(
            house, "bob", lambda ctx, user: set_host(ctx, user, username=user.username, host="cloak.example")
        ),
    ),
]
_each = pytest.mark.parametrize(("capability", "command", "change"), CHANGES, ids=[row[0] for row in CHANGES])


@_each
@pytest.mark.parametrize("name", ["extended-monitor", "draft/extended-monitor"])
def test_a_monitor_is_told(house: ServerThread, name: str, capability: str, command: str, change: Change) -> None:
    with (
        Client(house.address, "bob") as bob,
        Client(house.address, "alice", caps=f"{name} {capability}") as alice,
        Client(house.address, "stranger", caps=f"{name} {capability}") as stranger,
    ):
        alice.run("MONITOR + bob")
        change(house, bob)
        assert [(message.command, message.nick) for message in alice.sync()] == [(command, "bob")]
        assert stranger.sync() == []


@_each
@pytest.mark.parametrize("missing", ["extended-monitor", "the other"])
def test_both_capabilities_are_needed(
    house: ServerThread, capability: str, command: str, change: Change, missing: str
) -> None:
    caps = capability if missing == "extended-monitor" else "extended-monitor"
    with Client(house.address, "bob") as bob, Client(house.address, "alice", caps=caps) as alice:
        alice.run("MONITOR + bob")
        change(house, bob)
        assert alice.sync() == []


@_each
def test_a_monitor_in_the_same_channel_is_told_once(
    house: ServerThread, capability: str, command: str, change: Change
) -> None:
    with (
        Client(house.address, "bob") as bob,
        Client(house.address, "alice", caps=f"extended-monitor {capability}") as alice,
    ):
        alice.run("MONITOR + bob")
        for client in alice, bob:
            client.join("#lobby")
        alice.sync()
        change(house, bob)
        assert [message.command for message in alice.sync()] == [command]
