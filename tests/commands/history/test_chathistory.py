"""CHATHISTORY: quoted sentences are from https://ircv3.net/specs/extensions/chathistory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenchat.commands.core.deferred import Deferred
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_events import to_envelope
from greenchat.commands.history.chathistory import chathistory
from greenchat.config.settings import History, Settings
from greenchat.protocol.caps import EXTENDED_JOIN
from greenchat.protocol.message import Message, parse
from greenchat.server.app import App
from greenchat.storage.interface import StoredEvent, StoreError
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.world import World

YEARS = "timestamp=2020-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z"
CAPS = "batch server-time message-tags draft/chathistory echo-message"


@pytest.fixture
def alice(server: Target) -> Iterator[Client]:
    """Connect a user in #lobby who queries the history."""
    with Client(server, "alice", caps=CAPS) as client:
        client.join("#lobby")
        yield client


def ask(client: Client, command: str) -> list[Message]:
    """Return the content of the batch that answers, or the FAIL."""
    client.send(command)
    first = client.expect("BATCH", "FAIL")
    if first.command == "FAIL":
        return [first]
    inside = []
    while (message := client.read()).command != "BATCH":
        assert message.tags["batch"] == first.params[0][1:]
        inside.append(message)
    assert message.params == ("-" + first.params[0][1:],)
    return inside


def texts(messages: list[Message]) -> list[str]:
    """Return the texts."""
    return [message.params[-1] for message in messages]


def say(client: Client, *texts: str, to: str = "#lobby") -> list[Message]:
    """Send messages; return their echoes, with msgid and time."""
    client.send(*[f"PRIVMSG {to} :{text}" for text in texts])
    return [client.expect("PRIVMSG") for _ in texts]


def test_the_capability_and_the_tokens(alice: Client, server: Target) -> None:
    with Client(server) as bob:
        bob.send("CAP LS 302")
        names = {name for line in bob.until("CAP") for name in line.params[-1].split()}
        while "draft/chathistory" not in names:
            names |= set(bob.expect("CAP").params[-1].split())
        assert "draft/event-playback" in names
    tokens = {token for line in alice.run("ISUPPORT") for token in line.params[1:-1]}
    # "CHATHISTORY MUST be sent to the client to state the maximum number of messages"
    assert {"CHATHISTORY=500", "MSGREFTYPES=msgid,timestamp"} <= tokens


def test_each_subcommand_with_msgid_and_timestamp(alice: Client) -> None:
    sent = say(alice, *"abcdefghij")
    for kind in "msgid", "time":
        ref = {
            message.params[-1]: f"{'timestamp' if kind == 'time' else kind}={message.tags[kind]}" for message in sent
        }
        if kind == "time" and len(set(ref.values())) < len(ref):
            continue  # several messages have this millisecond
        # "Request up to limit number of messages before and excluding the given timestamp or msgid."
        assert texts(ask(alice, f"CHATHISTORY BEFORE #lobby {ref['e']} 3")) == ["b", "c", "d"]
        assert texts(ask(alice, f"CHATHISTORY AFTER #lobby {ref['e']} 3")) == ["f", "g", "h"]
        assert texts(ask(alice, f"CHATHISTORY LATEST #lobby {ref['e']} 3")) == ["h", "i", "j"]
        assert texts(ask(alice, f"CHATHISTORY LATEST #lobby {ref['h']} 3")) == ["i", "j"]
        # "starting from and excluding the first message selector ... forwards or backwards in time"
        assert texts(ask(alice, f"CHATHISTORY BETWEEN #lobby {ref['b']} {ref['g']} 3")) == ["c", "d", "e"]
        assert texts(ask(alice, f"CHATHISTORY BETWEEN #lobby {ref['g']} {ref['b']} 3")) == ["d", "e", "f"]
        assert texts(ask(alice, f"CHATHISTORY BETWEEN #lobby {ref['b']} {ref['d']} 9")) == ["c"]
        assert texts(ask(alice, f"CHATHISTORY AROUND #lobby {ref['e']} 3")) == ["d", "e", "f"]
        assert texts(ask(alice, f"CHATHISTORY AROUND #lobby {ref['a']} 4")) == ["a", "b", "c", "d"]
        assert texts(ask(alice, f"CHATHISTORY AROUND #lobby {ref['j']} 4")) == ["g", "h", "i", "j"]
        assert texts(ask(alice, f"CHATHISTORY AROUND #lobby {ref['e']} 1")) == ["e"]
    assert texts(ask(alice, "CHATHISTORY LATEST #lobby * 4")) == ["g", "h", "i", "j"]


