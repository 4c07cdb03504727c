"""The client before it draws a screen."""

import re
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from greenchat.client import main
from greenchat.client.state.destination import nick_problem


@pytest.mark.parametrize(
    ("user", "nick"),
    [
        ("ada", "ada"),
        ("no nick", "no_nick"),
        ("ada.lovelace", "ada_lovelace"),
        ("CORP\\ada", "ada"),
        ("ada@corp.example", "ada"),
        ("1user", "user"),
        ("Анна", "Анна"),
    ],
)
def test_the_suggested_nick_is_usable(monkeypatch: pytest.MonkeyPatch, user: str, nick: str) -> None:
    """greenchat-server reserves root and admin for its operators: accepting the suggestion must work."""
    monkeypatch.setenv("USER", user)
    assert main._user_name() == nick


@pytest.mark.parametrize(
    ("variables", "nick"),
    [
        ({"SUDO_USER": "ada"}, "ada"),
        ({"DOAS_USER": "bob"}, "bob"),
        ({}, r"guest\d{4}"),
        ({"USER": "???", "LOGNAME": "42"}, r"guest\d{4}"),
        ({"SUDO_USER": "Administrator"}, r"guest\d{4}"),
    ],
)
def test_for_root_a_nick_is_suggested(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], nick: str) -> None:
    """Just pressing Enter, as in a container, must work."""
    for name in ("USER", "LOGNAME", "SUDO_USER", "DOAS_USER"):
        monkeypatch.setenv(name, variables.get(name, "root" if name == "USER" else ""))
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="root"))
    assert re.fullmatch(nick, main._user_name())
    assert nick_problem(main._user_name()) == ""


@pytest.mark.parametrize(
    ("given", "start", "last", "where"),
    [
        ("irc.example", "", "", "irc.example"),
        ("irc.example", "other.example", "", "irc.example"),
        ("", "ada@irc.example/#tea", "", "ada@irc.example/#tea"),
        ("#tea", "", "", "localhost:9090/#tea"),
        ("#tea", "", "irc.example:6667/#cake", "irc.example:6667/#tea"),
        ("#tea", "", "ircs://irc.example:6697/#cake", "ircs://irc.example:6697/#tea"),
        ("#tea", "ada@irc.example:6667/#cake", "other.example/#cake", "ada@irc.example:6667/#tea"),
        ("#tea", "ircs://ada@irc.example", "", "ircs://ada@irc.example:6697/#tea"),
    ],
)
def test_a_channel_alone_uses_the_known_server(
    monkeypatch: pytest.MonkeyPatch, given: str, start: str, last: str, where: str
) -> None:
    """No host begins with #: `greenchat '#tea'` means a channel."""
    monkeypatch.setattr(main, "recall", lambda name: last if name == "destination" else "")
    assert main._destination(given, start) == where


def test_ctrl_c_at_the_first_question_ends_it_whatever_follows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background

    def interrupt(_question: str) -> str:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it was not interrupted")

    monkeypatch.setattr("builtins.input", interrupt)
    try:
        assert main.main(["--plain", "localhost"]) == main.INTERRUPTED
        signal.raise_signal(signal.SIGINT)  # the second one, while the interpreter ends
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""
