"""The notify list with a real server: users who share no channel with us."""

from tests.features.conftest import OpenTerminal, Server
from tests.irc import Client


def test_it_is_saved_and_changes_are_shown(server: Server, greenchat: OpenTerminal) -> None:
    ada = greenchat(f"ada@{server.address}")
    ada.wait_for("[#lobby]", "You joined")
    ada.enter("/notify -away bob")
    ada.wait_for("You will be told when bob comes online or goes offline.")
    with Client(server.target, "bob") as bob:
        ada.wait_for("bob is online")
        bob.send("AWAY :lunch")
        ada.wait_for("bob is away: lunch")
        bob.send("AWAY")
        ada.wait_for("bob is back.")
    ada.wait_for("bob has gone offline.")
    ada.enter("/quit")
    ada.wait_end()
    with Client(server.target, "bob"):
        ada = greenchat(f"ada@{server.address}")
        ada.wait_for("bob is online")
