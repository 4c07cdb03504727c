"""Message tags: message-tags, message-ids, server-time and bot-mode of https://ircv3.net/specs/."""

import re

import pytest

from greenchat.config.settings import Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people

REPLY = (
    r"+draft/reply=abc;+draft/react=\:-);+draft/channel-context=#a;+typing=active;+example.com/raw=raw+:=,escaped\:\s\\"
)
VALUES = {
    "+draft/reply": "abc",
    "+draft/react": ";-)",
    "+draft/channel-context": "#a",
    "+typing": "active",
    "+example.com/raw": "raw+:=,escaped; \\",
}


@pytest.mark.parametrize("line", ["PRIVMSG #a :hi", "NOTICE #a :hi", "TAGMSG #a", "PRIVMSG bob :hi", "TAGMSG @#a"])
def test_only_client_only_tags_are_relayed(server: Target, line: str) -> None:
    """ "Client-only tags MUST be relayed on PRIVMSG, NOTICE and TAGMSG messages"; "Tags without the client-only prefix
    MUST be removed by the server before being relayed with any message to another client"."""
    with people(server, "bob", "alice", caps="message-tags", channel="#a") as (bob, alice):
        alice.send(f"@{REPLY};msgid=mine;time=never;account=root;bot;batch=1;label=2;example.com/x=y {line}")
        message = bob.read()
        tags = dict(message.tags)
        msgid = tags.pop("msgid")
        assert msgid not in ("", "mine")
        assert tags == VALUES


def test_without_message_tags_there_are_no_tags_and_no_tagmsg(server: Target) -> None:
    """ "Servers MUST NOT deliver TAGMSG to clients that haven't negotiated the message tags capability"."""
    with Client(server, "bob") as bob, Client(server, "timed", caps="server-time account-tag batch") as timed:
        with Client(server, "alice", caps="message-tags") as alice:
            alice.run("@+typing=active TAGMSG bob", "@+typing=active TAGMSG timed", "@+a=b PRIVMSG bob,timed :hi")
        (message,) = bob.sync()
        assert not message.tags
        (message,) = timed.sync()
        assert list(message.tags) == ["time"]


def test_server_time(server: Target) -> None:
    """ "YYYY-MM-DDThh:mm:ss.sssZ" on every message."""
    with Client(server, caps="") as alice:
        alice.run("CAP REQ server-time")
        alice.send("NICK alice", "USER a 0 * :A", "CAP END")
        welcome = alice.until("376", "422")
        assert len(welcome) > 5
        for message in [*welcome, *alice.join("#a"), *alice.run("VERSION", "NOSUCH", "MODE #a +i")]:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message.tags["time"])


def test_each_event_has_a_msgid_that_all_recipients_see(server: Target) -> None:
    """The msgid: "MUST be unique, meaning any other message transmitted on the entire network at any time MUST NOT
    share the same value"."""
    with people(server, "bob", "carol", caps="message-tags", channel="#a") as (bob, carol):
        with Client(server, "alice") as alice:
            alice.join("#a")
            alice.run("PRIVMSG #a :1", "PRIVMSG #a :1", "NOTICE #a :2", "NICK Alys")
            bob_saw = bob.run("TOPIC #a :x", "MODE #a +i")
            alice.run("PART #a")
        bob_saw += bob.sync()
        seen = [message for message in bob_saw if message.nick not in ("bob", "greenchat.local")]
        own = [message for message in bob_saw if message.nick == "bob"]
        ids = [message.tags["msgid"] for message in seen + own]
        assert [message.command for message in seen] == ["JOIN", "PRIVMSG", "PRIVMSG", "NOTICE", "NICK", "PART"]
        assert [message.command for message in own] == ["TOPIC", "MODE"]
        assert len(set(ids)) == len(ids)
        assert set(ids) == {message.tags["msgid"] for message in carol.sync() if message.tags}


def test_bot_tag(server: Target) -> None:
    """ "This tag SHOULD be added by the server to all commands sent by a bot"; "Servers MUST NOT send this tag with a
    value", and "MUST only be sent to users who have requested the message-tags capability"."""
    with (
        people(server, "old", "robodan", channel="#a") as (old, robot),
        Client(server, "new", caps="message-tags") as new,
    ):
        new.join("#a")
        robot.run("MODE robodan +B", "PRIVMSG #a :beep", "TOPIC #a :x", "PART #a")
        old.run("PRIVMSG #a :hi")
        messages = [message for message in new.sync() if message.command != "482"]
        assert [message.tags.get("bot") for message in messages if message.nick == "robodan"] == [""] * 2
        assert [message.tags.get("bot") for message in messages if message.nick == "old"] == [None]
        assert not any(message.tags for message in old.sync())


@pytest.mark.parametrize(("size", "fits"), [(4094, True), (4095, False), (9000, False)])
def test_tag_data_of_4094_bytes(server: Target, size: int, fits: bool) -> None:
    """ "Servers MUST reply with the ERR_INPUTTOOLONG (417) error numeric if a client sends a message with more tag data
    than the allowed limit. Servers MUST NOT truncate tags and MUST always reject lines that exceed this limit"."""
    with people(server, "bob", "alice", caps="message-tags server-time", channel="#a") as (bob, alice):
        value = "v" * (size - len("+a="))
        answers = alice.run(f"@+a={value} TAGMSG #a")
        assert [message.command for message in answers] == ([] if fits else ["417"])
        assert [message.tags["+a"] for message in bob.sync()] == ([value] if fits else [])


def test_the_last_of_equal_tags_wins_and_odd_names_are_accepted(server: Target) -> None:
    """ "SHOULD disregard all but the final occurrence"; "MUST NOT perform any validation that would reject the message
    if an invalid tag key name is used"."""
    with people(server, "bob", "alice", caps="message-tags", channel="#a") as (bob, alice):
        alice.send(r"@+a=1;+a=2;+ö=x;+b\c=d;+;=e PRIVMSG #a :hi")
        tags = dict(bob.read().tags)
        del tags["msgid"]
        assert tags == {"+a": "2", "+ö": "x", "+b\\c": "d"}  # a tag without a name is ignored


DENIED = [
    (("typing",), "typing", ["+draft/reply", "+x"]),
    (("*",), "*", []),
    (("-x", "*"), "*,-x", ["+x"]),
    (("draft/reply", "x"), "draft/reply,x", ["+typing"]),
]


@pytest.mark.parametrize(("denied", "token", "relayed"), DENIED)
def test_denied_tags_are_announced_and_removed(
    serve: Serve, denied: tuple[str, ...], token: str, relayed: list[str]
) -> None:
    """CLIENTTAGDENY: "to communicate to clients that certain client-only tags are blocked and will be silently
    ignored". "Note that blocking tags will not necessarily block the message that the tag is attached to"."""
    address = serve(Settings(denied_tags=denied))
    with people(address, "bob", "alice", caps="message-tags", channel="#a") as (bob, alice):
        tokens = [word for message in alice.run("ISUPPORT") for word in message.params]
        assert f"CLIENTTAGDENY={token}" in tokens
        alice.send("@+typing=done;+draft/reply=1;+x=2 PRIVMSG #a :hi")
        assert sorted(name for name in bob.read().tags if name != "msgid") == relayed
