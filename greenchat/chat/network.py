"""All users and channels: the one owner of who is where.

Both sides of a membership (the user's channels, the channel's members and its broadcast group) change in one method
here, so they cannot disagree. Nothing here sends anything; handlers do.
"""

from collections import Counter
from collections.abc import Iterator

from greenchat.chat import names_cache, ranks
from greenchat.chat.accounts import Accounts
from greenchat.chat.channel import Channel, ChannelRegistration
from greenchat.chat.client_ids import SentIds
from greenchat.chat.closures import Closures
from greenchat.chat.local_state import LocalState
from greenchat.chat.owned.files import Files
from greenchat.chat.owned.push_subscriptions import PushSubscriptions
from greenchat.chat.owned.webhooks import Webhooks
from greenchat.chat.protection.cloaks import Cloaks
from greenchat.chat.protection.defcon import NORMAL
from greenchat.chat.protection.known_origins import KnownOrigins
from greenchat.chat.protection.reservations import Reservations
from greenchat.chat.protection.server_bans import ServerBans
from greenchat.chat.protection.throttle import Attempts
from greenchat.chat.tokens import Tokens
from greenchat.chat.user import NOT_TOLD, Invitation, Session, User
from greenchat.chat.waiting import Waiting
from greenchat.chat.whowas import Departed, Whowas
from greenchat.config.settings import Settings
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.msgid import MessageIds, parse_msgid
from greenchat.values.masks import mask_fold
from greenchat.values.names import naming

_RENAMED = 1000  # former names of channels that are remembered
_WINDOW = 600_000  # ms in which wrong passwords and new accounts are counted


