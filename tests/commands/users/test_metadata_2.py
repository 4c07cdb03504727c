"""Differences of draft/metadata-2 from the third draft; quoted sentences are from the former.

https://github.com/ircv3/ircv3-specifications/blob/377550430cfcf9a89e97d5ede4b557c74acdbe4d/extensions/metadata.md
"""

import pytest

from tests.commands.users.test_metadata import SMALL, comparable
from tests.conftest import Serve, Target
from tests.irc import Client, people

CAPS = "draft/metadata-2 batch"


def test_notifications_are_metadata_messages(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#chan") as (alice, bob):
        bob.run("METADATA * SUB url")
        assert comparable(alice.run("METADATA * SET url :two words")) == [("761", "alice", "url", "*", "two words")]
        # "METADATA <Target> <Key> <Visibility> <Value>"
        assert comparable(bob.sync()) == [("METADATA", "alice", "url", "*", "two words")]
        # "the server responds with a `metadata` batch containing zero or more METADATA events"
        batch = [("BATCH", "metadata", "#chan"), ("METADATA", "alice", "url", "*", "two words")]
        assert comparable(bob.run("METADATA #chan SYNC")) == batch
        bob.run("PART #chan")
        assert comparable(bob.join("#chan") + bob.sync())[-2:] == batch
        # "The response will be a `metadata` batch containing: RPL_KEYVALUE, RPL_KEYNOTSET, FAIL METADATA KEY_INVALID"
        assert comparable(bob.run("METADATA alice GET url $ none")) == [
            ("BATCH", "metadata", "alice"),
            ("761", "alice", "url", "*", "two words"),
            ("FAIL", "KEY_INVALID", "$"),
            ("766", "alice", "none", "Key not set"),
        ]
        alice.sync()
        # "representing the new value if any, or `RPL_KEYNOTSET` if not"
        assert comparable(alice.run("METADATA * SET url")) == [("766", "alice", "url", "Key not set")]
        assert comparable(bob.sync()) == [("METADATA", "alice", "url", "*", "")]


def test_both_drafts_in_one_channel(server: Target) -> None:
    with Client(server, "old", caps=CAPS) as old, Client(server, "new", caps="draft/metadata-3 batch") as new:
        for client in old, new:
            client.join("#chan")
            client.run("METADATA * SUB url")
        old.sync()
        old.run("METADATA * SET url :x")
        assert comparable(new.sync()) == [("761", "old", "url", "*", "x")]
        new.run("METADATA * SET url :y")
        assert comparable(old.sync()) == [("METADATA", "new", "url", "*", "y")]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("METADATA * destr0y", ("SUBCOMMAND_INVALID", "destr0y")),
        ("METADATA nobody LIST", ("INVALID_TARGET", "nobody")),
        ("METADATA * SET $url$ x", ("KEY_INVALID", "$url$")),
        ("METADATA * SUB $url$", ("KEY_INVALID", "$url$")),
        # "If the key is valid, but not set, and the client tries to remove the key"
        ("METADATA * SET url", ("KEY_NOT_SET", "alice", "url")),
        ("METADATA bob SET url x", ("KEY_NO_PERMISSION", "bob", "url")),
        # "VALUE_INVALID `:value is too long or not UTF8`"
        ("METADATA * SET a :" + "v" * 21, ("VALUE_INVALID",)),
        # "TOO_MANY_SUBS `<Key> :too many subscriptions`"
        ("METADATA * SUB c d", ("TOO_MANY_SUBS", "d")),
        # "LIMIT_REACHED `<Target> :metadata limit reached`"
        ("METADATA #chan SET c x", ("LIMIT_REACHED", "#chan")),
    ],
)
def test_refusals(serve: Serve, line: str, answer: tuple[str, ...]) -> None:
    with people(serve(SMALL), "alice", "bob", caps=CAPS, channel="#chan") as (alice, _):
        alice.run("METADATA * SUB a b", "METADATA #chan SET a 1", "METADATA #chan SET b 2")
        assert [each for each in comparable(alice.run(line)) if each[0] == "FAIL"] == [("FAIL", *answer)]


def test_clear(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        alice.run("METADATA * SET a 1")
        # "one `RPL_KEYVALUE` event per cleared key", "equivalently to using `METADATA SET` on all currently-set keys
        # with an empty value"
        assert comparable(alice.run("METADATA * CLEAR")) == [
            ("BATCH", "metadata", "alice"),
            ("761", "alice", "a", "*", ""),
        ]


def test_subscribing(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#chan") as (alice, bob):
        assert comparable(alice.run("METADATA * SUB foo $url bar")) == [
            ("FAIL", "KEY_INVALID", "$url"),
            ("770", "foo", "bar"),
        ]
        bob.run("METADATA * SET url :x")
        # "When subscribing to a key, clients SHOULD receive the current value of that key for channels/users they are
        # receiving updates for."
        assert comparable(alice.run("METADATA * SUB url"))[-1] == ("METADATA", "bob", "url", "*", "x")


def test_requesting_the_capability_sends_ones_own_metadata(server: Target) -> None:
    with Client(server) as alice:
        alice.send("CAP LS 302", f"CAP REQ :{CAPS}", "NICK alice", "USER alice 0 * :Alice", "CAP END")
        # "If none exists, the server MUST send an empty batch instead."
        assert ("BATCH", "metadata", "alice") in comparable(alice.until("376", "422"))
        alice.run("METADATA * SET url :x", "CAP REQ -draft/metadata-2")
        # "Upon requesting the `metadata` capability, clients receive their non-transient metadata ... in a `metadata`
        # batch with their own nick as target."
        assert comparable(alice.run("CAP REQ draft/metadata-2"))[1:] == [
            ("BATCH", "metadata", "alice"),
            ("METADATA", "alice", "url", "*", "x"),
        ]


def test_too_many_changes_must_wait(serve: Serve) -> None:
    with Client(serve(), "alice", caps=CAPS) as alice:
        for number in range(30):
            alice.send(f"METADATA * SET a {number}")
        alice.sync()
        # "the parameter value MUST be a positive integer indicating the minimum number of seconds"
        ((_, code, target, key, seconds),) = comparable(alice.run("METADATA * SET b 1"))
        assert (code, target, key) == ("RATE_LIMITED", "*", "b")
        assert 0 < int(seconds) <= 60
