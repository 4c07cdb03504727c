"""A monitoring client is told of more than online and offline. https://ircv3.net/specs/extensions/extended-monitor"""

from collections.abc import Callable

import pytest

from greenchat.commands.users.identity import set_account, set_host
from tests.commands.state_changes import run_as_user
from tests.irc import Client
from tests.world import World

Change = Callable[[World, Client], object]

# "If `away-notify` is also enabled, the client will get AWAY notifications for monitored nicks", and so on.
CHANGES: list[tuple[str, str, Change]] = [
    ("away-notify", "AWAY", lambda _, bob: bob.run("AWAY :lunch")),
    ("setname", "SETNAME", lambda _, bob: bob.run("SETNAME :Robert")),
    (
        "account-notify",
        "ACCOUNT",
        lambda running_server, _: run_as_user(running_server, "bob", lambda ctx, user: set_account(ctx, user, "bob")),
    ),
    (
        "chghost",
        "CHGHOST",
        lambda running_server, _: run_as_user(
            running_server, "bob", lambda ctx, user: set_host(ctx, user, username=user.username, host="cloak.example")
        ),
    ),
]
_each = pytest.mark.parametrize(("capability", "command", "change"), CHANGES, ids=[row[0] for row in CHANGES])


@_each
@pytest.mark.parametrize("name", ["extended-monitor", "draft/extended-monitor"])
def test_a_monitoring_client_is_told(
    running_server: World, name: str, capability: str, command: str, change: Change
) -> None:
    with (
        Client(running_server.address, "bob") as bob,
        Client(running_server.address, "alice", caps=f"{name} {capability}") as alice,
        Client(running_server.address, "stranger", caps=f"{name} {capability}") as stranger,
    ):
        alice.run("MONITOR + bob")
        change(running_server, bob)
        assert [(message.command, message.nick) for message in alice.sync()] == [(command, "bob")]
        assert stranger.sync() == []


@_each
@pytest.mark.parametrize("missing", ["extended-monitor", "the other"])
def test_both_capabilities_are_needed(
    running_server: World, capability: str, command: str, change: Change, missing: str
) -> None:
    caps = capability if missing == "extended-monitor" else "extended-monitor"
    with Client(running_server.address, "bob") as bob, Client(running_server.address, "alice", caps=caps) as alice:
        alice.run("MONITOR + bob")
        change(running_server, bob)
        assert alice.sync() == []


@_each
def test_a_monitoring_client_in_the_same_channel_is_told_once(
    running_server: World, capability: str, command: str, change: Change
) -> None:
    with (
        Client(running_server.address, "bob") as bob,
        Client(running_server.address, "alice", caps=f"extended-monitor {capability}") as alice,
    ):
        alice.run("MONITOR + bob")
        for client in alice, bob:
            client.join("#lobby")
        alice.sync()
        change(running_server, bob)
        assert [message.command for message in alice.sync()] == [command]
