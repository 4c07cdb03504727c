"""A User is a person as others see them; a Session is one connection of theirs.

They are two things from the start: one person may be connected from a laptop and a phone under one nick, and a user of
another node is a user without sessions here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from greenchat.chat.metadata import MetadataUse
from greenchat.chat.multiline_batch import ClientBatch
from greenchat.chat.outbox import Outbox
from greenchat.chat.read_markers import ReadMarks
from greenchat.protocol.caps import KIND
from greenchat.protocol.msgid import LAST_ID, parse_msgid
from greenchat.protocol.sasl import Exchange
from greenchat.protocol.scram import NO_BINDINGS

_TENURES = 20  # tenures of one user that are remembered: older messages can no longer be redacted by a guest


@dataclass(slots=True, eq=False)
class Registration:
    """The registration of a connection: what its client says about itself before it has a user.

    https://modern.ircdocs.horse/#connection-registration

    negotiating: it has started CAP negotiation, and not ended it. cap_version: of CAP LS, 301 until it says 302 or
    more. listed: why it can't come in without an account, "" if it can: its address is on a blocklist. has_tried: a
    password. resumes: the guest_id of the user who it has proved to be.
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
        """Whether NICK and USER have come, and no negotiation is under way."""
        return bool(self.nick and self.username) and not self.negotiating


@dataclass(frozen=True, slots=True)
class TlsClient:
    """The proofs that a TLS connection has given of its client.

    certificate: SHA-256 of the client's certificate, in lower-case hex. bindings: what a login can be bound to, see
    `protocol.scram`.
    """

    certificate: str = ""
    bindings: Mapping[str, bytes] = field(default_factory=lambda: NO_BINDINGS)


NO_TLS = TlsClient()


@dataclass(slots=True, eq=False)
class Session:
    """A connection of a client.

    caps: bits of `protocol.caps`. kind: what decides the bytes it gets, see `protocol.envelope`.
    secure: it uses TLS; tls: what that tells of the client, nothing unless TLS ends in this process.
    token: the hash of the token that it logged in with, see `tokens`.
    away: what AWAY said here, "*" if nobody sits at this connection. user: None until the session is registered.
    account: logged in to, "" if to none. sasl: while it is logging in. batch: of lines, while it sends one.
    gateway: through which it came, by WEBIRC. metadata: its use of metadata, if any. number: identifies it in a log; no
    other session of the process has it. room: bytes that it may add to the history, see `volumes`. joined: channels,
    for the log. under_way: bursts that it has said and that wait for their turn in a log that nodes share.
    now: when it connected; active: when it last said something, both in ms since the epoch.
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
        """The key under which an envelope keeps this session's bytes."""
        return self.dialect or self.caps & KIND


class Invitation(NamedTuple):
    """An invitation to a channel.

    source: who invited, nick!user@host; msgid: of it, 0 if it was never sent as a message.
    """

    source: str = ""
    msgid: int = 0


NOT_TOLD = Invitation()


class Tenure(NamedTuple):
    """A span in which a user had one name. source: nick!user@host; since, until: msgids, both excluded."""

    source: str
    since: int
    until: int


@dataclass(slots=True, eq=False)
class CallerId:
    """The people who may write to a user with mode +g or +R: see `chat.caller_id`.

    accepted: the user's list. addressed: to whom the user has written. informed: when the user was last told that
    somebody was not let through, in ms since the epoch.
    """

    accepted: dict[str, str] = field(default_factory=dict)
    addressed: dict[str, None] = field(default_factory=dict)
    informed: int = 0


@dataclass(slots=True, eq=False)
class User:
    """A person as others see them.

    host is the one that is shown, real_host where they come from. signon and active are in ms since the epoch.
    oper: the name under which they became an operator; see `rights.rights_of` for what that allows.
    channels: folded names, in the order of joining, and the msgid since which they are in; invitations: to channels
    too, the oldest first. `Network` alone changes both. knocked: the time of their last KNOCK, in ms since the epoch;
    inviting: times of recent invitations. caller_id: who may write to them. account: its name; account_id: see
    `accounts`. `Network` alone changes both. guest_id: identifies them in the history as long as they have no
    account. left: when their last connection closed, in ms since the epoch; last_seen: a msgid of that moment.
    metadata: published by them. former: the last few tenures; `Network` alone changes it. revision: changes whenever
    something has changed that decides what they may say, how it looks, or whether they receive it.
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
    read_marks: ReadMarks | None = None
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
        """The identity beyond one connection: the account's id, or for a guest one that ends with the user."""
        return self.account_id or self.guest_id

    def tenure(self, until: int = LAST_ID) -> Tenure:
        """Return the span of the present name: since they connected, or since the last change."""
        came = parse_msgid(self.guest_id.removeprefix("~"))  # finer than the time: two may share a nick within a ms
        since = self.former[-1].until if self.former else came
        return Tenure(self.source, until if since is None else since, until)

    def note_tenure(self, until: int) -> None:
        """Note the end of a name or host that is about to change."""
        self.former = (*self.former, self.tenure(until))[-_TENURES:]

    def was(self, source: str, msgid: int) -> bool:
        """Whether this user had a name when something happened: then nobody else had it."""
        tenures = (*self.former, self.tenure())
        return any(each.source == source and each.since < msgid < each.until for each in tenures)

    @property
    def secure(self) -> bool:
        """Whether all their connections came through TLS."""
        return all(session.secure for session in self.sessions)
