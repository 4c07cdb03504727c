"""Renders an IRC `Message` from the server as lines for plain clients.

A rendering depends on the message only, so that the server makes it once for all clients of a kind: every line ends in
a newline and has at most 1000 bytes, and each piece of a long text repeats the prefix. Messages of users are `who:
text` (tilde: `who~text`), those of the server are bare (tilde: `SERVER~text`). Messages without use for a plain user
become b"".
"""

from collections.abc import Callable
from dataclasses import dataclass

from greenchat.protocol.message import Message, split_source
from greenchat.protocol.plain.family import CHUNK_LIMIT
from greenchat.protocol.plain.text import split_text, visible

SERVER = "SERVER"  # the speaker's name for the server, in the tilde family
WELCOME = "Connected to the server!"
WHO_LIMIT = 200  # bytes of a name: more than any nick has
LEAD_LIMIT = 500  # bytes of the prefix before the text


@dataclass(frozen=True, slots=True)
class _RenderedLine:
    """text, said by who ("" for the server). lead precedes each piece of the text.

    bare: for families without `~`, lead already names the speaker.
    """

    text: str
    who: str = ""
    lead: str = ""
    bare: bool = False


_Words = Callable[[Message], _RenderedLine | None]


def render(message: Message, *, tilde: bool) -> bytes:
    """Return the lines for clients of the tilde family, or for the others."""
    words = _WORDS.get(message.command)
    if words is not None:
        line = words(message)
    elif message.command.isdigit():
        line = _numeric(message)
    else:
        line = None
    return _encode(line, tilde=tilde) if line else b""


def notice(text: str, *, tilde: bool) -> bytes:
    """Return the lines for a notice to this client only."""
    return _encode(_RenderedLine(text), tilde=tilde)


def _encode(line: _RenderedLine, *, tilde: bool) -> bytes:
    who, lead, text = visible(line.who), visible(line.lead), visible(line.text)
    if not text and not lead:
        return b""
    if tilde:
        # one ~ separates, a second would end the message: U+223C looks the same
        who = who.replace("~", "_")
        lead, text = lead.replace("~", "\u223c"), text.replace("~", "\u223c")
    who, lead = split_text(who, WHO_LIMIT)[0], split_text(lead, LEAD_LIMIT)[0]
    if tilde:
        before = (who + "_" if who.upper() == SERVER else who or SERVER) + "~" + lead
    else:
        before = lead if line.bare or not who else f"{who}: {lead}"
    pieces = split_text(text, CHUNK_LIMIT - 1 - len(before.encode()))
    return "".join(f"{before}{piece}\n" for piece in pieces).encode()


def _privmsg(message: Message) -> _RenderedLine | None:
    target, text = _two(message)
    to = _addressed(target)
    ctcp = _ctcp(text)
    if ctcp is None:
        return _RenderedLine(text, message.nick, to) if visible(text) else None
    command, rest = ctcp
    if command == "ACTION":
        return _RenderedLine(rest, message.nick, f"{to}* {message.nick} ", bare=True)
    return _RenderedLine(f"[CTCP {command}] {rest}".rstrip(), message.nick, to)


def _notice(message: Message) -> _RenderedLine | None:
    target, text = _two(message)
    if not visible(text):
        return None
    if not split_source(message.source or "")[1]:
        return _RenderedLine(text)
    ctcp = _ctcp(text)
    if ctcp is not None:
        text = f"[CTCP {ctcp[0]} reply] {ctcp[1]}".rstrip()
    return _RenderedLine(text, message.nick, _addressed(target) if _is_status(target) else "")


def _join(message: Message) -> _RenderedLine:
    return _RenderedLine(f"{message.nick} joined the chat!")


def _leave(message: Message) -> _RenderedLine:
    return _RenderedLine(f"{message.nick} left the chat!")


def _nick(message: Message) -> _RenderedLine:
    return _RenderedLine(f"{message.nick} is now known as {_two(message)[0]}")


