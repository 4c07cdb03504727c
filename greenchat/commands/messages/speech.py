"""The fast path of plain messages: texts of one speaker to one target, checked on the speaker's node, applied on all
nodes.

A `SpeechRoute` caches the outcome of all checks that the normal path (`privmsg.say`) makes for plain messages of a
session to one target. It is valid as long as three numbers are unchanged: every change that could affect the outcome
increments `User.revision`, `Channel.revision` or `Network.rules`. Unusual messages have no route and take the normal
path, which is the only one that refuses messages.

`deliver` stores and delivers messages with a route, at a fraction of the cost of a command.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, groupby

from greenchat.chat import caller_id, policy
from greenchat.chat.acts import SpeechAct
from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.outbox import Outbox
from greenchat.chat.protection.history_quota import EVENT
from greenchat.chat.user import Session, User
from greenchat.commands.core.history_events import conversation_of
from greenchat.commands.core.journal import Journal
from greenchat.commands.core.utterance import Utterance
from greenchat.protocol import caps
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.storage.interface import SpeechHeader

COMMANDS = ("PRIVMSG", "NOTICE")
_LONGEST = 256  # bytes of a text; longer ones are charged for their storage, see `recording.say`
_WORTHWHILE = (
    4  # bursts for each target: for fewer, finding out whether anybody reads two targets takes longer than it saves
)
_ABOUT_TEXTS = frozenset("CGc")  # channel modes that check the text
_ABOUT_SPEAKERS = frozenset(caller_id.LETTERS + "T")  # user modes that check the sender, or the text


class SpeechRoute:
    """The route of a session's plain messages to one target: the result of checking them, and their encoded head.

    target: a channel of the speaker, or another user. head: of the line that others get. longest: in bytes of a text.
    is_kept: whether messages are stored, with the header. refuse: tells the speaker that a message could not be stored
    and was not sent.
    """

    __slots__ = (
        "_rules",
        "_target_revision",
        "_user_revision",
        "head",
        "header",
        "is_kept",
        "longest",
        "refuse",
        "session",
        "target",
        "user",
    )

    def __init__(
        self,
        network: Network,
        session: Session,
        user: User,
        command: str,
        target: Channel | User,
        refuse: Callable[[TalkHead], None],
    ) -> None:
        self.session = session
        self.user = user
        self.target = target
        name = target.name if isinstance(target, Channel) else target.nick
        self.head = TalkHead(user.source, command, name, user.account, "B" in user.modes)
        self.longest = min(_LONGEST, self.head.room)
        self.refuse: Callable[[], None] = partial(refuse, self.head)
        history = network.settings.history
        self.is_kept = history.enabled and (history.private or isinstance(target, Channel))
        conversation = conversation_of(network, user, target)
        self.header = SpeechHeader(conversation, command, user.source, name, user.account)
        self._user_revision = user.revision
        self._target_revision = target.revision
        self._rules = network.rules

    def is_valid(self, network: Network) -> bool:
        """Whether nothing that affects the messages has changed since the route was made."""
        return (
            self.user.revision == self._user_revision
            and self.target.revision == self._target_revision
            and network.rules == self._rules
            and self.session.user is self.user
        )

    def charge(self, encoded: Sequence[bytes]) -> None:
        """Charge the speaker's session for storing texts."""
        if self.is_kept:
            self.session.room -= (len(encoded[0]) if len(encoded) == 1 else sum(map(len, encoded))) + EVENT * len(
                encoded
            )

    @property
    def readers(self) -> int:
        """The maximum number of users who get its messages."""
        return len(self.target.members) if isinstance(self.target, Channel) else 2

    @property
    def skipped(self) -> Outbox | None:
        """The outbox of the speaker's session, if it gets no echo."""
        return None if self.session.caps & caps.ECHO_MESSAGE else self.session.outbox

    @property
    def revisions(self) -> tuple[int, int, int]:
        """Return the revisions for which the route is valid: of the speaker, the target and the settings."""
        return self._user_revision, self._target_revision, self._rules


MessageBurst = tuple[SpeechRoute, Sequence[bytes], Sequence[str]]
"""Plain messages of a session to one target that arrived together: their route, each text in UTF-8, the same texts."""


def find_route(
    network: Network, session: Session, command: str, target: str, refuse: Callable[[TalkHead], None]
) -> SpeechRoute | None:
    """Return the route of this session to a channel or a nick, None if the normal path is needed. Changes nothing.

    refuse: called if something could not be stored, see `SpeechRoute`.
    """
    user = session.user
    if user is None or command not in COMMANDS or network.settings.spam.mode != "off":
        return None
    if target[:1] == "#":
        channel = network.channel(target)
        if (
            channel is None
            or user not in channel.members
            or not _ABOUT_TEXTS.isdisjoint(channel.flags)
            or channel.rate_limits
        ):
            return None
        if policy.may_speak(user, channel, command) or policy.audience(user, channel):
            return None
        return SpeechRoute(network, session, user, command, channel, refuse)
    other = network.user(target)
    if not (network.settings.history.enabled and network.settings.history.private):
        return None  # without history for absent users the target must be connected
    if other is None or other is user or other.away or not _ABOUT_SPEAKERS.isdisjoint(other.modes):
        return None
    if not user.modes.isdisjoint(caller_id.LETTERS):
        return None  # the target becomes allowed to answer, which has to be noted
    return SpeechRoute(network, session, user, command, other, refuse)


