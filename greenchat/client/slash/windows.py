"""Commands about windows, their lines, and quitting."""

import re

from greenchat.client.irc import chathistory, login
from greenchat.client.slash.registry import Order, SlashError, command, reject_foreign_word
from greenchat.client.state.effects import Export, Quit, ShowSplits
from greenchat.client.state.lines import TALK, Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, LinkState
from greenchat.client.state.paths import typed_path
from greenchat.client.state.questions import SearchFor
from greenchat.client.text.times import clock, date, date_and_time
from greenchat.protocol.message import ParseError, parse

MOST_FOUND = 50  # lines that /lastlog shows


@command("unquery", usage="[nick]", example="/unquery bob", switches="")
def unquery(order: Order) -> None:
    """Close a private chat."""
    buffer = named(order, order.words[0]) if order.words else order.buffer
    if buffer.kind is not BufferKind.PRIVATE:
        raise SlashError(f"{buffer.name} is not a private chat. Use /close to close it.")
    close(order)


@command("close", "wc", usage="[name]", example="/close #tea", switches="")
def close(order: Order) -> None:
    """Close a window; leaves its channel."""
    buffer = named(order, order.words[0]) if order.words else order.buffer
    network = buffer.network
    if buffer.kind is BufferKind.STATUS:
        if len(order.model.networks) == 1:
            raise SlashError("This window can't be closed. Use /quit to leave greenchat.")
        if network.link.state is not LinkState.OFFLINE:
            raise SlashError("This is a network's window. Use /disconnect first.")
        network.link.leave()
        order.model.remove_network(network)
        return
    chathistory.mark_read(buffer)
    if buffer.joined and network.link.state is LinkState.ONLINE:
        reason = str(order.model.settings.get("text.part"))
        network.send("PART", buffer.name, *([reason] if reason else []))
        buffer.joined = False
    network.unwant(buffer.name)
    order.model.close(buffer)


@command("split", "splith", usage="[right] [window]", example="/split #dev")
def split(order: Order) -> None:
    """Show another window above this one (default: the last one you were in). Alt-O or F7 goes to it.

    /split right #dev, or /vsplit #dev, shows it to the right. A small terminal shows only one window. /unsplit ends it.
    """
    first, _, rest = order.arguments.partition(" ")
    split_off(order, rest.strip() if first == "right" else order.arguments, right=first == "right")


@command("vsplit", "splitv", usage="[window]", example="/vsplit #dev")
def vsplit(order: Order) -> None:
    """Show another window to the right of this one (default: the last one you were in)."""
    split_off(order, order.arguments, right=True)


@command("unsplit", usage="[window]", example="/unsplit")
def unsplit(order: Order) -> None:
    """Show only this window, or remove one from the split."""
    model = order.model
    for buffer in [named(order, order.words[0])] if order.words else list(model.others_shown):
        if buffer is model.current:
            raise SlashError("You are in this window already. Alt-O goes to another one.")
        model.splits.remove(buffer)


@command("windows", "ls", "wl", example="/windows")
def windows(order: Order) -> None:
    """List all windows."""
    for buffer in order.model.buffers:
        unread = f", {buffer.unread.count} unread" if buffer.unread.count else ""
        several = len(order.model.networks) > 1 and buffer.kind is not BufferKind.STATUS
        place = f" on {buffer.network.name}" if several else ""
        order.tell(f"{buffer.number}: {buffer.name}{place}{unread}")


@command("activity", "missed", example="/activity")
def activity(order: Order) -> None:
    """List the windows with unread messages: their number, the highlights and the last line."""
    quiet = True
    for buffer in order.model.buffers:
        if not buffer.unread.is_important or buffer is order.buffer:
            continue
        quiet = False
        unread, called = buffer.unread.count, buffer.unread.highlights
        counts = [f"{unread} unread"] * bool(unread) + [f"{called} highlight{'s' * (called != 1)}"] * bool(called)
        last = next((line for line in reversed(buffer.lines) if line.kind in TALK or line.highlight), buffer.lines[-1])
        order.tell(f"{buffer.number}:{buffer.name}, {', '.join(counts)}; last {_quoted(last)}")
    if quiet:
        order.tell("Nothing unread.")


@command("mentions", usage="[how many]", example="/mentions 20")
def mentions(order: Order) -> None:
    """List the latest highlights of all windows."""
    wanted = int(order.words[0]) if order.words and order.words[0].isdecimal() else 10
    for buffer, line in list(order.model.mentions)[-wanted:]:
        order.tell(f"{_when(line.time, order.now)} {buffer.name} {_quoted(line)}")
    if not order.model.mentions:
        order.tell("There are no highlights yet.")


