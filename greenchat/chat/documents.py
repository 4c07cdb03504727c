"""The kinds of documents that store the chat's state: one table, so that no kind is forgotten at a start.

The value of a document is a dict of fields; only those of `SERVER` are single values.

To add a kind: add a row here, write documents with `Context.keep`, and read them in `server/data/restore.py` (or
declare in the row that they are read on demand). If the key or value contains a folded name, add it to
`server/data/refold.py`.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document.

    name: its name in the store. key: what identifies a document within its kind. at_start: whether all are read at the
    start; otherwise each is read on demand.
    """

    name: str
    key: str
    at_start: bool = True


SERVER = DocumentKind("server", "what it is: `OWN`, `CLOAK`, `DEFCON` or `CASEMAPPING`")
ACCOUNT = DocumentKind("account", "the account's folded name")
DROPPED = DocumentKind("dropped", "the folded name of an account that was given up")
CHANNEL = DocumentKind("channel", "the folded name of a channel that survives a restart")
CLOSED = DocumentKind("closed", "the msgid since which a channel was closed, see `closures`")
INSIDE = DocumentKind("inside", "the same, a space, and the id of an account that was a member then")
BAN = DocumentKind("ban", "the ban's key, see `ServerBans.key`")
RESERVATION = DocumentKind("reservation", "the folded mask of a name that operators have reserved")
PRESENCE = DocumentKind("presence", "the id of an account that is always on")
SAVED_CHANNEL = DocumentKind("placed", "the folded name of an unregistered channel in which a saved user is")
SAVED_USER = DocumentKind("place", "the guest_id of a user who may return after a restart")
READ_MARKERS = DocumentKind("read-marks", "the identity of their reader", at_start=False)
TOKEN = DocumentKind("token", "the hash of its secret")
FILE = DocumentKind("file", "the name in its address")
WEBHOOK = DocumentKind("webhook", "its id")
PUSH = DocumentKind("push", "the endpoint of a push subscription")

KINDS = tuple(each for each in list(vars().values()) if isinstance(each, DocumentKind))
"""All rows above. A start restores them in this order: accounts before channels, since channels have founders."""

# Keys of the server's own documents.
OWN = "secret"  # the secret from which unguessable values are derived, hex
CLOAK = "cloak"  # the secret of the cloaks, hex
VAPID = "vapid"  # the secret of the key that signs pushes, hex
DEFCON = "defcon"  # the DEFCON level
POSITION = "position"  # of a node in its log: the log, the entry, and the number of its acts
CASEMAPPING = "casemapping"  # the casemapping under which the keys of all documents are folded


def fields_of(document: object) -> dict[str, Any]:
    """Return the fields of a document that was read. Raises TypeError if it is something else."""
    if not isinstance(document, dict):
        raise TypeError(f"it is a {type(document).__name__} instead of fields")
    return document