def test_history_equals_what_was_sent(alice: Client) -> None:
    alice.send("@+draft/reply=x PRIVMSG #lobby :\x01ACTION waves\x01", "NOTICE #lobby :note")
    live = [alice.expect("PRIVMSG"), alice.expect("NOTICE")]
    again = ask(alice, "CHATHISTORY LATEST #LOBBY * 10")
    # "The msgid tag that identifies each individual message in a response MUST be the msgid tag as originally sent"
    strip = [message._replace(tags={k: v for k, v in message.tags.items() if k != "batch"}) for message in again]
    assert strip == live


def test_the_batch_names_its_target(alice: Client) -> None:
    alice.send("CHATHISTORY LATEST #LOBBY * 1")
    # "the batch MUST have type chathistory and take a single additional parameter, the canonical name of the target"
    assert alice.expect("BATCH").params[1:] == ("chathistory", "#lobby")
    alice.send("CHATHISTORY LATEST Bob * 1")
    assert alice.until("BATCH")[-1].params[0].startswith("-")
    # "If no content exists to return, the server SHOULD return an empty batch"
    assert ask(alice, "CHATHISTORY LATEST #lobby * 1") == []


def test_a_label_is_on_the_batch(server: Target) -> None:
    with Client(server, "alice", caps=CAPS + " labeled-response") as alice:
        alice.join("#lobby")
        say(alice, "hi")
        alice.send("@label=x CHATHISTORY LATEST #lobby * 5")
        start = alice.expect("BATCH")
        assert start.tags["label"] == "x"
        assert start.params[1] == "chathistory"


def test_without_batch_the_lines_come_bare(server: Target) -> None:
    with Client(server, "alice", caps="draft/chathistory") as alice:
        alice.join("#lobby")
        alice.send("PRIVMSG #lobby :hi")
        alice.sync()
        assert texts(alice.run("CHATHISTORY LATEST #lobby * 5")) == ["hi"]


def test_events_are_sent_with_event_playback_only(server: Target, alice: Client) -> None:
    with Client(server, "bob", caps=CAPS + " draft/event-playback") as bob:
        bob.join("#lobby")
        bob.send("TOPIC #lobby :new", "MODE #lobby +m", "@+draft/react=x TAGMSG #lobby", "PART #lobby :gone")
        bob.expect("PART")
        alice.send("TOPIC #lobby :mine", "PRIVMSG #lobby :hi", "MODE #lobby -t+k x", "TOPIC #lobby :yours")
        alice.sync()
        bob.send("JOIN #lobby x")
        bob.expect("366")
        # "the server SHOULD send additional lines relevant to the chat history"
        commands = [message.command for message in ask(bob, "CHATHISTORY LATEST #lobby * 50")]
        assert commands == ["JOIN", "JOIN", "TAGMSG", "PART", "TOPIC", "PRIVMSG", "MODE", "TOPIC", "JOIN"]
    # "the server MUST NOT send any lines other than PRIVMSG and NOTICE in the reply batch"
    assert [message.command for message in ask(alice, "CHATHISTORY LATEST #lobby * 50")] == ["PRIVMSG"]


