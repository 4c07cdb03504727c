"""CHATHISTORY and MARKREAD: loads earlier messages, and synchronizes read markers.

Joining a channel requests the latest lines, after a lost connection those since then; scrolling to the top requests
older ones. If more was missed than a page holds, a gap is noted, which is filled when it becomes visible. Lines that
may have reached the server before a connection broke are searched for in that history before they are sent again.

A full page may end between two lines of the same millisecond. So each request includes the time of the line from which
it continues, and known lines are skipped. If one millisecond has more lines than a page, so that a request brings
nothing new, requests use msgids.

https://ircv3.net/specs/extensions/chathistory, https://ircv3.net/specs/extensions/read-marker
"""

from bisect import bisect_right
from collections.abc import Iterable

from greenchat.client.irc import bouncer, sending, strangers
from greenchat.client.state.lines import TALK, Line, Page
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.client.text.times import timestamp
from greenchat.protocol import caps

PAGE = 100  # lines of one request
PAGES_UNSEEN = 10  # requested to fill gaps if there is no screen to scroll
UNREAD_MILLISECONDS = 7 * 86_400_000  # the age of unread private messages to look for
SKEW_MILLISECONDS = 60_000  # how much the server's clock may be behind ours


def ask_latest(buffer: Buffer) -> bool:
    """Request the latest lines, or those since our newest one. Return False if the server has no history."""
    buffer.history.wants_missed = False
    if not _can_ask(buffer):
        return False
    # Lines since our join are not missed ones.
    known = _message_before(buffer, buffer.history.first_after_missed)
    _ask(buffer, "LATEST", _at(known.time - 1) if known else "*")
    return True


def ask_older(buffer: Buffer) -> bool:
    """Request lines before our oldest one, from the server or else the archive. Return False if the server can't be
    asked.
    """
    if buffer.history.page:
        return False
    oldest = next((line for line in buffer.lines if line.id), None)
    if buffer.history.complete or oldest is None or not _can_ask(buffer):
        buffer.history.wants_older = True
        return False
    _ask(buffer, "BEFORE", _from(buffer, oldest, 1), before=oldest.id)
    return True


def fill_gap(buffer: Buffer, shown: Iterable[int]) -> bool:
    """Request the missing lines between these, the newest first. Return False if there is nothing to request."""
    if not buffer.history.gaps or buffer.history.page or not _can_ask(buffer):
        return False
    for number in shown:
        line = buffer.line(number)
        before = _message_before(buffer, number)
        if buffer.history.gaps.get(line.id) is False and before:
            _ask(buffer, "BETWEEN", _from(buffer, line, 1), _from(buffer, before, -1), gap=line.id, before=line.id)
            return True
    return False


def ask_targets(network: ClientNetwork, now: int) -> None:
    """Request the conversations with new messages, including those without a window: since the connection was lost, and
    once, with an account or a bouncer, of the last days, since the user may have been present without this client.
    """
    since = network.link.take_missed_since()
    may_look = bool(network.login.account) or bouncer.is_between(network)
    if network.reading.begin(may_look=may_look and network.caps.held & caps.READ_MARKER != 0):
        since = now - UNREAD_MILLISECONDS
    if since and network.caps.held & caps.CHATHISTORY != 0:
        span = (_at(since - SKEW_MILLISECONDS), _at(now + SKEW_MILLISECONDS))
        network.send("CHATHISTORY", "TARGETS", *span, str(PAGE))
        network.reading.ask_talks(since)


def new_messages_in(model: Model, network: ClientNetwork, name: str, time: int) -> None:
    """Load new messages of a conversation, the last one of this time, into its window. If they may have been read
    elsewhere, query the read marker first.
    """
    since = network.reading.talks_since
    if network.isupport.is_channel(name) or time < since:
        return  # channels are requested after joining
    if network.reading.looks_for_unread and network.find(name) is None:
        key = network.fold(name)
        if key not in network.reading.unread:
            network.send("MARKREAD", name)
        network.reading.unread[key] = max(time, network.reading.unread.get(key, 0))
        return
    buffer = strangers.window_for(model, network, name, time)
    buffer.unread.read_at = buffer.unread.read_at or since
    ask_latest(buffer)


def read_until(model: Model, network: ClientNetwork, name: str, time: int) -> None:
    """Note the read marker of a private conversation, 0 for none; request its history if there are later messages."""
    if network.reading.unread.pop(network.fold(name), 0) > time:
        buffer = strangers.window_for(model, network, name, time)
        buffer.unread.read_at = time or network.reading.talks_since
        ask_latest(buffer)


def is_behind(buffer: Buffer) -> bool:
    """Whether missed lines are still to come, so that newer lines can't be shown in order yet."""
    network = buffer.network
    if not network.caps.held & caps.CHATHISTORY or network.link.state is not LinkState.ONLINE:
        return False
    if buffer.history.page or buffer.history.wants_missed:
        return True
    asked = network.reading.asks_talks or network.fold(buffer.name) in network.reading.unread
    return buffer.kind is BufferKind.PRIVATE and asked


def begin(buffer: Buffer) -> None:
    """Request the history of a private conversation when it is first shown. Not without echo-message, since our own
    messages could not be recognized in it, nor for services, which have no history.
    """
    talks = buffer.kind is BufferKind.PRIVATE and not buffer.name.lower().endswith("serv")
    if talks and not buffer.history.begun and _can_ask(buffer) and buffer.network.caps.held & caps.ECHO_MESSAGE != 0:
        _ask(buffer, "LATEST", "*")


