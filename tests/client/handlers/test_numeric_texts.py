"""Texts of numerics that have no handler of their own."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":srv 482 alice #tea :You're not channel operator", "! #tea: only channel operators (@) can do that"),
        (":srv 421 alice FLY :Unknown command", "! This server does not know FLY"),
        (":srv 351 alice best-1.0 irc.example :x=y", "- irc.example runs best-1.0 x=y"),
        (":srv 443 alice bob #tea :is already on channel", "! bob is already in #tea"),
        (":srv 443 alice", "! "),  # against the specification
        (":srv 798 alice one two :three of them", "- one two: three of them"),
        (":srv 798 alice bob :has a hat", "- bob has a hat"),
    ],
)
def test_lines_shown(tea: World, line: str, shown: str) -> None:
    tea.feed(line)
    assert tea.shown()[-1] == shown
