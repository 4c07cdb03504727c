"""The short way of one client's messages: plain lines to targets that it has written to before.

A route is what all lines `PRIVMSG #channel :text` of a session to one channel have in common: the beginning of the line
and the `Voice` for it. It is used as long as the voice holds; anything unusual has none, and goes the long way, which
alone refuses anything. So a line costs one comparison of its beginning and one look at three numbers before it is
stored and delivered, and lines that came together and have the same route are said together.
"""

from collections.abc import Callable
from typing import NamedTuple

from greenchat.chat.network import Network
from greenchat.chat.user import Session
from greenchat.commands.core import command_log
from greenchat.commands.core.context import Context
from greenchat.commands.core.recording import NOT_KEPT
from greenchat.commands.messages.speech import Voice, find_voice, say
from greenchat.protocol.envelopes.talk import Head
from greenchat.protocol.message import Message
from greenchat.server.net.turn import Turn
from greenchat.storage.log import Log

_MOST = 8  # routes of one client: more conversations at a time are rare
_LONGEST = 256  # bytes of a text; a longer one is charged for its storage, see `recording.say`
_LONGEST_HEAD = 128  # bytes of `PRIVMSG target :`


class Burst(NamedTuple):
    """Lines with the same route. words: the text of each, in UTF-8; texts: the same."""

    voice: Voice
    words: list[bytes]
    texts: list[str]


class Routes:
    """The routes of one session. context: makes a context in which it is told that a message could not be stored."""

    __slots__ = ("_context", "_log", "_network", "_session", "_turn", "_voices")

    def __init__(
        self, network: Network, session: Session, log: Log, turn: Turn, context: Callable[[Message], Context]
    ) -> None:
        self._network = network
        self._session = session
        self._log = log
        self._turn = turn
        self._context = context
        self._voices: dict[bytes, Voice] = {}

    def find(self, lines: bytes) -> Burst | None:
        """Return the texts of lines that all have the same route, None if they don't. lines: joined by CR LF."""
        end = lines.find(b" :", 0, _LONGEST_HEAD) + 2
        if end < 2 or self._session.room <= 0:
            return None
        head = lines[:end]
        voice = self._voices.get(head)
        if voice is None or not voice.holds(self._network):
            voice = self._find(head)
            if voice is None:
                return None
        words = lines[end:].split(b"\r\n" + head)
        ends = len(words) - 1
        if (
            lines.count(b"\n") != ends
            or lines.count(b"\r") != ends
            or b"\0" in lines
            or not all(words)
            or len(max(words, key=len)) > min(_LONGEST, voice.head.room)
        ):
            return None
        try:
            return Burst(voice, words, [each.decode() for each in words])
        except UnicodeDecodeError:
            return None

    def say(self, burst: Burst, now: int) -> None:
        """Say the burst that `find` has found, in an open turn. now: ms since the epoch."""
        voice, words, texts = burst
        command_log.note(self._session, voice.head.command, (voice.head.target, ""), times=len(texts))
        say(self._network, self._log, self._turn, voice, words, texts, now)

    def _find(self, head: bytes) -> Voice | None:
        self._voices.pop(head, None)
        command, _, rest = head.partition(b" ")
        target = rest[:-2]
        if command not in (b"PRIVMSG", b"NOTICE") or not target or b" " in target:
            return None
        try:
            name = target.decode()
        except UnicodeDecodeError:
            return None
        voice = find_voice(self._network, self._session, command.decode(), name, self._refuse)
        if voice is not None:
            if len(self._voices) >= _MOST:
                del self._voices[next(iter(self._voices))]
            self._voices[head] = voice
        return voice

    def _refuse(self, head: Head) -> None:
        ctx = self._context(Message(head.command, (head.target,)))
        ctx.fail_after_all(head.command, head.target, text=NOT_KEPT)
