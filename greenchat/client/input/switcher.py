"""The switcher: goes to a window, channel or user by a few letters of the name.

A name matches if it contains the letters in their order; the closer together and to the beginning they are, the better.
"""

from collections.abc import Callable, Iterator

from greenchat.client.input.completer import listed
from greenchat.client.input.editor import Editor, InputLine
from greenchat.client.input.input_modes import CANCEL, DONE, STAYS, edit
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, Model
from greenchat.records import record

MOST = 100


@record(frozen=True)
class Goal:
    """A target of the switcher. buffer: its window, if it has one. rank: lower ones come first."""

    text: str
    name: str
    network: ClientNetwork
    buffer: Buffer | None
    rank: int


class Switcher:
    """The switcher. go: shows a window. join: joins a channel, or opens a private chat, without a window."""

    marked = ""
    selected: int | None = None
    prompt = "go to: "

    def __init__(self, model: Model, join: Callable[[ClientNetwork, str], None]) -> None:
        self._model = model
        self._join = join
        self._editor = Editor()
        self._goals = list(_goals(model))
        self._matches: list[Goal] = []
        self._chosen = 0
        self._search()

    @property
    def line(self) -> InputLine:
        """The typed text."""
        return self._editor.line

    @property
    def hint(self) -> str:
        """The goals that fit, the best first."""
        if not self._matches:
            return "No name matches. Escape goes back."
        return listed([goal.text for goal in self._matches], self._chosen)

    def key(self, key: str) -> str:
        """Handle a key: letters narrow the list, Up and Down or Tab choose, Enter goes there."""
        if key in CANCEL:
            return DONE
        if key == "Enter":
            if self._matches:
                self._go(self._matches[self._chosen])
            return DONE
        if key in ("Tab", "Down", "C-n", "M-g"):
            self._chosen = (self._chosen + 1) % max(1, len(self._matches))
        elif key in ("S-Tab", "Up", "C-p"):
            self._chosen = (self._chosen - 1) % max(1, len(self._matches))
        elif edit(self._editor, key):
            self._search()
        return STAYS

    def paste(self, text: str) -> None:
        """Insert the first line of pasted text."""
        self._editor.insert(text.split("\n")[0])
        self._search()

    def _go(self, goal: Goal) -> None:
        if goal.buffer and goal.buffer in self._model.buffers:
            self._model.show(goal.buffer)
        else:
            self._join(goal.network, goal.name)

    def _search(self) -> None:
        wanted = self._editor.text.strip()
        scored = [(score, goal) for goal in self._goals if (score := fit(wanted, goal.text)) is not None]
        scored.sort(key=lambda each: (each[0] + 10 * (each[1].rank > 3), each[1].rank))
        self._matches = [goal for _, goal in scored[:MOST]]
        self._chosen = 0


def fit(wanted: str, text: str) -> int | None:
    """Return the distance of the letters from each other and from the beginning of a word, None without a match.

    Smaller is better; "" matches everything with 0.
    """
    wanted, text = wanted.casefold(), text.casefold()
    position = text.find(wanted)
    if position >= 0:
        begins = position == 0 or not text[position - 1].isalnum()
        return 0 if begins else 1
    place, score = -1, 2
    for letter in wanted:
        index = text.find(letter, place + 1)
        if index < 0:
            return None
        score += index - place - 1 if place >= 0 else 0
        place = index
    return score


def _goals(model: Model) -> Iterator[Goal]:
    """Yield highlighted windows, unread ones, the previous one, the others; then channels and nicks."""
    several = len(model.networks) > 1
    for buffer in model.buffers:
        if buffer is model.current:
            continue
        rank = 0 if buffer.unread.highlights else 1 if buffer.unread.count else 2 if buffer is model.last else 3
        suffix = f" {buffer.network.name}" if several and buffer.kind is not BufferKind.STATUS else ""
        yield Goal(f"{buffer.number}:{buffer.name}{suffix}", buffer.name, buffer.network, buffer, rank)
    for network in model.networks:
        suffix = f" {network.name}" if several else ""
        for entry in network.directory.largest(MOST, ""):
            if network.find(entry.name) is None:
                yield Goal(f"{entry.name}{suffix}", entry.name, network, None, 4)
        people = {member.nick for buffer in network.buffers.values() for member in buffer.members.values()}
        for nick in sorted(people):
            if network.find(nick) is None and not network.is_me(nick):
                yield Goal(f"{nick}{suffix}", nick, network, None, 5)
