"""What is stored of somebody who may come back to a server that was stopped."""

import json

import pytest

from greenchat.chat.continuity.places import bring_back, document
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User
from greenchat.config.settings import Settings


@pytest.mark.parametrize("secure", [True, False])
def test_who_was_here_through_tls_comes_back_through_tls(secure: bool) -> None:
    """Else what was said in the clear before would prove something again."""
    network, later = Network(Settings(), now=0), Network(Settings(), now=0)
    bob = User("bob", "u", "h", "r", "192.0.2.1", 0, 0, guest_id="~1")
    session = Session(Outbox(Dirty()), "192.0.2.1", 0, secure=secure)
    network.connect(session)
    network.register(bob, session)
    stored = json.loads(json.dumps(document(network, bob, 5)))
    found = bring_back(later, "~1", stored, now=10, grace=1000)
    assert found is not None
    assert later.waiting.needs_tls(found) is secure
