"""History from the server, and the read mark."""

import pytest

from tests.client.world import World

CAPS = (
    "echo-message labeled-response batch message-tags server-time"
    " draft/chathistory draft/event-playback draft/read-marker"
)


@pytest.fixture
def world() -> World:
    """Make a client in #tea, on a server with history; the answer to the first query is still to come."""
    world = World()
    world.welcome(CAPS)
    world.feed(":srv 005 alice CHATHISTORY=50 :are supported")
    world.feed("@msgid=join :alice!al@h JOIN #tea", ":srv 353 alice = #tea :@alice bob", ":srv 366 alice #tea :End")
    return world


def history(*lines: str, target: str = "#tea") -> list[str]:
    """Return a batch of lines with times before now."""
    stamped = [
        f"@batch=h;msgid=m{hash(line) % 10**9};time=2026-09-21T13:{number:02}:00.000Z {line}"
        for number, line in enumerate(lines)
    ]
    return [f":srv BATCH +h chathistory {target}", *stamped, ":srv BATCH -h"]


def test_on_joining_the_latest_lines_are_fetched(world: World) -> None:
    assert world.sent() == ["CHATHISTORY LATEST #tea * 50"]
    world.feed(*history(":bob!b@h PRIVMSG #tea :earlier"))
    assert world.shown() == ["bob: earlier", "* You joined"]
    assert world.model.current.unread.count == 0


def test_after_a_lost_connection_only_newer_lines_are_fetched(world: World) -> None:
    world.feed(*history(":bob!b@h PRIVMSG #tea :earlier"))
    world.lose()
    world.welcome(CAPS)
    world.feed("@msgid=join :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    assert world.sent() == ["CHATHISTORY LATEST #tea timestamp=2026-09-21T12:59:59.999Z 100"]
    world.feed(*history(":bob!b@h PRIVMSG #tea :earlier"))
    assert world.shown().count("bob: earlier") == 1
    world.press("M-<")
    assert world.sent() == ["CHATHISTORY BEFORE #tea timestamp=2026-09-21T13:00:00.001Z 100"]


def test_scrolling_to_the_top_fetches_older_lines_until_there_are_none(world: World) -> None:
    world.feed(*history(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(20)]))
    world.sent()
    while not (sent := world.sent()):
        world.press("PgUp")
    assert sent == ["CHATHISTORY BEFORE #tea timestamp=2026-09-21T13:00:00.001Z 50"]
    before = world.screen()
    world.press("PgUp")
    assert world.sent() == []  # one query at a time
    world.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=old;time=2026-09-20T12:00:00.000Z :bob!b@h PRIVMSG #tea :older",
        ":srv BATCH -h",
    )
    assert world.screen()[2:] == before[2:]  # nothing moves (a date appears above the first row)
    world.press("M-<")
    assert world.shown()[0] == "bob: older"
    assert world.sent() == ["CHATHISTORY BEFORE #tea timestamp=2026-09-20T12:00:00.001Z 50"]
    world.feed(":srv BATCH +h chathistory #tea", ":srv BATCH -h")
    world.press("M-<", "PgUp")
    assert world.sent() == []


def test_a_page_is_shown_when_it_is_complete(world: World) -> None:
    # "Client MAY delay processing the batched events until they have received and/or processed the end of the batch."
    opened, *lines, ended = history(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(20)])
    world.feed(opened, *lines[:7])
    world.press("M-<")
    assert world.shown() == ["* You joined"]
    world.feed(*lines[7:], ended)
    assert world.shown() == [*(f"bob: {number}" for number in range(20)), "* You joined"]


def test_a_page_that_ends_within_a_millisecond_leaves_no_gap(world: World) -> None:
    noon = "time=2026-09-21T12:00:00.000Z"
    world.feed(":srv BATCH +h chathistory #tea", f"@batch=h;msgid=b;{noon} :bob!b@h PRIVMSG #tea :b", ":srv BATCH -h")
    world.sent()
    world.press("M-<")
    assert world.sent() == ["CHATHISTORY BEFORE #tea timestamp=2026-09-21T12:00:00.001Z 50"]
    world.feed(
        ":srv BATCH +h chathistory #tea",
        f"@batch=h;msgid=a;{noon} :bob!b@h PRIVMSG #tea :a",
        f"@batch=h;msgid=b;{noon} :bob!b@h PRIVMSG #tea :b",
        ":srv BATCH -h",
    )
    assert world.shown() == ["bob: a", "bob: b", "* You joined"]


