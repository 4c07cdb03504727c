"""/window: switching between windows, and other uses known from irssi and WeeChat."""

from greenchat.client.slash import windows
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.slash.settings import override
from greenchat.client.state.model import Buffer

MOST_WINDOWS = 999
WORDS = ("close", "last", "left", "list", "merge", "move", "next", "prev", "right", "splith", "splitv")
_STEPS = {"next": 1, "prev": -1, "previous": -1}
_BESIDE = {"left": -1, "up": -1, "right": 1, "down": 1}
_SPLITS = {"splith": False, "splitv": True, "show": False}
_LEVELS = {"none": "mute", "highlight": "", "message": "notify", "all": "notify", "reset": ""}  # WeeChat's


@command("window", "buffer", "win", "wg", "buflist", usage="number or name", example="/window 2")
def window(order: Order) -> None:
    """Go to a window, like /2 and Alt-2.

    /window next, prev, +1, -1 or last; list lists all; close closes this one; move 3 moves it to number 3.
    left, right, up and down move between splits.
    """
    first, *rest = order.words or ["list"]
    word = first.lower()
    if word == "list":
        windows.windows(order)
    elif word in ("close", "kill", "del"):
        windows.close(Order(order.model, " ".join(rest), order.now))
    elif word == "clear":
        windows.clear(order)
    elif word == "last":
        order.model.show(order.model.last)
    elif word in _STEPS and not rest:
        _step(order, _STEPS[word])
    elif word[:1] in "+-" and word[1:].isdecimal():
        _step(order, int(word))
    elif word in ("move", "number", "renumber"):
        _move(order, rest[-1] if rest else "")
    elif word in _BESIDE:
        _go_to_split(order, _BESIDE[word])
    elif word in _SPLITS:
        names = [each for each in rest if word == "show" or not each.isdecimal()]  # WeeChat's number is a size
        windows.split_off(order, " ".join(names), right=_SPLITS[word])
    elif word in ("merge", "unsplit"):
        windows.unsplit(Order(order.model, "", order.now))
    elif word == "hide" and order.model.others_shown:
        windows.unsplit(Order(order.model, " ".join(rest), order.now))
    elif word == "notify" and rest and rest[-1] in _LEVELS:
        override(Order(order.model, f"{order.buffer.name} {_LEVELS[rest[-1]]}", order.now))
    elif word in ("goto", "refnum", "jump") and rest:
        _go(order, rest[-1])
    else:
        _go(order, first)


def _go(order: Order, wanted: str) -> None:
    model = order.model
    if wanted in ("active", "smart"):
        unread = [buffer for buffer in model.buffers if buffer.unread.is_important]
        if not unread:
            raise SlashError("Nothing unread.")
        model.show(max(unread, key=lambda buffer: (buffer.unread.highlights, buffer.unread.count)))
    elif wanted.isdecimal():
        numbered = model.numbered(int(wanted))
        if numbered is None:
            raise SlashError(f"There is no window {wanted}. /windows lists them.")
        model.show(numbered)
    else:
        model.show(_named(order, wanted))


def _named(order: Order, wanted: str) -> Buffer:
    from greenchat.client.slash import equivalents  # late: only after an unknown word

    instead = "" if order.network.find(wanted) else equivalents.window_instead(wanted.lower())
    if instead:
        raise SlashError(f"/window does not know {wanted}. {instead}.")
    return windows.named(order, wanted.strip("*") or wanted)


def _step(order: Order, step: int) -> None:
    buffers = order.model.buffers
    order.model.show(buffers[(buffers.index(order.buffer) + step) % len(buffers)])


def _go_to_split(order: Order, step: int) -> None:
    shown = order.model.splits.windows
    if len(shown) < 2:
        raise SlashError("There is no split. /split and /vsplit make one.")
    order.model.show(shown[(shown.index(order.buffer) + step) % len(shown)])


def _move(order: Order, position: str) -> None:
    steps = {"left": -1, "prev": -1, "right": 1, "next": 1}
    number = str(order.buffer.number + steps[position]) if position in steps else position
    if not number.isdecimal() or not 1 <= int(number) <= MOST_WINDOWS:
        raise SlashError(f"Give a number: /window move 1 to {MOST_WINDOWS}")
    order.model.move(order.buffer, int(number))
