"""Commands about the client itself: windows, the talk in them, the end."""

from pathlib import Path

from greenchat.client.irc import chathistory
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import Export, Quit
from greenchat.client.state.lines import TALK, Kind, Line
from greenchat.client.state.model import Buffer, BufferKind, LinkState
from greenchat.client.text.times import clock, date, date_and_time
from greenchat.protocol.message import ParseError, parse

MOST_WINDOWS = 999
MOST_FOUND = 50  # lines that /lastlog shows


@command("window", "buffer", "win", "wg", usage="number or name", least=1, example="/window 2")
def window(order: Order) -> None:
    """Go to a window. /2 and Alt-2 do, too.

    /window next, previous and last go to these; list shows all; close closes this one; move 3
    gives it the number 3. Windows keep their numbers.
    """
    wanted = order.words[-1]
    if order.words[0] == "move":
        _move(order, wanted)
    elif wanted in ("close", "next", "previous", "prev"):
        _go(order, wanted)
    elif wanted == "last":
        order.model.show(order.model.last)
    elif wanted == "list":
        windows(order)
    elif wanted.isdecimal():
        found = order.model.numbered(int(wanted))
        if found is None:
            raise SlashError(f"There is no window {wanted}. /windows shows them all.")
        order.model.show(found)
    else:
        order.model.show(_named(order, wanted))


@command("close", "wc", "unquery", usage="[name]", example="/close #tea")
def close(order: Order) -> None:
    """Close a window; a channel is left."""
    buffer = _named(order, order.words[0]) if order.words else order.buffer
    network = buffer.network
    if buffer.kind is BufferKind.STATUS:
        if len(order.model.networks) == 1:
            raise SlashError("This window stays. /quit leaves greenchat.")
        if network.link.state is not LinkState.OFFLINE:
            raise SlashError("This is the window of a whole network. /disconnect first.")
        network.link.leaving, network.link.retry_at = True, None
        order.model.remove_network(network)
        return
    chathistory.mark_read(buffer)
    if buffer.joined and network.link.state is LinkState.ONLINE:
        why = str(order.model.settings.get("text.part"))
        network.send("PART", buffer.name, *([why] if why else []))
        buffer.joined = False
    network.unwant(buffer.name)
    order.model.close(buffer)


@command("split", "splith", usage="[right] [window]", example="/split #dev")
def split(order: Order) -> None:
    """Keep one more window on the screen, above this one (the last one you were in). Alt-O or F7 goes to it.

    /split right #dev, or /vsplit #dev, puts it to the right of this one. On a small terminal only the window you are in
    is shown. /unsplit ends it.
    """
    first, _, rest = order.arguments.partition(" ")
    _split(order, rest.strip() if first == "right" else order.arguments, right=first == "right")


@command("vsplit", "splitv", usage="[window]", example="/vsplit #dev")
def vsplit(order: Order) -> None:
    """Keep one more window on the screen, to the right of this one (the last one you were in)."""
    _split(order, order.arguments, right=True)


@command("unsplit", usage="[window]", example="/unsplit")
def unsplit(order: Order) -> None:
    """Show only the window you are in, or take one away from the others."""
    model = order.model
    for buffer in [_named(order, order.words[0])] if order.words else list(model.others_shown):
        if buffer is model.current:
            raise SlashError("This is the window you are in. Alt-O goes to another one.")
        model.splits.remove(buffer)


@command("windows", "ls", "wl", example="/windows")
def windows(order: Order) -> None:
    """Show all windows."""
    for buffer in order.model.buffers:
        unread = f", {buffer.unread.count} unread" if buffer.unread.count else ""
        order.tell(f"{buffer.number}: {buffer.name}{unread}")


@command("activity", "missed", example="/activity")
def activity(order: Order) -> None:
    """Tell what happened in other windows since you looked: how much, how much of it for you, and the last words."""
    quiet = True
    for buffer in order.model.buffers:
        if not buffer.unread.count or buffer is order.buffer:
            continue
        quiet = False
        called = f", {buffer.unread.highlights} for you" if buffer.unread.highlights else ""
        last = next(line for line in reversed(buffer.lines) if line.kind in TALK)
        order.tell(f"{buffer.number}:{buffer.name}, {buffer.unread.count} unread{called}; last {_quoted(last)}")
    if quiet:
        order.tell("Nothing unread.")


