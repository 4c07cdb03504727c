"""The tour: hints for a user's first minute."""

from greenchat.client.slash import tour
from tests.client.world import World


def last_line(world: World, name: str = "#tea") -> str:
    return world.shown(name)[-1].removeprefix("- ")


def test_each_hint_follows_the_previous_step(tea: World) -> None:
    tour.begin(tea.model, tea.now)
    assert last_line(tea).endswith("Try it: say hello.")
    tea.type("he")
    tea.press("PgUp", "PgDn")
    assert last_line(tea).endswith("Try it: say hello.")
    tea.type("llo\n")
    tea.sent()  # the server answers that it has the message
    assert "Ctrl-N goes to the next window: try it." in last_line(tea)
    tea.press("C-n")
    assert last_line(tea, "").startswith("Ctrl-P goes back.")
    tea.press("C-p")
    tea.type("/help join\n")
    assert last_line(tea).startswith("PgUp scrolls up, PgDn down; Tab completes")
    assert tea.model.tour is None
    before = len(tea.shown())
    tea.type("/names\n")
    assert len(tea.shown()) == before + 1


def test_the_hints_name_the_users_keys(tea: World) -> None:
    tea.model.settings.set("keys.preset", "emacs")
    tea.type("hello\n")
    tea.sent()
    tea.type("/tour\n")
    assert last_line(tea).endswith("Try it: say hello.")
    tea.type("again\n")
    tea.sent()
    assert "Alt-Right goes to the next window" in last_line(tea)


def test_the_tour_can_be_repeated(tea: World) -> None:
    for _ in range(2):
        tea.type("/tour\n")
        assert last_line(tea).endswith("Try it: say hello.")
