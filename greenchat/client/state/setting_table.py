"""The table of settings, with their descriptions, possible values, and defaults."""

from collections.abc import Callable

from greenchat.client.state.bindings import PRESETS
from greenchat.client.state.setting_checks import (
    clock,
    destination,
    file_name,
    languages,
    one_line,
    patterns,
    proxy,
    words,
)
from greenchat.client.text.colours import DEPTHS
from greenchat.records import record

Value = str | bool | int | list[str]
THEMES = ("auto", "dark", "light")


@record(frozen=True, slots=True)
class Setting:
    """A row of the table.

    choices: possible texts, () for any. check: returns the error of a value. least, most: of a number. example: for
    help.
    """

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] | None = None
    least: int = 0
    most: int = 1_000_000
    example: str = ""


TABLE: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("highlight.words", [], "words that highlight a message, besides your nickname (separated by spaces)"),
        Setting(
            "highlight.patterns",
            [],
            "regular expressions that highlight a message (separated by spaces)",
            check=patterns,
        ),
        Setting("colours", "auto", "number of colours to use (takes effect at the next start)", ("auto", *DEPTHS)),
        Setting("theme", "auto", "colours for a dark or a light terminal", THEMES),
        Setting(
            "mouse",
            False,
            "use the mouse: the wheel scrolls, clicks select windows and nicks (hold Shift to select text)",
        ),
        Setting("keys.preset", "greenchat", "whose keys", tuple(PRESETS)),
        Setting("time.format", "%H:%M", "format of times, as in strftime(3)", check=clock, example="%H:%M:%S"),
        Setting("nick.columns", 12, "width of the nickname column", least=4, most=30, example="16"),
        Setting("nick.colours", True, "show each nickname in its own colour"),
        Setting("list.columns", 16, "width of the member list", least=6, most=40, example="20"),
        Setting("list.side", "right", "side of the member list", ("right", "left")),
        Setting("windows.columns", 18, "width of the window list", least=6, most=40, example="24"),
        Setting("windows.side", "left", "side of the window list", ("left", "right")),
        Setting("activity.events", False, "count joins, parts and the like as activity"),
        Setting("text.quit", "", "quit message", check=one_line, example="See you tomorrow"),
        Setting("text.part", "", "part message", check=one_line, example="Off to another channel"),
        Setting("text.away", "away", "away message, if you give none", check=one_line, example="at lunch"),
        Setting(
            "realname",
            "",
            "your real name, visible to everybody (takes effect at the next connection)",
            check=one_line,
            example="Ada L.",
        ),
        Setting("ctcp.answers", True, "answer CTCP requests (VERSION, PING, CLIENTINFO)"),
        Setting(
            "ctcp.version",
            "",
            "answer to CTCP VERSION; empty for greenchat's own",
            check=one_line,
            example="a pencil",
        ),
        Setting("show.topic", True, "show the topic bar"),
        Setting("show.status", True, "show the status line"),
        Setting(
            "start",
            "",
            "server to connect to at the start instead of asking: NICK@HOST[:PORT]/#channel",
            check=destination,
        ),
        Setting(
            "password.command",
            "",
            "program that prints your password if none is stored; {network}, {host} and {nick} are replaced",
            check=words,
            example="pass show irc/{network}",
        ),
        Setting(
            "proxy",
            "",
            "proxy for connections to other machines: socks5://[user:password@]host:port",
            check=proxy,
        ),
        Setting(
            "spelling",
            "",
            "languages of the spell checker, like en_US de_DE, or auto (separated by spaces)",
            check=languages,
        ),
        Setting("spelling.words", [], "extra words that the spell checker accepts (separated by spaces)"),
        Setting("typing.tell", True, "let others see that you are typing"),
        Setting("log.files", False, "write plain-text logs, besides the archive"),
        Setting("log.folder", "", "folder of the logs; empty for greenchat's data folder", check=one_line),
        Setting(
            "log.file",
            "%Y-%m-%d.log",
            "name of a log file, as in strftime(3); a new file begins when it changes",
            check=file_name,
            example="%Y-%m.log",
        ),
        Setting("files.folder", "", "folder for received files; empty for greenchat's data folder", check=one_line),
        Setting("archive.megabytes", 200, "number of lines to keep in the archive on this machine, 0 for all"),
        Setting("exec.seconds", 60, "seconds after which a program of /exec is ended, 0 for never"),
        Setting("plugins.load", [], "plugins to load at every start (separated by spaces); see /help plugin"),
        Setting("bell", True, "ring the bell on a highlight while the terminal is not focused"),
    )
}
