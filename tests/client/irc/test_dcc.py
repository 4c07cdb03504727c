"""Files offered by other users: https://modern.ircdocs.horse/dcc"""

import pytest

from greenchat.client.irc.dcc import safe_name
from greenchat.client.state.effects import Fetch
from greenchat.client.state.transfers import Offer, in_words
from tests.client.world import World


def offer(world: World, text: str, nick: str = "bob") -> None:
    world.feed(f":{nick}!b@h PRIVMSG alice :\x01DCC {text}\x01")


@pytest.mark.parametrize(
    ("text", "name", "host", "port", "size"),
    [
        ("SEND cake.jpg 2130706433 5000 1234", "cake.jpg", "127.0.0.1", 5000, 1234),
        ("SEND cake.jpg 2130706433 5000", "cake.jpg", "127.0.0.1", 5000, 0),
        ('SEND "two words.txt" 3232235777 1 9', "two words.txt", "192.168.1.1", 1, 9),
        ("SEND cake.jpg ::1 5000 1234", "cake.jpg", "::1", 5000, 1234),
        ("send cake.jpg 10.0.0.1 5000 1234", "cake.jpg", "10.0.0.1", 5000, 1234),
    ],
)
def test_an_offer_is_shown_and_nothing_is_fetched(
    tea: World, text: str, name: str, host: str, port: int, size: int
) -> None:
    offer(tea, text)
    assert list(tea.model.offers) == [Offer(tea.network, "bob", name, host, port, size)]
    assert tea.shown("")[-1].startswith(f"- bob offers you the file {name}")
    assert tea.network.status.unread.highlights == 1
    assert not tea.model.effects
    assert tea.sent() == []


@pytest.mark.parametrize(
    "text",
    [
        "SEND cake.jpg 2130706433 0 1234 1",  # the user would have to listen
        "SEND cake.jpg 2130706433 99999 1234",
        "SEND cake.jpg somewhere 5000",
        "SEND cake.jpg 99999999999999999999999999999999999999999 5000",
        "CHAT chat 2130706433 5000",
        "SEND",
        "",
    ],
)
def test_other_dcc_requests_are_not_offers(tea: World, text: str) -> None:
    offer(tea, text)
    assert not tea.model.offers
    assert "unsupported request" in tea.shown("")[-1]


def test_old_and_own_offers_are_ignored(tea: World) -> None:
    tea.feed(
        "@time=2026-09-20T10:00:00.000Z :bob!b@h PRIVMSG alice :\x01DCC SEND a 2130706433 5000 1\x01",
        ":alice!al@h PRIVMSG bob :\x01DCC SEND a 2130706433 5000 1\x01",
    )
    assert not tea.model.offers


def test_a_file_is_fetched_on_request(tea: World) -> None:
    offer(tea, "SEND cake.jpg 2130706433 5000 1234")
    offer(tea, "SEND tea.txt 2130706433 5001 12")
    offer(tea, "SEND jam.txt 2130706433 5002 12", nick="carol")
    first, second, third = tea.model.offers
    tea.type("/dcc\n")
    assert tea.shown()[-3:] == [
        "- bob offers cake.jpg (1.2 kB): /dcc get bob cake.jpg",
        "- bob offers tea.txt (12 bytes): /dcc get bob tea.txt",
        "- carol offers jam.txt (12 bytes): /dcc get carol jam.txt",
    ]
    tea.type("/dcc get BOB\n/dcc get bob cake.jpg\n/dcc close\n/dcc get bob\n")
    assert list(tea.model.effects) == [Fetch(second), Fetch(first)]
    assert third not in tea.model.offers
    assert tea.shown()[-1] == "! bob offers you no file. /dcc lists them."


def test_repeated_offers_take_bounded_memory(tea: World) -> None:
    for number in range(100):
        offer(tea, f"SEND {number}.txt 2130706433 5000 1")
    assert len(tea.model.offers) == 20


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cake.jpg", "cake.jpg"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("C:\\Windows\\cake.exe", "cake.exe"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("a\x1b[31mb", "a_[31mb"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("x" * 300, "x" * 200),
        ("漢" * 300, "漢" * 66),  # a file name has at most 255 bytes
        ("-rf", "rf"),
        ("", "file"),
    ],
)
def test_a_file_name_has_no_path(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1200, "1.2 kB"), (3_400_000, "3.4 MB"), (10**9, "1.0 GB")]
)
def test_sizes_are_shown_in_units(size: int, words: str) -> None:
    assert in_words(size) == words
