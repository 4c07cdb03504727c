"""A user as a part of a snapshot."""

from typing import Any

from greenchat.chat.continuity.messages import Form
from greenchat.chat.read_markers import ReadMarkers
from greenchat.chat.user import CallerId, Tenure, User

FIELDS = (  # copied unchanged: strings, numbers, and mappings of strings
    "nick",
    "username",
    "host",
    "realname",
    "real_host",
    "signon",
    "active",
    "account",
    "account_id",
    "guest_id",
    "away",
    "oper",
    "knocked",
    "left",
    "last_seen",
    "metadata",
    "revision",
)
CALLER_ID = ("accepted", "addressed", "informed")


def dump(user: User) -> dict[str, Any]:
    """Return a user without the sessions, as a JSON value."""
    form = {name: getattr(user, name) for name in FIELDS}
    form |= {name: getattr(user.caller_id, name) for name in CALLER_ID}
    form["modes"] = "".join(sorted(user.modes))
    form["channels"] = dict(user.channels)
    form["invitations"] = {folded: list(each) for folded, each in user.invitations.items()}
    form["inviting"] = list(user.inviting)
    form["read_marks"] = [user.read_markers.owner, dict(user.read_markers.times)] if user.read_markers else None
    form["former"] = [list(tenure) for tenure in user.former]
    return form


def load(form: Form) -> User:
    """Load `dump`'s output; the network gives the user modes, channels and invitations."""
    user = User(**{name: form[name] for name in FIELDS})
    user.caller_id = CallerId(dict(form["accepted"]), dict(form["addressed"]), form["informed"])
    user.metadata = dict(form["metadata"])
    if form["read_marks"]:
        owner, times = form["read_marks"]
        user.read_markers = ReadMarkers(owner, dict(times))
    user.inviting = tuple(form["inviting"])
    user.former = tuple(Tenure(*tenure) for tenure in form["former"])
    return user
