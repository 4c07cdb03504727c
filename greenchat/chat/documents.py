"""The kinds of document in which the store keeps the chat's state: one table, so that no kind is forgotten at a start.

To keep something new: add a row here, write it with `Context.keep`, and read it in `server/data/restore.py` (or, where
it is read when it is first asked for, say so in its row). Where its key or its value has a folded name in it,
`server/data/refold.py` has to know.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document.

    name: as the store knows it. key: what identifies a document within its kind. at_start: whether all of them are read
    at the start; otherwise each is read when it is first asked for.
    """

    name: str
    key: str
    at_start: bool = True


SERVER = DocumentKind("server", "what it is: `OWN`, `CLOAK`, `DEFCON` or `CASEMAPPING`")
ACCOUNT = DocumentKind("account", "the account's folded name")
DROPPED = DocumentKind("dropped", "the folded name of an account that was given up")
CHANNEL = DocumentKind("channel", "the folded name of a channel that lives on over a restart")
CLOSED = DocumentKind("closed", "the msgid since which a channel was closed, see `closures`")
INSIDE = DocumentKind("inside", "the same, a space, and the id of an account that was in then")
BAN = DocumentKind("ban", "the ban's key, see `ServerBans.key`")
RESERVATION = DocumentKind("reservation", "the folded mask of a name that operators have reserved")
PRESENCE = DocumentKind("presence", "the id of an account that is always on")
PLACED = DocumentKind("placed", "the folded name of a channel that nobody owns and in which somebody has a place")
PLACE = DocumentKind("place", "the guest_id of a user who may come back after a restart")
READ_MARKS = DocumentKind("read-marks", "the identity of their reader", at_start=False)
TOKEN = DocumentKind("token", "the hash of its secret")
FILE = DocumentKind("file", "the name in its address")
WEBHOOK = DocumentKind("webhook", "its id")
PUSH = DocumentKind("push", "the endpoint of a push subscription")

KINDS = (
    SERVER,
    ACCOUNT,
    DROPPED,
    CHANNEL,
    CLOSED,
    INSIDE,
    BAN,
    RESERVATION,
    PRESENCE,
    PLACED,
    PLACE,
    READ_MARKS,
    TOKEN,
    FILE,
    WEBHOOK,
    PUSH,
)
"""In the order in which a start restores them: accounts before channels, since channels have founders."""

# Keys of the server's own documents.
OWN = "secret"  # the secret from which unguessable values are derived, hex
CLOAK = "cloak"  # the secret of the cloaks, hex
VAPID = "vapid"  # the secret of the key with which pushes are signed, hex
DEFCON = "defcon"  # the DEFCON level
POSITION = "position"  # of a node in its log: which log, which entry, and how many acts of that
CASEMAPPING = "casemapping"  # the casemapping under which the keys of all documents are folded
