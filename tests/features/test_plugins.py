"""Plugins and their exceptions in a real terminal."""

from pathlib import Path

from tests.features.conftest import OpenTerminal, Server
from tests.irc import Client

KETTLE = """
import sys, threading

def start(chat):
    @chat.on_message
    def answer(message):
        print("this would break the screen", file=sys.stderr)
        if message.text == "!tea":
            chat.after(0.05, lambda: message.reply("The kettle is on."))
        else:
            1 / 0
"""


def test_a_plugin_answers_and_its_exceptions_leave_the_screen_intact(
    server: Server, greenchat: OpenTerminal, tmp_path: Path
) -> None:
    folder = tmp_path / "config/greenchat/plugins"
    folder.mkdir(parents=True)
    (folder / "kettle.py").write_text(KETTLE)
    (folder.parent / "client.toml").write_text('[settings]\n"plugins.load" = ["kettle"]\n')
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        alice.wait_for("bob joined")
        bob.send("PRIVMSG #lobby :!tea")
        assert bob.expect("PRIVMSG").params == ("#lobby", "The kettle is on.")
        bob.send("PRIVMSG #lobby :no tea")
        alice.wait_for("bob │ no tea")
        alice.wait_for("The plugin kettle failed", "ZeroDivisionError", "kettle: this would break the screen")
        assert (tmp_path / "state/greenchat/plugin-kettle.txt").exists()
        alice.enter("/plugin unload kettle")
        alice.wait_for("The plugin kettle is unloaded.")
        alice.enter("/quit")
        assert alice.wait_end() == 0
