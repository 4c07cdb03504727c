"""Features that users of other clients look for first, as stored screens: completion, the switcher, splits, the
settings.
"""

from tests.features.conftest import OpenTerminal, Server
from tests.features.stored_screens import check
from tests.irc import Client


def test_completion_switcher_splits_and_settings(greenchat: OpenTerminal, server: Server) -> None:
    alice = greenchat(f"alice@{server.address}/#tea", rows=16, columns=90)
    alice.wait_for("You joined")
    alice.enter("/join #dev")
    alice.wait_for("[#dev]", "You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #tea,#dev", "PRIVMSG #dev :the build is green", "PRIVMSG #tea :tea is ready, alice")
        alice.wait_for("the build is green", "2:#tea(1)")
        alice.send(":ca\t\t")
        check(alice, "10 completion")
        alice.send("\x15\x1bg", "te")
        check(alice, "11 switcher")
        alice.send("\x1b")
        alice.wait_for("[#dev]")
        alice.enter("/vsplit #tea")
        alice.wait_for("tea is ready")
        check(alice, "12 splits")
        alice.enter("/unsplit")
        alice.enter("/clear")
        alice.enter("/set theme dark")
        alice.enter("/set nick")
        alice.enter("/set timestamp_format %H")
        alice.wait_for("There is no setting")
        check(alice, "13 settings")
