"""/help."""

from greenchat.client.slash import TABLE
from greenchat.client.slash.guide import groups
from tests.client.world import World


def output(tea: World, line: str) -> list[str]:
    """Return the lines that the user reads after entering this."""
    before = len(tea.shown())
    tea.type(f"{line}\n")
    return tea.shown()[before:]


def test_help_lists_and_explains_every_command(tea: World) -> None:
    everything = "\n".join(output(tea, "/help all"))
    for name, row in TABLE.items():
        assert f"/{name}" in everything
        assert row.summary.endswith((".", "?")), name
        assert row.example.startswith(f"/{name}"), name
        explained = output(tea, f"/help /{name}")
        assert f"-   {row.summary}" in explained
        assert f"-   for example: {row.example}" in explained


def test_the_basic_help_fits_on_one_screen() -> None:
    world = World(24, 80)
    world.welcome()
    world.join()
    world.type("/help\n")
    screen = "\n".join(world.screen())
    assert "Type a message and press Enter to send it." in screen
    for wanted in (
        "/join #tea: Join a channel\n",
        "/quit",
        "More: /help join",
        "Tab completes, PgUp scrolls up",
    ):
        assert wanted in screen


def test_help_by_group(tea: World) -> None:
    listed = output(tea, "/help channels")
    assert any(line.startswith("- /kick [#channel] nick [why]: ") for line in listed)
    assert not any(line.startswith("- /msg") for line in listed)
    assert {group for group in groups() if len(output(tea, f"/help {group}")) < 3} == set()


def test_help_shows_the_actual_keys(tea: World) -> None:
    tea.type("/bind F5 search\n")
    keys = output(tea, "/help keys")
    assert "- search: Ctrl-F, F5" in keys
    assert "- windows panel: Alt-Shift-B" in keys
    assert "- scroll to start: Alt-<, Ctrl-Home" in keys
