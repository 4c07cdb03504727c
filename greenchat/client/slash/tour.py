"""The first minute, for users new to chat in a terminal: one hint at a time, the next when it is done.

It asks nothing and blocks nothing: a user who does something else just gets no further hint.
"""

from collections.abc import Callable

from greenchat.client.slash.registry import Order, command
from greenchat.client.state.bindings import spelled
from greenchat.client.state.model import Model
from greenchat.client.state.tour import Tour
from greenchat.records import record


@record(frozen=True, slots=True)
class _Step:
    """A hint; {key} is replaced in it. done: whether the user has followed it."""

    text: str
    done: Callable[[Model, Tour], bool]


def _own_lines(model: Model) -> int:
    return sum(line.own for buffer in model.buffers for line in buffer.lines)


def _has_spoken(model: Model, tour: Tour) -> bool:
    return _own_lines(model) > tour.own_lines


def _has_moved(model: Model, tour: Tour) -> bool:
    return model.current is not tour.begun_in


def _has_ordered(_model: Model, tour: Tour) -> bool:
    return tour.ordered


_STEPS = (
    _Step("Type a message and press Enter to send it to everybody in this channel. Try it: say hello.", _has_spoken),
    _Step(
        "Sent. The server, each channel and each private chat has its own window; the bottom line shows which have"
        " news. {next} goes to the next window: try it.",
        _has_moved,
    ),
    _Step(
        "{previous} goes back. A line that begins with / is a command: /list lists the channels, /join #name joins"
        " one, /msg NAME hello writes to one person. Try /help.",
        _has_ordered,
    ),
)
_LAST = (
    "{up} scrolls up, {down} down; {complete} completes names and commands. /quit leaves; next time, greenchat"
    " suggests the same server and nickname. /tour shows these steps again."
)
_KEYS = {
    "next": "next window",
    "previous": "previous window",
    "up": "scroll up",
    "down": "scroll down",
    "complete": "complete",
}


@command("tour", example="/tour")
def tour(order: Order) -> None:
    """Show the first steps again."""
    begin(order.model, order.now)


def begin(model: Model, now: int) -> None:
    """Give the first hint. now: milliseconds since the epoch."""
    model.tour = Tour(model.current, _own_lines(model))
    _tell(model, _STEPS[0].text, now)


def follow(model: Model, now: int) -> None:
    """Show the next hint, if the user has followed the last one. now: milliseconds since the epoch."""
    if model.tour is None or not _STEPS[model.tour.step].done(model, model.tour):
        return
    step = model.tour.step + 1
    if step == len(_STEPS):
        model.tour = None
        _tell(model, _LAST, now)
    else:
        model.tour = Tour(model.current, _own_lines(model), step)
        _tell(model, _STEPS[step].text, now)


def _tell(model: Model, text: str, now: int) -> None:
    keys = {action: spelled(key) for key, action in reversed(model.settings.keys().items())}
    model.tell(text.format(**{name: keys.get(action, "/window") for name, action in _KEYS.items()}), now)
