"""Answers to a login."""

from tests.client.world import World


def test_a_login_is_shown_once(tea: World) -> None:
    before = tea.shown()
    tea.feed(":srv MODE alice +r", ":srv 900 alice alice!a@h alice :You are now logged in as alice")
    assert tea.shown() == [*before, "- You are logged in as alice."]
    assert tea.shown("")[-1] == "* Mode of alice: +r"
