"""Every command makes valid lines, or reports an error: the connection drops invalid ones."""

import pytest

from greenchat.client.slash import TABLE
from greenchat.client.state.lines import LineKind
from tests.client.world import World

_WORDS = ["::1", "::1 ::1", "::1 why not", "a :x b", "-x ::1 b", "#tea ::1 b", "+b ::1 c", "a,:b hello", ":a,b hello"]


@pytest.mark.parametrize("words", _WORDS)
def test_invalid_lines_are_reported(words: str) -> None:
    for name in TABLE:
        world = World()
        world.welcome("echo-message message-tags")
        world.join()
        world.type(f"/{name} {words}\n")
        assert all(each.is_line for each in world.network.outgoing), name
        sent = [each for each in world.network.outgoing if each.command not in ("CHATHISTORY", "MARKREAD", "TAGMSG")]
        waits = [each for buffer in world.network.buffers.values() for each in buffer.waiting]
        assert len(waits) <= len(sent), f"/{name}: what waits in a window was never sent"


@pytest.mark.parametrize("line", ["/notice ::1 hello", "/whois ::1", "/kick :x why", "/msg :x hello"])
def test_nothing_is_left_behind(tea: World, line: str) -> None:
    tea.type(f"{line}\n")
    assert tea.sent() == []
    assert tea.model.current.lines[-1].kind is LineKind.ERROR
    assert "colon" in tea.model.current.lines[-1].text