def answered(model: Model, buffer: Buffer, lines: int, now: int) -> None:
    """Note that a requested page of history, with so many messages, is complete."""
    page, buffer.history.page = buffer.history.page, None
    if page and _has_no_new_line(buffer, page, full=lines >= page.limit):
        buffer.history.crowded = True
        if page.command == "BEFORE":
            ask_older(buffer)
        return
    if page:
        _note_gap(buffer, page, full=lines >= page.limit)
        buffer.history.complete = buffer.history.complete or (page.older and not page.new)
    if page is None or page.command == "LATEST":
        place_marker(buffer)  # older pages do not change which lines are unread
    if buffer.history.gaps and not model.has_screen and buffer.history.pages_filled < PAGES_UNSEEN:
        buffer.history.pages_filled += fill_gap(buffer, range(buffer.first, buffer.end))  # nobody scrolls
    sending.flush(model, buffer, now)


def failed(model: Model, buffer: Buffer, now: int) -> None:
    """Note that the history is not available, so that it is not requested again."""
    page, buffer.history.page = buffer.history.page, None
    if page is None:
        return
    if page.gap:
        buffer.history.gaps[page.gap] = True
    buffer.history.complete = buffer.history.complete or page.command == "BEFORE"  # don't ask again at each step up
    sending.flush(model, buffer, now)


def _has_no_new_line(buffer: Buffer, page: Page, *, full: bool) -> bool:
    """Whether a full page, requested by time, had no new line: all are of the millisecond of a known line."""
    return full and not page.new and page.command != "LATEST" and not buffer.history.crowded


def _note_gap(buffer: Buffer, page: Page, *, full: bool) -> None:
    """Mark a gap before a full page that begins with new lines, and so may not reach the known ones."""
    buffer.history.gaps.pop(page.gap, None)
    if full and page.first_new and page.command != "BEFORE":
        number = next(number for number in range(buffer.first, buffer.end) if buffer.line(number).id == page.first)
        if _message_before(buffer, number):
            buffer.history.gaps[page.first] = False


def _message_before(buffer: Buffer, number: int) -> Line | None:
    """Return the last message before a line that the server has, too."""
    lines = (buffer.line(each) for each in range(number - 1, buffer.first - 1, -1))
    return next((line for line in lines if line.id and line.kind in TALK), None)


def confirm_own(buffer: Buffer, text: str, time: int) -> None:
    """Note that a waiting line of the user's is in the history: it arrived before the connection broke.

    time: by the server's clock.
    """
    for waiting in buffer.waiting:
        sent_at = waiting.time + buffer.network.link.skew
        if waiting.maybe and waiting.text == text and time >= sent_at - SKEW_MILLISECONDS:
            buffer.waiting.remove(waiting)
            return


def marked(model: Model, buffer: Buffer, time: int) -> None:
    """Note that the user has read up to this time, in this or another client."""
    if time <= buffer.unread.read_at:
        return
    buffer.unread.read_at = time
    if buffer is not model.current:
        place_marker(buffer)
        unread = [line for line in buffer.lines if line.time > time and line.kind in TALK and not line.own]
        buffer.unread.keep_at_most(len(unread))


def place_marker(buffer: Buffer) -> None:
    """Place the unread marker by the server's read marker, if it is known."""
    if buffer.unread.read_at:
        buffer.unread.seen = buffer.first + bisect_right(
            buffer.lines, buffer.unread.read_at, key=lambda line: line.time
        )


def mark_read(buffer: Buffer) -> None:
    """Tell the server that the user has read the whole buffer."""
    network = buffer.network
    if (
        not network.caps.held & caps.READ_MARKER
        or network.link.state is not LinkState.ONLINE
        or buffer.kind is BufferKind.STATUS
    ):
        return
    if buffer.kind is BufferKind.CHANNEL and not buffer.joined:
        return  # the server refuses channels that we are not in
    newest = next((line for line in reversed(buffer.lines) if line.id and line.kind in TALK), None)
    if newest and newest.time > buffer.unread.read_at:
        buffer.unread.read_at = newest.time
        network.send("MARKREAD", buffer.name, f"timestamp={timestamp(newest.time)}")


def _can_ask(buffer: Buffer) -> bool:
    network = buffer.network
    return (
        network.caps.held & caps.CHATHISTORY != 0
        and network.link.state is LinkState.ONLINE
        and (buffer.kind is BufferKind.PRIVATE or buffer.joined)
    )


def _ask(buffer: Buffer, command: str, *references: str, gap: str = "", before: str = "") -> None:
    buffer.history.begun = True
    limit = min(PAGE, buffer.network.isupport.number("CHATHISTORY", PAGE) or PAGE)
    buffer.network.send("CHATHISTORY", command, buffer.name, *references, str(limit))
    older = command == "BEFORE" or references == ("*",)
    buffer.history.page = Page(command, limit, older=older, gap=gap, before=before)


def _from(buffer: Buffer, line: Line, shift: int) -> str:
    """Return the reference to a line for a request. shift: ms by which its time is moved, to include the line."""
    return f"msgid={line.id}" if buffer.history.crowded else _at(line.time + shift)


def _at(time: int) -> str:
    return f"timestamp={timestamp(time)}"
