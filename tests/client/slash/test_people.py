"""Commands about users: /whois, /nick, /away and the like."""

import pytest

from tests.client.world import World


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/wii bob", ["WHOIS bob bob"]),
        ("/ww bob", ["WHOWAS bob"]),
        ("/nick ada", ["NICK ada"]),
        ("/whois bob", ["WHOIS bob bob"]),
        ("/whois", ["WHOIS alice alice"]),
        ("/who", ["WHO #tea"]),
        ("/away lunch", ["AWAY :lunch"]),
        ("/back", ["AWAY"]),
        ("/accept bob -carol", ["ACCEPT bob,-carol"]),
        ("/accept", ["ACCEPT *"]),
        ("/NICK ada", ["NICK ada"]),
    ],
)
def test_lines_sent(tea: World, typed: str, sent: list[str]) -> None:
    tea.type(typed + "\n")
    assert tea.sent() == sent


def test_away_and_back_by_one_word(tea: World) -> None:
    tea.type("/away\n")
    assert tea.sent() == ["AWAY :away"]
    tea.feed(":srv 306 alice :You have been marked as being away")
    tea.type("/away\n")
    assert tea.sent() == ["AWAY"]
    tea.type("/away -all lunch\n")
    assert tea.sent() == ["AWAY :lunch"]


def test_away_survives_a_reconnect(tea: World) -> None:
    tea.type("/away lunch\n")
    tea.feed(":srv 306 alice :You have been marked as being away")
    assert "alice (away)" in tea.screen()[-2]
    tea.lose()
    tea.come_in()
    assert "alice (away)" not in tea.screen()[-2]
    assert tea.sent()[-1] == "AWAY :lunch"
    tea.lose()
    # "If the capability has been negotiated, servers MUST accept the `AWAY` command before connection registration has
    # completed."
    tea.connect()
    tea.feed(":srv CAP * LS :draft/pre-away", ":srv CAP * ACK :draft/pre-away", ":srv 306 alice :You are away")
    assert tea.sent()[-2:] == ["AWAY :lunch", "CAP END"]
    tea.feed(":srv 001 alice :Welcome", ":srv 422 alice :No MOTD")
    assert not any(line.startswith("AWAY") for line in tea.sent())
    tea.type("/back\n")
    tea.feed(":srv 305 alice :You are back")
    tea.sent()
    tea.lose()
    tea.come_in()
    assert not any(line.startswith("AWAY") for line in tea.sent())
