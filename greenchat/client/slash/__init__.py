"""The slash commands. /help and completion are made from the table."""

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
    pictures,
    plugins,
    programs,
    server,
    settings,
    talking,
    terminal,
    tour,
    window,
    windows,
)
from greenchat.client.slash.registry import ALIASES, BETWEEN, TABLE, Order, SlashError, find, with_switches
from greenchat.client.state.lines import LineKind
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
    "pictures",
    "plugins",
    "programs",
    "run",
    "server",
    "settings",
    "talking",
    "terminal",
    "tour",
    "window",
    "windows",
]

ARGUMENT = re.compile(r"\$(?:\*|([1-9])(-?))")


def expanded(model: Model, text: str) -> list[str]:
    """Return the line, or the commands of its alias; aliases in aliases are not expanded.

    /2 is /window 2.
    """
    name, _, arguments = text.partition(" ")
    if name.isdecimal():
        return [f"window {name}"]
    replacement = model.settings.aliases.get(name.lower())
    if replacement is None:
        return [text]
    words = arguments.split()

    def argument(match: re.Match[str]) -> str:
        if match[1] is None:
            return arguments.strip()
        place = int(match[1]) - 1
        return " ".join(words[place:] if match[2] else words[place : place + 1])

    orders = BETWEEN.split(replacement)  # before inserting the user's arguments
    if len(orders) == 1 and not ARGUMENT.search(replacement):
        return [f"{replacement} {arguments}"]
    return [ARGUMENT.sub(argument, each) for each in orders]


def knows(model: Model, line: str) -> bool:
    """Whether a line is a command by its full name, an alias of the user, or the number of a window."""
    name = line.removeprefix("/").partition(" ")[0].lower()
    return name in TABLE or name in ALIASES or name in model.settings.aliases or name.isdecimal()


def run(model: Model, text: str, now: int) -> None:
    """Run `/command arguments`; errors are shown in the current window, and end the commands of an alias."""
    if model.tour:
        model.tour.ordered = True
    try:
        for line in expanded(model, text.removeprefix("/")):
            _run(model, line, now)
    except SlashError as error:
        model.current.anchor = None
        model.command_error = str(error)
        model.tell(model.command_error, now, LineKind.ERROR)


def _run(model: Model, line: str, now: int) -> None:
    name, _, arguments = line.partition(" ")
    command = find(name)
    order = with_switches(Order(model, arguments.strip(), now), command)
    if len(order.words) < command.least:
        raise SlashError(f"Usage: /{command.name} {command.usage}")
    command.action(order)
    _require_sendable(model)


def _require_sendable(model: Model) -> None:
    """Check that the resulting lines can be sent: the connection silently skips others.

    Raises SlashError, and none of it is sent.
    """
    for network in model.networks:
        unfit = [each for each in network.outgoing if not each.is_line]
        for each in unfit:
            network.outgoing.remove(each)
        if unfit:
            raise SlashError("Not sent: only the last parameter of a command to the server may begin with a colon.")
