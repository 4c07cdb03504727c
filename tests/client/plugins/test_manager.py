"""Plugins: the messages they get, what they can do, and that their exceptions do no harm."""

from pathlib import Path

import pytest

from greenchat.client.plugins.manager import MOST_FAILURES, PluginError, Plugins
from greenchat.client.state import crash_report
from greenchat.client.state.effects import Plugin
from greenchat.protocol.message import parse
from tests.client.world import NOON, World


class Loaded:
    """A client in #tea, and the folder of its plugins."""

    def __init__(self, tea: World, folder: Path) -> None:
        self.tea = tea
        self.folder = folder
        self.seconds = 0.0
        self.plugins = Plugins(tea.model, folder, lambda name: crash_report.write(folder / "state", name))

    def load(self, name: str, source: str) -> None:
        (self.folder / f"{name}.py").write_text(source, encoding="utf-8")
        self.plugins.load(name)

    def run(self, seconds: float = 0.0) -> None:
        self.seconds += seconds
        self.plugins.run(self.seconds, NOON)


@pytest.fixture
def loaded(tea: World, tmp_path: Path) -> Loaded:
    """Make a client without loaded plugins."""
    return Loaded(tea, tmp_path)


ECHO = """
def start(chat):
    @chat.on_message
    def answer(message):
        if message.text.startswith("!say"):
            where = f"{message.nick}@{message.window}@{message.network}"
            message.reply(f"{where} {message.text[5:]} {message.kind} {message.called} {message.id}")
    @chat.on_own_message
    def echo(message):
        chat.print(f"we said {message.text}", "#tea")
"""


def test_messages_are_passed_to_plugins_and_answered(loaded: Loaded) -> None:
    tea = loaded.tea
    loaded.load("echo", ECHO)
    tea.feed("@msgid=a :bob!b@h PRIVMSG #tea :!say alice", ":carol!c@h PRIVMSG alice :\x01ACTION hums\x01")
    tea.feed(":bob!b@h PRIVMSG alice :\x01ACTION !say\x01", ":dora!d@h JOIN #tea")
    loaded.run()
    assert tea.sent() == ["PRIVMSG #tea :bob@#tea@net alice said True a", "PRIVMSG bob :bob@bob@net  action False "]
    assert loaded.plugins.busy
    loaded.run()  # our own messages are passed in a turn of their own: no plugin can loop without end
    assert tea.shown()[-2:] == ["- we said bob@#tea@net alice said True a", "- we said bob@bob@net  action False "]


def test_history_is_not_passed_to_plugins(loaded: Loaded) -> None:
    loaded.load("echo", ECHO)
    loaded.tea.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=old;time=2026-09-20T12:00:00.000Z :bob!b@h PRIVMSG #tea :!say",
        ":srv BATCH -h",
    )
    loaded.run()
    assert loaded.tea.sent() == []


COMMANDS = """
def start(chat):
    @chat.on_command("Shout", usage="text")
    def shout(arguments):
        "Say it loudly."
        chat.say(chat.window, arguments.upper())
        chat.send("MODE", "#tea", "+v", chat.nick)
        chat.run("/join #cake")
    @chat.on_command("join")
    def join(arguments):
        raise RuntimeError("never called")
"""


def test_commands_of_plugins(loaded: Loaded) -> None:
    tea = loaded.tea
    loaded.load("loud", COMMANDS)
    assert tea.shown()[-1] == "! The plugin loud can't add the command /join: it already exists."
    tea.type("/help shout\n")
    assert tea.shown()[-2:] == ["- /shout text", "-   Say it loudly."]
    tea.type("/sh")
    tea.press("Tab")
    tea.type("hello you\n")
    assert tea.sent() == ["PRIVMSG #tea :HELLO YOU", "MODE #tea +v alice", "JOIN #cake"]
    loaded.plugins.unload("loud")
    tea.type("/shout hello\n")
    assert tea.shown("#cake")[-1].startswith("! There is no command /shout.")
    assert tea.model.plugin_messages is None  # without plugins no messages are kept for them


TIMERS = """
def start(chat):
    chat.after(2, lambda: chat.print("once"))
    chat.every(5)(lambda: chat.print("again"))
    @chat.on_irc("join")
    def came(message):
        chat.print(f"{message.nick} came to {message.params[0]}")
"""


def test_timers_and_lines_of_the_server(loaded: Loaded) -> None:
    loaded.load("clock", TIMERS)
    assert loaded.plugins.deadline == 2.0
    for seconds in (1.9, 0.2, 3.0, 1.0, 20.0):
        loaded.run(seconds)
    lines = [line for line in loaded.tea.shown() if line in ("- once", "- again")]
    assert lines == ["- once", "- again", "- again"]  # timers missed during sleep are not made up for
    loaded.plugins.received(parse(":bob!b@h JOIN #tea"))
    loaded.plugins.received(parse(":bob!b@h PART #tea"))
    assert loaded.tea.shown()[-1] == "- bob came to #tea"


BROKEN = """
import sys
def start(chat):
    print("starting")
    @chat.on_message
    def answer(message):
        print("heard\\x1b[2J", message.text)
        if message.text == "leave":
            sys.exit(3)
        chat.unknown
"""


