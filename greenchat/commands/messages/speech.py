"""The short way of plain messages: texts of one speaker to one target, checked where the speaker is, applied on all
nodes.

A `Voice` is what all plain messages of a session to one target have in common: the outcome of all checks that the long
way (`privmsg.say`) makes for each of them. It holds as long as the numbers that it remembers are the same: whatever
could change an outcome raises `User.revision`, `Channel.revision` or `Network.rules`. Anything unusual has no voice and
goes the long way, which stays the only place that refuses anything.

`say` stores and delivers what is said with a voice, for a fraction of what a command costs.
"""

from collections.abc import Callable, Sequence

from greenchat.chat import caller_id, policy
from greenchat.chat.acts import Spoken
from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.outbox import Outbox
from greenchat.chat.protection.volumes import EVENT
from greenchat.chat.user import Session, User
from greenchat.commands.core.history_events import conversation_of
from greenchat.commands.core.journal import Journal
from greenchat.protocol import caps
from greenchat.protocol.envelopes.talk import Head, Talk
from greenchat.storage.interface import Speech, SpeechHeader
from greenchat.storage.log import Log

COMMANDS = ("PRIVMSG", "NOTICE")
_ABOUT_TEXTS = frozenset("CGc")  # channel modes that check the text
_ABOUT_SPEAKERS = frozenset(caller_id.LETTERS + "T")  # user modes that check the sender, or the text


class Voice:
    """The prepared route of a session's plain messages to one target.

    place: a channel that the speaker is in, or another user. head: of what others get. kept: the header under which it
    is stored, None if it is not. refuse: called if something could not be stored.
    """

    __slots__ = (
        "_place_revision",
        "_rules",
        "_user_revision",
        "head",
        "kept",
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
        refuse: Callable[[Head], None],
    ) -> None:
        self.session = session
        self.user = user
        self.place = place
        self.refuse = refuse
        target = place.name if isinstance(place, Channel) else place.nick
        self.head = Head(user.source, command, target, user.account, "B" in user.modes)
        history = network.settings.history
        self.kept: SpeechHeader | None = None
        if history.enabled and (history.private or isinstance(place, Channel)):
            conversation = conversation_of(network, user, place)
            self.kept = SpeechHeader(conversation, command, user.source, target, user.account)
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

    def tell_refused(self) -> None:
        """Tell the speaker that a message could not be stored, so that nobody has got it."""
        self.refuse(self.head)

    @property
    def revisions(self) -> tuple[int, int, int]:
        """The revisions for which it holds: of the speaker, the target and the rules."""
        return self._user_revision, self._place_revision, self._rules


def find_voice(
    network: Network, session: Session, command: str, target: str, refuse: Callable[[Head], None]
) -> Voice | None:
    """Return the voice of this session for a channel or a nick, None if there is an obstacle. Changes nothing.

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
    if other is None or other is user or other.away or not _ABOUT_SPEAKERS.isdisjoint(other.modes):
        return None
    if not user.modes.isdisjoint(caller_id.LETTERS):
        return None  # the target may answer: that has to be noted
    return Voice(network, session, user, command, other, refuse)


def say(
    network: Network, log: Log, journal: Journal, voice: Voice, words: Sequence[bytes], texts: Sequence[str], now: int
) -> None:
    """Say texts that fit, with a voice that holds. words: the same in UTF-8. now: ms since the epoch."""
    head = voice.head
    if log.is_read:
        log.append(Spoken(voice.session.number, now, head.command, head.target, tuple(texts), voice.revisions))
    else:
        log.pass_by()
    talk = Talk(head, network.ids.few(now, len(texts)), texts, words)
    if voice.kept:
        voice.session.room -= sum(map(len, words)) + EVENT * len(words)
        journal.say((Speech(voice.kept, talk.ids, texts),), talk, voice.tell_refused)
    session = voice.session
    skipped = None if session.caps & caps.ECHO_MESSAGE else session.outbox
    if isinstance(voice.place, Channel):
        voice.place.group.broadcast_lines(talk.encode, skipped)
    else:
        for each in (*voice.place.sessions, *voice.user.sessions):
            _put(each.outbox, talk.encode(each.kind), skipped)
    voice.user.active = session.active = now
    network.local.command_counts[head.command] += len(texts)


def _put(outbox: Outbox, lines: list[bytes], skipped: Outbox | None) -> None:
    if outbox is not skipped:
        if not outbox.pending:
            outbox.dirty.append(outbox)
        outbox.pending += lines
        outbox.dirty.weigh(sum(map(len, lines)))
