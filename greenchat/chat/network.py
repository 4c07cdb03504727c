"""All users and channels, and the only owner of memberships.

Both sides of a membership (the user's channels, the channel's members and its broadcast group) change in one method
here, so they cannot disagree. Nothing here sends anything; handlers do.
"""

from collections.abc import Iterator

from greenchat.chat import acts, names_cache, ranks
from greenchat.chat.account_data.account_data import AccountData
from greenchat.chat.accounts import Accounts
from greenchat.chat.channel import Channel, ChannelRegistration, forwarding_to
from greenchat.chat.client_ids import SentIds
from greenchat.chat.closures import Closures
from greenchat.chat.cluster.nodes import Nodes
from greenchat.chat.local_state import LocalState
from greenchat.chat.lost_users import LostUsers
from greenchat.chat.moderation import ModerationState
from greenchat.chat.protection.protection_state import ProtectionState
from greenchat.chat.tokens import Tokens
from greenchat.chat.user import NOT_TOLD, Invitation, Session, User, UserCounts, UserIndex
from greenchat.chat.whowas import Whowas, WhowasEntry
from greenchat.config.settings import Settings
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.msgid import MessageIds, parse_msgid
from greenchat.values.names import naming

_RENAMED = 1000  # former names of channels that are remembered


class Network:
    """The state of the chat.

    All nodes share this state, except for `local`, which belongs to this process.

    fold: folds a nick or channel name for look-ups; naming: all the rules of nicks. users: by folded nick; index: also
    by account. renamed: recent old names (folded) of existing channels. rules: a number that changes with the settings.
    protection: bans, limits and the like; moderation: the state of the spam filter. account_data: files, devices and
    webhooks. lost_users: those whose connection was lost. nodes: the nodes of this server. secret: for values that
    nobody else must be able to compute.

    Reads: user, holder, users_of, channel, channels_of, peers; counts, unregistered. Changes: configure, connect,
    disconnect, register, attach, rename, set_host, set_account, set_away, remove, set_caps, set_kind, set_mode; join,
    part, invite, uninvite, set_member_mode, rename_channel, set_registration, restore_channel, restore_user.
    """

    __slots__ = (
        "account_data",
        "accounts",
        "channels",
        "closures",
        "counts",
        "fold",
        "ids",
        "index",
        "local",
        "lost_users",
        "moderation",
        "naming",
        "nodes",
        "protection",
        "renamed",
        "rules",
        "secret",
        "sent_ids",
        "sessions",
        "settings",
        "started",
        "tokens",
        "users",
        "whowas",
    )

    def __init__(self, settings: Settings, *, now: int) -> None:
        """Make an empty network. now: the start, in ms since the epoch. Raises MissingPackageError: see `naming`."""
        self.settings = settings
        self.rules = 0
        self.naming = naming(settings.casemapping)
        self.fold: Casefold = self.naming.fold
        self.started = now
        self.index = UserIndex(self.naming)
        self.users = self.index.by_nick
        self.channels: dict[str, Channel] = {}
        self.sessions: dict[Session, None] = {}
        self.renamed: dict[str, Channel] = {}
        self.lost_users = LostUsers()
        self.counts = UserCounts()
        self.ids = MessageIds()
        self.sent_ids = SentIds()
        self.closures = Closures()
        self.whowas = Whowas(settings.limits.whowas)
        self.accounts = Accounts(self.fold, skeleton=self.naming.skeleton)
        self.tokens = Tokens()
        self.account_data = AccountData()
        self.protection = ProtectionState(settings, self.naming)
        self.secret = b""
        self.nodes = Nodes(acts.VERSION)
        self.local = LocalState()
        self.moderation = ModerationState()

    def user(self, nick: str) -> User | None:
        """Return the user who has this nick now."""
        return self.users.get(self.fold(nick))

    def holder(self, nick: str) -> User | None:
        """Return the user whose nick is equal to this one or confusable with it."""
        return self.index.holder(nick)

    def users_of(self, account: str) -> list[User]:
        """Return the users logged in to an account, in the order of their logins."""
        return self.index.users_of(account)

    def channel(self, name: str) -> Channel | None:
        """Return the channel of this name, if it exists."""
        return self.channels.get(self.fold(name))

    def channels_of(self, user: User) -> list[Channel]:
        """Return a user's channels, in the order in which they joined."""
        return [self.channels[name] for name in user.channels]

    def peers(self, user: User) -> Iterator[User]:
        """Yield the users who share a channel with a user and see them there, once each, without the user.

        They have been told of all joins of these channels first, so that what they are told now comes after it.
        """
        for name in user.channels:
            self.channels[name].group.release()
        seen = {user}
        for name in user.channels:
            for member in self.channels[name].witnesses(user):
                if member not in seen:
                    seen.add(member)
                    yield member

    def catch_up(self, *sessions: Session) -> None:
        """Send sessions all joins in their channels, before any message that depends on those joins."""
        for session in sessions:
            for name in session.user.channels if session.user else ():
                self.channels[name].group.catch_up(session)

    @property
    def unregistered(self) -> int:
        """The number of connections that have not registered yet."""
        return len(self.sessions) - self.counts.registered

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
        if session.user is not None:
            for channel in self.channels_of(session.user):
                channel.group.remove(session)
            self._detach(session.user, session)

    def register(self, user: User, session: Session) -> None:
        """Add a new user with a first session. The nick must be free: see `holder`."""
        self.restore_user(user)
        self.attach(user, session)

    def restore_user(self, user: User) -> None:
        """Add a user from the store, without a session. The nick must be free."""
        self._name(user)
        self._log_in(user)
        self.counts.most_users = max(self.counts.most_users, len(self.users))

    def attach(self, user: User, session: Session) -> None:
        """Attach another session to a user; it receives the messages of all the user's channels from now on."""
        session.user = user
        self.sessions[session] = self.sessions.pop(session, None)  # in the same order on all nodes
        self.lost_users.come_back(user, secure=session.secure)
        user.sessions.append(session)
        self.counts.registered += 1
        for channel in self.channels_of(user):
            channel.group.add(session)

    def rename(self, user: User, nick: str, *, now: int, msgid: int) -> None:
        """Give a user another nick, which must be free or another spelling of the old one. msgid: of the change."""
        user.note_tenure(msgid)
        if self.fold(nick) != self.fold(user.nick):
            self.whowas.add(self.fold(user.nick), WhowasEntry.of(user, now))
        self._unname(user)
        user.nick = nick
        user.revision += 1
        self._name(user)
        self._note_move(user)
        self._refresh_names(user)

    def set_host(self, user: User, username: str, host: str, *, msgid: int) -> None:
        """Give a user another username and host, as others see them. msgid: of this change."""
        user.note_tenure(msgid)
        user.username = username
        user.host = host
        user.revision += 1
        self._refresh_names(user)

    def set_account(self, user: User, account: str) -> None:
        """Log a user in to an account, or out with ""."""
        self.index.log_out(user)
        user.account = account
        user.revision += 1
        self._log_in(user)

    def set_away(self, user: User, text: str) -> None:
        """Mark a user as away, or as back with ""."""
        user.away = text
        user.revision += 1

    def remove(self, user: User, *, now: int) -> None:
        """Remove a user from all channels and from the list of users."""
        self.whowas.add(self.fold(user.nick), WhowasEntry.of(user, now))
        self.lost_users.drop(user)
        for channel in self.channels_of(user):
            self.part(user, channel)
        for folded in list(user.invitations):
            self.uninvite(user, folded)
        for session in list(user.sessions):
            self._detach(user, session)
        for letter in list(user.modes):
            self.set_mode(user, letter, False)
        self._unname(user)
        self.index.log_out(user)
        self.moderation.forget(user)
        self.local.reports.pop(user, None)
        user.revision += 1

    def join(self, user: User, name: str, *, now: int, since: str = "") -> Channel:
        """Add a user to a channel, which is created if need be; its first member is its operator.

        since: the msgid at which the membership begins.
        """
        folded = self.fold(name)
        channel = self.channels.get(folded)
        member_modes = "" if channel else "o"
        if channel is None:
            life, flags = self.ids.next(now), set(self.settings.new_modes.channel_flags)
            channel = Channel(name, created=now, life=life, flags=flags, mask_fold=self.naming.mask_fold)
            self.channels[folded] = channel
            self.renamed.pop(folded, None)
        self.closures.note_join(folded, user, parse_msgid(since) or self.ids.last)
        channel.members[user] = member_modes
        self.uninvite(user, folded)
        user.channels[folded] = since
        for session in user.sessions:
            channel.group.add(session)
        names_cache.add(self.settings, channel, user)
        self._note_move(user)
        return channel

    def part(self, user: User, channel: Channel) -> None:
        """Remove a user from a channel, which ends when the last member leaves."""
        folded = self.fold(channel.name)
        self.closures.note_part(folded, user, parse_msgid(user.channels[folded]) or 0, self.ids.last)
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
        """Allow a user to join a channel once regardless of its modes. The user's oldest invitations lapse."""
        folded = self.fold(channel.name)
        channel.invited[user] = None
        user.invitations[folded] = invitation
        self._note_move(user)
        if len(user.invitations) > self.settings.limits.channels:
            self.uninvite(user, next(iter(user.invitations)))

    def uninvite(self, user: User, folded: str) -> None:
        """End a user's invitation to a channel, if there is one."""
        if user.invitations.pop(folded, None) is not None:
            self.channels[folded].invited.pop(user, None)
            self._note_move(user)

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

    def restore_channel(self, channel: Channel) -> None:
        """Add a registered channel from the store, without members."""
        self.channels[self.fold(channel.name)] = channel

    def set_registration(self, channel: Channel, registration: ChannelRegistration | None) -> None:
        """Set or remove a channel's registration; an empty unregistered channel ends."""
        channel.registration = registration
        if registration is None and not channel.members:
            self._end(channel)

    def rename_channel(self, channel: Channel, name: str) -> None:
        """Rename a channel; the name must be free or another spelling of the present one."""
        old, new = self.fold(channel.name), self.fold(name)
        for other in forwarding_to(channel, self.channels.values(), self.fold):
            other.forward = name
        del self.channels[old]
        self.closures.note_rename(old, new)
        channel.name = name
        channel.revision += 1
        self.channels[new] = channel
        channel.names.clear()
        for member in channel.members:
            member.channels = {new if folded == old else folded: since for folded, since in member.channels.items()}
            self._note_move(member)
        for guest in channel.invited:
            guest.invitations = {new if key == old else key: value for key, value in guest.invitations.items()}
            self._note_move(guest)
        self.renamed.pop(new, None)
        if old != new:
            self.renamed[old] = channel
            if len(self.renamed) > _RENAMED:
                del self.renamed[next(iter(self.renamed))]

    def set_caps(self, session: Session, caps: int) -> None:
        """Change a session's capabilities."""
        self.set_kind(session, caps, session.dialect)

    def set_kind(self, session: Session, caps: int, dialect: int) -> None:
        """Change the capabilities and dialect that decide a session's encoding, and its place in broadcast groups."""
        channels = self.channels_of(session.user) if session.user else []
        for channel in channels:
            channel.group.remove(session)
        session.caps = caps
        session.dialect = dialect
        for channel in channels:
            channel.group.add(session)

    def set_mode(self, user: User, letter: str, on: bool) -> None:
        """Set or unset a user mode."""
        user.revision += 1
        if on != (letter in user.modes):
            self.counts.modes[letter] += 1 if on else -1
            (user.modes.add if on else user.modes.remove)(letter)

    def _note_move(self, user: User) -> None:
        if user.account:
            self.local.changed_presences[user] = None

    def _name(self, user: User) -> None:
        self.index.add(user)
        self.lost_users.know(user)

    def _unname(self, user: User) -> None:
        self.index.remove(user)
        self.lost_users.forget(user)

    def _log_in(self, user: User) -> None:
        user.account_id = self.accounts.id_of(user.account)
        self.index.log_in(user)

    def _refresh_names(self, user: User) -> None:
        for channel in self.channels_of(user):
            names_cache.refresh(self.settings, channel, user)

    def _end(self, channel: Channel) -> None:
        folded = self.fold(channel.name)
        for guest in list(channel.invited):
            self.uninvite(guest, folded)
        self.renamed = {old: renamed for old, renamed in self.renamed.items() if renamed is not channel}
        del self.channels[folded]
        self.closures.note_end(folded, channel, self.ids.last)

    def _detach(self, user: User, session: Session) -> None:
        user.sessions.remove(session)
        if not user.sessions:
            user.caller_id.addressed.clear()
        session.user = None
        self.sessions.pop(session, None)
        self.local.monitors.clear(session)
        self.counts.registered -= 1
