"""An example of a plugin: /plugin example writes this file into your folder of plugins, /plugin load dice starts it.

`start` is called with `chat`, through which a plugin says what it wants to hear of (chat.on_message, on_own_message,
on_irc("JOIN"), on_command(name), every(seconds), after(seconds, function)) and does things: chat.print(text),
say(window, text), send("WHOIS", "bob"), run("/join #tea"); chat.window, network and nick say where you are.
"""

import random

from greenchat.client.plugin import Chat, Said


def start(chat: Chat) -> None:
    """Throw dice for everybody, and remind of stretching."""

    @chat.on_message
    def heard(said: Said) -> None:
        if said.text == "!dice":
            said.reply(f"{said.nick} throws {random.randint(1, 6)}")

    @chat.on_command("dice", usage="[sides]")
    def dice(arguments: str) -> None:
        """Throw a die."""
        sides = int(arguments) if arguments.isdecimal() and int(arguments) else 6
        chat.say(chat.window, f"I throw {random.randint(1, sides)}")

    @chat.every(3600)
    def stretch() -> None:
        chat.print("Stand up and stretch.")
