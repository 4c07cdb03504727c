"""Scripts of lines that clients send, and of those that each must receive: the tables of this folder consist of them.

    > The sentence of the specification that is tested.
    alice< JOIN #a              alice sends this; she is connected and registered where she is first named
    alice> :alice JOIN #a       and receives this, with exactly as many parameters, and nothing else
    alice> 353 alice = #a @alice
    bob>                        bob receives nothing at all
    + carol batch sasl          carol is connected with these capabilities
    - dave                      dave is connected, and not yet registered
    # a remark

In an expected line `*` stands for any text, also within a parameter, `...` at the end for any further parameters, and
`<name>` for a text that is the same wherever it is expected or sent again. A last parameter with a space begins with
`:`. Source and tags are compared only where the script names them: `@tag=` is a tag without a value, or none. If a
script has expected lines for a client, all that the client has received since the last line was sent or a client
connected is compared with them, in order.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from greenchat.protocol.message import Message, parse
from tests.conftest import Target
from tests.irc import Client


class Row(NamedTuple):
    """A sentence, and the script that shows that the server obeys it."""

    sentence: str
    script: tuple[str, ...]


def rows(path: Path) -> Iterator[Row]:
    """Return the rows of a table: paragraphs with a sentence, marked by `>`, above a script."""
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line and line[0] != "#"]
        sentence = " ".join(line[2:] for line in lines if line[:2] == "> ")
        script = tuple(line for line in lines if line[:2] != "> ")
        if lines:
            assert sentence, f"{path.name}: a script without its sentence: {script}"
            assert any(_cut(line)[1] == ">" for line in script), f"{path.name}: nothing must come: {sentence}"
            yield Row(sentence, script)


class Play:
    """A running script: the connected clients, and what they received since the last line was sent."""

    def __init__(self, address: Target) -> None:
        self._address = address
        self._people: dict[str, Client] = {}
        self._received: dict[str, list[Message]] = {}
        self._known: dict[str, str] = {}

    def run(self, row: Row) -> None:
        """Run the script; raise AssertionError with all that a client received where that is not what it must be."""
        expected: dict[str, list[str]] = {}
        for line in row.script:
            who, mark, rest = _cut(line)
            if mark == ">":
                expected.setdefault(who, []).extend([rest] if rest else [])
                continue
            self._compare(row, expected)
            expected = {}
            self._restart()
            if mark == "<":
                self._send(who, rest)
            else:
                self._connect(who, rest, registered=mark == "+")
        self._compare(row, expected)

    def close(self) -> None:
        """Drop all connections."""
        for person in self._people.values():
            person.close()

    def _connect(self, who: str, caps: str = "", *, registered: bool = True) -> None:
        self._people[who] = Client(self._address, who if registered else "", caps=caps)
        self._received[who] = []
        if registered:
            self._people[who].sync()

    def _send(self, who: str, line: str) -> None:
        if who not in self._people:
            self._connect(who)
            self._restart()
        for word, text in self._known.items():
            line = line.replace(f"<{word}>", text)
        self._people[who].send(line)
        self._hear(who)

    def _restart(self) -> None:
        for name in self._people:
            self._hear(name)
        self._received = {name: [] for name in self._people}

    def _hear(self, who: str) -> None:
        """Read all that a client was sent so far; after the end of its connection there is nothing more."""
        try:
            self._people[who].send("PING the-play-goes-on")
            while (message := self._people[who].read()).params[-1:] != ("the-play-goes-on",):
                self._received[who].append(message)
        except (EOFError, ConnectionError):
            return

    def _compare(self, row: Row, expected: dict[str, list[str]]) -> None:
        for who, patterns in expected.items():
            if who not in self._people:
                self._connect(who)
            self._hear(who)
            lines = self._received[who]
            pairs = zip(lines, patterns, strict=False)
            if len(lines) != len(patterns) or not all(fits(*pair, self._known) for pair in pairs):
                told_lines = [message.format() for message in lines]
                raise AssertionError("\n".join([row.sentence, f"{who} was told:", *told_lines, "and not:", *patterns]))


def _cut(line: str) -> tuple[str, str, str]:
    """Split a line of a script into client, mark, and the rest."""
    first, _, rest = line.partition(" ")
    if first in ("+", "-"):
        who, _, caps = rest.partition(" ")
        return who, first, caps
    return first[:-1], first[-1], rest


def fits(message: Message, pattern: str, known: dict[str, str]) -> bool:
    """Whether a message is as a line of a script says. known: the values of `<name>`, which grow."""
    wanted = parse(pattern)
    params = list(wanted.params)
    given = list(message.params)
    if params[-1:] == ["..."]:
        params.pop()
        given = given[: len(params)]
    return (
        message.command == wanted.command
        and len(given) == len(params)
        and (not wanted.source or wanted.source in (message.nick, message.source))
        and all(_is_like(message.tags.get(key, ""), value, known) for key, value in wanted.tags.items())
        and all(_is_like(text, param, known) for text, param in zip(given, params, strict=True))
    )


def _is_like(text: str, pattern: str, known: dict[str, str]) -> bool:
    parts = [_regex(part, known) for part in re.split(r"(\*|<[a-z]+>)", pattern)]
    match = re.fullmatch("".join(parts), text, re.DOTALL)
    known.update(match.groupdict() if match else {})
    return match is not None


def _regex(part: str, known: dict[str, str]) -> str:
    if part == "*":
        return ".*"
    if re.fullmatch("<[a-z]+>", part):
        name = part[1:-1]
        return re.escape(known[name]) if name in known else f"(?P<{name}>.+)"
    return re.escape(part)