def test_a_join_in_the_history_is_extended(server: Target, alice: Client) -> None:
    """ "When enabled, the JOIN message will designate the account name of the user when they join a channel": "JOIN
    #channelname * :Real Name". https://ircv3.net/specs/extensions/extended-join"""
    with people(server, "bob", "carol", caps=CAPS + " draft/event-playback") as (bob, carol):
        bob.send("REGISTER robert * quite-secret")
        bob.expect("900")
        bob.join("#tea")
        carol.join("#tea")
        for joined in ask(carol, "CHATHISTORY LATEST #tea * 9"):
            assert (joined.command, joined.params) == ("JOIN", ("#tea",))
        carol.run("CAP REQ :extended-join account-tag")
        first, second = ask(carol, "CHATHISTORY LATEST #tea * 9")
        assert (first.source, first.params) == ("bob!~bob@127.0.0.1", ("#tea", "robert", "Bob"))
        assert first.tags.keys() == {"time", "msgid", "batch", "account"}
        assert (second.source, second.params) == ("carol!~carol@127.0.0.1", ("#tea", "*", "Carol"))
        assert second.tags.keys() == {"time", "msgid", "batch"}


def test_an_old_join_without_a_real_name() -> None:
    """ "Clients SHOULD use the nickname as a fallback value for <username> and <realname>": older versions stored
    none.
    """
    event = StoredEvent(1, "#tea", "JOIN", "bob!~bob@127.0.0.1", ("#tea",), "robert")
    assert to_envelope(event).encode(EXTENDED_JOIN) == b":bob!~bob@127.0.0.1 JOIN #tea robert bob\r\n"


def test_private_messages_are_readable_by_both_sides_only(server: Target, alice: Client) -> None:
    with people(server, "bob", "carol", caps=CAPS) as (bob, carol):
        say(alice, "hi", to="bob")
        bob.expect("PRIVMSG")  # otherwise the server could take it for the echo of his own
        say(bob, "hello", to="alice")
        assert texts(ask(alice, "CHATHISTORY LATEST bob * 5")) == ["hi", "hello"]
        # 'history sent between the current user and the target nickname, including outgoing messages ("self messages")'
        assert [m.params for m in ask(bob, "CHATHISTORY LATEST ALICE * 5")] == [("bob", "hi"), ("alice", "hello")]
        assert ask(carol, "CHATHISTORY LATEST bob * 5") == []
        assert ask(carol, "CHATHISTORY LATEST alice * 5") == []
        # "The server SHOULD attempt to include history involving other nicknames if either ... has changed"
        bob.send("NICK bobby")
        bob.expect("NICK")
        assert texts(ask(alice, "CHATHISTORY LATEST bobby * 5")) == ["hi", "hello"]
        # another user who takes the nick reads nothing of it
        carol.send("NICK bob")
        carol.expect("NICK")
        assert ask(carol, "CHATHISTORY LATEST alice * 5") == []


def test_targets_lists_conversations_with_new_messages(server: Target, alice: Client) -> None:
    with people(server, "bob", "carol", caps=CAPS) as (bob, carol):
        alice.join("#quiet")
        carol.join("#secret")
        say(carol, "psst", to="#secret")
        first = say(alice, "one")[0]
        say(alice, "two", to="bob")
        third = say(carol, "three", to="alice")[0]
        alice.expect("PRIVMSG")
        span = "timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"
        found = ask(alice, f"CHATHISTORY TARGETS {span} 10")
        # "ordered by the time of the latest message"; "CHATHISTORY TARGETS <nickname | channel name> <YYYY-...>"
        assert [message.params[:2] for message in found] == [("TARGETS", name) for name in ("#lobby", "bob", "carol")]
        assert (found[0].params[2], found[2].params[2]) == (first.tags["time"], third.tags["time"])
        assert [m.params[1] for m in ask(alice, f"CHATHISTORY TARGETS {span} 2")] == ["#lobby", "bob"]
        back = " ".join(reversed(span.split()))
        assert [m.params[1] for m in ask(alice, f"CHATHISTORY TARGETS {back} 2")] == ["bob", "carol"]
        bob.send("NICK bobby")
        bob.expect("NICK")
        assert [m.params[1] for m in ask(alice, f"CHATHISTORY TARGETS {span} 10")] == ["#lobby", "bobby", "carol"]
        assert [m.params[1] for m in ask(bob, f"CHATHISTORY TARGETS {span} 10")] == ["alice"]


