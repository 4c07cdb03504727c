"""The command about plugins."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Plugin


@command("plugin", "plugins", "script", usage="[list, example, load NAME or unload NAME]", example="/plugin load dice")
def plugin(order: Order) -> None:
    """Load or unload a plugin: a Python file with handlers, commands and timers.

    Plugins are in the folder plugins beside the settings (~/.config/greenchat/plugins/dice.py).
    /plugin example writes a sample there, which explains what a plugin can do.
    A plugin runs with all your rights: load only what you trust. /set plugins.load dice loads it at every start.
    """
    what, _, name = order.arguments.partition(" ")
    if what not in ("", "list", "example", "load", "unload", "reload") or bool(name) != what.endswith("load"):
        raise SlashError("Usage: /plugin list, /plugin example, /plugin load NAME or /plugin unload NAME")
    order.model.effects.append(Plugin(what.removeprefix("re"), name.strip().removesuffix(".py")))
