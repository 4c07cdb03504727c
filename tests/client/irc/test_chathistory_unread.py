"""Unread messages: private conversations without a window on this device, and the read mark on leaving."""

from tests.client.world import World

CAPS = "echo-message labeled-response batch message-tags server-time draft/chathistory draft/read-marker"


def logged_in(world: World, *marks: str) -> list[str]:
    """Let alice log in on a device without windows of bob and carol; return the queries that follow the server's read
    marks.

    "for user targets ... they have to request the initial read timestamp by sending a MARKREAD client get command", and
    "If there is no known last message read timestamp, the timestamp parameter is a literal *":
    https://ircv3.net/specs/extensions/read-marker
    """
    world.connect()
    world.feed(
        f":srv CAP * LS :{CAPS}",
        f":srv CAP * ACK :{CAPS}",
        ":srv 900 * alice!a@h alice :You are now logged in as alice",
        ":srv 001 alice :Welcome alice",
        ":srv 422 alice :No MOTD",
    )
    week = "timestamp=2026-09-14T14:12:20.000Z timestamp=2026-09-21T14:14:20.000Z"
    assert f"CHATHISTORY TARGETS {week} 100" in world.sent()
    world.feed(
        ":srv BATCH +t draft/chathistory-targets",
        "@batch=t :srv CHATHISTORY TARGETS #tea 2026-09-21T13:00:00.000Z",
        "@batch=t :srv CHATHISTORY TARGETS bob 2026-09-20T14:30:00.000Z",
        "@batch=t :srv CHATHISTORY TARGETS carol 2026-09-21T13:30:00.000Z",
        ":srv BATCH -t",
    )
    assert world.sent() == ["MARKREAD bob", "MARKREAD carol"]
    world.feed(*marks)
    return world.sent()


def test_unread_private_conversations_open_at_the_first_login() -> None:
    world = World()
    sent = logged_in(
        world,
        ":srv MARKREAD bob timestamp=2026-09-20T14:30:00.000Z",
        ":srv MARKREAD carol timestamp=2026-09-21T13:00:00.000Z",
    )
    assert sent == ["CHATHISTORY LATEST carol * 100"]
    assert world.network.find("bob") is None
    world.feed(
        ":srv BATCH +h chathistory carol",
        "@batch=h;msgid=1;time=2026-09-21T13:00:00.000Z :carol!c@h PRIVMSG alice :read on the phone",
        "@batch=h;msgid=2;time=2026-09-21T13:30:00.000Z :carol!c@h PRIVMSG alice :are you there?",
        ":srv BATCH -h",
    )
    buffer = world.network.find("carol")
    assert buffer
    assert (buffer.unread.count, buffer.unread.highlights) == (1, 1)
    world.feed(":srv MARKREAD carol *")
    assert world.sent() == []  # that was decided already


def test_a_conversation_without_mark_is_unread() -> None:
    assert logged_in(World(), ":srv MARKREAD bob *", ":srv MARKREAD carol *") == [
        "CHATHISTORY LATEST bob * 100",
        "CHATHISTORY LATEST carol * 100",
    ]


def test_an_opened_conversation_begins_with_older_messages(world: World) -> None:
    world.welcome(CAPS)
    world.join()
    world.type("/msg bob\n")
    assert world.sent() == ["CHATHISTORY LATEST bob * 100"]
    world.feed(
        ":srv BATCH +h chathistory bob",
        "@batch=h;msgid=1;time=2026-09-20T13:00:00.000Z :bob!b@h PRIVMSG alice :yesterday",
        ":srv BATCH -h",
    )
    assert world.shown("bob") == ["bob: yesterday"]
    world.sent()
    world.type("/window #tea\n/window bob\n/msg NickServ HELP\n")
    assert not [line for line in world.sent() if line.startswith("CHATHISTORY")]


def test_leaving_marks_what_is_shown_as_read(world: World) -> None:
    world.welcome(CAPS)
    world.join()
    world.feed("@msgid=1;time=2026-09-21T14:00:00.000Z :bob!b@h PRIVMSG #tea :see you")
    world.sent()
    world.type("/quit\n")
    assert world.sent() == ["MARKREAD #tea timestamp=2026-09-21T14:00:00.000Z", "QUIT"]