def test_only_members_read_a_channel(server: Target, alice: Client) -> None:
    say(alice, "inside")
    with Client(server, "bob", caps=CAPS) as bob:
        # "If the target does not exist or the client does not have permissions to query it, ... INVALID_TARGET"
        for target in "#lobby", "#nowhere", "#", "*":
            failed = ask(bob, f"CHATHISTORY LATEST {target} * 5")
            if target != "*":
                assert failed[0].params[:4] == ("CHATHISTORY", "INVALID_TARGET", "LATEST", target)
        bob.join("#lobby")
        assert texts(ask(bob, "CHATHISTORY LATEST #lobby * 5")) == ["inside"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("CHATHISTORY", ("INVALID_PARAMS", "*")),
        ("CHATHISTORY NONSENSE #lobby * 5", ("INVALID_PARAMS", "NONSENSE")),
        ("CHATHISTORY LATEST", ("INVALID_PARAMS", "LATEST")),
        ("CHATHISTORY LATEST #lobby *", ("INVALID_PARAMS", "LATEST")),
        ("CHATHISTORY LATEST #lobby * 5 6", ("INVALID_PARAMS", "LATEST")),
        ("CHATHISTORY LATEST #lobby * x", ("INVALID_PARAMS", "LATEST", "x")),
        ("CHATHISTORY LATEST #lobby * -1", ("INVALID_PARAMS", "LATEST", "-1")),
        ("CHATHISTORY LATEST #lobby * 0", ("INVALID_PARAMS", "LATEST", "0")),
        ("CHATHISTORY BEFORE #lobby * 5", ("INVALID_MSGREFTYPE", "BEFORE", "#lobby", "*")),
        ("CHATHISTORY BEFORE #lobby x=y 5", ("INVALID_MSGREFTYPE", "BEFORE", "#lobby", "x=y")),
        ("CHATHISTORY BEFORE #lobby msgid 5", ("INVALID_MSGREFTYPE", "BEFORE", "#lobby", "msgid")),
        ("CHATHISTORY BEFORE #lobby msgid=nonsense 5", ("INVALID_PARAMS", "BEFORE", "msgid=nonsense")),
        ("CHATHISTORY BEFORE #lobby timestamp=nonsense 5", ("INVALID_PARAMS", "BEFORE", "timestamp=nonsense")),
        ("CHATHISTORY AFTER #lobby timestamp=2023-02-29T00:00:00.000Z 5",
         ("INVALID_PARAMS", "AFTER", "timestamp=2023-02-29T00:00:00.000Z")),
        ("CHATHISTORY BETWEEN #lobby timestamp=2023-02-28T00:00:00.000Z 5", ("INVALID_PARAMS", "BETWEEN")),
        ("CHATHISTORY TARGETS * * 5", ("INVALID_PARAMS", "TARGETS", "*")),
        ("CHATHISTORY TARGETS timestamp=2023-02-28T00:00:00.000Z msgid=0000000000000 5",
         ("INVALID_PARAMS", "TARGETS", "msgid=0000000000000")),
    ],
)  # fmt: skip
def test_malformed_queries_fail(alice: Client, command: str, answer: tuple[str, ...]) -> None:
    (fail,) = ask(alice, command)
    assert fail.params[:-1] == ("CHATHISTORY", *answer)


def test_any_timestamp_is_valid(alice: Client) -> None:
    say(alice, "a", "b")
    for early in "0000000000000", "0000000000001":
        assert texts(ask(alice, f"CHATHISTORY AFTER #lobby msgid={early} 9")) == ["a", "b"]
    assert texts(ask(alice, "CHATHISTORY AFTER #lobby timestamp=0001-01-01T00:00:00.000Z 9")) == ["a", "b"]
    assert texts(ask(alice, "CHATHISTORY BEFORE #lobby timestamp=9999-12-31T23:59:60.999Z 9")) == ["a", "b"]
    assert ask(alice, "CHATHISTORY AFTER #lobby msgid=7vvvvvvvvvvvv 9") == []


def test_a_page_is_limited(serve: Serve, tmp_path: Path) -> None:
    address = serve(Settings(history=History(page=3)), quick_options(tmp_path))
    with Client(address, "alice", caps=CAPS) as alice:
        alice.join("#lobby")
        say(alice, *"abcde")
        assert texts(ask(alice, "CHATHISTORY LATEST #lobby * 9999999999")) == ["c", "d", "e"]


