"""The slash commands of plain users: `/nick`, `/me`, `/msg`, `/join`, `/list`, `/topic`, `/who`, `/help` ...

A row of the table has a command's name and a function that turns its argument into a request. Help is made from the
table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from greenchat.protocol.message import Message

# `/usr/bin` and `/o/` are no commands
_CALL = re.compile(r"/([A-Za-z]+)(?:\s+(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text to a channel or a person."""

    target: str
    text: str
    action: bool = False


@dataclass(frozen=True, slots=True)
class Rename:
    """Take another name."""

    typed: str


@dataclass(frozen=True, slots=True)
class Help:
    """Show the help."""


Wish = Say | Rename | Help | Message
SlashCall = Callable[[str, str], Wish | None]


@dataclass(frozen=True, slots=True)
class Slash:
    """A slash command.

    function: takes (the argument, the channel that the user is in) and returns None if that is not enough.
    """

    name: str
    usage: str
    help: str
    function: SlashCall


COMMANDS: dict[str, Slash] = {}


def _slash(usage: str, help_: str) -> Callable[[SlashCall], SlashCall]:
    def declare(function: SlashCall) -> SlashCall:
        name = usage.split()[0][1:]
        assert name not in COMMANDS, f"/{name} is declared twice"
        COMMANDS[name] = Slash(name, usage, help_, function)
        return function

    return declare


@_slash("/nick NAME", "change your name")
def _nick(rest: str, lobby: str) -> Wish | None:
    return Rename(rest) if rest else None


@_slash("/me TEXT", "send an action: /me waves")
def _me(rest: str, lobby: str) -> Wish | None:
    return Say(lobby, rest, action=True) if rest else None


@_slash("/msg NAME TEXT", "send a private message")
def _msg(rest: str, lobby: str) -> Wish | None:
    name, _, text = rest.partition(" ")
    # `/msg bob: hi` is probably a private message to bob
    name = name.rstrip(":,").lstrip(":#&@+%~")
    text = text.strip()
    return Say(name, text) if name and text else None


@_slash("/who", "list the people here")
def _who(rest: str, lobby: str) -> Wish | None:
    return Message("NAMES", (lobby,))


@_slash("/names", "the same")
def _names(rest: str, lobby: str) -> Wish | None:
    return _who(rest, lobby)


@_slash("/list", "list the rooms")
def _list(rest: str, lobby: str) -> Wish | None:
    return Message("LIST", ())


@_slash("/join ROOM", "join another room")
def _join(rest: str, lobby: str) -> Wish | None:
    room, *key = rest.split()[:2] or [""]
    room = room.partition(",")[0]
    return Message("JOIN", ("#" + room.lstrip("#"), *key)) if room.strip("#") else None


@_slash("/topic [TEXT]", "show or change the topic")
def _topic(rest: str, lobby: str) -> Wish | None:
    return Message("TOPIC", (lobby, rest) if rest else (lobby,))


@_slash("/quit", "leave")
def _quit(rest: str, lobby: str) -> Wish | None:
    return Message("QUIT", (rest,) if rest else ())


@_slash("/help", "this list")
def _help(rest: str, lobby: str) -> Wish | None:
    return Help()


def parse_slash(text: str) -> tuple[str, str] | None:
    """Return (command in lower case, argument), None if the text is not a command."""
    called = _CALL.match(text)
    return (called[1].lower(), (called[2] or "").strip()) if called else None


def help_lines() -> list[str]:
    """Return the commands that a client may type, one line each."""
    width = max(len(row.usage) for row in COMMANDS.values())
    return [f"{row.usage:{width}}  {row.help}" for row in COMMANDS.values()]
