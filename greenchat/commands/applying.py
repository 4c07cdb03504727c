"""Applies acts of a log for sessions on other nodes, or of a recording.

The node that proposed an act applies it in the context of the session. All others do it here: answers and messages to
that session are discarded; only the state matters.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from greenchat.chat import acts
from greenchat.chat.acts import Act, CommandAct, SpeechAct, StepAct
from greenchat.chat.network import Network
from greenchat.chat.outbox import Outbox
from greenchat.chat.user import Session
from greenchat.commands.catalog import apply_step, run
from greenchat.commands.connection.registration import new_session
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.journal import Journal
from greenchat.commands.core.process import Process
from greenchat.commands.core.service import ServiceError
from greenchat.commands.messages.speech import MessageBurst, SpeechRoute, deliver, deliver_all, find_route
from greenchat.protocol.message import Message

_NODES = "node."  # steps about nodes joining and leaving, with their sessions
_ENTER = "enter"  # the step that registers a session
_MAX_ROUTES = 10_000  # size of the cache


class Applier:
    """Applies acts to a network. new_outbox: makes the outbox of a session on another node."""

    def __init__(self, network: Network, journal: Journal, process: Process, new_outbox: Callable[[], Outbox]) -> None:
        self._network = network
        self._journal = journal
        self._process = process
        self._new_outbox = new_outbox
        self._sessions = {session.number: session for session in network.sessions if session.user}
        self._routes: dict[tuple[int, str, str], SpeechRoute] = {}

    def apply(self, act: Act) -> Continuation | None:
        """Apply an act of a session on another node; return its continuation, which that node carries out.

        Raises ActError for a step that this version does not have.
        """
        session = self._sessions.get(act.session)
        is_new = session is None
        if session is None:
            session = self._come(act)
        continuation = None
        if isinstance(act, SpeechAct):
            self._speak(session, act)
        elif isinstance(act, CommandAct):
            continuation = run(self._context(session, act, Message(act.command, act.params, None, act.tags)))
        else:
            ctx = self._context(session, act, Message(""))
            try:
                continuation = apply_step(ctx, act.step, act.fields)
            except ServiceError:
                ctx.answer()  # a service's refusal, which that node sends to its client
        if is_new and session.user is None:
            self._network.disconnect(session)
        elif is_new:
            self._sessions[act.session] = session
        elif session.user is None and session not in self._network.sessions:
            self.forget(act.session)
        if isinstance(act, StepAct) and act.step.startswith(_NODES):
            here = self._network.sessions
            self._sessions = {number: each for number, each in self._sessions.items() if each in here}
        return continuation

    def bursts(self, stored: Iterable[object]) -> list[MessageBurst]:
        """Return the checked texts with which these acts begin: one burst for each act, up to one for `apply`.

        stored: still encoded.
        """
        bursts: list[MessageBurst] = []
        for each in stored:
            burst = self._burst(acts.spoken(each))
            if burst is None:
                break
            bursts.append(burst)
        return bursts

    def deliver_bursts(self, bursts: Sequence[MessageBurst], now: int) -> None:
        """Deliver checked texts, as `apply` does. now: the time of the acts in the log."""
        deliver_all(self._network, self._journal, bursts, now)

    def _burst(self, spoken: Sequence[Any] | None) -> MessageBurst | None:
        """Return texts that need no further check, None for other acts."""
        if spoken is None:
            return None
        number, command, target, texts, revisions = spoken
        try:
            route = self._routes.get((number, command, target))
            if route is None or route.revisions != tuple(revisions) or not route.is_valid(self._network):
                return None
            encoded = [text.encode() for text in texts]
        except (AttributeError, TypeError, UnicodeError):
            return None
        return (route, encoded, texts) if encoded else None

    def forget(self, number: int) -> None:
        """Forget a closed session."""
        self._sessions.pop(number, None)

    def _come(self, act: Act) -> Session:
        """Return a new session for an act of an unknown one: registering, unregistered, or the server's."""
        if not isinstance(act, CommandAct | SpeechAct) and act.step == _ENTER:
            session = new_session(self._new_outbox(), act.fields[0], act.now)
            session.number = act.session
            self._network.connect(session)
            return session
        session = Session(self._new_outbox(), "", act.now)
        if isinstance(act, StepAct) and act.stranger:
            session.host, session.registration.nick, session.account = act.stranger
        return session

    def _context(self, session: Session, act: Act, message: Message) -> Context:
        ctx = Context(self._network, session, message, now=act.now, process=self._process, journal=self._journal)
        ctx.applies = True  # limits were checked by the node that proposed it
        return ctx

    def _speak(self, session: Session, act: SpeechAct) -> None:
        """Deliver checked texts, checking them again only if the state has changed since."""
        route = self._route(session, act)
        if route is not None and route.revisions == act.revisions:
            encoded = [text.encode() for text in act.texts]
            deliver(self._network, self._journal, route, encoded, act.texts, act.now)
            return
        for text in act.texts:
            run(self._context(session, act, Message(act.command, (act.target, text))))

    def _route(self, session: Session, act: SpeechAct) -> SpeechRoute | None:
        key = (act.session, act.command, act.target)
        route = self._routes.get(key)
        if route is None or not route.is_valid(self._network):
            route = find_route(self._network, session, act.command, act.target, lambda _: None)
            self._routes.pop(key, None)
            if route is not None:
                if len(self._routes) >= _MAX_ROUTES:
                    self._routes.clear()
                self._routes[key] = route
        return route
