"""The command /window."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/window 7", "! There is no window 7. /windows lists them."),
        ("/window nowhere", "! There is no window nowhere. /windows lists them."),
        ("/window move 0", "! Give a number: /window move 1 to 999"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []
