"""Answers to queries, in plain words."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":srv 379 alice bob :is using modes +i", "- bob is using modes +i"),
        (":srv 221 alice +", "- You have no modes."),
        (":srv 221 alice +iw", "- Your modes: +iw"),
        (":srv 311 alice bob b h * :Bob B.", "- bob is Bob B. (b@h)"),
        (
            ":srv 317 alice bob 5400 1790000000 :idle",
            "- bob was last active 1 h 30 min ago, online since 21 Sep 2026, 14:13",
        ),
        (":srv 760 alice bob display-name * :Bobby Tables", "- bob is also known as Bobby Tables"),
        (":srv 760 alice bob pronouns * he/him", "- bob's pronouns are he/him"),
        (":srv 760 alice bob homepage * http://example.org", "- bob's homepage is http://example.org"),
        (":srv 319 alice bob :@#tea #x ", "- bob is in @#tea #x"),
        (":srv 352 alice #tea b h srv bob G :0 Bob B.", "- bob (Bob B.) b@h, away"),
        (":srv 322 alice #x 3 :All of x", "- #x (3): All of x"),
        (":srv 338 alice bob 192.0.2.1 :is actually using host", "- bob is connecting from 192.0.2.1"),
        (":srv 671 alice bob :is using a secure connection", "- bob is using a secure connection"),
        (
            ":srv 367 alice #tea *!*@x carol!c@h 1790000000",
            "- Banned from #tea: *!*@x (by carol on 21 Sep 2026, 14:13)",
        ),
        (":srv 367 alice #tea *!*@x", "- Banned from #tea: *!*@x"),
        (":srv 348 alice #tea *!*@x", "- Exempt from bans in #tea: *!*@x"),
        (":srv 728 alice #tea q *!*@x carol", "- Muted in #tea: *!*@x (by carol)"),
        (":srv 368 alice #tea :End", "- Nobody is banned from #tea."),
    ],
)
def test_lines_shown(tea: World, line: str, shown: str) -> None:
    tea.feed(line)
    assert tea.shown()[-1] == shown


def test_a_host_is_shown_once(tea: World) -> None:
    before = len(tea.shown())
    tea.feed(
        ":srv 311 alice alice ~a 127.0.0.1 * :Alice",
        ":srv 378 alice alice :is connecting from ~a@127.0.0.1 127.0.0.1",
        ":srv 338 alice alice ~a@127.0.0.1 127.0.0.1 :Actual user@host, Actual IP",
        ":srv 311 alice bob ~b cloak.example * :Bob",
        ":srv 378 alice bob :is connecting from ~b@192.0.2.1 192.0.2.1",
        ":srv 338 alice bob ~b@192.0.2.1 192.0.2.1 :Actual user@host, Actual IP",
    )
    assert tea.shown()[before:] == [
        "- alice is Alice (~a@127.0.0.1)",
        "- bob is Bob (~b@cloak.example)",
        "- bob is connecting from ~b@192.0.2.1 192.0.2.1",
    ]


def test_the_welcome_is_shown_in_plain_words(world: World) -> None:
    world.connect()
    world.feed(
        ":srv 001 alice :Welcome",
        ":srv 004 alice srv best-1.0 iow biklmnst bkloveI",
        ":srv 005 alice NICKLEN=30 :are supported by this server",
        ":srv 042 alice 0AAA :your unique ID",
        ":srv 251 alice :There are 1 users and 2 invisible on 1 servers",
        ":srv 252 alice 2 :operator(s) online",
        ":srv 254 alice 7 :channels formed",
        ":srv 265 alice 3 9 :Current local users 3, max 9",
        ":srv 376 alice :End of MOTD",
    )
    assert world.shown("") == [
        "- Welcome",
        "* Your number on this server is 0AAA",
        "* People here: 3",
        "* Operators here: 2",
        "* Channels: 7",
        "* Current local users 3, max 9",
    ]


def test_accept_list_and_caller_id(tea: World) -> None:
    tea.feed(
        ":srv 718 alice bob ~bob@x :is writing to you, and you have user mode +g",
        ":srv 716 alice carol :is in +g mode",
        ":srv 717 alice carol :has been told",
        ":srv 281 alice bob carol",
        ":srv 282 alice :End of /ACCEPT list",
    )
    assert [line[2:] for line in tea.shown()[-5:]] == [
        "bob (~bob@x) wrote to you, but your mode +g blocked it. /accept bob allows it.",
        "carol did not get that: carol accepts messages only from some people (mode +g)",
        "carol was told that you wrote",
        "You accept messages from bob, carol",
        "With mode +g only these people can write to you in private. /accept nick adds one",
    ]


def test_the_end_of_a_list_with_entries_is_not_shown(tea: World) -> None:
    tea.feed(":srv 367 alice #tea *!*@x", ":srv 368 alice #tea :End")
    assert tea.shown()[-1] == "- Banned from #tea: *!*@x"


def test_answers_to_the_user_are_shown_in_the_current_window(tea: World) -> None:
    tea.feed(":srv 376 alice :End of MOTD", ":bob!b@h PRIVMSG alice :psst")
    tea.press("M-3")
    tea.feed(
        ":alice!a@h MODE alice +i",
        ":srv 372 alice :- Welcome!",
        ":alice!a@h NICK ann",
    )
    assert tea.shown("bob")[1:] == ["- Mode of alice: +i", "- - Welcome!", "- You are now known as ann"]
