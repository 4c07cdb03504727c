"""Sending metadata to others: "Notifications", "Automatic synchronization" and SYNC of the third draft, quoted."""

import pytest

from greenchat.config.settings import Metadata, Settings
from tests.commands.devices import device, make_account
from tests.commands.users.test_metadata import CAPS, comparable
from tests.conftest import Serve, Target
from tests.irc import Client, people


def test_who_is_notified(server: Target) -> None:
    with people(server, "alice", "bob", "carol", "dave", "eve", caps=CAPS) as (alice, bob, carol, dave, eve):
        for client in alice, bob, eve:
            client.join("#chan")
        for client in alice, bob, carol, dave:
            client.run("METADATA * SUB url")
        carol.run("MONITOR + alice")
        for client in alice, bob, carol, dave, eve:
            client.sync()
        # "excluding changes the subscriber made on themselves"
        assert comparable(alice.run("METADATA * SET url :x")) == [("761", "alice", "url", "*", "x")]
        # "to other clients in the channels that subscriber is joined to, and to users that subscriber is currently
        # monitoring"
        for client in bob, carol:
            assert comparable(client.sync()) == [("761", "alice", "url", "*", "x")]
        for client in dave, eve:  # one who shares no channel, one who has not subscribed
            assert comparable(client.sync()) == []
        # the same value again is not announced, nor is another key
        alice.run("METADATA * SET url :x", "METADATA * SET color red")
        assert comparable(bob.sync()) == []
        alice.run("METADATA * CLEAR")
        for client in bob, carol:
            assert comparable(client.sync()) == [("766", "alice", "url", "Key not set")]
        # "to channels that subscriber is joined to"
        assert comparable(alice.run("METADATA #chan SET url :y")) == [("761", "#chan", "url", "*", "y")]
        assert comparable(bob.sync()) == [("761", "#chan", "url", "*", "y")]
        assert comparable(carol.sync()) == []
        bob.run("METADATA * UNSUB url")
        alice.run("METADATA #chan SET url :z")
        assert comparable(bob.sync()) == []


def test_only_clients_with_both_capabilities_are_notified(server: Target) -> None:
    """ "A *metadata-aware client* is a client who has negotiated both"."""
    with people(server, "alice", "bob", "carol", channel="#chan") as (alice, bob, carol):
        bob.run("CAP REQ draft/metadata-3", "METADATA * SUB url")
        carol.run("METADATA * SUB url")
        alice.run("METADATA * SET url :x")
        assert comparable(bob.sync()) == comparable(carol.sync()) == []


def test_other_sessions_of_the_user_are_notified(server: Target) -> None:
    make_account(server, "alice")
    with device(server, "alice", caps=f"sasl {CAPS}") as laptop, device(server, "alice", caps=f"sasl {CAPS}") as phone:
        for session in laptop, phone:
            session.until("376", "422")
            session.run("METADATA * SUB url")
        phone.run("METADATA * SET url :x")
        assert comparable(laptop.sync()) == [("761", "alice", "url", "*", "x")]


def test_a_join_brings_the_present_values(server: Target) -> None:
    with people(server, "op", "alice", "plain", caps=CAPS) as (op, alice, plain):
        plain.run("CAP REQ -draft/metadata-3")
        op.join("#chan")
        op.run("METADATA * SET url :x", "METADATA #chan SET url :y", "METADATA * SET color :red")
        alice.run("METADATA * SUB url avatar", "METADATA * SET avatar :z")
        joined = alice.run("JOIN #chan")
        # "the server MUST send either a `metadata` batch containing the channel's metadata as well as the metadata for
        # all users on the channel"
        start = [message.command for message in joined].index("BATCH")
        assert joined[start - 1].command == "366"
        batch = comparable(joined[start:])
        assert batch == [
            ("BATCH", "metadata", "#chan"),
            ("761", "#chan", "url", "*", "y"),
            ("761", "op", "url", "*", "x"),
            ("761", "alice", "avatar", "*", "z"),
        ]
        # "the batch MUST be identical to what would be returned if `METADATA SYNC` was issued against that channel"
        assert comparable(alice.run("METADATA #chan SYNC")) == batch
        assert "BATCH" not in [message.command for message in plain.join("#chan")]
        plain.run("METADATA * SET url :plain's")
        op.sync()
        # there are no subscriptions
        assert comparable(op.run("METADATA #chan SYNC")) == [("BATCH", "metadata", "#chan")]


