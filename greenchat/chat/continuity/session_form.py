"""A session as a part of a snapshot, and of a connection that is handed over."""

from typing import Any

from greenchat.chat.continuity.messages import Form
from greenchat.chat.metadata import MetadataUse
from greenchat.chat.outbox import Outbox
from greenchat.chat.user import NO_TLS, Registration, Session, TlsClient

FIELDS = (
    "host",
    "now",
    "active",
    "secure",
    "dialect",
    "caps",
    "away",
    "account",
    "gateway",
    "token",
    "number",
)
REGISTRATION = ("cap_version", "nick", "username", "realname")


def dump(session: Session) -> dict[str, Any]:
    """Return a session without its user and its local fields."""
    form = {name: getattr(session, name) for name in FIELDS}
    form |= {name: getattr(session.registration, name) for name in REGISTRATION}
    form["certificate"] = session.tls.certificate
    use = session.metadata
    form["metadata"] = [list(use.subscriptions), dict(use.pending), use.changes] if use else None
    return form


def load(form: Form, outbox: Outbox) -> Session:
    """Load `dump`'s output."""
    session = Session(outbox, **{name: form[name] for name in FIELDS})
    session.registration = Registration(**{name: form[name] for name in REGISTRATION})
    session.tls = TlsClient(form["certificate"]) if form["certificate"] else NO_TLS
    if form["metadata"]:
        subscriptions, pending, changes = form["metadata"]
        session.metadata = MetadataUse(dict.fromkeys(subscriptions), dict(pending))
        for time in changes:
            session.metadata.count_change(time)
    return session
