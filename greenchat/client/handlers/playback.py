"""Past events of a channel, from its history: shown as lines, without any effect on the present state.

https://ircv3.net/specs/extensions/chathistory (draft/event-playback)
"""

from greenchat.client.handlers.numeric_texts import reason
from greenchat.client.handlers.registry import Incoming
from greenchat.client.state.lines import CAME, WENT, Line, LineKind
from greenchat.client.state.model import Buffer
from greenchat.client.text.times import date_and_time

LIVE = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "REDACT"})  # their own handlers know about history


def played_back(incoming: Incoming, buffer: Buffer) -> None:
    """Show a past event; the user's own joins and parts are left out."""
    nick = incoming.nick
    ours = incoming.is_own or incoming.network.fold(nick) == incoming.network.fold(incoming.network.nicks.former)
    if ours and incoming.message.command in ("JOIN", "PART", "QUIT"):
        return
    match incoming.message.command:
        case "JOIN":
            incoming.moved(buffer, nick, CAME, f"{nick} joined")
        case "PART":
            incoming.moved(buffer, nick, WENT, f"{nick} left{reason(incoming.param(1))}")
        case "QUIT":
            incoming.moved(buffer, nick, WENT, f"{nick} quit{reason(incoming.param(0))}")
        case "KICK":
            incoming.note(
                buffer, f"{nick} kicked {incoming.param(1)}{reason(incoming.param(2))}", nick=incoming.param(1)
            )
        case "NICK":
            incoming.note(buffer, f"{nick} is now known as {incoming.param(0)}", nick=nick)
        case "TOPIC":
            incoming.note(
                buffer,
                f"{nick} set the topic: {incoming.param(1)}" if incoming.param(1) else f"{nick} removed the topic",
            )
        case "MODE":
            incoming.note(buffer, f"{nick} set mode {' '.join(incoming.message.params[1:])}", nick=nick)
        case "RENAME":
            incoming.note(
                buffer,
                f"{nick} renamed {incoming.param(0)} to {incoming.param(1)}{reason(incoming.param(2))}",
                nick=nick,
            )
        case _:
            pass  # nothing that a reader would miss


def show_search_result(incoming: Incoming) -> None:
    """Show a search result with its time and place in the current window."""
    if incoming.message.command in ("PRIVMSG", "NOTICE"):
        channel = "" if incoming.network.is_me(incoming.param(0)) else f" {incoming.param(0)}"
        current = incoming.model.current
        buffer = current if current.network is incoming.network else incoming.network.status
        text = f"{date_and_time(str(incoming.time // 1000))}{channel} {incoming.nick}: {incoming.param(1)}"
        incoming.model.add(buffer, Line(max(incoming.time, _newest(buffer)), LineKind.INFO, text))


def _newest(buffer: Buffer) -> int:
    """Return the time of a buffer's newest line, so that an answer stands below it."""
    return buffer.lines[-1].time if buffer.lines else 0