def test_members_are_notified_of_values_of_a_joining_user(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        alice.join("#chan")
        alice.run("METADATA * SUB url")
        bob.run("METADATA * SET url :x", "METADATA * SET color :red")
        bob.join("#chan")
        assert comparable(alice.sync()) == [("JOIN", "#chan"), ("761", "bob", "url", "*", "x")]


def test_a_large_channel_is_synchronized_later(server: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.commands.users.metadata_sync.AT_ONCE", 1)
    with people(server, "alice", "bob", "carol", caps=CAPS) as (alice, bob, carol):
        for client in alice, bob:
            client.join("#chan")
            client.run("METADATA * SET url :x")
        carol.run("METADATA * SUB url")
        # "or a `774 ERR_METADATASYNCLATER` message to indicate postponed synchronization"
        (later,) = [each for each in comparable(carol.run("JOIN #chan")) if each[0] in ("774", "761")]
        assert later[:2] == ("774", "#chan")
        assert int(later[2]) >= 0
        assert len(comparable(carol.run("METADATA #chan SYNC"))) == 3


def test_a_subscription_brings_the_present_values(server: Target) -> None:
    with people(server, "alice", "bob", "carol", "dave", "eve", caps=CAPS) as (alice, bob, carol, dave, eve):
        for client in alice, bob:
            client.join("#chan")
        for client in alice, bob, carol, dave, eve:
            client.run("METADATA * SET url :x", "METADATA * SET color :red")
        alice.run("METADATA #chan SET url :y", "MONITOR + carol,nobody")
        eve.join("#elsewhere")
        eve.run("METADATA #elsewhere SET url :y")
        # "containing the current values of all newly-subscribed keys visible to the user for all visible targets"
        expected = [(name, "url", "*", value) for name, value in
                    [("alice", "x"), ("#chan", "y"), ("bob", "x"), ("carol", "x")]]  # fmt: skip
        subscribed, batch, *values = comparable(alice.run("METADATA * SUB url"))
        assert (subscribed, batch) == (("770", "url"), ("BATCH", "metadata", "*ALL"))
        assert values == [("761", *each) for each in expected]
        # "If the target is an asterisk followed by uppercase "ALL" (`*ALL`), it synchronizes metadata for all visible
        # targets."
        assert comparable(alice.run("METADATA *ALL SYNC")) == [("BATCH", "metadata", "*ALL"), *values]
        alice.run("METADATA * SUB color")
        # "all newly-subscribed keys"
        assert len(comparable(alice.run("METADATA *ALL SYNC"))) == 1 + len(values) + 3
        assert comparable(alice.run("METADATA dave SYNC")) == [
            ("BATCH", "metadata", "dave"),
            ("761", "dave", "url", "*", "x"),
            ("761", "dave", "color", "*", "red"),
        ]


def test_a_monitored_user_is_synchronized(server: Target) -> None:
    """ "When server sends `730 RPL_MONONLINE` to a metadata-aware client, the server MUST additionally send either a
    `metadata` batch containing the monitored user's metadata to the client or a `774`"."""
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        bob.run("METADATA * SET url :x")
        alice.run("METADATA * SUB url")
        batch = [("BATCH", "metadata", "bob"), ("761", "bob", "url", "*", "x")]
        for line in "MONITOR + bob,carol", "MONITOR S":
            assert comparable(alice.run(line))[-2:] == batch
        with Client(server) as carol:
            carol.send("CAP LS", "METADATA * SET url :y", "CAP END")
            carol.register("carol")
            assert comparable(alice.sync())[-2:] == [("BATCH", "metadata", "carol"), ("761", "carol", "url", "*", "y")]
            carol.run("NICK bob2")
            alice.sync()
        alice.run("CAP REQ -draft/metadata-3")
        assert alice.commands("MONITOR S") == ["730", "731"]


def test_in_an_auditorium_subscribers_are_not_revealed(server: Target) -> None:
    with people(server, "op", "alice", "bob", caps=CAPS) as (op, alice, bob):
        op.join("#chan")
        op.run("MODE #chan +u")
        for client in op, alice, bob:
            client.run("METADATA * SUB url", "METADATA * SET url :x")
        alice.join("#chan")
        bob.join("#chan")
        alice.sync()
        op.sync()
        bob.run("METADATA * SET url :y")
        assert comparable(alice.sync()) == []
        assert comparable(op.sync()) == [("761", "bob", "url", "*", "y")]
        assert [each[1] for each in comparable(alice.run("METADATA #chan SYNC"))[1:]] == ["op", "alice"]
        assert [each[1] for each in comparable(alice.run("METADATA *ALL SYNC"))[1:]] == ["alice", "op"]


def test_a_renamed_channel_keeps_its_metadata(server: Target) -> None:
    with Client(server, "alice", caps=f"{CAPS} draft/channel-rename") as alice:
        alice.join("#chan")
        alice.run("METADATA #chan SET url :x", "RENAME #chan #new")
        assert comparable(alice.run("METADATA #new LIST"))[1:] == [("761", "#new", "url", "*", "x")]


def test_thousands_of_values(serve: Serve) -> None:
    """The answer comes in portions, in one batch, and is complete."""
    with Client(serve(Settings(metadata=Metadata(keys=100, changes=0))), "alice", caps=CAPS) as alice:
        keys = [f"key-{number}" for number in range(40)]
        names = [f"#chan{number}" for number in range(50)]
        for name in names:
            alice.send(f"JOIN {name}", *[f"METADATA {name} SET {key} :{'x' * 200}" for key in keys])
        alice.sync()
        alice.run(f"METADATA * SUB {' '.join(keys)}")
        answer = alice.run("METADATA *ALL SYNC")
        assert [message.command for message in answer] == ["BATCH", *["761"] * 2000, "BATCH"]
        assert {message.tags["batch"] for message in answer[1:-1]} == {answer[0].params[0][1:]}
        assert [message.params[1] for message in answer[1:-1:40]] == names
