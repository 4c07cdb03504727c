"""Commands for the terminal: /mouse."""

from greenchat.client.state.effects import SaveSettings
from tests.client.world import World


def test_the_mouse_setting_is_saved(tea: World) -> None:
    for typed, wanted in (
        ("/mouse on", True),
        ("/mouse toggle", False),
        ("/set mouse on", True),
        ("/mouse off", False),
    ):
        tea.model.effects.clear()
        tea.type(f"{typed}\n")
        assert tea.model.settings.get("mouse") is wanted, typed
        assert [each for each in tea.model.effects if isinstance(each, SaveSettings)], typed