@command("mentions", usage="[how many]", example="/mentions 20")
def mentions(order: Order) -> None:
    """Show where you were called lately, in any window."""
    wanted = int(order.words[0]) if order.words and order.words[0].isdecimal() else 10
    for buffer, line in list(order.model.mentions)[-wanted:]:
        order.tell(f"{_when(line.time, order.now)} {buffer.name} {_quoted(line)}")
    if not order.model.mentions:
        order.tell("Nobody has called you yet.")


@command("lastlog", "last", "grep", usage="text", least=1, example="/lastlog cake")
def lastlog(order: Order) -> None:
    """Show the lines of this window that have a text in them. Ctrl-F searches, too."""
    wanted = order.arguments.casefold()
    found = [
        line for line in order.buffer.lines if line.kind in TALK and wanted in f"{line.nick} {line.text}".casefold()
    ]
    for line in found[-MOST_FOUND:]:
        order.tell(f"{_when(line.time, order.now)} {_quoted(line)}")
    if not found:
        order.tell("Nothing here has that in it. Ctrl-F and Tab search in all windows, and on the server.")


@command("clear", "c", example="/clear")
def clear(order: Order) -> None:
    """Begin with an empty screen. Scrolling up brings back what was on it."""
    order.buffer.clear()


@command("export", "log", usage="[all] [file]", example="/export ~/tea.txt")
def export(order: Order) -> None:
    """Write what was said in this window (or in all) to a text file."""
    first, _, rest = order.arguments.partition(" ")
    buffers: tuple[Buffer, ...] = (order.buffer,)
    path = order.arguments
    if first == "all":
        buffers = tuple(buffer for buffer in order.model.buffers if buffer.kind is not BufferKind.STATUS)
        path = rest.strip()
    if not buffers:
        raise SlashError("There is no conversation to export yet.")
    order.model.effects.append(Export(buffers, Path(path).expanduser() if path else None))


@command("quit", "exit", "bye", "signoff", usage="[why]", example="/quit See you tomorrow")
def quit_(order: Order) -> None:
    """Leave greenchat."""
    chathistory.mark_read(order.buffer)
    for network in order.model.networks:
        network.link.leaving = True
        if network.link.state is not LinkState.OFFLINE:
            why = order.arguments or str(order.model.settings.get("text.quit"))
            network.send("QUIT", *([why] if why else []))
    order.model.effects.append(Quit())


@command("raw", "quote", usage="a line of IRC", least=1, example="/raw WHOIS bob")
def raw(order: Order) -> None:
    """Send a line to the server as it is."""
    try:
        message = parse(order.arguments)
    except ParseError as error:
        raise SlashError(str(error)) from error
    order.online().send(message.command, *message.params, tags=dict(message.tags))


@command("motd", example="/motd")
def motd(order: Order) -> None:
    """Show the server's message of the day."""
    order.online().send("MOTD")


def _split(order: Order, name: str, *, right: bool) -> None:
    model = order.model
    wanted = _named(order, name.split()[0]) if name else model.last
    if wanted is model.current:
        raise SlashError("This window is shown already. Name another one: /split #channel")
    (model.splits.add_right if right else model.splits.add_above)(wanted, model.current)


def _when(time: int, now: int) -> str:
    """Return the time of day, with the date where it was another day. Both in milliseconds since the epoch."""
    return clock(time) if date(time) == date(now) else date_and_time(str(time // 1000))


def _quoted(line: Line) -> str:
    return f"* {line.nick} {line.text}" if line.kind is Kind.ACTION else f"{line.nick}: {line.text}"


def _go(order: Order, where: str) -> None:
    if where == "close":
        close(Order(order.model, "", order.now))
        return
    step = 1 if where == "next" else -1
    buffers = order.model.buffers
    order.model.show(buffers[(buffers.index(order.buffer) + step) % len(buffers)])


def _move(order: Order, where: str) -> None:
    if not where.isdecimal() or not 1 <= int(where) <= MOST_WINDOWS:
        raise SlashError(f"Which number is it to have? /window move 1 to {MOST_WINDOWS}")
    order.model.move(order.buffer, int(where))


def _named(order: Order, wanted: str) -> Buffer:
    exact = order.network.find(wanted)
    if exact:
        return exact
    if wanted.isdecimal() and (numbered := order.model.numbered(int(wanted))):
        return numbered
    lowered = wanted.lower()
    for buffer in order.model.buffers:
        if lowered in buffer.name.lower():
            return buffer
    raise SlashError(f"There is no window {wanted}.")
