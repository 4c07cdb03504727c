"""A channel restored from a snapshot behaves like the original: otherwise a restarted node would refuse other lines."""

import json

from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.chat.outbox import RemoteOutbox
from greenchat.chat.rate_limits import JOINS, SLOW, RateLimit, RecentTimes
from greenchat.chat.user import User
from greenchat.config.settings import Settings

NOW = 90_000


def test_who_has_joined_and_spoken_lately_is_restored() -> None:
    network = Network(Settings(), now=1)
    alice, bob, gone = (User(nick, nick, "host", nick, "host", 1, 1) for nick in ("alice", "bob", "gone"))
    for user in alice, bob, gone:
        network.restore_user(user)
        channel = network.join(user, "#a", now=1)
    channel.rate_limits = {JOINS: RateLimit(3, 86_400), SLOW: RateLimit(2, 60)}
    spoken = {None: (1, 2, 3), bob: (40_000, 80_000), alice: (1, 80_000), gone: (80_000, 80_001)}
    channel.recent = {who: RecentTimes(times) for who, times in spoken.items()}
    network.remove(gone, now=NOW)
    document = json.loads(json.dumps(snapshot.snapshot(network, NOW)))
    again = snapshot.restore(document, lambda _: RemoteOutbox())
    assert snapshot.digest(again, NOW) == snapshot.digest(network, NOW)
    found = again.channels["#a"]
    assert found.recent[None].wait(RateLimit(3, 86_400), NOW) == 1 + 86_400_000 - NOW
    waits = {nick: found.recent[again.users[nick]].wait(RateLimit(2, 60), NOW) for nick in ("alice", "bob")}
    assert waits == {"alice": 0, "bob": 10_000}


def test_a_channel_of_before_the_memory_of_paces_is_restored() -> None:
    network = Network(Settings(), now=1)
    user = User("alice", "alice", "host", "alice", "host", 1, 1)
    network.restore_user(user)
    network.join(user, "#a", now=1)
    document = json.loads(json.dumps(snapshot.snapshot(network, NOW)))
    for field in "recent", "joins":
        del document["channels"][0][field]
    assert not snapshot.restore(document, lambda _: RemoteOutbox()).channels["#a"].recent
