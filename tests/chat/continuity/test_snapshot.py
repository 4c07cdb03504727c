"""All of the state is in a snapshot, or is named as what is not."""

import dataclasses
import json
from typing import Any

import pytest

from greenchat.chat.channel import Channel
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network, UserCounts
from greenchat.chat.outbox import Dirty, Elsewhere, Outbox
from greenchat.chat.owned.owned_state import OwnedState
from greenchat.chat.protection.protection_state import ProtectionState
from greenchat.chat.user import CallerId, Registration, Session, TlsClient, User
from greenchat.config.settings import Limits, Settings
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part

COPIED = {
    User: snapshot._USER,
    Channel: snapshot._CHANNEL,
    CallerId: snapshot._CALLER_ID,
    Session: snapshot._SESSION,
    Registration: snapshot._REGISTRATION,
    TlsClient: (),
    Network: (),
    OwnedState: (),
    ProtectionState: (),
    UserCounts: (),
}


@pytest.mark.parametrize("cls", COPIED, ids=lambda cls: cls.__name__)
def test_each_field_is_in_it_or_named_as_local(cls: Any) -> None:
    parts = [set(COPIED[cls]), snapshot.MADE[cls], snapshot.LOCAL[cls]]
    fields = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set(cls.__slots__)
    assert set().union(*parts) == fields
    assert sum(map(len, parts)) == len(fields), "each in one of the three"


def test_another_version_and_nonsense_are_refused() -> None:
    document = snapshot.snapshot(Network(Settings(), now=5), 5)
    for wrong, text in [
        ({}, "is of epoch None"),
        ({**document, "version": 999}, "is of epoch 999, but this greenchat supports epochs 1 to"),
        ({**document, "users": [{}]}, "can't be read"),
        ({**document, "renamed": [["#a", "#b"]]}, "can't be read"),
    ]:
        with pytest.raises(snapshot.SnapshotError, match=text):
            snapshot.restore(wrong, lambda _: Outbox(Dirty()))


def test_a_setting_of_a_later_epoch_is_no_part_of_the_state_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a new setting would give nodes of two versions other digests, and one would be created again again and
    again.
    """
    network = Network(dataclasses.replace(Settings(), limits=Limits(topic=99)), now=5)
    known = snapshot.snapshot(network, 5)
    monkeypatch.setattr(snapshot, "NEW_SETTINGS", {"limits.topic": network.nodes.epoch + 1})
    document = snapshot.snapshot(network, 5)
    assert known["settings"]["limits"].keys() - document["settings"]["limits"].keys() == {"topic"}
    assert snapshot.restore(document, lambda _: Elsewhere()).settings == Settings()
    network.nodes.epoch += 1
    assert snapshot.snapshot(network, 5)["settings"] == known["settings"]


def test_an_empty_state_comes_back() -> None:
    document = json.loads(json.dumps(snapshot.snapshot(Network(Settings(), now=5), 5)))
    again = snapshot.restore(document, lambda _: Outbox(Dirty()))
    assert snapshot.snapshot(again, 5) == document
    assert snapshot.digest(again, 5) == snapshot.digest_of(document)


def test_a_channel_of_before_forwards_meant_one_life_comes_back() -> None:
    network = Network(Settings(), now=5)
    network.bring_back(Channel("#a", created=1, life=7, forward="#b"))
    document = json.loads(json.dumps(snapshot.snapshot(network, 5)))
    del document["channels"][0]["forward_life"]
    channel = snapshot.restore(document, lambda _: Outbox(Dirty())).channels["#a"]
    assert (channel.forward, channel.forward_life) == ("#b", 0)


def test_what_is_remembered_for_moderation_comes_back() -> None:
    """Else a node that was started again would deliver what the others hold back."""
    network = Network(Settings(), now=5)
    users = [User(nick, nick, "host", nick, "host", 1, 1, guest_id=f"~{nick}") for nick in ("alice", "bob")]
    sessions = [Session(Outbox(Dirty()), "host", 1) for _ in users]
    for user, session in zip(users, sessions, strict=True):
        network.connect(session)
        network.register(user, session)
    state, line = network.moderation, Message("PRIVMSG", ("#a", "x"), None, {"+a": "b"})
    for user, session in zip(users, sessions, strict=True):
        state.suspect(user).scores.append((4, 7))
        state.suspect(user).texts.append((4, "hello"))
        state.muted[user] = 60_000
        state.told[user] = 4
        state.hold(session, user, line, (Part("x", False),), "a link", 5)
    state.wave.others("come to https://spam.example/ all", users[0].source, 5, 60_000)

    document = json.loads(json.dumps(snapshot.snapshot(network, 5)))
    again = snapshot.restore(document, lambda _: Outbox(Dirty()))
    assert json.loads(json.dumps(snapshot.snapshot(again, 5))) == document
    held = again.moderation.held[2]
    assert (held.user.nick, held.session.user, held.message, held.parts) == (
        "bob",
        held.user,
        line,
        (Part("x", False),),
    )
    assert again.moderation.wave.others("come to https://spam.example/ all", "eve", 6, 60_000) == 1

    network.remove(users[1], now=6)
    left = snapshot.snapshot(network, 6)["moderation"]
    assert [len(left[name]) for name in ("suspects", "muted", "told", "held")] == [1, 1, 1, 1], "bob has gone"
    assert len(state.held) == 2, "operators still see what was held back"

    later = snapshot.snapshot(network, 3_600_000)["moderation"]
    assert (later["suspects"], later["wave"], later["muted"]) == ([], [], []), "no text stays in files"
