"""The table of settings: a row each, with what it does, what it can be, and what it is at first."""

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

    choices: what a text may be, () for anything. check: says what is wrong with it. least, most: of a number. example:
    a value to learn from.
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
        Setting("highlight.words", [], "words that call you, besides your nickname (separated by spaces)"),
        Setting("highlight.patterns", [], "regular expressions that call you (separated by spaces)", check=patterns),
        Setting("colours", "auto", "how many colours to use, from the next start on", ("auto", *DEPTHS)),
        Setting("theme", "auto", "for a dark or a light terminal", THEMES),
        Setting("mouse", False, "the wheel scrolls, clicks choose windows and people; hold Shift to select text"),
        Setting("keys.preset", "greenchat", "whose keys", tuple(PRESETS)),
        Setting(
            "time.format", "%H:%M", "how times are written, as strftime(3) has it", check=clock, example="%H:%M:%S"
        ),
        Setting("nick.columns", 12, "how wide the column of nicknames is", least=4, most=30, example="16"),
        Setting("nick.colours", True, "a colour for each nickname"),
        Setting("list.columns", 16, "how wide the list of people is", least=6, most=40, example="20"),
        Setting("list.side", "right", "on which side the list of people is", ("right", "left")),
        Setting("windows.columns", 18, "how wide the list of windows is", least=6, most=40, example="24"),
        Setting("windows.side", "left", "on which side the list of windows is", ("left", "right")),
        Setting("activity.events", False, "joins and the like count as activity, too"),
        Setting("text.quit", "", "what you say on leaving", check=one_line, example="See you tomorrow"),
        Setting("text.part", "", "what you say on leaving a channel", check=one_line, example="Off to another channel"),
        Setting("text.away", "away", "why you are away, where you do not say", check=one_line, example="at lunch"),
        Setting(
            "realname",
            "",
            "your real name, for everybody to read (from the next connection on)",
            check=one_line,
            example="Ada L.",
        ),
        Setting("ctcp.answers", True, "answer other people's programs (CTCP VERSION, PING, CLIENTINFO)"),
        Setting(
            "ctcp.version",
            "",
            "what VERSION is answered with; nothing for greenchat's own",
            check=one_line,
            example="a pencil",
        ),
        Setting("show.topic", True, "the bar above with what the channel is about"),
        Setting("show.status", True, "the bar below with who and where you are, and what happened elsewhere"),
        Setting("start", "", "where to go without being asked: NICK@HOST[:PORT]/#channel", check=destination),
        Setting(
            "password.command",
            "",
            "a program that prints your password where none is kept; {network}, {host} and {nick} stand for these",
            check=words,
            example="pass show irc/{network}",
        ),
        Setting(
            "proxy",
            "",
            "through which to reach servers of other machines: socks5://[user:password@]host:port",
            check=proxy,
        ),
        Setting(
            "spelling",
            "",
            "languages to check what you type in, like en_US de_DE, or auto (separated by spaces)",
            check=languages,
        ),
        Setting("spelling.words", [], "words that are right, whatever the dictionary says (separated by spaces)"),
        Setting("typing.tell", True, "tell others while you type"),
        Setting("log.files", False, "plain-text logs of what is said, for grep, beside the archive"),
        Setting("log.folder", "", "where they are; nothing for the folder of greenchat's data", check=one_line),
        Setting(
            "log.file",
            "%Y-%m-%d.log",
            "the name of a log's file, as strftime(3) has it: a new one each time it changes",
            check=file_name,
            example="%Y-%m.log",
        ),
        Setting(
            "files.folder", "", "where files come that people send you; nothing for greenchat's data", check=one_line
        ),
        Setting("archive.megabytes", 200, "how much is kept on this machine of what was said, 0 for all of it"),
        Setting("exec.seconds", 60, "after how many seconds a program that /exec has run is ended, 0 for never"),
        Setting("plugins.load", [], "plugins to load at every start (separated by spaces); /help plugin"),
        Setting("bell", True, "ring when somebody calls you and the window has not the focus"),
    )
}
