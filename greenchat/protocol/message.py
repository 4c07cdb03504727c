"""One IRC message: tags, source, command and parameters, parsed from and formatted to a line.

The grammar is that of Modern IRC (https://modern.ircdocs.horse/#message-format) with the tags of
https://ircv3.net/specs/extensions/message-tags. A line here is text without its CR LF; `framing` splits a stream into
lines, and the caller decides what to do with undecodable bytes.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NO_TAGS: Mapping[str, str] = MappingProxyType({})

_ESCAPES = {"\\:": ";", "\\s": " ", "\\\\": "\\", "\\r": "\r", "\\n": "\n"}
_UNESCAPES = {value: key for key, value in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\.?", re.DOTALL)
_UNSAFE_IN_VALUE = re.compile(r"[; \\\r\n]")
_UNSAFE_IN_NAME = re.compile(r"[;= ]")

# Commands whose last parameter is free text. It always gets a colon, even as a single word: the grammar does not
# require it, but simple clients and bots look for the text after " :".
_TEXT_COMMANDS = frozenset(
    "PRIVMSG NOTICE TOPIC QUIT PART KICK ERROR AWAY KILL WALLOPS SETNAME FAIL WARN NOTE PONG"
    " METADATA 301 302 303 311 314 319 322 332 340 353 371 372 382 704 705 706 730 731 732 760 761".split()
)


class ParseError(ValueError):
    """A line that is not an IRC message; the text is the reason, for its sender."""


class Message(NamedTuple):
    """An IRC message. A tuple instead of a dataclass, because the server makes several for each message.

    command: in upper case, or three digits; in received messages anything without a space.
    params: only the last may be empty, contain spaces or begin with a colon.
    source: the sender (`nick!user@host` or a server name), None if the line has no prefix.
    tags: name -> unescaped value ("" for a tag without a value); names keep their `+` and vendor prefix.
    """

    command: str
    params: tuple[str, ...] = ()
    source: str | None = None
    tags: Mapping[str, str] = NO_TAGS

    def __hash__(self) -> int:
        return hash((self.command, self.params, self.source, frozenset(self.tags.items())))

    @property
    def nick(self) -> str:
        """The nickname (or server name) of the source, "" without one."""
        return split_source(self.source or "")[0]

    @property
    def is_line(self) -> bool:
        """Whether `format` can make a line of the message."""
        try:
            self.format()
        except ValueError:
            return False
        return True

    def format(self) -> str:
        """Return the line, without CR LF.

        Raises ValueError if the parts can't form one line that parses to exactly these parts.
        """
        body = self.format_body()
        return f"@{format_tags(self.tags)} {body}" if self.tags else body

    def format_body(self) -> str:
        """Return the line without its tags, as `format` does."""
        command, params, source, _ = self
        if not command.isalnum() and (not command or command[0] in ":@" or " " in command):
            raise ValueError(f"not a command: {command!r}")
        line = command
        if source is not None:
            if " " in source:
                raise ValueError(f"a source can't hold a space: {source!r}")
            line = f":{source} {command}"
        if params:
            last = params[-1]
            for middle in params[:-1]:
                if not middle or " " in middle or middle[0] == ":":
                    raise ValueError(f"only the last parameter may be {middle!r}")
                line += " " + middle
            is_text = command in _TEXT_COMMANDS and (len(params) > 1 or command != "PART")
            if is_text or not last or " " in last or last[0] == ":":
                line += " :" + last
            else:
                line += " " + last
        if _cannot_be_in_a_line(line):
            raise ValueError(f"NUL, CR or LF in a message: {line!r}")
        return line


def parse(line: str) -> Message:
    """Parse one line without its line end. Lenient as Modern IRC asks: runs of spaces separate like one, and there may
    be any number of parameters.

    An unknown command is not refused here: any word without a space is one. Raises ParseError, and nothing else,
    whatever the line contains.
    """
    if _cannot_be_in_a_line(line):
        raise ParseError("a message can't contain NUL, CR or LF")
    tags = NO_TAGS
    source: str | None = None
    rest = line
    if rest[:1] == "@":
        head, _, rest = rest[1:].partition(" ")
        tags = parse_tags(head)
    rest = rest.lstrip(" ")
    if rest[:1] == ":":
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    rest, colon, trailing = rest.partition(" :")
    words = rest.split(" ")
    if "" in words:
        words = [word for word in words if word]
    if not words:
        raise ParseError("a message needs a command")
    command = words.pop(0)
    if command[0] in ":@":  # a parameter, or tags, in place of the command
        raise ParseError("a message needs a command")
    if colon:
        words.append(trailing)
    return Message(command.upper() if command.isascii() else command, tuple(words), source, tags)


def _cannot_be_in_a_line(text: str) -> bool:
    return "\0" in text or "\r" in text or "\n" in text


def parse_tags(text: str) -> dict[str, str]:
    """Parse `name=value;name`, the part between `@` and the first space. The last of equal names wins."""
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        name, _, value = tag.partition("=")
        if name:
            tags[name] = _ESCAPED.sub(_unescape, value) if "\\" in value else value
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """Return the tags in the form between `@` and the first space.

    Raises ValueError for a name that would end its tag, and for a NUL, which has no escape.
    """
    parts = []
    for name, value in tags.items():
        if not name or _UNSAFE_IN_NAME.search(name) or _cannot_be_in_a_line(name) or "\0" in value:
            raise ValueError(f"not a tag: {name!r}={value!r}")
        parts.append(f"{name}={escape_value(value)}" if value else name)
    return ";".join(parts)


def escape_value(value: str) -> str:
    """Return a tag's value, escaped: https://ircv3.net/specs/extensions/message-tags#escaping-values."""
    return _UNSAFE_IN_VALUE.sub(_escape, value)


def presentable(word: str) -> str:
    """Return the word if it can be any parameter of a message, `*` if it could only be the last."""
    return word if word and word[0] != ":" and " " not in word else "*"


def split_source(source: str) -> tuple[str, str, str]:
    """Return `nick!user@host` as (nick, user, host); missing parts are ""."""
    rest, _, host = source.partition("@")
    nick, _, user = rest.partition("!")
    return nick, user, host


def _unescape(match: re.Match[str]) -> str:
    pair = match[0]
    return _ESCAPES.get(pair, pair[1:])


def _escape(match: re.Match[str]) -> str:
    return _UNESCAPES[match[0]]


def is_pong(line: bytes, name: str) -> bool:
    """Whether a line, without its end, is the answer to a PING with that name in one of the usual spellings."""
    return line in (b"PONG :" + name.encode(), b"PONG " + name.encode())
