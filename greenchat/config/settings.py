"""The settings of the chat: read from the configuration file, held by `Network`.

A reload replaces the `Settings`; nothing else keeps a copy. A field with a `Key` is a key of the file: to add a
setting, add one such line, here or in the group that it belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from greenchat.config import validators
from greenchat.config.about import About
from greenchat.config.external_services import EXTERNAL, ExternalService
from greenchat.config.groups import Group
from greenchat.config.key import Key
from greenchat.config.moderation import Moderation, SpamFilter
from greenchat.config.opers import Staff
from greenchat.config.outbound import Outbound
from greenchat.config.providers import Providers
from greenchat.config.reserved import Reserved
from greenchat.config.validators import check_password
from greenchat.protocol.modes import ModeTable
from greenchat.protocol.plain.names import NICK_BYTES
from greenchat.protocol.scram import ITERATIONS
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork
from greenchat.values.names import CASEMAPPINGS, REALNAME_BYTES

MODE_TABLE = ModeTable(
    lists="beI", always="k", setting="Wdfjl", flags="CGHKMORTUcimnpstuz", prefixes="qaohv", symbols="~&@%+"
)
_WIDEST = 4  # bytes of a character
_FLAGS = validators.letters(MODE_TABLE.flags)
CLOAK_LETTERS = 6  # of base32 for each part: two addresses share a cloak once in 2^30 networks
CLOAK_LENGTH = 3 * (CLOAK_LETTERS + 1)  # characters of a cloak before its suffix


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths are in characters, as ISUPPORT announces them; counts are per user or per channel."""

    nick: Annotated[int, Key("characters of a nickname", 1, NICK_BYTES)] = 32
    username: Annotated[int, Key("characters of a username", 2, 32)] = 18
    host: Annotated[int, Key("characters of a visible hostname", 32, 128)] = 64
    realname: Annotated[int, Key("characters of a real name", 1, REALNAME_BYTES)] = 150
    channel: Annotated[int, Key("characters of a channel's name", 2, 128)] = 64
    topic: Annotated[int, Key("characters of a topic", 1, 390)] = 390
    away: Annotated[int, Key("characters of an away message", 1, 390)] = 200
    kick: Annotated[int, Key("characters of a kick reason", 1, 390)] = 300
    key: Annotated[int, Key("characters of a channel's key", 1, 64)] = 32
    channels: Annotated[int, Key("channels of one user", 1, 10_000)] = 100
    targets: Annotated[int, Key("targets of one message", 1, 100)] = 4
    modes: Annotated[int, Key("mode changes in one command", 1, 100)] = 20
    list_entries: Annotated[int, Key("masks in each list of a channel (bans, exceptions, invitations)", 1, 10_000)] = (
        100
    )
    bans: Annotated[int, Key("server bans", 0, 1_000_000)] = 100_000
    monitor: Annotated[int, Key("nicknames that one user can monitor", 1, 10_000)] = 100
    accept: Annotated[int, Key("users on a +g user's ACCEPT list", 1, 1000)] = 32
    who: Annotated[int, Key("users that WHO shows for a mask", 1, 5000)] = 1000
    whowas: Annotated[int, Key("former users kept for WHOWAS", 0, 1_000_000, restart=True)] = 1000


@dataclass(frozen=True, slots=True)
class Admin:
    """The lines of ADMIN about the administrators. Empty ones are left out."""

    location: Annotated[str, Key("the server's purpose and location", parse=validators.line)] = ""
    organization: Annotated[str, Key("the people who run it", parse=validators.line)] = ""
    email: Annotated[str, Key("their contact address", parse=validators.line)] = ""


