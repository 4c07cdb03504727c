"""The stored state of a user who may come back after a restart of the server."""

import json

import pytest

from greenchat.chat.continuity.saved_users import document, restore
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User
from greenchat.config.settings import Settings


@pytest.mark.parametrize("secure", [True, False])
def test_a_user_of_tls_must_come_back_over_tls(secure: bool) -> None:
    """Otherwise a token that was sent over a plain connection would become valid again."""
    network, later = Network(Settings(), now=0), Network(Settings(), now=0)
    bob = User("bob", "u", "h", "r", "192.0.2.1", 0, 0, guest_id="~1")
    session = Session(Outbox(Dirty()), "192.0.2.1", 0, secure=secure)
    network.connect(session)
    network.register(bob, session)
    stored = json.loads(json.dumps(document(network, bob, 5)))
    found = restore(later, "~1", stored, now=10, grace=1000)
    assert found is not None
    assert later.lost_users.needs_tls(found) is secure
