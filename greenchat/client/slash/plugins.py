"""The command about plugins."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Plugin


@command("plugin", "plugins", "script", usage="[list, example, load NAME or unload NAME]", example="/plugin load dice")
def plugin(order: Order) -> None:
    """Load or unload a plugin: a Python file of yours that hears what is said and has commands and timers.

    It stands in the folder plugins beside the settings (~/.config/greenchat/plugins/dice.py).
    /plugin example writes one there to begin with, and to change; what it can do is explained in it.
    It runs as you, with all your rights: load only what you trust. /set plugins.load dice loads it at every start.
    """
    what, _, name = order.arguments.partition(" ")
    if what not in ("", "list", "example", "load", "unload", "reload") or bool(name) != what.endswith("load"):
        raise SlashError("How to use it: /plugin list, /plugin example, /plugin load NAME or /plugin unload NAME")
    order.model.effects.append(Plugin(what.removeprefix("re"), name.strip().removesuffix(".py")))