@dataclass(frozen=True, slots=True)
class History:
    """The limits of the history: for storing, and for requests of clients."""

    enabled: Annotated[bool, Key("keep messages")] = True
    private: Annotated[bool, Key("also store private messages")] = True
    events: Annotated[bool, Key("also store joins, parts, kicks, quits, and nick, mode and topic changes")] = True
    replay: Annotated[int, Key("lines replayed on a join to clients without chathistory", 0, 100)] = 0
    redact_window: Annotated[int, Key("seconds in which a message can be deleted (REDACT); 0: always", 0)] = 86_400
    page: Annotated[int, Key("maximum messages of one request", 1, 10_000)] = 500


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The rules for accounts."""

    registration: Annotated[bool, Key("allow users to register accounts")] = True
    before_connect: Annotated[bool, Key("allow registration before the connection is complete")] = True
    custom_names: Annotated[bool, Key("allow account names other than the nickname")] = True
    email_required: Annotated[bool, Key("require an email address")] = False
    verify: Annotated[
        bool,
        Key("require a code before an account can be used; without mail, operators give it to the user"),
    ] = False
    verify_hours: Annotated[int, Key("hours after which an unconfirmed account is deleted", 1)] = 24
    password_least: Annotated[int, Key("minimum characters of a password", 1, 100)] = 8
    password_most: Annotated[int, Key("maximum bytes of a password", 64, 1000)] = 300
    password_common: Annotated[bool, Key("allow the 10,000 most common passwords")] = False
    iterations: Annotated[int, Key("rounds of PBKDF2 for a new password", 4096)] = ITERATIONS
    reserve_nicks: Annotated[bool, Key("reserve an account's name as a nickname for its owner")] = True
    force_nick: Annotated[bool, Key("force users with an account to use its name as their nickname")] = False
    always_on: Annotated[
        str,
        Key(
            "whether accounts stay online without a connection", choices=("disabled", "opt-in", "opt-out", "mandatory")
        ),
    ] = "opt-in"
    expire_days: Annotated[int, Key("days without a login after which an account is deleted; 0: never", 0, 100_000)] = 0
    always_on_days: Annotated[
        int, Key("days without a connection after which an always-on user leaves; 0: never", 0, 100_000)
    ] = 0
    multiclient: Annotated[bool, Key("let connections that log in to one account share a nickname")] = True
    channels: Annotated[int, Key("channels that an account may own", 0)] = 20
    sessions: Annotated[int, Key("connections that may share a nickname", 1)] = 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """The limits of metadata on users and channels: https://ircv3.net/specs/extensions/metadata."""

    enabled: Annotated[bool, Key("offer METADATA")] = True
    keys: Annotated[int, Key("keys of one user or channel", 1, 100)] = 20
    subscriptions: Annotated[int, Key("subscribed keys of one connection", 1, 1000)] = 50
    key_bytes: Annotated[int, Key("bytes of a key", 1, 64)] = 48
    value_bytes: Annotated[int, Key("bytes of a value", 1, 300)] = 256
    changes: Annotated[int, Key("changes per minute of one connection; 0: no limit", 0, 10_000)] = 30
    denied: Annotated[
        tuple[str, ...],
        Key(
            'keys that only operators with the right "metadata" can set (* and ? allowed), like "avatar"',
            parse=validators.key_mask,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class RelayMsg:
    """The rules for bots that relay messages of other networks: https://github.com/ircv3/ircv3-specifications/pull/417."""

    separators: Annotated[
        str,
        Key("each relayed name must contain one of these characters; empty: no RELAYMSG", parse=validators.separators),
    ] = "/"
    channel_operators: Annotated[bool, Key("allow channel operators to use it")] = True


@dataclass(frozen=True, slots=True)
class FileHost:
    """The rules for uploaded files: https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md.

    Sizes in MiB.
    """

    enabled: Annotated[bool, Key("accept files; needs greenchat[files]", restart=True)] = False
    url: Annotated[
        str,
        Key(
            "the public address of the page, like https://chat.example.org/, for links to files; empty: only the page"
            " can upload",
            parse=validators.site,
        ),
    ] = ""
    size: Annotated[int, Key("MiB of one file", 1, 900)] = 32
    per_account: Annotated[int, Key("MiB of all files of one account", 1, 1_000_000)] = 512
    guests: Annotated[int, Key("MiB of all files of guests; 0: only accounts can upload", 0, 1_000_000)] = 0
    total: Annotated[int, Key("MiB of all files", 1, 100_000_000)] = 10_240
    pixels: Annotated[int, Key("megapixels of a picture; its frames together may have 20 times that", 1, 1000)] = 100


@dataclass(frozen=True, slots=True)
class Sts:
    """Strict Transport Security: https://ircv3.net/specs/extensions/sts. port 0: it is not advertised."""

    port: Annotated[
        int,
        Key(
            "the TLS port that clients must switch to; 0: none; -1: the first port with TLS, if the certificate\n"
            "is valid and issued by an authority, for the name of this server",
            -1,
            65535,
        ),
    ] = -1
    duration: Annotated[int, Key("seconds for which clients remember the policy; 0 revokes it", 0)] = 2_592_000
    preload: Annotated[bool, Key("allow clients to preload this policy; hard to revoke")] = False


@dataclass(frozen=True, slots=True)
class Cloak:
    """The settings of cloaks, which hide clients' addresses from others."""

    enabled: Annotated[bool, Key("show a keyed hash instead of an address (except for this machine)", restart=True)] = (
        True
    )
    suffix: Annotated[
        str,
        Key(
            "the suffix of every cloak; changing it invalidates bans on cloaks",
            parse=validators.suffix,
            restart=True,
        ),
    ] = "cloaked"


@dataclass(frozen=True, slots=True)
class WebIrc:
    """The gateways that may report their clients' addresses: https://ircv3.net/specs/extensions/webirc."""

    hosts: Annotated[tuple[IpNetwork, ...], Key("addresses of the gateways", parse=addresses.network)] = ()
    password: Annotated[str, Key("the gateways' password; required if hosts is set", parse=validators.word)] = ""


@dataclass(frozen=True, slots=True)
class NewModes:
    """The modes with which channels and users begin."""

    channel_flags: Annotated[str, Key("modes of a new channel (without parameters)", parse=_FLAGS)] = "nt"
    user_flags: Annotated[str, Key("modes of a new user", parse=validators.letters("iw"))] = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the server as its users see it."""

    name: Annotated[str, Key("the server's name", parse=validators.server_name, restart=True)] = "greenchat.local"
    about: Annotated[About, Group()] = field(default_factory=About)
    password: Annotated[
        str,
        Key(
            "the connection password (PASS; plain-text clients are asked for it), preferably a hash from"
            " greenchat-server hash-password; empty: none",
            parse=check_password,
        ),
    ] = ""
    lobby: Annotated[str, Key("the channel of the plain-text clients", parse=validators.channel, restart=True)] = (
        "#lobby"
    )
    casemapping: Annotated[
        str,
        Key(
            "how names are compared; precis allows every script, but no names that look alike",
            choices=CASEMAPPINGS,
            restart=True,
        ),
    ] = "precis"
    new_modes: Annotated[NewModes, Group()] = field(default_factory=NewModes)
    reserved: Annotated[Reserved, Group("reserved_")] = field(default_factory=Reserved)
    denied_tags: Annotated[
        tuple[str, ...],
        Key(
            'client-only tags, without +, that are not relayed, like "typing"; "*", "-typing": all except typing',
            parse=validators.tag,
        ),
    ] = ()
    sts: Annotated[Sts, Key("Strict transport security: supporting clients switch to a TLS port.")] = field(
        default_factory=Sts
    )
    mode_table: ModeTable = MODE_TABLE
    limits: Annotated[Limits, Key("Maximum lengths and numbers.")] = field(default_factory=Limits)
    history: Annotated[History, Key("Chat history.")] = field(default_factory=History)
    accounts: Annotated[AccountSettings, Key("Accounts.")] = field(default_factory=AccountSettings)
    providers: Annotated[Providers, Group()] = field(default_factory=Providers)
    metadata: Annotated[Metadata, Key("Metadata of users and channels (METADATA).")] = field(default_factory=Metadata)
    relaymsg: Annotated[RelayMsg, Key("Bots that relay messages of other networks (RELAYMSG).")] = field(
        default_factory=RelayMsg
    )
    files: Annotated[
        FileHost,
        Key(
            "Uploads, from the page and from clients with soju.im/FILEHOST. Files are deleted\n"
            "with the message that links them (REDACT), with their account, and after storage.keep_days."
        ),
    ] = field(default_factory=FileHost)
    outbound: Annotated[Outbound, Group()] = field(default_factory=Outbound)
    admin: Annotated[Admin, Key("The answer to ADMIN.")] = field(default_factory=Admin)
    cloak: Annotated[
        Cloak,
        Key(
            "Cloaks: the hosts that other users see. CLOAK ROTATE, for operators, changes the secret behind\n"
            'them, which is in the data folder. The right "addresses" shows the real ones (see classes).'
        ),
    ] = field(default_factory=Cloak)
    spam: Annotated[SpamFilter, Key("The spam filter: messages are held back, or only reported (FILTER).")] = field(
        default_factory=SpamFilter
    )
    moderation: Annotated[Moderation, Key("Reports to operators.")] = field(default_factory=Moderation)
    webirc: Annotated[WebIrc, Key("Web gateways that send their clients' addresses (WEBIRC).")] = field(
        default_factory=WebIrc
    )
    external: Annotated[Mapping[str, ExternalService], EXTERNAL] = field(default_factory=dict)
    staff: Annotated[Staff, Group()] = field(default_factory=Staff)

    @property
    def nick_bytes(self) -> int:
        """The bytes of the longest possible nickname."""
        widest = _WIDEST if self.casemapping == "precis" else 1
        return min(self.limits.nick * widest, NICK_BYTES)
