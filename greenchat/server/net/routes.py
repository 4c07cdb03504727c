"""The fast path of a client's messages: plain lines to targets that it has written to before.

A route is the common part of a session's lines `PRIVMSG #channel :text`: the beginning of the line and the `Voice` for
it. It is used as long as the voice is valid. Unusual lines have no route and take the normal path, which is the only
one that refuses messages. So a line costs one comparison of its beginning and a check of three numbers before it is
stored and delivered, and consecutive lines with the same route are delivered together.
"""

from collections.abc import Callable

from greenchat.chat.network import Network
from greenchat.chat.user import Session
from greenchat.commands.catalog import run
from greenchat.commands.core import command_log
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.recording import NOT_KEPT
from greenchat.commands.core.volume import require_volume
from greenchat.commands.messages.speech import Voice, act_of, deliver, find_voice
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.protocol.message import Message
from greenchat.server.net.turn import Turn
from greenchat.storage.log import Log

_MOST = 8  # routes of one client: more conversations at a time are rare
_LONGEST_HEAD = 128  # bytes of `PRIVMSG target :`
_NOTHING = Message("")


Burst = tuple[Voice, list[bytes], list[str]]
"""Lines with the same route: the voice for them, the text of each in UTF-8, and the same texts."""


class SessionRoutes:
    """The routes of one session. context: makes the context for telling it that a message was not stored."""

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
        """Return the texts of lines if all have the same route, or else None. lines: joined by CR LF."""
        end = lines.find(b" :", 0, _LONGEST_HEAD) + 2
        if end < 2:
            return None
        head = lines[:end]
        voice = self._voices.get(head)
        if voice is None or not voice.holds(self._network):
            voice = self._find(head)
            if voice is None:
                return None
        if self._session.room <= 0 and not self._has_room():
            return None
        text = lines[end:]
        try:
            if b"\n" not in text:  # one line: nearly all are
                if not text or len(text) > voice.longest or b"\r" in text or b"\0" in text:
                    return None
                return voice, [text], [text.decode()]
            words = text.split(b"\r\n" + head)
            ends = len(words) - 1
            if (
                text.count(b"\n") != ends
                or text.count(b"\r") != ends
                or b"\0" in text
                or not all(words)
                or len(max(words, key=len)) > voice.longest
            ):
                return None
            return voice, words, [each.decode() for each in words]
        except UnicodeDecodeError:
            return None

    def _has_room(self) -> bool:
        """Whether the session may add more to the history, after its portion was used up."""
        try:
            require_volume(self._context(_NOTHING))
        except FailError:  # the normal path reports the reason
            return False
        return True

    def say(self, burst: Burst, now: int) -> None:
        """Deliver a burst of `find`, in an open turn. now: ms since the epoch."""
        voice, words, texts = burst
        if command_log.is_wanted():
            command_log.note(self._session, voice.head.command, (voice.head.target, ""), times=len(texts))
        log = self._log
        if log.is_shared:
            log.speak(self._session, act_of(voice, texts, now), lambda now: self._say_in_turn(voice, words, texts, now))
            return
        if log.is_read:
            log.append(act_of(voice, texts, now))
        else:
            log.pass_by()
        deliver(self._network, self._turn, voice, words, texts, now)

    def _say_in_turn(self, voice: Voice, words: list[bytes], texts: list[str], now: int) -> None:
        """Deliver a burst that was read from the log; by the normal path, if something has changed meanwhile."""
        if voice.holds(self._network):
            deliver(self._network, self._turn, voice, words, texts, now)
            return
        for text in texts:
            ctx = self._context(Message(voice.head.command, (voice.head.target, text)))
            ctx.now = now
            ctx.applies = True
            run(ctx)

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

    def _refuse(self, head: TalkHead) -> None:
        ctx = self._context(Message(head.command, (head.target,)))
        ctx.fail_after_all(head.command, head.target, text=NOT_KEPT)
