"""What the user can order with a line that begins with a slash. The table makes /help and the completion."""

import re

from greenchat.client.slash import (
    accounts,
    bouncer,
    channels,
    files,
    guide,
    importing,
    networks,
    notify,
    people,
    plugins,
    programs,
    server,
    settings,
    talking,
    terminal,
    tour,
    windows,
)
from greenchat.client.slash.registry import ALIASES, TABLE, Order, SlashError, find
from greenchat.client.state.lines import Kind
from greenchat.client.state.model import Model

__all__ = [
    "TABLE",
    "accounts",
    "bouncer",
    "channels",
    "files",
    "guide",
    "importing",
    "knows",
    "networks",
    "notify",
    "people",
    "plugins",
    "programs",
    "run",
    "server",
    "settings",
    "talking",
    "terminal",
    "tour",
    "windows",
]

ARGUMENT = re.compile(r"\$(?:\*|([1-9])(-?))")


def expanded(model: Model, text: str) -> str:
    """Return the line with its alias replaced by what that stands for; aliases of aliases are not looked up.

    /2 is /window 2.
    """
    name, _, arguments = text.partition(" ")
    if name.isdecimal():
        return f"window {name}"
    meant = model.settings.aliases.get(name.lower())
    if meant is None:
        return text
    words = arguments.split()

    def argument(match: re.Match[str]) -> str:
        if match[1] is None:
            return arguments.strip()
        place = int(match[1]) - 1
        return " ".join(words[place:] if match[2] else words[place : place + 1])

    return ARGUMENT.sub(argument, meant if ARGUMENT.search(meant) else f"{meant} $*")


def knows(model: Model, line: str) -> bool:
    """Whether a line is a command by its full name, an alias of the user, or the number of a window."""
    name = line.removeprefix("/").partition(" ")[0].lower()
    return name in TABLE or name in ALIASES or name in model.settings.aliases or name.isdecimal()


def run(model: Model, text: str, now: int) -> None:
    """Run `/command arguments`; errors are told in the shown buffer."""
    name, _, arguments = expanded(model, text.removeprefix("/")).partition(" ")
    arguments = arguments.strip()
    if model.tour:
        model.tour.ordered = True
    try:
        command = find(name)
        if len(arguments.split()) < command.least:
            raise SlashError(f"How to use it: /{command.name} {command.usage}")
        command.action(Order(model, arguments, now))
    except SlashError as error:
        model.current.anchor = None
        model.tell(str(error), now, Kind.ERROR)
