"""Control characters in typed or pasted text: shown, and not sent by accident."""

import pytest

from greenchat.client.state.events import LineEntered
from tests.client.world import World


@pytest.mark.parametrize(
    ("pasted", "shown", "expected", "sent"),
    [
        ("\x01VERSION\x01", "␁VERSION␁", "␁", ["PRIVMSG #tea :VERSION"]),
        ("a\x1b[31m\x07\x1bb", "a␛[31m␇␛b", "␛ ␇", ["PRIVMSG #tea :a[31mb"]),
        ("nul\x00\x7f\x9b", "nul␀␡<U+009B>", "␀ ␡ <U+009B>", ["PRIVMSG #tea :nul"]),
        ("/me \x01waves", "/me ␁waves", "␁", ["PRIVMSG #tea :\x01ACTION waves\x01"]),
    ],
)
def test_they_are_shown_and_removed(tea: World, pasted: str, shown: str, expected: str, sent: list[str]) -> None:
    tea.paste(pasted)
    assert tea.screen()[-1] == f"[#tea] {shown}"
    tea.press("Enter")
    assert tea.sent() == []
    assert tea.shown()[-1] == f"! Control characters were removed ({expected}). Press Enter to send the rest."
    tea.press("Enter")
    assert tea.sent() == sent


def test_other_text_is_unchanged(tea: World) -> None:
    tea.paste("\x07")
    tea.press("Enter")
    assert tea.shown()[-1] == "! Control characters were removed (␇). There was nothing else."
    tea.press("Enter")
    assert tea.sent() == []


def test_formats_and_tabs_are_sent(tea: World) -> None:
    tea.paste("\x02bold\x02\ttab \x0304,01colour\x0f \x04ff0000hex")
    tea.press("Enter")
    assert tea.sent() == ["PRIVMSG #tea :\x02bold\x02\ttab \x0304,01colour\x0f \x04ff0000hex"]


def test_a_scripts_lines_are_sent_without_them(tea: World) -> None:
    tea.console.on_terminal(LineEntered("red\x1b[0m \x01CTCP\x01"), tea.now)
    assert tea.sent() == ["PRIVMSG #tea :red[0m CTCP"]
