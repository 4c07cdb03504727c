"""A User is a nick on the network; a Session is one connection of a user.

They are separate, since a user may be connected from a laptop and a phone under one nick, and an always-on user has no
session at all. `UserIndex` finds users.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from greenchat.chat.metadata import MetadataUse
from greenchat.chat.multiline_batch import ClientBatch
from greenchat.chat.outbox import Outbox
from greenchat.chat.read_markers import ReadMarkers
from greenchat.protocol.caps import KIND
from greenchat.protocol.msgid import LAST_ID, parse_msgid
from greenchat.protocol.sasl import Exchange
from greenchat.protocol.scram import NO_BINDINGS
from greenchat.values.names import Naming

_TENURES = 20  # remembered names of one user: a guest can't redact messages of older ones


@dataclass(slots=True, eq=False)
class Registration:
    """The registration of a connection: what its client sends before it has a user.

    https://modern.ircdocs.horse/#connection-registration

    negotiating: whether CAP negotiation is in progress. cap_version: of CAP LS, 301 unless the client sends 302 or
    more. listed: the blocklist entry because of which it needs an account, "" for none. has_tried: whether it has sent
    a password. resumes: the guest_id of the user that its token belongs to.
    """

    negotiating: bool = False
    cap_version: int = 301
    password: str = ""
    nick: str = ""
    username: str = ""
    realname: str = ""
    listed: str = ""
    has_tried: bool = False
    resumes: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether NICK and USER were sent, and no negotiation is in progress."""
        return bool(self.nick and self.username) and not self.negotiating


@dataclass(frozen=True, slots=True)
class TlsClient:
    """Proofs of a TLS connection about its client.

    certificate: SHA-256 of the client's certificate, in lower-case hex. bindings: channel bindings, see
    `protocol.scram`.
    """

    certificate: str = ""
    bindings: Mapping[str, bytes] = field(default_factory=lambda: NO_BINDINGS)


NO_TLS = TlsClient()


@dataclass(slots=True, eq=False)
class Session:
    """A connection of a client.

    caps: bits of `protocol.caps`. kind: the key of its encoding, see `protocol.envelopes`. secure: whether it uses TLS;
    tls: what that proves about the client, empty unless TLS ends in this process.
    token: the hash of the token that it logged in with, see `tokens`.
    away: the text of AWAY, "*" if nobody reads this connection. user: None until the session is registered. account:
    the one that it is logged in to, "" for none. sasl: the login in progress. batch: the open batch of lines. gateway:
    the WEBIRC gateway. metadata: its use of metadata, if any. number: identifies it in a log; no other session of the
    process has it. room: bytes that it may still add to the history, see `history_quota`. joined: channels, for the
    log. under_way: bursts that wait for the log of the nodes. now: the time of the connection; active: the time of its
    last message, both in ms since the epoch.
    """

    outbox: Outbox
    host: str
    now: int
    active: int = 0
    secure: bool = False
    tls: TlsClient = NO_TLS
    registration: Registration = field(default_factory=Registration)
    token: str = ""
    dialect: int = 0
    caps: int = 0
    away: str = ""
    account: str = ""
    sasl: Exchange | None = None
    batch: ClientBatch | None = None
    user: "User | None" = None
    closing: str = ""
    gateway: str = ""
    metadata: MetadataUse | None = None
    received_messages: int = 0
    number: int = 0
    received_bytes: int = 0
    room: int = 0
    joined: tuple[str, ...] = ()
    under_way: int = 0

    @property
    def kind(self) -> int:
        """Return the key under which an envelope caches this session's encoding."""
        return self.dialect or self.caps & KIND


class Invitation(NamedTuple):
    """An invitation to a channel.

    source: the inviting user, nick!user@host; msgid: of the invitation, 0 if it was never sent as a message.
    """

    source: str = ""
    msgid: int = 0


NOT_TOLD = Invitation()


class Tenure(NamedTuple):
    """A span in which a user had one name and host. source: nick!user@host; since, until: msgids, both excluded."""

    source: str
    since: int
    until: int


@dataclass(slots=True, eq=False)
class CallerId:
    """The accept list of a user with mode +g or +R: see `chat.caller_id`.

    accepted: the list. addressed: users to whom this one has written. informed: when the user was last told of a
    blocked message, in ms since the epoch.
    """

    accepted: dict[str, str] = field(default_factory=dict)
    addressed: dict[str, None] = field(default_factory=dict)
    informed: int = 0


