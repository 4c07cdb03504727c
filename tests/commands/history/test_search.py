"""SEARCH: quoted sentences are from soju's draft (IRCv3 pull request 496)."""

import pytest

from greenchat.protocol.message import Message
from tests.commands.history.test_chathistory import say, texts
from tests.conftest import Target
from tests.irc import Client, people

CAPS = "batch server-time message-tags echo-message soju.im/search"


def search(client: Client, attributes: str) -> list[Message]:
    """Return the content of the batch."""
    client.send(f"SEARCH {attributes}")
    start = client.expect("BATCH", "FAIL")
    if start.command == "FAIL":
        return [start]
    assert start.params[1:] == ("soju.im/search",)
    return client.until("BATCH")[:-1]


def test_matching_messages_are_found(server: Target) -> None:
    with people(server, "jackie", "bill", caps=CAPS, channel="#chan") as (jackie, bill):
        jackie.join("#other")
        first = say(jackie, "Be what you want", to="#chan")[0]
        second = say(jackie, "Want what you be", to="#chan")[0]
        bill.until("PRIVMSG")
        bill.until("PRIVMSG")
        say(bill, "That was fast!", to="#chan")
        say(jackie, "a fast car", to="#other")
        # "containing messages matching all the specified attributes"
        assert texts(search(jackie, "from=jackie;in=#chan")) == ["Be what you want", "Want what you be"]
        assert texts(search(jackie, "text=fast")) == ["That was fast!", "a fast car"]
        assert texts(search(jackie, "text=fast;in=#CHAN")) == ["That was fast!"]
        assert texts(search(jackie, r"text=what\syou;limit=1")) == ["Want what you be"]
        assert texts(search(jackie, ":text=what you;limit=1")) == ["Want what you be"]
        # "in: the message was sent to this target"
        assert texts(search(bill, "text=fast")) == ["That was fast!"]
        assert search(bill, "text=fast;in=#other") == []
        # "When provided, the msgid tag ... MUST be the msgid tag as originally sent by the IRC server."
        assert [m.tags["msgid"] for m in search(bill, "text=want")] == [first.tags["msgid"], second.tags["msgid"]]
        # "at or after this time", "at or before this time"
        at = second.tags["time"]
        assert "Want what you be" in texts(search(bill, f"from=jackie;after={at};before={at}"))
        assert search(bill, "before=2010-01-01T00:00:00.000Z;in=#chan") == []
        # "If after is specified, messages SHOULD be searched from that time."
        assert texts(search(bill, "in=#chan;limit=1;after=2010-01-01T00:00:00.000Z")) == ["Be what you want"]


def test_private_messages_are_found_by_both_sides_only(server: Target) -> None:
    with people(server, "alice", "bob", "carol", caps=CAPS) as (alice, bob, carol):
        say(alice, "a secret", to="bob")
        for asker in alice, bob:
            assert texts(search(asker, "text=secret")) == ["a secret"]
        assert texts(search(bob, "text=secret;in=alice")) == ["a secret"]
        for attributes in "text=secret", "text=secret;in=alice", "text=secret;in=bob", "from=alice":
            assert search(carol, attributes) == []


def test_a_former_member_finds_nothing(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS, channel="#chan") as (alice, bob):
        say(alice, "inside", to="#chan")
        bob.expect("PRIVMSG")
        assert texts(search(bob, "text=inside")) == ["inside"]
        bob.send("PART #chan")
        bob.expect("PART")
        assert search(bob, "text=inside") == []


@pytest.mark.parametrize("attributes", ["limit=x", "limit=0", "limit=-1", "after=x", "before=yesterday", "after"])
def test_malformed_searches_fail(server: Target, attributes: str) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        (fail,) = search(alice, attributes)
        assert fail.params[:-1] == ("SEARCH", "INVALID_PARAMS", attributes.partition("=")[0])


def test_a_search_without_conditions_fails(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        assert "461" in alice.commands("SEARCH")
        assert search(alice, "text=") == []
        assert search(alice, "nonsense") == []