def test_old_events_do_not_change_the_present_state(world: World) -> None:
    world.feed(
        *history(
            ":bob!b@h NICK robert",
            ":bob!b@h QUIT :tired",
            ":alice!a@h KICK #tea bob :no",
            ":bob!b@h TOPIC #tea :Old topic",
            ":bob!b@h MODE #tea -o alice",
            ":alice!a@h PART #tea",
            ":alice!a@h JOIN #tea",
        )
    )
    buffer = world.model.current
    assert [member.prefixes + member.nick for member in buffer.ranked_members] == ["@alice", "bob"]
    assert (buffer.topic, buffer.joined) == ("", True)
    assert world.network.nicks.current == "alice"
    # Old JOINs and PARTs of our own are not shown: of seven events five, and our present JOIN.
    assert len(buffer.lines) == 6


@pytest.mark.parametrize(
    ("reason", "expected"), [("Quit: ", ""), ("Quit: see you", " (see you)"), ("tired", " (tired)")]
)
def test_a_quit_without_reason_is_shown_without_one(world: World, reason: str, expected: str) -> None:
    world.feed(*history(f":bob!b@h QUIT :{reason}"))
    assert world.shown()[0] == f"* bob quit{expected}"


@pytest.mark.parametrize("event", ["JOIN #tea", "PART #tea :bye", "QUIT :see you"])
def test_own_old_joins_and_parts_are_not_shown(world: World, event: str) -> None:
    before = world.shown()
    world.feed(*history(f":alice!al@host.example {event}", f":bob!b@h {event}"))
    (line,) = [line for line in world.shown() if line not in before]
    assert line.startswith("* bob ")


def test_a_message_that_had_arrived_is_not_sent_again(world: World) -> None:
    world.feed(*history())
    world.type("did it arrive?\nand this?\n")
    world.sent()
    world.lose()
    world.welcome(CAPS)
    world.feed("@msgid=join :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    assert [line for line in world.sent() if "PRIVMSG" in line] == []
    world.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=x;time=2026-09-21T14:13:20.000Z :alice!al@h PRIVMSG #tea :did it arrive?",
        ":srv BATCH -h",
    )
    assert world.sent() == ["@label=gc3 PRIVMSG #tea :and this?"]
    assert world.shown().count("alice: did it arrive?") == 1


def test_an_unreadable_history_does_not_delay_messages(world: World) -> None:
    world.feed(*history())
    world.type("hello\n")
    world.lose()
    world.welcome(CAPS)
    world.feed("@msgid=join :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    world.sent()
    world.feed(":srv FAIL CHATHISTORY MESSAGE_ERROR LATEST #tea :It could not be read")
    assert world.sent() == ["@label=gc2 PRIVMSG #tea :hello"]


def test_the_read_mark_is_sent_and_respected(world: World) -> None:
    world.sent()
    world.press("M-1")
    world.feed(":srv MARKREAD #tea timestamp=2026-09-21T13:00:30.000Z")
    world.feed(
        *history(":bob!b@h PRIVMSG #tea :old", ":bob!b@h PRIVMSG #tea :alice: new", ":bob!b@h PRIVMSG #tea :newer")
    )
    buffer = world.network.find("#tea")
    assert buffer
    assert (buffer.unread.count, buffer.unread.highlights) == (2, 1)
    world.press("M-2")
    assert world.sent() == ["MARKREAD #tea timestamp=2026-09-21T13:02:00.000Z"]
    shown = [row for row in world.screen() if "new" in row or "old" in row]
    assert [row.split()[-1][:4] for row in shown] == ["old", "────", "new", "newe"]


def test_read_lines_do_not_become_unread_with_a_page_of_history(world: World) -> None:
    world.feed(*history(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(20)]))
    world.feed(":srv MARKREAD #tea timestamp=2026-09-21T13:00:30.000Z")
    world.press("M-1", "M-2")
    world.feed("@msgid=a;time=2026-09-21T14:00:00.000Z :bob!b@h PRIVMSG #tea :seen as it comes")
    world.press("M-<")
    world.feed(*history())
    world.press("M->")
    assert not any("── new " in row for row in world.screen())


def test_lines_read_on_another_client_are_not_unread(world: World) -> None:
    world.feed(*history())
    world.press("M-1")
    world.feed("@msgid=a;time=2026-09-21T14:00:00.000Z :bob!b@h PRIVMSG #tea :alice: hi")
    buffer = world.network.find("#tea")
    assert buffer
    assert buffer.unread.count == 1
    world.feed(":srv MARKREAD #tea timestamp=2026-09-21T14:00:00.000Z")
    assert (buffer.unread.count, buffer.unread.highlights) == (0, 0)
    world.feed(":srv MARKREAD #tea *", ":srv MARKREAD", ":srv MARKREAD #tea timestamp=x")


