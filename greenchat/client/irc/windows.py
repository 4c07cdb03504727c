"""Stores the open windows at the end, with their numbers, splits and the current one, and restores them at the next
start for the networks of the settings and of bouncers.
"""

from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, Model


def to_json(model: Model, before: str = "") -> str:
    """Return the windows of saved networks as one line of JSON. before: the line of the last
    time; the windows of networks that are not open now are kept."""
    import json  # late: only at the end

    present = {network.name for network in model.networks}
    elsewhere = [entry for entry in _entries(before) if entry.get("network") not in present]
    entries: list[dict[str, object]] = [
        {
            "network": buffer.network.name,
            "name": "" if buffer.kind is BufferKind.STATUS else buffer.name,
            "number": buffer.number,
            "place": model.splits.place(buffer),
            "current": buffer is model.current,
            "strange": buffer.from_stranger,
            "left": buffer.kind is BufferKind.CHANNEL and not buffer.network.is_coming(buffer.name),
        }
        for buffer in model.buffers
        if buffer.network.saved or buffer.network.bouncer.bound
    ]
    return json.dumps([*entries, *elsewhere])


def restore(model: Model, text: str) -> None:
    """Open the windows that were open, and those of all channels that are to be joined."""
    for network in model.networks:
        _reopen(model, network, text)
        for channel in network.channels:
            model.open(network, channel)
    channels = [buffer for buffer in model.buffers if buffer.kind is BufferKind.CHANNEL]
    model.show((channels or model.buffers)[0])
    _arrange(model, text)


def reopen(model: Model, network: ClientNetwork) -> None:
    """Open the former windows of a network that appears after the start, like those of a bouncer.

    They get their places on the screen, unless the user has started to do something.
    """
    _reopen(model, network, model.former_windows)
    if model.is_restoring:
        _arrange(model, model.former_windows)


def _reopen(model: Model, network: ClientNetwork, text: str) -> None:
    for entry in _entries(text):
        if entry.get("network") == network.name:
            _open(model, network, entry)


def _arrange(model: Model, text: str) -> None:
    """Show the former current window and the split windows beside it, if they are open already."""
    networks = {network.name: network for network in model.networks}
    places: dict[Buffer, tuple[int, int]] = {}
    for entry in _entries(text):
        network = networks.get(str(entry.get("network", "")))
        name = str(entry.get("name", ""))
        if network is None or (buffer := network.find(name) if name else network.status) is None:
            continue
        match entry.get("place"):
            case [int(column), int(row)]:
                places[buffer] = column, row
        if entry.get("current"):
            model.show(buffer)
    if places:
        model.splits.arrange(places, model.current)


def _open(model: Model, network: ClientNetwork, entry: dict[str, object]) -> Buffer:
    """Open one window, under the number that it had; a channel that the user had left stays left."""
    name, number = str(entry.get("name", "")), entry.get("number")
    channel = bool(name) and network.isupport.is_channel(name)
    if channel and name not in network.channels and not entry.get("left"):
        network.want(name)
    buffer = model.open(network, name) if name else network.status
    buffer.from_stranger = bool(entry.get("strange"))
    if isinstance(number, int) and 0 < number < 1000:
        model.move(buffer, number)
    return buffer


def _entries(text: str) -> list[dict[str, object]]:
    """Return the entries of a stored list, [] if the text is not a list."""
    import json

    try:
        document = json.loads(text)
    except ValueError:
        return []
    return [each for each in document if isinstance(each, dict)] if isinstance(document, list) else []
