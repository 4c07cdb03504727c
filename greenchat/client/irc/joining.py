"""Joins channels: several in one line, those with keys first.

https://modern.ircdocs.horse/#join-message, https://modern.ircdocs.horse/#targmax-parameter
"""

from collections.abc import Iterator, Mapping

from greenchat.client.irc import bouncer
from greenchat.client.state.lines import TALK
from greenchat.client.state.model import Buffer, ClientNetwork, Model
from greenchat.protocol import caps
from greenchat.protocol.framing import BODY_LIMIT

_ROOM = BODY_LIMIT - 8  # without the command, two spaces and the end of the line


def join(network: ClientNetwork, wanted: Mapping[str, str]) -> None:
    """Join these channels in as few lines as possible. wanted: name -> key or ""."""
    for names, keys in lines(wanted, network.isupport.targets("JOIN")):
        network.send("JOIN", ",".join(names), *([",".join(keys)] if keys else []))


def refused(model: Model, network: ClientNetwork, channel: str) -> Buffer | None:
    """Give up a channel that the server refused, and return its window, if there is one."""
    network.show_on_join.pop(channel, None)
    buffer = network.find(channel)
    if buffer:
        buffer.refused = not buffer.joined
    return buffer


def forwarded(model: Model, network: ClientNetwork, channel: str, to: str) -> None:
    """Put the channel to which the server forwards in the place of the requested one, and into its window."""
    shown = refused(model, network, channel)
    if channel in network.channels:
        network.unwant(channel)
        network.want(to)
    target = model.open(network, to)
    if shown is None or shown is model.current:
        model.show(target)
    if shown is None:
        network.show_on_join[to] = ""
    elif not any(line.kind in TALK for line in shown.lines):
        target.waiting += shown.waiting
        model.close(shown)


def rejoin(network: ClientNetwork) -> None:
    """Join all wanted channels.

    A bouncer is already in its channels, or has detached them, and a join would attach them again: with it only the
    channels of the settings, and those that the user has just requested, are joined. The bouncer reports the others
    itself.
    """
    missing = {name: key for name, key in network.channels.items() if not _is_in(network, name)}
    if bouncer.holds_session(network):
        asked = {
            network.fold(name) for name in (*network.show_on_join, *(network.saved.wanted if network.saved else ()))
        }
        for name in [name for name in missing if network.fold(name) not in asked]:
            del missing[name]
            network.unwant(name)
    join(network, missing)


def _is_in(network: ClientNetwork, channel: str) -> bool:
    buffer = network.find(channel)
    return buffer is not None and buffer.joined


def ask_names(buffer: Buffer) -> None:
    """Request the names of a channel, if the server does not send them by itself and they were not requested before.

    https://ircv3.net/specs/extensions/no-implicit-names
    """
    if lacks_names(buffer):
        buffer.names_asked = True
        buffer.network.send("NAMES", buffer.name)


def show_names(model: Model, buffer: Buffer, now: int) -> None:
    """Show the members of a channel, now or once the names are complete."""
    if buffer.names_known:
        model.tell(members_line(buffer), now)
    else:
        buffer.names_wanted = True
        ask_names(buffer)


def members_line(buffer: Buffer) -> str:
    """Return the members of a channel, in one line."""
    members = " ".join(
        member.prefixes[:1] + member.nick + (" (away)" if member.away else "") for member in buffer.ranked_members
    )
    return f"{len(buffer.members)} in {buffer.name}: {members}"


def lacks_names(buffer: Buffer) -> bool:
    """Whether the names of a channel still have to be requested."""
    implicit = not buffer.network.caps.held & caps.NO_IMPLICIT_NAMES
    return buffer.joined and not buffer.names_asked and not implicit


def without_names(network: ClientNetwork) -> Buffer | None:
    """Return a channel whose names still have to be requested, or None."""
    if not network.caps.held & caps.NO_IMPLICIT_NAMES:
        return None
    lacking = network.lacking_names
    while lacking and not lacks_names(lacking[0]):
        lacking.popleft()  # requested meanwhile for a visible window, or left
    return lacking[0] if lacking else None


def lines(wanted: Mapping[str, str], most: int = 0) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the names and keys of each line. most: channels in one line, 0 for no limit.

    "If a JOIN message has keys, they belong to the channels in the order in which both are listed", so channels with
    keys come first.
    """
    names: list[str] = []
    keys: list[str] = []
    used = 0
    for name, key in sorted(wanted.items(), key=lambda item: not item[1]):
        needed = len(name.encode()) + 1 + (len(key.encode()) + 1 if key else 0)
        if names and (used + needed > _ROOM or (most and len(names) >= most)):
            yield names, keys
            names, keys, used = [], [], 0
        names.append(name)
        keys += [key] if key else []
        used += needed
    if names:
        yield names, keys
