"""Commands about the terminal: the mouse."""

from greenchat.client.requests import Mouse
from greenchat.client.slash.registry import Order, SlashError, command


@command("mouse", usage="on or off", least=1, example="/mouse on")
def mouse(order: Order) -> None:
    """Let the wheel scroll and clicks choose windows and people. Hold Shift to select text meanwhile."""
    wanted = order.words[0].lower()
    if wanted not in ("on", "off"):
        raise SlashError("How to use it: /mouse on or off")
    order.model.requests.append(Mouse(wanted == "on"))
    order.tell("The mouse is heeded; hold Shift to select text." if wanted == "on" else "The mouse is the terminal's.")
