"""The first minute of somebody who has never chatted in a terminal."""

from greenchat.client.slash import tour
from tests.client.world import World


def told(world: World, name: str = "#tea") -> str:
    return world.shown(name)[-1].removeprefix("- ")


def test_each_hint_comes_when_the_one_before_is_done(tea: World) -> None:
    tour.begin(tea.model, tea.now)
    assert told(tea).endswith("Try it: say hello.")
    tea.type("he")
    tea.press("PgUp", "PgDn")
    assert told(tea).endswith("Try it: say hello.")
    tea.type("llo\n")
    tea.sent()  # the server answers that it has it
    assert "Ctrl-N goes to the next window: try it." in told(tea)
    tea.press("C-n")
    assert told(tea, "").startswith("Ctrl-P goes back.")
    tea.press("C-p")
    tea.type("/help join\n")
    assert told(tea).startswith("PgUp scrolls up, PgDn down; Tab completes")
    assert tea.model.tour is None
    before = len(tea.shown())
    tea.type("/names\n")
    assert len(tea.shown()) == before + 1


def test_it_names_the_keys_that_the_user_has(tea: World) -> None:
    tea.model.settings.set("keys.preset", "emacs")
    tea.type("hello\n")
    tea.sent()
    tea.type("/tour\n")
    assert told(tea).endswith("Try it: say hello.")
    tea.type("again\n")
    tea.sent()
    assert "Alt-Right goes to the next window" in told(tea)


def test_it_can_be_seen_again(tea: World) -> None:
    for _ in range(2):
        tea.type("/tour\n")
        assert told(tea).endswith("Try it: say hello.")
