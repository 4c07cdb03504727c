"""What an operator may decide about the chat, as values: the configuration file fills them, `Network` holds them.

A reload puts a new `Settings` in the place of the old one; nothing else keeps a copy. A field with a `Key` is a key of
the file: to add a setting, add one such line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from greenchat import __version__
from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.config.moderation import Moderation, SpamFilter
from greenchat.config.opers import CLASSES, OPERS, Oper, OperClass
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
CLOAK_LETTERS = 6  # of base32 for each part: a cloak is met again but once in 2^30 networks
CLOAK_LENGTH = 3 * (CLOAK_LETTERS + 1)  # characters of a cloak before its suffix


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths are in characters, as ISUPPORT announces them; counts are per user or per channel."""

    nick: Annotated[int, Key("characters of a nickname", 1, NICK_BYTES)] = 32
    username: Annotated[int, Key("characters of a username", 2, 32)] = 18
    host: Annotated[int, Key("characters of a shown hostname", 32, 128)] = 64
    realname: Annotated[int, Key("characters of a real name", 1, REALNAME_BYTES)] = 150
    channel: Annotated[int, Key("characters of a channel's name", 2, 128)] = 64
    topic: Annotated[int, Key("characters of a topic", 1, 390)] = 390
    away: Annotated[int, Key("characters of an away message", 1, 390)] = 200
    kick: Annotated[int, Key("characters of the reason of a kick", 1, 390)] = 300
    key: Annotated[int, Key("characters of a channel's key", 1, 64)] = 32
    channels: Annotated[int, Key("channels that one user can be in", 1, 10_000)] = 100
    targets: Annotated[int, Key("targets of one message", 1, 100)] = 4
    modes: Annotated[int, Key("mode changes in one command", 1, 100)] = 20
    list_entries: Annotated[int, Key("masks in a list of a channel (bans, exceptions, invitations)", 1, 10_000)] = 100
    bans: Annotated[int, Key("bans from the server", 0, 1_000_000)] = 100_000
    monitor: Annotated[int, Key("nicknames that one user can monitor", 1, 10_000)] = 100
    accept: Annotated[int, Key("people on the list of those whom somebody with +g hears", 1, 1000)] = 32
    who: Annotated[int, Key("users that a search with WHO shows", 1, 5000)] = 1000
    whowas: Annotated[int, Key("users who left that WHOWAS remembers", 0, 1_000_000, restart=True)] = 1000


@dataclass(frozen=True, slots=True)
class Admin:
    """The lines of ADMIN: the people who run the server. Empty ones are left out."""

    location: Annotated[str, Key("what the server is, and where", parse=validators.line)] = ""
    organization: Annotated[str, Key("who runs it", parse=validators.line)] = ""
    email: Annotated[str, Key("how to reach them", parse=validators.line)] = ""