@dataclass(slots=True, eq=False)
class User:
    """A user, as others see it.

    host: as shown to others; real_host: the real one. signon, active: in ms since the epoch. oper: the name of the
    operator block in use; see `rights.rights_of` for its rights. channels: folded names, in the order of joining -> the
    msgid of joining; invitations: to channels, the oldest first. `Network` alone changes both. knocked: the time of the
    last KNOCK, in ms since the epoch; inviting: times of recent invitations. caller_id: the accept list. account: its
    name; account_id: see `accounts`. `Network` alone changes both. guest_id: the identity in the history without an
    account. left: when the last connection closed, in ms since the epoch; last_seen: a msgid of that moment. metadata:
    published by the user. former: the last few tenures; `Network` alone changes it. revision: changes whenever
    something changes that affects what the user may say, how it looks, or what the user receives.
    """

    nick: str
    username: str
    host: str
    realname: str
    real_host: str
    signon: int
    active: int
    account: str = ""
    account_id: str = ""
    guest_id: str = ""
    read_markers: ReadMarkers | None = None
    away: str = ""
    oper: str = ""
    modes: set[str] = field(default_factory=set)
    channels: dict[str, str] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    inviting: tuple[int, ...] = ()
    knocked: int = 0
    caller_id: CallerId = field(default_factory=CallerId)
    left: int = 0
    last_seen: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    former: tuple[Tenure, ...] = ()
    revision: int = 0

    @property
    def source(self) -> str:
        """nick!user@host."""
        return f"{self.nick}!{self.username}@{self.host}"

    @property
    def identity(self) -> str:
        """Return the identity in the history: the account's id, or for a guest one that ends with the user."""
        return self.account_id or self.guest_id

    def tenure(self, until: int = LAST_ID) -> Tenure:
        """Return the span of the present name: since the connection, or the last change."""
        came = parse_msgid(self.guest_id.removeprefix("~"))  # finer than the time: two may share a nick within a ms
        since = self.former[-1].until if self.former else came
        return Tenure(self.source, until if since is None else since, until)

    def note_tenure(self, until: int) -> None:
        """Note the end of a name or host that is about to change."""
        self.former = (*self.former, self.tenure(until))[-_TENURES:]

    def was(self, source: str, msgid: int) -> bool:
        """Whether this user had the name `source` at a msgid, so that nobody else had it."""
        tenures = (*self.former, self.tenure())
        return any(each.source == source and each.since < msgid < each.until for each in tenures)

    @property
    def secure(self) -> bool:
        """Whether all connections of the user use TLS."""
        return all(session.secure for session in self.sessions)


@dataclass(slots=True, eq=False)
class UserCounts:
    """Numbers of users and sessions, kept as they come and go: LUSERS and metrics ask for them often.

    most_users: the most there were at once. modes: how many have each user mode. registered: sessions with a user.
    """

    most_users: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    registered: int = 0


class UserIndex:
    """The users by folded nick (by_nick), and those logged in to an account by its folded name (by_account).

    `Network` alone changes it. Reads: holder, users_of. Changes: add, remove, log_in, log_out.
    """

    __slots__ = ("_looks", "_naming", "by_account", "by_nick")

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self.by_nick: dict[str, User] = {}
        self.by_account: dict[str, dict[User, None]] = {}
        self._looks: dict[str, User] = {}  # by the skeletons of nicks, if nicks can be confused

    def holder(self, nick: str) -> User | None:
        """Return the user whose nick is equal to this one or confusable with it."""
        return self.by_nick.get(self._naming.fold(nick)) or self._looks.get(self._naming.skeleton(nick))

    def users_of(self, account: str) -> list[User]:
        """Return the users logged in to an account, in the order of their logins."""
        return list(self.by_account.get(self._naming.fold(account), ()))

    def add(self, user: User) -> None:
        """Add a user by nick."""
        self.by_nick[self._naming.fold(user.nick)] = user
        if self._naming.skeleton is not self._naming.fold:
            self._looks[self._naming.skeleton(user.nick)] = user

    def remove(self, user: User) -> None:
        """Remove a user by nick."""
        del self.by_nick[self._naming.fold(user.nick)]
        self._looks.pop(self._naming.skeleton(user.nick), None)

    def log_in(self, user: User) -> None:
        """Add a user by account, if there is one."""
        if user.account:
            self.by_account.setdefault(self._naming.fold(user.account), {})[user] = None

    def log_out(self, user: User) -> None:
        """Remove a user by account, if there is one."""
        if user.account:
            folded = self._naming.fold(user.account)
            del self.by_account[folded][user]
            if not self.by_account[folded]:
                del self.by_account[folded]
