"""What was said before we came: asked of a server with history, and up to where the user has read.

On coming into a channel the latest lines are asked for, after a lost connection those since then; scrolling to the
top asks for older ones. Lines that may or may not have reached the server when a connection broke are looked for in
that history before they are sent again.

A page ends where it is full, maybe between two lines of the same millisecond. So each question includes the time of
the line that it goes on from; what is here already is not taken twice.

https://ircv3.net/specs/extensions/chathistory, https://ircv3.net/specs/extensions/read-marker
"""

from bisect import bisect_right

from greenchat.client import talk
from greenchat.client.model import Buffer, BufferKind, Link, Model, Network
from greenchat.client.said import TALK
from greenchat.client.times import timestamp

CHATHISTORY = "draft/chathistory"
READ_MARKER = "draft/read-marker"
PAGE = 100  # lines asked for at once
SKEW_MILLISECONDS = 60_000  # how much the server's clock may be behind ours


def ask_latest(buffer: Buffer) -> bool:
    """Ask for the newest lines, or those since the newest that we have. False where the server has no history."""
    if not _can_ask(buffer):
        return False
    # What was said, not what happened: our own JOIN is newer than all that we have missed.
    known = next((line for line in reversed(buffer.lines) if line.id and line.kind in TALK), None)
    since = f"timestamp={timestamp(known.time - 1)}" if known else "*"
    buffer.network.send("CHATHISTORY", "LATEST", buffer.name, since, _page(buffer))
    buffer.asking, buffer.asking_older = True, known is None
    return True


def ask_older(buffer: Buffer) -> bool:
    """Ask for what was said before the oldest line that we have. False where there is nothing to ask for."""
    if buffer.asking or buffer.complete or not _can_ask(buffer):
        return False
    oldest = next((line for line in buffer.lines if line.id), None)
    if oldest is None:
        return False
    before = f"timestamp={timestamp(oldest.time + 1)}"
    buffer.network.send("CHATHISTORY", "BEFORE", buffer.name, before, _page(buffer))
    buffer.asking = buffer.asking_older = True
    return True


def ask_targets(network: Network, now: int) -> None:
    """After a lost connection: ask which talks went on meanwhile, so that none is missed that has no window here."""
    since, network.missed_since = network.missed_since, 0
    if since and CHATHISTORY in network.caps:
        span = (f"timestamp={timestamp(since - SKEW_MILLISECONDS)}", f"timestamp={timestamp(now + SKEW_MILLISECONDS)}")
        network.send("CHATHISTORY", "TARGETS", *span, str(PAGE))
        network.talks_since = since


def talk_went_on(model: Model, network: Network, name: str, time: int) -> None:
    """There is something new in this conversation, said at this time: have it come into its window."""
    since = network.talks_since
    if network.isupport.is_channel(name) or time < since:
        return  # channels are asked about as we come into them
    buffer = model.open(network, name)
    buffer.read_at = buffer.read_at or since
    ask_latest(buffer)


def answered(model: Model, buffer: Buffer, lines: int, now: int) -> None:
    """The history that was asked for has come, with so many lines that were not here yet."""
    if buffer.asking and buffer.asking_older and lines == 0:
        buffer.complete = True
    buffer.asking = False
    place_marker(buffer)
    talk.flush(model, buffer, now)


def found_own(buffer: Buffer, text: str, time: int) -> None:
    """A line of ours is in the history: if it still waits because a connection broke, it has arrived."""
    for waiting in buffer.waiting:
        if waiting.maybe and waiting.text == text and time >= waiting.time - SKEW_MILLISECONDS:
            buffer.waiting.remove(waiting)
            return


def marked(model: Model, buffer: Buffer, time: int) -> None:
    """The user has read up to this time, here or in another client of theirs."""
    if time <= buffer.read_at:
        return
    buffer.read_at = time
    if buffer is not model.current:
        place_marker(buffer)
        unread = [line for line in buffer.lines if line.time > time and line.kind in TALK and not line.own]
        buffer.unread = min(buffer.unread, len(unread)) if buffer.unread else 0
        if not unread:
            buffer.unread = buffer.highlights = 0


def place_marker(buffer: Buffer) -> None:
    """Let the unread lines begin behind what was read, where the server told us."""
    if buffer.read_at:
        buffer.seen = buffer.first + bisect_right(buffer.lines, buffer.read_at, key=lambda line: line.time)


def mark_read(buffer: Buffer) -> None:
    """Tell the server that the user has seen all that is in this buffer."""
    network = buffer.network
    if READ_MARKER not in network.caps or network.link is not Link.ONLINE or buffer.kind is BufferKind.STATUS:
        return
    newest = next((line for line in reversed(buffer.lines) if line.id and line.kind in TALK), None)
    if newest and newest.time > buffer.read_at:
        buffer.read_at = newest.time
        network.send("MARKREAD", buffer.name, f"timestamp={timestamp(newest.time)}")


def _can_ask(buffer: Buffer) -> bool:
    network = buffer.network
    return (
        CHATHISTORY in network.caps
        and network.link is Link.ONLINE
        and (buffer.kind is BufferKind.PRIVATE or buffer.joined)
    )


def _page(buffer: Buffer) -> str:
    return str(min(PAGE, buffer.network.isupport.number("CHATHISTORY", PAGE) or PAGE))
