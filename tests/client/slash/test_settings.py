"""Commands for settings: /set, /toggle, /highlight and the like."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/toggle bell", "- bell = off"),
        ("/toggle theme", "! theme can't be switched on and off. /set all lists them."),
        ("/unset bell", "- bell = on"),
        ("/dehighlight cake", "! cake is not a highlight. /highlight lists them."),
        ("/highlight cake", "- highlight.words = cake"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []


def test_removing_highlight_words(tea: World) -> None:
    tea.type("/hl cake\n/hl tea\n/dhl cake\n")
    assert tea.shown()[-1] == "- highlight.words = tea"


@pytest.mark.parametrize("typed", ["/set proxy", "/network set home proxy"])
def test_the_password_of_a_proxy_is_saved_and_not_shown(tea: World, typed: str) -> None:
    tea.type("/network add home chat.example.org\n")
    tea.type(f"{typed} socks5://ann:open-sesame@127.0.0.1:9050\n")
    settings = tea.model.settings
    assert "open-sesame" in f"{settings.get('proxy')} {settings.networks['home'].proxy}"
    for asked in "/set", "/set proxy", "/network show home":
        tea.type(f"{asked}\n")
    shown = "\n".join(tea.shown())
    assert "socks5://ann:***@127.0.0.1:9050" in shown
    assert "open-sesame" not in shown
