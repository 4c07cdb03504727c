"""IRCv3 capabilities that the server offers and the client asks for: one row each, with a link to the specification.

A set of capabilities is an int of bits, so that a test is one `&`, and the set can be a part of the key under which an
`Envelope` caches its bytes. Such sets are stored: in snapshots, in the log of nodes, with push subscriptions. So the
number of a row never changes and is never used again; a new row takes the next number, wherever in the table it is.
"""

from collections.abc import Iterable

from greenchat.records import record

_SPECS = "https://ircv3.net/specs/extensions/"
_PROPOSED = "https://github.com/ircv3/ircv3-specifications/pull/"  # drafts that are not merged yet


@record(frozen=True, slots=True)
class Capability:
    """An IRCv3 capability. name: on the wire. bit: in a set. spec: a link. Implied capabilities are never listed.

    wire: it changes the bytes of messages that are sent to many clients. served: whether our server offers it; the
    others are those of bouncers, for our client. since: the first epoch in which it is offered, see `chat.acts`.
    """

    name: str
    bit: int
    spec: str
    wire: bool
    served: bool
    since: int


CAPABILITIES: dict[str, Capability] = {}


def _capability(number: int, name: str, spec: str, *, wire: bool = False, served: bool = True, since: int = 1) -> int:
    """Add a row, and return its bit. number: of the bit. spec: a link, or its end."""
    assert name not in CAPABILITIES, f"{name} is declared twice"
    assert all(each.bit != 1 << number for each in CAPABILITIES.values()), f"the number of {name} is in use"
    spec = spec if "://" in spec else _SPECS + spec
    CAPABILITIES[name] = capability = Capability(name, 1 << number, spec, wire, served, since)
    return capability.bit


ACCOUNT_NOTIFY = _capability(0, "account-notify", "account-notify", wire=True)
ACCOUNT_TAG = _capability(1, "account-tag", "account-tag", wire=True)
AWAY_NOTIFY = _capability(2, "away-notify", "away-notify", wire=True)
BATCH = _capability(3, "batch", "batch", wire=True)
CAP_NOTIFY = _capability(4, "cap-notify", "capability-negotiation#cap-notify")
CHGHOST = _capability(5, "chghost", "chghost", wire=True)
ECHO_MESSAGE = _capability(6, "echo-message", "echo-message")
EXTENDED_JOIN = _capability(7, "extended-join", "extended-join", wire=True)
EXTENDED_MONITOR = _capability(8, "extended-monitor", "extended-monitor")
INVITE_NOTIFY = _capability(9, "invite-notify", "invite-notify", wire=True)
LABELED_RESPONSE = _capability(10, "labeled-response", "labeled-response", wire=True)
MESSAGE_TAGS = _capability(11, "message-tags", "message-tags", wire=True)
MULTI_PREFIX = _capability(12, "multi-prefix", "multi-prefix")
NO_IMPLICIT_NAMES = _capability(13, "no-implicit-names", "no-implicit-names")
SASL = _capability(14, "sasl", "sasl-3.2")
SERVER_TIME = _capability(15, "server-time", "server-time", wire=True)
SETNAME = _capability(16, "setname", "setname", wire=True)
STANDARD_REPLIES = _capability(17, "standard-replies", "standard-replies")
STS = _capability(18, "sts", "sts")
USERHOST_IN_NAMES = _capability(19, "userhost-in-names", "userhost-in-names")

# Drafts and vendor capabilities come last: before version 302 CAP LS is one line, and the last ones are cut off.
ACCOUNT_REGISTRATION = _capability(20, "draft/account-registration", "account-registration")
CHANNEL_RENAME = _capability(21, "draft/channel-rename", "channel-rename", wire=True)
CHATHISTORY = _capability(22, "draft/chathistory", "chathistory")
EVENT_PLAYBACK = _capability(23, "draft/event-playback", "chathistory")
EXTENDED_ISUPPORT = _capability(24, "draft/extended-isupport", "extended-isupport")
MESSAGE_REDACTION = _capability(25, "draft/message-redaction", "message-redaction", wire=True)
METADATA_2 = _capability(26, "draft/metadata-2", "metadata")
METADATA_3 = _capability(27, "draft/metadata-3", _PROPOSED + "613")
MULTILINE = _capability(28, "draft/multiline", "multiline", wire=True)
PERSISTENCE = _capability(29, "draft/persistence", _PROPOSED + "503")
PRE_AWAY = _capability(30, "draft/pre-away", "pre-away")
READ_MARKER = _capability(31, "draft/read-marker", "read-marker", wire=True)
RELAYMSG = _capability(32, "draft/relaymsg", _PROPOSED + "417", wire=True)
WEBPUSH = _capability(33, "draft/webpush", _PROPOSED + "471")
WHOAMI = _capability(34, "draft/whoami", "whoami")
# See `commands.connection.lost_connections`.
RESUME = _capability(35, "greenchat/resume", "capability-negotiation#vendor-specific")
SEARCH = _capability(36, "soju.im/search", _PROPOSED + "496")
ZNC_PLAYBACK = _capability(37, "znc.in/playback", "https://wiki.znc.in/Playback")

# Their names before ratification, which some programs still use.
EXTENDED_MONITOR |= _capability(38, "draft/extended-monitor", "extended-monitor")
NO_IMPLICIT_NAMES |= _capability(39, "draft/no-implicit-names", "no-implicit-names")

# Capabilities of bouncers, for our client.
_SOJU = "https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md"
BOUNCER_NETWORKS = _capability(40, "soju.im/bouncer-networks", _SOJU, served=False)
BOUNCER_NETWORKS_NOTIFY = _capability(41, "soju.im/bouncer-networks-notify", _SOJU, served=False)
SELF_MESSAGE = _capability(42, "znc.in/self-message", "https://wiki.znc.in/Query_buffers", served=False)
NO_IMPLICIT_NAMES |= _capability(43, "soju.im/no-implicit-names", "no-implicit-names", served=False)

METADATA = METADATA_2 | METADATA_3
"""A session has one of them, never both."""

# The framing of an IRC client, which is negotiated before it can ask for capabilities.
WEBSOCKET_TEXT = 1 << 58
WEBSOCKET_BINARY = 1 << 59

WIRE = sum(capability.bit for capability in CAPABILITIES.values() if capability.wire)
KIND = WIRE | WEBSOCKET_TEXT | WEBSOCKET_BINARY
"""All that changes the bytes for a client of IRC."""

# Clients that do not speak IRC have bits far above the capabilities.
PLAIN = 1 << 60  # `who: text`
TILDE = 1 << 61  # `who~text`


def names(bits: int) -> list[str]:
    """Return the names of the capabilities in a set, in the table's order."""
    return [capability.name for capability in CAPABILITIES.values() if bits & capability.bit]


def bits(names: Iterable[str]) -> int:
    """Return the set of the capabilities with these names; unknown names are left out."""
    result = 0
    for name in names:
        capability = CAPABILITIES.get(name)
        result |= capability.bit if capability else 0
    return result
