"""The model: networks with their buffers, the current buffer, and pending questions and effects.

Pure state; it draws and sends nothing. Effects to be carried out wait in `Model.effects`.
"""

from bisect import bisect_left
from collections import deque

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.buffer import BufferKind
from greenchat.client.state.effects import Effect, KeepLines
from greenchat.client.state.lines import TALK, Line, LineKind
from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.client.state.questions import ManyLines, Prompt, Question, SearchFor, WhichChannel
from greenchat.client.state.session_state import LinkState
from greenchat.client.state.settings import ClientSettings
from greenchat.client.state.splits import Splits
from greenchat.client.state.tour import Tour
from greenchat.client.state.transfers import MOST_OFFERS, Offer
from greenchat.protocol.message import Message
from greenchat.records import replace

__all__ = ["Buffer", "BufferKind", "ClientNetwork", "LinkState", "Model", "ServerAddress"]

MOST_MENTIONS = 200


class Model:
    """All networks, all buffers in the order of their windows, and which one is shown.

    Reads: window_number. Changes: add_network, open, close, show, add, ask. Work for the app waits in `effects`.
    """

    __slots__ = (
        "_previous",
        "actions",
        "buffers",
        "command_error",
        "current",
        "effects",
        "focused",
        "former_windows",
        "has_screen",
        "is_interactive",
        "is_restoring",
        "last",
        "mentions",
        "messages",
        "networks",
        "new_lines",
        "notification",
        "offers",
        "on_screen",
        "plugin_messages",
        "questions",
        "settings",
        "splits",
        "tour",
        "unseen_mentions",
    )

    def __init__(self, network: ClientNetwork) -> None:
        self.networks: list[ClientNetwork] = []
        self.buffers: list[Buffer] = []
        self.splits = Splits(network.status)
        self.on_screen: tuple[Buffer, ...] = ()  # shown besides the current one, if there is room
        self.effects: deque[Effect] = deque()
        self.settings = ClientSettings()
        self.actions: frozenset[str] = frozenset()  # that a key can have
        self.is_interactive = True  # whether a user can answer questions
        self.has_screen = True  # whether there is a screen, for choosing from a list
        self.questions: deque[Question | Prompt | WhichChannel | SearchFor | ManyLines] = deque()
        self.mentions: deque[tuple[Buffer, Line]] = deque(maxlen=MOST_MENTIONS)
        self.former_windows = ""  # of the last session, in the form of `windows.to_json`
        self.is_restoring = True  # windows are restored to their places, until the user does something
        self.tour: Tour | None = None  # for newcomers
        self.offers: deque[Offer] = deque(maxlen=MOST_OFFERS)  # offered files
        self.command_error = ""  # why a command could not be run, the last one
        self.focused = True
        self.notification: tuple[str, str] | None = None  # title and text of the last notification
        self.unseen_mentions = 0  # while the user was not looking, for the bell
        self.plugin_messages: deque[tuple[Buffer, Line]] | None = None  # new messages for plugins; None without plugins
        self.new_lines: deque[tuple[Buffer, Line]] | None = None  # new lines for logs; None without logs
        self.messages: deque[Message] = deque()  # raw messages for plugins
        self.add_network(network)
        self.current = network.status
        self._previous: Buffer | None = None  # the window that was shown before this turn
        self.last = network.status  # shown before the current one

    @property
    def network(self) -> ClientNetwork:
        """The network of the buffer that is shown."""
        return self.current.network

    @property
    def others_shown(self) -> list[Buffer]:
        """Return the split windows besides the current one."""
        return [buffer for buffer in self.splits.windows if buffer is not self.current]

    def add_network(self, network: ClientNetwork) -> None:
        """Add a network with its status buffer."""
        self.networks.append(network)
        self._place(network.status)

    def remove_network(self, network: ClientNetwork) -> None:
        """Remove a network, which is not the only one, and its windows."""
        self.networks.remove(network)
        closed = [buffer for buffer in self.buffers if buffer.network is network]
        self.buffers = [buffer for buffer in self.buffers if buffer.network is not network]
        if self.last not in self.buffers:
            self.last = self.buffers[0]
        if self.current not in self.buffers:
            self._leave()
            self.splits.exchange(self.current, self.last)
            self.current = self.last
            self.current.unread.clear()
        for buffer in closed:
            self.splits.remove(buffer)

    def open(self, network: ClientNetwork, name: str) -> Buffer:
        """Return the buffer of this name, made if need be; "" is the server's."""
        buffer = network.find(name) if name else network.status
        if buffer is None:
            channel = network.isupport.is_channel(name)
            buffer = Buffer(name, BufferKind.CHANNEL if channel else BufferKind.PRIVATE, network=network)
            network.buffers[network.fold(name)] = buffer
            self._place(buffer)
        return buffer

    def close(self, buffer: Buffer) -> None:
        """Remove a buffer. A status buffer stays."""
        if buffer.kind is BufferKind.STATUS:
            return
        if buffer.history.fresh:
            self.effects.append(KeepLines(buffer))
        place = self.buffers.index(buffer)
        self.buffers.remove(buffer)
        del buffer.network.buffers[buffer.network.fold(buffer.name)]
        if self.last is buffer:
            self.last = buffer.network.status
        if self.current is buffer:
            previous = self.last if self.last in self.buffers else self.buffers[max(0, place - 1)]
            self._leave()
            self.splits.exchange(buffer, previous)
            self.current = previous
            previous.unread.clear()
        self.splits.remove(buffer)

    def show(self, buffer: Buffer) -> None:
        """Switch to a window. If it is not visible, it replaces the current one."""
        if buffer is self.current:
            return
        if buffer not in self.splits:
            self.splits.exchange(self.current, buffer)
        self.current.mark_seen()
        self._leave()
        self.last, self.current = self.current, buffer
        buffer.from_stranger = False
        buffer.unread.clear()

    def look_at(self, others: tuple[Buffer, ...]) -> set[Buffer]:
        """Set the windows that are visible besides the current one, and return those with changed visibility."""
        before, self.on_screen = self.on_screen, others
        changed = set(before) ^ set(others)
        for buffer in changed:
            if buffer in others:
                buffer.from_stranger = False
                buffer.unread.clear()
            elif buffer is not self.current:
                buffer.mark_seen()
        return changed

    def read_all(self) -> list[Buffer]:
        """Mark everything as read. Returns the buffers that were unread."""
        unread = [buffer for buffer in self.buffers if buffer.unread]
        for buffer in unread:
            buffer.unread.clear()
            buffer.mark_seen()
        return unread

    def add(self, buffer: Buffer, line: Line, *, live: bool = True) -> None:
        """Append a line to a buffer and count it if unseen. live: whether it is not from history."""
        is_visible = buffer is self.current or buffer in self.on_screen
        looked_at = is_visible and self.focused and buffer.anchor is None
        talk = line.kind in TALK
        # a user who writes has read everything, and a visible buffer has nothing new
        read = talk and (line.own or (looked_at and not buffer.has_unseen))
        buffer.add(line)
        if read:
            buffer.mark_seen()
        if talk and line.nick:
            folded = buffer.network.fold(line.nick)
            buffer.speakers.pop(folded, None)
            buffer.speakers[folded] = line.time
        if self.plugin_messages is not None and talk and live:
            self.plugin_messages.append((buffer, line))
        if self.new_lines is not None and live:
            self.new_lines.append((buffer, line))
        if line.highlight and talk:
            self.note_mention(buffer, line)
        if line.own or looked_at:
            return
        holds = self.settings.override(buffer.network.name, buffer.name)
        called = line.highlight or (talk and (buffer.kind is BufferKind.PRIVATE or "notify" in holds))
        called = called and not (talk and holds & {"no-highlight", "mute"})
        if called and live:
            self.unseen_mentions += 1
            suffix = "" if buffer.kind is BufferKind.PRIVATE else f" in {buffer.name}"
            self.notification = (f"{line.nick}{suffix}" if talk else buffer.name, line.text)
        if not is_visible:
            # Announcements in the server's window do not count as unread.
            counts = talk or (line.kind is LineKind.EVENT and bool(self.settings.get("activity.events")))
            counts = counts and buffer.kind is not BufferKind.STATUS and "mute" not in holds
            buffer.unread.note(talk=counts, highlight=called)

    def note_mention(self, buffer: Buffer, line: Line) -> None:
        """Remember a mention of the user, in order of time."""
        place = len(self.mentions)
        while place and self.mentions[place - 1][1].time > line.time:
            place -= 1
        if place < len(self.mentions) and len(self.mentions) == MOST_MENTIONS:
            self.mentions.popleft()
            place = max(0, place - 1)
        if len(self.mentions) < MOST_MENTIONS and place < len(self.mentions):
            self.mentions.insert(place, (buffer, line))
        else:
            self.mentions.append((buffer, line))

    def ask(self, network: ClientNetwork, question: Question, now: int) -> None:
        """Ask the user a question, with a note in the current window."""
        for text in (*question.details, question.text):
            self.complain(network, text, now)
        scope = network if question.scope is None else question.scope
        self.questions.append(replace(question, noted=True, scope=scope))

    def mark(self, scope: ClientNetwork | Buffer, text: str, now: int) -> None:
        """Show a text in a window that is not the current one, and mark that window."""
        buffer = scope.status if isinstance(scope, ClientNetwork) else scope
        self.add(buffer, Line(now, LineKind.INFO, text, highlight=True))

    def tell(self, text: str, now: int, kind: LineKind = LineKind.INFO, network: ClientNetwork | None = None) -> None:
        """Show a text in the current window, or if that is of another network, in the network's window."""
        elsewhere = network is not None and network is not self.current.network
        self.add(network.status if network and elsewhere else self.current, Line(now, kind, text))

    def complain(self, network: ClientNetwork, text: str, now: int) -> None:
        """Show an error of a network in the current window."""
        self.tell(text, now, LineKind.ERROR, network)

    def window_number(self, buffer: Buffer) -> int:
        """Return the number of a window, from 1, which is fixed as long as it is open."""
        return buffer.number

    def numbered(self, number: int) -> Buffer | None:
        """Return the window with this number."""
        return next((buffer for buffer in self.buffers if buffer.number == number), None)

    def move(self, buffer: Buffer, number: int) -> None:
        """Change the number of a window, or exchange it with that of another one."""
        other = self.numbered(number)
        if other:
            other.number = buffer.number
        buffer.number = number
        self.buffers.sort(key=lambda each: each.number)

    def _place(self, buffer: Buffer) -> None:
        """Put a window behind that of its network: it gets the first number that is free there."""
        first = buffer.network.status.number + 1
        start = bisect_left(self.buffers, first, key=lambda each: each.number)
        # numbers are unique and ascending: from the first gap on they exceed their index by more than `offset`
        offset, places = first - start, range(len(self.buffers))
        place = bisect_left(places, True, start, key=lambda at: self.buffers[at].number - at > offset)
        buffer.number = place + offset
        self.buffers.insert(place, buffer)

    def take_previous(self) -> Buffer | None:
        """Return the window that was shown at the last call, None if it still is."""
        left, self._previous = self._previous, None
        return left if left is not self.current else None

    def _leave(self) -> None:
        """Note which window the user leaves; of several in one turn, the first."""
        self._previous = self._previous or self.current