def act_of(route: SpeechRoute, texts: Sequence[str], now: int) -> SpeechAct:
    """Return the act for texts with this route."""
    head = route.head
    return SpeechAct(route.session.number, now, head.command, head.target, tuple(texts), route.revisions)


def deliver(
    network: Network, journal: Journal, route: SpeechRoute, encoded: Sequence[bytes], texts: Sequence[str], now: int
) -> None:
    """Store and deliver texts that fit, with a valid route. Every node does this.

    encoded: the texts in UTF-8. now: ms since the epoch.
    """
    _put(route, route.target, _store(network, journal, route, encoded, texts, now))


def deliver_all(network: Network, journal: Journal, bursts: Sequence[MessageBurst], now: int) -> None:
    """Store and deliver the messages of several speakers, as `deliver` does with each in turn.

    The members of a channel get its messages at once: to many readers, or from many speakers, that is much less work.

    A bug in one delivery does not affect the others. Raises an ExceptionGroup of all such errors when all is done.
    """
    errors: list[Exception] = []
    stored: list[_Stored] = []
    for burst in bursts:
        try:
            stored.append((burst[0], _store(network, journal, *burst, now)))
        except Exception as error:
            errors.append(error)
    for target, deliveries in _group_by_target(stored):
        if isinstance(target, Channel) and len(deliveries) > 1:
            try:
                errors += target.group.broadcast_all(
                    [(utterance.encode, route.skipped) for route, utterance in deliveries]
                )
            except Exception as error:
                errors.append(error)
            continue
        for route, utterance in deliveries:
            try:
                _put(route, target, utterance)
            except Exception as error:
                errors.append(error)
    if errors:
        raise ExceptionGroup("messages were not delivered", errors)


_Stored = tuple[SpeechRoute, Utterance]


def _group_by_target(stored: Sequence[_Stored]) -> Iterable[tuple[Channel | User, Sequence[_Stored]]]:
    """Return messages grouped by target: all of each if nobody reads two of the targets, else only consecutive ones.

    So every reader gets all messages in order.
    """
    groups: dict[Channel | User, list[_Stored]] = {}
    for each in stored:
        target = each[0].target
        if target in groups:
            groups[target].append(each)
        else:
            groups[target] = [each]
    if len(groups) in (1, len(stored)):
        return groups.items()
    if len(stored) >= _WORTHWHILE * len(groups) and _have_no_common_reader(groups):
        return groups.items()
    return [(target, list(some)) for target, some in groupby(stored, key=_target_of)]


def _have_no_common_reader(groups: Mapping[Channel | User, Sequence[_Stored]]) -> bool:
    """Whether no outbox gets the messages of two of these targets."""
    outboxes: set[Outbox] = set()
    for target, some in groups.items():
        if isinstance(target, Channel):
            readers = set(chain.from_iterable(target.group.outboxes.values()))
        else:
            users = {target, *(route.user for route, _ in some)}
            readers = {session.outbox for user in users for session in user.sessions}
        if not outboxes.isdisjoint(readers):
            return False
        outboxes |= readers
    return True


def _target_of(stored: _Stored) -> Channel | User:
    return stored[0].target


def _store(
    network: Network, journal: Journal, route: SpeechRoute, encoded: Sequence[bytes], texts: Sequence[str], now: int
) -> Utterance:
    """Store texts, and return them for delivery. If a bug prevents it, the speaker is told, and the error is raised."""
    head, session, count = route.head, route.session, len(encoded)
    try:
        utterance = Utterance(route.header, head, network.ids.few(now, count), texts, head.lines(encoded), route.refuse)
        if route.is_kept:
            journal.store_utterance(utterance)
    except Exception:
        route.refuse()
        raise
    route.user.active = session.active = now
    network.local.command_counts[head.command] += count
    return utterance


def _put(route: SpeechRoute, target: Channel | User, utterance: Utterance) -> None:
    """Put messages into the outboxes of the members, or of both users."""
    if isinstance(target, Channel):
        target.group.broadcast_lines(utterance.encode, route.skipped)
    else:
        _put_privately(route, target, utterance)


def _put_privately(route: SpeechRoute, other: User, utterance: Utterance) -> None:
    skipped, own, matters = route.skipped, route.user.sessions, route.head.matters
    for each in other.sessions if skipped is not None and len(own) == 1 else (*other.sessions, *own):
        outbox = each.outbox
        if outbox is not skipped:
            outbox.put_lines(utterance.encode(each.kind) if (each.caps | each.dialect) & matters else utterance.lines)
