"""An example of a plugin: /plugin example writes this file into your plugin folder, /plugin load dice starts it.

`start` is called with `chat`. Register functions with chat.on_message, on_own_message, on_irc("JOIN"),
on_command(name), every(seconds) and after(seconds, function). Act with chat.print(text), say(window, text),
send("WHOIS", "bob") and run("/join #tea"). chat.window, network and nick say where you are.
"""

import random

from greenchat.client.plugin import Chat, ChatMessage


def start(chat: Chat) -> None:
    """Throw dice for everybody, and remind the user to stretch."""

    @chat.on_message
    def answer(message: ChatMessage) -> None:
        if message.text == "!dice":
            message.reply(f"{message.nick} throws {random.randint(1, 6)}")

    @chat.on_command("dice", usage="[sides]")
    def dice(arguments: str) -> None:
        """Throw a die."""
        sides = int(arguments) if arguments.isdecimal() and int(arguments) else 6
        chat.say(chat.window, f"I throw {random.randint(1, sides)}")

    @chat.every(3600)
    def stretch() -> None:
        chat.print("Stand up and stretch.")