class Network:
    """The state of the chat.

    fold: the form of a nick or channel name under which it is looked up; naming: all the rules of nicks.
    changed_presences: those with an account whose nick, channels or ranks have changed, until somebody looks.
    renamed: folded old names of channels that still are, the latest ones. rules: another number after the settings
    have changed. logins: wrong passwords by address and account, for every way to log in; registrations: of accounts,
    by address. local: what is this process's own. waiting: users whose connection was lost.

    Reads: user, holder, users_of, channel, channels_of, peers; most_users, mode_counts, unregistered.
    Changes: configure, connect, disconnect, register, attach, rename, set_host, set_account, set_away, remove,
    set_caps, set_kind, set_mode; join, part, invite, set_member_mode, rename_channel, set_registration, bring_back.
    """

    __slots__ = (
        "_looks",
        "_registered_sessions",
        "_users_of",
        "accounts",
        "bans",
        "changed_presences",
        "channels",
        "cloaks",
        "closures",
        "defcon",
        "files",
        "fold",
        "ids",
        "known_origins",
        "local",
        "logins",
        "mask_fold",
        "mode_counts",
        "most_users",
        "naming",
        "pushes",
        "registrations",
        "renamed",
        "reservations",
        "rules",
        "secret",
        "sent_ids",
        "sessions",
        "settings",
        "started",
        "tokens",
        "users",
        "waiting",
        "webhooks",
        "whowas",
    )

    def __init__(self, settings: Settings, *, now: int) -> None:
        """Make an empty network. now: of the start, in ms since the epoch. Raises MissingPackageError: `naming`."""
        self.settings = settings
        self.naming = naming(settings.casemapping)
        self.fold: Casefold = self.naming.fold
        self.mask_fold = mask_fold(settings.casemapping)
        self.started = now
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.sessions: dict[Session, None] = {}
        self.renamed: dict[str, Channel] = {}
        self.sent_ids = SentIds()
        self.changed_presences: dict[User, None] = {}
        self.waiting = Waiting()
        self.most_users = 0
        self.mode_counts = Counter[str]()
        self._registered_sessions = 0
        self._looks: dict[str, User] = {}
        self._users_of: dict[str, dict[User, None]] = {}  # folded accounts, and who is logged in to them
        self.ids = MessageIds()
        self.closures = Closures()
        self.rules = 0
        self.logins, self.registrations = Attempts(0, _WINDOW), Attempts(0, _WINDOW)
        self.local = LocalState()
        self.known_origins = KnownOrigins()
        self.whowas = Whowas(settings.limits.whowas)
        self.accounts = Accounts(self.fold, skeleton=self.naming.skeleton)
        self.tokens, self.files, self.pushes, self.webhooks = Tokens(), Files(), PushSubscriptions(), Webhooks()
        self.bans = ServerBans(self.fold, self.mask_fold)
        self.reservations = Reservations(self.mask_fold)
        self.secret = b""
        self.cloaks = Cloaks(settings.cloak)
        self.defcon = NORMAL

    def user(self, nick: str) -> User | None:
        """Return the user who has this nick now."""
        return self.users.get(self.fold(nick))

    def holder(self, nick: str) -> User | None:
        """Return the user whose nick keeps this one from being taken: it is the same, or looks the same."""
        return self.user(nick) or self._looks.get(self.naming.skeleton(nick))

    def users_of(self, account: str) -> list[User]:
        """Return the users logged in to an account, in the order of their logins."""
        return list(self._users_of.get(self.fold(account), ()))

    def channel(self, name: str) -> Channel | None:
        """Return the channel of this name, if it exists."""
        return self.channels.get(self.fold(name))

    def channels_of(self, user: User) -> list[Channel]:
        """Return a user's channels, in the order in which they joined."""
        return [self.channels[name] for name in user.channels]

    def peers(self, user: User) -> Iterator[User]:
        """Yield the users who share a channel with a user and see them there, once each, without the user."""
        seen = {user}
        for name in user.channels:
            for member in self.channels[name].witnesses(user):
                if member not in seen:
                    seen.add(member)
                    yield member

    @property
    def unregistered(self) -> int:
        """The number of connections that have not registered yet."""
        return len(self.sessions) - self._registered_sessions

    def configure(self, settings: Settings) -> None:
        """Apply new settings."""
        self.settings = settings
        self.rules += 1

    def connect(self, session: Session) -> None:
        """Add a connection that has not registered yet."""
        session.number = session.number or self.local.new_session()
        self.sessions[session] = None

    def disconnect(self, session: Session) -> None:
        """Remove a connection; its user may have others."""
        self.sessions.pop(session, None)
        self.local.monitors.clear(session)
        user = session.user
        if user is not None:
            for channel in self.channels_of(user):
                channel.group.remove(session)
            self._detach(user, session)

    def register(self, user: User, session: Session) -> None:
        """Add a new user with a first session. The nick must be free: see `holder`."""
        self.welcome_back(user)
        self.most_users = max(self.most_users, len(self.users))
        self.attach(user, session)

    def welcome_back(self, user: User) -> None:
        """Add a user from the store, without a session. The nick must be free."""
        self._name(user)
        self._log_in(user)

    def attach(self, user: User, session: Session) -> None:
        """Attach another session to a user: it hears all their channels from now on."""
        session.user = user
        self.waiting.drop(user)
        user.sessions.append(session)
        self._registered_sessions += 1
        for channel in self.channels_of(user):
            channel.group.add(session)

    def rename(self, user: User, nick: str, *, now: int, msgid: int) -> None:
        """Give a user another nick, which must be free or theirs in another spelling. msgid: of this change."""
        user.note_tenure(msgid)
        if self.fold(nick) != self.fold(user.nick):
            self.whowas.add(self.fold(user.nick), Departed.of(user, now))
        self._unname(user)
        user.nick = nick
        user.revision += 1
        self._name(user)
        self._note_move(user)
        self._refresh_names(user)

    def set_host(self, user: User, username: str, host: str, *, msgid: int) -> None:
        """Give a user another username and host, as others see them. msgid: of this change."""
        user.note_tenure(msgid)
        user.username, user.host = username, host
        user.revision += 1
        self._refresh_names(user)

    def set_account(self, user: User, account: str) -> None:
        """Log a user in to an account, or out with ""."""
        self._log_out(user)
        user.account = account
        user.revision += 1
        self._log_in(user)

    def set_away(self, user: User, text: str) -> None:
        """Mark a user as away, or as back with ""."""
        user.away = text
        user.revision += 1

    def remove(self, user: User, *, now: int) -> None:
        """Remove a user from all channels and from the list of users."""
        self.whowas.add(self.fold(user.nick), Departed.of(user, now))
        self.waiting.drop(user)
        for channel in self.channels_of(user):
            self.part(user, channel)
        for folded in list(user.invitations):
            self._forget_invitation(user, folded)
        for session in list(user.sessions):
            self._detach(user, session)
        for letter in list(user.modes):
            self.set_mode(user, letter, False)
        self._unname(user)
        self._log_out(user)
        user.revision += 1

    def join(self, user: User, name: str, *, now: int, since: str = "") -> Channel:
        """Add a user to a channel, which is created if need be; its first member is its operator.

        since: the msgid from which on they are in it.
        """
        folded = self.fold(name)
        channel = self.channels.get(folded)
        member_modes = "" if channel else "o"
        if channel is None:
            life, flags = self.ids.next(now), set(self.settings.channel_flags)
            channel = Channel(name, created=now, life=life, flags=flags, mask_fold=self.mask_fold)
            self.channels[folded] = channel
            self.renamed.pop(folded, None)
        self.closures.came(folded, user, parse_msgid(since) or self.ids.last)
        channel.members[user] = member_modes
        self._forget_invitation(user, folded)
        user.channels[folded] = since
        for session in user.sessions:
            channel.group.add(session)
        names_cache.add(self.settings, channel, user)
        self._note_move(user)
        return channel

    def part(self, user: User, channel: Channel) -> None:
        """Remove a user from a channel, which ends when the last member leaves."""
        folded = self.fold(channel.name)
        self.closures.went(folded, user, parse_msgid(user.channels[folded]) or 0, self.ids.last)
        del channel.members[user]
        user.revision += 1
        del user.channels[folded]
        for session in user.sessions:
            channel.group.remove(session)
        names_cache.remove(channel, user)
        self._note_move(user)
        if not channel.members and channel.registration is None:
            self._end(channel)

    def invite(self, user: User, channel: Channel, invitation: Invitation = NOT_TOLD) -> None:
        """Let a user into a channel once, whatever its modes say. The oldest invitations of the user lapse."""
        folded = self.fold(channel.name)
        channel.invited[user] = None
        user.invitations[folded] = invitation
        self._note_move(user)
        if len(user.invitations) > self.settings.limits.channels:
            self._forget_invitation(user, next(iter(user.invitations)))

    def set_member_mode(self, user: User, channel: Channel, letter: str, on: bool) -> bool:
        """Give a member a mode or take it away; return whether that changed anything."""
        modes = channel.members[user]
        if on == (letter in modes):
            return False
        channel.members[user] = ranks.with_mode(modes, letter, on)
        user.revision += 1
        names_cache.refresh(self.settings, channel, user)
        self._note_move(user)
        return True

    def bring_back(self, channel: Channel) -> None:
        """Add a registered channel from the store, without members."""
        self.channels[self.fold(channel.name)] = channel

    def set_registration(self, channel: Channel, registration: ChannelRegistration | None) -> None:
        """Set who owns a channel; an empty channel that nobody owns ends."""
        channel.registration = registration
        if registration is None and not channel.members:
            self._end(channel)

    def rename_channel(self, channel: Channel, name: str) -> None:
        """Give a channel another name, which must be free or its own in another spelling."""
        old, new = self.fold(channel.name), self.fold(name)
        del self.channels[old]
        self.closures.renamed(old, new)
        channel.name = name
        channel.revision += 1
        self.channels[new] = channel
        channel.names.clear()
        for member in channel.members:
            member.channels = {new if folded == old else folded: since for folded, since in member.channels.items()}
        for guest in channel.invited:
            guest.invitations = {new if key == old else key: value for key, value in guest.invitations.items()}
        self.renamed.pop(new, None)
        if old != new:
            self.renamed[old] = channel
            if len(self.renamed) > _RENAMED:
                del self.renamed[next(iter(self.renamed))]

    def set_caps(self, session: Session, caps: int) -> None:
        """Change a session's capabilities."""
        self.set_kind(session, caps, session.dialect)

    def set_kind(self, session: Session, caps: int, dialect: int) -> None:
        """Change what decides a session's bytes; the groups it is in file it under its new kind."""
        channels = self.channels_of(session.user) if session.user else []
        for channel in channels:
            channel.group.remove(session)
        session.caps, session.dialect = caps, dialect
        for channel in channels:
            channel.group.add(session)

    def set_mode(self, user: User, letter: str, on: bool) -> None:
        """Set or unset a user mode."""
        user.revision += 1
        if on != (letter in user.modes):
            self.mode_counts[letter] += 1 if on else -1
            (user.modes.add if on else user.modes.remove)(letter)

    def _note_move(self, user: User) -> None:
        if user.account:
            self.changed_presences[user] = None

    def _name(self, user: User) -> None:
        self.users[self.fold(user.nick)] = user
        if self.naming.skeleton is not self.fold:
            self._looks[self.naming.skeleton(user.nick)] = user

    def _unname(self, user: User) -> None:
        del self.users[self.fold(user.nick)]
        self._looks.pop(self.naming.skeleton(user.nick), None)

    def _log_in(self, user: User) -> None:
        user.account_id = self.accounts.id_of(user.account)
        if user.account:
            self._users_of.setdefault(self.fold(user.account), {})[user] = None

    def _log_out(self, user: User) -> None:
        if user.account:
            folded = self.fold(user.account)
            del self._users_of[folded][user]
            if not self._users_of[folded]:
                del self._users_of[folded]

    def _refresh_names(self, user: User) -> None:
        for channel in self.channels_of(user):
            names_cache.refresh(self.settings, channel, user)

    def _end(self, channel: Channel) -> None:
        folded = self.fold(channel.name)
        for guest in list(channel.invited):
            self._forget_invitation(guest, folded)
        self.renamed = {old: renamed for old, renamed in self.renamed.items() if renamed is not channel}
        del self.channels[folded]
        self.closures.ended(folded, channel, self.ids.last)

    def _forget_invitation(self, user: User, folded: str) -> None:
        if user.invitations.pop(folded, None) is not None:
            self.channels[folded].invited.pop(user, None)

    def _detach(self, user: User, session: Session) -> None:
        user.sessions.remove(session)
        if not user.sessions:
            user.addressed.clear()
        session.user = None
        self.sessions.pop(session, None)
        self.local.monitors.clear(session)
        self._registered_sessions -= 1
