"""The fast path of plain messages: texts of one speaker to one target, checked on the speaker's node, applied on all
nodes.

A `Voice` caches the outcome of all checks that the normal path (`privmsg.say`) makes for plain messages of a session to
one target. It is valid as long as three numbers are unchanged: every change that could affect the outcome increments
`User.revision`, `Channel.revision` or `Network.rules`. Unusual messages have no voice and take the normal path, which
is the only one that refuses messages.

`deliver` stores and delivers messages with a voice, at a fraction of the cost of a command.
"""

from collections.abc import Callable, Sequence
from functools import partial

from greenchat.chat import caller_id, policy
from greenchat.chat.acts import Spoken
from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.protection.volumes import EVENT
from greenchat.chat.user import Session, User
from greenchat.commands.core.history_events import conversation_of
from greenchat.commands.core.journal import Journal
from greenchat.commands.core.utterance import Utterance
from greenchat.protocol import caps
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.storage.interface import SpeechHeader

COMMANDS = ("PRIVMSG", "NOTICE")
_LONGEST = 256  # bytes of a text; longer ones are charged for their storage, see `recording.say`
_ABOUT_TEXTS = frozenset("CGc")  # channel modes that check the text
_ABOUT_SPEAKERS = frozenset(caller_id.LETTERS + "T")  # user modes that check the sender, or the text


class Voice:
    """The prepared route of a session's plain messages to one target.

    place: a channel of the speaker, or another user. head: of the line that others get. longest: bytes of a text.
    is_kept: whether messages are stored, with the header. refuse: tells the speaker that a message could not be stored
    and was not sent.
    """

    __slots__ = (
        "_place_revision",
        "_rules",
        "_user_revision",
        "head",
        "header",
        "is_kept",
        "longest",
        "place",
        "refuse",
        "session",
        "user",
    )

    def __init__(
        self,
        network: Network,
        session: Session,
        user: User,
        command: str,
        place: Channel | User,
        refuse: Callable[[TalkHead], None],
    ) -> None:
        self.session = session
        self.user = user
        self.place = place
        target = place.name if isinstance(place, Channel) else place.nick
        self.head = TalkHead(user.source, command, target, user.account, "B" in user.modes)
        self.longest = min(_LONGEST, self.head.room)
        self.refuse: Callable[[], None] = partial(refuse, self.head)
        history = network.settings.history
        self.is_kept = history.enabled and (history.private or isinstance(place, Channel))
        conversation = conversation_of(network, user, place)
        self.header = SpeechHeader(conversation, command, user.source, target, user.account)
        self._user_revision = user.revision
        self._place_revision = place.revision
        self._rules = network.rules

    def holds(self, network: Network) -> bool:
        """Whether nothing relevant has changed since."""
        return (
            self.user.revision == self._user_revision
            and self.place.revision == self._place_revision
            and network.rules == self._rules
            and self.session.user is self.user
        )

    @property
    def revisions(self) -> tuple[int, int, int]:
        """Return the revisions for which it is valid: of the speaker, the target and the settings."""
        return self._user_revision, self._place_revision, self._rules


def find_voice(
    network: Network, session: Session, command: str, target: str, refuse: Callable[[TalkHead], None]
) -> Voice | None:
    """Return the voice of this session for a channel or a nick, None if the normal path is needed. Changes nothing.

    refuse: called if something could not be stored, see `Voice`.
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
            or channel.paces
        ):
            return None
        if policy.may_speak(user, channel, command) or policy.audience(user, channel):
            return None
        return Voice(network, session, user, command, channel, refuse)
    other = network.user(target)
    if not (network.settings.history.enabled and network.settings.history.private):
        return None  # without history for absent users the target must be connected
    if other is None or other is user or other.away or not _ABOUT_SPEAKERS.isdisjoint(other.modes):
        return None
    if not user.modes.isdisjoint(caller_id.LETTERS):
        return None  # the target becomes allowed to answer, which has to be noted
    return Voice(network, session, user, command, other, refuse)


def act_of(voice: Voice, texts: Sequence[str], now: int) -> Spoken:
    """Return the act of saying texts with a voice."""
    head = voice.head
    return Spoken(voice.session.number, now, head.command, head.target, tuple(texts), voice.revisions)


def deliver(
    network: Network, journal: Journal, voice: Voice, words: Sequence[bytes], texts: Sequence[str], now: int
) -> None:
    """Store and deliver texts that fit, with a valid voice. Every node does this.

    words: the same in UTF-8. now: ms since the epoch.
    """
    head, session, count = voice.head, voice.session, len(words)
    lines = head.lines(words)
    utterance = Utterance(voice.header, head, network.ids.few(now, count), texts, lines, voice.refuse)
    if voice.is_kept:
        session.room -= (len(words[0]) if count == 1 else sum(map(len, words))) + EVENT * count
        journal.speak(utterance)
    skipped = None if session.caps & caps.ECHO_MESSAGE else session.outbox
    place, user = voice.place, voice.user
    if isinstance(place, Channel):
        place.group.broadcast_lines(utterance.encode, skipped)
    else:
        sessions, matters = user.sessions, head.matters
        for each in place.sessions if skipped is not None and len(sessions) == 1 else (*place.sessions, *sessions):
            outbox = each.outbox
            if outbox is not skipped:
                outbox.put_lines(utterance.encode(each.kind) if (each.caps | each.dialect) & matters else lines)
    user.active = session.active = now
    network.local.command_counts[head.command] += count
