"""The command about plugins."""

from greenchat.client.requests import Plugin
from greenchat.client.slash.registry import Order, SlashError, command


@command("plugin", "plugins", "script", usage="[list, load name or unload name]", example="/plugin load dice")
def plugin(order: Order) -> None:
    """Load or unload a plugin: a Python file of yours that hears what is said and has commands and timers.

    It stands in the folder plugins beside the settings (~/.config/greenchat/plugins/dice.py):
    | import random
    | def start(chat):
    |     @chat.on_message
    |     def heard(said):
    |         if said.text == "!dice":
    |             said.reply(f"{said.nick} throws {random.randint(1, 6)}")
    |     @chat.on_command("dice", usage="[sides]")
    |     def dice(arguments):
    |         "Throw a die."
    |         chat.say(chat.window, f"I throw {random.randint(1, int(arguments or 6))}")
    |     @chat.every(3600)
    |     def stretch():
    |         chat.print("Stand up and stretch.")
    There are chat.on_message, on_own_message, on_irc("JOIN"), on_command(name), every(seconds), after(seconds, f);
    chat.print(text), say(window, text), send(command, ...), run("/join #tea"); chat.window, network and nick.
    It runs as you, with all your rights: load only what you trust. /set plugins.load dice loads it at every start.
    """
    what, _, name = order.arguments.partition(" ")
    if what not in ("", "list", "load", "unload", "reload") or bool(name) != what.endswith("load"):
        raise SlashError("How to use it: /plugin list, /plugin load NAME or /plugin unload NAME")
    order.model.requests.append(Plugin(what.removeprefix("re"), name.strip().removesuffix(".py")))
