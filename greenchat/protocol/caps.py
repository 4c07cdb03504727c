"""IRCv3 capabilities that the server offers and the client asks for: one row each, with a link to the specification.

A set of capabilities is an int of bits, so that a test is one `&`, and the set can be a part of the key under which an
`Envelope` caches its bytes.
"""

from collections.abc import Iterable

from greenchat.records import record

_SPECS = "https://ircv3.net/specs/extensions/"
_PROPOSED = "https://github.com/ircv3/ircv3-specifications/pull/"  # drafts that are not merged yet


@record(frozen=True, slots=True)
class Capability:
    """An IRCv3 capability. name: on the wire. bit: in a set. spec: a link. Implied capabilities are never listed.

    served: whether our server offers it; the others are those of bouncers, for our client.
    """

    name: str
    bit: int
    spec: str
    wire: bool
    served: bool = True


CAPABILITIES: dict[str, Capability] = {}
_BY_BIT: list[Capability] = []


def _capability(name: str, spec: str, *, wire: bool = False, served: bool = True) -> int:
    """Add a row. wire: it changes the bytes of messages that are sent to many clients. served: by our server."""
    capability = Capability(name, 1 << len(_BY_BIT), spec if "://" in spec else _SPECS + spec, wire, served)
    _BY_BIT.append(capability)
    CAPABILITIES[name] = capability
    return capability.bit


ACCOUNT_NOTIFY = _capability("account-notify", "account-notify", wire=True)
ACCOUNT_TAG = _capability("account-tag", "account-tag", wire=True)
AWAY_NOTIFY = _capability("away-notify", "away-notify", wire=True)
BATCH = _capability("batch", "batch", wire=True)
CAP_NOTIFY = _capability("cap-notify", "capability-negotiation#cap-notify")
CHGHOST = _capability("chghost", "chghost", wire=True)
ECHO_MESSAGE = _capability("echo-message", "echo-message")
EXTENDED_JOIN = _capability("extended-join", "extended-join", wire=True)
EXTENDED_MONITOR = _capability("extended-monitor", "extended-monitor")
INVITE_NOTIFY = _capability("invite-notify", "invite-notify", wire=True)
LABELED_RESPONSE = _capability("labeled-response", "labeled-response", wire=True)
MESSAGE_TAGS = _capability("message-tags", "message-tags", wire=True)
MULTI_PREFIX = _capability("multi-prefix", "multi-prefix")
NO_IMPLICIT_NAMES = _capability("no-implicit-names", "no-implicit-names")
SASL = _capability("sasl", "sasl-3.2")
SERVER_TIME = _capability("server-time", "server-time", wire=True)
SETNAME = _capability("setname", "setname", wire=True)
STANDARD_REPLIES = _capability("standard-replies", "standard-replies")
STS = _capability("sts", "sts")
USERHOST_IN_NAMES = _capability("userhost-in-names", "userhost-in-names")

# Drafts and vendor capabilities come last: before version 302 CAP LS is one line, and the last ones are cut off.
ACCOUNT_REGISTRATION = _capability("draft/account-registration", "account-registration")
CHANNEL_RENAME = _capability("draft/channel-rename", "channel-rename", wire=True)
CHATHISTORY = _capability("draft/chathistory", "chathistory")
EVENT_PLAYBACK = _capability("draft/event-playback", "chathistory")
EXTENDED_ISUPPORT = _capability("draft/extended-isupport", "extended-isupport")
MESSAGE_REDACTION = _capability("draft/message-redaction", "message-redaction", wire=True)
METADATA_2 = _capability("draft/metadata-2", "metadata")
METADATA_3 = _capability("draft/metadata-3", _PROPOSED + "613")
MULTILINE = _capability("draft/multiline", "multiline", wire=True)
PERSISTENCE = _capability("draft/persistence", _PROPOSED + "503")
PRE_AWAY = _capability("draft/pre-away", "pre-away")
READ_MARKER = _capability("draft/read-marker", "read-marker", wire=True)
RELAYMSG = _capability("draft/relaymsg", _PROPOSED + "417", wire=True)
WEBPUSH = _capability("draft/webpush", _PROPOSED + "471")
WHOAMI = _capability("draft/whoami", "whoami")
# See `commands.connection.lost_connections`.
RESUME = _capability("greenchat/resume", "capability-negotiation#vendor-specific")
SEARCH = _capability("soju.im/search", _PROPOSED + "496")
ZNC_PLAYBACK = _capability("znc.in/playback", "https://wiki.znc.in/Playback")

# Their names before ratification, which some programs still use.
EXTENDED_MONITOR |= _capability("draft/extended-monitor", "extended-monitor")
NO_IMPLICIT_NAMES |= _capability("draft/no-implicit-names", "no-implicit-names")

# Capabilities of bouncers, for our client.
_SOJU = "https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md"
BOUNCER_NETWORKS = _capability("soju.im/bouncer-networks", _SOJU, served=False)
BOUNCER_NETWORKS_NOTIFY = _capability("soju.im/bouncer-networks-notify", _SOJU, served=False)
SELF_MESSAGE = _capability("znc.in/self-message", "https://wiki.znc.in/Query_buffers", served=False)
NO_IMPLICIT_NAMES |= _capability("soju.im/no-implicit-names", "no-implicit-names", served=False)

METADATA = METADATA_2 | METADATA_3
"""A session has one of them, never both."""

# The framing of an IRC client, which is negotiated before it can ask for capabilities.
WEBSOCKET_TEXT = 1 << 58
WEBSOCKET_BINARY = 1 << 59

WIRE = sum(capability.bit for capability in _BY_BIT if capability.wire)
KIND = WIRE | WEBSOCKET_TEXT | WEBSOCKET_BINARY
"""All that changes the bytes for a client of IRC."""

# Clients that do not speak IRC have bits far above the capabilities.
PLAIN = 1 << 60  # `who: text`
TILDE = 1 << 61  # `who~text`


def names(bits: int) -> list[str]:
    """Return the names of the capabilities in a set, in the table's order."""
    return [capability.name for capability in _BY_BIT if bits & capability.bit]


def bits(names: Iterable[str]) -> int:
    """Return the set of the capabilities with these names; unknown names are left out."""
    result = 0
    for name in names:
        capability = CAPABILITIES.get(name)
        result |= capability.bit if capability else 0
    return result
