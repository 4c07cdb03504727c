"""The beginning of a connection: detects the family (or IRC), and reads the name.

Nothing is sent during the grace period, so that IRC and tilde programs can send first; then the prompt is sent once,
and nothing more before an answer. The input is judged as a whole; if that is not possible yet (an IRC verb without its
newline, a chunk that seems cut off) a deadline limits the wait for more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from greenchat.protocol.plain.family import (
    CHUNK_LIMIT,
    GRACE,
    NAME_LIMIT,
    PROMPT_TIMEOUT,
    QUICK,
    REST_WAIT,
    VERB_WAIT,
    Family,
    PromptTime,
)
from greenchat.protocol.plain.text import unfinished

VERBS = frozenset("AUTHENTICATE CAP NICK PASS PING PONG PROTOCTL QUIT REGISTER STARTTLS USER VERIFY WEBIRC".split())

# a line of IRC may begin with tags and a source: https://modern.ircdocs.horse/#message-format
_WORD = re.compile(rb"[\r\n ]*(?:@[^ \r\n]+ +)?(?::[^ \r\n]+ +)?([A-Za-z]+)(?=([ \r\n])|\Z)")
# Lines that only IRC programs write, which must get the error that they have not registered: in capitals, with
# parameters, and with IRC's line end. No person has such a name.
_TOO_EARLY = re.compile(
    rb"[\r\n ]*(?:@[^ \r\n]+ +)?(?::[^ \r\n]+ +)?(?:AWAY|INVITE|ISON|JOIN|KICK|LIST|MODE|MONITOR|NAMES|NOTICE|OPER|PART"
    rb"|PRIVMSG|TAGMSG|TOPIC|USERHOST|WHO|WHOIS|WHOWAS) [^\r\n]+\r\n"
)
# The same for an unknown command. A person may have such a name, but does not type it before the prompt.
_COMMAND = re.compile(rb"[\r\n ]*(?:@[^ \r\n]+ +)?(?::[^ \r\n]+ +)?[A-Z][A-Z0-9_]{2,} [^\r\n]+\r\n")
_NAME_AND_TEXT = re.compile(rb"[^\S\r\n]*([^:\r\n]{0,63}[^:\s]): ")


# Some telnet clients begin with their options (RFC 854), and then wait for their user.
_TELNET = re.compile(rb"(?:\xff[\xfb-\xfe][\x00-\x09\x0b-\x3f])+")
_CONTROLS = bytes({*range(32)} - set(b"\t\n\r\x08\x1b"))  # characters that are not typed at a terminal
NO_TEXT = "that was not text"  # the reason for disconnecting a port scanner, or a misdirected file
_FEW_CONTROLS = 64  # the most of those, and of NULs, in a text
_FEW_NULS = 3


@dataclass(frozen=True, slots=True)
class NameKnown:
    """The name is known. typed: as typed; rest: the texts before and after it.

    quick: whether the answer to the prompt came too soon for a typing person.
    """

    family: Family
    typed: bytes
    rest: tuple[bytes, ...]
    quick: bool


@dataclass(frozen=True, slots=True)
class SpeaksIrc:
    """The client speaks IRC; data: its input so far. prompted: whether the prompt was sent."""

    data: bytes
    prompted: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the prompt now. telnet: whether it is a telnet client, whose user types after the prompt."""

    telnet: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No name will come; reason is for the log."""

    reason: str


Verdict = NameKnown | SpeaksIrc | Ask | GiveUp


class _WaitingFor(Enum):
    SILENCE = auto()  # for the end of the grace
    ANSWER = auto()  # for the name, minutes
    LINE = auto()  # for the newline after an IRC verb
    REST = auto()  # for the rest of a chunk that seems cut off


class Arrival:
    """A connection without a name yet. deadline: when to call `tick` without input."""

    __slots__ = ("_asked", "_data", "_give_up", "_irc", "_kept", "_prompt", "_telnet", "_waiting", "deadline")

    def __init__(
        self,
        now: int,
        *,
        prompt: PromptTime = PromptTime.GRACE,
        irc: bool = True,
        grace: int = GRACE,
        timeout: int = PROMPT_TIMEOUT,
    ) -> None:
        self._prompt = prompt
        self._irc = irc
        self._data = b""
        self._kept: list[bytes] = []
        self._asked: int | None = None
        self._telnet = False
        self._waiting = _WaitingFor.SILENCE
        self._give_up = now + timeout
        silence = {PromptTime.GRACE: grace, PromptTime.NOW: 0, PromptTime.NEVER: timeout}[prompt]
        self.deadline = now + silence

    def dump(self) -> list[Any]:
        """Return the state, as plain values and bytes."""
        waiting = self._waiting.name
        return [self._data, list(self._kept), self._asked, self._telnet, waiting, self._give_up, self.deadline]

    def load(self, form: Sequence[Any]) -> None:
        """Restore the dumped state."""
        self._data, kept, self._asked, self._telnet, waiting, self._give_up, self.deadline = form
        self._kept = list(kept)
        self._waiting = _WaitingFor[waiting]

    def receive(self, data: bytes, now: int) -> Verdict | None:
        """Handle a received chunk."""
        if _TELNET.fullmatch(data):
            self._telnet = True
            return None
        self._data += data
        if len(self._data) + sum(map(len, self._kept)) > NAME_LIMIT:
            return GiveUp("a name without an end")
        if now >= self._give_up:
            return GiveUp("no name came")
        return self._judge(data, now)

    def tick(self, now: int) -> Verdict | None:
        """Decide when the deadline has passed."""
        if now < self.deadline:
            return None
        if now >= self._give_up:
            return GiveUp("no name came")
        if self._waiting is _WaitingFor.SILENCE:
            return self._ask(now)
        if self._waiting is _WaitingFor.ANSWER:
            return None
        return self._decide(now)

    def end(self, now: int) -> Verdict | None:
        """Decide with the input so far: there will be no more."""
        return self._decide(now) if self._data else None

    def _judge(self, chunk: bytes, now: int) -> Verdict | None:
        data = self._data
        if self._irc and (_TOO_EARLY.match(data) or (self._asked is None and _COMMAND.match(data))):
            return SpeaksIrc(data, self._asked is not None)
        if self._irc and (word := _WORD.match(data)) and _is_verb(word[1], word[2]):
            if b"\n" in data:
                return SpeaksIrc(data, self._asked is not None)
            self._wait(_WaitingFor.LINE, now, VERB_WAIT)
            return None
        if _is_binary(data):
            return GiveUp(NO_TEXT)
        newline = data.endswith(b"\n") if self._asked is not None else b"\n" in data
        if not newline and (len(chunk) >= CHUNK_LIMIT or unfinished(data) or self._may_become_verb()):
            self._wait(_WaitingFor.REST, now, REST_WAIT)
            return None
        return self._decide(now)

    def _decide(self, now: int) -> Verdict | None:
        """Decide whether the complete input is a name or a text before the name."""
        data, self._data = self._data, b""
        named = _NAME_AND_TEXT.match(data)
        name, newline, after = data.partition(b"\n")
        rest = (*self._kept, after) if after else tuple(self._kept)
        if self._prompt is PromptTime.NEVER:
            return NameKnown(Family.TILDE, name, rest, False)
        if self._asked is None:
            if named and not newline:
                self._kept.append(data)
                return self._ask(now)
            return NameKnown(Family.LINE if newline else Family.TILDE, name, rest, False)
        quick = now - self._asked <= QUICK
        if named:
            # even with a newline: a person at a terminal does not begin with the own name
            return NameKnown(Family.RAW, named[1], (*self._kept, data), quick)
        return NameKnown(Family.LINE if data.endswith(b"\n") else Family.RAW, name, rest, quick)

    def _ask(self, now: int) -> Verdict:
        self._asked = now
        self._waiting = _WaitingFor.ANSWER
        self.deadline = self._give_up
        return Ask(self._telnet)

    def _wait(self, waiting: _WaitingFor, now: int, time: int) -> None:
        """Set a deadline. A previous one for the same reason stays, but each chunk begins a new wait for its rest."""
        if waiting is _WaitingFor.REST or waiting is not self._waiting:
            self._waiting = waiting
            self.deadline = min(now + time, self._give_up)

    def _may_become_verb(self) -> bool:
        """Whether this could be the first letters of `CAP LS` or the like, in a packet of their own."""
        data = self._data
        return self._irc and data.isascii() and any(verb.startswith(data.decode()) for verb in VERBS)


def _is_binary(data: bytes) -> bool:
    """Whether this is the beginning of another protocol or a file, not a name or text."""
    return data.count(0) > _FEW_NULS or len(data) - len(data.translate(None, _CONTROLS)) > _FEW_CONTROLS


def _is_verb(word: bytes, after: bytes | None) -> bool:
    """Whether a word is an IRC verb: programs write them in capitals; `Nick Cave` is a name, a bare `quit` a verb."""
    if after is None or word.upper().decode() not in VERBS:
        return False
    return word.isupper() or (word.islower() and after == b" ")
