"""One IRC message: tags, source, command and parameters, parsed from and formatted to a line.

The grammar is that of Modern IRC (https://modern.ircdocs.horse/#message-format) with the tags of
https://ircv3.net/specs/extensions/message-tags. A line here is text without its CR LF; cutting lines out of a
stream is `framing`'s work, and deciding what to do with undecodable bytes is the caller's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_TAGS: Mapping[str, str] = MappingProxyType({})

_ESCAPES = {"\\:": ";", "\\s": " ", "\\\\": "\\", "\\r": "\r", "\\n": "\n"}
_UNESCAPES = {value: key for key, value in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\.?", re.DOTALL)
_UNSAFE = re.compile(r"[; \\\r\n]")
_FORBIDDEN = re.compile(r"[\0\r\n]")

# Commands whose last parameter is free text. It always gets its colon, also where it is a single word: the grammar does
# not ask for it, but simple clients and bots look for the text behind " :".
_TEXT_COMMANDS = frozenset(
    "PRIVMSG NOTICE TOPIC QUIT PART KICK ERROR AWAY KILL WALLOPS SETNAME FAIL WARN NOTE PONG"
    " 301 302 303 311 314 319 332 340 353 372 730 731 732".split()
)


class ParseError(ValueError):
    """The line is not an IRC message; the text of the error says why, in words for its sender."""


@dataclass(frozen=True, slots=True)
class Message:
    """An IRC message.

    tags: name -> unescaped value ("" for a tag without a value); names keep their `+` and vendor prefix.
    source: who it is from (`nick!user@host` or a server name), None where the line has no prefix.
    command: in upper case, or three digits.
    params: at most 15; only the last may be empty, hold spaces or begin with a colon.
    """

    command: str
    params: tuple[str, ...] = ()
    source: str | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)

    def __hash__(self) -> int:
        return hash((self.command, self.params, self.source, frozenset(self.tags.items())))

    @property
    def nick(self) -> str:
        """The nickname (or server name) of the source, "" without one."""
        return split_source(self.source or "")[0]

    def format(self) -> str:
        """The line, without CR LF.

        Raises ValueError where the parts can't make one line with these very parts in it.
        """
        parts = []
        if self.tags:
            parts.append("@" + format_tags(self.tags))
        if self.source is not None:
            if " " in self.source:
                raise ValueError(f"a source can't hold a space: {self.source!r}")
            parts.append(":" + self.source)
        parts.append(self.command)
        if self.params:
            *middles, last = self.params
            for middle in middles:
                if not middle or " " in middle or middle[0] == ":":
                    raise ValueError(f"only the last parameter may be {middle!r}")
            parts += middles
            text = not last or " " in last or last[0] == ":" or self.command in _TEXT_COMMANDS
            parts.append(":" + last if text else last)
        line = " ".join(parts)
        if _FORBIDDEN.search(line):
            raise ValueError(f"NUL, CR or LF in a message: {line!r}")
        return line


def parse(line: str) -> Message:
    """Parse one line without its line end. Lenient as Modern IRC asks: runs of spaces separate like one.

    Raises ParseError, and nothing else, whatever the line holds.
    """
    if _FORBIDDEN.search(line):
        raise ParseError("a message can't contain NUL or a lone CR")
    tags = NO_TAGS
    rest = line
    if rest[:1] == "@":
        head, _, rest = rest[1:].partition(" ")
        tags = parse_tags(head)
    rest = rest.lstrip(" ")
    source: str | None = None
    if rest[:1] == ":":
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    rest, colon, trailing = rest.partition(" :")
    words = [word for word in rest.split(" ") if word]
    if colon:
        words.append(trailing)
        command_missing = len(words) == 1
    else:
        command_missing = not words
    if command_missing:
        raise ParseError("a message needs a command")
    command = words[0]
    if not (command.isascii() and command.isalnum()):
        raise ParseError("a command is made of letters or three digits")
    if len(words) > 16:
        words[15:] = [" ".join(words[15:])]
    return Message(command.upper(), tuple(words[1:]), source, tags)


def parse_tags(text: str) -> dict[str, str]:
    """Parse `name=value;name`, the part between `@` and the first space. The last of equal names wins."""
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        name, _, value = tag.partition("=")
        if name:
            tags[name] = _ESCAPED.sub(_unescape, value) if "\\" in value else value
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """The tags as they stand between `@` and the first space.

    Raises ValueError for a name that would end its tag.
    """
    parts = []
    for name, value in tags.items():
        if not name or _UNSAFE.search(name) or "=" in name:
            raise ValueError(f"not a tag name: {name!r}")
        if value:
            parts.append(name + "=" + _UNSAFE.sub(lambda match: _UNESCAPES[match[0]], value))
        else:
            parts.append(name)
    return ";".join(parts)


def presentable(word: str) -> str:
    """The word if it can stand anywhere in a message, `*` if only its end could hold it."""
    return word if word and word[0] != ":" and " " not in word else "*"


def split_source(source: str) -> tuple[str, str, str]:
    """`nick!user@host` as (nick, user, host); what is missing is ""."""
    rest, _, host = source.partition("@")
    nick, _, user = rest.partition("!")
    return nick, user, host


def _unescape(match: re.Match[str]) -> str:
    pair = match[0]
    return _ESCAPES.get(pair, pair[1:])
