"""The fast path of a client's messages: plain lines to targets that it has written to before.

A session has a `SpeechRoute` for each beginning of a line, `PRIVMSG #channel`, as long as it is valid. Unusual lines
have no route and take the normal path, which is the only one that refuses messages. So a line costs one comparison of
its beginning and a check of three numbers before it is stored and delivered, and consecutive lines with the same route
are delivered together.
"""

from collections.abc import Callable, Sequence

from greenchat.chat.network import Network
from greenchat.chat.user import Session
from greenchat.commands.catalog import run
from greenchat.commands.core import command_log
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_quota import require_history_quota
from greenchat.commands.core.recording import NOT_KEPT
from greenchat.commands.messages.speech import MessageBurst, SpeechRoute, act_of, deliver, deliver_all, find_route
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.protocol.message import Message
from greenchat.server.net.turn import Turn
from greenchat.storage.log import Log

_MOST = 8  # routes of one client: more conversations at a time are rare
_LONGEST_HEAD = 126  # bytes of `PRIVMSG target`
_CR, _LF = b"\r\n"
_NOTHING = Message("")


def deliver_bursts(network: Network, log: Log, turn: Turn, bursts: Sequence[MessageBurst], now: int) -> None:
    """Deliver the messages that a turn has collected, with a log that is not shared. now: ms since the epoch."""
    if not log.is_read:
        log.pass_by(len(bursts))
        if len(bursts) == 1:  # the only one of most turns, unless the server is busy
            deliver(network, turn, *bursts[0], now)
            return
        deliver_all(network, turn, bursts, now)
        return
    errors: list[Exception] = []
    for route, encoded, texts in bursts:  # one by one, since a reader may look at the state before each act
        try:
            log.append(act_of(route, texts, now))
            deliver_all(network, turn, [(route, encoded, texts)], now)
        except Exception as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup("messages were not delivered", errors)


class SessionRoutes:
    """The routes of one session. context: makes the context of one of its commands. now: ms since the epoch."""

    __slots__ = ("_context", "_log", "_network", "_now", "_routes", "_session", "_turn")

    def __init__(
        self,
        network: Network,
        session: Session,
        log: Log,
        turn: Turn,
        context: Callable[[Message], Context],
        now: Callable[[], int],
    ) -> None:
        self._network = network
        self._session = session
        self._log = log
        self._turn = turn
        self._context = context
        self._now = now
        self._routes: dict[bytes, SpeechRoute] = {}

    def find(self, lines: bytes) -> MessageBurst | None:
        """Return the texts of lines if all have the same route, or else None. lines: joined by CR LF.

        A byte is searched as a number: as `bytes` it takes four times as long.
        """
        head, _, text = lines.partition(b" :")
        route = self._routes.get(head)
        if route is None or not route.is_valid(self._network):
            route = self._find(head)
            if route is None:
                return None
        if self._session.room <= 0 and not self._has_room():
            return None
        try:
            if _LF not in text:  # one line: nearly all are
                if not text or len(text) > route.longest or _CR in text or 0 in text:
                    return None
                return route, [text], [text.decode()]
            encoded = text.split(b"\r\n%b :" % head)
            ends = len(encoded) - 1
            if (
                text.count(b"\n") != ends
                or text.count(b"\r") != ends
                or 0 in text
                or not all(encoded)
                or len(max(encoded, key=len)) > route.longest
            ):
                return None
            return route, encoded, [each.decode() for each in encoded]
        except UnicodeDecodeError:
            return None

    def _has_room(self) -> bool:
        """Whether the session may add more to the history, after its portion was used up."""
        try:
            require_history_quota(self._context(_NOTHING))
        except FailError:  # the normal path reports the reason
            return False
        return True

    def say(self, burst: MessageBurst) -> None:
        """Deliver a burst of `find`, in this turn."""
        route, encoded, texts = burst
        turn, log, lines = self._turn, self._log, len(encoded)
        turn.open()
        self._session.received_messages += lines
        if turn.logs_commands:
            command_log.note(self._session, route.head.command, (route.head.target, ""), times=lines)
        if log.is_shared:
            turn.begin(lines)
            act = act_of(route, texts, self._now())
            log.speak(self._session, act, lambda now: self._say_in_turn(route, encoded, texts, now))
        else:
            route.charge(encoded)
            turn.collect(burst)

    def _say_in_turn(self, route: SpeechRoute, encoded: Sequence[bytes], texts: Sequence[str], now: int) -> None:
        """Deliver a burst that was read from the log; by the normal path, if something has changed meanwhile."""
        if route.is_valid(self._network):
            route.charge(encoded)
            deliver(self._network, self._turn, route, encoded, texts, now)
            return
        for text in texts:
            ctx = self._context(Message(route.head.command, (route.head.target, text)))
            ctx.now = now
            ctx.applies = True
            run(ctx)

    def _find(self, head: bytes) -> SpeechRoute | None:
        self._routes.pop(head, None)
        command, _, target = head.partition(b" ")
        if command not in (b"PRIVMSG", b"NOTICE") or not target or b" " in target or len(head) > _LONGEST_HEAD:
            return None
        try:
            name = target.decode()
        except UnicodeDecodeError:
            return None
        route = find_route(self._network, self._session, command.decode(), name, self._refuse)
        if route is not None:
            if len(self._routes) >= _MOST:
                del self._routes[next(iter(self._routes))]
            self._routes[head] = route
        return route

    def _refuse(self, head: TalkHead) -> None:
        ctx = self._context(Message(head.command, (head.target,)))
        ctx.fail_after_all(head.command, head.target, text=NOT_KEPT)