def test_paging_finds_each_message_once(server: Target, alice: Client) -> None:
    with people(server, "bob", caps=CAPS) as (bob,):
        bob.join("#lobby")
        alice.send(*[f"PRIVMSG #lobby :a{number}" for number in range(60)])
        bob.send(*[f"PRIVMSG #lobby :b{number}" for number in range(60)])
        alice.sync()
        bob.sync()
        everything = texts(ask(alice, "CHATHISTORY LATEST #lobby * 500"))
        assert len(everything) == 120
        page = ask(alice, "CHATHISTORY LATEST #lobby * 7")
        back = page
        while page:
            page = ask(alice, f"CHATHISTORY BEFORE #lobby msgid={back[0].tags['msgid']} 7")
            back = page + back
        assert texts(back) == everything
        forth = ask(alice, "CHATHISTORY AFTER #lobby timestamp=2020-01-01T00:00:00.000Z 7")
        while page := ask(alice, f"CHATHISTORY AFTER #lobby msgid={forth[-1].tags['msgid']} 7"):
            forth += page
        assert texts(forth) == everything


def test_a_member_who_parts_before_the_answer_gets_nothing(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "alice", "bob", caps=CAPS, channel="#lobby") as (alice, _):
        say(alice, "inside")

        def read_and_leave(app: App) -> None:
            (connection,) = (one for one in app.clients.connections if one.session.registration.nick == "bob")
            ctx = connection.context(parse("CHATHISTORY LATEST #lobby * 5"))
            later = chathistory(ctx)
            assert isinstance(later, Deferred)
            found: Any = later.work()
            assert texts(found[0]) == ["inside"]
            app.network.part(ctx.user, app.network.channels["#lobby"])
            with pytest.raises(FailError, match="INVALID_TARGET"):
                later.then(ctx, found)

        server.call(read_and_leave)


@pytest.mark.parametrize("line", ["CHATHISTORY LATEST #lobby * 5", f"CHATHISTORY TARGETS {YEARS} 5"])
def test_an_unreadable_store_fails(running_server: World, line: str) -> None:
    """ "If no message history can be returned due to an error, the MESSAGE_ERROR error code SHOULD be returned"."""
    with people(running_server.address, "alice", caps=CAPS, channel="#lobby"):

        def fail_to_read(app: App) -> None:
            (session,) = app.network.sessions
            ctx = running_server.context(session, parse(line))
            later = chathistory(ctx)
            assert isinstance(later, Deferred)
            with pytest.raises(FailError, match="MESSAGE_ERROR"):
                later.then(ctx, StoreError("disk I/O error"))

        running_server.call(fail_to_read)


def test_mode_h_hides_what_was_said_before_joining(server: Target, alice: Client) -> None:
    caps = CAPS + " soju.im/search znc.in/playback"
    with Client(server, "bob", caps=caps) as bob:
        early = say(alice, "before")[0]
        alice.run("MODE #lobby +H")
        bob.join("#lobby")
        alice.expect("JOIN")
        say(alice, "after", "later")
        bob.sync()
        long_ago = "timestamp=2020-01-01T00:00:00.000Z"
        for command in (
            "LATEST #lobby * 9",
            f"AFTER #lobby {long_ago} 9",
            f"AFTER #lobby msgid={early.tags['msgid']} 9",
            f"AROUND #lobby {long_ago} 9",
            f"BETWEEN #lobby {long_ago} timestamp=2100-01-01T00:00:00.000Z 9",
            f"BETWEEN #lobby timestamp=2100-01-01T00:00:00.000Z {long_ago} 9",
        ):
            assert texts(ask(bob, f"CHATHISTORY {command}")) == ["after", "later"], command
        assert texts(ask(bob, f"CHATHISTORY AFTER #lobby {long_ago} 1")) == ["after"]
        assert texts(ask(bob, "SEARCH in=#lobby")) == ["after", "later"]
        _echo, *played = bob.run("PRIVMSG *playback :PLAY #lobby 0")
        assert texts([message for message in played if message.command == "PRIVMSG"]) == ["after", "later"]
        assert texts(ask(alice, "CHATHISTORY LATEST #lobby * 9")) == ["before", "after", "later"]
        alice.run("MODE #lobby -H")
        assert texts(ask(bob, "CHATHISTORY LATEST #lobby * 9")) == ["before", "after", "later"]


