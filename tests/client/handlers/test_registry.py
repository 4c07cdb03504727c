"""Invalid messages of a server change nothing."""

import pytest

from greenchat.client.handlers.registry import NAMED
from tests.client.world import World


@pytest.mark.parametrize(
    "line", ["BATCH", "BATCH +x", "JOIN", "353", "PRIVMSG", "MODE", "CAP", "005", "433", "NICK", "KICK #tea"]
)
def test_messages_without_parameters_are_harmless(tea: World, line: str) -> None:
    tea.feed(line, ":srv " + line, ":bob!b@h " + line, ":alice!a@h " + line)
    tea.screen()


@pytest.mark.parametrize("command", sorted(NAMED))
@pytest.mark.parametrize("nick", ["alice", "bob"])
def test_a_message_without_nick_or_channel_changes_nothing(command: str, nick: str) -> None:
    """A server may send anything; RFC 2812, 2.3: "The final colon ... parameters" may be missing or empty."""
    world = World()
    world.welcome("message-tags")
    world.join()
    before = world.shown(), dict(world.network.buffers), world.network.nicks.current
    line = f":{nick}!u@h {command}"
    for count in range(NAMED[command]):
        world.feed(line + " #tea" * count, f"{line}{' #tea' * count} :")
    assert (world.shown(), dict(world.network.buffers), world.network.nicks.current) == before
