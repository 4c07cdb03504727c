"""Channels: their members, topics and modes."""

import pytest

from tests.client.world import World


def test_joining_shows_the_channel_and_its_members(tea: World) -> None:
    buffer = tea.model.current
    assert buffer.name == "#tea"
    assert [member.prefixes + member.nick for member in buffer.ranked_members] == ["@alice", "+carol", "bob"]


def test_userhost_in_names_and_multi_prefix(world: World) -> None:
    world.welcome("multi-prefix userhost-in-names")
    buffer = world.join("@+alice!al@host.example bob!b@else.example")
    bob = buffer.member("BOB")
    assert bob
    assert (bob.user, bob.host) == ("b", "else.example")
    assert [member.prefixes for member in buffer.ranked_members] == ["@+", ""]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":dave!d@h JOIN #tea", "* dave joined"),
        (":dave!d@h JOIN #tea dave :Dave D.", "* dave joined"),
        (":bob!b@h PART #tea", "* bob left"),
        (":bob!b@h PART #tea :tired", "* bob left (tired)"),
        (":bob!b@h QUIT :gone", "* bob quit (gone)"),
        (":bob!b@h QUIT :Quit: see you", "* bob quit (see you)"),
        (":bob!b@h QUIT :Quit: ", "* bob quit"),
        (":alice!a@h KICK #tea bob :enough", "* alice kicked bob (enough)"),
        (":bob!b@h KICK #tea alice :enough", "! bob kicked you (enough). /join #tea to come back."),
        (":bob!b@h NICK robert", "* bob is now known as robert"),
        (":alice!a@h NICK alicia", "* You are now known as alicia"),
        (":bob!b@h TOPIC #tea :Tea at five", "* bob set the topic: Tea at five"),
        (":bob!b@h TOPIC #tea :", "* bob removed the topic"),
        (":srv 332 alice #tea :Tea at five", "- Topic: Tea at five"),
        (":srv 333 alice #tea bob!b@h 1790000000", "- set by bob on 21 Sep 2026, 14:13"),
        (":bob!b@h MODE #tea +o carol", "* bob set mode +o carol"),
    ],
)
def test_lines_shown(tea: World, line: str, shown: str) -> None:
    tea.feed(line)
    assert tea.shown()[-1] == shown


@pytest.mark.parametrize(
    ("line", "members"),
    [
        (":dave!d@h JOIN #tea", "@alice +carol bob dave"),
        (":bob!b@h PART #tea", "@alice +carol"),
        (":bob!b@h QUIT", "@alice +carol"),
        (":alice!a@h KICK #tea carol", "@alice bob"),
        (":carol!c@h NICK zoe", "@alice +zoe bob"),
        (":alice!a@h MODE #tea +o-v carol carol", "@alice @carol bob"),
        (":alice!a@h MODE #tea +klo key 5 bob", "@alice @bob +carol"),
        (":alice!a@h MODE #tea -o+b alice *!*@x", "+carol alice bob"),
        (":alice!a@h PART #tea", ""),
    ],
)
def test_membership_changes(tea: World, line: str, members: str) -> None:
    buffer = tea.model.current
    tea.feed(line)
    assert " ".join(member.prefixes + member.nick for member in buffer.ranked_members) == members


def test_notifications_change_members_without_a_line(tea: World) -> None:
    before = tea.shown()
    tea.feed(
        ":bob!b@h AWAY :lunch",
        ":bob!b@h ACCOUNT bobby",
        ":bob!b@h CHGHOST new.user new.host",
        ":bob!b@h SETNAME :Robert",
    )
    bob = tea.model.current.member("bob")
    assert bob
    assert (bob.away, bob.account, bob.user, bob.host, bob.realname) == (
        True,
        "bobby",
        "new.user",
        "new.host",
        "Robert",
    )
    assert tea.shown() == before


def test_a_private_conversation_follows_a_nick_change(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG alice :psst", ":bob!b@h NICK robert", ":robert!b@h PRIVMSG alice :me again")
    assert tea.shown("robert") == ["bob: psst", "* bob is now known as robert", "robert: me again"]


def test_empty_modes_are_not_shown(tea: World) -> None:
    before = tea.shown()
    tea.feed(":srv 379 alice bob :is using modes +")
    assert tea.shown() == before
