"""All of the state is in a snapshot, or listed as left out."""

import dataclasses
import inspect
import json
import random
import re
from typing import Any

import pytest

from greenchat.chat.account_data.account_data import AccountData
from greenchat.chat.channel import Channel
from greenchat.chat.continuity import channel_form, session_form, snapshot, user_form
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox, RemoteOutbox
from greenchat.chat.protection import ended_channels
from greenchat.chat.protection.protection_state import ProtectionState
from greenchat.chat.user import CallerId, Registration, Session, TlsClient, User, UserCounts
from greenchat.config.settings import Limits, Settings
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part

COPIED = {
    User: user_form.FIELDS,
    Channel: channel_form.FIELDS,
    CallerId: user_form.CALLER_ID,
    Session: session_form.FIELDS,
    Registration: session_form.REGISTRATION,
    TlsClient: (),
    Network: (),
    AccountData: (),
    ProtectionState: (),
    UserCounts: (),
}


@pytest.mark.parametrize("cls", COPIED, ids=lambda cls: cls.__name__)
def test_each_field_is_included_or_listed_as_local(cls: Any) -> None:
    parts = [set(COPIED[cls]), snapshot.MADE[cls], snapshot.LOCAL[cls]]
    fields = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set(cls.__slots__)
    assert set().union(*parts) == fields
    assert sum(map(len, parts)) == len(fields), "each field is in one of the three only"


_DERIVED = {"users", "moderation", "settings", "started", "modes", "registered"}
"""Made by methods from other state, or by a function of their own, each of which has a test."""


def test_each_field_that_a_snapshot_makes_is_written_and_read() -> None:
    written, read = inspect.getsource(snapshot.snapshot), inspect.getsource(snapshot._restore)
    for cls in Network, AccountData, ProtectionState, UserCounts:
        for name in snapshot.MADE[cls] - _DERIVED:
            for function in written, read:
                assert re.search(rf"\.{name}\b", function), f"snapshot.py must write and read {cls.__name__}.{name}"


def test_other_versions_and_garbage_are_refused() -> None:
    document = snapshot.snapshot(Network(Settings(), now=5), 5)
    for wrong, text in [
        ({}, "is of epoch None"),
        ({**document, "version": 999}, "is of epoch 999, but this greenchat supports epochs 1 to"),
        ({**document, "users": [{}]}, "can't be read"),
        ({**document, "renamed": [["#a", "#b"]]}, "can't be read"),
    ]:
        with pytest.raises(snapshot.SnapshotError, match=text):
            snapshot.restore(wrong, lambda _: Outbox(Dirty()))


def test_a_setting_of_a_later_epoch_is_not_part_of_the_state_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a new setting would give nodes of two versions different digests, and one of them would be restored
    again and again.
    """
    network = Network(dataclasses.replace(Settings(), limits=Limits(topic=99)), now=5)
    known = snapshot.snapshot(network, 5)
    monkeypatch.setattr(snapshot, "NEW_SETTINGS", {"limits.topic": network.nodes.epoch + 1})
    document = snapshot.snapshot(network, 5)
    assert known["settings"]["limits"].keys() - document["settings"]["limits"].keys() == {"topic"}
    assert snapshot.restore(document, lambda _: RemoteOutbox()).settings == Settings()
    network.nodes.epoch += 1
    assert snapshot.snapshot(network, 5)["settings"] == known["settings"]


def test_an_empty_state_is_restored() -> None:
    document = json.loads(json.dumps(snapshot.snapshot(Network(Settings(), now=5), 5)))
    again = snapshot.restore(document, lambda _: Outbox(Dirty()))
    assert snapshot.snapshot(again, 5) == document
    assert snapshot.digest(again, 5) == snapshot.digest_of(document)


def test_a_channel_of_a_snapshot_without_forward_life_is_restored() -> None:
    network = Network(Settings(), now=5)
    network.restore_channel(Channel("#a", created=1, life=7, forward="#b"))
    document = json.loads(json.dumps(snapshot.snapshot(network, 5)))
    del document["channels"][0]["forward_life"]
    channel = snapshot.restore(document, lambda _: Outbox(Dirty())).channels["#a"]
    assert (channel.forward, channel.forward_life) == ("#b", 0)


def test_the_memory_of_the_spam_filter_is_restored() -> None:
    """Otherwise a restarted node would deliver what the others hold back."""
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
        state.last_reported[user] = 4
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
    assert (later["suspects"], later["wave"], later["muted"]) == ([], [], []), "no text is left in the files"


@pytest.mark.parametrize("seed", range(4))
def test_restored_networks_go_on_like_the_first_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels are created, closed, renamed, and end; of those that have ended little is remembered."""
    monkeypatch.setattr(ended_channels, "_MOST", 15)
    monkeypatch.setattr(ended_channels, "_SHARES", 4)
    chance = random.Random(seed)
    networks = [Network(Settings(), now=0)]
    for number in range(8):
        nick = f"user{number}"
        user = User(nick, nick, "host", nick, "host", 1, 1, guest_id=f"~{nick}")
        networks[0].restore_user(user)
        user.account_id = nick if number % 2 else ""
    lost = 0
    for now in range(1000):
        nick, name, change = f"user{chance.randrange(8)}", f"#{chance.randrange(30)}", chance.choice(_CHANGES)
        for network in networks:
            change(network, network.users[nick], name, now)
        if now % 10 == 0:
            assert len({snapshot.digest(network, now) for network in networks}) == 1, now
        found = [network.closures.take_lost() for network in networks]
        assert all(each == found[0] for each in found), now
        lost += len(found[0])
        if now in (250, 500, 750):
            document = json.loads(json.dumps(snapshot.snapshot(networks[-1], now)))
            networks.append(snapshot.restore(document, lambda _: RemoteOutbox()))
    assert lost > 10


def _come(network: Network, user: User, name: str, now: int) -> None:
    if network.fold(name) not in user.channels:
        network.join(user, name, now=now)


def _end(network: Network, _: User, name: str, __: int) -> None:
    channel = network.channel(name)
    for member in list(channel.members) if channel else ():
        network.part(member, network.channels[name])


def _close_or_open(network: Network, _: User, name: str, now: int) -> None:
    channel = network.channel(name)
    if channel:
        channel.flags ^= {"i"}
        network.closures.note_modes(name, channel, network.ids.next(now))


def _rename(network: Network, _: User, name: str, __: int) -> None:
    channel = network.channel(name)
    if channel and network.channel(name + "x") is None:
        network.rename_channel(channel, name + "x")


_CHANGES = [*[_come] * 4, *[_close_or_open] * 3, _end, _rename]
