"""State of one process is handed over to the next one, or listed as left out."""

import json
from collections import deque

from greenchat.chat.continuity import local_form, snapshot
from greenchat.chat.local_state import LocalState
from greenchat.chat.multiline_batch import ClientBatch
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Registration, Session, TlsClient, User
from greenchat.config.settings import Settings
from greenchat.protocol.message import Message


def test_each_field_is_handed_over_or_listed() -> None:
    """Of a session, the fields that a snapshot leaves out."""
    of_sessions = [(cls, snapshot.LOCAL[cls]) for cls in (Session, Registration, TlsClient)]
    for cls, fields in (*of_sessions, (LocalState, set(LocalState.__slots__))):
        made, left = local_form.MADE[cls], local_form.LEFT[cls]
        assert made | left == fields
        assert not made & left


def test_it_is_restored_unchanged() -> None:
    network = Network(Settings(), now=5)
    users = [User(nick, nick, "host", nick, "host", 1, 1, guest_id=f"~{nick}") for nick in ("alice", "bob")]
    sessions = [Session(Outbox(Dirty()), "host", 1) for _ in users]
    for user, session in zip(users, sessions, strict=True):
        network.connect(session)
        network.register(user, session)
    local = network.local
    local.monitors.add(sessions[0], "carol", "Carol")
    local.command_counts["JOIN"] = 3
    local.logins["wrong"] = 2
    local.new_reference()
    local.reports[users[1]] = deque([4, 5])
    sessions[0].batch = ClientBatch("b", Message("BATCH", ("+b", "draft/multiline", "#a")), 4)
    sessions[0].batch.add(Message("PRIVMSG", ("#a", "one"), None, {"batch": "b"}), 5)

    form = json.loads(json.dumps(local_form.dump_local(network)))
    again = snapshot.restore(snapshot.snapshot(network, 5), lambda _: Outbox(Dirty()))
    local_form.load_local(again, form)
    assert json.loads(json.dumps(local_form.dump_local(again))) == form
    assert again.local.new_session() > max(session.number for session in sessions)

    own = json.loads(json.dumps(local_form.dump_own(sessions[0])))
    other = Session(Outbox(Dirty()), "host", 1)
    local_form.load_own(other, own)
    assert json.loads(json.dumps(local_form.dump_own(other))) == own
    assert other.batch
    assert other.batch.end() is None


def test_an_invalid_open_batch_stays_invalid() -> None:
    session = Session(Outbox(Dirty()), "host", 1)
    session.batch = ClientBatch("b", Message("BATCH", ("+b", "netsplit")), 4)
    other = Session(Outbox(Dirty()), "host", 1)
    local_form.load_own(other, local_form.dump_own(session))
    assert other.batch
    assert other.batch.fault == session.batch.fault
    assert other.batch.fault
    assert other.batch.fault[:2] == ("UNKNOWN_TYPE", ("b", "netsplit"))