def _kick(message: Message) -> _RenderedLine:
    _, kicked, reason, *_ = (*message.params, "", "", "")
    by = f"{kicked} was removed from the chat by {message.nick}"
    return _RenderedLine(reason, lead=by + ": ") if reason and reason != kicked else _RenderedLine(by)


def _topic(message: Message) -> _RenderedLine:
    _, topic = _two(message)
    if not topic:
        return _RenderedLine(f"{message.nick} removed the topic")
    return _RenderedLine(topic, lead=f"{message.nick} set the topic: ")


def _last(message: Message) -> _RenderedLine | None:
    return _RenderedLine(message.params[-1]) if message.params else None


def _error(message: Message) -> _RenderedLine | None:
    # `Quit: ` without a reason
    return _RenderedLine(message.params[-1].rstrip(": ")) if message.params else None


_WORDS: dict[str, _Words] = {
    "ERROR": _error,
    "FAIL": _last,
    "JOIN": _join,
    "KICK": _kick,
    "NICK": _nick,
    "NOTE": _last,
    "NOTICE": _notice,
    "PART": _leave,
    "PRIVMSG": _privmsg,
    "QUIT": _leave,
    "TOPIC": _topic,
    "WARN": _last,
}

# no MOTD; not registered: neither concerns a plain user. A wrong password: the ERROR that follows says it.
_SILENT = frozenset({"422", "451", "464"})

_NUMERICS: dict[str, Callable[[tuple[str, ...]], _RenderedLine]] = {
    "001": lambda params: _RenderedLine(WELCOME),
    "301": lambda params: _RenderedLine(params[-1], lead=f"{params[1]} is away: "),
    "322": lambda params: _RenderedLine(params[-1], lead=f"{params[1]} ({params[2]} here) "),
    "323": lambda params: _RenderedLine("Use /join ROOM to join one"),
    "331": lambda params: _RenderedLine("There is no topic"),
    "332": lambda params: _RenderedLine(params[-1], lead="The topic is: "),
    "353": lambda params: _RenderedLine(", ".join(name.lstrip("~&@%+") for name in params[-1].split()), lead="Here: "),
    "401": lambda params: _RenderedLine(f"There is nobody named {params[1]}"),
    "404": lambda params: _RenderedLine(f"Not sent: {params[-1]}"),
    "432": lambda params: _RenderedLine(f"The name {params[1]} is not allowed"),
    "433": lambda params: _RenderedLine(f"The name {params[1]} is taken"),
    "716": lambda params: _RenderedLine(f"{params[1]} {params[-1]}"),
    "717": lambda params: _RenderedLine(f"{params[1]} {params[-1]}"),
}


def _numeric(message: Message) -> _RenderedLine | None:
    params = message.params
    # without a nick nothing but the prompt may be written
    if len(params) < 2 or params[0] == "*" or message.command in _SILENT:
        return None
    words = _NUMERICS.get(message.command)
    if words is not None:
        return words(params)
    if message.command[0] not in "45":
        return None
    about = " ".join(params[1:-1])
    return _RenderedLine(f"{params[-1]} ({about})" if about else params[-1])


def _two(message: Message) -> tuple[str, str]:
    first, second, *_ = (*message.params, "", "")
    return first, second


def _addressed(target: str) -> str:
    """Return the mark of a private text, the same for sender and recipient, so that it does not look public.

    Channels are not named, since a plain user is in only one.
    """
    if target.startswith("#"):
        return ""
    if target.startswith("$"):
        return "[to everybody] "  # an operator speaks to all users of a server
    return f"[to {target}] " if _is_status(target) else f"[private to {target}] "


def _is_status(target: str) -> bool:
    """Whether it is for some of a channel's members only: https://modern.ircdocs.horse/#statusmsg-parameter."""
    return target.lstrip("~&@%+").startswith("#")


def _ctcp(text: str) -> tuple[str, str] | None:
    """Return (command, rest) of a CTCP message, https://modern.ircdocs.horse/ctcp. The last \\x01 may be missing."""
    if not text.startswith("\x01"):
        return None
    command, _, rest = text[1:].removesuffix("\x01").partition(" ")
    return command.upper(), rest
