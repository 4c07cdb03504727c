"""Every command: errors, suggestions for mistyped ones, and where the answer is shown."""

import pytest

from greenchat.client.slash import registry
from greenchat.client.state.effects import Connect, Quit
from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/squery Alis help me", ["SQUERY Alis :help me"]),
        ("/date", ["TIME"]),
        ("/kill bob much spam", ["KILL bob :much spam"]),
        ("/knock #cake let me in", ["KNOCK #cake :let me in"]),
        ("/wallops going down", ["WALLOPS :going down"]),
        ("/userhost bob carol", ["USERHOST bob carol"]),
        ("/whow bob", ["WHOWAS bob"]),
        ("/ ", []),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/fly", "! There is no command /fly. /help all lists them."),
        ("/wind", "! /wind could be /window, /windows"),
        ("/connect", "! Already connected. Use /reconnect to connect again."),
        ("/9", "! There is no window 9. /windows lists them."),
        ("/kill bob", "! Usage: /kill nick why"),
        ("/oper ada secret", "! Leave the password out: greenchat asks for it and hides it. /oper name"),
    ],
)
def test_lines_shown(tea: World, typed: str, shown: str) -> None:
    tea.type(typed + "\n")
    assert tea.shown()[-1] == shown
    assert tea.sent() == []


def test_without_a_connection_commands_fail_with_a_reason(tea: World) -> None:
    tea.lose()
    tea.type("/names #cake\n")
    assert tea.shown()[-1] == "! Not connected. Use /connect to try now."
    tea.type("/connect\n")
    assert list(tea.model.effects) == [Connect(tea.network)]


def test_ctrl_c_clears_the_line_and_asks_before_quitting(tea: World) -> None:
    tea.type("oops")
    tea.press("C-c")
    assert tea.console.editor.text == ""
    tea.press("C-c")
    assert tea.screen()[-2].startswith(" Press Ctrl-C again")
    tea.press("x", "C-u", "C-c")
    assert not tea.model.effects
    tea.press("C-c")
    assert list(tea.model.effects) == [Quit()]


@pytest.mark.parametrize(
    ("typed", "expected"), [("/set bell", "bell = "), ("/nonsense", "There is no command /nonsense")]
)
def test_an_answer_is_noticed_while_scrolled_back(tea: World, typed: str, expected: str) -> None:
    tea.feed(*(f":bob!b@h PRIVMSG #tea :line {number}" for number in range(40)))
    tea.press("PgUp", "PgUp")
    assert "more below" in tea.screen()[-2]
    tea.type(f"{typed}\n")
    assert any(expected in row for row in tea.screen())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/hlep", "/help"),
        ("/jion #tea", "/join"),
        ("/quti", "/quit"),
        ("/whoi5 bob", "/whois"),
        ("/nikc ada", "/nick"),
        ("/ste", "/set or /stats?"),
        ("/mgs bob", "/ms or /msg?"),
        ("/whoos", "/whois, /who or /whowas?"),
    ],
)
def test_a_mistyped_command_gets_suggestions(tea: World, typed: str, meant: str) -> None:
    tea.type(f"{typed}\n")
    assert f"Did you mean {meant}" in tea.shown()[-1]
    assert tea.shown()[-1].endswith("/help all lists them.")
    assert tea.sent() == []


def test_a_long_pasted_word_is_compared_with_no_command(tea: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing a word of five thousand letters took two seconds."""

    def mistakes(typed: str, meant: str) -> int:
        raise AssertionError((typed, meant))

    monkeypatch.setattr(registry, "_edit_distance", mistakes)
    with pytest.raises(registry.SlashError, match="There is no command"):
        registry.find("9j" + "A" * 5000)


def test_unlike_commands_are_not_suggested(tea: World) -> None:
    tea.type("/xyzzy\n")
    assert tea.shown()[-1] == "! There is no command /xyzzy. /help all lists them."
