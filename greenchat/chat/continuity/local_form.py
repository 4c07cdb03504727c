"""The local state of a process as a document, for its successor on the same machine.

A snapshot (`snapshot`) does not contain it, since nodes do not share it. `LEFT` lists the fields that are not handed
over either, with reasons; a test compares it with the classes.
"""

from collections import Counter, defaultdict, deque
from typing import Any

from greenchat.chat.continuity.messages import Form, dump_message, load_message
from greenchat.chat.local_state import LocalState
from greenchat.chat.multiline_batch import ClientBatch
from greenchat.chat.network import Network
from greenchat.chat.user import Registration, Session, TlsClient
from greenchat.protocol.multiline import Part

_SESSION = ("received_messages", "received_bytes", "room")  # as they are
_REGISTRATION = ("negotiating", "password", "has_tried", "listed", "resumes")
MADE = {
    Session: {*_SESSION, "batch", "joined"},
    Registration: {*_REGISTRATION},
    TlsClient: set[str](),
    LocalState: {"monitors", "command_counts", "logins", "references", "reports"},
}
LEFT = {
    Session: {
        "outbox",  # of the new process
        "sasl",  # the client gets an error and starts again
        "closing",  # sessions that are closing are not handed over
        "under_way",  # a node is not upgraded like this
    },
    Registration: set[str](),
    TlsClient: {"bindings"},  # of a TLS connection, which can't be handed over
    LocalState: {
        "server_password",  # a cached fingerprint, made again from the next client's password
        "warnings",  # the new process checks again
        "vapid",  # a key in the database
        "constants",  # made again for the next client
        "history_quota",  # of the last minute
        "changed_presences",  # none after a command
        "_sessions",  # made: no number is given twice
    },
}


def dump_own(session: Session) -> dict[str, Any]:
    """Return the fields of a session that a snapshot does not contain."""
    form = {name: getattr(session, name) for name in _SESSION}
    form |= {name: getattr(session.registration, name) for name in _REGISTRATION}
    form["joined"] = list(session.joined)
    batch = session.batch
    if batch:
        form["batch"] = [
            *(batch.reference, dump_message(batch.opening), batch.since, batch.command),
            *([list(part) for part in batch.parts], batch.fault, batch.size),
        ]
    return form


def load_own(session: Session, form: Form) -> None:
    """Restore the dumped fields of a session."""
    for name in _SESSION:
        setattr(session, name, form[name])
    for name in _REGISTRATION:
        setattr(session.registration, name, form[name])
    session.joined = tuple(form["joined"])
    if "batch" in form:
        reference, opening, since, command, parts, fault, size = form["batch"]
        batch = ClientBatch(reference, load_message(opening), since, command, [Part(*part) for part in parts])
        batch.fault = (fault[0], tuple(fault[1]), fault[2]) if fault else None
        batch.size = size
        session.batch = batch


def dump_local(network: Network) -> dict[str, Any]:
    """Return the local state of a process. Users are named by their nicks, sessions by their numbers."""
    local = network.local
    return {
        "monitors": [
            [session.number, dict(local.monitors.targets(session))]
            for session in network.sessions
            if local.monitors.targets(session)
        ],
        "commands": dict(local.command_counts),
        "logins": dict(local.logins),
        "references": local.references,
        "reports": [[user.nick, list(times)] for user, times in local.reports.items()],
    }


def load_local(network: Network, form: Form) -> None:
    """Restore the dumped local state; users and sessions that have gone are skipped."""
    local = network.local
    sessions = {session.number: session for session in network.sessions}
    local.skip_sessions(max(sessions, default=0))
    for number, targets in form["monitors"]:
        for folded, nick in targets.items() if number in sessions else ():
            local.monitors.add(sessions[number], folded, nick)
    local.command_counts = defaultdict(int, form["commands"])
    local.logins = Counter(form["logins"])
    local.references = form["references"]
    local.reports = {network.users[network.fold(nick)]: deque(times) for nick, times in form["reports"]}