@dataclass(frozen=True, slots=True)
class History:
    """The limits of the history: what is kept, and what clients may ask for."""

    enabled: Annotated[bool, Key("remember what is said")] = True
    private: Annotated[bool, Key("private messages too")] = True
    events: Annotated[bool, Key("joins, parts, kicks, quits and changes of nick, mode and topic too")] = True
    replay: Annotated[
        int, Key("lines that a client which can't ask for history gets when it joins a channel", 0, 100)
    ] = 0
    redact_window: Annotated[int, Key("seconds in which what was said can be taken back; 0: always", 0)] = 86_400
    page: Annotated[int, Key("messages that one command can ask for", 1, 10_000)] = 500


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Names that belong to somebody."""

    registration: Annotated[bool, Key("whether people may register accounts by themselves")] = True
    before_connect: Annotated[bool, Key("whether they may do so before they have come in")] = True
    custom_names: Annotated[bool, Key("whether an account may have another name than the nickname")] = True
    email_required: Annotated[bool, Key("whether an email address must be given")] = False
    verify: Annotated[
        bool,
        Key(
            "whether a code is needed before an account can be used, which an operator hands out if no mail can be sent"
        ),
    ] = False
    verify_hours: Annotated[int, Key("hours after which the name of an account that was not confirmed is free", 1)] = 24
    password_least: Annotated[int, Key("characters that a password needs", 1, 100)] = 8
    password_most: Annotated[int, Key("bytes that it may have", 64, 1000)] = 300
    password_common: Annotated[bool, Key("whether it may be one of the ten thousand that most people choose")] = False
    iterations: Annotated[int, Key("rounds of PBKDF2 for a new password", 4096)] = ITERATIONS
    reserve_nicks: Annotated[bool, Key("whether the nickname that is an account's is kept for its owner")] = True
    force_nick: Annotated[bool, Key("whether the nickname of somebody with an account is always its name")] = False
    always_on: Annotated[
        str,
        Key(
            "whether accounts stay while no connection is there", choices=("disabled", "opt-in", "opt-out", "mandatory")
        ),
    ] = "opt-in"
    multiclient: Annotated[bool, Key("whether several connections may share a nickname by logging in")] = True
    channels: Annotated[int, Key("channels that an account may own", 0)] = 20
    sessions: Annotated[int, Key("connections that may share a nickname", 1)] = 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """The limits of metadata on users and channels: https://ircv3.net/specs/extensions/metadata."""

    enabled: Annotated[bool, Key("whether there is such a thing")] = True
    keys: Annotated[int, Key("keys that one user or channel can have", 1, 100)] = 20
    subscriptions: Annotated[int, Key("keys of which one connection can be told", 1, 1000)] = 50
    key_bytes: Annotated[int, Key("bytes of a key", 1, 64)] = 48
    value_bytes: Annotated[int, Key("bytes of a value", 1, 300)] = 256
    changes: Annotated[int, Key("changes that one connection can make in a minute; 0: no limit", 0, 10_000)] = 30
    denied: Annotated[
        tuple[str, ...],
        Key(
            'keys that only operators with the right "metadata" may set, with * and ?, like "avatar"',
            parse=validators.key_mask,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class RelayMsg:
    """Bots that bring people of other networks: https://github.com/ircv3/ircv3-specifications/pull/417."""

    separators: Annotated[
        str,
        Key("characters of which each of their names must have one; empty: no RELAYMSG", parse=validators.separators),
    ] = "/"
    channel_operators: Annotated[bool, Key("whether operators of a channel may use it there")] = True


@dataclass(frozen=True, slots=True)
class Sts:
    """Strict Transport Security: https://ircv3.net/specs/extensions/sts. port 0: it is not advertised."""

    port: Annotated[int, Key("the port with TLS that clients must change to; 0: they need not", 0, 65535)] = 0
    duration: Annotated[int, Key("seconds for which they shall remember that; 0 takes it back", 0)] = 2_592_000
    preload: Annotated[bool, Key("may be built into clients; hard to take back")] = False


@dataclass(frozen=True, slots=True)
class Cloak:
    """The cloak: what others see instead of a client's address."""

    enabled: Annotated[
        bool, Key("show a keyed hash instead of the address, but of this machine's own ones", restart=True)
    ] = True
    suffix: Annotated[
        str,
        Key("what it ends with; bans on it must be set anew when this changes", parse=validators.suffix, restart=True),
    ] = "cloaked"


@dataclass(frozen=True, slots=True)
class WebIrc:
    """Gateways that may say whom they speak for: https://ircv3.net/specs/extensions/webirc."""

    hosts: Annotated[tuple[IpNetwork, ...], Key("their addresses", parse=addresses.network)] = ()
    password: Annotated[str, Key("their password; must be set if hosts is", parse=validators.word)] = ""


RESERVED_NICKS = (
    "*serv",
    "services",
    "global",
    "root",
    "admin",
    "administrator",
    "sysop",
    "sysadmin",
    "staff",
    "support",
    "security",
    "abuse",
    "server",
    "system",
)

GREETING = (
    "Welcome! /list shows the channels, /join goes into one or makes a new one.",
    "A name can be yours: /msg NickServ HELP. What was said before: /msg HistServ HELP.",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The server as it presents itself, and its rules."""

    name: Annotated[str, Key("the server's name", parse=validators.server_name, restart=True)] = "greenchat.local"
    version: str = f"greenchat-{__version__}"
    network: Annotated[str, Key("the network's name", parse=validators.network_name)] = "greenchat"
    description: Annotated[str, Key("the server in a few words", parse=validators.line)] = (
        "greenchat, group chat for the terminal"
    )
    icon: Annotated[str, Key("the URL of a picture of the network", parse=validators.url)] = ""
    motd: Annotated[
        tuple[str, ...], Key("the message of the day, a string for each line; []: none", parse=validators.line)
    ] = GREETING
    password: Annotated[
        str,
        Key(
            "what everybody must give to come in (PASS; plain-text clients are asked for it), best hashed:"
            " see greenchat-server hash-password; empty: nothing",
            parse=check_password,
        ),
    ] = ""
    lobby: Annotated[str, Key("the channel of the plain-text clients", parse=validators.channel, restart=True)] = (
        "#lobby"
    )
    casemapping: Annotated[
        str,
        Key(
            "which spellings of a name are the same; precis allows names in every script, none that looks like another",
            choices=CASEMAPPINGS,
            restart=True,
        ),
    ] = "precis"
    channel_flags: Annotated[str, Key("modes of a new channel, those without a parameter", parse=_FLAGS)] = "nt"
    user_flags: Annotated[str, Key("modes of a new user", parse=validators.letters("iw"))] = ""
    reserved_nicks: Annotated[
        tuple[str, ...],
        Key(
            "nicknames that only operators can have, and whoever has an account of that name, with * and ?: what could"
            " be taken for the server, its services or those who run it",
            parse=validators.name_mask,
        ),
    ] = RESERVED_NICKS
    reserved_channels: Annotated[
        tuple[str, ...],
        Key("channels that only operators can make, with * and ?", parse=validators.name_mask),
    ] = ("#services", "#opers")
    denied_tags: Annotated[
        tuple[str, ...],
        Key(
            'client-only tags, without +, that nobody gets, like "typing"; "*": all, but "-typing"',
            parse=validators.tag,
        ),
    ] = ()
    sts: Annotated[Sts, Key("Who comes without TLS is sent to a port with it, if the client knows how.")] = field(
        default_factory=Sts
    )
    mode_table: ModeTable = MODE_TABLE
    limits: Annotated[Limits, Key("How long names and texts may be, and how many of each there may be.")] = field(
        default_factory=Limits
    )
    history: Annotated[History, Key("What is remembered.")] = field(default_factory=History)
    accounts: Annotated[AccountSettings, Key("Names that belong to somebody.")] = field(default_factory=AccountSettings)
    metadata: Annotated[Metadata, Key("What people may say of themselves and of their channels (METADATA).")] = field(
        default_factory=Metadata
    )
    relaymsg: Annotated[RelayMsg, Key("Bots that bring people of other networks (RELAYMSG).")] = field(
        default_factory=RelayMsg
    )
    admin: Annotated[Admin, Key("What ADMIN answers.")] = field(default_factory=Admin)
    cloak: Annotated[
        Cloak,
        Key(
            "Hosts as others see them. CLOAK ROTATE, for operators, changes the secret behind them, which is in the\n"
            "data folder; who may see addresses all the same has the right to it (see classes)."
        ),
    ] = field(default_factory=Cloak)
    spam: Annotated[SpamFilter, Key("What looks like spam is held back, or only reported (FILTER).")] = field(
        default_factory=SpamFilter
    )
    moderation: Annotated[Moderation, Key("What operators are told, and where.")] = field(default_factory=Moderation)
    webirc: Annotated[WebIrc, Key("Web gateways that may say whom they speak for (WEBIRC).")] = field(
        default_factory=WebIrc
    )
    classes: Annotated[Mapping[str, OperClass], CLASSES] = field(default_factory=dict)
    opers: Annotated[Mapping[str, Oper], OPERS] = field(default_factory=dict)

    @property
    def nick_bytes(self) -> int:
        """Of the longest nickname that there can be."""
        widest = _WIDEST if self.casemapping == "precis" else 1
        return min(self.limits.nick * widest, NICK_BYTES)