def test_an_exception_is_one_line_and_a_file(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    tea = loaded.tea
    loaded.load("broken", BROKEN)
    assert tea.shown()[-1] == "- broken: starting"
    tea.feed(":bob!b@h PRIVMSG #tea :hi")
    loaded.run()
    details = loaded.folder / "state/plugin-broken.txt"
    assert tea.shown()[-2:] == [
        "- broken: heard\x1b[2J hi",
        "! The plugin broken failed in its handler of messages (AttributeError: 'Chat' object has no attribute "
        f"'unknown'); the details are in {details}",
    ]
    assert 'broken.py", line 10, in answer' in details.read_text()
    tea.press("M-1")
    assert not any("\x1b" in row for row in tea.screen())
    for _ in range(MOST_FAILURES - 1):
        tea.feed(":bob!b@h PRIVMSG #tea :leave")
    loaded.run()
    assert tea.shown("")[-1] == f"! The plugin broken was unloaded: it has failed {MOST_FAILURES} times."
    assert loaded.plugins.names == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def start(chat:", "SyntaxError: "),
        ("", "has no attribute 'start'"),
        ("def start(chat): 1 / 0", "ZeroDivisionError: division by zero"),
        ("import greenchat.nothing", "ModuleNotFoundError: No module named 'greenchat.nothing'"),
        ("exit()", "SystemExit"),
    ],
)
def test_plugins_that_cannot_be_loaded_are_reported(loaded: Loaded, source: str, expected: str) -> None:
    with pytest.raises(PluginError, match=r"The plugin wrong failed as it was loaded") as raised:
        loaded.load("wrong", source)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
    assert loaded.plugins.names == []


@pytest.mark.parametrize("name", ["../secret", "", "a b", ".hidden", "missing"])
def test_plugin_names_have_no_path(loaded: Loaded, name: str) -> None:
    (loaded.folder.parent / "secret.py").write_text("def start(chat): pass")
    with pytest.raises(PluginError):
        loaded.plugins.load(name)


def test_reload_loads_the_present_file(loaded: Loaded) -> None:
    loaded.load("same", 'def start(chat): chat.on_command("one")(lambda text: chat.print("1"))')
    loaded.load("same", 'def start(chat): chat.on_command("one")(lambda text: chat.print("2"))')
    loaded.tea.type("/one\n")
    assert loaded.tea.shown()[-1] == "- 2"
    assert list(loaded.folder.glob("__pycache__")) == []
    loaded.plugins.unload("same")


def test_the_order_of_the_user(loaded: Loaded) -> None:
    tea = loaded.tea
    (loaded.folder / "echo.py").write_text(ECHO)
    (loaded.folder / "other.py").write_text(ECHO)
    tea.type("/plugin load echo.py\n/plugin\n/plugin reload echo\n/plugin unload echo\n/plugin unload echo\n")
    while tea.model.effects:
        wanted = tea.model.effects.popleft()
        assert isinstance(wanted, Plugin)
        loaded.plugins.order(wanted.what, wanted.name)
    assert tea.shown()[-5:] == [
        "- The plugin echo is loaded. Use /set plugins.load echo to load it at every start.",
        f"- Loaded: echo; not loaded, in {loaded.folder}: other",
        "- The plugin echo is loaded. Use /set plugins.load echo to load it at every start.",
        "- The plugin echo is unloaded.",
        "! The plugin echo is not loaded.",
    ]
    tea.type("/plugin dance\n/plugin load\n")
    assert tea.shown()[-1] == ("! Usage: /plugin list, /plugin example, /plugin load NAME or /plugin unload NAME")


def test_configured_plugins_are_loaded_at_the_start(loaded: Loaded) -> None:
    (loaded.folder / "echo.py").write_text(ECHO)
    (loaded.folder / "other.py").write_text(ECHO)
    loaded.plugins.start()
    assert loaded.plugins.names == []
    loaded.tea.type("/set plugins.load echo missing\n")
    loaded.plugins.start()
    assert loaded.plugins.names == ["echo"]
    assert loaded.tea.shown()[-1].startswith("! There is no plugin missing: ")


def order(loaded: Loaded, line: str) -> str:
    """Return what the user is told after entering this."""
    loaded.tea.type(line + "\n")
    wanted = loaded.tea.model.effects.popleft()
    assert isinstance(wanted, Plugin)
    loaded.plugins.order(wanted.what, wanted.name)
    return loaded.tea.shown()[-1]


def test_an_example_is_written_loaded_and_works(loaded: Loaded) -> None:
    path = loaded.folder / "dice.py"
    assert order(loaded, "/plugin example") == f"- A sample plugin is in {path}. Use /plugin load dice to load it."
    path.write_text(path.read_text().replace("I throw", "Here is"))
    assert order(loaded, "/plugin example") == f"! {path} already exists. Use /plugin load dice to load it."
    assert order(loaded, "/plugin load dice").startswith("- The plugin dice is loaded.")
    tea = loaded.tea
    tea.feed(":bob!b@h PRIVMSG #tea :!dice")
    loaded.run()
    tea.type("/dice 1\n")
    thrown, ours = tea.sent()
    assert thrown.startswith("PRIVMSG #tea :bob throws ")
    assert ours == "PRIVMSG #tea :Here is 1"
    tea.type("/dice many\n")
    assert tea.sent()[0].startswith("PRIVMSG #tea :Here is ")
    loaded.run(3600)
    assert tea.shown()[-1] == "- Stand up and stretch."
    loaded.plugins.unload("dice")


def test_the_example_of_the_documentation_works(loaded: Loaded) -> None:
    from greenchat.client.plugins import api

    source = (api.__doc__ or "").partition("for example:\n")[2].partition("\nFunctions")[0]
    loaded.load("kettle", "\n".join(line[4:] for line in source.splitlines()))
    loaded.tea.feed(":bob!b@h PRIVMSG #tea :!tea")
    loaded.run()
    assert loaded.tea.sent() == ["PRIVMSG #tea :The kettle is on."]
    loaded.tea.type("/stretch 1\n")
    loaded.run(60)
    assert loaded.tea.shown()[-1] == "- Stand up and stretch."
    loaded.plugins.unload("kettle")
