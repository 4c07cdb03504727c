"""Commands about the terminal: the mouse."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import SaveSettings


@command("mouse", usage="on, off or toggle", least=1, example="/mouse on")
def mouse(order: Order) -> None:
    """Switch mouse support on or off: scrolling, and clicks on windows and nicks. Shift selects text."""
    wanted = order.words[0].lower()
    wanted = {"enable": "on", "disable": "off"}.get(wanted, wanted)
    if wanted == "toggle":
        wanted = "off" if order.model.settings.get("mouse") else "on"
    if wanted not in ("on", "off"):
        raise SlashError("Usage: /mouse on or off")
    order.model.settings.set("mouse", wanted)
    order.model.effects.append(SaveSettings())
    order.tell("Mouse support is on; hold Shift to select text." if wanted == "on" else "Mouse support is off.")