def test_closing_a_channel_sends_the_read_mark_before_the_part(world: World) -> None:
    world.feed("@msgid=a;time=2026-09-21T14:00:00.000Z :bob!b@h PRIVMSG #tea :bye")
    world.sent()
    world.type("/close\n")
    assert world.sent() == ["MARKREAD #tea timestamp=2026-09-21T14:00:00.000Z", "PART #tea"]


def test_redacted_messages(world: World) -> None:
    world.feed(*history())
    world.feed("@msgid=a :bob!b@h PRIVMSG #tea :oops", ":bob!b@h REDACT #tea a :wrong window", ":bob!b@h REDACT #tea b")
    assert world.shown()[-1] == "* (deleted by bob: wrong window)"


def test_renamed_channels(world: World) -> None:
    world.feed(":bob!b@h RENAME #tea #cake :better", ":bob!b@h PRIVMSG #cake :here")
    assert world.shown("#cake")[-2:] == ["* bob renamed #tea to #cake (better)", "bob: here"]
    assert list(world.network.channels) == ["#cake"]


def test_missed_private_conversations_open_after_reconnecting(world: World) -> None:
    world.lose()
    world.now += 3_600_000
    world.come_in(CAPS)
    assert (
        "CHATHISTORY TARGETS timestamp=2026-09-21T14:12:20.000Z timestamp=2026-09-21T15:14:20.000Z 100" in world.sent()
    )
    world.feed(
        ":srv BATCH +t draft/chathistory-targets",
        "@batch=t :srv CHATHISTORY TARGETS #tea 2026-09-21T15:00:00.000Z",
        "@batch=t :srv CHATHISTORY TARGETS old 2026-09-21T14:12:30.000Z",
        "@batch=t :srv CHATHISTORY TARGETS carol 2026-09-21T14:30:00.000Z",
        ":srv BATCH -t",
    )
    assert world.sent() == ["CHATHISTORY LATEST carol * 100"]
    world.feed(
        ":srv BATCH +h chathistory carol",
        "@batch=h;msgid=1;time=2026-09-21T10:00:00.000Z :carol!c@h PRIVMSG alice :known long ago",
        "@batch=h;msgid=2;time=2026-09-21T14:30:00.000Z :carol!c@h PRIVMSG alice :are you there?",
        ":srv BATCH -h",
    )
    buffer = world.network.find("carol")
    assert buffer
    assert (buffer.unread.count, buffer.unread.highlights) == (1, 1)
    assert world.model.current is not buffer


def test_the_missed_time_is_counted_by_the_servers_clock(world: World) -> None:
    """If ours is an hour ahead, a query by our own time would find nothing."""
    world.feed("@time=2026-09-21T13:13:20.000Z :srv PONG srv :x")
    world.type("did it arrive?\n")
    world.lose()
    world.come_in(CAPS)
    assert any(line.startswith("CHATHISTORY TARGETS timestamp=2026-09-21T13:12:20.000Z ") for line in world.sent())
    world.join()
    world.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=1;time=2026-09-21T13:13:21.000Z :alice!al@host.example PRIVMSG #tea :did it arrive?",
        ":srv BATCH -h",
    )
    assert [line for line in world.sent() if "arrive" in line] == [], "the line is in the history: it arrived"


def page(first: int, last: int, hour: int = 15) -> list[str]:
    """Return a page of history, one line a minute, with the number of the minute as text and id."""
    return [
        ":srv BATCH +h chathistory #tea",
        *(
            f"@batch=h;msgid={hour}-{number};time=2026-09-21T{hour}:{number:02}:00.000Z :bob!b@h PRIVMSG #tea :{number}"
            for number in range(first, last)
        ),
        ":srv BATCH -h",
    ]