def test_without_history_the_capability_is_not_offered(serve: Serve, tmp_path: Path) -> None:
    address = serve(Settings(history=History(enabled=False)), quick_options(tmp_path))
    with Client(address) as alice:
        alice.send("CAP LS", "CAP REQ :draft/chathistory")
        assert "chathistory" not in alice.expect("CAP").params[-1]
        assert alice.expect("CAP").params[1] == "NAK"


def ends(client: Client, command: str) -> bool:
    """Whether the answer is marked as the last page."""
    client.send(command)
    opening = client.expect("BATCH")
    client.expect("BATCH")
    return "draft/chathistory-end" in opening.tags


def test_the_last_page_is_marked(alice: Client) -> None:
    """The BATCH has the tag `draft/chathistory-end`; it is never there while another page has content."""
    for text in "one", "two", "three", "four":
        say(alice, text)
    first, *_, last = ask(alice, "CHATHISTORY LATEST #lobby * 4")
    assert not ends(alice, "CHATHISTORY LATEST #lobby * 3")
    assert ends(alice, "CHATHISTORY LATEST #lobby * 4")
    assert ends(alice, "CHATHISTORY LATEST #lobby * 5")
    assert not ends(alice, f"CHATHISTORY BEFORE #lobby msgid={last.tags['msgid']} 2")
    assert ends(alice, f"CHATHISTORY BEFORE #lobby msgid={last.tags['msgid']} 3")
    assert ends(alice, f"CHATHISTORY BEFORE #lobby msgid={first.tags['msgid']} 3")
    assert not ends(alice, f"CHATHISTORY AFTER #lobby msgid={first.tags['msgid']} 2")
    assert ends(alice, f"CHATHISTORY AFTER #lobby msgid={first.tags['msgid']} 3")
    between = f"CHATHISTORY BETWEEN #lobby msgid={first.tags['msgid']} msgid={last.tags['msgid']}"
    assert not ends(alice, f"{between} 1")
    assert ends(alice, f"{between} 2")
    assert not ends(alice, f"CHATHISTORY AROUND #lobby msgid={first.tags['msgid']} 10"), "AROUND has no direction"


def test_paging_by_the_tag_finds_all(alice: Client) -> None:
    sent = [f"line {number}" for number in range(10)]
    for text in sent:
        say(alice, text)
    found: list[str] = []
    reference, is_last = "LATEST #lobby *", False
    while not is_last:
        is_last = ends(alice, f"CHATHISTORY {reference} 3")
        page = ask(alice, f"CHATHISTORY {reference} 3")
        assert page, "an empty page after the last"
        found = texts(page) + found
        reference = f"BEFORE #lobby msgid={page[0].tags['msgid']}"
    assert found == sent


def test_reactions_and_their_removal_are_stored(alice: Client, server: Target) -> None:
    """https://ircv3.net/specs/client-tags/react: "this tag MUST be used in conjunction with the `+draft/reply` client
    tag"; removing it is the tag `+draft/unreact`."""
    (message,) = say(alice, "hello")
    with Client(server, "bob", caps=f"{CAPS} draft/event-playback") as bob:
        bob.join("#lobby")
        reply = f"+draft/reply={message.tags['msgid']}"
        for tag in "react", "unreact":
            bob.send(f"@{reply};+draft/{tag}=\U0001f44b TAGMSG #lobby")
            echo = alice.expect("TAGMSG")
            assert (echo.tags[f"+draft/{tag}"], echo.tags["+draft/reply"]) == ("\U0001f44b", message.tags["msgid"])
        reactions = [each for each in ask(bob, "CHATHISTORY LATEST #lobby * 50") if each.command == "TAGMSG"]
        assert [next(tag for tag in each.tags if "react" in tag) for each in reactions] == [
            "+draft/react",
            "+draft/unreact",
        ]
