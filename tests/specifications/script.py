"""Scripts of who says what, and what each of them must be told: the tables of this folder are made of them.

    > The sentence of the specification that is looked at.
    alice< JOIN #a              alice sends this; she is connected and registered where she is first named
    alice> :alice JOIN #a       and is told this, with exactly as many parameters, and nothing else
    alice> 353 alice = #a @alice
    bob>                        bob is told nothing at all
    + carol batch sasl          carol is connected with these capabilities
    - dave                      dave is connected, and not yet registered
    # a remark

In what must come `*` stands for any text, also within a parameter, `...` at the end for any more parameters, and
`<name>` for a text that is the same wherever it comes or is sent again. A last parameter with a space in it begins with
`:`. Source and tags are only looked at where the script names them: `@tag=` is a tag without a value, or none. What
somebody is told is compared where the script says anything about it, whole and in order, since anybody last sent
a line or came.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from greenchat.protocol.message import Message, parse
from tests.conftest import Target
from tests.irc import Client


class Row(NamedTuple):
    """A sentence, and the script that shows that it is kept."""

    sentence: str
    script: tuple[str, ...]


def rows(path: Path) -> Iterator[Row]:
    """The rows of a table: paragraphs with a sentence, marked by `>`, above a script."""
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line and line[0] != "#"]
        sentence = " ".join(line[2:] for line in lines if line[:2] == "> ")
        script = tuple(line for line in lines if line[:2] != "> ")
        if lines:
            assert sentence, f"{path.name}: a script without its sentence: {script}"
            assert any(_cut(line)[1] == ">" for line in script), f"{path.name}: nothing must come: {sentence}"
            yield Row(sentence, script)


class Play:
    """One script that is being run: who is connected, and what they were told since anybody last sent a line."""

    def __init__(self, address: Target) -> None:
        self._address = address
        self._people: dict[str, Client] = {}
        self._told: dict[str, list[Message]] = {}
        self._known: dict[str, str] = {}

    def run(self, row: Row) -> None:
        """Run it; raises AssertionError with all that somebody was told where that isn't what must come."""
        expected: dict[str, list[str]] = {}
        for line in row.script:
            who, mark, rest = _cut(line)
            if mark == ">":
                expected.setdefault(who, []).extend([rest] if rest else [])
                continue
            self._compare(row, expected)
            expected = {}
            self._begin_anew()
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
        self._told[who] = []
        if registered:
            self._people[who].sync()

    def _send(self, who: str, line: str) -> None:
        if who not in self._people:
            self._connect(who)
            self._begin_anew()
        for word, text in self._known.items():
            line = line.replace(f"<{word}>", text)
        self._people[who].send(line)
        self._hear(who)

    def _begin_anew(self) -> None:
        for name in self._people:
            self._hear(name)
        self._told = {name: [] for name in self._people}

    def _hear(self, who: str) -> None:
        """Take in all that somebody was told so far; after the end of their connection there is nothing more."""
        try:
            self._people[who].send("PING the-play-goes-on")
            while (message := self._people[who].read()).params[-1:] != ("the-play-goes-on",):
                self._told[who].append(message)
        except (EOFError, ConnectionError):
            return

    def _compare(self, row: Row, expected: dict[str, list[str]]) -> None:
        for who, patterns in expected.items():
            if who not in self._people:
                self._connect(who)
            self._hear(who)
            told = self._told[who]
            pairs = zip(told, patterns, strict=False)
            if len(told) != len(patterns) or not all(fits(*pair, self._known) for pair in pairs):
                told_lines = [message.format() for message in told]
                raise AssertionError("\n".join([row.sentence, f"{who} was told:", *told_lines, "and not:", *patterns]))


def _cut(line: str) -> tuple[str, str, str]:
    """Who, the mark, and the rest of a line of a script."""
    first, _, rest = line.partition(" ")
    if first in ("+", "-"):
        who, _, caps = rest.partition(" ")
        return who, first, caps
    return first[:-1], first[-1], rest


def fits(message: Message, pattern: str, known: dict[str, str]) -> bool:
    """Whether a message is as a line of a script says. known: what `<name>` stands for; grows."""
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
    found = re.fullmatch("".join(parts), text, re.DOTALL)
    known.update(found.groupdict() if found else {})
    return found is not None


def _regex(part: str, known: dict[str, str]) -> str:
    if part == "*":
        return ".*"
    if re.fullmatch("<[a-z]+>", part):
        name = part[1:-1]
        return re.escape(known[name]) if name in known else f"(?P<{name}>.+)"
    return re.escape(part)
