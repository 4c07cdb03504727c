"""Emoji by name."""

import pytest

from greenchat.client.text.emoji import named
from tests.client.world import World


@pytest.mark.parametrize(
    ("beginning", "first"),
    [("tad", "🎉"), ("+1", "👍"), ("x", "❌"), ("rocke", "🚀"), ("HEAR", "❤️"), ("party_po", "🎉"), ("octop", "🐙")],
)
def test_names(beginning: str, first: str) -> None:
    assert named(beginning)[0] == first


@pytest.mark.parametrize("beginning", ["", "s", "nothing_is_called_so"])
def test_unknown_names(beginning: str) -> None:
    assert named(beginning) == []


def test_tab_replaces_a_name(tea: World) -> None:
    tea.type("well done :tada:")
    tea.press("Tab")
    assert tea.console.editor.text == "well done 🎉 "
    tea.press("C-u")
    tea.type("see you :)")
    tea.press("Tab")
    assert tea.console.editor.text == "see you :)"