@command(
    "lastlog",
    "last",
    "grep",
    usage="[text] [count]",
    example="/lastlog cake",
    switches="regexp hilight highlight case word force",
)
def lastlog(order: Order) -> None:
    """List the lines of this window that contain a text. Ctrl-F searches, too.

    /lastlog cake 5 shows the last five (or the lines with "cake 5", if there are any).
    -regexp: a regular expression, -word: whole words, -case: match case, -hilight: highlights only.
    """
    messages = [line for line in order.buffer.lines if line.kind in TALK]
    if order.switches & {"hilight", "highlight"}:
        messages = [line for line in messages if line.highlight]
    most = MOST_FOUND
    matches = _matching(messages, order, order.arguments)
    text, _, count = f" {order.arguments}".rpartition(" ")
    if not matches and count.isdecimal() and int(count):
        most = min(most, int(count))
        matches = _matching(messages, order, text.strip())
    for line in matches[-most:]:
        order.tell(f"{_when(line.time, order.now)} {_quoted(line)}")
    if not matches:
        order.tell("No line matches. Ctrl-F and then Tab searches all windows and the server.")


def _matching(messages: list[Line], order: Order, text: str) -> list[Line]:
    """Return the lines that contain a text, by the switches. Raises SlashError."""
    pattern = text if "regexp" in order.switches else re.escape(text)
    pattern = rf"(?<!\w){pattern}(?!\w)" if "word" in order.switches else pattern
    try:
        wanted = re.compile(pattern, 0 if "case" in order.switches else re.I)
    except re.error as error:
        raise SlashError(f"Not a valid regular expression: {error}") from error
    return [line for line in messages if wanted.search(f"{line.nick} {line.text}")]


@command("search", "find", usage="[text]", example="/search cake")
def search(order: Order) -> None:
    """Search this window; Tab switches to all windows and to the server. The same as Ctrl-F."""
    if order.model.has_screen:
        order.model.questions.append(SearchFor(order.arguments))
    else:
        lastlog(order)


@command("clear", "c", "cl", "cls", usage="[-all]", example="/clear", switches="all")
def clear(order: Order) -> None:
    """Clear the window, or all with -all. Scrolling up brings the lines back."""
    for buffer in order.model.buffers if "all" in order.switches else [order.buffer]:
        buffer.clear()


@command("export", "log", usage="[all] [file]", example="/export ~/tea.txt")
def export(order: Order) -> None:
    """Write the history of this window (or of all) to a text file."""
    first, _, rest = order.arguments.partition(" ")
    reject_foreign_word("export", first)
    buffers: tuple[Buffer, ...] = (order.buffer,)
    path = order.arguments
    if first == "all":
        buffers = tuple(buffer for buffer in order.model.buffers if buffer.kind is not BufferKind.STATUS)
        path = rest.strip()
    if not buffers:
        raise SlashError("There is nothing to export yet.")
    order.model.effects.append(Export(buffers, typed_path(path) if path else None))


@command("quit", "exit", "bye", "signoff", usage="[why]", example="/quit See you tomorrow")
def quit_(order: Order) -> None:
    """Leave greenchat."""
    chathistory.mark_read(order.buffer)
    reason = order.arguments or str(order.model.settings.get("text.quit"))
    if not order.model.is_interactive:  # a script first gets what it has requested
        order.model.effects.append(Quit(reason))
        return
    for network in order.model.networks:
        network.link.leave()
        if network.link.state is not LinkState.OFFLINE:
            network.send("QUIT", *([reason] if reason else []))
    order.model.effects.append(Quit())


@command("raw", "quote", usage="line", least=1, example="/raw WHOIS bob")
def raw(order: Order) -> None:
    """Send a raw line to the server. PASS before the welcome connects again with that password."""
    try:
        message = parse(order.arguments)
    except ParseError as error:
        raise SlashError(str(error)) from error
    if message.command == "PASS" and message.params and order.network.link.state is not LinkState.ONLINE:
        login.connect_with_password(order.model, order.network, message.params[-1])  # as ZNC tells its users to do
        return
    order.online().send(message.command, *message.params, tags=dict(message.tags))


@command("motd", example="/motd")
def motd(order: Order) -> None:
    """Show the server's message of the day."""
    order.online().send("MOTD")


def split_off(order: Order, name: str, *, right: bool) -> None:
    """Show another window above this one, or to the right of it. name: "" for the last one. Raises SlashError."""
    model = order.model
    wanted = named(order, name.split()[0]) if name else model.last
    if wanted is model.current:
        raise SlashError("This window is already shown. Name another one: /split #channel")
    (model.splits.add_right if right else model.splits.add_above)(wanted, model.current)
    model.effects.append(ShowSplits())


def _when(time: int, now: int) -> str:
    """Return the time of day, with the date unless it is today. Both in milliseconds since the epoch."""
    return clock(time) if date(time) == date(now) else date_and_time(str(time // 1000))


def _quoted(line: Line) -> str:
    if line.kind not in TALK:
        return line.text
    return f"* {line.nick} {line.text}" if line.kind is LineKind.ACTION else f"{line.nick}: {line.text}"


def named(order: Order, wanted: str) -> Buffer:
    """Return the window of a name, a number, or a part of a name. Raises SlashError."""
    exact = order.network.find(wanted)
    if exact:
        return exact
    if wanted.isdecimal() and (numbered := order.model.numbered(int(wanted))):
        return numbered
    lowered = wanted.lower()
    for buffer in order.model.buffers:
        if lowered in buffer.name.lower():
            return buffer
    what = f"/join {wanted} opens it" if order.network.isupport.is_channel(wanted) else "/windows lists them"
    raise SlashError(f"There is no window {wanted}. {what}.")
