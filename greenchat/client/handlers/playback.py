"""What happened in a channel before we came, out of its history: told as it was, changing nothing that is now.

https://ircv3.net/specs/extensions/chathistory (draft/event-playback)
"""

from greenchat.client.handlers.numeric_texts import reason
from greenchat.client.handlers.registry import Incoming
from greenchat.client.state.lines import CAME, WENT, Kind, Line
from greenchat.client.state.model import Buffer
from greenchat.client.text.times import date_and_time

LIVE = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "REDACT"})  # their own handlers know about history


def played_back(at: Incoming, buffer: Buffer) -> None:
    """An event of the past."""
    nick = at.nick
    match at.message.command:
        case "JOIN":
            at.moved(buffer, nick, CAME, f"{nick} joined")
        case "PART":
            at.moved(buffer, nick, WENT, f"{nick} left{reason(at.param(1))}")
        case "QUIT":
            at.moved(buffer, nick, WENT, f"{nick} quit{reason(at.param(0))}")
        case "KICK":
            at.note(buffer, f"{nick} kicked {at.param(1)}{reason(at.param(2))}", nick=at.param(1))
        case "NICK":
            at.note(buffer, f"{nick} is now called {at.param(0)}", nick=nick)
        case "TOPIC":
            at.note(buffer, f"{nick} set the topic: {at.param(1)}" if at.param(1) else f"{nick} removed the topic")
        case "MODE":
            at.note(buffer, f"{nick} set mode {' '.join(at.message.params[1:])}", nick=nick)
        case "RENAME":
            at.note(buffer, f"{nick} renamed {at.param(0)} to {at.param(1)}{reason(at.param(2))}", nick=nick)
        case _:
            pass  # nothing that a reader would miss


def found(at: Incoming) -> None:
    """A message that the server has found: shown with its time and place where the user is looking."""
    if at.message.command in ("PRIVMSG", "NOTICE"):
        where = "" if at.network.is_me(at.param(0)) else f" {at.param(0)}"
        current = at.model.current
        buffer = current if current.network is at.network else at.network.status
        text = f"{date_and_time(str(at.time // 1000))}{where} {at.nick}: {at.param(1)}"
        at.model.add(buffer, Line(max(at.time, _newest(buffer)), Kind.INFO, text))


def _newest(buffer: Buffer) -> int:
    """When the newest line of a buffer came, so that an answer stands below it."""
    return buffer.lines[-1].time if buffer.lines else 0
