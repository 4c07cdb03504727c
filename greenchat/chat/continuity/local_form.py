"""What is one process's own, as a document: for the process that takes over from it on the same machine.

A snapshot (`snapshot`) leaves it out, since nodes need not agree on it. `LEFT` names what is left out here as well, and
why; a test holds that against the classes.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any

from greenchat.chat.local_state import LocalState
from greenchat.chat.moderation import Held
from greenchat.chat.multiline_batch import ClientBatch
from greenchat.chat.network import Network
from greenchat.chat.protection.spam import Suspect
from greenchat.chat.user import Session, User
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part

Document = Mapping[str, Any]

_SESSION = (
    "negotiating",
    "password",
    "has_tried",
    "received_messages",
    "received_bytes",
    "listed",
    "room",
    "resumes",
)  # as they are
MADE = {
    Session: {*_SESSION, "batch", "joined"},
    LocalState: {"monitors", "command_counts", "logins", "moderation", "references"},
}
LEFT = {
    Session: {
        "outbox",  # of the new process
        "sasl",  # the client is told to begin again
        "closing",  # who is leaving is not handed over
    },
    LocalState: {
        "server_password",  # a fingerprint of a password, which the next who comes brings again
        "troubles",  # the new process looks for itself
        "vapid",  # a key in the database
        "volumes",  # of the last minute
        "_sessions",  # made: no number is given twice
    },
}


def dump_own(session: Session) -> dict[str, Any]:
    """Return what a session has that a snapshot leaves out."""
    form = {name: getattr(session, name) for name in _SESSION}
    form["joined"] = list(session.joined)
    batch = session.batch
    if batch:
        form["batch"] = [
            *(batch.reference, _dump_message(batch.opening), batch.since, batch.command),
            *([list(part) for part in batch.parts], batch.fault, batch.size),
        ]
    return form


def load_own(session: Session, form: Document) -> None:
    """Give a session what was dumped."""
    for name in _SESSION:
        setattr(session, name, form[name])
    session.joined = tuple(form["joined"])
    if "batch" in form:
        reference, opening, since, command, parts, fault, size = form["batch"]
        batch = ClientBatch(reference, _load_message(opening), since, command, [Part(*part) for part in parts])
        batch.fault = (fault[0], tuple(fault[1]), fault[2]) if fault else None
        batch.size = size
        session.batch = batch


def dump_local(network: Network) -> dict[str, Any]:
    """Return the local state of a process. Users are named by their nicks, sessions by their numbers."""
    local, moderation = network.local, network.local.moderation
    here = {user: user.nick for user in network.users.values()}
    return {
        "monitors": [
            [session.number, dict(local.monitors.targets(session))]
            for session in network.sessions
            if local.monitors.targets(session)
        ],
        "commands": dict(local.command_counts),
        "logins": dict(local.logins),
        "references": local.references,
        "suspects": [
            [here[user], list(suspect.scores), list(suspect.texts)]
            for user, suspect in moderation.suspects.items()
            if user in here
        ],
        "muted": _by_nick(moderation.muted, here),
        "told": _by_nick(moderation.told, here),
        "reports": [[here[user], list(times)] for user, times in moderation.reports.items() if user in here],
        "held": [
            [
                *(held.number, held.time, held.session.number, held.user.nick),
                *(_dump_message(held.message), [list(part) for part in held.parts], held.reasons),
            ]
            for held in moderation.held.values()
            if held.session in network.sessions and held.user in here
        ],
        "number": moderation.number,
    }


def load_local(network: Network, form: Document) -> None:
    """Give a network what was dumped; those who are not in it any more are passed over."""
    local, moderation = network.local, network.local.moderation
    sessions = {session.number: session for session in network.sessions}
    local.skip_sessions(max(sessions, default=0))
    for number, targets in form["monitors"]:
        for folded, nick in targets.items() if number in sessions else ():
            local.monitors.add(sessions[number], folded, nick)
    local.command_counts, local.logins = Counter(form["commands"]), Counter(form["logins"])
    local.references = form["references"]
    for nick, scores, texts in form["suspects"]:
        suspect = moderation.suspects[_user(network, nick)] = Suspect(deque((time, points) for time, points in scores))
        suspect.texts.extend((time, text) for time, text in texts)
    moderation.muted = {_user(network, nick): until for nick, until in form["muted"]}
    moderation.told = {_user(network, nick): time for nick, time in form["told"]}
    moderation.reports = {_user(network, nick): deque(times) for nick, times in form["reports"]}
    for number, time, session, nick, message, parts, reasons in form["held"]:
        if session in sessions:
            each = tuple(Part(*part) for part in parts)
            held = Held(number, time, sessions[session], _user(network, nick), _load_message(message), each, reasons)
            moderation.held[number] = held
    moderation.number = form["number"]


def _user(network: Network, nick: str) -> User:
    return network.users[network.fold(nick)]


def _by_nick(times: Mapping[User, int], here: Mapping[User, str]) -> list[tuple[str, int]]:
    return [(here[user], time) for user, time in times.items() if user in here]


def _dump_message(message: Message) -> list[Any]:
    return [message.command, list(message.params), message.source, dict(message.tags)]


def _load_message(form: Sequence[Any]) -> Message:
    command, params, source, tags = form
    return Message(command, tuple(params), source, tags)