@pytest.fixture
def missed(world: World) -> World:
    """Let one line be seen, then fifty and more be sent during a lost connection, of which fifty have arrived."""
    world.feed(*page(10, 11, hour=13))
    world.lose()
    world.now += 2 * 3_600_000
    world.welcome(CAPS)
    world.feed(":srv 005 alice CHATHISTORY=20 :are supported")
    world.feed("@msgid=join2 :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    assert world.sent() == ["CHATHISTORY LATEST #tea timestamp=2026-09-21T13:09:59.999Z 20"]
    world.feed(*page(30, 50))
    return world


GAP = "── messages are missing here: scroll here to load them ──"


def test_a_gap_is_filled_when_it_is_scrolled_to(missed: World) -> None:
    buffer = missed.model.current
    assert list(buffer.history.gaps) == ["15-30"]
    while not any(GAP in row for row in missed.screen()):
        assert missed.sent() == []  # nobody has scrolled to it
        missed.press("PgUp")
    # "starting from and excluding the first", so the lines next to the ones just read come first
    assert missed.sent() == [
        "CHATHISTORY BETWEEN #tea timestamp=2026-09-21T15:30:00.001Z timestamp=2026-09-21T13:09:59.999Z 20"
    ]
    missed.press("Up", "PgUp")
    assert missed.sent() == []  # one query at a time
    missed.feed(*page(11, 31))
    assert list(buffer.history.gaps) == ["15-11"]
    while not (asked := missed.sent()):
        missed.press("PgUp")
    assert asked[0].startswith("CHATHISTORY BETWEEN #tea timestamp=2026-09-21T15:11:00.001Z")
    missed.feed(*page(5, 12))
    assert buffer.history.gaps == {}
    talk = [line.text for line in buffer.lines if line.kind.name == "SAID"]
    assert talk == ["10", *map(str, range(5, 50))]


def test_a_full_page_that_reaches_known_lines_leaves_no_gap(world: World) -> None:
    world.feed(*page(10, 11, hour=13))
    world.lose()
    world.welcome(CAPS)
    world.feed(":srv 005 alice CHATHISTORY=20 :are supported")
    world.feed("@msgid=join2 :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    world.feed(*page(10, 30, hour=13))
    assert world.model.current.history.gaps == {}


def test_a_gap_that_cannot_be_filled_is_shown_and_not_queried_again(missed: World) -> None:
    while not missed.sent():
        missed.press("PgUp")
    missed.feed(":srv FAIL CHATHISTORY MESSAGE_ERROR BETWEEN #tea :It could not be read")
    missed.press("M->")
    for _ in range(9):
        missed.press("PgUp")
    assert not any("BETWEEN" in line for line in missed.sent())
    assert any("the server does not have them" in row for row in missed.screen())
    missed.lose()
    assert list(missed.model.current.history.gaps.values()) == [False]


def test_an_empty_page_of_newer_lines_does_not_mean_that_there_are_no_older_ones(world: World) -> None:
    world.feed(*history(*[f":bob!b@h PRIVMSG #tea :{number}" for number in range(20)]))
    world.lose()
    world.welcome(CAPS)
    world.feed("@msgid=join2 :alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    world.feed(*history())
    world.sent()
    world.press("M-<")
    assert world.sent() == ["CHATHISTORY BEFORE #tea timestamp=2026-09-21T13:00:00.001Z 100"]


def test_a_millisecond_with_more_than_a_page_is_read_by_msgid(world: World) -> None:
    """Pages by time would be the same again and again, and be taken for the beginning."""
    limit, same = 50, "time=2026-09-21T13:00:00.000Z"

    def page(first: int) -> None:
        lines = [
            f"@batch=h;msgid={number:03};{same} :bob!b@h PRIVMSG #tea :{number}"
            for number in range(first, first + limit)
        ]
        world.feed(":srv BATCH +h chathistory #tea", *lines, ":srv BATCH -h")

    page(100)
    world.sent()
    world.press("M-<")
    assert world.sent() == [f"CHATHISTORY BEFORE #tea timestamp=2026-09-21T13:00:00.001Z {limit}"]
    page(100)
    assert world.sent() == [f"CHATHISTORY BEFORE #tea msgid=100 {limit}"]
    page(50)
    assert next(line.id for line in world.model.current.lines if line.id) == "050"
    assert not world.model.current.history.complete


def test_messages_of_the_same_millisecond_are_all_shown(world: World) -> None:
    same = "time=2026-09-21T13:00:00.000Z"
    world.feed(":srv BATCH +h chathistory #tea", f"@batch=h;msgid=b;{same} :bob!b@h PRIVMSG #tea :two")
    world.feed(":srv BATCH -h")
    world.sent()
    world.press("M-<")
    assert world.sent() == ["CHATHISTORY BEFORE #tea timestamp=2026-09-21T13:00:00.001Z 50"]
    world.feed(":srv BATCH +h chathistory #tea", f"@batch=h;msgid=a;{same} :bob!b@h PRIVMSG #tea :one")
    world.feed(f"@batch=h;msgid=b;{same} :bob!b@h PRIVMSG #tea :two", ":srv BATCH -h")
    assert world.shown()[:2] == ["bob: one", "bob: two"]
    assert not world.model.current.history.complete
